package grammar

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

// An opening is a block that is open while braces are counted.
type opening struct {
	tok    int // the brace
	name   int // its name's token, or the brace
	indent int // of the line that the name stands on
	line   int
}

// braces says which braces are missing or too many. The parser can only tell at the end of the file
// that one is missing somewhere; people indent, and so the indentation tells where: at the first brace
// that stands further left than the block that it would close.
func (c *checker) braces() {
	unclosed, strays := c.nesting()
	if len(unclosed) == 0 && len(strays) == 0 || c.balanced() {
		return
	}
	left, extra, closers := c.indentation(false)
	if len(unclosed) > 0 && c.brokenBraces < len(unclosed) {
		if len(left) == len(unclosed) {
			atEnd := 0 // blocks that the end of the file leaves open are one mistake: it was cut off
			for i, o := range left {
				if closers[i] >= 0 {
					c.unclosed(o, closers[i], nil)
				} else if atEnd++; atEnd == 1 {
					outer := slices.Clone(left[i+1:])
					slices.Reverse(outer)
					c.unclosed(o, -1, outer)
				}
			}
		} else {
			inner := unclosed[len(unclosed)-1]
			c.unclosed(inner, -1, unclosed[:len(unclosed)-1])
		}
	}
	if len(strays) > c.missingOpen {
		if _, tails, _ := c.indentation(true); len(tails) == len(strays) {
			extra = tails
		} else if len(extra) != len(strays) {
			extra = strays
		}
		for _, tok := range extra {
			t := c.f.Tokens[tok]
			if c.inClaim(t.Start) {
				continue
			}
			d := c.say("DSP004", diag.Error, c.span(t.Start, t.End), "remove it, or was a section closed too early above?", "closing brace without an opening one")
			if tok != strays[len(strays)-1] || len(extra) != len(strays) {
				end := c.f.Tokens[strays[len(strays)-1]]
				if end != t {
					d.Message = "closing brace closes more than it should"
					d.Related = []diag.Related{{Span: c.span(end.Start, end.End), Message: "so this one has nothing left to close"}}
				}
			}
			if hint := c.commentHint('{'); hint != nil {
				d.Related = append(d.Related, *hint)
			}
		}
	}
}

// balanced reports whether the braces pair once those are left out that stand in what was meant as a
// comment: it has its finding.
func (c *checker) balanced() bool {
	if len(c.comments) == 0 {
		return false
	}
	depth := 0
	for _, t := range c.f.Tokens {
		if t.Kind != Open && t.Kind != Close || slices.ContainsFunc(c.comments, func(cl claim) bool { return cl.start <= t.Start && t.Start < cl.end }) {
			continue
		}
		if depth++; t.Kind == Close {
			depth -= 2
		}
		if depth < 0 {
			return false
		}
	}
	return depth == 0
}

// inClaim reports whether another finding covers the place. The walk over the tree has ended, so its
// own mark no longer counts.
func (c *checker) inClaim(at int32) bool {
	until := c.until
	c.until = 0
	defer func() { c.until = until }()
	return c.claimed(at)
}

func (c *checker) unclosed(o opening, closer int, outer []opening) {
	toks := c.f.Tokens
	at := c.span(toks[o.name].Start, toks[o.tok].End)
	if o.name != o.tok && !c.sameLine(toks[o.name].Start, toks[o.tok].Start) {
		at = c.span(toks[o.tok].Start, toks[o.tok].End)
	}
	d := c.say("DSP002", diag.Error, at, "put a } where it ends", "%s is never closed", c.blockName(o))
	if closer >= 0 {
		t := toks[closer]
		d.Related = append(d.Related, diag.Related{
			Span:    c.span(t.Start, t.End),
			Message: fmt.Sprintf("by its indentation this } belongs to an outer block: the missing one stands before line %d", c.span(t.Start, t.End).Position().Line),
		})
	}
	for i := len(outer) - 1; i >= 0; i-- {
		o := outer[i]
		d.Related = append(d.Related, diag.Related{Span: c.span(toks[o.name].Start, toks[o.tok].End), Message: c.blockName(o) + " around it is not closed either"})
	}
	if r := c.commentHint('}'); r != nil {
		d.Related = append(d.Related, *r)
	}
}

func (c *checker) blockName(o opening) string {
	if o.name == o.tok {
		return "block"
	}
	return "section " + clip(c.text(c.f.Tokens[o.name]))
}

// openings walks over the braces and calls one function for each that opens and one for each that closes.
func (c *checker) openings(onOpen func(opening), onClose func(tok, indent, line int, alone bool)) {
	toks := c.f.Tokens
	line, indent, first, prev := 1, 0, true, -1
	nameIndent, nameLine := 0, 0
	for i, t := range toks {
		switch t.Kind {
		case Newline:
			line++
			indent, first = 0, true
			continue
		case Space:
			if first && (i == 0 || toks[i-1].Kind == Newline) {
				indent = width(c.src.Text[t.Start:t.End])
			}
			continue
		case Comment, Odd:
			continue
		case Name:
			nameIndent, nameLine = indent, line
		case Open:
			o := opening{tok: i, name: i, indent: indent, line: line}
			if prev >= 0 && toks[prev].Kind == Name {
				o.name, o.indent, o.line = prev, nameIndent, nameLine
			}
			onOpen(o)
		case Close:
			onClose(i, indent, line, first)
		}
		first = false
		prev = i
	}
}

// width is how far a line is indented; a tab goes to the next multiple of four.
func width(blanks []byte) int {
	n := 0
	for _, b := range blanks {
		if b == '\t' {
			n = n/4*4 + 4
		} else {
			n++
		}
	}
	return n
}

// nesting returns the blocks that are still open at the end, outermost first, and the braces that close
// nothing.
func (c *checker) nesting() (unclosed []opening, strays []int) {
	c.openings(func(o opening) { unclosed = append(unclosed, o) }, func(tok, _, _ int, _ bool) {
		if len(unclosed) == 0 {
			strays = append(strays, tok)
			return
		}
		unclosed = unclosed[:len(unclosed)-1]
	})
	return unclosed, strays
}

// indentation pairs braces by how far their lines are indented. It returns the blocks left open with
// the brace that shows it (-1 for the end of the file), and the braces that belong to no block; with
// tails, among them those behind other text that close a block of an earlier line.
func (c *checker) indentation(tails bool) (left []opening, extra []int, closers []int) {
	var stack []opening
	c.openings(func(o opening) { stack = append(stack, o) }, func(tok, indent, line int, alone bool) {
		if len(stack) == 0 {
			extra = append(extra, tok)
			return
		}
		top := stack[len(stack)-1]
		if tails && !alone && top.line != line {
			extra = append(extra, tok)
			return
		}
		if !alone || top.line == line || top.indent == indent {
			stack = stack[:len(stack)-1]
			return
		}
		if indent > top.indent {
			extra = append(extra, tok)
			return
		}
		for i := len(stack) - 1; i >= 0; i-- {
			if stack[i].indent == indent {
				for j := len(stack) - 1; j > i; j-- {
					left = append(left, stack[j])
					closers = append(closers, tok)
				}
				stack = stack[:i]
				return
			}
		}
		stack = stack[:len(stack)-1]
	})
	for i := len(stack) - 1; i >= 0; i-- {
		left = append(left, stack[i])
		closers = append(closers, -1)
	}
	return left, extra, closers
}

// commentHint finds the comment that hides the brace that is missing: the only one with more of it than
// of the other, or one behind text that hides several.
func (c *checker) commentHint(brace byte) *diag.Related {
	other := '{' + '}' - brace
	var at source.Span
	n := 0
	lineHasText := false
	for _, t := range c.f.Tokens {
		switch t.Kind {
		case Newline:
			lineHasText = false
			continue
		case Comment:
		case Space:
			continue
		default:
			lineHasText = true
			continue
		}
		text := c.src.Text[t.Start:t.End]
		if braces := bytes.Count(text, []byte{'{'}) + bytes.Count(text, []byte{'}'}); lineHasText && braces > 2 && len(text) > 200 {
			return &diag.Related{
				Span:    c.span(t.Start, t.Start+1),
				Message: fmt.Sprintf("the comment that starts here hides %d characters and %d braces to the end of its line: were lines joined?", len(text), braces),
			}
		}
		if bytes.Count(text, []byte{brace}) == bytes.Count(text, []byte{other})+1 {
			n++
			at = c.span(t.Start, t.End)
		}
	}
	if n != 1 {
		return nil
	}
	return &diag.Related{Span: at, Message: fmt.Sprintf("this comment holds a %s without its %s", string(brace), strings.TrimSpace(string(other)))}
}
