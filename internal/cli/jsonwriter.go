package cli

import (
	"bufio"
	"bytes"

	"github.com/dispcheck/dispcheck/internal/report"
)

// A jsonWriter writes JSON piece by piece, for trees whose JSON as a whole would take a hundred times the file.
type jsonWriter struct {
	*bufio.Writer
	err error // of the encoder; the writer keeps its own
}

// value writes a value in one line.
func (w *jsonWriter) value(v any) { w.Write(w.encode(v)) }

// open writes an object without its closing brace: more keys follow.
func (w *jsonWriter) open(v any) {
	text := w.encode(v)
	w.Write(text[:max(0, len(text)-1)])
}

func (w *jsonWriter) encode(v any) []byte {
	var b bytes.Buffer
	if err := report.JSONLine(&b, v); err != nil && w.err == nil {
		w.err = err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

// list writes a list of n values, each in a line of its own.
func (w *jsonWriter) list(n, depth int, write func(i int)) {
	w.WriteByte('[')
	for i := range n {
		if i > 0 {
			w.WriteByte(',')
		}
		w.newline(depth + 1)
		write(i)
	}
	if n > 0 {
		w.newline(depth)
	}
	w.WriteByte(']')
}

func (w *jsonWriter) newline(depth int) {
	w.WriteByte('\n')
	for range depth {
		w.WriteString("  ")
	}
}

// close writes what is left and returns what went wrong.
func (w *jsonWriter) close() error {
	if w.err != nil {
		return &internalError{w.err}
	}
	return w.Flush()
}
