package rewrite

import "strings"

// A reference is a $N, %N, %{NAME} or ${map:key} of a substitution or a test string.
type reference struct {
	kind       refKind
	n          int    // of a group
	name       string // of a variable or a map
	key        string // of a map
	hasDefault bool   // of a map
	start, end int    // in the string
}

type refKind uint8

const (
	ruleGroup refKind = iota
	condGroup
	variable
	mapLookup
)

// references takes a string apart as mod_rewrite does: a backslash keeps the sign behind it. Those in the keys and
// defaults of maps are among them, behind their map.
func references(s string) []reference { return referencesFrom(nil, s, 0, 0) }

func referencesFrom(list []reference, s string, base, depth int) []reference {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\\':
			i += 2
		case c != '$' && c != '%' || i+1 == len(s):
			i++
		case s[i+1] >= '0' && s[i+1] <= '9':
			kind := ruleGroup
			if c == '%' {
				kind = condGroup
			}
			list = append(list, reference{kind: kind, n: int(s[i+1] - '0'), start: base + i, end: base + i + 2})
			i += 2
		case s[i+1] == '{':
			end := closing(s, i+2)
			if end < 0 {
				i += 2
				continue
			}
			inner := s[i+2 : end]
			if c == '%' {
				list = append(list, reference{kind: variable, name: inner, start: base + i, end: base + end + 1})
				i = end + 1
				continue
			}
			name, key, ok := strings.Cut(inner, ":")
			if !ok || depth > 8 || strings.ContainsAny(name, "{}") {
				i += 2
				continue
			}
			r := reference{kind: mapLookup, name: name, start: base + i, end: base + end + 1}
			bar := outside(key, '|')
			r.key, r.hasDefault = key, bar >= 0 && key[bar+1:] != ""
			if bar >= 0 {
				r.key = key[:bar]
			}
			list = append(list, r)
			list = referencesFrom(list, key, base+i+2+len(name)+1, depth+1)
			i = end + 1
		default:
			i++
		}
	}
	return list
}

// closing finds the brace that closes what begins at i.
func closing(s string, i int) int {
	for depth := 1; i < len(s); i++ {
		switch s[i] {
		case '}':
			if depth--; depth == 0 {
				return i
			}
		case '{':
			depth++
		case '\\':
			i++
		}
	}
	return -1
}

// outside finds a sign that is not within braces.
func outside(s string, c byte) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == c && depth == 0:
			return i
		case s[i] == '}':
			depth--
		case s[i] == '{':
			depth++
		case s[i] == '\\':
			i++
		}
	}
	return -1
}

// plain reports whether a substitution is a text without references.
func plain(s string) bool { return len(references(s)) == 0 && !strings.Contains(s, `\`) }
