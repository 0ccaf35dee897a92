package apacheconf

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

// A value is what ${NAME} stands for by a Define.
type value struct {
	text string
	at   source.Span
}

// define is Define: the name exists from here on, and has a value if one is given. A name that had one keeps it otherwise.
// Names of conditions are compared with letter case and those of ${} without: httpd keeps values in a table that does not
// tell case apart.
func (r *reader) define(name, text string, hasValue bool, at source.Span) {
	r.tree.Defines[name] = Define{At: at}
	if hasValue {
		r.values[fold(name)] = value{text, at}
	}
}

// undefine is UnDefine: the name is no more, and no spelling of it has a value.
func (r *reader) undefine(name string) {
	delete(r.tree.Defines, name)
	delete(r.values, fold(name))
}

// settle gives the names that are left their values.
func (r *reader) settle() {
	for name, d := range r.tree.Defines {
		if v, ok := r.values[fold(name)]; ok {
			d.Value, d.HasValue = v.text, true
			r.tree.Defines[name] = d
		}
	}
}

// lookup is what ${NAME} stands for.
func (r *reader) lookup(name string) (value, bool) {
	if v, ok := r.values[fold(name)]; ok {
		return v, true
	}
	if r.opt.Env != nil {
		if v, ok := r.opt.Env(name); ok {
			return value{text: v}, true
		}
	}
	return value{}, false
}

func fold(name string) string {
	for i := range len(name) {
		if c := name[i]; 'A' <= c && c <= 'Z' {
			b := []byte(name)
			for i, c := range b {
				if 'A' <= c && c <= 'Z' {
					b[i] = c + 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return name
}

// expand replaces the variables of a line, once: what a value holds is not looked at again. A reference ends at the first
// closing brace. What nothing defines stays as written, and httpd warns but for names with a colon, which are lookups of
// rewrite maps. It returns the line, what was replaced and what was not.
func (r *reader) expand(l line) (line, []Variable, []Variable) {
	at := strings.Index(l.text, "${")
	if at < 0 {
		return l, nil, nil
	}
	var known, unknown []Variable
	c := composer{from: &l}
	done := 0
	for at >= 0 {
		end := strings.IndexByte(l.text[at:], '}')
		if end < 0 {
			break
		}
		end += at + 1
		name := l.text[at+2 : end-1]
		v, ok := r.lookup(name)
		switch {
		case ok:
			c.copy(done, at)
			c.put(at, end, v.text)
			done = end
			known = append(known, Variable{Name: name, At: l.span(at, end), From: v.at})
			r.grow(len(v.text), l)
		case !strings.Contains(name, ":"):
			unknown = append(unknown, Variable{Name: name, At: l.span(at, end)})
		}
		if c.text.Len() > maxExpanded {
			r.exceed(l, "values of variables make this line longer than %d bytes", maxExpanded)
			break
		}
		next := strings.Index(l.text[end:], "${")
		if next < 0 {
			break
		}
		at = end + next
	}
	if known == nil {
		return l, nil, unknown
	}
	c.copy(done, len(l.text))
	return c.line(), known, unknown
}

// undefined says of variables that stay as they are written.
func (r *reader) undefined(vars []Variable, included []source.Span) {
	for _, v := range vars {
		d := diag.Diagnostic{
			Rule: "DSP120", Severity: diag.Warning, Span: v.At, Included: included,
			Message: "variable ${" + v.Name + "} is not defined here",
			Hint:    "define it above this line, or give it with --env",
			Why:     "httpd warns (AH00111) and leaves the text ${" + v.Name + "} in the line",
		}
		if def, ok := r.tree.Defines[v.Name]; ok {
			d.Rule = "DSP124"
			d.Message = "variable ${" + v.Name + "} is defined without a value"
			d.Hint = "a Define without a value counts for <IfDefine> only"
			if !def.At.IsZero() {
				d.Related = []diag.Related{{Span: def.At, Message: "defined here"}}
			}
		}
		if n := len(r.tree.Findings); d.Rule == "DSP120" && n < maxFindings {
			r.unsettled = append(r.unsettled, unsettled{n, v.Name, len(r.tree.Done)})
		}
		r.find(d)
	}
}

// An unsettled is a finding about a variable that has no value yet.
type unsettled struct {
	finding int
	name    string
	// done is how many directives of Done were carried out before.
	done int
}

// late says of variables that have no value where they are used that they get one further down.
func (r *reader) late() {
	if len(r.unsettled) == 0 {
		return
	}
	type definition struct {
		at   int // its place in Done
		node *Node
	}
	defined := map[string][]definition{} // by the name in lower case, in their order
	for i, n := range r.tree.Done {
		if n.Key != "define" {
			continue
		}
		if words, _ := n.Words(); len(words) >= 2 {
			name := strings.ToLower(words[0].Text)
			defined[name] = append(defined[name], definition{i, n})
		}
	}
	for _, u := range r.unsettled {
		list := defined[strings.ToLower(u.name)]
		i, _ := slices.BinarySearchFunc(list, u.done, func(d definition, done int) int { return cmp.Compare(d.at, done) })
		if i == len(list) {
			continue
		}
		d := &r.tree.Findings[u.finding]
		d.Rule = "DSP125"
		d.Message = "variable ${" + u.name + "} is used above its Define"
		d.Hint = "move the Define, or the Include of its file, to the top"
		d.Related = []diag.Related{{Span: list[i].node.At, Message: "defined here"}}
	}
	r.unsettled = nil
}
