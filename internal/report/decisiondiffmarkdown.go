package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/dispcheck/dispcheck/internal/decisiondiff"
	"github.com/dispcheck/dispcheck/source"
)

// maxComment is how many bytes of Markdown are written: GitHub takes comments of 65,536 characters.
const maxComment = 60_000

// DiffMarkdown writes a comparison as a comment for a pull request: a table of changes, the lines that decide, what to
// purge. It is never longer than such a comment may be.
func (p *Printer) DiffMarkdown(w io.Writer, r *decisiondiff.Result) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## dispcheck diff: %s\n\n%s\n", markdownText(DiffSummary(r)), markdownText("From "+r.Old+" to "+r.New+"; "+compared(r)+"."))
	for _, s := range r.Bounded {
		fmt.Fprintf(&b, "%s.\n", markdownText(s))
	}
	if len(r.Changes) > 0 {
		b.WriteString("\n| | decision | before | after | requests | URLs | example |\n|---|---|---|---|--:|--:|---|\n")
	}
	for i, c := range r.Changes {
		row := p.diffRow(c)
		if b.Len()+len(row) > maxComment {
			fmt.Fprintf(&b, "\n%d more of %d changes not shown\n", len(r.Changes)-i, len(r.Changes))
			break
		}
		b.WriteString(row)
	}
	if r.Untold > 0 {
		fmt.Fprintf(&b, "\n%d more differences, of further changes, are not told apart.\n", r.Untold)
	}
	var purge strings.Builder
	for _, s := range r.Purge {
		row := "- " + markdownText(s.URL) + "\n"
		if b.Len()+purge.Len()+len(row) > maxComment {
			purge.WriteString("- …\n")
			break
		}
		purge.WriteString(row)
	}
	if purge.Len() > 0 {
		fmt.Fprintf(&b, "\n<details><summary>to be purged: %d</summary>\n\n%s\n</details>\n", len(r.Purge)+r.MorePurge, purge.String())
	}
	for i, u := range r.Undecided {
		if i == 0 {
			b.WriteString("\nNot settled:\n\n")
		}
		row := "- " + markdownText(strings.TrimPrefix(PlaceOf(u.At, p.Prefix).String()+": ", ": ")+u.What+": "+u.Why) + "\n"
		if b.Len()+len(row) > maxComment {
			break
		}
		b.WriteString(row)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (p *Printer) diffRow(c *decisiondiff.Change) string {
	mark := ""
	if c.Security {
		mark = "⚠"
	}
	cell := func(text string, at source.Span) string {
		s := markdownText(short(text))
		if !at.IsZero() {
			s += "<br>" + markdownText(PlaceOf(at, p.Prefix).String()) + "<br>" + markdownText(diffText(at))
		}
		return s
	}
	example := ""
	if c.Example != nil {
		example = markdownText(short(exampleText(c.Example)))
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %d | %d | %s |\n", mark, c.Kind, cell(c.From, c.FromAt), cell(c.To, c.ToAt), c.Requests, c.Distinct, example)
}

// short is a text that a cell of a table has room for.
func short(s string) string {
	const most = 300
	if cut := []rune(s); len(cut) > most {
		return string(cut[:most-1]) + "…"
	}
	return s
}
