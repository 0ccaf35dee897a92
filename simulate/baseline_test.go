package simulate

import (
	"regexp"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

// A baseline decides with Go's regexp, as a first try at the problem would: every pattern is an expression, every
// rule is tried. It measures the specialised engine, and a test proves that they agree.
type baseline struct {
	filter, cache, params []baselineRule
	backward              bool
}

type baselineRule struct {
	allow bool
	// By element; nil is none. Absent says whether an element that is not there will do.
	glob, method, url, query, path, selectors, extension, suffix *regexp.Regexp
	noSelectors, noExtension, noSuffix                           bool
}

func newBaseline(f *model.Farm, backward bool) *baseline {
	b := &baseline{backward: backward}
	for _, l := range []struct {
		from *model.RuleList
		to   *[]baselineRule
	}{{f.Filter, &b.filter}, {f.Cache.Rules, &b.cache}, {f.Cache.IgnoreURLParams, &b.params}} {
		for _, r := range l.from.Rules {
			*l.to = append(*l.to, baselineRule{
				allow: r.Allow, glob: expression(r.Glob), method: expression(r.Method), url: expression(r.URL),
				query: expression(r.Query), path: expression(r.Path), selectors: expression(r.Selectors),
				extension: expression(r.Extension), suffix: expression(r.Suffix),
				noSelectors: absentWillDo(r.Selectors), noExtension: absentWillDo(r.Extension), noSuffix: absentWillDo(r.Suffix),
			})
		}
	}
	return b
}

func absentWillDo(p *model.Pattern) bool {
	return p == nil || p.Text() == "" || p.Kind() == match.KindERE && p.MatchesEmpty()
}

// expression translates a pattern. Globs are translated; of the regular expressions only those are given whose
// meaning is the same in both languages.
func expression(p *model.Pattern) *regexp.Regexp {
	if p == nil {
		return nil
	}
	text := p.Text()
	if p.Kind() == match.KindGlob {
		text = globExpression(text)
	}
	return regexp.MustCompile(`\A(?s:` + text + `)\z`)
}

func globExpression(glob string) string {
	var b strings.Builder
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			end := i + strings.IndexByte(glob[i:], ']')
			b.WriteString(strings.Replace(glob[i:end+1], "[!", "[^", 1))
			i = end
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return b.String()
}

// decide returns what the filter and the cache say.
func (b *baseline) decide(method, target string) (allow, cacheable bool) {
	uri, query, hasQuery := strings.Cut(target, "?")
	p := Decompose(uri)
	line := method + " " + target + " HTTP/1.1"
	rule := b.last(b.filter, func(r *baselineRule) bool {
		return r.matches(line, method, uri, query, hasQuery, &p)
	})
	if rule == nil || !rule.allow {
		return false, false
	}
	if strings.HasSuffix(uri, "/") || !hasExtension(uri) || method != "GET" && method != "HEAD" {
		return true, false
	}
	for rest, more := query, hasQuery; more; {
		var param string
		param, rest, more = strings.Cut(rest, "&")
		name, _, _ := strings.Cut(param, "=")
		if r := b.last(b.params, func(r *baselineRule) bool { return r.glob.MatchString(name) }); r == nil || !r.allow {
			return true, false
		}
	}
	r := b.last(b.cache, func(r *baselineRule) bool { return r.matches(uri, method, uri, query, hasQuery, &p) })
	return true, r != nil && r.allow
}

func (b *baseline) last(rules []baselineRule, matches func(*baselineRule) bool) *baselineRule {
	if b.backward {
		for i := len(rules) - 1; i >= 0; i-- {
			if matches(&rules[i]) {
				return &rules[i]
			}
		}
		return nil
	}
	var last *baselineRule
	for i := range rules {
		if matches(&rules[i]) {
			last = &rules[i]
		}
	}
	return last
}

func (r *baselineRule) matches(line, method, uri, query string, hasQuery bool, p *Parts) bool {
	switch {
	case r.glob != nil:
		return r.glob.MatchString(line)
	case r.method != nil && !r.method.MatchString(method),
		r.url != nil && !r.url.MatchString(uri),
		r.query != nil && (!hasQuery || !r.query.MatchString(query)),
		r.path != nil && !r.path.MatchString(p.Path),
		r.extension != nil && (p.Extension == "" && !r.noExtension || p.Extension != "" && !r.extension.MatchString(p.Extension)),
		r.suffix != nil && (p.Suffix == "" && !r.noSuffix || p.Suffix != "" && !r.suffix.MatchString(p.Suffix)):
		return false
	case r.selectors == nil:
		return true
	}
	sel, rest := nextSelector(p.selectorText())
	if sel == "" {
		return r.noSelectors
	}
	for ; sel != ""; sel, rest = nextSelector(rest) {
		if r.selectors.MatchString(sel) {
			return true
		}
	}
	return false
}

// TestBaselineAgrees: what the benchmark compares gives the same answers.
func TestBaselineAgrees(t *testing.T) {
	c := benchConfig()
	e := New(c, Options{})
	backward, forward := newBaseline(c.Farms[0], true), newBaseline(c.Farms[0], false)
	answers := map[[2]bool]int{}
	for _, r := range benchRequests() {
		var d Decision
		if err := e.Decide(t.Context(), &r, &d, nil); err != nil {
			t.Fatal(err)
		}
		want := [2]bool{d.Filter.Allow, d.Cache.Cacheable}
		answers[want]++
		for name, b := range map[string]*baseline{"backward": backward, "forward": forward} {
			var got [2]bool
			if got[0], got[1] = b.decide(r.Method, r.Target); got != want {
				t.Errorf("%s %s: %s gives %v, want %v", r.Method, r.Target, name, got, want)
			}
		}
	}
	if len(answers) != 3 {
		t.Errorf("the requests are answered %v; all three ways are wanted", answers)
	}
}
