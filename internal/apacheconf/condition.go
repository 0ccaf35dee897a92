package apacheconf

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/grammar/httpd"
)

// condition makes an action of a test: where it holds, what is in the section is read as if the section were not there;
// where it does not, its lines are only looked at for where it ends.
func condition(holds func(*reader, *Node, line) (bool, bool)) action {
	return func(r *reader, in *input, b *builder, n *Node, l line) ending {
		if !n.Bracket {
			r.mismatch(n, l, "section <"+n.Name+"> has no closing bracket", "end the line with >")
		}
		is, ok := holds(r, n, l)
		is = is && ok
		test := Test{Node: n, Holds: is}
		if t := r.parsed[n.At.File]; t != nil {
			test.Section = t.sections[n.At.Start]
		}
		r.tree.Tests = append(r.tree.Tests, test)
		if r.nested++; r.nested > maxNested {
			r.exceed(l, "sections and includes lie more than %d deep in each other", maxNested)
		}
		defer func() { r.nested-- }()
		if !is {
			return r.soak(in, b, n, l)
		}
		return r.contain(in, b, n, l)
	}
}

// contain reads the section of a condition that holds. httpd wants its closing line alone, outside any section within.
func (r *reader) contain(in *input, outer *builder, n *Node, opening line) ending {
	b := &builder{list: outer.target(), outer: outer, ending: n.Key, opening: n}
	for {
		l, ok := in.next()
		if !ok {
			break
		}
		if len(b.open) == 0 && isClosing(l.text, n.Key) {
			n.CloseAt = l.at
			return ending{}
		}
		if end := r.line(in, b, l); end.ends {
			if end.push != nil {
				return r.line(in, outer, *end.push)
			}
			return ending{}
		}
	}
	// httpd does not miss the closing line of a condition that holds, nor those of the sections within it.
	for i := len(b.open) - 1; i >= 0; i-- {
		r.forgiven(b.open[i], opening)
	}
	r.forgiven(n, opening)
	return ending{}
}

// isClosing reports whether a line is </key> and nothing else.
func isClosing(text, key string) bool {
	return len(text) == len(key)+3 && text[0] == '<' && text[1] == '/' && text[len(text)-1] == '>' &&
		strings.EqualFold(text[2:len(text)-1], key)
}

// soak passes over a section: only its nesting counts, and
// variables are not replaced.
func (r *reader) soak(in *input, outer *builder, n *Node, opening line) ending {
	names := []string{n.Key}
	open := map[string]int{n.Key: 1} // how often each stands in names
	pop := func(to int) {
		for _, name := range names[to:] {
			open[name]--
		}
		names = names[:to]
	}
	for {
		l, ok := in.next()
		if !ok {
			break
		}
		text := l.text
		if text[0] != '<' && text[0] != '"' && text[0] != '\'' {
			continue
		}
		w, _, ok := nextWord(text, 0)
		if !ok || !strings.HasPrefix(w.Text, "<") {
			continue
		}
		name, closes := strings.CutPrefix(w.Text[1:], "/")
		if !closes {
			name = fold(strings.TrimSuffix(name, ">"))
			names = append(names, name)
			open[name]++
			continue
		}
		if name != "" {
			name = name[:len(name)-1] // httpd takes the last byte for the bracket
		}
		key := fold(name)
		if last := len(names) - 1; names[last] == key {
			if pop(last); last == 0 {
				n.CloseAt = l.at
				return ending{}
			}
			continue
		}
		node := r.node(l)
		r.mismatch(node, l, fmt.Sprintf("closing line </%s> stands where </%s> is missing", name, names[len(names)-1]),
			"sections that are passed over are held to their nesting too")
		if open[key] > 0 {
			to := lastIndex(names, key)
			if pop(to); to == 0 {
				return ending{}
			}
			continue
		}
		for o := outer; o != nil; o = o.outer {
			if o.has(key) || o.ending == key {
				return r.line(in, outer, l)
			}
		}
		if last := len(names) - 1; alike(names[last], key) {
			if pop(last); last == 0 {
				return ending{}
			}
		}
	}
	if !r.done() {
		r.unclosed(n, opening)
	}
	return ending{}
}

func lastIndex(names []string, name string) int {
	for i := len(names) - 1; i >= 0; i-- {
		if names[i] == name {
			return i
		}
	}
	return -1
}

// subject is the argument of a condition: its first word, with what a ! in front says. A ! in quotes is part of the word.
func (r *reader) subject(n *Node, l line) (name string, not, ok bool) {
	args := n.Args
	if rest, found := strings.CutPrefix(args, "!"); found {
		args, not = rest, true
	}
	w, _, _ := nextWord(args, 0)
	if w.Text == "" {
		r.refuse(httpd.SectionMismatch, n.At, l, "name what is to be tested", "section <%s> has no argument", n.Name)
		return "", false, false
	}
	return w.Text, not, true
}

func (r *reader) ifDefine(n *Node, l line) (bool, bool) {
	name, not, ok := r.subject(n, l)
	_, defined := r.tree.Defines[name]
	return defined != not, ok
}

func (r *reader) ifModule(n *Node, l line) (bool, bool) {
	name, not, ok := r.subject(n, l)
	return r.tree.Loaded(name) != not, ok
}

func (r *reader) ifFile(n *Node, l line) (bool, bool) {
	name, not, ok := r.subject(n, l)
	if !ok {
		return false, false
	}
	_, err := r.opt.FS.Stat(Absolute(r.tree.Root, name))
	return (err == nil) != not, true
}

// ifVersion compares httpd's release with one that is written in up to three numbers, of which missing ones are 0, or
// matches it with a regular expression.
func (r *reader) ifVersion(n *Node, l line) (holds, ok bool) {
	refuse := func(hint, format string, args ...any) (bool, bool) {
		r.refuse(httpd.SectionMismatch, n.At, l, hint, format, args...)
		return false, false
	}
	const form = "write as <IfVersion >= 2.4>"
	words, _ := Words(n.rest)
	if len(words) == 0 || len(words) > 3 {
		return refuse(form, "<IfVersion> wants an operator and a version, and has %d arguments", len(words))
	}
	// The bracket may touch the version or stand alone behind it; what follows one that touches it does not count.
	op, version, last := "=", words[0].Text, ""
	if len(words) > 1 {
		op, version = words[0].Text, words[1].Text
		if len(words) > 2 {
			last = words[2].Text
		} else if version == ">" {
			op, version, last = "=", op, ">"
		}
	}
	if last != ">" {
		var found bool
		if version, found = strings.CutSuffix(version, ">"); !found {
			return refuse("end the line with >", "section <%s> has no closing bracket", n.Name)
		}
	}
	reverse := len(op) > 1 && op[0] == '!'
	if reverse {
		op = op[1:]
	}
	switch op {
	case "=", "==", "<", "<=", ">", ">=":
		if strings.HasPrefix(version, "/") && op[0] == '=' {
			if len(version) < 2 || !strings.HasSuffix(version, "/") {
				return refuse("write as <IfVersion = /^2.4/>", "regular expression of <IfVersion> is not closed by a slash")
			}
			return r.versionMatches(n, l, version[1:len(version)-1], reverse)
		}
		want, valid := parseVersion(version)
		if !valid {
			return refuse("write up to three numbers with dots between them", "version %q of <IfVersion> is not made of numbers", version)
		}
		have, _ := parseVersion(r.opt.Version)
		c := compareVersions(have, want)
		switch op {
		case "=", "==":
			holds = c == 0
		case "<":
			holds = c < 0
		case "<=":
			holds = c <= 0
		case ">":
			holds = c > 0
		case ">=":
			holds = c >= 0
		}
		return holds != reverse, true
	case "~":
		return r.versionMatches(n, l, version, reverse)
	}
	return refuse("the operators are =, <, <=, >, >= and ~", "operator %q of <IfVersion> is not known", op)
}

func (r *reader) versionMatches(n *Node, l line, pattern string, reverse bool) (bool, bool) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		r.refuse("DSP688", n.At, l, "", "regular expression %q of <IfVersion> does not compile", pattern)
		return false, false
	}
	return re.MatchString(r.opt.Version) != reverse, true
}

func parseVersion(s string) ([3]int, bool) {
	var v [3]int
	parts := strings.Split(s, ".")
	if len(parts) > 3 {
		return v, false
	}
	for i, p := range parts {
		if p == "" && i > 0 {
			continue
		}
		for j := range len(p) {
			if p[j] < '0' || p[j] > '9' {
				return v, false
			}
		}
		if len(p) > 9 {
			p = p[:9]
		}
		x, err := strconv.Atoi(p)
		if err != nil {
			return v, false
		}
		v[i] = x
	}
	return v, true
}

func compareVersions(a, b [3]int) int {
	for i := range a {
		if a[i] != b[i] {
			return a[i] - b[i]
		}
	}
	return 0
}
