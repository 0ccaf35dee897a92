package form

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/spelling"
	"github.com/dispcheck/dispcheck/internal/yamltext"
)

// maxErrors is how many mistakes are kept: nobody reads more.
const maxErrors = 100

// Errors are the mistakes of one text, in the order of their places; never empty where one is returned.
type Errors []*yamltext.Error

// Error gives one line for each mistake.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the mistakes.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, one := range e {
		out[i] = one
	}
	return out
}

// A Reader collects mistakes. The zero Reader is ready.
type Reader struct{ errs Errors }

// Fail adds a mistake.
func (r *Reader) Fail(e *yamltext.Error) {
	if len(r.errs) < maxErrors {
		r.errs = append(r.errs, e)
	}
}

// Failf adds a mistake about a node.
func (r *Reader) Failf(n *yamltext.Node, hint, format string, args ...any) {
	r.Fail(n.Errorf(hint, format, args...))
}

// Merge adds the mistakes of an error: those of Errors or a *yamltext.Error one by one, any other at the node.
func (r *Reader) Merge(n *yamltext.Node, err error) {
	switch e := err.(type) {
	case nil:
	case Errors:
		for _, one := range e {
			r.Fail(one)
		}
	case *yamltext.Error:
		r.Fail(e)
	default:
		r.Failf(n, "", "%v", err)
	}
}

// Failed reports whether there is a mistake.
func (r *Reader) Failed() bool { return len(r.errs) > 0 }

// Count returns how many mistakes are kept.
func (r *Reader) Count() int { return len(r.errs) }

// Err returns the mistakes as [Errors], and nil where there is none.
func (r *Reader) Err() error {
	if len(r.errs) == 0 {
		return nil
	}
	slices.SortStableFunc(r.errs, func(a, b *yamltext.Error) int { return a.Span.Compare(b.Span) })
	return r.errs
}

// DidYouMean returns a hint for a word that is none of names: the nearest, or else all of them.
func DidYouMean(word string, names []string) string {
	if n := spelling.NearestFold(word, names); n != "" {
		return "did you mean " + n + "?"
	}
	if len(names) == 0 {
		return ""
	}
	const most = 20
	if len(names) > most {
		return "known are " + strings.Join(names[:most], ", ") + " and others"
	}
	return "known are " + strings.Join(names, ", ")
}
