package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/simulate"
)

const runText = `
suite: s
cases:
- GET /ok: {filter: deny, tags: [a]}
- GET /bad: {filter: allow, status: 200, tags: [a, b]}
- GET /skipped: {filter: allow, skip: later, tags: b}
- GET /worse: {filter: allow, tags: c}
`

func suiteOf(t *testing.T, text string) *Suite {
	t.Helper()
	s, err := Load(files("s.yaml", text), "s.yaml", ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// same answers every case with the same.
func same(_ context.Context, c *Case, show func(*Observed) error) error {
	for i := range c.Scenario.Steps {
		if err := show(&Observed{Step: i, Answer: answer(), Decision: &simulate.Decision{Reason: "made-up"}, Trace: &simulate.Trace{}}); err != nil {
			return err
		}
	}
	return nil
}

func TestRun(t *testing.T) {
	tests := []struct {
		name, text string
		options    Options
		want       []string // name and result of each case
		counts     [5]int   // passed, failed, skipped, left out, stopped
	}{
		{"all", runText, Options{}, []string{"GET /ok: ok", "GET /bad: filter status", "GET /skipped: skipped later", "GET /worse: filter"}, [5]int{1, 2, 1, 0, 0}},
		{"run", runText, Options{Run: regexp.MustCompile("^s: GET /(ok|worse)$")}, []string{"GET /ok: ok", "GET /worse: filter"}, [5]int{1, 1, 0, 0, 0}},
		{"tag", runText, Options{Tags: []string{"a", "!b"}}, []string{"GET /ok: ok"}, [5]int{1, 0, 0, 0, 0}},
		{"not tag", runText, Options{Tags: []string{"!a"}}, []string{"GET /skipped: skipped later", "GET /worse: filter"}, [5]int{0, 1, 1, 0, 0}},
		{"tags", runText, Options{Tags: []string{"b", "c"}}, []string{"GET /bad: filter status", "GET /skipped: skipped later", "GET /worse: filter"}, [5]int{0, 2, 1, 0, 0}},
		{"fail fast", runText, Options{FailFast: true}, []string{"GET /ok: ok", "GET /bad: filter status"}, [5]int{1, 1, 0, 0, 2}},
		{"only", runText + "- GET /only: {filter: deny, only: true}\n", Options{}, []string{"GET /only: ok"}, [5]int{1, 0, 0, 4, 0}},
		{"only that is not chosen", runText + "- GET /only: {filter: deny, only: true, tags: x}\n", Options{Tags: []string{"a"}}, []string{"GET /ok: ok", "GET /bad: filter status"}, [5]int{1, 1, 0, 0, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.Players = []Player{same, same, same}
			rep, err := Run(context.Background(), []*Suite{suiteOf(t, tt.text)}, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range rep.Suites[0].Cases {
				what := "ok"
				var paths []string
				for _, f := range r.Failures {
					paths = append(paths, f.Path)
				}
				if !r.OK {
					what = strings.Join(paths, " ")
				}
				if r.Skipped != "" {
					what = "skipped " + r.Skipped
				}
				got = append(got, r.Case.Name+": "+what)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("cases (-want +got):\n%s", diff)
			}
			if got := [5]int{rep.Passed, rep.Failed, rep.Skipped, rep.LeftOut, rep.Stopped}; got != tt.counts {
				t.Errorf("got counts %v, want %v", got, tt.counts)
			}
		})
	}
}

func TestRunErrors(t *testing.T) {
	s := suiteOf(t, "- GET /a: {filter.acton: x, cache.nowhere: y}\n- GET /b: {filter: deny}\n")
	rep, err := Run(context.Background(), []*Suite{s}, Options{Players: []Player{same, same}})
	want := "s.yaml:1:12: filter has no acton; did you mean action?\ns.yaml:1:29: cache has no nowhere; known are action, cacheable, code, depends_on, file, info, reason"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if rep == nil || rep.Passed != 1 {
		t.Errorf("the other case did not run: %+v", rep)
	}
	broken := errors.New("broken")
	if _, err := Run(context.Background(), []*Suite{s}, Options{Players: []Player{func(context.Context, *Case, func(*Observed) error) error { return broken }}}); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, []*Suite{s}, Options{Players: []Player{same, same}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// TestManyPlayers: what comes of a run is the same with one player and with many, whoever is done first.
func TestManyPlayers(t *testing.T) {
	var text strings.Builder
	for i := range 60 {
		word := "deny"
		if i%17 == 11 {
			word = "allow" // which is not so
		}
		fmt.Fprintf(&text, "- GET /%d: {filter: %s}\n", i, word)
	}
	s := suiteOf(t, text.String())
	run := func(players int, failFast bool) string {
		o := Options{FailFast: failFast, Prepare: func(context.Context, *Case) error { return nil }}
		gate := make(chan struct{}, players) // lets the last that came go first
		for i := range players {
			o.Players = append(o.Players, func(ctx context.Context, c *Case, show func(*Observed) error) error {
				select {
				case gate <- struct{}{}:
				case <-gate:
				}
				for range i % 3 {
					runtime.Gosched()
				}
				return same(ctx, c, show)
			})
		}
		var done int
		o.Done = func(n int) {
			if n != done+1 {
				t.Errorf("%d cases are over after %d", n, done)
			}
			done = n
		}
		rep, err := Run(context.Background(), []*Suite{s}, o)
		if err != nil {
			t.Fatal(err)
		}
		out := fmt.Sprintln(rep.Passed, rep.Failed, rep.Stopped)
		for _, r := range rep.Suites[0].Cases {
			out += fmt.Sprintln(r.Case.Name, r.OK)
		}
		return out
	}
	for _, failFast := range []bool{false, true} {
		want := run(1, failFast)
		if failFast != strings.HasPrefix(want, "11 1 48\n") {
			t.Fatalf("one player: %s", want)
		}
		for _, n := range []int{2, 7, 100} {
			if got := run(n, failFast); got != want {
				t.Errorf("%d players, fail fast %v: got\n%s\nwant\n%s", n, failFast, got, want)
			}
		}
	}
}

// TestFirstErrorCounts: of several cases that cannot be played the first one's error ends the run.
func TestFirstErrorCounts(t *testing.T) {
	s := suiteOf(t, "- GET /a: {filter: deny}\n- GET /b: {filter: deny}\n- GET /c: {filter: deny}\n")
	later := make(chan struct{})
	player := func(ctx context.Context, c *Case, show func(*Observed) error) error {
		if c.Name == "GET /c" {
			close(later)
		} else {
			<-later
		}
		if c.Name == "GET /a" {
			return same(ctx, c, show)
		}
		return errors.New(c.Name)
	}
	if _, err := Run(context.Background(), []*Suite{s}, Options{Players: []Player{player, player, player}}); err == nil || err.Error() != "GET /b" {
		t.Errorf("got %v", err)
	}
	prepared := errors.New("not prepared")
	o := Options{Players: []Player{player}, Prepare: func(_ context.Context, c *Case) error { return prepared }}
	if _, err := Run(context.Background(), []*Suite{s}, o); !errors.Is(err, prepared) {
		t.Errorf("got %v", err)
	}
}

// TestCrash: a player that crashes is the caller's crash.
func TestCrash(t *testing.T) {
	defer func() {
		if p := recover(); p != "made up" {
			t.Errorf("got %v", p)
		}
	}()
	player := func(context.Context, *Case, func(*Observed) error) error { panic("made up") }
	_, err := Run(context.Background(), []*Suite{suiteOf(t, runText)}, Options{Players: []Player{player, player}})
	t.Errorf("it went on: %v", err)
}

// TestWriteIsReadBack: whatever a URL or an answer has in it, a suite that was written expects just that.
func TestWriteIsReadBack(t *testing.T) {
	type m = map[string]any
	for i, text := range []string{
		"plain", "yes", "no", "true", "null", "404", "-1", "1e3", "0x1f", "~", "a: b", "a #b", "#a", "- a", "*", "/*", "a*b", "!a", "!", "/x/", "/^x$/", "/(/", "${a}", "$${a}", "{a}", "[a]", "'a'", `"a"`, `a\b`,
		"a,b", "&a", "%20", "a%20b", "@a", "`a`", "|", ">", "?", "? a", ": a", "=", "<<", "ä", "\u2028", "2025-01-01", "a\tb", " a ", "0001", "y", "on", ".inf", "+1", "a:", "::1",
	} {
		t.Run(fmt.Sprintf("%d %q", i, text), func(t *testing.T) {
			r, err := simulate.NewRequest("GET", "/x")
			if err != nil {
				t.Fatal(err)
			}
			a := Answer{
				"farm": m{"name": text}, "filter": m{"action": "allow", "rule": text}, "cache": m{"cacheable": false, "info": nil, "reason": text, "action": "none"},
				"httpd":    m{"vhost": text, "uri": text, "handled_by": "dispatcher-handler", "location": nil, "redirects": []any{}},
				"response": m{"status": json.Number("200"), "headers": m{}}, "request": m{"uri": text, "host": ""},
			}
			var b bytes.Buffer
			if err := Write(&b, text, []Recorded{{r, a}}); err != nil {
				t.Fatal(err)
			}
			s, err := Load(files("s.yaml", b.String()), "s.yaml", ReadOptions{})
			if err != nil {
				t.Fatalf("%v\n%s", err, b.String())
			}
			if s.Name != text {
				t.Errorf("got name %q", s.Name)
			}
			wants := s.Cases[0].Wants[0]
			if len(wants) != 6 {
				t.Errorf("%d expectations:\n%s", len(wants), b.String())
			}
			for j := range wants {
				if got, err := wants[j].Check(a); err != nil || !got.OK {
					t.Errorf("%s: expected %v, actual %s, error %v\n%s", wants[j].Path, wants[j].Want, got.Actual, err, b.String())
				}
				other := Answer{"farm": m{"name": "z"}, "filter": m{"action": "deny", "rule": "z"}, "cache": m{"cacheable": true}, "httpd": m{"vhost": "z", "uri": "z"}, "response": m{"status": json.Number("500")}}
				if got, err := wants[j].Check(other); err != nil || got.OK {
					t.Errorf("%s: %v is met by %s, error %v", wants[j].Path, wants[j].Want, got.Actual, err)
				}
			}
		})
	}
}
