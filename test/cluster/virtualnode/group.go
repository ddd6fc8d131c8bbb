package virtualnode

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// State is where a container group is in its life.
type State string

const (
	StateCreating State = "Creating"
	StateRunning  State = "Running"
	StateEnded    State = "Ended"
)

// group is what runs for one pod: what Azure calls a container group. Its mutex guards everything below it.
type group struct {
	mutex sync.Mutex
	pod   *corev1.Pod // as the provider was given it, with the status it has now
	state State
	// stuck groups were accepted while StuckCreating was set.
	stuck bool
	// untold groups never report their status: see provider.CreatePod.
	untold bool
	// next fires the next change of state: the start, or the end.
	next *time.Timer
}

// after plans the next change of state in place of the one planned before. Call with the mutex held.
func (g *group) after(delay time.Duration, change func()) {
	g.cancel()
	g.next = time.AfterFunc(delay, change)
}

// cancel drops the planned change of state. Call with the mutex held.
func (g *group) cancel() {
	if g.next != nil {
		g.next.Stop()
		g.next = nil
	}
}

// snapshot copies the pod, so that callers may keep it.
func (g *group) snapshot() *corev1.Pod {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.pod.DeepCopy()
}
