// Package virtualnode is a virtual-kubelet with a provider made for tests: nodes that look like those of the AKS
// add-on, accept pods, start them after a delay that the test sets, and fail in the ways in which Azure Container
// Instances fails. A test governs it over HTTP: see control.
package virtualnode

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/virtual-kubelet/virtual-kubelet/node"
	"github.com/virtual-kubelet/virtual-kubelet/node/nodeutil"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/component-base/version"
)

const (
	// podWorkers work on pods at the same time, so that hundreds of pods start in a moment.
	podWorkers = 32
	// A failed creation is tried again 5 ms later, then after twice as long each time: virtual-kubelet's own pace, but
	// without its bucket of 10 pods a second, which would hide the start delay that the test has set.
	retryBase = 5 * time.Millisecond
	retryMax  = 1000 * time.Second
)

// virtualNode is one node and what runs on it.
type virtualNode struct {
	name         string
	settings     *settingsBox
	settingsFile string
	status       *nodeStatus
	provider     *provider
	run          func(context.Context) error
}

// newVirtualNode prepares a node. Its settings are kept in settingsFile, so that they outlive a killed process.
func newVirtualNode(client kubernetes.Interface, name, settingsFile string) (*virtualNode, error) {
	settings, err := readSettings(settingsFile)
	if err != nil {
		return nil, err
	}

	ownPods := informers.NewSharedInformerFactoryWithOptions(client, 0, nodeutil.PodInformerFilter(name))
	everything := informers.NewSharedInformerFactory(client, 0)
	pods := ownPods.Core().V1().Pods()
	events := record.NewBroadcaster()
	v := &virtualNode{
		name:         name,
		settings:     settings,
		settingsFile: settingsFile,
		status:       &nodeStatus{node: newNode(name, settings.get().NodeReady, version.Get().GitVersion)},
		provider:     newProvider(settings, client, pods.Lister()),
	}

	podController, err := node.NewPodController(node.PodControllerConfig{
		PodClient:                            client.CoreV1(),
		PodInformer:                          pods,
		EventRecorder:                        events.NewRecorder(scheme.Scheme, corev1.EventSource{Component: name + "/pod-controller"}),
		Provider:                             v.provider,
		ConfigMapInformer:                    everything.Core().V1().ConfigMaps(),
		SecretInformer:                       everything.Core().V1().Secrets(),
		ServiceInformer:                      everything.Core().V1().Services(),
		SyncPodsFromKubernetesRateLimiter:    newRateLimiter(),
		DeletePodsFromKubernetesRateLimiter:  newRateLimiter(),
		SyncPodStatusFromProviderRateLimiter: newRateLimiter(),
	})
	if err != nil {
		return nil, err
	}
	nodeController, err := node.NewNodeController(v.status, v.status.node.DeepCopy(), client.CoreV1().Nodes(),
		node.WithNodeEnableLeaseV1(nodeutil.NodeLeaseV1Client(client), node.DefaultLeaseDuration))
	if err != nil {
		return nil, err
	}

	v.run = func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		events.StartRecordingToSink(&corev1client.EventSinkImpl{Interface: client.CoreV1().Events("")})
		defer events.Shutdown()
		everything.Start(ctx.Done())
		everything.WaitForCacheSync(ctx.Done())
		ownPods.Start(ctx.Done())

		go func() { _ = podController.Run(ctx, podWorkers) }()
		select {
		case <-podController.Ready():
		case <-podController.Done():
			return podController.Err()
		}
		go func() { _ = nodeController.Run(ctx) }()
		select {
		case <-podController.Done():
			return podController.Err()
		case <-nodeController.Done():
			return nodeController.Err()
		}
	}
	return v, nil
}

// change merges new settings, keeps them, and lets them take effect.
func (v *virtualNode) change(partial io.Reader) (Settings, error) {
	before := v.settings.get()
	after, err := v.settings.merge(partial)
	if err != nil {
		return before, err
	}
	if before.NodeReady != after.NodeReady {
		v.status.setReady(after.NodeReady)
	}
	if before.StuckCreating && !after.StuckCreating {
		v.provider.unstick()
	}
	kept, err := json.Marshal(after)
	if err != nil {
		return after, err
	}
	return after, os.WriteFile(v.settingsFile, kept, 0o600)
}

// readSettings returns what an earlier process kept, or what a node is by default: quick, ready and without faults.
func readSettings(path string) (*settingsBox, error) {
	box := &settingsBox{current: Settings{NodeReady: true, Deletion: DeletionKill}}
	kept, err := os.Open(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return box, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = kept.Close() }()
	_, err = box.merge(kept)
	return box, err
}

func newRateLimiter() workqueue.TypedRateLimiter[any] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[any](retryBase, retryMax)
}
