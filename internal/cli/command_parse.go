package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/source"
)

func parseCommand() *command {
	return &command{
		name:  "parse",
		usage: "show how a file is read",
		args:  "FILE|-",
		about: "Prints the tree of one .any or .farm file: properties, values, includes and comments with their places. " +
			"Includes are not followed and variables not put in. Mistakes go to standard error; what can be read is printed all the same.",
		flags: []*flag{
			{name: "stdin-filepath", arg: "PATH", completeFrom: completeFiles, meaning: "name that standard input goes by"},
		},
		formats: []string{"text", "json"},
		minArgs: 1, maxArgs: 1,
		completeFrom: completeFiles,
		exits:        []exit{{exitClean, "the file was read, with mistakes or without"}},
		example:      example{"dispcheck parse dispatcher.any --format json", "the tree for a script"},
		run:          runParse,
	}
}

func runParse(ctx context.Context, in *invocation) error {
	name := stdinName
	if n := in.text("stdin-filepath"); n != "" {
		name = display(n)
	}
	src, err := in.readConfigFile(ctx, in.args[0], name)
	if err != nil {
		return err
	}
	f := grammar.Parse(src)
	if f.Exceeded != nil {
		return f.Exceeded
	}
	if err := in.printer().Compact(in.stderr, grammar.Check(f)); err != nil {
		return err
	}
	return in.emit(func(o *output) error {
		if o.format == "json" {
			return writeTreeJSON(o, in.name(src.Name), f)
		}
		return writeTree(o, f)
	})
}

// place is the part of report.Place that the tree shows: the file is the same everywhere.
type place struct {
	Line      int `json:"line"`
	Column    int `json:"column"`
	EndLine   int `json:"end_line"`
	EndColumn int `json:"end_column"`
}

// A parsedItem is one item of a tree in JSON, without what is inside it. Which keys it has depends on its
// kind; a block, and a property that has one, go on with "items" and "last", the comments before the
// closing brace.
type parsedItem struct {
	Kind string `json:"kind"`           // property, value, include, block, stray
	Name string `json:"name,omitempty"` // of a property
	place
	Value    *parsedValue   `json:"value,omitempty"`    // of a property, a value, or an include: its path
	Comments []parsedRemark `json:"comments"`           // above it
	Inner    []parsedRemark `json:"inner,omitempty"`    // between a name and its value or brace
	Tail     *parsedRemark  `json:"tail"`               // after it on its line
	Unclosed bool           `json:"unclosed,omitempty"` // the block's closing brace is missing
}

// A parsedValue is one value in JSON: what it stands for, and as it is written.
type parsedValue struct {
	Value  string `json:"value"`
	Quote  string `json:"quote"`
	Raw    string `json:"raw"`
	Broken bool   `json:"broken,omitempty"`
	place
}

type parsedRemark struct {
	Text string `json:"text"`
	place
}

func placeOf(s source.Span) place {
	p := report.PlaceOf(s, "")
	return place{p.Line, p.Column, p.EndLine, p.EndColumn}
}

// writeTreeJSON writes a tree as JSON while it walks it, an item a line: held in memory as a whole, the
// JSON of a large file would take a hundred times the file.
func writeTreeJSON(o *output, name string, f *grammar.File) error {
	t := treeJSON{jsonWriter{Writer: bufio.NewWriter(o)}}
	t.WriteString("{\n  \"schema\": \"dispcheck.parse/v1\",\n  \"file\": ")
	t.value(name)
	t.WriteString(",\n  \"items\": ")
	t.items(f.Items, 1)
	t.WriteString(",\n  \"comments\": ")
	t.value(parsedRemarks(f.Last))
	t.WriteString("\n}\n")
	return t.close()
}

type treeJSON struct{ jsonWriter }

func (t *treeJSON) items(its []grammar.Item, depth int) {
	t.list(len(its), depth, func(i int) { t.item(its[i], depth+1) })
}

func (t *treeJSON) item(it grammar.Item, depth int) {
	c := it.Remarks()
	out := parsedItem{place: placeOf(it.Span()), Comments: parsedRemarks(c.Lead)}
	if c.Tail != nil {
		out.Tail = &parsedRemark{c.Tail.Text(), placeOf(c.Tail.At)}
	}
	var block *grammar.Block
	switch it := it.(type) {
	case *grammar.Property:
		out.Kind, out.Name = "property", it.Name.Text()
		switch {
		case it.Value != nil:
			out.Value = newParsedValue(it.Value)
			out.Inner = parsedRemarks(it.Value.Lead)
		case it.Block != nil:
			block = it.Block
			out.Inner = parsedRemarks(it.Block.Lead)
		}
	case *grammar.IncludeItem:
		out.Kind = "include"
		if it.Path != nil {
			out.Value = newParsedValue(it.Path)
			out.Inner = parsedRemarks(it.Path.Lead)
		}
	case *grammar.Block:
		out.Kind, block = "block", it
	case *grammar.Value:
		out.Kind, out.Value = "value", newParsedValue(it)
	case *grammar.Stray:
		out.Kind = "stray"
	}
	if block == nil {
		t.value(out)
		return
	}
	out.Unclosed = block.Close.IsZero()
	t.open(out)
	t.WriteString(`,"items":`)
	t.items(block.Items, depth)
	t.WriteString(`,"last":`)
	t.value(parsedRemarks(block.Last))
	t.WriteByte('}')
}

func newParsedValue(v *grammar.Value) *parsedValue {
	quote := ""
	if v.Quote != 0 {
		quote = string(rune(v.Quote))
	}
	return &parsedValue{Value: v.Literal(), Quote: quote, Raw: v.Raw(), Broken: v.Broken, place: placeOf(v.At)}
}

func parsedRemarks(rs []grammar.Remark) []parsedRemark {
	out := make([]parsedRemark, 0, len(rs))
	for _, r := range rs {
		out = append(out, parsedRemark{r.Text(), placeOf(r.At)})
	}
	return out
}

// writeTree writes a tree for people: a line for each item, indented by depth.
func writeTree(o *output, f *grammar.File) error {
	t := treeWriter{Writer: bufio.NewWriter(o)}
	t.items(f.Items, 0)
	t.remarks(f.Last, 0)
	return t.Flush()
}

type treeWriter struct{ *bufio.Writer }

func (t *treeWriter) row(depth int, what string, s source.Span) {
	p := report.PlaceOf(s, "")
	fmt.Fprintf(t, "%s%s  %d:%d-%d:%d\n", strings.Repeat("  ", depth), what, p.Line, p.Column, p.EndLine, p.EndColumn)
}

func (t *treeWriter) remarks(rs []grammar.Remark, depth int) {
	for _, r := range rs {
		t.row(depth, "comment "+r.Text(), r.At)
	}
}

func (t *treeWriter) items(its []grammar.Item, depth int) {
	for _, it := range its {
		c := it.Remarks()
		t.remarks(c.Lead, depth)
		switch it := it.(type) {
		case *grammar.Property:
			switch {
			case it.Value != nil:
				t.row(depth, "property "+it.Name.Text()+" "+it.Value.Raw(), it.Span())
				t.remarks(it.Value.Lead, depth+1)
			case it.Block != nil:
				t.row(depth, "property "+it.Name.Text(), it.Span())
				t.remarks(it.Block.Lead, depth+1)
				t.items(it.Block.Items, depth+1)
				t.remarks(it.Block.Last, depth+1)
			default:
				t.row(depth, "property "+it.Name.Text()+" without a value", it.Span())
			}
		case *grammar.IncludeItem:
			path := "without a path"
			if it.Path != nil {
				path = it.Path.Raw()
			}
			t.row(depth, "include "+path, it.Span())
			if it.Path != nil {
				t.remarks(it.Path.Lead, depth+1)
			}
		case *grammar.Block:
			t.row(depth, "block", it.Span())
			t.items(it.Items, depth+1)
			t.remarks(it.Last, depth+1)
		case *grammar.Value:
			t.row(depth, "value "+it.Raw(), it.Span())
		case *grammar.Stray:
			t.row(depth, "stray }", it.Span())
		}
		if c.Tail != nil {
			t.row(depth+1, "comment "+c.Tail.Text(), c.Tail.At)
		}
	}
}
