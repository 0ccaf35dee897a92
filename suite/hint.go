package suite

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// hint says what would make an answer what is expected, where that is plain; "" elsewhere.
func hint(x *Expectation, o *Observed) string {
	d := o.Decision
	switch x.Path {
	case "filter":
		word := "allow"
		if d.Filter.Allow {
			word = "deny"
		}
		if d.Filter.Reached && x.Want.takes(word) {
			return fmt.Sprintf("a rule that says %s to it has to stand behind %s", word, called(d.Filter.Rule, "all others"))
		}
	case "cache":
		if !d.Cache.Reached || d.Cache.Cacheable || !x.Want.takes("yes") {
			return ""
		}
		switch d.Cache.Reason {
		case simulate.QueryString:
			if names := counting(d.Query, o.Trace); len(names) > 0 {
				return "/ignoreUrlParams has to allow " + strings.Join(names, ", ") + ", if the page does not depend on it"
			}
		case simulate.NotInCacheRules:
			return fmt.Sprintf("an entry of /rules that allows %s has to stand behind %s", d.URI, called(d.Cache.Rule, "the others"))
		}
	}
	return ""
}

// takes reports whether a word would be as expected.
func (m *Matcher) takes(word string) bool {
	return m.match(&subject{shown: word, value: word, texts: []string{word}, equals: func(want string) bool {
		want, _, _ = strings.Cut(want, " by ")
		return want == word
	}})
}

// called is the label of a rule, or what stands for one without.
func called(r *model.Rule, other string) string {
	if r == nil || r.Label == "" {
		return other
	}
	return label(r)
}

// counting are the names of a query's parameters that are not known to be ignored, quoted.
func counting(query string, t *simulate.Trace) []string {
	ignored := map[string]bool{}
	for i := range t.Looked {
		l := &t.Looked[i]
		if l.Section == "/cache/ignoreUrlParams" && l.Match && len(l.Elements) > 0 {
			ignored[l.Elements[0].Subject] = l.Rule.Allow // the last that matches
		}
	}
	const most = 5
	var out []string
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(name); err == nil && ignored[decoded] || ignored[name] || name == "" {
			continue
		}
		if len(out) == most {
			return append(out, "…")
		}
		out = append(out, fmt.Sprintf("%.60q", name))
	}
	return out
}
