package report

import (
	"bytes"
	"encoding/json"
	"io"
)

// JSON writes a value as one JSON object over several lines, for commands that answer once. Structs keep
// the order of their fields, maps are sorted by key, and <, > and & stay readable.
func JSON(w io.Writer, v any) error { return encode(w, v, "  ") }

// JSONLine writes a value as one line of JSON, for commands that answer many requests.
func JSONLine(w io.Writer, v any) error { return encode(w, v, "") }

func encode(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
