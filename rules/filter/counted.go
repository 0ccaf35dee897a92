package filter

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var regexCatastrophic = lint.Rule{
	ID: "DSP170", Name: "regex-catastrophic", Severity: diag.Warning, Security: true, Drops: true, Farm: checkCounted,
	Doc: lint.Doc{
		Title: "counts of a regular expression multiply",
		Why: "The C library writes an expression out as often as its count says, and a count within a count as often as their product. Of " +
			"copies that may be left out, a few thousand take tens of megabytes in each process of httpd, and a URL that fits them long takes a " +
			"good part of a second.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /url '/content(/?[a-z0-9-]{1,60}){1,60}\.html' }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /url '/content(/[a-z0-9-]+)+\.html' }
}
`,
		Note: "It is reported from 1000 copies on. An asterisk within an asterisk, as in (.*/)*, is slow in engines that go back and try again; " +
			"those of the C library follow all ways at once, so it is not reported. Expressions with a back reference are DSP169.",
		Since:   since,
		Sources: []string{"glibc, regcomp (parse_dup_op)", "CVE-2010-4051, CVE-2010-4052"},
	},
}

// manyCopies is from how many copies on an expression is reported. Measured with glibc 2.36: a{1,1000} takes 9 MB and
// a{1,5000} 194 MB once read, and (a{1,30}){1,30} 0.1 s for two hundred letters.
const manyCopies = 1000

func checkCounted(ps *lint.Pass, f *model.Farm) {
	for _, r := range rulesOf(f) {
		for _, p := range r.Patterns() {
			if p.Kind() != match.KindERE || !strings.Contains(p.Text(), "{") || strings.Contains(p.Text(), "${") {
				continue
			}
			if n := optionalCopies(p.Text()); n >= manyCopies {
				ps.Tell(p.ValueAt, p.At, fmt.Sprintf("/%s of %s is written out to %s copies that may be left out", p.Property, named(r), several(n)),
					"write '+' or '*' for the counts, or smaller ones")
			}
		}
	}
}

// several names a number that may be too large to mean anything.
func several(n int) string {
	if n >= mostCopies {
		return "more than a million"
	}
	return fmt.Sprint(n)
}

// mostCopies bounds what is counted.
const mostCopies = 1_000_000

// optionalCopies returns how many parts of an extended regular expression may be left out because of counts with a range
// once all counts are written out.
func optionalCopies(text string) int {
	c := counting{text: text}
	_, optional := c.alternatives(0)
	return optional
}

// A counting reads an extended regular expression for its counts. Whatever is wrong with it is for others to say.
type counting struct {
	text string
	pos  int
}

// alternatives reads up to a closing parenthesis, or the end. size counts single characters once written out.
func (c *counting) alternatives(depth int) (size, optional int) {
	for c.pos < len(c.text) {
		if c.text[c.pos] == ')' && depth > 0 {
			c.pos++
			break
		}
		s, o := c.atom(depth)
		s, o = c.counts(s, o)
		size, optional = min(size+s, mostCopies), min(optional+o, mostCopies)
	}
	return size, optional
}

func (c *counting) atom(depth int) (size, optional int) {
	switch b := c.text[c.pos]; {
	case b == '(' && depth < match.MaxDepth:
		c.pos++
		return c.alternatives(depth + 1)
	case b == '[':
		c.class()
	case b == '\\':
		c.pos = min(c.pos+2, len(c.text))
	case b == '|' || b == '^' || b == '$':
		c.pos++
		return 0, 0
	default:
		c.pos++
	}
	return 1, 0
}

// class passes over a class in brackets.
func (c *counting) class() {
	c.pos++
	if strings.HasPrefix(c.text[c.pos:], "^") {
		c.pos++
	}
	for first := true; c.pos < len(c.text); first = false {
		b := c.text[c.pos]
		c.pos++
		switch {
		case b == ']' && !first:
			return
		case b == '[' && c.pos < len(c.text) && strings.IndexByte(":.=", c.text[c.pos]) >= 0:
			if end := strings.Index(c.text[c.pos+1:], c.text[c.pos:c.pos+1]+"]"); end >= 0 {
				c.pos += 1 + end + 2
			}
		}
	}
}

// counts reads the repetitions behind an atom.
func (c *counting) counts(size, optional int) (int, int) {
	for c.pos < len(c.text) {
		switch c.text[c.pos] {
		case '+':
			c.pos++
		case '*', '?':
			c.pos++
			optional = size
		case '{':
			least, most, end := interval(c.text[c.pos:])
			if end == 0 {
				return size, optional
			}
			c.pos += end
			n := max(least, most, 1)
			if most > least {
				optional = size
			}
			size, optional = min(size*n, mostCopies), min(optional*n, mostCopies)
		default:
			return size, optional
		}
	}
	return size, optional
}

// interval reads {n}, {n,} (most is 0 then), {,m} or {n,m} at the start of a text. end is 0 where there is none.
func interval(text string) (least, most, end int) {
	close := strings.IndexByte(text, '}')
	if close < 2 {
		return 0, 0, 0
	}
	from, to, ranged := strings.Cut(text[1:close], ",")
	least, ok := number(from)
	if !ok {
		return 0, 0, 0
	}
	if !ranged {
		return least, least, close + 1
	}
	most, ok = number(to)
	if !ok {
		return 0, 0, 0
	}
	return least, most, close + 1
}

// number reads a number of the C library's size; nothing is zero.
func number(text string) (n int, ok bool) {
	if len(text) > 5 {
		return 0, false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = 10*n + int(text[i]-'0')
	}
	return n, true
}
