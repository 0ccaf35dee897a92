package match

import "slices"

// Bounds on what counts as a small set of strings.
const (
	maxStrings     = 64
	maxStringBytes = 4096 // of all strings together
)

// finite returns the strings that e matches, each once, alternatives in the order of the pattern, if they are few and
// e is simplified.
func finite(e *Expr) ([]string, bool) {
	var out stringList
	if !out.addAll(e) {
		return nil, false
	}
	return out.list, true
}

// A stringList gathers strings, each once, within the bounds.
type stringList struct {
	list  []string
	bytes int
	seen  map[string]bool // of list, once that is long
}

// add appends s if it is new. It reports whether the bounds still hold.
func (l *stringList) add(s string) bool {
	const long = 8
	switch {
	case l.seen != nil:
		if l.seen[s] {
			return true
		}
		l.seen[s] = true
	case slices.Contains(l.list, s):
		return true
	case len(l.list) == long:
		l.seen = make(map[string]bool, 4*long)
		for _, t := range l.list {
			l.seen[t] = true
		}
		l.seen[s] = true
	}
	l.list = append(l.list, s)
	l.bytes += len(s)
	return len(l.list) <= maxStrings && l.bytes <= maxStringBytes
}

// addAll adds the strings that e matches. It returns false if they are too many, too long or not all found.
func (l *stringList) addAll(e *Expr) bool {
	switch e.Op {
	case OpNever:
		return true
	case OpEmpty:
		return l.add("")
	case OpText:
		return l.add(e.Text)
	case OpSet:
		if e.Set.Len() > maxStrings {
			return false
		}
		for c, ok := e.Set.First(0); ok; c, ok = e.Set.First(int(c) + 1) {
			if !l.add(string([]byte{c})) {
				return false
			}
		}
		return true
	case OpAlt:
		for _, s := range e.Subs {
			if !l.addAll(s) {
				return false
			}
		}
		return true
	case OpCat:
		all := []string{""}
		for _, s := range e.Subs {
			next, ok := finite(s)
			if ok {
				all, ok = product(all, next)
			}
			if !ok {
				return false
			}
		}
		return l.addList(all)
	case OpRepeat:
		sub, ok := finite(e.Subs[0])
		if !ok || e.Max == unbounded {
			return false
		}
		power := []string{""}
		for n := 0; ; n++ {
			if n >= e.Min && !l.addList(power) {
				return false
			}
			if n == e.Max {
				return true
			}
			if power, ok = product(power, sub); !ok {
				return false
			}
		}
	}
	return false // an edge
}

func (l *stringList) addList(list []string) bool {
	for _, s := range list {
		if !l.add(s) {
			return false
		}
	}
	return true
}

// product returns each of a followed by each of b, if that is within the bounds.
func product(a, b []string) ([]string, bool) {
	if len(a) == 1 && a[0] == "" {
		return b, true
	}
	var out stringList
	for _, x := range a {
		for _, y := range b {
			if !out.add(x + y) {
				return nil, false
			}
		}
	}
	return out.list, true
}
