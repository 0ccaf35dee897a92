package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/expand"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

const simulatedSite = `$include "farms.any"
`

const simulatedFarms = `/farms {
	/flush { /virtualhosts { "https://flush/only/*" } }
	/publish {
		/info "1"
		/virtualhosts { "www.example.com" }
		/vanity_urls { /url "/u" /file "/tmp/v" }
		/filter {
			/0001 { /type "deny" /url "*" }
			/0002 {
				/type "allow" # pages
				/url "/content/*" /extension '(html|css)'
			}
			{ /type "deny" /url '/content/(?!x).*' }
			/0003 { /type "${TYPE}" /selectors "x" }
		}
		/cache {
			/docroot "/var/www"
			/rules { /0000 { /glob "*" /type "allow" } }
		}
	}
}
`

// simulation decides a request against the farms above.
func simulation(t *testing.T, r *simulate.Request, o simulate.Options) *Simulation {
	t.Helper()
	tree, err := expand.File("site.any", expand.Options{
		FS: fstest.MapFS{"site.any": {Data: []byte(simulatedSite)}, "farms.any": {Data: []byte(simulatedFarms)}},
		Lookup: func(name string) (expand.Variable, bool) {
			return expand.Variable{Value: "deny"}, name == "TYPE"
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, _ := model.Decode(tree.Items, model.Options{})
	s := &Simulation{Request: r, Decision: new(simulate.Decision), Trace: &simulate.Trace{Explain: true}, ShowTrace: true, Explain: true}
	if err := simulate.New(c, o).Decide(t.Context(), r, s.Decision, s.Trace); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSimulation(t *testing.T) {
	noon := func() time.Time { return time.Date(2025, 11, 20, 12, 0, 0, 0, time.FixedZone("", 3600)) }
	tests := []struct {
		name    string
		request simulate.Request
		options simulate.Options
	}{
		{"forwarded", simulate.Request{Method: "GET", Target: "/content/a.b.html", Host: "www.example.com:80", Header: simulate.Header{{Name: "X-Dispatcher-Info", Value: "1"}}}, simulate.Options{Now: noon}},
		{"not-cacheable", simulate.Request{Method: "GET", Target: "/content/a.html?x=1", Host: "www.example.com"}, simulate.Options{}},
		{"control-character", simulate.Request{Method: "GET", Target: "/content/a.html?x=\x1b[31m", Host: "www.example.com"}, simulate.Options{}},
		{"not-cacheable-rule", simulate.Request{Method: "POST", Target: "/content/a%0ab.html?", Host: "www.example.com"}, simulate.Options{}},
		{"denied", simulate.Request{Method: "GET", Target: "/content/a.x.html/s", Host: "www.example.com"}, simulate.Options{}},
		{"last-farm", simulate.Request{Method: "GET", Target: "/.stat", Host: "other"}, simulate.Options{}},
		{"host-only", simulate.Request{Method: "GET", Target: "/x", Host: "flush"}, simulate.Options{}},
		{"refused", simulate.Request{Method: "GET", Target: "/../x", TLS: true}, simulate.Options{}},
		{"flush", simulate.Request{Method: "GET", Target: "/dispatcher/invalidate.cache", Host: "www.example.com"}, simulate.Options{}},
		{"no-farm", simulate.Request{Method: "GET", Target: "/x", Farm: "missing"}, simulate.Options{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := simulation(t, &tt.request, tt.options)
			var text, object bytes.Buffer
			if err := (&Printer{Prefix: "repo"}).Simulation(&text, s); err != nil {
				t.Fatal(err)
			}
			golden(t, "simulate/"+tt.name+".txt", text.Bytes())
			if strings.ContainsAny(text.String(), "\x1b\r") {
				t.Error("the text holds control characters of the request")
			}
			if err := JSON(&object, NewSimulationJSON(s, "repo")); err != nil {
				t.Fatal(err)
			}
			golden(t, "simulate/"+tt.name+".json", object.Bytes())
			checkKeys(t, object.Bytes())
		})
	}
}

// checkKeys: every key of the contract is there, whatever was reached.
func checkKeys(t *testing.T, text []byte) {
	t.Helper()
	want := map[string][]string{
		"":        {"schema", "request", "httpd", "farm", "filter", "cache", "render", "response", "trace"},
		"request": {"method", "url", "host", "request_line", "path", "selectors", "extension", "suffix", "query"},
		"farm":    {"name", "virtualhost", "reason", "source"},
		"filter":  {"action", "rule", "source", "vanity", "matched"},
		"cache":   {"cacheable", "info", "reason", "rule", "source", "file", "action", "depends_on"},
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for name, keys := range want {
		object := all
		if name != "" {
			object = nil
			if err := json.Unmarshal(all[name], &object); err != nil {
				t.Fatal(err)
			}
			if object == nil {
				continue // null: not reached
			}
		}
		for _, key := range keys {
			if _, ok := object[key]; !ok {
				t.Errorf("%s has no key %s", name, key)
			}
		}
	}
}

// TestSimulationWithoutTrace: what was not asked for is empty, and never null.
func TestSimulationWithoutTrace(t *testing.T) {
	s := simulation(t, &simulate.Request{Method: "GET", Target: "/content/a.html", Host: "www.example.com"}, simulate.Options{})
	s.ShowTrace, s.Explain = false, false
	v := NewSimulationJSON(s, "")
	if v.Trace == nil || len(v.Trace) != 0 || v.Explain == nil || len(v.Explain) != 0 {
		t.Errorf("got %d lines of trace and %d rules, want empty lists", len(v.Trace), len(v.Explain))
	}
	var text bytes.Buffer
	if err := new(Printer).Simulation(&text, s); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "[D]") || strings.Contains(text.String(), "/filter\n") {
		t.Errorf("the text holds what was not asked for:\n%s", text.String())
	}
}

// TestSimulationColor: colours change nothing but colours.
func TestSimulationColor(t *testing.T) {
	s := simulation(t, &simulate.Request{Method: "GET", Target: "/x", Host: "www.example.com"}, simulate.Options{})
	var plain, color bytes.Buffer
	if err := new(Printer).Simulation(&plain, s); err != nil {
		t.Fatal(err)
	}
	if err := (&Printer{Color: true}).Simulation(&color, s); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(color.String(), "\x1b[") {
		t.Error("there are no colours")
	}
	if diff := cmp.Diff(plain.String(), withoutColor(color.String())); diff != "" {
		t.Errorf("(-plain +coloured):\n%s", diff)
	}
}

func withoutColor(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == 0x1b {
			for i < len(s) && s[i] != 'm' {
				i++
			}
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
