package decisiondiff

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

func decodeText(f *source.File) *model.Config {
	c, _ := model.Decode(grammar.Parse(f).Items, model.Options{})
	return c
}

// randomRules are the text of some entries.
func randomRules(r *rand.Rand) []string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	out := make([]string, 1+r.IntN(5))
	for i := range out {
		out[i] = fmt.Sprintf(`/type "%s" `, pick("allow", "deny"))
		switch r.IntN(6) {
		case 0:
			out[i] += fmt.Sprintf(`/glob "%s"`, pick("*", "GET *", "* /a* *", "* *.html*"))
		case 1:
			out[i] += fmt.Sprintf(`/url '%s'`, pick("/a.*", "/(a|b)/.*", `.*\.html`, "/b"))
		case 2:
			out[i] += fmt.Sprintf(`/extension '%s'`, pick("html", "(html|json)", "js.*"))
		case 3:
			out[i] += fmt.Sprintf(`/method "%s" /url "%s"`, pick("GET", "POST"), pick("/a*", "/b*", "*"))
		case 4:
			out[i] += fmt.Sprintf(`/query "%s"`, pick("*", "q=*"))
		default:
			out[i] += fmt.Sprintf(`/url "%s"`, pick("*", "/a*", "/a/b*", "*.html", "/b.html"))
		}
	}
	return out
}

// TestRegionsAreExact: compareSections finds a region exactly where some request is decided differently, and each witness is
// one.
func TestRegionsAreExact(t *testing.T) {
	var grid []automata.Request
	for _, method := range []string{"GET", "POST"} {
		for _, uri := range []string{"/", "/a", "/b", "/a/b", "/a.html", "/b.html", "/a/b.html", "/c.html", "/b/a.html", "/a.json", "/c.json", "/b.json", "/c", "/b/c", "/a.js", "/c.jsx", "/ab", "/a/bc.html"} {
			for _, query := range []string{"", "q=1", "x"} {
				grid = append(grid, automata.Request{Method: method, URI: uri, Query: query, HasQuery: query != "", Protocol: "HTTP/1.1"})
			}
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	family := requestFamilyOf(requestSpace(), false, nil)
	differ, same := 0, 0
	pairs := 400
	if testkit.Race { // there is one goroutine
		pairs = 60
	}
	for range pairs {
		before := randomRules(r)
		after := append([]string{}, before...)
		switch i := r.IntN(len(after)); r.IntN(4) {
		case 0:
			after = append(after[:i], after[i+1:]...)
		case 1:
			after[i] = randomRules(r)[0]
		case 2:
			j := r.IntN(len(after))
			after[i], after[j] = after[j], after[i]
		default:
			after = randomRules(r)
		}
		sections := [2]section{}
		for i, list := range [][]string{before, after} {
			text := "/filter {"
			for n, rule := range list {
				text += fmt.Sprintf(" /%d { %s }", n, rule)
			}
			sections[i] = filterOf(configOf(t, text+" }").Farms[0])
		}
		decide := func(s section, q automata.Request) bool {
			if rule, allow := family.decision(s.rules, q); rule != nil {
				return allow
			}
			return s.otherwise
		}
		regions, err := compareSections(t.Context(), family, sections[0], sections[1])
		if err != nil {
			t.Fatal(err)
		}
		shown := ""
		for _, q := range grid {
			if decide(sections[0], q) != decide(sections[1], q) {
				shown = q.String()
				break
			}
		}
		if shown != "" && len(regions) == 0 {
			t.Errorf("%s\n%s\nno region, and %s is decided differently", strings.Join(before, "\n"), strings.Join(after, "\n"), shown)
		}
		for _, region := range regions {
			for _, q := range region.witnesses {
				if decide(sections[0], q) != region.from || decide(sections[1], q) == region.from {
					t.Errorf("%s\n%s\n%s is no witness", strings.Join(before, "\n"), strings.Join(after, "\n"), q)
				}
			}
		}
		if len(regions) > 0 {
			differ++
		} else {
			same++
		}
	}
	if differ < pairs/8 || same < pairs/8 {
		t.Errorf("%d pairs differ and %d do not: the test shows little", differ, same)
	}
}

// TestRegionsWithoutAutomata: where a pattern is too large for an automaton, samples are compared, and it is said.
func TestRegionsWithoutAutomata(t *testing.T) {
	const large = `/3 { /type "allow" /url '/x(a|b)*a(a|b){18}' }`
	old := filterOf(configOf(t, `/filter { /1 { /type "allow" /url "/a*" } `+large+` }`).Farms[0])
	new := filterOf(configOf(t, `/filter { /1 { /type "allow" /url "/b*" } `+large+` }`).Farms[0])
	regions, err := compareSections(t.Context(), requestFamilyOf(requestSpace(), false, nil), old, new)
	if !errors.Is(err, automata.ErrTooManyStates) {
		t.Errorf("got error %v, want one that says that it is not settled", err)
	}
	if len(regions) == 0 {
		t.Error("no region is found by samples")
	}
}

// TestNotSimulatedPatterns: an entry with a pattern that is not simulated, on one side alone, is named.
func TestNotSimulatedPatterns(t *testing.T) {
	old := filterOf(configOf(t, `/filter { /1 { /type "allow" /url '/a/(x)\1' } }`).Farms[0])
	new := filterOf(configOf(t, `/filter { /1 { /type "allow" /url '/b/(x)\1' } }`).Farms[0])
	if list := notSimulatedIn("/filter", old, new); len(list) != 2 || list[0].At.IsZero() || list[0].Why == "" {
		t.Errorf("got %v", list)
	}
	if list := notSimulatedIn("/filter", old, old); len(list) != 0 {
		t.Errorf("got %v for a section and itself", list)
	}
}
