package serve_test

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/serve"
	live "github.com/dispcheck/dispcheck/internal/serve/page"
	"github.com/dispcheck/dispcheck/simulate"
)

// watched is a server that the page may look at, and the address of its site.
func watched(t *testing.T) (*serve.Server, string) {
	t.Helper()
	s := newServer(t, serve.Options{
		Load: siteLoad(t, openFilter), CacheDir: t.TempDir(), Watched: true,
		Publish: backend(renders(func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error) {
			return page("<p>"+strings.Repeat("a page ", 1000), "X-Page: yes"), nil
		})),
	})
	return s, listening(t, s)
}

// ended returns the next exchange that the page is told of.
func ended(t *testing.T, events <-chan live.Event) live.Exchange {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case e := <-events:
			if e.Kind == live.Ended {
				return e.Exchange
			}
		case <-timeout:
			t.Fatal("the page is told of nothing")
		}
	}
}

func explain(t *testing.T, s *serve.Server, id int64) *live.Explanation {
	t.Helper()
	x, ok := s.Explain(t.Context(), id)
	if !ok {
		t.Fatalf("the path of request %d is not kept", id)
	}
	return x
}

func sent(x *live.Explanation, name string) string {
	for _, f := range x.Sent {
		if strings.EqualFold(f[0], name) {
			return f[1]
		}
	}
	return ""
}

// TestPageSeesWhatWasSent: the page shows the answer as the client got it, which is not in all that the simulation says.
func TestPageSeesWhatWasSent(t *testing.T) {
	s, addr := watched(t)
	events, cancel := s.Subscribe()
	defer cancel()
	_, port, _ := strings.Cut(addr, ":")
	c := client(t)

	got := ask(t, c, "GET", "http://"+addr+"/old", "Host: www.example.com.localhost:"+port)
	e := ended(t, events)
	x := explain(t, s, e.ID)
	if here := "http://www.example.com.localhost:" + port + "/content/new.html"; got.Header.Get("Location") != here || sent(x, "Location") != here {
		t.Errorf("the client is led to %s, the page says %s", got.Header.Get("Location"), sent(x, "Location"))
	}
	if e.Host != "www.example.com" || e.Outcome != "redirected" || e.Status != 301 || e.By.IsZero() || e.ID != 1 || e.Revision != 1 {
		t.Errorf("got %+v", e)
	}
	if where, _ := x.Simulation.Decision.Response.Header.Value("Location"); where != "http://www.example.com/content/new.html" {
		t.Errorf("the simulation leads to %s", where)
	}

	got = ask(t, c, "GET", "http://"+addr+"/content/a.html", "Accept-Encoding: gzip")
	x = explain(t, s, ended(t, events).ID)
	if got.Header.Get("Content-Encoding") != "gzip" || sent(x, "Content-Encoding") != "gzip" || sent(x, "X-Always") != "a" {
		t.Errorf("the client got %v, the page says %v", got.Header, x.Sent)
	}
	if !strings.HasPrefix(string(x.Body), "<p>a page a page") || len(x.Body) > 8<<10 {
		t.Errorf("the body begins with %.40q, %d bytes of it", x.Body, len(x.Body))
	}
	if x.Exchange.Cache != "miss" || !x.Simulation.Decision.Cache.Stored {
		t.Errorf("got %+v", x.Exchange)
	}
	if len(x.Simulation.Trace.Looked) == 0 || len(x.Simulation.Passage.Steps) == 0 {
		t.Error("nothing was looked at")
	}
}

// TestPageSendsAndFlushes: what the page sends goes the same way, and a flush says what it did.
func TestPageSendsAndFlushes(t *testing.T) {
	s, addr := watched(t)
	names := func(files []live.CacheFile) (out []string) {
		for _, f := range files {
			out = append(out, fmt.Sprintf("%s %s", f.Kind, f.Name))
		}
		return out
	}
	for _, url := range []string{"/content/a.html", "/content/b.html"} {
		id, err := s.Send(t.Context(), live.Request{Method: "GET", URL: url, Host: "www.example.com"})
		if err != nil {
			t.Fatal(err)
		}
		x := explain(t, s, id)
		if !x.Exchange.Page || x.Exchange.Status != 200 || x.Exchange.Cache != "miss" {
			t.Errorf("got %+v", x.Exchange)
		}
		if got := names(x.Files); !slices.Equal(got, []string{"page " + url, "headers " + url + ".h"}) {
			t.Errorf("in the cache is %q", got)
		}
	}
	if got := ask(t, client(t), "GET", "http://"+addr+"/content/a.html", "Host: www.example.com"); got.Header.Get("ETag") == "" {
		t.Error("what the page asked for is not in the cache of the site")
	}

	s.Advance(time.Minute) // a file and a statfile of one moment are fresh
	f, err := s.Flush(t.Context(), live.Flush{Handle: "/content/a", Action: "Activate", Host: "www.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	v := &f.Report.Decision.Invalidation
	if !v.Allowed || !slices.Contains(v.Deleted, "/content/a.html") || !slices.Equal(v.Touched, []string{"/.stat", "/content/.stat"}) {
		t.Errorf("got %+v", v)
	}
	if got := f.Report.Survey; got == nil || len(got.Stale) != 1 || got.Stale[0].Name != "/content/b.html" || got.Deleted != 1 {
		t.Errorf("the survey says %+v", got)
	}
	tree, err := s.Cache(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Roots) != 1 || tree.Roots[0].Error != "" || tree.More != 0 {
		t.Fatalf("got %+v", tree)
	}
	for _, file := range tree.Roots[0].Files {
		if file.Name == "/content/b.html" && (file.Fresh || file.Statfile != "/content/.stat" || !strings.Contains(file.Why, "was touched after it") || file.Rule.IsZero()) {
			t.Errorf("got %+v", file)
		}
	}
	if got := names(tree.Roots[0].Files); !slices.Equal(got, []string{"statfile /.stat", "statfile /content/.stat", "page /content/b.html", "headers /content/b.html.h"}) {
		t.Errorf("the tree has %q", got)
	}
	if few, err := s.Cache(t.Context(), 2); err != nil || len(few.Roots[0].Files) != 2 || few.More == 0 {
		t.Errorf("two of them: %+v, %v", few, err)
	}

	for _, bad := range []live.Request{{Method: "", URL: "/"}, {Method: "GET", URL: "content"}, {Method: "GET", URL: "ftp://a.example/"}} {
		if _, err := s.Send(t.Context(), bad); err == nil {
			t.Errorf("%+v was sent", bad)
		}
	}
	for _, bad := range []live.Flush{{Handle: "content"}, {Handle: "/a\r\nX: y"}, {Handle: "/a", Action: "Activate\nX: y"}} {
		if _, err := s.Flush(t.Context(), bad); err == nil {
			t.Errorf("%+v was sent", bad)
		}
	}
}

// TestPageSeesTheServer: state, rules with their hits, and texts.
func TestPageSeesTheServer(t *testing.T) {
	s, addr := watched(t)
	c := client(t)
	ask(t, c, "GET", "http://"+addr+"/bin/a", "Host: www.example.com")
	ask(t, c, "GET", "http://"+addr+"/forbidden", "Host: www.example.com")
	hits := map[string]int64{}
	for _, r := range s.Rules() {
		if r.At.IsZero() || r.Kind == "" {
			t.Errorf("got %+v", r)
		}
		hits[r.Kind+" "+r.Name] += r.Hits
	}
	for name, want := range map[string]int64{"filter /0001": 1, "filter /0002": 0, "rewrite_rules RewriteRule": 1, "farms site": 1} {
		if got, known := hits[name]; !known || got != want {
			t.Errorf("%s: %d hits (%v), want %d", name, got, known, want)
		}
	}
	var names []string
	for _, f := range s.Files() {
		names = append(names, path.Base(f.Name))
	}
	if !slices.Contains(names, "site.farm") || !slices.Contains(names, "site.vhost") {
		t.Errorf("the texts are %q", names)
	}
	before := s.State()
	if now := s.Advance(time.Hour); now.Before(before.Now.Add(time.Hour)) {
		t.Errorf("the clock shows %v", now)
	}
	st := s.State()
	if st.Ahead-before.Ahead != time.Hour || st.Revision != 1 || st.Requests != 2 || st.Broken != nil || !slices.Equal(st.Farms, []string{"site"}) {
		t.Errorf("got %+v", st)
	}
	if got := s.Recent(1); len(got) != 1 || got[0].URL != "/forbidden" || got[0].ID != 2 {
		t.Errorf("the last is %+v", got)
	}
	if _, ok := s.Explain(t.Context(), 99); ok {
		t.Error("a request that never was has a path")
	}
}
