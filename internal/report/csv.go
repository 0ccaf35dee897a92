package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// CSV writes findings as comma-separated values (RFC 4180) under a row of names: each finding is one
// line, with places as in [Finding], empty where there is none. A text that a spreadsheet would take for
// a formula starts with an apostrophe.
func (p *Printer) CSV(w io.Writer, f *Findings) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write([]string{"rule", "name", "severity", "file", "line", "column", "end_line", "end_column", "message", "hint", "why", "url", "fix"}); err != nil {
		return err
	}
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	for i := range f.List {
		d := &f.List[i]
		place := PlaceOf(d.Span, p.Prefix)
		fix := ""
		if len(d.Fixes) > 0 {
			fix = "unsafe"
			if d.Fixes[0].Safe {
				fix = "safe"
			}
		}
		err := c.Write([]string{
			cellText(d.Rule), cellText(f.name(d.Rule)), d.Severity.String(), cellText(place.File),
			number(place.Line), number(place.Column), number(place.EndLine), number(place.EndColumn),
			cellText(d.Message), cellText(d.Hint), cellText(d.Why), cellText(f.url(d.Rule)), fix,
		})
		if err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// cellText returns a text in one line that no spreadsheet runs as a formula: OWASP, "CSV Injection",
// names the characters, some of which have wide forms that are read alike.
func cellText(s string) string {
	s = line(s)
	if s != "" && strings.ContainsRune("=+-@|%\uff1d\uff0b\uff0d\uff20", []rune(s)[0]) {
		return "'" + s
	}
	if trimmed := strings.TrimLeft(s, " "); trimmed != s && trimmed != cellText(trimmed) {
		return "'" + s
	}
	return s
}
