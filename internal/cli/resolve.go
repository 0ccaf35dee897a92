package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

// layer says which of the places a setting may come from; a higher one wins.
type layer uint8

const (
	fromDefault layer = iota
	fromFile
	fromEnvironment
	fromFlag
)

// An entry is one value of a setting and where it comes from.
type entry struct {
	value string
	layer layer
	place string      // the variable's or the flag's name
	span  source.Span // in the project file
}

// from says where the entry comes from, for people.
func (e entry) from() string {
	switch e.layer {
	case fromFile:
		return yamltext.Place(e.span)
	case fromDefault:
		return "default"
	}
	return e.place
}

// values are the effective settings of one run, by the flag's name (by the key where it has none). One
// that is not set is absent; a list has several entries; a pairs setting has one for each variable.
type values map[string][]entry

func (f *flag) id() string {
	if f.name != "" {
		return f.name
	}
	return f.key
}

// resolve puts together what the layers say: the default, then the project file, the environment and the
// flags. A list is taken from the highest layer that has one; variables are merged by name.
func resolve(fs []*flag, file *projectFile, lookupEnv func(string) (string, bool), flags []given) (values, error) {
	out := make(values, len(fs))
	for _, f := range fs {
		id := f.id()
		if f.def != "" {
			out[id] = []entry{{value: f.def, layer: fromDefault}}
		}
		if file != nil && f.key != "" {
			out.set(f, file.values[f.key])
		}
		if name := f.environment(); name != "" && lookupEnv != nil {
			if v, ok := lookupEnv(name); ok && v != "" {
				var es []entry
				for _, part := range f.many(v) {
					plain, err := f.one(part)
					if err != nil {
						return nil, usagef("", "environment variable %s: %v", name, err)
					}
					es = append(es, entry{value: plain, layer: fromEnvironment, place: name})
				}
				out.set(f, es)
			}
		}
		var es []entry
		for _, g := range flags {
			if g.flag.name == f.name {
				es = append(es, entry{value: g.value, layer: fromFlag, place: "--" + f.name})
			}
		}
		out.set(f, es)
	}
	return out, nil
}

// set lays the entries of a layer over those of the lower ones.
func (v values) set(f *flag, es []entry) {
	id := f.id()
	switch {
	case len(es) == 0:
	case f.kind == list:
		v[id] = es
	case f.kind == pairs:
		for _, e := range es {
			name, _, _ := strings.Cut(e.value, "=")
			v[id] = append(without(v[id], name), e)
		}
	default:
		v[id] = es[len(es)-1:]
	}
}

func without(es []entry, name string) []entry {
	out := make([]entry, 0, len(es)+1)
	for _, e := range es {
		if n, _, _ := strings.Cut(e.value, "="); n != name {
			out = append(out, e)
		}
	}
	return out
}

// text returns the value of a setting; "" where it has none.
func (v values) text(name string) string {
	es := v[name]
	if len(es) == 0 {
		return ""
	}
	return es[len(es)-1].value
}

// yes reports whether a boolean setting is on.
func (v values) yes(name string) bool { return v.text(name) == "true" }

// number returns the value of a number setting; 0 where it has none.
func (v values) number(name string) int {
	s := v.text(name)
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(fmt.Sprintf("cli: setting %s is no number: %v", name, err)) // flag.one has checked it
	}
	return n
}

// list returns all values of a setting.
func (v values) list(name string) []string {
	var out []string
	for _, e := range v[name] {
		out = append(out, e.value)
	}
	return out
}

// given reports whether a setting has a value from somewhere else than its default.
func (v values) given(name string) bool { return v.layer(name) > fromDefault }

// layer returns the layer that a setting's value comes from.
func (v values) layer(name string) layer {
	es := v[name]
	if len(es) == 0 {
		return fromDefault
	}
	return es[len(es)-1].layer
}
