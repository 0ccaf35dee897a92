package match

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
)

// PCREOptions say how httpd compiles a regular expression. The zero value is its default: RegexDefaultOptions DOTALL
// DOLLAR_ENDONLY (Apache HTTP Server 2.4, core, RegexDefaultOptions).
type PCREOptions struct {
	IgnoreCase   bool // [NC], (?i), SetEnvIfNoCase: ASCII letters in either case
	Multiline    bool // flag m of an expression: ^ and $ hold at line ends too
	NoDotAll     bool // '.' does not take a line feed
	FinalNewline bool // '$' holds before a line feed that ends the subject, too
}

// ErrLimit says that a match was given up after as many steps as PCRE2 takes before it gives up (match limit, ten million
// by default). httpd treats the pattern as one that does not match then.
var ErrLimit = errors.New("match given up: the pattern needs too many tries on this text")

// A PCRE is a regular expression as RewriteRule, RedirectMatch, LocationMatch, SetEnvIf and expressions use them: searched
// for in the subject, byte by byte, with the meaning of PCRE2 10.42. It is immutable and safe for many goroutines.
type PCRE struct {
	text   string
	root   *pnode
	names  []string
	shape  Shape
	heads  Heads
	tails  Heads // the texts of which a subject ends with one
	form   pcreForm
	once   sync.Once
	ready  atomic.Pointer[pprogram]
	fold   bool // the form compares in either case
	group  bool // the form has a gap that is group 1
	least  int  // bytes of the gap at least
	atEnd  bool // a match ends with the subject and has no more than widest bytes
	widest int
	inner  string // a text that is certain besides Prefix and Suffix, if their case counts
}

// A Shape says what is plain to see about a pattern without running it. What it says always holds for a subject that
// matches; an empty shape says nothing.
type Shape struct {
	Begin    bool   // a match begins with the subject
	End      bool   // a match ends with the subject
	Prefix   string // the subject begins so; only with Begin
	Suffix   string // the subject ends so; only with End
	Contains string // the subject holds this text, the longest that is certain
	Whole    bool   // the pattern is no more than this text, between Begin and End as far as they hold
	MinLen   int    // the subject has at least so many bytes
	Fold     bool   // the texts are in lower case and meant in either case
}

// A pcreForm is a way to match without the machine.
type pcreForm uint8

const (
	pcreMachine pcreForm = iota
	pcreLiteral          // Contains is the whole pattern; Begin and End say where
	pcreAffixes          // Prefix, anything, Suffix, from begin to end
	pcreTexts            // the subject is one of heads
)

// CompilePCRE compiles a regular expression. The error is a *[SyntaxError] where PCRE2 refuses the pattern, so that httpd
// does not start, and an *[UnsupportedError] where PCRE2 takes it and this package does not simulate it: calls of groups,
// verbs and options in (*…), callouts, properties of characters, what differs between releases of PCRE2, and patterns
// that are too large. What is needed to run the pattern is built when it is first used.
//
// One thing is left as PCRE2 means it and not as 10.42 does it: looking for a match, it may skip one of a pattern that
// begins with a lookahead, (?=a)[ab]?a on a for example.
func CompilePCRE(text string, o PCREOptions) (*PCRE, error) {
	p := pcreParser{text: text, endDollar: !o.FinalNewline}
	p.flags = pcreFlags{fold: o.IgnoreCase, multi: o.Multiline, dotall: !o.NoDotAll}
	root := p.parse()
	if p.err != nil {
		return nil, p.err
	}
	if size := root.pcreSize(); size > maxPCRESize {
		return nil, &UnsupportedError{Offset: 0, End: len(text), Message: "pattern is too large to simulate", Hint: "split it into several rules"}
	}
	re := &PCRE{text: text, root: root, names: make([]string, p.most+1)}
	for _, n := range p.names {
		re.names[n.n] = n.name
	}
	re.setShape()
	re.setForm()
	return re, nil
}

// pcreSize is how many instructions the node needs at most, saturating.
func (n *pnode) pcreSize() int {
	size := 3
	for _, s := range n.subs {
		size += s.pcreSize() + 2
		if size > maxPCRESize {
			return maxPCRESize + 1
		}
	}
	if n.op == popRepeat && oneByte(n.subs[0]) == nil {
		times := max(n.min, n.max)
		if n.max == unbounded {
			times++
		}
		size *= max(times, 1)
	}
	return min(size, maxPCRESize+1)
}

// Text returns the text that the pattern was compiled from.
func (re *PCRE) Text() string { return re.text }

// NumCaptures returns how many groups remember what they match; group 0, the whole match, is not counted.
func (re *PCRE) NumCaptures() int { return len(re.names) - 1 }

// Names returns the names of the groups by number, "" for one without a name. LocationMatch sets variables by them. Do not
// change the slice.
func (re *PCRE) Names() []string { return re.names }

// Shape returns what is plain to see about the pattern.
func (re *PCRE) Shape() Shape { return re.shape }

// Match looks for the pattern in subject. If it is found, the slice that it returns holds the start and the end of each
// group, the whole match first, -1 for one that has not matched; caps is used for it if it is large enough. The error is
// [ErrLimit] or nil; httpd knows no match in either case.
//
// Where it is sound, failures are remembered, so that a pattern without lookaround, back reference, atomic group, condition
// or repetition of something empty takes a time that grows with the lengths of pattern and subject alone, not one that
// explodes. PCRE2 does not remember, and may give up where a match is found here.
//
// It does not allocate, but for the first time that a pattern is used, for a caps that is too small, and for patterns
// that go back and forth a lot.
func (re *PCRE) Match(subject string, caps []int) (ok bool, groups []int, err error) {
	n := 2 * len(re.names)
	if cap(caps) < n {
		caps = make([]int, n)
	}
	caps = caps[:n]
	if re.form != pcreMachine {
		return re.quick(subject, caps), caps, nil
	}
	if !re.possible(subject) || !re.heads.begins(subject) || !re.tails.ends(subject) {
		return false, caps, nil
	}
	prog := re.ready.Load()
	if prog == nil {
		prog = re.build()
	}
	from := 0
	if re.atEnd && !re.shape.Begin {
		from = max(len(subject)-re.widest, 0)
	}
	ok, limit := prog.exec(subject, caps, from, re.shape.Begin)
	if limit {
		return false, caps, ErrLimit
	}
	return ok, caps, nil
}

// build compiles the pattern, the first time that it is needed.
func (re *PCRE) build() *pprogram {
	re.once.Do(func() {
		prog, ok := compilePCRE(re.root)
		if !ok { // impossible: the size has been checked
			prog = &pprogram{code: []pinst{{op: piFail}}}
		}
		re.ready.Store(prog)
	})
	return re.ready.Load()
}

// possible reports whether the subject has what every match needs.
func (re *PCRE) possible(s string) bool {
	sh := &re.shape
	if len(s) < sh.MinLen {
		return false
	}
	if sh.Fold {
		return (sh.Prefix == "" || len(s) >= len(sh.Prefix) && foldEqual(s[:len(sh.Prefix)], sh.Prefix)) &&
			(sh.Suffix == "" || len(s) >= len(sh.Suffix) && foldEqual(s[len(s)-len(sh.Suffix):], sh.Suffix))
	}
	return strings.HasPrefix(s, sh.Prefix) && strings.HasSuffix(s, sh.Suffix) && (re.inner == "" || strings.Contains(s, re.inner))
}

// quick matches the forms that need no machine.
func (re *PCRE) quick(s string, caps []int) bool {
	sh := &re.shape
	if re.form == pcreAffixes {
		to := len(s) - len(sh.Suffix)
		if to-len(sh.Prefix) < re.least || !re.possible(s) {
			return false
		}
		caps[0], caps[1] = 0, len(s)
		if re.group {
			caps[2], caps[3] = len(sh.Prefix), to
		}
		return true
	}
	if re.form == pcreTexts {
		caps[0], caps[1] = 0, len(s)
		return re.heads.begins(s)
	}
	from := 0
	switch text := sh.Contains; {
	case len(s) < len(text) || sh.Begin && sh.End && len(s) != len(text):
		return false
	case sh.Begin || sh.End:
		if !sh.Begin {
			from = len(s) - len(text)
		}
		if part := s[from : from+len(text)]; part != text && !(re.fold && foldEqual(part, text)) {
			return false
		}
	case re.fold:
		if from = indexFold(s, text); from < 0 {
			return false
		}
	default:
		if from = strings.Index(s, text); from < 0 {
			return false
		}
	}
	caps[0], caps[1] = from, from+len(sh.Contains)
	return true
}

// indexFold is strings.Index with ASCII letters in either case; text is in lower case.
func indexFold(s, text string) int {
	if text == "" {
		return 0
	}
	first := text[0]
	for i := 0; i+len(text) <= len(s); i++ {
		if foldByte(s[i]) == first && foldEqual(s[i:i+len(text)], text) {
			return i
		}
	}
	return -1
}

// setShape reads off the tree what holds for every subject that matches.
func (re *PCRE) setShape() {
	sh := &re.shape
	items := []*pnode{re.root}
	if re.root.op == popCat {
		items = re.root.subs
	}
	sh.MinLen = re.root.least()
	from, to := 0, len(items)
	for from < to && items[from].op == popBegin {
		sh.Begin = true
		from++
	}
	for to > from && items[to-1].op == popEnd {
		sh.End = true
		to--
	}
	items = items[from:to]
	if sh.End {
		re.widest, re.atEnd = re.root.widest()
	}
	certain := func(n *pnode) {
		if sh.Contains == "" {
			sh.Fold = n.fold
		}
		if n.fold == sh.Fold && len(n.text) > len(sh.Contains) { // texts of one case only
			sh.Contains = n.text
		}
	}
	for i, n := range items {
		n.certain(certain)
		if n.op != popText || n.fold != sh.Fold {
			continue
		}
		if i == 0 && sh.Begin {
			sh.Prefix = n.text
		}
		if i == len(items)-1 && sh.End {
			sh.Suffix = n.text
		}
	}
	if !sh.Fold {
		for i, n := range items {
			n.certain(func(n *pnode) {
				outer := n == items[i] && (i == 0 && sh.Begin || i == len(items)-1 && sh.End)
				if !n.fold && !outer && len(n.text) > len(re.inner) {
					re.inner = n.text
				}
			})
		}
	}
	sh.Whole = len(items) == 0 || len(items) == 1 && items[0].op == popText
	if !sh.Begin && len(items) > 0 && re.startsAnywhere(items[0]) {
		// '.*' in front: if nothing is found from the first byte on, nothing is found at all.
		sh.Begin = true
		sh.Whole = false
	}
}

// certain calls f for the texts that each match of n takes.
func (n *pnode) certain(f func(*pnode)) {
	switch n.op {
	case popText:
		f(n)
	case popCat:
		for _, s := range n.subs {
			s.certain(f)
		}
	case popCapture, popAtomic:
		n.subs[0].certain(f)
	case popRepeat:
		if n.min > 0 {
			n.subs[0].certain(f)
		}
	}
}

// startsAnywhere reports whether n is '.*', and nothing in the pattern could tell where it began.
func (re *PCRE) startsAnywhere(n *pnode) bool {
	if n.op == popCapture {
		n = n.subs[0]
	}
	if n.op != popRepeat || n.greed == possessive || n.min > 0 || n.max != unbounded || n.subs[0].op != popSet || !n.subs[0].set.Any() {
		return false
	}
	sound := true
	re.root.walk(func(s *pnode) {
		switch s.op {
		case popBackref, popAtomic, popLook, popCond, popKeep:
			sound = false
		case popRepeat:
			sound = sound && s.greed != possessive
		}
	})
	return sound
}

// setForm chooses the forms that need no machine.
func (re *PCRE) setForm() {
	sh := &re.shape
	if sh.Whole && len(re.names) == 1 {
		re.form, re.fold = pcreLiteral, sh.Fold
		return
	}
	if re.root.op == popCat && re.root.subs[0].op == popBegin && len(re.names) <= 2 {
		re.setGap(re.root.subs[1:])
	}
	if re.form == pcreMachine {
		re.setEnds()
	}
}

// setGap finds out whether the pattern is a prefix, a gap and a suffix.
func (re *PCRE) setGap(items []*pnode) {
	sh := &re.shape
	gap := -1
	for i, n := range items {
		switch {
		case n.op == popText && n.fold == sh.Fold && (i == 0 || i == gap+1 && gap >= 0 && sh.End):
		case n.isGap() && gap < 0, n.op == popCapture && n.subs[0].isGap() && gap < 0:
			gap = i
			re.group = n.op == popCapture
			if re.least = n.min; re.group {
				re.least = n.subs[0].min
			}
		case n.op == popEnd && i == len(items)-1 && gap >= 0:
		default:
			return
		}
	}
	if gap >= 0 && re.group == (len(re.names) == 2) {
		re.form = pcreAffixes
	}
}
