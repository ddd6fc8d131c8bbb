// Command cluster is a whole Kubernetes control plane in one executable, for tests.
//
// It is a multi-call binary: it acts as the program whose name it is called by (through a symbolic link), or whose
// name is its first argument. Linking everything together compiles the libraries they share once, and links once.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	// CronJobs name time zones; a test machine may have no zone database.
	_ "time/tzdata"

	"spillway.dev/test/cluster/virtualnode"
)

// programs maps the name of each program to its main function.
var programs = map[string]func(){
	"certificates":            certificates,
	"etcd":                    etcd,
	"kube-apiserver":          kubeAPIServer,
	"kube-controller-manager": kubeControllerManager,
	"kube-scheduler":          kubeScheduler,
	"kubectl":                 kubectl,
	"kwok":                    kwok,
	"virtual-kubelet":         virtualnode.Main,
}

func main() {
	dieWithParent()

	if run, ok := programs[filepath.Base(os.Args[0])]; ok {
		run()
		return
	}
	if len(os.Args) > 1 {
		if run, ok := programs[os.Args[1]]; ok {
			os.Args = os.Args[1:]
			run()
			return
		}
	}
	fmt.Fprintf(os.Stderr, "Usage: cluster PROGRAM [arguments]\nPrograms: %v\n", slices.Sorted(maps.Keys(programs)))
	os.Exit(2)
}
