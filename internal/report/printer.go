package report

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

// A Printer writes findings and differences for people to one stream. The zero Printer writes without
// colour and with the files' own names.
type Printer struct {
	// Prefix goes before each file's name, as --path-prefix asks.
	Prefix string
	// Color says that the stream is to have colours.
	Color bool
}

// Text writes each finding with its line, a caret under the text at fault, why it matters, what to do,
// and the includes that led there. Findings are separated by an empty line.
func (p *Printer) Text(w io.Writer, ds []diag.Diagnostic) error {
	b := bufio.NewWriter(w)
	t := textWriter{Writer: b, palette: newPalette(w, p.Color), prefix: p.Prefix}
	for i := range ds {
		if i > 0 {
			t.WriteByte('\n')
		}
		t.finding(&ds[i])
	}
	return b.Flush()
}

// Compact writes each finding in one line: file:line:column: severity RULE: message.
func (p *Printer) Compact(w io.Writer, ds []diag.Diagnostic) error {
	b := bufio.NewWriter(w)
	t := textWriter{Writer: b, palette: newPalette(w, p.Color), prefix: p.Prefix}
	for i := range ds {
		t.heading(&ds[i])
	}
	return b.Flush()
}

type textWriter struct {
	*bufio.Writer
	palette *palette
	prefix  string
}

func (t *textWriter) finding(d *diag.Diagnostic) {
	t.heading(d)
	margin := t.excerpt(d)
	note := func(label, text string) {
		if text == "" {
			return
		}
		t.WriteString(margin)
		t.WriteString(t.palette.gutter("= "))
		t.WriteString(t.palette.label(label + ":"))
		t.WriteByte(' ')
		t.WriteString(line(text))
		t.WriteByte('\n')
	}
	note("why", d.Why)
	note("hint", d.Hint)
	for _, f := range d.Fixes {
		if f.Safe {
			note("fix", f.Title)
		} else {
			note("fix, to be checked", f.Title)
		}
	}
	for _, r := range d.Related {
		note("see", strings.TrimSuffix(PlaceOf(r.Span, t.prefix).String()+": "+r.Message, ": "))
	}
	for i := len(d.Included) - 1; i >= 0; i-- {
		note("included by", PlaceOf(d.Included[i], t.prefix).String())
	}
}

// heading writes the line that a finding starts with, in the form that compilers made common.
func (t *textWriter) heading(d *diag.Diagnostic) {
	if !d.Span.IsZero() {
		t.WriteString(t.palette.place(line(PlaceOf(d.Span, t.prefix).String()) + ":"))
		t.WriteByte(' ')
	}
	word := d.Severity.String()
	if d.Rule != "" {
		word += " " + d.Rule
	}
	t.WriteString(t.palette.of(d.Severity)(word + ":"))
	t.WriteByte(' ')
	t.WriteString(line(d.Message))
	t.WriteByte('\n')
}

// How much of a long line is shown: columns before the text at fault and in all, and the bytes that are
// looked at for them.
const (
	columnsBefore = 60
	columnsShown  = 140
	bytesBefore   = 4 * columnsBefore
	bytesShown    = 4 * columnsShown
)

// excerpt writes the first line of the text at fault with carets below it, and returns the margin for
// the notes that follow.
func (t *textWriter) excerpt(d *diag.Diagnostic) (margin string) {
	if d.Span.IsZero() {
		return "  "
	}
	pos := d.Span.Position()
	number := strconv.Itoa(pos.Line)
	margin = strings.Repeat(" ", len(number)+3)
	text, from, to := shown(d.Span, pos)
	t.WriteString("  ")
	t.WriteString(t.palette.gutter(number + " |"))
	if text != "" {
		t.WriteByte(' ')
		t.WriteString(text)
	}
	t.WriteByte('\n')
	t.WriteString(margin[1:])
	t.WriteString(t.palette.gutter(" |"))
	t.WriteByte(' ')
	t.WriteString(strings.Repeat(" ", from))
	t.WriteString(t.palette.of(d.Severity)(strings.Repeat("^", max(1, to-from))))
	t.WriteByte('\n')
	return margin
}

// shown returns the line of a span as it is shown, and the columns, from 0, where the carets start and
// end. A span of several lines is marked to the end of its first.
func shown(s source.Span, pos source.Position) (text string, from, to int) {
	row := s.File.Line(pos.Line)
	start, end := max(s.Start, row.Start), min(max(s.End, s.Start), row.End)
	start = min(start, row.End)
	end = max(start, end)
	first, last := max(row.Start, start-bytesBefore), min(row.End, start+bytesShown)
	for first > row.Start && first < start && !runeStart(s.File.Text[first]) {
		first++
	}
	cs := cells(s.File.Text[first:last])
	at, fault := len(cs), 0
	for i, c := range cs {
		if int32(c.at)+first >= start {
			at = i
			break
		}
	}
	for _, c := range cs[:at] {
		fault += c.width
	}
	var b strings.Builder
	skip, column := 0, 0
	cutLeft := first > row.Start || fault > columnsBefore
	if fault > columnsBefore {
		skip = fault - columnsBefore
	}
	if cutLeft {
		b.WriteString("…")
		column = 1
	}
	passed := 0
	from = -1
	cutRight := last < row.End
	for i, c := range cs {
		if passed < skip {
			passed += c.width
			continue
		}
		if column+c.width > columnsShown {
			cutRight = true
			break
		}
		if i == at {
			from = column
		}
		b.WriteString(c.text)
		column += c.width
		if i >= at && int32(c.at)+first < end {
			to = column
		}
	}
	if from < 0 {
		from = column
	}
	if cutRight {
		b.WriteString("…")
	}
	return strings.TrimRight(b.String(), " "), from, max(to, from)
}

func runeStart(b byte) bool { return b&0xc0 != 0x80 }
