package rewrite

import (
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
)

// condition tries one condition. failed says that httpd gives up with an error.
func (x *run) condition(c *condition, r *rule) (ok, failed bool) {
	mark := 0
	if x.doubts != nil {
		mark = x.doubts.Begin()
	}
	input := ""
	if c.Kind != server.CondExpr {
		if c.quick != nil {
			input = x.variable(c.quick)
		} else {
			input = x.expand(c.test)
		}
	}
	if c.NotSimulated != "" {
		x.s.NotSimulated("RewriteCond "+c.Test, c.NotSimulated, c.Place)
		x.uncertain = true
	}
	switch c.Kind {
	case server.CondPattern:
		ok = x.condPattern(c, input)
	case server.CondExpr:
		ok, failed = x.condExpr(c)
	case server.CondFile, server.CondDirectory, server.CondSize, server.CondLink, server.CondExecutable:
		ok = x.isFile(c.Kind, input)
	case server.CondURL, server.CondFileURL:
		x.s.NotSimulated("RewriteCond "+c.Test, "a request of httpd's own is not simulated here", c.Place)
		x.uncertain = true
	default:
		ok = compare(c, input)
	}
	if c.Negated {
		ok = !ok
	}
	if x.doubts != nil {
		ok = x.doubts.End(mark, ok)
	}
	if c.NoVary {
		x.varyThis = ""
	}
	if x.rec != nil && !x.silent {
		x.logCondition(c, input, ok)
	}
	return ok, failed
}

func (x *run) condPattern(c *condition, input string) bool {
	p := c.Pattern
	if p.PCRE == nil {
		if p.NotSimulated != "" {
			x.s.NotSimulated(p.Text, p.NotSimulated, c.Place)
			x.uncertain = true
		}
		return false
	}
	// A condition that is not met, or negated, leaves the groups of the one before: they stay in their own memory.
	ok, caps, err := p.PCRE.Match(input, x.condBufs[1-x.condBuf][:0])
	if ok = x.sure(ok, err, c); ok && !c.Negated {
		x.condSource, x.condCaps, x.condSet = input, caps, true
		x.condBuf = 1 - x.condBuf
	}
	return ok
}

func (x *run) sure(ok bool, err error, c *condition) bool {
	if err != nil {
		x.s.NotSimulated(c.Pattern.Text, err.Error(), c.Place)
		x.uncertain = true
		return false
	}
	return ok
}

func (x *run) condExpr(c *condition) (ok, failed bool) {
	ok, subject, caps, err := x.s.Expr(c.Expr, !c.NoVary)
	if err != nil {
		x.s.NotSimulated("RewriteCond expr", err.Error(), c.Place)
		x.uncertain = true
		return false, false
	}
	if ok && !c.Negated && caps != nil {
		x.condSource, x.condSet = subject, true
		x.condCaps = append(x.condBufs[x.condBuf][:0], caps...)
	}
	return ok, false
}

func (x *run) isFile(kind server.CondKind, path string) bool {
	if path == "" {
		return false
	}
	k := x.s.Stat(path)
	switch kind {
	case server.CondFile:
		return k == Plain || k == Empty || k == Executable
	case server.CondSize:
		return k == Plain || k == Executable
	case server.CondDirectory:
		return k == Folder
	case server.CondLink:
		return k == Link
	}
	return k == Executable || k == Folder
}

// compare compares as text or as numbers. Of two texts the longer is the greater.
func compare(c *condition, input string) bool {
	switch c.Kind {
	case server.CondLexEqual:
		if c.NoCase {
			return strings.EqualFold(input, c.Operand)
		}
		return input == c.Operand
	case server.CondLexLess, server.CondLexGreater, server.CondLexLessEqual, server.CondLexGreaterEqual:
		order := lexical(input, c.Operand)
		if c.NoCase {
			order = strings.Compare(strings.ToLower(input), strings.ToLower(c.Operand))
		}
		switch c.Kind {
		case server.CondLexLess:
			return order < 0
		case server.CondLexGreater:
			return order > 0
		case server.CondLexLessEqual:
			return order <= 0
		}
		return order >= 0
	}
	a, b := leadingInt(input), leadingInt(c.Operand)
	switch c.Kind {
	case server.CondIntEqual:
		return a == b
	case server.CondIntNotEqual:
		return a != b
	case server.CondIntLess:
		return a < b
	case server.CondIntLessEqual:
		return a <= b
	case server.CondIntGreater:
		return a > b
	}
	return a >= b
}

func lexical(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// leadingInt reads the number that a text begins with, as C's atoi does.
func leadingInt(s string) int64 {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	var n int64
	for i := 0; i < len(s) && '0' <= s[i] && s[i] <= '9' && n < 1<<31; i++ {
		n = n*10 + int64(s[i]-'0')
	}
	if negative {
		return -n
	}
	return n
}

func (x *run) logCondition(c *condition, input string, ok bool) {
	var caps []string
	if x.condSet {
		caps = words(x.condSource, x.condCaps)
	}
	x.step.Conditions = append(x.step.Conditions, CondStep{Cond: c.RewriteCond, Input: input, Matched: ok, Captures: caps, At: c.At})
	pattern, flags, result := "", "", "not-matched"
	if c.Pattern != nil {
		pattern = c.Pattern.Text
	} else {
		pattern = c.PatternAt.Text()
	}
	if c.Negated && !strings.HasPrefix(pattern, "!") {
		pattern = "!" + pattern
	}
	if c.NoCase {
		flags = " [NC]"
	}
	if ok {
		result = "matched"
	}
	x.log(4, "RewriteCond: input='%s' pattern='%s'%s => %s", input, pattern, flags, result)
}
