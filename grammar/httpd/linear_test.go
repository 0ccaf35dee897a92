package httpd

import (
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/source"
)

// TestLinear: texts that are made to cost much cost no more than others of their size.
func TestLinear(t *testing.T) {
	const n = 1 << 21
	units := map[string]string{
		"blank joins": "\\\n  ", "joined comment": "# a \\\n", "backslashes": "\\", "openings": "<a>\n", "closings": "</a>\n", "carriage returns": "\r",
		"line ends": "\n", "zero bytes": "\x00", "variables": "${", "quotes": "\"", "odd quotes": "' \" ", "typographic": "\u201c \u00a0", "mismatches": "<a>\n</b>\n",
		"pairs": "<a>\n</a>\n", "one line": "a ", "empty joins": "a\\\\\\\\\n\n\n\n", "brackets": "<", "deep and back": "<a>\n<b>\n</a>\n", "uses": "Use a\n<b>\n",
	}
	for name, unit := range units {
		t.Run(name, func(t *testing.T) {
			text := []byte(strings.Repeat(unit, n/len(unit)))
			start := time.Now()
			f := Parse(source.NewFile("long.conf", text))
			Check(f)
			if took := time.Since(start); took > 8*time.Second {
				t.Errorf("%d bytes took %v", len(text), took)
			}
			checkLaws(t, f)
		})
	}
}
