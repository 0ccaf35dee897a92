package grammar

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/dispcheck/dispcheck/source"
)

// The grammar, as participle reads it. It is total: any sequence of tokens is a file, because a
// property may lack its value, an include its path and a block its brace, and a brace may stray. What
// is wrong with a text is read off the tree afterwards, by Check.
//
//	file     = ( item | "}" )* EOF .
//	item     = property | include | block | value .
//	property = Name ( block | value )? .
//	include  = Include value? .
//	block    = "{" item* "}"? .
//	value    = Double | Single | Bare | Broken .
//
// cstItem parses itself (participle.Parseable): going through reflection for every value costs thirty
// times as much. TestGrammarIsParticiples holds it against the same productions written as struct tags.
type cst struct {
	Items []*cstTop `parser:"@@* EOF"`
}

type cstTop struct {
	Pos   lexer.Position // Pos.Line is the index of the token, see stream
	Item  *cstItem       `parser:"  @@"`
	Stray string         `parser:"| @Close"`
}

// A cstItem is one item; its kind is that of its first token. Tokens are named by their index.
type cstItem struct {
	tok   int32 // the first token
	value int32 // of a property or an include: the value's token, or -1
	open  int32 // of a property or a block: the opening brace's token, or -1
	close int32 // the closing brace's token, or -1
	first *cstItem
	next  *cstItem
}

// Parse reads one item.
func (c *cstItem) Parse(lex *lexer.PeekingLexer) error {
	t := lex.Peek()
	if t.EOF() || Kind(t.Type) == Close {
		return participle.NextMatch
	}
	p := itemParser{lex: lex}
	p.item(c)
	return nil
}

type itemParser struct {
	lex   *lexer.PeekingLexer
	slab  []cstItem
	grown int
}

func (p *itemParser) new() *cstItem {
	if len(p.slab) == 0 {
		p.grown = min(2*p.grown+8, 1024)
		p.slab = make([]cstItem, p.grown)
	}
	c := &p.slab[0]
	p.slab = p.slab[1:]
	return c
}

// index is where the stream keeps a token's index.
func index(t *lexer.Token) int32 { return int32(t.Pos.Line) }

func (p *itemParser) item(c *cstItem) {
	t := p.lex.Next()
	*c = cstItem{tok: index(t), value: -1, open: -1, close: -1}
	switch Kind(t.Type) {
	case Name:
		switch next := p.lex.Peek(); Kind(next.Type) {
		case Open:
			c.open = index(p.lex.Next())
			p.block(c)
		case Double, Single, Bare, Broken:
			c.value = index(p.lex.Next())
		}
	case Include:
		switch next := p.lex.Peek(); Kind(next.Type) {
		case Double, Single, Bare, Broken:
			c.value = index(p.lex.Next())
		}
	case Open:
		c.open = c.tok
		p.block(c)
	}
}

func (p *itemParser) block(c *cstItem) {
	last := &c.first
	for {
		t := p.lex.Peek()
		if t.EOF() {
			return
		}
		if Kind(t.Type) == Close {
			c.close = index(p.lex.Next())
			return
		}
		it := p.new()
		p.item(it)
		*last = it
		last = &it.next
	}
}

// stream gives participle the tokens that mean something: their kinds alone, with the token's index in
// Pos.Line. The texts stay where they are.
type stream struct {
	toks []Token
	i    int
}

func (s *stream) Next() (lexer.Token, error) {
	for ; s.i < len(s.toks); s.i++ {
		t := s.toks[s.i]
		if t.Kind.IsTrivia() {
			continue
		}
		s.i++
		return lexer.Token{Type: lexer.TokenType(t.Kind), Pos: lexer.Position{Line: s.i - 1}}, nil
	}
	return lexer.EOFToken(lexer.Position{Line: s.i}), nil
}

// definition is participle's view of the scanner.
type definition struct{}

func (definition) Symbols() map[string]lexer.TokenType {
	m := map[string]lexer.TokenType{"EOF": lexer.EOF}
	for _, k := range []struct {
		name string
		kind Kind
	}{{"Open", Open}, {"Close", Close}, {"Name", Name}, {"Include", Include}, {"Double", Double}, {"Single", Single}, {"Bare", Bare}, {"Broken", Broken}} {
		m[k.name] = lexer.TokenType(k.kind)
	}
	return m
}

func (definition) Lex(string, io.Reader) (lexer.Lexer, error) {
	return nil, errors.New("grammar: parse from tokens, not from a reader")
}

var parser = sync.OnceValue(func() *participle.Parser[cst] {
	participle.MaxIterations = MaxItems + 1 // it stops before its bound, and would call ours a syntax error
	return participle.MustBuild[cst](participle.Lexer(definition{}))
})

// Parse makes the tree of a text. It cannot fail: what is wrong with the text is for [Check] to say.
// Only a text beyond a bound is not read to its end; File.Exceeded then says where and why.
func Parse(src *source.File) *File {
	f := &File{Src: src}
	if len(src.Text) > MaxFileSize {
		f.Tokens = []Token{{Start: 0, End: int32(min(len(src.Text), math.MaxInt32)), Kind: Odd}}
		f.Exceeded = &BoundError{
			Span:    src.Span(0, 0),
			Message: fmt.Sprintf("the file has %d bytes, more than the %d that are read", len(src.Text), MaxFileSize),
			Hint:    "is this a configuration file?",
		}
		return f
	}
	f.Tokens = Scan(src.Text, make([]Token, 0, len(src.Text)/tokenSize+16))
	counts, readable := count(f)
	peek, err := lexer.Upgrade(&stream{toks: f.Tokens[:readable]})
	if err != nil {
		panic("grammar: the token stream failed: " + err.Error()) // stream.Next never returns an error
	}
	tree, err := parser().ParseFromLexer(peek)
	if err != nil {
		panic("grammar: the grammar is not total: " + err.Error())
	}
	l := lowering{src: src, toks: f.Tokens[:readable]}
	l.makeRoom(counts)
	f.Items, f.Last = l.file(tree)
	return f
}

// counts says how many nodes of each kind a text makes.
type counts struct{ names, includes, blocks, values, strays, comments, items int }

// count counts nodes and finds the bounds that the text passes. readable is how many tokens stand
// before the first place past a bound.
func count(f *File) (c counts, readable int) {
	depth := 0
	prev := Space
	for i, t := range f.Tokens {
		switch t.Kind {
		case Comment:
			c.comments++
		case Name:
			c.names++
			c.items++
		case Include:
			c.includes++
			c.items++
		case Open:
			c.blocks++
			if prev != Name {
				c.items++
			}
			depth++
			if depth > MaxDepth {
				f.Exceeded = &BoundError{
					Span:    f.Src.Span(int(t.Start), int(t.End)),
					Message: fmt.Sprintf("blocks are nested more than %d deep", MaxDepth),
					Hint:    "what follows is not read; is a closing brace missing in each block?",
				}
				return c, i
			}
		case Close:
			if depth == 0 {
				c.strays++
				c.items++
			} else {
				depth--
			}
		case Double, Single, Bare, Broken:
			c.values++
			if prev != Name && prev != Include {
				c.items++
			}
		}
		if c.items > MaxItems {
			f.Exceeded = &BoundError{
				Span:    f.Src.Span(int(t.Start), int(t.End)),
				Message: fmt.Sprintf("the file has more than %d items", MaxItems),
				Hint:    "what follows is not read",
			}
			return c, i
		}
		if !t.Kind.IsTrivia() {
			prev = t.Kind
		}
	}
	return c, len(f.Tokens)
}
