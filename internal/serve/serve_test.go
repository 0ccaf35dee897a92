package serve_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/serve"
	"github.com/dispcheck/dispcheck/simulate"
)

// start is when the clocks of tests begin.
var start = time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC)

// load loads a configuration.
func load(t testing.TB, o project.Options) *serve.Configuration {
	t.Helper()
	c, err := loaded(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func loaded(ctx context.Context, o project.Options) (*serve.Configuration, error) {
	p, err := project.Load(ctx, o)
	if err != nil {
		return nil, err
	}
	a, err := p.Apache(ctx)
	if err != nil {
		return nil, err
	}
	found := append([]diag.Diagnostic(nil), p.Findings...)
	if a != nil {
		found = append(found, a.Findings...)
	}
	return &serve.Configuration{Project: p, Config: p.Config, Apache: a, Findings: &report.Findings{List: found}}, nil
}

// example is the sample project.
func example(t testing.TB) func(context.Context) (*serve.Configuration, error) {
	c := load(t, project.Options{Path: "example:cloud"})
	return func(context.Context) (*serve.Configuration, error) { return c, nil }
}

// backend makes a backend the publish.
func backend(b simulate.Backend) func(*serve.Configuration) (simulate.Backend, error) {
	return func(*serve.Configuration) (simulate.Backend, error) { return b, nil }
}

// newServer makes a server of options that lack nothing but what a test does not care for.
func newServer(t testing.TB, o serve.Options) *serve.Server {
	t.Helper()
	if o.Load == nil {
		o.Load = example(t)
	}
	if o.Publish == nil {
		o.Publish = func(c *serve.Configuration) (simulate.Backend, error) { return serve.ExamplePages(c.Config), nil }
	}
	s, err := serve.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// listening lets a server listen on a free port until the test ends, and returns its address.
func listening(t testing.TB, s *serve.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return l.Addr().String()
}

// An answer is what a client got.
type answer struct {
	*http.Response
	body string
}

// client asks without keeping connections, redirects or compression to itself.
func client(t testing.TB) *http.Client {
	tr := &http.Transport{DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ask sends a request; header is lines "Name: value".
func ask(t testing.TB, c *http.Client, method, url string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	return do(t, c, r)
}

func do(t testing.TB, c *http.Client, r *http.Request) answer {
	t.Helper()
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: the body: %v", r.Method, r.URL, err)
	}
	return answer{res, string(body)}
}
