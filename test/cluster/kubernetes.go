package main

import (
	"os"

	// Selectable through --logging-format=json.
	_ "k8s.io/component-base/logs/json/register"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	kubectlcmd "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func kubeAPIServer()         { serve(apiserver.NewAPIServerCommand()) }
func kubeControllerManager() { serve(controllermanager.NewControllerManagerCommand()) }
func kubeScheduler()         { serve(scheduler.NewSchedulerCommand()) }

// serve runs a component until it is told to stop.
func serve(command *cobra.Command) {
	os.Exit(cli.Run(command))
}

func kubectl() {
	if err := cli.RunNoErrOutput(kubectlcmd.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err) // prints it the way kubectl does, and exits
	}
}
