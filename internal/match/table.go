package match

// A Table is the deterministic automaton of a pattern, for code that compares patterns with each other. It starts in
// state 0; after byte c, state s becomes Next[s*Classes+Class[c]]; a subject matches if the state after its last byte
// is one of Accept. It need not be the smallest such automaton.
type Table struct {
	Class   [256]uint8 // the class of each byte; no state tells bytes of one class apart
	Classes int
	Next    []int32
	Accept  []bool
}

// Table returns the automaton of the pattern, made anew at each call, or false if it has more than maxStates states
// or takes too long to make. That of a pattern made by [Nothing] matches nothing.
func (p *Pattern) Table(maxStates int) (*Table, bool) {
	e := p.Expr()
	if e.size() > MaxSize || maxStates <= 0 {
		return nil, false
	}
	b := newDFABuilder(compile(e))
	b.most, b.cells = maxStates, (maxStates+2)*256
	if !b.build() {
		return nil, false
	}
	t := &Table{Class: b.class, Classes: len(b.sample), Next: b.rows, Accept: make([]bool, len(b.states))}
	for i := range b.states {
		t.Accept[i] = b.states[i].accept
	}
	return t, true
}
