package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/lipgloss"
)

const tabStop = 4

// A cell is one character as a terminal shows it.
type cell struct {
	text  string
	width int
	at    int // offset of the character's first byte
}

// cells lays a text out for a terminal. What would move the cursor, hide or reorder text is made visible
// instead: a configuration must not be able to rewrite the screen of whoever checks it.
func cells(text []byte) []cell {
	out := make([]cell, 0, len(text))
	column := 0
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		c := cell{at: i}
		switch {
		case r == '\t':
			c.width = tabStop - column%tabStop
			c.text = "    "[:c.width]
		case r >= 0x20 && r < 0x7f:
			c.text, c.width = string(text[i:i+1]), 1
		default:
			c.text = visible(r, n)
			c.width = lipgloss.Width(c.text)
		}
		column += c.width
		out = append(out, c)
		i += n
	}
	return out
}

// visible returns how a character is shown. size is the number of its bytes.
func visible(r rune, size int) string {
	switch {
	case r == utf8.RuneError && size <= 1:
		return "\ufffd"
	case r < 0x20:
		return string(0x2400 + r) // the control pictures
	case r == 0x7f:
		return "\u2421"
	case r < 0xa0 && r > 0x7f, unicode.Is(unicode.Cf, r), r == 0x2028, r == 0x2029:
		return fmt.Sprintf("<U+%04X>", r)
	}
	return string(r)
}

// Line returns a text fit to be shown in one line of a terminal: line ends, escape sequences and characters that
// reorder text are made visible, tabs become blanks.
func Line(s string) string { return line(s) }

// line returns a text fit to be shown in one line.
func line(s string) string {
	clean := true
	for _, r := range s {
		if r < 0x20 || r > 0x7e {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, c := range cells([]byte(s)) {
		b.WriteString(c.text)
	}
	return b.String()
}
