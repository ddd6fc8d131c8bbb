package main

import (
	"runtime"

	"golang.org/x/sys/unix"
)

func init() {
	// The kernel ties the signal to the thread that asks for it (prctl(2)); the main thread lives as long as the process.
	runtime.LockOSThread()
}

// followParent asks the kernel for SIGKILL at the parent's death.
func followParent(int) {
	_ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
	runtime.UnlockOSThread()
}
