package virtualnode

import (
	"encoding/json"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// podReport is one entry of GET …/pods.
type podReport struct {
	Namespace string       `json:"namespace"`
	Name      string       `json:"name"`
	UID       string       `json:"uid"`
	State     State        `json:"state"`
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// Untold pods run here, though the API server still shows them Pending with reason ProviderFailed.
	Untold bool `json:"untold,omitempty"`
}

// control is the HTTP interface through which a test governs the nodes of this process:
//
//	GET   /nodes/{node}/settings   the Settings
//	PATCH /nodes/{node}/settings   change those that the body names
//	GET   /nodes/{node}/pods       what runs there
//	POST  /nodes/{node}/complete   {namespace, namePrefix, exitCode}: running pods end by themselves → {count}
//	POST  /nodes/{node}/vanish     {namespace, namePrefix}: their container groups disappear → {count}
func control(nodes map[string]*virtualNode) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, serve func(*virtualNode, *json.Decoder, *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			node, ok := nodes[r.PathValue("node")]
			if !ok {
				http.Error(w, "no such node", http.StatusNotFound)
				return
			}
			answer, err := serve(node, json.NewDecoder(r.Body), r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(answer)
		})
	}

	handle("GET /nodes/{node}/settings", func(node *virtualNode, _ *json.Decoder, _ *http.Request) (any, error) {
		return node.settings.get(), nil
	})
	handle("PATCH /nodes/{node}/settings", func(node *virtualNode, _ *json.Decoder, r *http.Request) (any, error) {
		return node.change(r.Body)
	})
	handle("GET /nodes/{node}/pods", func(node *virtualNode, _ *json.Decoder, _ *http.Request) (any, error) {
		return node.provider.report(), nil
	})
	handle("POST /nodes/{node}/complete", func(node *virtualNode, body *json.Decoder, _ *http.Request) (any, error) {
		var order struct {
			podMatch
			ExitCode int32 `json:"exitCode"`
		}
		if err := body.Decode(&order); err != nil {
			return nil, err
		}
		return map[string]int{"count": node.provider.endMatching(order.podMatch, exited(order.ExitCode))}, nil
	})
	handle("POST /nodes/{node}/vanish", func(node *virtualNode, body *json.Decoder, _ *http.Request) (any, error) {
		var match podMatch
		if err := body.Decode(&match); err != nil {
			return nil, err
		}
		return map[string]int{"count": node.provider.endMatching(match, gone)}, nil
	})
	return mux
}

func (p *provider) report() []podReport {
	reports := []podReport{}
	for _, g := range p.all() {
		g.mutex.Lock()
		reports = append(reports, podReport{
			Namespace: g.pod.Namespace, Name: g.pod.Name, UID: string(g.pod.UID),
			State: g.state, StartedAt: g.pod.Status.StartTime, Untold: g.untold,
		})
		g.mutex.Unlock()
	}
	return reports
}

// controlReadTimeout ends requests that do not arrive.
const controlReadTimeout = 10 * time.Second
