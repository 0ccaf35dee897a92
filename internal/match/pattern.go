package match

import (
	"strings"
	"sync"
	"sync/atomic"
)

// Kind is the language that a pattern is written in.
type Kind uint8

// The kinds of pattern.
const (
	KindGlob Kind = iota // Dispatcher glob, in double quotes
	KindERE              // POSIX extended regular expression, in single quotes
	KindPCRE             // Perl-compatible regular expression of httpd, by [PCRE.Pattern]
)

// String returns "glob", "ERE" or "PCRE".
func (k Kind) String() string {
	switch k {
	case KindERE:
		return "ERE"
	case KindPCRE:
		return "PCRE"
	}
	return "glob"
}

// A form is a way to match. Each pattern is given the cheapest that fits.
type form uint8

const (
	formNever       form = iota
	formAlways           // every string
	formLiteral          // head
	formPrefix           // head, then anything
	formSuffix           // anything, then tail
	formContains         // anything, then head, then anything
	formEnds             // head, then at least so many bytes that the whole has least, then tail
	formWords            // one of words
	formAffixes          // one of some heads, anything, one of some tails
	formSequence         // segments with gaps between them
	formMachine          // an automaton
	formFoldEnds         // formEnds in either case; head and tail are in lower case
	formFoldLiteral      // formLiteral in either case
)

// A Pattern is a compiled pattern. It is immutable and safe for many goroutines. The zero value matches nothing.
type Pattern struct {
	form       form
	kind       Kind
	fold       bool
	refused    bool // made by Nothing
	empty      bool // matches the empty string
	least      int  // formEnds, formFoldEnds
	head, tail string
	words      *wordSet
	affixes    *affixes
	sequence   *sequence
	machine    *machine
	pcre       *PCRE // KindPCRE
	text       string
	notes      []Note // of a regular expression; a glob's are found when asked for
}

// Glob compiles a Dispatcher glob. Every text is one; a '[' that is never closed makes it match nothing.
//
// Matching is of the whole subject, byte by byte, and tells upper from lower case. '*' crosses '/' and blanks, and
// '\' is an ordinary character (AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md).
func Glob(text string) *Pattern { return newGlob(text, false) }

// GlobFold compiles a Dispatcher glob that takes ASCII letters in either case, as host names need.
func GlobFold(text string) *Pattern { return newGlob(text, true) }

func newGlob(text string, fold bool) *Pattern {
	p := &Pattern{kind: KindGlob, text: text, fold: fold}
	if !strings.ContainsAny(text, "*?[") {
		p.setEnds(text, text, nil)
		return p
	}
	// Letters of a folded glob stay in texts: the matchers have a comparison of their own for them.
	p.set(Simplify(parseGlob(text, fold, false)))
	return p
}

// ERE compiles a POSIX extended regular expression as glibc's regcomp(REG_EXTENDED) does. The whole subject must be the
// leftmost longest match, which is the same as some match of the whole. Where glibc breaks its own rules, POSIX is
// followed: glibc forgets anchors in the copies that it makes for '+' and intervals, so that (^a){2} matches aa, and
// lets '^' hold behind a line feed and '$' before one. The error is a *[SyntaxError] where glibc refuses the text, and an *[UnsupportedError] where glibc takes
// it and this package does not simulate it; the pattern is nil then. See [Nothing] for a pattern to go on with.
func ERE(text string) (*Pattern, error) {
	e, notes, err := ParseERE(text)
	if err != nil {
		return nil, err
	}
	p := &Pattern{kind: KindERE, text: text, notes: notes}
	e = Simplify(e)
	p.set(e)
	if p.form == formMachine && e.size() > MaxSize {
		return nil, &UnsupportedError{Offset: 0, End: len(text), Message: "pattern is too large to simulate", Hint: "split it into several rules"}
	}
	if p.form == formNever {
		p.notes = append(p.notes, Note{Offset: 0, End: len(text), Code: NoteNeverMatches,
			Message: "no text can match the pattern", Hint: "check where '^' and '$' stand"})
	}
	return p, nil
}

// Nothing returns a pattern of the given text that matches no string, to stand for one which the C library refuses.
func Nothing(kind Kind, text string) *Pattern { return &Pattern{kind: kind, text: text, refused: true} }

// Refused reports whether the pattern was made by [Nothing], and so stands for one that was not compiled.
func (p *Pattern) Refused() bool { return p.refused }

// set chooses the form for e, which is simplified.
func (p *Pattern) set(e *Expr) {
	p.empty = e.matchesEmpty()
	switch {
	case e.Op == OpNever:
		p.form = formNever
		return
	case e.isAnything():
		p.form = formAlways
		return
	}
	if p.setGap(e) {
		return
	}
	if p.fold {
		p.form, p.sequence = formSequence, newSequence(e, true)
		return
	}
	if p.kind == KindERE {
		if list, ok := finite(e); ok {
			p.setWords(list)
			return
		}
		if p.setAffixes(e) {
			return
		}
	}
	if q := newSequence(e, false); q != nil {
		p.form, p.sequence = formSequence, q
		return
	}
	p.form, p.machine = formMachine, &machine{expr: e}
}

// setGap takes the forms with at most one gap between texts, and the one with a text between two gaps.
func (p *Pattern) setGap(e *Expr) bool {
	subs := []*Expr{e}
	if e.Op == OpCat {
		subs = e.Subs
	}
	if len(subs) > 3 {
		return false
	}
	if len(subs) == 3 && subs[0].isAnything() && subs[1].Op == OpText && subs[2].isAnything() && !p.fold {
		p.form, p.head = formContains, subs[1].Text
		return true
	}
	head, tail := "", ""
	if len(subs) > 0 && subs[0].Op == OpText {
		head, subs = subs[0].Text, subs[1:]
	}
	if n := len(subs); n > 0 && subs[n-1].Op == OpText {
		tail, subs = subs[n-1].Text, subs[:n-1]
	}
	switch {
	case len(subs) == 0 && tail == "":
		p.setEnds(head, head, nil)
		return true
	case len(subs) == 1 && subs[0].isGap():
		if _, hi := subs[0].bounds(); hi == unbounded {
			p.setEnds(head, tail, subs[0])
			return true
		}
	}
	return false
}

// setEnds takes the forms that are a text, if gap is nil, or a text, a gap and a text.
func (p *Pattern) setEnds(head, tail string, gap *Expr) {
	p.head, p.tail = head, tail
	if p.fold {
		p.head, p.tail = lower(head), lower(tail)
	}
	if gap == nil {
		p.form, p.empty = formLiteral, head == ""
		if p.fold {
			p.form = formFoldLiteral
		}
		return
	}
	p.least = len(head) + gap.Min + len(tail)
	switch {
	case p.fold:
		p.form = formFoldEnds
	case gap.Min == 0 && tail == "":
		p.form = formPrefix
	case gap.Min == 0 && head == "":
		p.form = formSuffix
	default:
		p.form = formEnds
	}
}

// setWords takes the form for a finite set of strings.
func (p *Pattern) setWords(list []string) {
	if len(list) == 1 {
		p.setEnds(list[0], list[0], nil)
		return
	}
	p.form, p.words = formWords, newWordSet(list)
}

// setAffixes takes the form for two finite sets with a gap between them.
func (p *Pattern) setAffixes(e *Expr) bool {
	if e.Op != OpCat {
		return false
	}
	gap := -1
	for i, s := range e.Subs {
		if s.isGap() {
			if _, hi := s.bounds(); hi != unbounded || gap >= 0 {
				return false
			}
			gap = i
		}
	}
	if gap < 0 {
		return false
	}
	a := &affixes{gap: e.Subs[gap].Min}
	for i, part := range [][]*Expr{e.Subs[:gap], e.Subs[gap+1:]} {
		if len(part) == 0 {
			continue
		}
		list, ok := finite(&Expr{Op: OpCat, Subs: part})
		if !ok {
			return false
		}
		if i == 0 {
			a.heads = newWordSet(list)
		} else {
			a.tails = newWordSet(list)
		}
	}
	p.form, p.affixes = formAffixes, a
	return true
}

// Match reports whether the pattern matches all of s. It does not allocate, but for the first time that a pattern
// which needs an automaton is used.
func (p *Pattern) Match(s string) bool {
	switch p.form {
	case formAlways:
		return true
	case formLiteral:
		return s == p.head
	case formPrefix:
		return strings.HasPrefix(s, p.head)
	case formSuffix:
		return strings.HasSuffix(s, p.tail)
	case formContains:
		return strings.Contains(s, p.head)
	case formEnds:
		return len(s) >= p.least && strings.HasPrefix(s, p.head) && strings.HasSuffix(s, p.tail)
	case formWords:
		return p.words.has(s)
	case formAffixes:
		return p.affixes.match(s)
	case formSequence:
		return p.sequence.match(s)
	case formMachine:
		return p.machine.match(s)
	case formFoldLiteral:
		return len(s) == len(p.head) && foldEqual(s, p.head)
	case formFoldEnds:
		return len(s) >= p.least && foldEqual(s[:len(p.head)], p.head) && foldEqual(s[len(s)-len(p.tail):], p.tail)
	}
	return false
}

// Text returns the text that the pattern was compiled from.
func (p *Pattern) Text() string { return p.text }

// Kind returns the language that the pattern is written in.
func (p *Pattern) Kind() Kind { return p.kind }

// Expr returns the simplified syntax tree of the pattern, made anew at each call.
func (p *Pattern) Expr() *Expr {
	switch {
	case p.form == formNever:
		return neverExpr
	case p.kind == KindGlob:
		return Simplify(parseGlob(p.text, p.fold, p.fold))
	case p.kind == KindPCRE:
		e, _ := p.pcre.Expr()
		return e
	}
	e, _, err := ParseERE(p.text)
	if err != nil { // impossible: the text has been compiled
		return neverExpr
	}
	return Simplify(e)
}

// Strings returns all strings that the pattern matches, alternatives in the order of the pattern, if they are no more
// than 64 and not too long: 'GET|HEAD' gives GET and HEAD. A pattern that never matches gives none, and true.
func (p *Pattern) Strings() ([]string, bool) {
	switch p.form {
	case formAlways, formPrefix, formSuffix, formContains, formEnds, formFoldEnds, formAffixes:
		return nil, false
	case formLiteral:
		return []string{p.head}, true
	case formWords:
		return append([]string(nil), p.words.words...), true
	}
	if len(p.text) > maxStringBytes { // a longer text may list nothing shorter
		return nil, p.form == formNever
	}
	return finite(p.Expr())
}

// Always reports whether the pattern matches every string. A false answer is not a proof for an expression whose
// automaton is too large to build.
func (p *Pattern) Always() bool {
	switch p.form {
	case formAlways:
		return true
	case formMachine:
		return p.empty && p.machine.always()
	}
	return false
}

// Never reports whether the pattern matches no string at all. A false answer is not a proof for an expression whose
// automaton is too large to build.
func (p *Pattern) Never() bool {
	switch p.form {
	case formNever:
		return true
	case formMachine:
		return !p.empty && p.machine.never()
	}
	return false
}

// MatchesEmpty reports whether the pattern matches the empty string.
func (p *Pattern) MatchesEmpty() bool { return p.empty }

// Notes returns remarks on the pattern, in no particular order. They are nil for one made by [Nothing]: [ParseERE]
// has them.
func (p *Pattern) Notes() []Note {
	if p.kind == KindGlob && !p.refused {
		return globNotes(p.text)
	}
	return p.notes
}

// A machine matches by automaton. It is built when it is first used: many patterns of a configuration never are.
type machine struct {
	expr  *Expr
	once  sync.Once
	ready atomic.Pointer[automaton]
}

// An automaton is the outcome of building one: the table, or what to trace when that would be too large.
type automaton struct {
	dfa     *dfa
	program *program
	tracers sync.Pool // of *tracer
}

// build returns the automaton, which it makes the first time.
func (m *machine) build() *automaton {
	m.once.Do(func() {
		a := &automaton{program: compile(m.expr)}
		a.dfa = newDFA(a.program)
		if a.dfa != nil {
			a.program = nil
		}
		m.ready.Store(a)
	})
	return m.ready.Load()
}

func (m *machine) match(s string) bool {
	a := m.ready.Load()
	if a == nil {
		a = m.build()
	}
	if a.dfa != nil {
		return a.dfa.match(s)
	}
	t, _ := a.tracers.Get().(*tracer)
	if t == nil {
		t = newTracer(a.program)
	}
	ok := t.match(a.program, s)
	a.tracers.Put(t)
	return ok
}

// always reports whether the automaton is known to match every string.
func (m *machine) always() bool {
	d := m.build().dfa
	return d != nil && d.start == d.full
}

// never reports whether the automaton is known to match none. Without edges each expression but OpNever, which
// simplifying takes out, matches something.
func (m *machine) never() bool {
	if !m.expr.hasEdges() {
		return false
	}
	d := m.build().dfa
	return d != nil && d.start == 0
}
