package expand

import (
	"github.com/dispcheck/dispcheck/grammar"
)

// A slab hands out nodes from blocks that grow, so that a tree costs few allocations.
type slab[T any] struct {
	free []T
	size int
}

func (s *slab[T]) take() *T {
	if len(s.free) == 0 {
		s.size = min(max(2*s.size, 8), 512)
		s.free = make([]T, s.size)
	}
	p := &s.free[0]
	s.free = s.free[1:]
	return p
}

// list copies items and puts in what they include.
func (e *expander) list(in *frame, items []grammar.Item) []grammar.Item {
	if len(items) == 0 || e.stopped {
		return nil
	}
	out := make([]grammar.Item, 0, len(items))
	for _, it := range items {
		if e.stopped {
			break
		}
		if inc, ok := it.(*grammar.IncludeItem); ok {
			if put, done := e.include(in, inc); done {
				out = append(out, put...)
				continue
			}
		}
		if e.items++; e.items > MaxItems {
			e.stop(in, it.Span(), "do files include each other over and over?", "the configuration has more than %d items", MaxItems)
			break
		}
		out = append(out, e.item(in, it))
	}
	return out
}

// item copies one item. Comments are not copied: they are part of the text and nothing changes them.
func (e *expander) item(in *frame, it grammar.Item) grammar.Item {
	switch it := it.(type) {
	case *grammar.Property:
		p := e.properties.take()
		*p = *it
		p.SetOrigin(in.origin)
		if it.Value != nil {
			p.Value = e.value(in, it.Value)
		}
		if it.Block != nil {
			p.Block = e.block(in, it.Block)
		}
		return p
	case *grammar.Block:
		return e.block(in, it)
	case *grammar.Value:
		return e.value(in, it)
	case *grammar.IncludeItem:
		i := e.includes.take()
		*i = *it
		i.SetOrigin(in.origin)
		if it.Path != nil {
			i.Path = e.value(in, it.Path)
		}
		return i
	case *grammar.Stray:
		s := e.strays.take()
		*s = *it
		s.SetOrigin(in.origin)
		return s
	}
	return it
}

func (e *expander) block(in *frame, it *grammar.Block) *grammar.Block {
	b := e.blocks.take()
	*b = *it
	b.SetOrigin(in.origin)
	b.Items = e.list(in, it.Items)
	return b
}

func (e *expander) value(in *frame, it *grammar.Value) *grammar.Value {
	v := e.values.take()
	*v = *it
	v.SetOrigin(in.origin)
	e.variables(in, v)
	return v
}
