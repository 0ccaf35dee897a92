package simulate

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTraceOutlivesDecision: what a trace says of one request stays as it is while the engine answers others.
func TestTraceOutlivesDecision(t *testing.T) {
	e := New(decode(t, `/filter { /0001 { /type "allow" /glob "GET /content/* HTTP/1.1" } }`, Version{}, nil), Options{})
	subject := func(trace *Trace) string { return trace.Looked[0].Elements[0].Subject }
	first := Trace{Explain: true}
	for i, target := range []string{"/content/first.html?a=b", "/libs/other.html", "/x/yet/another/and/longer.html"} {
		trace := Trace{Explain: true}
		if i == 0 {
			trace = first
		}
		var d Decision
		if err := e.Decide(context.Background(), &Request{Method: "GET", Target: target, Host: "localhost"}, &d, &trace); err != nil {
			t.Fatal(err)
		}
		if got, want := subject(&trace), "GET "+target+" HTTP/1.1"; got != want {
			t.Errorf("subject of %s: got %q, want %q", target, got, want)
		}
		if i == 0 {
			first = trace
		}
	}
	if diff := cmp.Diff("GET /content/first.html?a=b HTTP/1.1", subject(&first)); diff != "" {
		t.Errorf("subject of the first request, afterwards (-want +got):\n%s", diff)
	}
}
