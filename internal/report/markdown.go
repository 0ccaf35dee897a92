package report

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/diag"
)

// Markdown writes findings as a table under a heading that counts them. Text from configurations
// is escaped: it is shown as it stands and never becomes markup, a link or a mention.
func (p *Printer) Markdown(w io.Writer, f *Findings) error { return p.markdown(w, f, math.MaxInt) }

func (p *Printer) markdown(w io.Writer, f *Findings, limit int) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## dispcheck: %s\n", Summary(f))
	if len(f.List) > 0 {
		b.WriteString("\n| severity | rule | place | finding |\n|---|---|---|---|\n")
	}
	const room = 100 // for the line that counts the rest
	for i := range f.List {
		row := p.markdownRow(f, &f.List[i])
		if b.Len()+len(row) > limit-room {
			fmt.Fprintf(&b, "\n%d more of %d not shown\n", len(f.List)-i, len(f.List))
			break
		}
		b.WriteString(row)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (p *Printer) markdownRow(f *Findings, d *diag.Diagnostic) string {
	rule := markdownText(d.Rule)
	if url := f.url(d.Rule); url != "" {
		rule = "[" + rule + "](" + linkTo(url) + ")"
	}
	if name := f.name(d.Rule); name != "" {
		rule += " " + markdownText(name)
	}
	var text strings.Builder
	for i, l := range told(d) {
		if i > 0 {
			text.WriteString("<br>")
		}
		text.WriteString(markdownText(l))
	}
	for _, s := range d.Fixes {
		text.WriteString("<br>fix")
		if !s.Safe {
			text.WriteString(", to be checked")
		}
		text.WriteString(": " + markdownText(line(s.Title)))
	}
	for _, r := range d.Related {
		text.WriteString("<br>see " + markdownText(line(strings.TrimPrefix(strings.TrimSuffix(PlaceOf(r.Span, p.Prefix).String()+": "+r.Message, ": "), ": "))))
	}
	for i := len(d.Included) - 1; i >= 0; i-- {
		text.WriteString("<br>included by " + markdownText(line(PlaceOf(d.Included[i], p.Prefix).String())))
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", d.Severity, rule, markdownText(line(PlaceOf(d.Span, p.Prefix).String())), text.String())
}

// markdownText escapes a line for a cell of a table. Where a backslash would not do, since GitHub looks
// for mentions, issues and addresses behind it too, the character is written by number.
func markdownText(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch r {
		case '\\', '`', '*', '_', '{', '}', '[', ']', '(', ')', '~', '!', '|', '$':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '<', '>', '&', '@', '#', '"':
			fmt.Fprintf(&b, "&#%d;", r)
		case ':':
			if strings.HasPrefix(s[i:], "://") {
				b.WriteString("&#58;")
			} else {
				b.WriteByte(':')
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// linkTo returns a URL without the characters that would end a link or a cell.
func linkTo(url string) string { return linkEscapes().Replace(url) }

var linkEscapes = sync.OnceValue(func() *strings.Replacer {
	return strings.NewReplacer(" ", "%20", "(", "%28", ")", "%29", "<", "%3C", ">", "%3E", "|", "%7C")
})
