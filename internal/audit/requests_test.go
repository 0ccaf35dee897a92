package audit_test

import (
	"errors"
	"testing"

	"github.com/dispcheck/dispcheck/internal/audit"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// TestRequests: each probe is among the requests as it is, for each target, and an error ends them.
func TestRequests(t *testing.T) {
	config := &model.Config{Farms: []*model.Farm{{Name: "open"}}}
	o := audit.Options{
		Config: config, Targets: []audit.Target{{Host: "a.example", Farm: config.Farms[0]}, {Host: "b.example", Farm: config.Farms[0]}},
		Pages: []string{"/content/site/en"},
		Ask:   func(c *model.Config) audit.Asker { return audit.Engine(simulate.New(c, simulate.Options{})) },
	}
	hosts := map[string]int{}
	console := false
	err := audit.Requests(t.Context(), o, func(r *simulate.Request) error {
		hosts[r.Host]++
		console = console || r.Target == "/system/console"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := hosts["a.example"]; n < 10*len(audit.Probes()) || n != hosts["b.example"] || len(hosts) != 2 {
		t.Errorf("got %v for %d probes", hosts, len(audit.Probes()))
	}
	if !console {
		t.Error("nobody asks for the console")
	}
	stop := errors.New("stop")
	if err := audit.Requests(t.Context(), o, func(*simulate.Request) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}
