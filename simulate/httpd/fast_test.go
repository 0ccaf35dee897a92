package httpd

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dispcheck/dispcheck/internal/apachetest"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// onlooker is a recorder: while somebody looks on, every rule is tried, and texts are not made in a Memory.
type onlooker struct{}

func (onlooker) Step(rewrite.Step) {}
func (onlooker) Log(int, string)   {}

// sameResult compares results but for their memory. Pointers into the configuration are the same or not.
var sameResult = cmp.Options{
	cmpopts.IgnoreFields(Result{}, "Memory", "Host", "By", "NotSimulated"), cmp.AllowUnexported(Result{}), cmpopts.IgnoreFields(Answer{}, "By"), cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{}),
	cmp.Comparer(func(a, b *server.RewriteRule) bool { return a == b }),
}

func notes(r *Result) []string {
	var all []string
	for _, c := range r.NotSimulated {
		all = append(all, c.Text+": "+c.Why)
	}
	slices.Sort(all)
	return all
}

// checkFast asks a request with somebody looking on and without, with a result that has been used before.
func checkFast(t *testing.T, name string, e *Engine, r *Request, used *Result) {
	t.Helper()
	var want Result
	if err := e.Serve(t.Context(), r, &want, onlooker{}); err != nil {
		t.Fatal(err)
	}
	if err := e.Serve(t.Context(), r, used, nil); err != nil {
		t.Fatal(err)
	}
	diff := cmp.Diff(&want, used, sameResult) + cmp.Diff(notes(&want), notes(used))
	if want.Host != used.Host || want.By.At != used.By.At {
		diff += fmt.Sprintf("host or directive: want %v at %v, got %v at %v", want.Host, want.By, used.Host, used.By)
	}
	if diff != "" {
		t.Errorf("%s: %s %s: want -, got +:\n%s", name, r.Method, r.Target, diff)
	}
}

// TestFastWayIsTheSame: what saves time and memory where nobody looks on changes no answer.
func TestFastWayIsTheSame(t *testing.T) {
	used := &Result{Memory: new(rewrite.Memory)}
	for _, size := range []struct {
		name, rules string
		targets     [][2]string
	}{{"usual", benchRules, benchTargets[:]}, {"heavy", benchHeavyRules(), benchHeavyTargets()}} {
		t.Run(size.name, func(t *testing.T) {
			e := benchEngine(t, size.rules, nil)
			requests := benchRequests(size.targets)
			for i := range requests {
				for _, host := range []string{"www.example.com", "example.com", "shop7.example.com", "www.example.de", "nobody.test"} {
					requests[i].Host = host
					checkFast(t, host, e, &requests[i], used)
				}
			}
		})
	}
	t.Run("recorded", func(t *testing.T) {
		cache := map[string]*Engine{}
		for _, name := range []string{"httpd.jsonl", "httpd-trees.jsonl"} {
			apachetest.Each(t, name, func(c *apachetest.Case) {
				e := engineOf(t, &c.Config, cache)
				h := standIn(c)
				e.o.Handlers = map[string]Handler{"dispatcher-handler": h, "proxy-server": h}
				checkFast(t, c.ID, e, requestOf(c), used)
			})
		}
	})
}

// TestBenchmarksMeanIt: the benchmarks have as many rules as they say, and their requests end in many ways.
func TestBenchmarksMeanIt(t *testing.T) {
	for _, size := range []struct {
		rules string
		n     int
	}{{benchRules, 24}, {benchHeavyRules(), 1800}} {
		d := newBenchDispatcher(t)
		d.outcomes = map[simulate.Outcome]int{}
		e := benchEngine(t, size.rules, d)
		host := e.hosts[slices.IndexFunc(e.hosts, func(h *host) bool { return h.Name.Host == "www.example.com" })]
		if got := len(host.Rewrite.Rules); got != size.n {
			t.Errorf("got %d rules, want %d", got, size.n)
		}
		by := map[string]int{}
		requests := benchRequests(benchHeavyTargets())
		for i := range requests {
			var res Result
			if err := e.Serve(t.Context(), &requests[i], &res, nil); err != nil {
				t.Fatal(err)
			}
			if res.Host != host.Host || len(res.NotSimulated) > 0 {
				t.Errorf("%s: got host %s and %v", requests[i].Target, res.Host.Name.Host, res.NotSimulated)
			}
			switch {
			case res.Status >= 300 && res.Status < 400:
				by["redirect"]++
			case res.ByHTTPD:
				by["refused"]++
			case res.URI != strings.SplitN(requests[i].Target, "?", 2)[0]:
				by["rewritten"]++
			}
		}
		if by["redirect"] < 5 || by["rewritten"] < 10 || by["refused"] < 1 || d.outcomes[simulate.Forwarded] < 20 || d.outcomes[simulate.Denied] < 5 {
			t.Errorf("of %d rules: %v, %v", size.n, by, d.outcomes)
		}
	}
}

// TestServeDoesNotAllocate: with a result that has been used before nothing is allocated on the way to a handler and back.
func TestServeDoesNotAllocate(t *testing.T) {
	if testkit.Race {
		t.Skip("pools drop what they are given")
	}
	res := &Result{Memory: new(rewrite.Memory)}
	for _, rules := range []string{benchRules, benchHeavyRules()} {
		e := benchEngine(t, rules, nil)
		requests := benchRequests(benchTargets[:])
		for i := range requests {
			r := &requests[i]
			serve := func() {
				if err := e.Serve(context.Background(), r, res, nil); err != nil {
					t.Fatal(err)
				}
			}
			serve()
			if got := testing.AllocsPerRun(20, serve); got != 0 {
				t.Errorf("%s %s: %v allocations", r.Method, r.Target, got)
			}
		}
	}
}

// TestServeFromMany: many ask at once, each with a result of its own.
func TestServeFromMany(t *testing.T) {
	e := benchEngine(t, benchRules, nil)
	requests := benchRequests(benchTargets[:])
	want := make([]Result, len(requests))
	for i := range requests {
		if err := e.Serve(t.Context(), &requests[i], &want[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			got := Result{Memory: new(rewrite.Memory)}
			for n := range 20 * len(requests) {
				i := (n + 7*g) % len(requests)
				if err := e.Serve(context.Background(), &requests[i], &got, nil); err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(&want[i], &got, sameResult); diff != "" {
					t.Errorf("%s: want -, got +:\n%s", requests[i].Target, diff)
					return
				}
			}
		})
	}
	wg.Wait()
}
