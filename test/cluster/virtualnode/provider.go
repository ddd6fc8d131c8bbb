package virtualnode

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/virtual-kubelet/virtual-kubelet/errdefs"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	corev1listers "k8s.io/client-go/listers/core/v1"
)

const (
	// runForAnnotation on a pod says after which time (a Go duration) its containers end by themselves,
	// exitCodeAnnotation with what (0 without it). The KWOK stages of the VM nodes read the same annotations.
	runForAnnotation   = "test.spillway.dev/run-for"
	exitCodeAnnotation = "test.spillway.dev/exit-code"
)

// provider runs pods as a cloud's container service would, except that nothing really runs. It implements
// virtual-kubelet's node.PodLifecycleHandler and node.PodNotifier; virtual-kubelet calls it from many workers at once.
type provider struct {
	settings *settingsBox
	client   kubernetes.Interface
	lister   corev1listers.PodLister
	notify   func(*corev1.Pod)
	podCount atomic.Uint32 // pods so far, for their addresses

	mutex  sync.RWMutex // guards the maps below, not what is in the groups
	groups map[types.NamespacedName]*group
	failed map[types.UID]bool // pods whose creation has failed at least once
}

func newProvider(settings *settingsBox, client kubernetes.Interface, lister corev1listers.PodLister) *provider {
	return &provider{
		settings: settings, client: client, lister: lister,
		groups: map[types.NamespacedName]*group{}, failed: map[types.UID]bool{},
	}
}

// NotifyPods is told, once and before everything else, whom to tell of changed pods.
func (p *provider) NotifyPods(_ context.Context, notify func(*corev1.Pod)) { p.notify = notify }

// CreatePod accepts a pod, or refuses it with the error that the settings name.
//
// A pod that was refused before and is accepted later stays Pending with reason ProviderFailed for ever: azure-aci's
// tracker skips such pods, while their container group runs and costs (podsTracker.go, shouldSkipPodStatusUpdate).
// A pod that runs already, in the eyes of the API server, was accepted by an earlier process and runs on.
func (p *provider) CreatePod(_ context.Context, pod *corev1.Pod) error {
	settings := p.settings.get()
	running := pod.Status.Phase == corev1.PodRunning
	if settings.CreateError != "" && !running {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.failed[pod.UID] = true
		return errors.New(settings.CreateError)
	}

	g := &group{pod: pod, state: StateCreating}
	p.mutex.Lock()
	p.groups[nameOf(pod)] = g
	g.untold = p.failed[pod.UID] || pod.Status.Reason == "ProviderFailed"
	p.mutex.Unlock()

	g.mutex.Lock()
	defer g.mutex.Unlock()
	switch {
	case running:
		g.state = StateRunning
		p.planEnd(g)
	case settings.StuckCreating:
		g.stuck = true
		markWaiting(g.pod)
	default:
		markWaiting(g.pod)
		g.after(settings.startDelay(), func() { p.start(g) })
	}
	go p.tell(g)
	return nil
}

// start lets the containers of a group run.
func (p *provider) start(g *group) {
	g.mutex.Lock()
	if g.state != StateCreating {
		g.mutex.Unlock()
		return
	}
	g.state = StateRunning
	markRunning(g.pod, p.nextPodIP())
	p.planEnd(g)
	g.mutex.Unlock()
	p.tell(g)
}

// planEnd plans the end that the pod's annotations ask for. Call with the group's mutex held.
func (p *provider) planEnd(g *group) {
	runFor, err := time.ParseDuration(g.pod.Annotations[runForAnnotation])
	if err != nil {
		return
	}
	exitCode, _ := strconv.ParseInt(g.pod.Annotations[exitCodeAnnotation], 10, 32)
	g.after(runFor, func() { p.end(g, exited(int32(exitCode))) })
}

// end lets the containers of a group end, and says whether they had not ended before.
func (p *provider) end(g *group, how ending) bool {
	g.mutex.Lock()
	if g.state == StateEnded {
		g.mutex.Unlock()
		return false
	}
	g.cancel()
	g.state = StateEnded
	markEnded(g.pod, how)
	g.mutex.Unlock()
	p.tell(g)
	return true
}

// tell reports a group's status. Everything but the status is what the API server has: a status update writes labels
// and annotations too, and those that the provider was given may be old by now.
func (p *provider) tell(g *group) {
	g.mutex.Lock()
	defer g.mutex.Unlock() // while notifying, so that reports of one pod keep their order
	current, err := p.lister.Pods(g.pod.Namespace).Get(g.pod.Name)
	if err != nil || current.UID != g.pod.UID || g.untold {
		return
	}
	report := current.DeepCopy()
	g.pod.Status.DeepCopyInto(&report.Status)
	p.notify(report)
}

// UpdatePod takes over changed metadata and specification; the status is the provider's own. A running pod may be
// given its end this way.
func (p *provider) UpdatePod(_ context.Context, pod *corev1.Pod) error {
	g := p.find(pod.Namespace, pod.Name)
	if g == nil {
		return errdefs.NotFoundf("pod %s/%s does not run here", pod.Namespace, pod.Name)
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	endChanged := pod.Annotations[runForAnnotation] != g.pod.Annotations[runForAnnotation]
	g.pod.Status.DeepCopyInto(&pod.Status)
	g.pod = pod
	if endChanged && g.state == StateRunning {
		p.planEnd(g)
	}
	return nil
}

// DeletePod ends a pod's containers in the way that the settings name and forgets the pod.
func (p *provider) DeletePod(ctx context.Context, pod *corev1.Pod) error {
	g := p.find(pod.Namespace, pod.Name)
	if g == nil {
		return errdefs.NotFoundf("pod %s/%s does not run here", pod.Namespace, pod.Name)
	}
	deletion := p.settings.get().Deletion
	grace := time.Duration(0)
	if pod.DeletionGracePeriodSeconds != nil {
		grace = time.Duration(*pod.DeletionGracePeriodSeconds) * time.Second
	}
	if deletion == DeletionHonour && grace > 0 {
		g.mutex.Lock()
		defer g.mutex.Unlock()
		if g.state == StateRunning {
			g.after(grace, func() { p.kill(g) })
			return nil
		}
	}
	p.kill(g)
	if deletion == DeletionRemove {
		options := metav1.NewDeleteOptions(0)
		options.Preconditions = metav1.NewUIDPreconditions(string(pod.UID))
		_ = p.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, *options) // else virtual-kubelet does it later
	}
	return nil
}

// kill ends a group because its pod was deleted, and forgets it. azure-aci leaves the phase and sets the containers'
// exit code to 0 and their reason to NotFound (pkg/provider/aci.go, DeletePod).
func (p *provider) kill(g *group) {
	p.end(g, ending{reason: gone.reason, message: gone.message})
	pod := g.snapshot()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.groups[nameOf(pod)] == g {
		delete(p.groups, nameOf(pod))
	}
	delete(p.failed, pod.UID)
}

func (p *provider) GetPod(_ context.Context, namespace, name string) (*corev1.Pod, error) {
	g := p.find(namespace, name)
	if g == nil {
		return nil, errdefs.NotFoundf("pod %s/%s does not run here", namespace, name)
	}
	return g.snapshot(), nil
}

func (p *provider) GetPodStatus(ctx context.Context, namespace, name string) (*corev1.PodStatus, error) {
	pod, err := p.GetPod(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	return &pod.Status, nil
}

func (p *provider) GetPods(context.Context) ([]*corev1.Pod, error) {
	pods := []*corev1.Pod{}
	for _, g := range p.all() {
		pods = append(pods, g.snapshot())
	}
	return pods, nil
}

// endMatching ends the running pods that match and returns how many there were.
func (p *provider) endMatching(match podMatch, how ending) int {
	count := 0
	for _, g := range p.all() {
		g.mutex.Lock()
		chosen := g.state == StateRunning && match.includes(g.pod)
		g.mutex.Unlock()
		if chosen && p.end(g, how) {
			count++
		}
	}
	return count
}

// unstick starts, after the usual delay, the pods that were accepted while StuckCreating was set.
func (p *provider) unstick() {
	for _, g := range p.all() {
		g.mutex.Lock()
		if g.stuck && g.state == StateCreating {
			g.stuck = false
			g.after(p.settings.get().startDelay(), func() { p.start(g) })
		}
		g.mutex.Unlock()
	}
}

func (p *provider) find(namespace, name string) *group {
	p.mutex.RLock()
	defer p.mutex.RUnlock()
	return p.groups[types.NamespacedName{Namespace: namespace, Name: name}]
}

func (p *provider) all() []*group {
	p.mutex.RLock()
	defer p.mutex.RUnlock()
	groups := make([]*group, 0, len(p.groups))
	for _, g := range p.groups {
		groups = append(groups, g)
	}
	return groups
}

// nextPodIP hands out 10.241.0.1, 10.241.0.2 and so on.
func (p *provider) nextPodIP() string {
	n := p.podCount.Add(1)
	return fmt.Sprintf("10.241.%d.%d", n>>8&0xff, n&0xff)
}

// podMatch chooses pods. Empty fields match everything.
type podMatch struct {
	Namespace  string `json:"namespace"`
	NamePrefix string `json:"namePrefix"`
}

func (m podMatch) includes(pod *corev1.Pod) bool {
	return (m.Namespace == "" || m.Namespace == pod.Namespace) && strings.HasPrefix(pod.Name, m.NamePrefix)
}

func nameOf(pod *corev1.Pod) types.NamespacedName {
	return types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}
}
