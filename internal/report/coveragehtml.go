package report

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/suite"
)

// CoverageHTML writes the coverage of a run as one page of HTML that needs nothing else, neither scripts nor other files: how much of
// each kind decided something, what did not, and each file with its text coloured.
func (p *Printer) CoverageHTML(w io.Writer, t *TestRun) error {
	if t.Coverage == nil {
		return nil
	}
	b := bufio.NewWriter(w)
	files := coveredFiles(t.Coverage, p.Prefix)
	b.WriteString(coverageHead)
	fmt.Fprintf(b, "<p>%s.", markup(testCounts(t.Passed, t.Failed, t.Skipped)))
	b.WriteString(" <span class=\"hit\">What looks like this</span> decided something, <span class=\"miss\">what looks like this</span> never did;" +
		" before it stands how often it did.</p>\n")
	for _, s := range t.Below {
		fmt.Fprintf(b, "<p class=\"below\">%s</p>\n", markup(s))
	}
	coverageKinds(b, t.Coverage)
	coverageIndex(b, files)
	for i := range files {
		files[i].write(b)
	}
	b.WriteString("</main>\n</body>\n</html>\n")
	return b.Flush()
}

// coverageHead is what stands before the tables. The policy says that nothing is loaded and nothing runs, whatever the texts hold.
const coverageHead = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>dispcheck test: coverage</title>
<style>
:root { color-scheme: light dark; --text: #1b1b1f; --page: #fff; --line: #d5d5dd; --faint: #62626e; --hit: #d6f2d9; --miss: #fbdcd9; --mark: #a3231a; --link: #0b57b7 }
@media (prefers-color-scheme: dark) {
:root { --text: #e4e4ea; --page: #17171b; --line: #3a3a44; --faint: #a2a2af; --hit: #17421f; --miss: #5c1f1b; --mark: #ff9a90; --link: #8ab8ff }
}
body { margin: 0; color: var(--text); background: var(--page); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 75rem; margin: 0 auto; padding: 1rem }
a { color: var(--link) }
table { border-collapse: collapse }
th, td { padding: .15rem .75rem .15rem 0; text-align: left; vertical-align: top }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
details { margin: 1rem 0; border: 1px solid var(--line); border-radius: 4px }
summary { padding: .5rem .75rem; cursor: pointer }
.text { overflow-x: auto; padding-bottom: .5rem }
.text td { padding: 0 .75rem; font: 13px/1.45 ui-monospace, monospace; white-space: pre; tab-size: 4 }
.text td.number { color: var(--faint); padding-right: 0 }
.text tr:target { outline: 2px solid var(--link) }
.hit { background: var(--hit) }
.miss { background: var(--miss); text-decoration: underline dotted var(--mark) }
.text td.never, .below { color: var(--mark); font-weight: bold }
</style>
</head>
<body>
<main>
<h1>What the suites cover</h1>
`

func coverageKinds(b *bufio.Writer, c *suite.Coverage) {
	b.WriteString("<table>\n<tr><th>kind</th><th class=\"number\">decided</th><th class=\"number\">of</th><th class=\"number\">share</th></tr>\n")
	row := func(name string, t suite.CoverageTotal) {
		fmt.Fprintf(b, "<tr><td>%s</td><td class=\"number\">%d</td><td class=\"number\">%d</td><td class=\"number\">%s</td></tr>\n",
			markup(name), t.Covered, t.Total, strings.TrimSpace(share(&t)))
	}
	for _, k := range suite.CoverageKinds() {
		if t := c.Of(k); t.Total > 0 {
			row(CoverageName(k), t)
		}
	}
	row("all", c.Total())
	b.WriteString("</table>\n")
}

// coverageIndex lists the files, and what decided nothing in each.
func coverageIndex(b *bufio.Writer, files []coveredFile) {
	b.WriteString("<h2>Files</h2>\n<table>\n<tr><th>file</th><th class=\"number\">decided</th><th class=\"number\">of</th><th>never</th></tr>\n")
	for i := range files {
		f := &files[i]
		fmt.Fprintf(b, "<tr><td><a href=\"#%s\">%s</a></td><td class=\"number\">%d</td><td class=\"number\">%d</td><td>", f.id, markup(line(f.name)), f.covered, len(f.items))
		for _, it := range f.items {
			if it.Times == 0 {
				fmt.Fprintf(b, "<a href=\"#%s-%d\">%s</a> ", f.id, it.line, markup(line(it.called())))
			}
		}
		b.WriteString("</td></tr>\n")
	}
	b.WriteString("</table>\n")
}

// A coveredFile is a text with what can decide something in it.
type coveredFile struct {
	name, id string
	text     []byte
	items    []coveredItem
	covered  int
}

type coveredItem struct {
	*suite.Covered
	line int
}

// coveredFiles are the files by their names, with what stands in each by its place.
func coveredFiles(c *suite.Coverage, prefix string) []coveredFile {
	var out []coveredFile
	index := map[string]int{}
	for _, it := range c.Items() {
		at := PlaceOf(it.At, prefix)
		i, ok := index[at.File]
		if !ok {
			i = len(out)
			index[at.File] = i
			out = append(out, coveredFile{name: at.File, text: it.At.File.Text})
		}
		out[i].items = append(out[i].items, coveredItem{it, at.Line})
		if it.Times > 0 {
			out[i].covered++
		}
	}
	slices.SortFunc(out, func(a, b coveredFile) int { return cmp.Compare(a.name, b.name) })
	for i := range out {
		out[i].id = fmt.Sprintf("f%d", i+1)
		slices.SortStableFunc(out[i].items, func(a, b coveredItem) int {
			return cmp.Or(cmp.Compare(a.At.Start, b.At.Start), cmp.Compare(b.At.End, a.At.End))
		})
	}
	return out
}

// write writes the text in lines. What stands within something else, as a rule in a virtual host, has its own colour.
func (f *coveredFile) write(b *bufio.Writer) {
	fmt.Fprintf(b, "<details open id=\"%s\">\n<summary>%s: %d of %d decided</summary>\n<div class=\"text\"><table>\n", f.id, markup(line(f.name)), f.covered, len(f.items))
	open := []int{} // of items, from the outermost to the innermost
	next := 0
	offset := 0
	for number := 1; offset < len(f.text); number++ {
		text, _, _ := bytes.Cut(f.text[offset:], []byte("\n"))
		end := offset + len(text)
		fmt.Fprintf(b, "<tr id=\"%s-%d\"><td class=\"number\">%d</td>%s<td>", f.id, number, number, f.counts(number))
		at := offset
		for at < end {
			for ; next < len(f.items) && int(f.items[next].At.Start) <= at; next++ {
				open = append(open, next)
			}
			open = slices.DeleteFunc(open, func(i int) bool { return int(f.items[i].At.End) <= at })
			until := end
			if next < len(f.items) {
				until = min(until, int(f.items[next].At.Start))
			}
			for _, i := range open {
				until = min(until, int(f.items[i].At.End))
			}
			piece := bytes.TrimSuffix(f.text[at:until], []byte("\r"))
			if len(open) == 0 {
				b.WriteString(markupText(piece))
			} else {
				f.items[open[len(open)-1]].write(b, piece)
			}
			at = until
		}
		b.WriteString("</td></tr>\n")
		offset = end + 1
	}
	b.WriteString("</table></div>\n</details>\n")
}

// counts is the cell that says how often what starts in a line decided something.
func (f *coveredFile) counts(number int) string {
	i, _ := slices.BinarySearchFunc(f.items, number, func(it coveredItem, n int) int { return cmp.Compare(it.line, n) })
	var times []string
	class := "number"
	for ; i < len(f.items) && f.items[i].line == number; i++ {
		times = append(times, fmt.Sprintf("%d×", f.items[i].Times))
		if f.items[i].Times == 0 {
			class = "number never"
		}
	}
	return fmt.Sprintf("<td class=\"%s\">%s</td>", class, strings.Join(times, " "))
}

// write writes a piece of the item's text.
func (it *coveredItem) write(b *bufio.Writer, piece []byte) {
	class := "miss"
	if it.Times > 0 {
		class = "hit"
	}
	rest := bytes.TrimLeft(piece, " \t")
	b.WriteString(markupText(piece[:len(piece)-len(rest)]))
	if len(rest) > 0 {
		fmt.Fprintf(b, "<span class=\"%s\" title=\"%s\">%s</span>", class, markup(line(it.title())), markupText(rest))
	}
}

// called is the label of a rule or the name of a host, and for a directive its line, too.
func (it *coveredItem) called() string {
	if it.Kind == suite.RewriteRules || it.Kind == suite.RewriteConditions {
		return fmt.Sprintf("%s in line %d", it.Name, it.line)
	}
	return cmp.Or(it.Name, fmt.Sprintf("line %d", it.line))
}

func (it *coveredItem) title() string {
	s := CoverageName(it.Kind)
	if it.Name != "" {
		s += ", " + it.Name
	}
	if it.Times == 0 {
		return s + ": never decided"
	}
	return s + ": decided " + counted(it.Times, "time")
}

// markup writes a text so that nothing in it is a tag, an entity, or the end of an attribute.
func markup(s string) string { return html.EscapeString(s) }

// markupText is markup for a piece of a file: tabs stay, and what would hide or reorder text is made visible.
func markupText(text []byte) string {
	plain := true
	for _, c := range text {
		if c < 0x20 && c != '\t' || c > 0x7e || strings.IndexByte(`&<>"'`, c) >= 0 {
			plain = false
			break
		}
	}
	if plain {
		return string(text)
	}
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteString(visible(r, n))
		}
		text = text[n:]
	}
	return markup(b.String())
}
