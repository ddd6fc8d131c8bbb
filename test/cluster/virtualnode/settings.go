package virtualnode

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// Deletion says what becomes of a pod's containers, and of its object, when the pod is deleted.
type Deletion string

const (
	// DeletionKill ends the containers at once, as Azure Container Instances does: it knows no grace period. The pod's
	// object stays until the grace period is over, because virtual-kubelet waits it out before the final delete.
	DeletionKill Deletion = "kill"
	// DeletionRemove ends the containers at once and removes the object with them.
	DeletionRemove Deletion = "remove"
	// DeletionHonour lets the containers run on until the grace period is over.
	DeletionHonour Deletion = "honour"
)

// Settings is how the node behaves right now. Tests change it while it runs.
type Settings struct {
	// StartDelayMs passes from the acceptance of a pod to its containers running; StartJitterMs is the most that is
	// added to it at random.
	StartDelayMs  int64 `json:"startDelayMs"`
	StartJitterMs int64 `json:"startJitterMs"`
	// CreateError, if not empty, is the error that every new pod gets instead of being accepted.
	CreateError string `json:"createError"`
	// StuckCreating accepts new pods and never starts them.
	StuckCreating bool `json:"stuckCreating"`
	// NodeReady is the node's Ready condition.
	NodeReady bool `json:"nodeReady"`
	// Deletion is what deleting a pod does.
	Deletion Deletion `json:"deletion"`
}

// startDelay draws how long the next pod takes to start.
func (s Settings) startDelay() time.Duration {
	delayMs := s.StartDelayMs
	if s.StartJitterMs > 0 {
		delayMs += rand.Int64N(s.StartJitterMs + 1)
	}
	return time.Duration(delayMs) * time.Millisecond
}

// settingsBox holds the Settings that all workers share.
type settingsBox struct {
	mutex   sync.RWMutex
	current Settings
}

func (b *settingsBox) get() Settings {
	b.mutex.RLock()
	defer b.mutex.RUnlock()
	return b.current
}

// merge overwrites the settings that the JSON object names and leaves the others.
func (b *settingsBox) merge(partial io.Reader) (Settings, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	next := b.current
	decoder := json.NewDecoder(partial)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&next); err != nil {
		return b.current, err
	}
	b.current = next
	return next, nil
}
