package suite

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/yamltext"
)

// matchKind says how a Matcher compares.
type matchKind uint8

const (
	matchText     matchKind = iota + 1 // the text as it stands
	matchNull                          // nothing is there
	matchRegexp                        // a regular expression is found in it
	matchSlashes                       // a text between slashes: a path as it stands, or found in what is no path
	matchGlob                          // a text with * for any characters is all of it
	matchContains                      // a text within it, or an entry of a list
	matchNot                           // the inner one does not match
	matchAny                           // one of the inner ones matches
	matchAll                           // all inner ones match
	matchList                          // a list, entry by entry
)

// A Matcher says what a value must be: a text, a pattern, a list, or something made of these.
type Matcher struct {
	kind  matchKind
	text  string
	exact bool // nothing in the text is a pattern
	re    *regexp.Regexp
	inner []*Matcher
}

// String returns the matcher as people read it: "deny", "not deny", "/\.html$/".
func (m *Matcher) String() string {
	switch m.kind {
	case matchNull:
		return "null"
	case matchRegexp, matchSlashes:
		return "/" + m.text + "/"
	case matchGlob:
		return "glob " + m.text
	case matchContains:
		return "contains " + m.inner[0].String()
	case matchNot:
		return "not " + m.inner[0].String()
	case matchAny:
		return "one of " + joined(m.inner, ", ")
	case matchAll:
		return joined(m.inner, " and ")
	case matchList:
		return "[" + joined(m.inner, ", ") + "]"
	}
	return m.text
}

func joined(ms []*Matcher, with string) string {
	texts := make([]string, len(ms))
	for i, m := range ms {
		texts[i] = m.String()
	}
	return strings.Join(texts, with)
}

// plain reports whether the matcher is one text.
func (m *Matcher) plain() bool { return m.kind == matchText || m.kind == matchNull }

func (m *Matcher) match(s *subject) bool {
	switch m.kind {
	case matchText:
		return s.equals(m.text)
	case matchNull:
		return s.value == nil && s.equals("null") || s.shown == "null" || s.value == nil && s.shown == "no"
	case matchRegexp:
		for _, t := range s.texts {
			if m.re.MatchString(t) {
				return true
			}
		}
		return false
	case matchSlashes:
		if s.equals("/" + m.text + "/") {
			return true
		}
		for _, t := range s.texts {
			if !strings.HasPrefix(t, "/") && m.re.MatchString(t) {
				return true
			}
		}
		return false
	case matchGlob:
		if s.equals(m.text) {
			return true
		}
		for _, t := range s.texts {
			if m.re.MatchString(t) {
				return true
			}
		}
		return false
	case matchContains:
		return m.contained(s)
	case matchNot:
		return !m.inner[0].match(s)
	case matchAny:
		for _, in := range m.inner {
			if in.match(s) {
				return true
			}
		}
		return false
	case matchAll:
		for _, in := range m.inner {
			if !in.match(s) {
				return false
			}
		}
		return true
	}
	return m.listed(s)
}

// contained looks into a list for an entry, and into a text for a part.
func (m *Matcher) contained(s *subject) bool {
	in := m.inner[0]
	if list, ok := s.value.([]any); ok {
		for _, v := range list {
			if in.match(valueSubject(v)) {
				return true
			}
		}
		return false
	}
	if in.kind != matchText {
		return in.match(s)
	}
	for _, t := range s.texts {
		if strings.Contains(t, in.text) {
			return true
		}
	}
	return false
}

// listed compares a list entry by entry; of members, each wanted one must be there.
func (m *Matcher) listed(s *subject) bool {
	if s.members {
		for _, in := range m.inner {
			if !in.match(s) {
				return false
			}
		}
		return true
	}
	list, ok := s.value.([]any)
	if !ok || len(list) != len(m.inner) {
		return false
	}
	for i, in := range m.inner {
		if !in.match(valueSubject(list[i])) {
			return false
		}
	}
	return true
}

// The keys of a matcher in full.
var matcherKeys = []string{"is", "not", "matches", "glob", "contains", "one-of"}

// readMatcher reads what is expected.
func readMatcher(r *form.Reader, what string, n *yamltext.Node) *Matcher {
	switch n.Kind {
	case yamltext.Null:
		return &Matcher{kind: matchNull}
	case yamltext.List:
		return readList(r, what, n, matchList)
	case yamltext.Mapping:
		return readFull(r, what, n)
	case yamltext.String:
		if m := shortForm(n.Text); m != nil {
			return m
		}
		r.Failf(n, "write matches: or is: for what it is meant to be", "%s: %v", what, shortError(n.Text))
		return nil
	}
	return &Matcher{kind: matchText, text: n.Text}
}

func readList(r *form.Reader, what string, n *yamltext.Node, kind matchKind) *Matcher {
	m := &Matcher{kind: kind}
	for _, it := range n.Items {
		if in := readMatcher(r, what, it); in != nil {
			m.inner = append(m.inner, in)
		}
	}
	return m
}

func readFull(r *form.Reader, what string, n *yamltext.Node) *Matcher {
	all := &Matcher{kind: matchAll}
	if len(n.Entries) == 0 {
		r.Failf(n, form.DidYouMean("", matcherKeys), "%s expects nothing", what)
		return nil
	}
	for _, e := range n.Entries {
		v := e.Value
		add := func(m *Matcher) {
			if m != nil {
				all.inner = append(all.inner, m)
			}
		}
		text := func() bool {
			if !v.IsScalar() || v.Kind == yamltext.Null {
				r.Failf(v, "", "%s: %s is %s, not a text", what, e.Key.Text, v.Kind)
				return false
			}
			return true
		}
		switch e.Key.Text {
		case "is":
			if v.Kind == yamltext.Null {
				add(&Matcher{kind: matchNull})
			} else if text() {
				add(&Matcher{kind: matchText, text: v.Text, exact: true})
			}
		case "not":
			if in := readMatcher(r, what, v); in != nil {
				if in.kind == matchList { // not: [a, b] is neither
					in.kind = matchAny
				}
				add(&Matcher{kind: matchNot, inner: []*Matcher{in}})
			}
		case "matches":
			if text() {
				m, err := regexpMatcher(v.Text)
				if err != nil {
					r.Failf(v, "", "%s: %v", what, err)
				}
				add(m)
			}
		case "glob":
			if text() {
				add(globMatcher(v.Text))
			}
		case "contains":
			if in := readMatcher(r, what, v); in != nil {
				parts := []*Matcher{in}
				if in.kind == matchList {
					parts = in.inner
				}
				for _, p := range parts {
					add(&Matcher{kind: matchContains, inner: []*Matcher{p}})
				}
			}
		case "one-of":
			if v.Kind != yamltext.List || len(v.Items) == 0 {
				r.Failf(v, "write its entries behind dashes", "%s: one-of is %s, not a list with entries", what, v.Kind)
				continue
			}
			add(readList(r, what, v, matchAny))
		default:
			r.Failf(e.Key, form.DidYouMean(e.Key.Text, matcherKeys), "%s: key %s is not known", what, e.Key.Text)
		}
	}
	if len(all.inner) == 1 {
		return all.inner[0]
	}
	return all
}

// shortForm reads a text: ! in front turns it round; /…/ is a regular expression, but where nothing in it means something
// in one and the answer has a path, such as /content/: then it is that path; a text with a * beside other characters is a glob;
// any other is the text. nil says that an expression cannot be read.
func shortForm(text string) *Matcher {
	if rest, ok := strings.CutPrefix(text, "!"); ok && rest != "" {
		in := shortForm(strings.TrimSpace(rest))
		if in == nil {
			return nil
		}
		return &Matcher{kind: matchNot, inner: []*Matcher{in}}
	}
	if len(text) > 2 && text[0] == '/' && text[len(text)-1] == '/' {
		m, _ := regexpMatcher(text[1 : len(text)-1])
		if m != nil && !strings.ContainsAny(m.text, `^$*+?()[]{}|\`) {
			m.kind = matchSlashes
		}
		return m
	}
	if strings.Contains(text, "*") && strings.Trim(text, "*") != "" {
		return globMatcher(text)
	}
	return &Matcher{kind: matchText, text: text}
}

// shortError says why shortForm returned nil.
func shortError(text string) error {
	text = strings.TrimLeft(text, "! ")
	_, err := regexpMatcher(text[1 : len(text)-1])
	return err
}

func regexpMatcher(text string) (*Matcher, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("the regular expression cannot be read: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return &Matcher{kind: matchRegexp, text: text, re: re}, nil
}

func globMatcher(text string) *Matcher {
	parts := strings.Split(text, "*")
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	return &Matcher{kind: matchGlob, text: text, re: regexp.MustCompile(`(?s)\A` + strings.Join(parts, ".*") + `\z`)}
}
