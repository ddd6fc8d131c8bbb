package virtualnode

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// gone is how a container group that vanished while running looks: the exit code, reason and message are those of
// virtual-kubelet/azure-aci (pkg/provider/podsTracker.go).
var gone = ending{exitCode: -137, phase: corev1.PodFailed, reason: "NotFound", message: "The pod may have been deleted from the provider"}

// ending is how the containers of a pod came to their end.
type ending struct {
	exitCode int32
	// phase is the pod's phase from then on; empty leaves it as it was.
	phase corev1.PodPhase
	// reason and message appear on the pod and on its containers.
	reason, message string
}

// exited is the ending of a pod whose containers ended by themselves.
func exited(exitCode int32) ending {
	if exitCode == 0 {
		return ending{phase: corev1.PodSucceeded}
	}
	return ending{exitCode: exitCode, phase: corev1.PodFailed}
}

// markWaiting writes the status of an accepted pod that has not started.
func markWaiting(pod *corev1.Pod) {
	pod.Status.Phase = corev1.PodPending
	setReadiness(pod, corev1.ConditionFalse, "ContainersNotReady")
	pod.Status.ContainerStatuses = containerStatuses(pod, func(status *corev1.ContainerStatus) {
		status.State.Waiting = &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}
	})
}

// markRunning writes the status of a pod all of whose containers run and are ready.
func markRunning(pod *corev1.Pod, podIP string) {
	now := metav1.Now()
	pod.Status.Phase = corev1.PodRunning
	pod.Status.StartTime = &now
	pod.Status.PodIP = podIP
	pod.Status.PodIPs = []corev1.PodIP{{IP: podIP}}
	setReadiness(pod, corev1.ConditionTrue, "")
	pod.Status.ContainerStatuses = containerStatuses(pod, func(status *corev1.ContainerStatus) {
		started := true
		status.Ready, status.Started = true, &started
		status.ContainerID = fmt.Sprintf("aci://%s/%s", pod.UID, status.Name)
		status.State.Running = &corev1.ContainerStateRunning{StartedAt: now}
	})
}

// markEnded writes the status of a pod whose containers have ended.
func markEnded(pod *corev1.Pod, how ending) {
	if how.phase != "" {
		pod.Status.Phase = how.phase
	}
	pod.Status.Reason, pod.Status.Message = how.reason, how.message
	containerReason := how.reason
	if containerReason == "" {
		containerReason = "Completed"
		if how.exitCode != 0 {
			containerReason = "Error"
		}
	}
	now := metav1.Now()
	startedAt := now
	if pod.Status.StartTime != nil {
		startedAt = *pod.Status.StartTime
	}
	setReadiness(pod, corev1.ConditionFalse, "PodCompleted")
	pod.Status.ContainerStatuses = containerStatuses(pod, func(status *corev1.ContainerStatus) {
		status.State.Terminated = &corev1.ContainerStateTerminated{
			ExitCode: how.exitCode, Reason: containerReason, Message: how.message, StartedAt: startedAt, FinishedAt: now,
		}
	})
}

func containerStatuses(pod *corev1.Pod, fill func(*corev1.ContainerStatus)) []corev1.ContainerStatus {
	statuses := make([]corev1.ContainerStatus, len(pod.Spec.Containers))
	for i, container := range pod.Spec.Containers {
		statuses[i] = corev1.ContainerStatus{Name: container.Name, Image: container.Image}
		fill(&statuses[i])
	}
	return statuses
}

// setReadiness sets the conditions that a kubelet owns and keeps those of others, PodScheduled above all.
func setReadiness(pod *corev1.Pod, ready corev1.ConditionStatus, reason string) {
	setCondition(pod, corev1.PodCondition{Type: corev1.PodInitialized, Status: corev1.ConditionTrue})
	setCondition(pod, corev1.PodCondition{Type: corev1.ContainersReady, Status: ready, Reason: reason})
	setCondition(pod, corev1.PodCondition{Type: corev1.PodReady, Status: ready, Reason: reason})
}

func setCondition(pod *corev1.Pod, wanted corev1.PodCondition) {
	wanted.LastTransitionTime = metav1.Now()
	for i, present := range pod.Status.Conditions {
		if present.Type != wanted.Type {
			continue
		}
		if present.Status == wanted.Status {
			wanted.LastTransitionTime = present.LastTransitionTime
		}
		pod.Status.Conditions[i] = wanted
		return
	}
	pod.Status.Conditions = append(pod.Status.Conditions, wanted)
}
