package effective

import (
	"encoding/binary"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// An Origin is where a line comes from. The zero Origin is that of a default, which stands nowhere.
type Origin struct {
	// At is the line itself, Included the lines that led to its text, outermost first; for a text of the project without
	// those of the platform.
	At       source.Span
	Included []source.Span
	// Variables are those that the line names, in its order.
	Variables []Variable
	// Platform says that the text is none of the project's: the platform brings it.
	Platform bool
	// Immutable says that the text is in the project, and the platform's: its owner must not change it.
	Immutable bool
}

// A Variable is one ${NAME} of a line.
type Variable struct {
	Name string
	// Value is what was put in; "" where it is not defined, and the line keeps its text.
	Value   string
	Defined bool
	// From says for people who gave the value: a place, "--env", "set by cloud, dev".
	From string
	// At is the Define that gave it; the zero Span where it was no line of the configuration.
	At source.Span
}

// placeKey tells lines apart: by where they stand, and by the lines that led there.
func placeKey(at source.Span, included []source.Span) string {
	b := make([]byte, 0, 64)
	add := func(s source.Span) {
		if s.File != nil {
			b = append(b, s.File.Name...)
		}
		b = append(b, 0)
		b = binary.BigEndian.AppendUint32(b, uint32(s.Start))
		b = binary.BigEndian.AppendUint32(b, uint32(s.End))
	}
	add(at)
	for _, s := range included {
		add(s)
	}
	return string(b)
}

// originOf is where a directive of httpd comes from.
func (s *Site) originOf(n *apacheconf.Node) Origin {
	o := Origin{At: n.At, Platform: !s.Apache.Owned(n.At.File)}
	for _, at := range n.Included {
		if o.Platform || s.Apache.Owned(at.File) {
			o.Included = append(o.Included, at)
		}
	}
	o.Immutable = !o.Platform && s.immutable(n.At.File)
	for _, v := range n.Variables {
		o.Variables = append(o.Variables, s.valueOf(v))
	}
	for _, v := range n.Undefined {
		o.Variables = append(o.Variables, Variable{Name: v.Name})
	}
	return o
}

// valueOf is what httpd put in for a variable, and who said so.
func (s *Site) valueOf(v apacheconf.Variable) Variable {
	out := Variable{Name: v.Name, Defined: true, At: v.From}
	if d := s.defines[v.From]; d != nil {
		if words, _ := d.Words(); len(words) > 1 {
			out.Value = words[1].Text
		}
		out.From = place(v.From)
		return out
	}
	known, ok := s.Project.Env.Find(v.Name)
	if ok && known.Layer != project.FromDefine {
		out.Value, out.From = known.Value, known.From
		return out
	}
	out.From = "the environment of httpd"
	if value, ok := s.Apache.Getenv(v.Name); ok {
		out.Value = value
	} else if d, ok := s.Apache.Tree.Defines[v.Name]; ok {
		out.Value, out.From = d.Value, "--define"
	}
	return out
}

// anyOrigin is where a line of the .any side comes from; value is where its value stands.
func (s *Site) anyOrigin(at model.Place, value source.Span) Origin {
	o := Origin{At: at.Span, Included: at.Included}
	if at.Span.IsZero() {
		return o
	}
	o.Immutable = s.Project.Immutable(at.Span.File)
	v := s.values[value]
	if v == nil {
		return o
	}
	for _, u := range v.Expanded.Uses {
		w := Variable{Name: u.Name, Defined: u.Defined}
		if u.Defined {
			w.Value, w.From = u.Value, u.From
		}
		o.Variables = append(o.Variables, w)
	}
	return o
}
