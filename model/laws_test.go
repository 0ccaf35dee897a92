package model

import (
	"maps"
	"reflect"
	"strconv"
	"testing"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/source"
)

// lawsOfDecode fails the test where a configuration has lost something of its tree, or where a place lies
// outside its file.
func lawsOfDecode(tb testing.TB, items []grammar.Item, c *Config, found []diag.Diagnostic) {
	tb.Helper()
	acc := account{seen: map[source.Span]bool{}}
	acc.model(tb, reflect.ValueOf(c))
	visited, accounted := 0, 0
	var visit func(items []grammar.Item, under bool)
	visit = func(items []grammar.Item, under bool) {
		for _, it := range items {
			switch it := it.(type) {
			case *grammar.Property:
				visited++
				in := under || acc.seen[it.Span()] || acc.adopted(it)
				if in {
					accounted++
				} else {
					tb.Errorf("property %s is neither in the model nor on a list", at(it.Span()))
				}
				if it.Block != nil {
					visit(it.Block.Items, under || acc.unread[it.Span()])
				}
			case *grammar.Block:
				visited++
				if under || acc.seen[it.Span()] || acc.holdsEntries(it) {
					accounted++
				} else {
					tb.Errorf("block %s is neither in the model nor on a list", at(it.Span()))
				}
				visit(it.Items, under || acc.unread[it.Span()])
			case *grammar.Value:
				visited++
				if under || acc.seen[it.Span()] {
					accounted++
				} else {
					tb.Errorf("value %s is neither in the model nor on a list", at(it.Span()))
				}
			}
		}
	}
	visit(items, false)
	yielded := map[source.Span]bool{}
	for u := range c.Unread() {
		yielded[u.At.Span] = true
	}
	if !maps.Equal(acc.unread, yielded) {
		tb.Errorf("Unread yields %d places, and the lists hold %d", len(yielded), len(acc.unread))
	}
	if visited != accounted {
		tb.Errorf("%d of %d items are accounted for", accounted, visited)
	}
	for _, f := range found {
		if reports[f.Rule].severity == 0 {
			tb.Errorf("%s is not among Reports", f.Rule)
		}
		if f.Message == "" || f.Severity == 0 || f.Why == "" {
			tb.Errorf("finding %+v lacks something", f)
		}
		inFile(tb, f.Span)
		for _, r := range f.Related {
			inFile(tb, r.Span)
		}
		for _, fix := range f.Fixes {
			for _, e := range fix.Edits {
				inFile(tb, e.Span)
			}
			if !f.Span.IsZero() {
				if _, err := diag.Apply(f.Span.File, fix.Edits); err != nil {
					tb.Errorf("%s: fix %q: %v", f.Rule, fix.Title, err)
				}
			}
		}
	}
}

func at(s source.Span) string {
	p := s.Position()
	return s.File.Name + ":" + itoa(p.Line) + ":" + itoa(p.Column) + " " + clip(s.Text())
}

func inFile(tb testing.TB, s source.Span) {
	tb.Helper()
	if !s.IsZero() && !sound(s) {
		tb.Errorf("span %d to %d lies outside %s", s.Start, s.End, s.File.Name)
	}
}

// An account is all places that a configuration knows.
type account struct {
	seen   map[source.Span]bool // of values, sections, entries, and of what is not read
	unread map[source.Span]bool // of what is not read: all in it is accounted for
}

// model walks over a configuration, whatever its types are, and takes in each Place.
func (a *account) model(tb testing.TB, v reflect.Value) {
	if a.unread == nil {
		a.unread = map[source.Span]bool{}
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && v.Type() != reflect.TypeFor[*source.File]() && v.Type() != reflect.TypeFor[*grammar.Value]() {
			a.model(tb, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			a.model(tb, v.Index(i))
		}
	case reflect.Struct:
		switch x := v.Interface().(type) {
		case Place:
			inFile(tb, x.Span)
			a.seen[x.Span] = true
			return
		case source.Span:
			inFile(tb, x)
			a.seen[x] = true
			return
		case Unknown:
			inFile(tb, x.At.Span)
			a.seen[x.At.Span] = true
			a.unread[x.At.Span] = true
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "Pattern" && f.Type.PkgPath() != "github.com/dispcheck/dispcheck/internal/match" {
				a.model(tb, v.Field(i))
			}
		}
	}
}

// adopted reports whether a property is known together with the block of an included file that follows it,
// or is a wrapper whose entries are known.
func (a *account) adopted(p *grammar.Property) bool {
	for s := range a.seen {
		if s.File != nil && s.File == p.Name.File && s.Start == p.Name.Start {
			return true
		}
	}
	return p.Block != nil && a.holdsEntries(p.Block)
}

// holdsEntries reports whether all that stands in a block is known: its braces are too many.
func (a *account) holdsEntries(b *grammar.Block) bool {
	for _, it := range b.Items {
		switch it := it.(type) {
		case *grammar.Property:
			if !a.seen[it.Span()] && !a.adopted(it) {
				return false
			}
		case *grammar.Block:
			if !a.seen[it.Span()] && !a.holdsEntries(it) {
				return false
			}
		case *grammar.Value:
			if !a.seen[it.Span()] {
				return false
			}
		}
	}
	return true
}

func itoa(n int) string { return strconv.Itoa(n) }
