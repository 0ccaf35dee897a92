package simulate

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

// newPattern makes a pattern of a value as it stands in a configuration, with its quotes.
func newPattern(property, value string) *model.Pattern {
	p := &model.Pattern{Property: property, Quote: value[0]}
	text := value[1 : len(value)-1]
	if p.Quote == '"' {
		p.Pattern = match.Glob(text)
		return p
	}
	p.Pattern, p.Err = match.ERE(text)
	if p.Err != nil {
		p.Pattern = match.Nothing(match.KindERE, text)
	}
	return p
}

// newRule makes a rule of "allow" or "deny" and pairs of element and value.
func newRule(name, typ string, pairs ...string) *model.Rule {
	r := &model.Rule{Label: name, Allow: typ == "allow", Type: model.Setting[string]{Value: typ, Text: typ, Set: true}}
	for i := 0; i < len(pairs); i += 2 {
		p := newPattern(pairs[i], pairs[i+1])
		switch pairs[i] {
		case "glob":
			r.Glob = p
		case "method":
			r.Method = p
		case "url":
			r.URL = p
		case "query":
			r.Query = p
		case "protocol":
			r.Protocol = p
		case "path":
			r.Path = p
		case "selectors":
			r.Selectors = p
		case "extension":
			r.Extension = p
		case "suffix":
			r.Suffix = p
		default:
			panic("no element " + pairs[i])
		}
	}
	return r
}

// ruleText writes a rule, for messages of tests that fail.
func ruleText(r *model.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "/%s { /type %q", r.Label, r.Type.Value)
	for _, p := range r.Patterns() {
		q := string(p.Quote)
		fmt.Fprintf(&b, " /%s %s%s%s", p.Property, q, p.Text(), q)
	}
	return b.String() + " }"
}

// newHost makes a value of /virtualhosts of a host without a port, scheme and URL.
func newHost(text string) *model.VirtualHost {
	return &model.VirtualHost{Text: text, HostText: text, Host: match.GlobFold(text)}
}
