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

// An expandedItem is one item of an expanded tree in JSON. A block, and a property that has one, has items.
type expandedItem struct {
	Kind  string         `json:"kind"`
	Name  string         `json:"name,omitempty"`
	Value *expandedValue `json:"value,omitempty"`
	report.Place
	Included []report.Place  `json:"included"`
	Items    *[]expandedItem `json:"items,omitempty"`
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

func writeExpandedJSON(o *output, in *invocation, t *expand.Tree) error {
	c := expandedJSON{prefix: in.text("path-prefix")}
	var files []string
	for _, f := range t.Files {
		files = append(files, in.name(f.Src.Name))
	}
	return report.JSON(o, struct {
		Schema string         `json:"schema"`
		Files  []string       `json:"files"`
		Items  []expandedItem `json:"items"`
	}{"dispcheck.expand/v1", files, c.items(t.Items)})
}

type expandedJSON struct{ prefix string }

func (c expandedJSON) place(s source.Span) report.Place { return report.PlaceOf(s, c.prefix) }

func (c expandedJSON) items(items []grammar.Item) []expandedItem {
	out := make([]expandedItem, 0, len(items))
	for _, it := range items {
		e := expandedItem{Place: c.place(it.Span()), Included: []report.Place{}}
		if o := it.Origin(); o != nil {
			for _, s := range o.Included {
				e.Included = append(e.Included, c.place(s))
			}
		}
		var block *grammar.Block
		switch it := it.(type) {
		case *grammar.Property:
			e.Kind, e.Name = "property", it.Name.Text()
			block = it.Block
			if it.Value != nil {
				e.Value = c.value(it.Value)
			}
		case *grammar.Block:
			e.Kind, block = "block", it
		case *grammar.Value:
			e.Kind, e.Value = "value", c.value(it)
		case *grammar.IncludeItem:
			e.Kind = "include"
			if it.Path != nil {
				e.Value = c.value(it.Path)
			}
		case *grammar.Stray:
			e.Kind = "stray"
		}
		if block != nil {
			inside := c.items(block.Items)
			e.Items = &inside
		}
		out = append(out, e)
	}
	return out
}

func (c expandedJSON) value(v *grammar.Value) *expandedValue {
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
