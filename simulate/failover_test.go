package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/model"
)

// TestFailoverLaws: whatever renders do, none is asked twice in a round or after it has answered, the client gets the
// last answer that came, and an error only where nothing is left to ask.
func TestFailoverLaws(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(words ...string) string { return words[rnd.IntN(len(words))] }
	seen := map[string]int{}
	for range 3000 {
		n := 1 + rnd.IntN(4)
		var script, renders strings.Builder
		for i := range n {
			fmt.Fprintf(&renders, ` /r%d { /hostname "h%d" }`, i, i)
			for range 1 + rnd.IntN(3) {
				fmt.Fprintf(&script, "r%d %s\n", i, pick("200", "404", "500", "502", "503", "503", "refuses no", "refuses no", "stalls", "breaks no"))
				fmt.Fprintf(&script, "r%d health %s\n", i, pick("200", "500", "503", "404", "refuses no", "stalls"))
			}
		}
		failover, check, retries := rnd.IntN(3) > 0, rnd.IntN(3) > 0, rnd.IntN(4)
		config := fmt.Sprintf(`/farms { /f { /failover "%d" /numberOfRetries "%d" /renders {%s }`, map[bool]int{true: 1}[failover], retries, renders.String())
		if check {
			config += ` /health_check { /url "/health" }`
		}
		config += " } }"
		e := newRenderTest(t, config, script.String(), Options{})
		x, _ := e.fetch(t, get(t, "/x.html"))
		explain := func(format string, args ...any) {
			t.Helper()
			t.Fatalf("%s\n%s\n%s%s", fmt.Sprintf(format, args...), config, script.String(), answerText(x))
		}

		type turn struct {
			render *model.Render
			round  int
		}
		turns, answered, checks := map[turn]bool{}, map[*model.Render]bool{}, map[*model.Render]int{}
		last := 0
		for _, a := range x.Decision.Render.Attempts {
			if a.Purpose == ForHealth {
				if checks[a.Render]++; checks[a.Render] > 1 || !check {
					explain("%s was checked %d times", a.Render.Name, checks[a.Render])
				}
				continue
			}
			if k := (turn{a.Render, a.Round}); turns[k] {
				explain("%s was asked twice in round %d", a.Render.Name, a.Round)
			} else {
				turns[k] = true
			}
			if answered[a.Render] {
				explain("%s was asked again after it had answered", a.Render.Name)
			}
			if a.Status != 0 {
				answered[a.Render], last = true, a.Status
			}
		}
		status := x.answer.Status
		switch {
		case x.failed == "" && status != last:
			explain("the client gets %d, the last answer was %d", status, last)
		case x.failed != "" && last != 0:
			explain("the client gets %d, though a render answered %d", status, last)
		case x.failed == "" && status == 503 && failover && len(e.config.Farms[0].Renders) != len(tried(x)):
			explain("the client gets 503, and not all renders were tried")
		case len(answered) > 1 && !failover:
			explain("another render was asked without /failover")
		case x.failed == NoRender && len(turns) != max(retries, 1)*n:
			explain("%d attempts, want %d", len(turns), max(retries, 1)*n)
		}
		seen[fmt.Sprint(x.failed, status, len(answered) > 1)]++
		x.answer.Close()
		x.release(true)
	}
	if len(seen) < 8 {
		t.Errorf("the renders did too little: %v", seen)
	}
}

// tried are the renders that were asked for the client.
func tried(x *Exchange) map[*model.Render]bool {
	renders := map[*model.Render]bool{}
	for _, a := range x.Decision.Render.Attempts {
		if a.Purpose == ForClient {
			renders[a.Render] = true
		}
	}
	return renders
}

// TestHealthPenalty: what a health check costs the render, beside the 0.1 of its answer's one second; the check's own
// time is no answer's.
func TestHealthPenalty(t *testing.T) {
	const answer = 0.1 * 10
	tests := []struct {
		health  string
		penalty float64
	}{
		{"200 took=5s", 0}, {"404", 0}, {"499", 0}, {"500 took=5s", 7}, {"503", 7}, {"599", 7},
		{"refuses no took=5s", 7}, {"stalls took=5s", 7}, {"breaks no", 7},
	}
	for _, tt := range tests {
		for _, failover := range []string{"0", "1"} {
			t.Run(tt.health+" failover "+failover, func(t *testing.T) {
				e := newRenderTest(t, `/farms { /f { /failover "`+failover+`" /unavailablePenalty "7" /health_check { /url "/health" } `+twoRenders+threeCategories+` } }`,
					"rend01 500 took=1s\nrend01 health "+tt.health+"\nrend02 200", Options{})
				e.fetch(t, get(t, "/x.html"))
				f := e.config.Farms[0]
				if got, want := e.memory.renders.score(scoreKey{f.Renders[0], f.Statistics.Categories[1]}), answer+tt.penalty; got != want {
					t.Errorf("score: got %v, want %v", got, want)
				}
				if n := len(e.memory.renders.scores); n > 2 {
					t.Errorf("%d scores, want those of the request's category alone", n)
				}
			})
		}
	}
}
