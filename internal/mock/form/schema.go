package form

import (
	"bytes"
	"encoding/json"
)

// A Schema is a JSON object whose keys keep their order: a part of a JSON schema, draft 2020-12.
type Schema []Member

// A Member is one key of a Schema.
type Member struct {
	Key   string
	Value any // Schema, []Schema, text, number, bool or []string
}

// MarshalJSON writes the members in their order.
func (s Schema) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, v := range []any{m.Key, m.Value} {
			if j > 0 {
				b.WriteByte(':')
			}
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			if err := e.Encode(v); err != nil {
				return nil, err
			}
			b.Truncate(b.Len() - 1) // the line end
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Document writes a schema as a file of its own: id is its address, defs are what [Ref] names.
func Document(id, title string, root Schema, defs Schema) []byte {
	doc := Schema{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", id},
		{"title", title},
	}
	doc = append(doc, root...)
	if len(defs) > 0 {
		doc = append(doc, Member{"$defs", defs})
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err) // the tables hold nothing that cannot be written
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		panic(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// Ref returns a value that reads as v does and stands in schemas as a reference to a definition.
func Ref[V any](name string, v Value[V]) Value[V] {
	v.Schema = Schema{{"$ref", "#/$defs/" + name}}
	return v
}

// AnyOf returns the schema of what one of several allows.
func AnyOf(schemas ...Schema) Schema { return Schema{{"anyOf", schemas}} }
