package rewrite

import (
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
)

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

// references are all of a string: those in the keys and defaults of maps are among them, behind their map.
func references(s string) []reference { return referencesFrom(nil, s, 0, 0) }

func referencesFrom(list []reference, s string, base, depth int) []reference {
	for i := 0; ; {
		ref, ok := server.NextReference(s, i)
		if !ok {
			return list
		}
		i = ref.End
		r := reference{start: base + ref.Start, end: base + ref.End}
		switch {
		case ref.Group >= 0 && ref.Sign == '%':
			r.kind, r.n = condGroup, ref.Group
		case ref.Group >= 0:
			r.kind, r.n = ruleGroup, ref.Group
		case ref.Sign == '%':
			r.kind, r.name = variable, ref.Inner
		default:
			name, key, ok := strings.Cut(ref.Inner, ":")
			if !ok || depth > 8 || strings.ContainsAny(name, "{}") {
				i = ref.Start + len("${")
				continue
			}
			r.kind, r.name, r.key = mapLookup, name, key
			if bar := server.IndexOutsideCurlies(key, '|'); bar >= 0 {
				r.key, r.hasDefault = key[:bar], key[bar+1:] != ""
			}
			list = append(list, r)
			list = referencesFrom(list, key, r.start+len("${")+len(name)+1, depth+1)
			continue
		}
		list = append(list, r)
	}
}

// plain reports whether a substitution is a text without references.
func plain(s string) bool { return len(references(s)) == 0 && !strings.Contains(s, `\`) }
