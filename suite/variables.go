package suite

import (
	"regexp"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/yamltext"
)

// variables are named texts. A row of a table has those of its suite behind it.
type variables struct {
	nodes map[string]*yamltext.Node
	outer *variables
	// known are those that were put together, busy those that are being.
	known map[string]*yamltext.Node
	busy  map[string]bool
	// left is how many bytes may still be put in, in all texts together.
	left *int
}

func newVariables(outer *variables) *variables {
	v := &variables{nodes: map[string]*yamltext.Node{}, outer: outer, known: map[string]*yamltext.Node{}, busy: map[string]bool{}}
	if outer != nil {
		v.left = outer.left
	} else {
		left := MaxTexts
		v.left = &left
	}
	return v
}

func (v *variables) names() []string {
	var out []string
	for ; v != nil; v = v.outer {
		for n := range v.nodes {
			out = append(out, n)
		}
	}
	return out
}

// reference finds ${NAME}, and $${ for what is to stay.
var reference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$?\$\{([A-Za-z_][A-Za-z0-9_.-]*)\}`) })

func isName(s string) bool {
	return reference().MatchString("${"+s+"}") && !strings.ContainsAny(s, "${}")
}

// resolve returns the value of a variable; nil where there is none, or where it cannot be put together.
func (v *variables) resolve(r *form.Reader, at *yamltext.Node, name string) *yamltext.Node {
	for s := v; s != nil; s = s.outer {
		n := s.nodes[name]
		if n == nil {
			continue
		}
		if got, ok := s.known[name]; ok {
			return got
		}
		if s.busy[name] {
			r.Failf(at, "", "variable %s is made of itself", name)
			return nil
		}
		s.busy[name] = true
		// A row's variable may name one of the suite that has its own name.
		inside := s
		if strings.Contains(n.Text, "${"+name+"}") && s.outer != nil {
			inside = s.outer
		}
		got := inside.expand(r, n)
		s.busy[name] = false
		s.known[name] = got
		return got
	}
	r.Failf(at, form.DidYouMean(name, v.names()), "variable %s is not known", name)
	return nil
}

// expand returns a node with variables put in, in keys, too. A text that is one variable becomes the kind of value that the
// variable is.
func (v *variables) expand(r *form.Reader, n *yamltext.Node) *yamltext.Node {
	switch n.Kind {
	case yamltext.List:
		out := *n
		out.Items = make([]*yamltext.Node, len(n.Items))
		for i, it := range n.Items {
			out.Items[i] = v.expand(r, it)
		}
		return &out
	case yamltext.Mapping:
		out := *n
		out.Entries = make([]yamltext.Entry, len(n.Entries))
		for i, e := range n.Entries {
			out.Entries[i] = yamltext.Entry{Key: v.expand(r, e.Key), Value: v.expand(r, e.Value)}
		}
		return &out
	case yamltext.String:
		if strings.Contains(n.Text, "${") {
			return v.text(r, n)
		}
	}
	return n
}

func (v *variables) text(r *form.Reader, n *yamltext.Node) *yamltext.Node {
	out := *n
	var b strings.Builder
	last := 0
	for _, m := range reference().FindAllStringSubmatchIndex(n.Text, -1) {
		b.WriteString(n.Text[last:m[0]])
		last = m[1]
		if strings.HasPrefix(n.Text[m[0]:], "$$") {
			b.WriteString(n.Text[m[0]+1 : m[1]])
			continue
		}
		value := v.resolve(r, n, n.Text[m[2]:m[3]])
		if value == nil {
			continue
		}
		if *v.left -= len(value.Text); *v.left < 0 {
			r.Failf(n, "write less into variables", "variables put more than %d bytes into the texts", MaxTexts)
			return &out
		}
		if m[0] == 0 && m[1] == len(n.Text) {
			out.Kind, out.Text, out.Quoted = value.Kind, value.Text, value.Quoted
			return &out
		}
		b.WriteString(value.Text)
		if b.Len() > MaxText {
			r.Failf(n, "", "the text has more than %d bytes once its variables are put in", MaxText)
			return &out
		}
	}
	b.WriteString(n.Text[last:])
	out.Text = b.String()
	return &out
}
