package simulate_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/simulate"
)

// TestFixtures asks the example projects what was worked out by hand. httpd's rules are not simulated yet: requests
// are made as they come out of them, and those that httpd answers itself are counted and left out.
func TestFixtures(t *testing.T) {
	for _, name := range []string{"cloud", "ams", "classic"} {
		t.Run(name, func(t *testing.T) {
			p, err := project.Load(t.Context(), project.Options{Path: "example:" + name})
			if err != nil {
				t.Fatal(err)
			}
			e := simulate.New(p.Config, simulate.Options{})
			checked, httpd := 0, 0
			for _, want := range fixtures.Requests(name) {
				if want.Farm == "" {
					httpd++
					continue
				}
				checked++
				t.Run(want.Method+" "+want.URL, func(t *testing.T) { checkFixture(t, e, want) })
			}
			t.Logf("checked %d requests; httpd answers %d others itself", checked, httpd)
			if checked == 0 {
				t.Error("no request was checked")
			}
		})
	}
}

func checkFixture(t *testing.T, e *simulate.Engine, want fixtures.Request) {
	r, err := simulate.NewRequest(want.Method, want.URL)
	if err != nil {
		t.Fatal(err)
	}
	if r.Host == "" {
		r.Host = want.Host
	}
	_, query, queried := strings.Cut(r.Target, "?")
	r.Target = (&url.URL{Path: want.URI}).EscapedPath()
	if queried {
		r.Target += "?" + query
	}
	for _, h := range want.Header {
		name, value, _ := strings.Cut(h, ":")
		r.Header = append(r.Header, simulate.Field{Name: name, Value: strings.TrimSpace(value)})
	}
	var d simulate.Decision
	if err := e.Decide(t.Context(), r, &d, nil); err != nil {
		t.Fatal(err)
	}
	filter, rule, reason := "", "", ""
	if v := d.Filter; v.Reached {
		filter = map[bool]string{true: "allow", false: "deny"}[v.Allow]
		if v.Rule != nil {
			rule = "/" + v.Rule.Label
		}
	}
	if d.Cache.Reached && !d.Cache.Cacheable {
		reason = d.Cache.Info()
	}
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"uri", d.URI, want.URI},
		{"farm", d.Farm.Farm.Name, want.Farm},
		{"filter", filter, want.Filter},
		{"rule", rule, want.Rule},
		{"cacheable", d.Cache.Cacheable, want.Cacheable},
		{"reason", reason, want.Reason},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v (%s)", c.what, c.got, c.want, want.Note)
		}
	}
	if d.Filter.Reached && d.Response.Status != want.Status {
		t.Errorf("status: got %d, want %d (%s)", d.Response.Status, want.Status, want.Note)
	}
}
