package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
)

// fingerprints returns a name for each finding that is the same in the next run although lines moved, and
// different for each finding of one run. It is made of the rule, the file's own name (a prefix changes
// nothing), the words of the line and the text at fault; alike findings are told apart by counting.
func fingerprints(ds []diag.Diagnostic) []string {
	out := make([]string, len(ds))
	seen := map[string]int{}
	for i := range ds {
		key := content(&ds[i])
		seen[key]++
		if n := seen[key]; n > 1 {
			key += "\x00" + strconv.Itoa(n)
		}
		sum := sha256.Sum256([]byte(key))
		out[i] = hex.EncodeToString(sum[:16])
	}
	return out
}

func content(d *diag.Diagnostic) string {
	var b strings.Builder
	put := func(s string) {
		_, _ = io.WriteString(&b, s)
		b.WriteByte(0)
	}
	put(d.Rule)
	if d.Span.IsZero() {
		put(d.Message)
		return b.String()
	}
	put(d.Span.File.Name)
	row := d.Span.File.Line(d.Span.Position().Line)
	if row.Len() > longText {
		row.Start, row.End = max(row.Start, d.Span.Start-longText/2), min(row.End, d.Span.Start+longText/2)
	}
	fault := d.Span
	fault.End = min(fault.End, fault.Start+longText)
	put(words(row.Text()))
	put(words(fault.Text()))
	return b.String()
}

// longText is how many bytes of a line, and of the text at fault, count. Without a bound a file that is
// one long line would cost its square.
const longText = 1 << 10

// words returns a text with each run of white space as one blank.
func words(s string) string { return strings.Join(strings.Fields(s), " ") }
