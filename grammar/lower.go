package grammar

import "github.com/dispcheck/dispcheck/source"

// A lowering turns participle's tree into the public one and hands each comment to its item: a comment
// on the last line of an item is its tail, any other goes to the next item of the same block, and the
// rest to the block's Last. Nodes come from slabs made to measure, so that a file costs a dozen
// allocations and not one for each node.
type lowering struct {
	src  *source.File
	toks []Token

	at int // the first token that may hold a comment not yet handed out

	properties []Property
	includes   []IncludeItem
	blocks     []Block
	values     []Value
	strays     []Stray
	remarks    []Remark
	items      []Item
}

func (l *lowering) makeRoom(c counts) {
	l.properties = make([]Property, c.names)
	l.includes = make([]IncludeItem, c.includes)
	l.blocks = make([]Block, c.blocks)
	l.values = make([]Value, c.values)
	l.strays = make([]Stray, c.strays)
	l.remarks = make([]Remark, 0, c.comments)
	l.items = make([]Item, c.items)
}

func take[T any](slab *[]T) *T {
	p := &(*slab)[0]
	*slab = (*slab)[1:]
	return p
}

func (l *lowering) span(tok int32) source.Span {
	t := l.toks[tok]
	return source.Span{File: l.src, Start: t.Start, End: t.End}
}

func (l *lowering) file(tree *cst) (items []Item, last []Remark) {
	items = l.room(len(tree.Items))
	for i, top := range tree.Items {
		if top.Item != nil {
			items[i] = l.item(top.Item)
			continue
		}
		tok := int32(top.Pos.Line)
		s := take(&l.strays)
		s.Lead = l.before(tok)
		s.At = l.span(tok)
		s.Tail = l.after(tok)
		items[i] = s
	}
	return items, l.before(int32(len(l.toks)))
}

// room takes n items' room; nil for none.
func (l *lowering) room(n int) []Item {
	if n == 0 {
		return nil
	}
	room := l.items[:n:n]
	l.items = l.items[n:]
	return room
}

// before takes the comments that stand before a token.
func (l *lowering) before(tok int32) []Remark {
	from := len(l.remarks)
	for ; l.at < int(tok); l.at++ {
		if l.toks[l.at].Kind == Comment {
			l.remarks = append(l.remarks, Remark{l.span(int32(l.at))})
		}
	}
	if len(l.remarks) == from {
		return nil
	}
	return l.remarks[from:len(l.remarks):len(l.remarks)]
}

// after takes the comment that follows a token on its line.
func (l *lowering) after(tok int32) *Remark {
	for i := int(tok) + 1; i < len(l.toks); i++ {
		switch l.toks[i].Kind {
		case Space, Odd:
			continue
		case Comment:
			l.remarks = append(l.remarks, Remark{l.span(int32(i))})
			l.at = i + 1
			return &l.remarks[len(l.remarks)-1]
		}
		break
	}
	return nil
}

func (l *lowering) item(c *cstItem) Item {
	lead := l.before(c.tok)
	switch l.toks[c.tok].Kind {
	case Name:
		p := take(&l.properties)
		p.Lead = lead
		p.Name = l.span(c.tok)
		end := c.tok
		switch {
		case c.value >= 0:
			p.Value = l.value(c.value, l.before(c.value))
			end = c.value
		case c.open >= 0:
			p.Block, end = l.block(c, l.before(c.open))
		}
		p.Tail = l.after(end)
		return p
	case Include:
		i := take(&l.includes)
		i.Lead = lead
		i.Keyword = l.span(c.tok)
		end := c.tok
		if c.value >= 0 {
			i.Path = l.value(c.value, l.before(c.value))
			end = c.value
		}
		i.Tail = l.after(end)
		return i
	case Open:
		b, end := l.block(c, lead)
		b.Tail = l.after(end)
		return b
	default:
		v := l.value(c.tok, lead)
		v.Tail = l.after(c.tok)
		return v
	}
}

func (l *lowering) value(tok int32, lead []Remark) *Value {
	v := take(&l.values)
	v.Lead = lead
	v.At = l.span(tok)
	switch l.toks[tok].Kind {
	case Double:
		v.Quote = '"'
	case Single:
		v.Quote = '\''
	case Broken:
		v.Broken = true
		v.Quote = l.src.Text[v.At.Start]
		if q, n := typographic(l.src.Text[v.At.Start:v.At.End]); n > 0 {
			v.Quote = q
		}
	}
	return v
}

// block makes a block and says which token it ends with.
func (l *lowering) block(c *cstItem, lead []Remark) (b *Block, end int32) {
	b = take(&l.blocks)
	b.Lead = lead
	b.Open = l.span(c.open)
	n := 0
	for it := c.first; it != nil; it = it.next {
		n++
	}
	b.Items = l.room(n)
	i := 0
	for it := c.first; it != nil; it = it.next {
		b.Items[i] = l.item(it)
		i++
	}
	if c.close >= 0 {
		b.Last = l.before(c.close)
		b.Close = l.span(c.close)
		return b, c.close
	}
	// Never closed, so it runs to the end of what is read, and the comments there are its own.
	b.Last = l.before(int32(len(l.toks)))
	end = int32(len(l.toks)) - 1
	b.end = b.Open.End
	if n > 0 {
		b.end = b.Items[n-1].Span().End
	}
	return b, end
}
