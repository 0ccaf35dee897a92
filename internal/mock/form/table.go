package form

import (
	"github.com/dispcheck/dispcheck/internal/yamltext"
)

// A Value is a way to read one value: Read returns it, or says what is wrong with it and returns false. what names it in
// messages: "status", "header Set-Cookie". Schema allows the same.
type Value[V any] struct {
	Schema Schema
	Read   func(r *Reader, what string, n *yamltext.Node) (V, bool)
	// Null says that a key may stand without a value.
	Null bool
}

// A Key is a key of a mapping that is read into a T. Make one with [Of].
type Key[T any] struct {
	Name string
	// About says what it means, for schemas and messages of editors.
	About  string
	schema Schema
	null   bool
	read   func(r *Reader, n *yamltext.Node, into *T)
}

// Of returns a key whose value is read into a field.
func Of[T, V any](name, about string, v Value[V], field func(*T) *V) Key[T] {
	return Key[T]{Name: name, About: about, schema: v.Schema, null: v.Null, read: func(r *Reader, n *yamltext.Node, into *T) {
		if got, ok := v.Read(r, name, n); ok {
			*field(into) = got
		}
	}}
}

// A Table says what keys a mapping has.
type Table[T any] struct {
	// What names the mapping in messages: "an entry".
	What string
	Keys []Key[T]
	// Required are keys that must be there.
	Required []string
}

// Names returns the names of the keys.
func (t *Table[T]) Names() []string {
	names := make([]string, len(t.Keys))
	for i := range t.Keys {
		names[i] = t.Keys[i].Name
	}
	return names
}

// Read reads a mapping. It reports whether there was no mistake.
func (t *Table[T]) Read(r *Reader, n *yamltext.Node, into *T) bool {
	before := len(r.errs)
	if n.Kind != yamltext.Mapping {
		r.Failf(n, DidYouMean("", t.Names()), "%s is %s, not a mapping", t.What, n.Kind)
		return false
	}
	for _, e := range n.Entries {
		k := t.key(e.Key.Text)
		switch {
		case k == nil:
			r.Failf(e.Key, DidYouMean(e.Key.Text, t.Names()), "key %s is not known", e.Key.Text)
		case e.Value.Kind == yamltext.Null && !k.null:
			r.Failf(e.Value, "give it one or remove the key", "%s has no value", k.Name)
		default:
			k.read(r, e.Value, into)
		}
	}
	for _, name := range t.Required {
		if n.Lookup(name) == nil {
			r.Failf(n, "", "%s lacks key %s", t.What, name)
		}
	}
	return len(r.errs) == before
}

func (t *Table[T]) key(name string) *Key[T] {
	for i := range t.Keys {
		if t.Keys[i].Name == name {
			return &t.Keys[i]
		}
	}
	return nil
}

// Schema returns the schema of the mapping.
func (t *Table[T]) Schema() Schema {
	var properties Schema
	for i := range t.Keys {
		k := &t.Keys[i]
		s := k.schema
		if k.null {
			s = AnyOf(s, Schema{{"type", "null"}})
		}
		properties = append(properties, Member{k.Name, append(Schema{{"description", k.About}}, s...)})
	}
	s := Schema{{"type", "object"}, {"additionalProperties", false}, {"properties", properties}}
	if len(t.Required) > 0 {
		s = append(s, Member{"required", t.Required})
	}
	return s
}

// Value returns the table as a value.
func (t *Table[T]) Value() Value[T] {
	return Value[T]{Schema: t.Schema(), Read: func(r *Reader, _ string, n *yamltext.Node) (T, bool) {
		var v T
		ok := t.Read(r, n, &v)
		return v, ok
	}}
}
