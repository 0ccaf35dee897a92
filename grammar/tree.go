package grammar

import (
	"strings"

	"github.com/dispcheck/dispcheck/source"
)

// A Node is a piece of the tree that came from a piece of text.
type Node interface{ Span() source.Span }

// A File is the tree of one .any text. Its tokens joined are the text again.
type File struct {
	Src    *source.File
	Tokens []Token
	Items  []Item
	// Last are the comments after the last item.
	Last []Remark
	// Exceeded is set where the text passes a bound; Items then holds what stands before.
	Exceeded *BoundError
}

// An Item is a *Property, *IncludeItem, *Block, *Value or *Stray.
type Item interface {
	Node
	// Remarks returns the comments that belong to the item.
	Remarks() *Comments
	// Origin says how the item came into an expanded tree; nil in a tree that was only parsed.
	Origin() *Origin
}

// A Remark is one comment: its text from # to the end of the line.
type Remark struct{ At source.Span }

// Span returns where the comment is.
func (r Remark) Span() source.Span { return r.At }

// Text returns the comment with its #.
func (r Remark) Text() string { return r.At.Text() }

// Comments belong to an item: Lead stand above it, Tail follows it on its last line.
type Comments struct {
	Lead []Remark
	Tail *Remark
}

// Remarks returns c itself, so that every item that embeds Comments has it.
func (c *Comments) Remarks() *Comments { return c }

// An Origin says how an item came into an expanded tree.
type Origin struct {
	// Included are the $include lines that led to the item's file, outermost first; empty for the
	// file that was asked for.
	Included []source.Span
}

type origin struct{ from *Origin }

// Origin says how the item came into an expanded tree; nil in a tree that was only parsed.
func (o *origin) Origin() *Origin { return o.from }

// SetOrigin is for the expansion, which copies items.
func (o *origin) SetOrigin(from *Origin) { o.from = from }

// A Property is /name with a value, a block, or nothing.
type Property struct {
	Comments
	origin
	// Name covers the name with its slash.
	Name  source.Span
	Value *Value // nil where there is none
	Block *Block // nil where there is none
}

// Span covers the name and what belongs to it.
func (p *Property) Span() source.Span {
	switch {
	case p.Value != nil:
		return p.Name.To(p.Value.Span())
	case p.Block != nil:
		return p.Name.To(p.Block.Span())
	}
	return p.Name
}

// Label returns the name without its slash.
func (p *Property) Label() string { return strings.TrimPrefix(p.Name.Text(), "/") }

// An IncludeItem is $include "path".
type IncludeItem struct {
	Comments
	origin
	Keyword source.Span
	Path    *Value // nil where none is given
}

// Span covers the keyword and the path.
func (i *IncludeItem) Span() source.Span {
	if i.Path == nil {
		return i.Keyword
	}
	return i.Keyword.To(i.Path.Span())
}

// A Block is { … }. As an item of its own it has no name.
type Block struct {
	Comments
	origin
	Open  source.Span
	Close source.Span // the zero Span where it is missing
	Items []Item
	// Last are the comments before the closing brace.
	Last []Remark
	end  int32 // where the block ends if Close is missing
}

// Span covers the braces; a block that is never closed goes on to its last item.
func (b *Block) Span() source.Span {
	if b.Close.IsZero() {
		return source.Span{File: b.Open.File, Start: b.Open.Start, End: b.end}
	}
	return b.Open.To(b.Close)
}

// A Value is a string, quoted or bare. Quotes matter: where patterns are read, '…' is a regular
// expression and "…" a glob.
type Value struct {
	Comments
	origin
	At     source.Span // with the quotes
	Quote  byte        // '"', '\'' or 0 for a bare value
	Broken bool        // the closing quote is missing, or the quotes are typographic
	// Expanded is set by the expansion where the text holds a variable.
	Expanded *Expansion
}

// Span covers the value with its quotes.
func (v *Value) Span() source.Span { return v.At }

// An Expansion is what a value became when its variables were put in.
type Expansion struct {
	Text string
	Uses []Use
}

// A Use is one ${NAME} in a value.
type Use struct {
	Name string
	// Span covers the use, from $ to the closing brace.
	Span source.Span
	// Value is what was put in; the use itself where the variable is not defined.
	Value   string
	Defined bool
	// Odd says that the use is spelt $<NAME>, which the module does not read.
	Odd bool
	// From says where the definition comes from, for people: "--env", "conf.d/variables/global.vars:3".
	From string
}

// Raw returns the value as written, with its quotes.
func (v *Value) Raw() string { return v.At.Text() }

// Text returns what the value stands for: without quotes, with \\, \" and \' resolved, and with
// variables put in where the tree is expanded. Any other backslash stays as it is.
//
// Source: the escapes are inferred from rules shipped by Adobe that write both '\\.' and '\.' and mean
// the same (AMS filter samples; adobe/aem-dispatcher-optimizer-tool reads \" likewise).
func (v *Value) Text() string {
	if v.Expanded != nil {
		return v.Expanded.Text
	}
	return v.Literal()
}

// Literal is Text before any variable is put in.
func (v *Value) Literal() string {
	return Unescape(v.Inner().Text())
}

// Inner covers the value without its quotes.
func (v *Value) Inner() source.Span {
	s := v.At
	if v.Quote == 0 {
		return s
	}
	s.Start += int32(quoteLen(s.File.Text[s.Start:s.End]))
	if !v.Broken {
		s.End--
	} else if n := closingTypographic(s.File.Text[s.Start:s.End]); n > 0 {
		s.End -= int32(n)
	}
	return s
}

// Unescape resolves \\, \" and \' in the text between two quotes and leaves any other backslash.
func Unescape(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for ; i >= 0; i = strings.IndexByte(s, '\\') {
		b.WriteString(s[:i])
		if i+1 < len(s) && (s[i+1] == '\\' || s[i+1] == '"' || s[i+1] == '\'') {
			b.WriteByte(s[i+1])
			s = s[i+2:]
			continue
		}
		b.WriteByte('\\')
		s = s[i+1:]
	}
	b.WriteString(s)
	return b.String()
}

// A Stray is a } with nothing to close.
type Stray struct {
	Comments
	origin
	At source.Span
}

// Span covers the brace.
func (s *Stray) Span() source.Span { return s.At }

// Walk calls visit for each item below items in the order of the text, an item before what it holds.
// Where visit returns false, the item's own items are left out.
func Walk(items []Item, visit func(Item) bool) {
	for _, it := range items {
		if !visit(it) {
			continue
		}
		switch it := it.(type) {
		case *Property:
			if it.Block != nil {
				Walk(it.Block.Items, visit)
			}
		case *Block:
			Walk(it.Items, visit)
		}
	}
}
