package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/expand"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/source"
)

func expandCommand() *command {
	return &command{
		name:  "expand",
		usage: "show a configuration with includes and variables put in",
		args:  "[FILE|DIR]",
		about: "Prints the tree of a configuration as the module reads it: the items of included files take the place of each $include, " +
			"and variables are put in. With --origins each line says which file and line it comes from. Mistakes go to standard error; " +
			"what can be read is printed all the same.",
		flags: []*flag{
			{name: "origins", kind: boolean, meaning: "add file and line to each line, as comments"},
		},
		formats:      []string{"text", "json"},
		maxArgs:      1,
		completeFrom: completeFiles,
		argValues:    exampleProjects,
		exits: []exit{
			{exitClean, "the configuration was read, with mistakes or without"},
			{exitUnusable, "a file or an include cannot be read; the rest is printed"},
		},
		example: example{"dispcheck expand -c example:cloud --origins", "what the module sees of the sample project, and where it comes from"},
		run:     runExpand,
	}
}

func runExpand(ctx context.Context, in *invocation) error {
	path := ""
	if len(in.args) > 0 {
		path = in.args[0]
	}
	p, err := in.load(ctx, path)
	if err != nil {
		return err
	}
	if p.Tree == nil {
		return usagef("give a .any file, a .farm or a folder with one", "%s has no .any side to expand", p.Show(p.Site))
	}
	err = in.emit(func(o *output) error {
		if o.format == "json" {
			return writeExpandedJSON(o, in, p.Tree)
		}
		w := expandedWriter{Writer: bufio.NewWriter(o), origins: in.yes("origins"), name: in.name}
		w.items(p.Tree.Items, 0)
		return w.Flush()
	})
	if err != nil {
		return err
	}
	return in.unread(p)
}

// An expandedWriter writes an expanded tree as .any text that reads as the same tree.
type expandedWriter struct {
	*bufio.Writer
	origins bool
	name    func(string) string
}

func (w *expandedWriter) line(depth int, text string, at source.Span) {
	for range depth {
		w.WriteByte('\t')
	}
	w.WriteString(text)
	if w.origins && !at.IsZero() {
		fmt.Fprintf(w, " # %s:%d", w.name(at.File.Name), at.Position().Line)
	}
	w.WriteByte('\n')
}

func (w *expandedWriter) block(depth int, head string, at source.Span, b *grammar.Block) {
	if len(b.Items) == 0 {
		w.line(depth, head+"{ }", at)
		return
	}
	w.line(depth, head+"{", at)
	w.items(b.Items, depth+1)
	w.line(depth, "}", source.Span{})
}

func (w *expandedWriter) items(items []grammar.Item, depth int) {
	for _, it := range items {
		switch it := it.(type) {
		case *grammar.Property:
			switch {
			case it.Value != nil:
				w.line(depth, it.Name.Text()+" "+written(it.Value), it.Name)
			case it.Block != nil:
				w.block(depth, it.Name.Text()+" ", it.Name, it.Block)
			default:
				w.line(depth, it.Name.Text(), it.Name)
			}
		case *grammar.Block:
			w.block(depth, "", it.Open, it)
		case *grammar.Value:
			w.line(depth, written(it), it.At)
		case *grammar.IncludeItem:
			text := it.Keyword.Text()
			if it.Path != nil {
				text += " " + written(it.Path)
			}
			w.line(depth, text, it.Keyword)
		case *grammar.Stray:
			w.line(depth, "}", it.At)
		}
	}
}

// written returns a value as .any text with its variables put in: in its own quotes where it has them.
func written(v *grammar.Value) string {
	if v.Expanded == nil && !v.Broken {
		return v.Raw()
	}
	quote := v.Quote
	if quote == 0 {
		if !strings.ContainsAny(v.Text(), " \t\r\n{}\"'#/") && v.Text() != "" {
			return v.Text()
		}
		quote = '"'
	}
	q := string(quote)
	return q + strings.NewReplacer(`\`, `\\`, q, `\`+q).Replace(v.Text()) + q
}

// An expandedItem is one item of an expanded tree in JSON, without what is inside it. A block, and a property that
// has one, goes on with "items".
type expandedItem struct {
	Kind  string         `json:"kind"`
	Name  string         `json:"name,omitempty"`
	Value *expandedValue `json:"value,omitempty"`
	report.Place
	Included []report.Place `json:"included"`
}

// An expandedValue is one value in JSON: what it stands for with its variables put in, and those.
type expandedValue struct {
	Value string `json:"value"`
	Quote string `json:"quote"`
	Raw   string `json:"raw"`
	report.Place
	Variables []usedVariable `json:"variables"`
}

type usedVariable struct {
	Name        string `json:"name"`
	Value       string `json:"value"`
	Defined     bool   `json:"defined"`
	From        string `json:"from"`
	NonStandard bool   `json:"non_standard"`
	report.Place
}

// writeExpandedJSON writes an expanded tree as JSON while it walks it, an item a line, as writeTreeJSON does and for
// the same reason.
func writeExpandedJSON(o *output, in *invocation, t *expand.Tree) error {
	files := make([]string, 0, len(t.Files))
	for _, f := range t.Files {
		files = append(files, in.name(f.Src.Name))
	}
	c := expandedJSON{jsonWriter{Writer: bufio.NewWriter(o)}, in.text("path-prefix")}
	c.WriteString("{\n  \"schema\": \"dispcheck.expand/v1\",\n  \"files\": ")
	c.value(files)
	c.WriteString(",\n  \"items\": ")
	c.items(t.Items, 1)
	c.WriteString("\n}\n")
	return c.close()
}

type expandedJSON struct {
	jsonWriter
	prefix string
}

func (c *expandedJSON) place(s source.Span) report.Place { return report.PlaceOf(s, c.prefix) }

func (c *expandedJSON) items(its []grammar.Item, depth int) {
	c.list(len(its), depth, func(i int) { c.item(its[i], depth+1) })
}

func (c *expandedJSON) item(it grammar.Item, depth int) {
	out := expandedItem{Place: c.place(it.Span()), Included: []report.Place{}}
	if o := it.Origin(); o != nil {
		for _, s := range o.Included {
			out.Included = append(out.Included, c.place(s))
		}
	}
	var block *grammar.Block
	switch it := it.(type) {
	case *grammar.Property:
		out.Kind, out.Name = "property", it.Name.Text()
		block = it.Block
		if it.Value != nil {
			out.Value = c.newValue(it.Value)
		}
	case *grammar.Block:
		out.Kind, block = "block", it
	case *grammar.Value:
		out.Kind, out.Value = "value", c.newValue(it)
	case *grammar.IncludeItem:
		out.Kind = "include"
		if it.Path != nil {
			out.Value = c.newValue(it.Path)
		}
	case *grammar.Stray:
		out.Kind = "stray"
	}
	if block == nil {
		c.value(out)
		return
	}
	c.open(out)
	c.WriteString(`,"items":`)
	c.items(block.Items, depth)
	c.WriteByte('}')
}

func (c *expandedJSON) newValue(v *grammar.Value) *expandedValue {
	e := &expandedValue{Value: v.Text(), Raw: v.Raw(), Place: c.place(v.At), Variables: []usedVariable{}}
	if v.Quote != 0 {
		e.Quote = string(rune(v.Quote))
	}
	if v.Expanded != nil {
		for _, u := range v.Expanded.Uses {
			e.Variables = append(e.Variables, usedVariable{u.Name, u.Value, u.Defined, u.From, u.Odd, c.place(u.Span)})
		}
	}
	return e
}
