package virtualnode

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// Main runs the nodes that the command line names until one of them fails or the process is told to stop.
func Main() {
	flags := flag.NewFlagSet("virtual-kubelet", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig of the API server")
	names := flags.String("nodes", "virtual-node-aci-linux", "names of the nodes, comma-separated")
	address := flags.String("control-address", "127.0.0.1:0", "where tests govern the nodes over HTTP")
	stateDir := flags.String("state-dir", ".", "folder that keeps the nodes' settings")
	_ = flags.Parse(os.Args[1:])

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *kubeconfig, strings.Split(*names, ","), *address, *stateDir); err != nil {
		fmt.Fprintln(os.Stderr, "virtual-kubelet:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig string, names []string, address, stateDir string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.UserAgent = "virtual-kubelet"
	config.QPS = -1 // no client-side limit: many pods change at the same moment
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}

	nodes := map[string]*virtualNode{}
	for _, name := range names {
		node, err := newVirtualNode(client, name, filepath.Join(stateDir, name+".json"))
		if err != nil {
			return err
		}
		nodes[name] = node
	}

	ended := make(chan error, len(nodes)+1)
	for _, node := range nodes {
		go func() { ended <- node.run(ctx) }()
	}
	server := &http.Server{Addr: address, Handler: control(nodes), ReadHeaderTimeout: controlReadTimeout}
	go func() { ended <- server.ListenAndServe() }()
	select {
	case err = <-ended:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}
