package automata

// An element is a part of a request that a filter entry compares.
type element uint8

const (
	onMethod element = iota
	onProtocol
	onPath
	onURL
	onSelectors
	onExtension
	onSuffix
	onQuery
	onLine
)

// A phase says where in a request a lift is, and with it what the state of its pattern's automaton means.
type phase uint8

const (
	phaseOut        phase = iota // the element can come only after the next mark
	phasePath                    // in the URI, before its first dot
	phaseMiddle                  // after the first dot, before the slash that starts the suffix
	phaseIn                      // in the element
	phaseToken                   // in a selector or extension that has no byte yet
	phaseLaterToken              // the same, after a selector that does not match
	phaseLaterIn                 // in a selector or extension after a selector that does not match
	phaseNo                      // decided: the entry does not match
	phaseYes                     // decided: the element matches
	numPhases
)

// A lift translates a pattern on one element into a language over whole requests. What it says of words that are no
// request is of no account, and chosen so that it is decided as early as can be.
//
// The URI is taken apart at its first dot; selectors and extension reach from there to the next slash, and the last
// of them, which may be empty, is the extension; what follows is the suffix. Empty selectors do not count, and one
// selector that matches is enough (adobe/skills, config-patterns.md; adobe/aem-project-archetype, issue 576).
type lift struct {
	on element
	q  *dfa
	// absent says whether a request without the element matches.
	absent bool
}

// verdict is the phase after a decision.
func verdict(ok bool) phase {
	if ok {
		return phaseYes
	}
	return phaseNo
}

// step returns what follows phase and state of the pattern after a symbol.
func (l *lift) step(p phase, q int32, symbol int) (phase, int32) {
	mark := symbol >= numBytes
	switch p {
	case phaseNo, phaseYes:
		return p, dead
	case phaseOut:
		switch {
		case symbol == markMethod && l.on != onQuery && l.on != onProtocol:
			if l.on == onURL {
				return phaseIn, l.q.start
			}
			return phasePath, l.q.start // of /path, the element itself
		case symbol == markQuery && l.on == onQuery, symbol == markProtocol && l.on == onProtocol:
			return phaseIn, l.q.start
		case symbol == markProtocol && l.on == onQuery:
			return verdict(l.absent), dead
		}
		return phaseOut, dead
	case phasePath:
		switch {
		case l.on == onPath && (mark || symbol == '.'):
			return verdict(l.q.accept[q]), dead
		case l.on == onPath:
			return phasePath, l.q.step(q, symbol)
		case mark:
			return verdict(l.absent), dead
		case symbol != '.':
			return phasePath, q
		case l.on == onSuffix:
			return phaseMiddle, dead
		}
		return phaseToken, l.q.start
	case phaseMiddle:
		switch {
		case mark:
			return verdict(l.absent), dead
		case symbol == '/':
			return phaseIn, l.q.step(l.q.start, '/')
		}
		return phaseMiddle, dead
	}
	if l.on == onSelectors || l.on == onExtension {
		return l.token(p, q, symbol)
	}
	if mark {
		return verdict(l.q.accept[q]), dead
	}
	return phaseIn, l.q.step(q, symbol)
}

// token is step between the first dot and the suffix.
func (l *lift) token(p phase, q int32, symbol int) (phase, int32) {
	empty := p == phaseToken || p == phaseLaterToken
	later := p == phaseLaterToken || p == phaseLaterIn
	switch {
	case symbol >= numBytes || symbol == '/': // the token is the extension
		switch {
		case l.on == onExtension && !empty:
			return verdict(l.q.accept[q]), dead
		case later: // there are selectors, and none matches
			return phaseNo, dead
		}
		return verdict(l.absent), dead
	case symbol == '.':
		switch {
		case l.on == onExtension || empty:
			if later {
				return phaseLaterToken, l.q.start
			}
			return phaseToken, l.q.start
		case l.q.accept[q]:
			return phaseYes, dead
		}
		return phaseLaterToken, l.q.start
	case later:
		return phaseLaterIn, l.q.step(q, symbol)
	}
	return phaseIn, l.q.step(q, symbol)
}

// accepts says what counts if the word ends here. Of requests only those end so whose /protocol is looked at; for
// others the answer is the one that lets trim see when all is decided.
func (l *lift) accepts(p phase, q int32) bool {
	switch p {
	case phaseYes:
		return true
	case phasePath:
		return l.on == onPath && l.q.accept[q]
	case phaseIn:
		return l.on != onSelectors && l.on != onExtension && l.q.accept[q]
	}
	return false
}

// dfa writes the lift out.
func (l *lift) dfa(most int) (*dfa, error) {
	if l.on == onLine {
		return l.line(), nil
	}
	var r raw
	samples := l.classify(&r)
	n := l.q.states()
	number := make([]int32, int(numPhases)*n)
	type place struct {
		p phase
		q int32
	}
	var places []place
	get := func(p phase, q int32) int32 {
		at := int(p)*n + int(q)
		if number[at] == 0 {
			places = append(places, place{p, q})
			number[at] = int32(len(places))
		}
		return number[at] - 1
	}
	if l.on == onMethod {
		get(phaseIn, l.q.start)
	} else {
		get(phaseOut, dead)
	}
	for i := 0; i < len(places); i++ {
		if len(places) > most {
			return nil, ErrTooManyStates
		}
		at := places[i]
		r.accept = append(r.accept, l.accepts(at.p, at.q))
		for _, s := range samples {
			r.next = append(r.next, get(l.step(at.p, at.q, s)))
		}
	}
	return r.trim(), nil
}

// classify parts the classes of the pattern where the request is taken apart, and returns a symbol of each.
func (l *lift) classify(r *raw) []int {
	r.class, r.width = l.q.class, l.q.width
	used := make([]bool, l.q.width)
	for s := range numBytes {
		c := l.q.class[s]
		if s == '.' || s == '/' || used[c] {
			continue
		}
		used[c] = true
	}
	to := make([]uint16, l.q.width)
	count := 0
	for c := range used {
		if used[c] {
			to[c] = uint16(count)
			count++
		}
	}
	samples := make([]int, count, count+5)
	for s := range numBytes {
		r.class[s] = to[l.q.class[s]]
		if s != '.' && s != '/' {
			samples[r.class[s]] = s
		}
	}
	for _, s := range []int{'.', '/', markMethod, markQuery, markProtocol} {
		r.class[s] = uint16(len(samples))
		samples = append(samples, s)
	}
	r.width = len(samples)
	return samples
}

// line lets the marks stand for the bytes that they are in a request line.
func (l *lift) line() *dfa {
	d := *l.q
	d.class[markMethod], d.class[markProtocol], d.class[markQuery] = d.class[' '], d.class[' '], d.class['?']
	return &d
}

// requestShape returns the automaton of all words that are a request: three parts, or four with a query.
func requestShape() *dfa {
	r := raw{width: 4, accept: []bool{false, false, false, true, false}}
	r.class[markMethod], r.class[markQuery], r.class[markProtocol] = 1, 2, 3
	const none = 4
	r.next = []int32{
		0, 1, none, none, // the method
		1, none, 2, 3, // the URI
		2, none, none, 3, // the query
		3, none, none, none, // the protocol
		none, none, none, none,
	}
	return r.trim()
}
