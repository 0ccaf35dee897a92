// Package wording puts texts of a configuration into messages: not too long, and so that each character is seen. It knows
// nothing of rules. Start from [Shown].
package wording

import (
	"fmt"
	"strings"
	"unicode"
)

// MaxRunes is how many characters of a text a message has.
const MaxRunes = 60

// Shown shortens a text for a message, and names characters that leave no mark: <U+0009> for a tab.
func Shown(text string) string {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > MaxRunes {
			b.WriteString("…")
			break
		}
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "<%U>", r)
		}
	}
	return b.String()
}
