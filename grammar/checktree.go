package grammar

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

// context is where items stand.
type context struct {
	top   bool   // not in any block
	label string // the name of the section around, without its slash
}

// items says what shows in the tree: names without values, values without names, includes that name no
// file, sections without a name.
func (c *checker) items(items []Item, in context) {
	list := in.isList(items)
	for i, it := range items {
		switch it := it.(type) {
		case *Property:
			c.property(it, items[i+1:])
			if it.Block != nil {
				c.items(it.Block.Items, context{label: it.Label()})
			}
		case *IncludeItem:
			c.include(it)
		case *Block:
			if !c.claimed(it.Open.Start) && !in.unnamedBlocks(items) {
				c.say("DSP005", diag.Error, it.Open, "give it a name, or was the section before it closed too early?", "section without a name")
			}
			c.items(it.Items, in)
		case *Value:
			c.value(it, items[i+1:], list)
		}
	}
}

// isList reports whether the items are values of a list: the section is known to be one, or nothing in
// it has a name.
func (in context) isList(items []Item) bool {
	if words[in.label]&holdsList != 0 {
		return true
	}
	for _, it := range items {
		if p, ok := it.(*Property); ok && p.Name.Len() > 1 {
			return false
		}
	}
	return in.top || in.label == "" || words[in.label]&holdsSection == 0
}

// unnamedBlocks reports whether entries without a name are usual here.
func (in context) unnamedBlocks(items []Item) bool {
	if words[in.label]&(holdsRules|holdsList) != 0 {
		return true
	}
	for _, it := range items {
		if p, ok := it.(*Property); ok && (in.label != "" || p.Block != nil && words[p.Label()] != 0) {
			return false
		}
	}
	return true
}

// holdsOf returns what a property of a name holds, 0 where the name is not known.
func (c *checker) holdsOf(name source.Span) holds {
	return words[string(c.src.Text[name.Start+1:name.End])]
}

func (c *checker) property(p *Property, rest []Item) {
	switch {
	case c.claimed(p.Name.Start):
	case p.Name.Len() == 1:
		c.say("DSP005", diag.Error, p.Name, "remove the blank between the slash and the name", "slash without a name")
		c.until = c.lineEnd(p.Name.Start)
	case p.Value == nil && p.Block == nil:
		c.valueless(p, rest)
	case p.Value != nil && c.holdsOf(p.Name).block():
		// The model says that the section has no {; the values that should stand in it are not strays.
		c.until = p.Value.At.End
		for _, it := range rest {
			if _, named := it.(*Property); named {
				break
			}
			c.until = it.Span().End
		}
	}
}

// valueless speaks of a property that has neither a value nor a block.
func (c *checker) valueless(p *Property, rest []Item) {
	var follower *Property // on the same line
	var included bool
	if len(rest) > 0 {
		_, included = rest[0].(*IncludeItem)
		if n, ok := rest[0].(*Property); ok && c.sameLine(p.Name.End, n.Name.Start) {
			follower = n
		}
	}
	name := clip(p.Name.Text())
	known := c.holdsOf(p.Name)
	switch {
	case follower != nil && follower.Value == nil && follower.Block == nil && c.holdsOf(follower.Name) == 0:
		d := c.say("DSP007", diag.Error, p.Name.To(follower.Name), "a value that starts with a slash needs quotes", "property %s has no value: %s reads as a property", name, clip(follower.Name.Text()))
		d.Fixes = []diag.Fix{{Title: "put the value in quotes", Edits: []diag.Edit{{Span: follower.Name, New: `"` + follower.Name.Text() + `"`}}}}
		c.until = follower.Name.End
	case follower != nil && known == 0:
		c.missingOpen++
		c.say("DSP003", diag.Error, p.Name, "put its properties between { and }", "entry %s has no {", name)
	case !known.block():
		c.say("DSP007", diag.Error, p.Name, "write the value behind it, in quotes", "property %s has no value", name)
	case !included: // an included file may bring the braces
		c.missingOpen++
		c.say("DSP003", diag.Error, p.Name, "put its entries between { and }", "section %s has no {", name)
	}
}

func (c *checker) include(i *IncludeItem) {
	if c.claimed(i.Keyword.Start) {
		return
	}
	switch {
	case i.Path == nil:
		c.say("DSP110", diag.Error, i.Keyword, `write the path behind it: $include "filters/filters.any"`, "$include names no file")
	case i.Path.Quote == 0 && !i.Path.Broken:
		d := c.say("DSP110", diag.Warning, i.Path.At, "put the path in double quotes", "path of $include has no quotes")
		d.Fixes = []diag.Fix{{Title: "put the path in quotes", Safe: true, Edits: []diag.Edit{{Span: i.Path.At, New: `"` + i.Path.Raw() + `"`}}}}
	}
}

// value speaks of a value that no property holds.
func (c *checker) value(v *Value, rest []Item, list bool) {
	if v.Broken || c.claimed(v.At.Start) {
		return
	}
	var next Item
	if len(rest) > 0 {
		next = rest[0]
	}
	raw := v.Raw()
	path, pathFollows := next.(*Value)
	pathFollows = pathFollows && path.Quote != 0 && c.sameLine(v.At.End, path.At.Start)
	switch {
	case v.Quote != 0 && v.Literal() == "$include":
		d := c.say("DSP110", diag.Error, v.At, "write $include without quotes", "%s in quotes is a string: nothing is included", raw)
		d.Fixes = []diag.Fix{{Title: "remove the quotes", Edits: []diag.Edit{{Span: v.At, New: "$include"}}}}
		if pathFollows {
			c.until = path.At.End
		}
		return
	case v.Quote == 0 && pathFollows && (raw == "$" || isIncludeWord(raw)):
		d := c.say("DSP110", diag.Error, v.At, "did you mean $include?", "%s includes nothing", raw)
		d.Fixes = []diag.Fix{{Title: "write $include", Edits: []diag.Edit{{Span: v.At, New: "$include"}}}}
		c.until = path.At.End
		return
	case v.Quote == 0 && isPlaceholder(raw):
		c.say("DSP005", diag.Error, v.At, "put the real text in its place, or make it a comment", "%s is a placeholder that was left in", clip(raw))
		c.until = c.lineEnd(v.At.Start)
		return
	}
	if b, ok := next.(*Block); ok && v.Quote == 0 {
		d := c.say("DSP025", diag.Error, v.At, "write /"+clip(raw), "name %s has no slash", clip(raw))
		d.Fixes = []diag.Fix{{Title: "put a slash before it", Edits: []diag.Edit{{Span: c.span(v.At.Start, v.At.Start), New: "/"}}}}
		c.until = b.Open.End
		return
	}
	if list {
		return
	}
	if v.Quote == 0 && pathFollows && (words[raw] != 0 || isWord(raw)) {
		d := c.say("DSP025", diag.Error, v.At, "write /"+clip(raw), "name %s has no slash", clip(raw))
		d.Fixes = []diag.Fix{{Title: "put a slash before it", Edits: []diag.Edit{{Span: c.span(v.At.Start, v.At.Start), New: "/"}}}}
		c.until = path.At.End
		return
	}
	if v.Quote != 0 {
		c.say("DSP009", diag.Warning, v.At, "give it a name, such as /url, or remove it", "string %s has no name", clip(raw))
		return
	}
	end := v.At.End
	n := 1
	for _, it := range rest {
		w, ok := it.(*Value)
		if !ok || !c.sameLine(end, w.At.Start) && (w.Quote != 0 || c.linesBetween(end, w.At.Start) > 1) {
			break
		}
		end = w.At.End
		n++
	}
	hint := "remove it, or write it as a value with a name"
	if n > 1 {
		hint = "is the # of a comment missing?"
	}
	c.say("DSP005", diag.Error, c.span(v.At.Start, end), hint, "%s belongs to no property", clip(strings.Join(strings.Fields(c.span(v.At.Start, end).Text()), " ")))
	c.until = end
	c.prose = append(c.prose, claim{v.At.Start, end})
}

// linesBetween counts line ends between two offsets.
func (c *checker) linesBetween(a, b int32) int {
	return strings.Count(string(c.src.Text[a:b]), "\n")
}

func isIncludeWord(s string) bool {
	s = strings.ToLower(strings.TrimLeft(s, "$#@"))
	return s == "include" || s == "includeoptional"
}

// isPlaceholder reports whether a word is what templates and documentation put where text should go.
func isPlaceholder(s string) bool {
	switch {
	case s == "..." || s == "…" || strings.EqualFold(s, "todo") || strings.EqualFold(s, "tbd"):
		return true
	case len(s) > 2 && s[0] == '@' && s[len(s)-1] == '@', len(s) > 2 && s[0] == '<' && s[len(s)-1] == '>':
		return true
	}
	return false
}

// isWord reports whether s could be the name of a property or a label.
func isWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}
