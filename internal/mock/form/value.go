package form

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/yamltext"
)

// scalarTypes are what a text may look like in YAML.
var scalarTypes = []string{"string", "number", "boolean"}

// Text is any plain value, as it is written.
func Text() Value[string] {
	return Value[string]{Schema: Schema{{"type", scalarTypes}}, Read: func(r *Reader, what string, n *yamltext.Node) (string, bool) {
		if !n.IsScalar() || n.Kind == yamltext.Null {
			r.Failf(n, `write "" for an empty one`, "%s is %s, not a text", what, n.Kind)
			return "", false
		}
		return n.Text, true
	}}
}

// Bool is true or false.
func Bool() Value[bool] {
	return Value[bool]{Schema: Schema{{"type", "boolean"}}, Read: func(r *Reader, what string, n *yamltext.Node) (bool, bool) {
		if n.Kind != yamltext.Bool {
			r.Failf(n, "", "%s is %s, not true or false", what, shown(n))
			return false, false
		}
		return strings.EqualFold(n.Text, "true"), true
	}}
}

// Int is a whole number from least to most, without signs, blanks and underscores.
func Int(least, most int64) Value[int64] {
	s := Schema{{"type", "integer"}, {"minimum", least}}
	if most != math.MaxInt64 {
		s = append(s, Member{"maximum", most})
	}
	return Value[int64]{Schema: s, Read: func(r *Reader, what string, n *yamltext.Node) (int64, bool) {
		v, err := strconv.ParseInt(n.Text, 10, 64)
		switch {
		case n.Kind != yamltext.Number || err != nil && strings.Trim(n.Text, "0123456789") != "":
			r.Failf(n, "", "%s is %s, not a whole number", what, shown(n))
			return 0, false
		case err != nil || v < least || v > most:
			if most == math.MaxInt64 {
				r.Failf(n, "", "%s %s is too small or too large", what, n.Text)
			} else {
				r.Failf(n, "", "%s %s is not between %d and %d", what, n.Text, least, most)
			}
			return 0, false
		}
		return v, true
	}}
}

// Word is one of some words.
func Word(words ...string) Value[string] {
	return Value[string]{Schema: Schema{{"enum", words}}, Read: func(r *Reader, what string, n *yamltext.Node) (string, bool) {
		if !n.IsScalar() || n.Kind == yamltext.Null {
			r.Failf(n, "", "%s is %s, not one of %s", what, n.Kind, strings.Join(words, ", "))
			return "", false
		}
		if !slices.Contains(words, n.Text) {
			r.Failf(n, DidYouMean(n.Text, words), "%s %s is not known", what, shown(n))
			return "", false
		}
		return n.Text, true
	}}
}

// durationPattern is what Duration takes, as a schema says it.
const durationPattern = `^(0|([0-9]+d)?([0-9]+(\.[0-9]+)?(ns|us|µs|μs|ms|s|m|h))*)$`

// maxDuration is the longest time that is taken: ten years.
const maxDuration = 3650 * 24 * time.Hour

// Duration is a length of time with its unit: 200ms, 1.5s, 2h30m, 7d. It is not below zero; with signed it may be.
func Duration(signed bool) Value[time.Duration] {
	pattern := durationPattern
	if signed {
		pattern = "^-?" + pattern[1:]
	}
	s := AnyOf(Schema{{"type", "string"}, {"pattern", pattern}, {"minLength", 1}}, Schema{{"const", 0}})
	return Value[time.Duration]{Schema: s, Read: func(r *Reader, what string, n *yamltext.Node) (time.Duration, bool) {
		if !n.IsScalar() || n.Kind == yamltext.Null || n.Kind == yamltext.Bool {
			r.Failf(n, "write 200ms, 10s, 5m, 2h or 7d", "%s is %s, not a length of time", what, n.Kind)
			return 0, false
		}
		d, err := ParseDuration(n.Text)
		if err == nil && d < 0 && !signed {
			err = fmt.Errorf("%s is below zero", n.Text)
		}
		if err != nil {
			hint := "write 200ms, 10s, 5m, 2h or 7d"
			if n.Kind == yamltext.Number {
				hint = fmt.Sprintf("it has no unit: write %ss or %sms", n.Text, n.Text)
			}
			r.Failf(n, hint, "%s: %v", what, err)
			return 0, false
		}
		return d, true
	}}
}

// ParseDuration reads a length of time with its unit, as [Duration] takes it, with or without a minus before it.
func ParseDuration(s string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is no length of time", s)
	rest, negative := strings.CutPrefix(s, "-")
	if rest == "" {
		return 0, wrong
	}
	if rest == "0" {
		return 0, nil
	}
	var total time.Duration
	if days, after, ok := strings.Cut(rest, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 32)
		if err != nil {
			return 0, wrong
		}
		if n > uint64(maxDuration/(24*time.Hour)) {
			return 0, fmt.Errorf("%s is longer than %d days", s, maxDuration/(24*time.Hour))
		}
		total, rest = time.Duration(n)*24*time.Hour, after
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || !plainDuration(rest) {
			return 0, wrong
		}
		if d > maxDuration {
			return 0, fmt.Errorf("%s is longer than %d days", s, maxDuration/(24*time.Hour))
		}
		total += d
	}
	if total > maxDuration {
		return 0, fmt.Errorf("%s is longer than %d days", s, maxDuration/(24*time.Hour))
	}
	if negative {
		total = -total
	}
	return total, nil
}

// plainDuration reports whether a text has no signs and digits on both sides of each dot, which package time does not ask
// for.
func plainDuration(s string) bool {
	digit := func(i int) bool { return i >= 0 && i < len(s) && '0' <= s[i] && s[i] <= '9' }
	for i := range len(s) {
		switch s[i] {
		case '-', '+':
			return false
		case '.':
			if !digit(i-1) || !digit(i+1) {
				return false
			}
		}
	}
	return s != "0"
}

// Time is a moment, RFC 3339 or Unix seconds.
func Time() Value[time.Time] {
	return Value[time.Time]{Schema: AnyOf(
		Schema{{"type", "string"}, {"format", "date-time"}}, Schema{{"type", "string"}, {"pattern", "^[0-9]{1,11}$"}},
		Schema{{"type", "integer"}, {"minimum", 0}, {"maximum", int64(99_999_999_999)}}),
		Read: func(r *Reader, what string, n *yamltext.Node) (time.Time, bool) {
			if n.IsScalar() {
				if t, ok := ParseTime(n.Text); ok {
					return t, true
				}
			}
			r.Failf(n, "write RFC 3339, such as 2025-11-20T08:00:00Z, or Unix seconds, from 1970 on", "%s is %s, not a time", what, shown(n))
			return time.Time{}, false
		}}
}

// ParseTime reads RFC 3339 or Unix seconds.
func ParseTime(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		const most = 99_999_999_999 // milliseconds are no seconds
		return time.Unix(n, 0).UTC(), 0 <= n && n <= most && s[0] != '+' && s[0] != '-'
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil && !t.Before(time.Unix(0, 0))
}

// OneOrMany is a value or a list of them, which is not empty.
func OneOrMany[V any](v Value[V]) Value[[]V] {
	s := AnyOf(v.Schema, Schema{{"type", "array"}, {"items", v.Schema}, {"minItems", 1}})
	return Value[[]V]{Schema: s, Read: func(r *Reader, what string, n *yamltext.Node) ([]V, bool) {
		if n.Kind == yamltext.List {
			return list(v, r, what, n)
		}
		one, ok := v.Read(r, what, n)
		return []V{one}, ok
	}}
}

// List is a list of values, which is not empty.
func List[V any](v Value[V]) Value[[]V] {
	s := Schema{{"type", "array"}, {"items", v.Schema}, {"minItems", 1}}
	return Value[[]V]{Schema: s, Read: func(r *Reader, what string, n *yamltext.Node) ([]V, bool) {
		if n.Kind != yamltext.List {
			r.Failf(n, "write its entries behind dashes", "%s is %s, not a list", what, n.Kind)
			return nil, false
		}
		return list(v, r, what, n)
	}}
}

func list[V any](v Value[V], r *Reader, what string, n *yamltext.Node) ([]V, bool) {
	if len(n.Items) == 0 {
		r.Failf(n, "", "%s is an empty list", what)
		return nil, false
	}
	out, ok := make([]V, 0, len(n.Items)), true
	for _, it := range n.Items {
		if it.Kind == yamltext.Null {
			r.Failf(it, "remove the dash, or write what belongs behind it", "an entry of %s is empty", what)
			ok = false
			continue
		}
		one, good := v.Read(r, what, it)
		out, ok = append(out, one), ok && good
	}
	return out, ok
}

// A Pair is one key of a mapping whose keys are not of a table.
type Pair[V any] struct {
	Name  *yamltext.Node
	Value V
}

// Pairs is a mapping of names to values, in the order of the text. check, which may be nil, says what is wrong with a name;
// pattern, unless it is "", says the same as a schema does.
func Pairs[V any](v Value[V], pattern string, check func(name string) error) Value[[]Pair[V]] {
	s := Schema{{"type", "object"}, {"additionalProperties", v.Schema}}
	if pattern != "" {
		s = append(s, Member{"propertyNames", Schema{{"pattern", pattern}}})
	}
	return Value[[]Pair[V]]{Schema: s, Read: func(r *Reader, what string, n *yamltext.Node) ([]Pair[V], bool) {
		if n.Kind != yamltext.Mapping {
			r.Failf(n, "write NAME: VALUE lines below it", "%s is %s, not a mapping", what, n.Kind)
			return nil, false
		}
		out, ok := make([]Pair[V], 0, len(n.Entries)), true
		for _, e := range n.Entries {
			if check != nil {
				if err := check(e.Key.Text); err != nil {
					r.Failf(e.Key, "", "%s: %v", what, err)
					ok = false
					continue
				}
			}
			if e.Value.Kind == yamltext.Null && !v.Null {
				r.Failf(e.Value, `write "" for an empty one`, "%s: %s has no value", what, e.Key.Text)
				ok = false
				continue
			}
			one, good := v.Read(r, e.Key.Text, e.Value)
			out, ok = append(out, Pair[V]{e.Key, one}), ok && good
		}
		return out, ok
	}}
}

// At keeps where a value stands beside what it is.
type At[V any] struct {
	Node  *yamltext.Node // nil where the key is missing
	Value V
}

// Given reports whether the key was there.
func (a At[V]) Given() bool { return a.Node != nil }

// Placed is a value with its place.
func Placed[V any](v Value[V]) Value[At[V]] {
	return Value[At[V]]{Schema: v.Schema, Null: v.Null, Read: func(r *Reader, what string, n *yamltext.Node) (At[V], bool) {
		got, ok := v.Read(r, what, n)
		return At[V]{n, got}, ok
	}}
}

// shown gives a node's own words where they are short, and otherwise says what it is.
func shown(n *yamltext.Node) string {
	const most = 60
	if !n.IsScalar() || n.Kind == yamltext.Null || len(n.Text) > most {
		return n.Kind.String()
	}
	return strconv.Quote(n.Text)
}
