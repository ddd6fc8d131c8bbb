package virtualnode

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nodeStatus reports the node itself to virtual-kubelet (its node.NodeProvider).
type nodeStatus struct {
	mutex  sync.Mutex
	node   *corev1.Node
	notify func(*corev1.Node)
}

// Ping always succeeds: the provider lives in this very process.
func (s *nodeStatus) Ping(context.Context) error { return nil }

func (s *nodeStatus) NotifyNodeStatus(_ context.Context, notify func(*corev1.Node)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.notify = notify
}

// setReady changes the Ready condition and reports it.
func (s *nodeStatus) setReady(ready bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.node = s.node.DeepCopy()
	s.node.Status.Conditions = nodeConditions(ready)
	if s.notify != nil {
		s.notify(s.node.DeepCopy())
	}
}

// newNode describes a node that looks like the one of the AKS virtual-node add-on: its labels, its taint, its static
// capacity, and no providerID.
func newNode(name string, ready bool, kubeletVersion string) *corev1.Node {
	capacity := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("10k"),
		corev1.ResourceMemory: resource.MustParse("4Ti"),
		corev1.ResourcePods:   resource.MustParse("5k"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				"alpha.service-controller.kubernetes.io/exclude-balancer": "true",
				"beta.kubernetes.io/os":                                   "linux",
				"kubernetes.azure.com/managed":                            "false",
				"kubernetes.io/hostname":                                  name,
				"kubernetes.io/role":                                      "agent",
				"node.kubernetes.io/exclude-from-external-load-balancers": "true",
				"type": "virtual-kubelet",
			},
		},
		Spec: corev1.NodeSpec{
			Taints: []corev1.Taint{{Key: "virtual-kubelet.io/provider", Value: "azure", Effect: corev1.TaintEffectNoSchedule}},
		},
		Status: corev1.NodeStatus{
			NodeInfo: corev1.NodeSystemInfo{
				Architecture: "amd64", OperatingSystem: "linux", KubeletVersion: kubeletVersion,
			},
			Capacity:    capacity,
			Allocatable: capacity,
			Conditions:  nodeConditions(ready),
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: "127.0.0.1"},
				{Type: corev1.NodeHostName, Address: name},
			},
			DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: 10250}},
		},
	}
}

func nodeConditions(ready bool) []corev1.NodeCondition {
	now := metav1.Now()
	condition := func(kind corev1.NodeConditionType, isTrue bool, reason string) corev1.NodeCondition {
		status := corev1.ConditionFalse
		if isTrue {
			status = corev1.ConditionTrue
		}
		return corev1.NodeCondition{Type: kind, Status: status, Reason: reason, LastHeartbeatTime: now, LastTransitionTime: now}
	}
	readyReason := "KubeletReady"
	if !ready {
		readyReason = "KubeletNotReady"
	}
	return []corev1.NodeCondition{
		condition(corev1.NodeReady, ready, readyReason),
		condition(corev1.NodeDiskPressure, false, "KubeletHasNoDiskPressure"),
		condition(corev1.NodeMemoryPressure, false, "KubeletHasSufficientMemory"),
		condition(corev1.NodeNetworkUnavailable, false, "RouteCreated"),
	}
}
