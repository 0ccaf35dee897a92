package replay

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// A classifier puts the values of a request header into classes: two values are of one class if every condition of the
// configuration says the same of both. So a request can be decided by what the log says in a header that tells who the visitor
// is, such as User-Agent, and the class alone be kept.
type classifier struct {
	tests []headerTest

	mu sync.Mutex
	// examples has a value of each class, in memory alone.
	examples map[uint64]string
}

// A headerTest is a condition on the value of a header: a pattern, or a text that it must equal.
type headerTest struct {
	pattern *match.PCRE
	equal   string
	fold    bool
	key     string // where it stands
}

// maxTests is how many conditions a class has bits for.
const maxTests = 64

// classOf returns the class of a value.
func (c *classifier) classOf(value string) uint64 {
	class := uint64(0)
	for i := range c.tests {
		t := &c.tests[i]
		holds := false
		switch {
		case t.pattern != nil:
			holds, _, _ = t.pattern.Match(value, nil)
		case t.fold:
			holds = strings.EqualFold(value, t.equal)
		default:
			holds = value == t.equal
		}
		if holds {
			class |= 1 << i
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.examples[class]; !ok {
		c.examples[class] = strings.Clone(value)
	}
	return class
}

// example returns a value of a class.
func (c *classifier) example(class uint64) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.examples[class]
}

// conditions are those that a configuration has of headers.
type conditions struct {
	rewrites map[source.Span]*server.RewriteCond
	envs     map[source.Span]*server.EnvIf
	rules    map[source.Span]*server.RewriteRule
}

func newConditions() conditions {
	return conditions{map[source.Span]*server.RewriteCond{}, map[source.Span]*server.EnvIf{}, map[source.Span]*server.RewriteRule{}}
}

// note takes a condition that a walk over the configuration has come to.
func (c *conditions) note(v reflect.Value) {
	if !v.CanAddr() {
		return
	}
	switch x := v.Addr().Interface().(type) {
	case *server.RewriteCond:
		c.rewrites[x.At] = x
	case *server.EnvIf:
		c.envs[x.At] = x
	case *server.RewriteRule:
		c.rules[x.At] = x
	}
}

// classifierOf makes a classifier for a header; nil where the configuration looks at it in a way that has no classes: in an
// expression, or as a part of a text. mentions is how often the texts look at the header at all.
func (c *conditions) classifierOf(header string, mentions int) *classifier {
	k := &classifier{examples: map[uint64]string{}}
	found := 0
	for _, x := range c.rewrites {
		if !namesHeader(x.Test, header) {
			continue
		}
		found++
		switch {
		case x.Kind == server.CondPattern && x.Pattern != nil && x.Pattern.PCRE != nil:
			k.tests = append(k.tests, headerTest{pattern: x.Pattern.PCRE, key: placeKey(x.At)})
		case x.Kind == server.CondLexEqual:
			k.tests = append(k.tests, headerTest{equal: x.Operand, fold: x.NoCase, key: placeKey(x.At)})
		default:
			return nil
		}
	}
	for _, x := range c.envs {
		if !strings.EqualFold(x.Attribute, header) {
			continue
		}
		found++
		for _, s := range x.Set {
			if strings.Contains(s.Value, "$") {
				return nil
			}
		}
		if x.Pattern == nil || x.Pattern.PCRE == nil {
			return nil
		}
		k.tests = append(k.tests, headerTest{pattern: x.Pattern.PCRE, key: placeKey(x.At)})
	}
	if found == 0 || found < mentions || len(k.tests) > maxTests {
		return nil
	}
	// The order of the tests makes the bits; it must not be that of the maps.
	slices.SortFunc(k.tests, func(a, b headerTest) int { return strings.Compare(a.key, b.key) })
	return k
}

// placeKey orders places.
func placeKey(s source.Span) string {
	if s.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s %09d", s.File.Name, s.Start)
}

// namesHeader reports whether a test string is the value of a header and nothing else.
func namesHeader(test, header string) bool {
	name, ok := strings.CutPrefix(test, "%{")
	if !ok || !strings.HasSuffix(name, "}") {
		return false
	}
	name = name[:len(name)-1]
	if len(name) > 5 && strings.EqualFold(name[:5], "HTTP:") {
		return strings.EqualFold(name[5:], header)
	}
	return strings.EqualFold(name, "HTTP_"+strings.ReplaceAll(header, "-", "_"))
}

// idle reports whether a header decides nothing as long as it has one of these values: every rule that looks at it has a
// condition that fails for each of them, and nothing else looks at it. mentions is how often the texts look at it at all.
func (c *conditions) idle(header string, mentions int, values ...string) bool {
	found := 0
	for _, r := range c.rules {
		looks := 0
		for _, x := range r.Conditions {
			if namesHeader(x.Test, header) {
				looks++
			}
		}
		if looks == 0 {
			continue
		}
		found += looks
		for _, v := range values {
			if !fails(r, header, v) {
				return false
			}
		}
	}
	return found > 0 && found >= mentions
}

// fails reports whether a condition of a rule on a header, which no other stands in for, is not met by a value.
func fails(r *server.RewriteRule, header, value string) bool {
	for i, x := range r.Conditions {
		if !namesHeader(x.Test, header) || x.Or || i > 0 && r.Conditions[i-1].Or {
			continue
		}
		if x.Kind != server.CondPattern || x.Pattern == nil || x.Pattern.PCRE == nil {
			continue
		}
		if ok, _, err := x.Pattern.PCRE.Match(value, nil); err == nil && ok == x.Negated {
			return true
		}
	}
	return false
}
