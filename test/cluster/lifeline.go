package main

import (
	"os"
	"strconv"
)

// parentVariable names the environment variable that holds the process id of the test run that must not be outlived.
// Without it (kubectl in somebody's shell) nothing is tied to anybody.
const parentVariable = "SPILLWAY_CLUSTER_PARENT"

// dieWithParent makes sure that this process ends when the test run that started it ends, however it ends:
// a killed test run gets no chance to clean up.
func dieWithParent() {
	parent, err := strconv.Atoi(os.Getenv(parentVariable))
	if err != nil {
		return
	}
	followParent(parent)
	if os.Getppid() != parent {
		os.Exit(1) // it went before we could follow it
	}
}
