package lint

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/spelling"
)

// Find returns the rule of an id or a name, in either letter case, and nil where there is none.
func Find(rules []*Rule, key string) *Rule {
	for _, r := range rules {
		if strings.EqualFold(r.ID, key) || strings.EqualFold(r.Name, key) {
			return r
		}
	}
	return nil
}

// Nearest returns the id or name that a mistyped key most likely means, and "" where none is near or
// several are. A number is an id written short: "DSP7" and "7" mean DSP007. A name is near within two
// edits, of which swapped neighbours are one, or where it alone holds all words of the key.
func Nearest(rules []*Rule, key string) string {
	key = strings.ToLower(key)
	if digits := strings.TrimLeft(strings.TrimPrefix(key, "dsp"), "-_ "); isNumber(digits) {
		for _, r := range rules {
			if strings.TrimLeft(strings.TrimPrefix(r.ID, "DSP"), "0") == strings.TrimLeft(digits, "0") {
				return r.ID
			}
		}
		return "" // other numbers are other rules, however near
	}
	const limit = 2
	if len(key) <= limit || len(key) > 100 {
		return ""
	}
	best, least, tied := "", limit+1, false
	for _, r := range rules {
		switch n := spelling.Edits(key, r.Name, limit); {
		case n < least:
			best, least, tied = r.Name, n, false
		case n == least && n <= limit:
			tied = true
		}
	}
	if best != "" {
		if tied {
			return ""
		}
		return best
	}
	for _, r := range rules {
		if !holdsWords(r.Name, key) {
			continue
		}
		if best != "" {
			return ""
		}
		best = r.Name
	}
	return best
}

func isNumber(s string) bool { return s != "" && len(s) < 10 && strings.Trim(s, "0123456789") == "" }

// holdsWords reports whether a name has each word of a key, in any order.
func holdsWords(name, key string) bool {
	words := strings.FieldsFunc(key, func(r rune) bool { return r == '-' || r == '_' || r == ' ' })
	for _, w := range words {
		if len(w) < 3 || !strings.Contains(name, w) {
			return false
		}
	}
	return len(words) > 0
}
