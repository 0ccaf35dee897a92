package apexpr

import (
	"slices"
	"strings"
)

// A State is what evaluating leaves behind besides the value. The zero value is ready for a first expression; [State.Reset]
// makes it ready for another request.
type State struct {
	// Subject is the text that the last regular expression with groups matched, and Groups where its groups are: start and
	// end of each, -1 for one that has no part. Groups is empty if that expression did not match. $0 to $9 stand for them,
	// also in later expressions with the same State.
	Subject string
	Groups  []int
	// Vary names the request headers that were looked up, each once: httpd adds them to the header Vary after a condition,
	// true or not, but not after a text. Host is never among them.
	Vary []string

	groups  []int // room for Groups
	scratch []int
}

// Reset forgets everything but the memory.
func (s *State) Reset() {
	s.Subject, s.Groups, s.Vary = "", nil, s.Vary[:0]
}

// Group returns what group n, from 0 to 9, stands for.
func (s *State) Group(n int) string {
	if n > 9 || 2*n+1 >= len(s.Groups) || s.Groups[2*n] < 0 {
		return ""
	}
	return s.Subject[s.Groups[2*n]:s.Groups[2*n+1]]
}

// Condition evaluates an expression of [Parse]. The error is nil or a *[NotSimulated]. A match that is given up counts as
// none, as it does in httpd.
func (e *Expr) Condition(src Source, s *State) (bool, error) {
	if e.mode != modeCondition {
		return false, &NotSimulated{End: len(e.text), Construct: e.text, Message: "it is a text and no condition"}
	}
	v := evaluation{src: src, state: s, text: e.text}
	return v.condition(e.root)
}

// Value evaluates an expression of [ParseText]. The error is nil or a *[NotSimulated].
func (e *Expr) Value(src Source, s *State) (string, error) {
	if e.mode != modeText {
		return "", &NotSimulated{End: len(e.text), Construct: e.text, Message: "it is a condition and no text"}
	}
	v := evaluation{src: src, state: s, text: e.text}
	return v.word(e.root)
}

// An evaluation is one run of an expression.
type evaluation struct {
	src     Source
	state   *State
	text    string
	touched int // how often the state was changed
}

// unknown says that a node is not simulated.
func (v *evaluation) unknown(n *node, why string) error {
	return &NotSimulated{Offset: n.offset, End: n.end, Construct: v.text[n.offset:n.end], Message: why}
}

func (v *evaluation) condition(n *node) (bool, error) {
	if n.unknown != "" {
		return false, v.unknown(n, n.unknown)
	}
	switch n.op {
	case opTrue:
		return true, nil
	case opFalse:
		return false, nil
	case opNot:
		ok, err := v.condition(n.subs[0])
		return !ok, err
	case opAnd:
		return v.chain(n, false)
	case opOr:
		return v.chain(n, true)
	case opTest:
		return v.test(n)
	}
	// httpd evaluates the right operand first, which the order of Vary shows.
	right := ""
	if n.op == opStrings || n.op == opIntegers || n.op == opGlobMatch {
		var err error
		if right, err = v.word(n.subs[1]); err != nil {
			return false, err
		}
	}
	left, err := v.word(n.subs[0])
	if err != nil {
		return false, err
	}
	switch n.op {
	case opMatches:
		return v.matches(n, left) != n.negate, nil
	case opIPMatch:
		addr, ok, known := clientAddr(left)
		if !known {
			return false, v.unknown(n, "names of hosts are not looked up")
		}
		return ok && n.subnet.has(addr), nil
	case opIn:
		for i := len(n.subs) - 1; i > 0; i-- { // from the last to the first, as Vary shows
			right, err := v.word(n.subs[i])
			if err != nil {
				return false, err
			}
			if left == right {
				return true, nil
			}
		}
		return false, nil
	}
	switch n.op {
	case opStrings:
		return holds(n.text, strings.Compare(left, right)), nil
	case opIntegers:
		return holds(n.text, compareIntegers(left, right)), nil
	}
	return globMatch(right, left, n.text), nil // opGlobMatch
}

// holds reports whether a comparison with the outcome c comes out true.
func holds(operator string, c int) bool {
	switch operator {
	case "==", "eq":
		return c == 0
	case "!=", "ne":
		return c != 0
	case "<", "lt":
		return c < 0
	case "<=", "le":
		return c <= 0
	case ">", "gt":
		return c > 0
	}
	return c >= 0
}

// chain evaluates operands of '&&' (settles is false) or '||' (true) until one settles it. If one is not simulated, a later
// one may settle it all the same, as long as neither leaves a trace: it is not known how far httpd came.
func (v *evaluation) chain(n *node, settles bool) (bool, error) {
	var open error
	for _, s := range n.subs {
		before := v.touched
		ok, err := v.condition(s)
		switch {
		case open == nil && err != nil:
			if open = err; s.leavesTrace() {
				return false, open
			}
		case open != nil && v.touched != before:
			return false, open
		case err == nil && ok == settles:
			return settles, nil
		}
	}
	if open != nil {
		return false, open
	}
	return !settles, nil
}

// leavesTrace reports whether evaluating n may change the State.
func (n *node) leavesTrace() bool {
	_, header := headerOf(n.text)
	if n.op == opVariable && header || n.op == opCall && n.fn == fnRequest || n.op == opMatches && (n.re == nil || n.re.NumCaptures() > 0) {
		return true
	}
	return slices.ContainsFunc(n.subs, (*node).leavesTrace)
}

// matches runs a regular expression. One without groups leaves $0 to $9 alone.
func (v *evaluation) matches(n *node, subject string) bool {
	s := v.state
	if n.re.NumCaptures() == 0 {
		var ok bool
		ok, s.scratch, _ = n.re.Match(subject, s.scratch)
		return ok
	}
	v.touched++
	ok, groups, err := n.re.Match(subject, s.groups)
	s.groups = groups
	if err != nil || !ok {
		s.Subject, s.Groups = "", nil
		return false
	}
	s.Subject, s.Groups = subject, groups[:min(len(groups), 20)]
	return true
}

// test evaluates -z and the like.
func (v *evaluation) test(n *node) (bool, error) {
	word, err := v.word(n.subs[0])
	if err != nil {
		return false, err
	}
	switch n.text {
	case "n":
		return word != "", nil
	case "z":
		return word == "", nil
	case "T":
		return word != "" && word != "0" && !strings.EqualFold(word, "off") && !strings.EqualFold(word, "no") && !strings.EqualFold(word, "false"), nil
	case "R":
		client, known := v.src.Variable("REMOTE_ADDR")
		addr, ok := parseAddr(client)
		if !known || !ok {
			return false, v.unknown(n, "the address of the client is not known")
		}
		return n.subnet.has(addr), nil
	}
	info, known := v.src.Stat(word)
	if !known {
		return false, v.unknown(n, "the file is not known")
	}
	switch n.text {
	case "d":
		return info.Dir, nil
	case "e":
		return info.Exists, nil
	case "f":
		return info.Regular, nil
	case "s":
		return info.Regular && info.Size > 0, nil
	case "L", "h":
		return info.Link, nil
	}
	return info.Executable, nil // -x
}

func (v *evaluation) word(n *node) (string, error) {
	if n.unknown != "" {
		return "", v.unknown(n, n.unknown)
	}
	switch n.op {
	case opLiteral:
		return n.text, nil
	case opGroup:
		return v.state.Group(n.n), nil
	case opVariable:
		return v.variable(n)
	case opCall:
		argument, err := v.word(n.subs[0])
		if err != nil {
			return "", err
		}
		return v.call(n, argument)
	}
	return v.join(n)
}

// join evaluates an opJoin. The parts of a text with more than two come from the last to the first, as Vary shows.
func (v *evaluation) join(n *node) (string, error) {
	var few [8]string
	parts := few[:0]
	for range n.subs {
		parts = append(parts, "")
	}
	for k := range n.subs {
		if n.n > 2 {
			k = len(n.subs) - 1 - k
		}
		part, err := v.word(n.subs[k])
		if err != nil {
			return "", err
		}
		parts[k] = part
	}
	return strings.Join(parts, ""), nil
}

func (v *evaluation) variable(n *node) (string, error) {
	if header, ok := headerOf(n.text); ok {
		v.vary(header)
		return v.entry(n, RequestHeader, header)
	}
	value, known := v.src.Variable(n.text)
	if !known {
		return "", v.unknown(n, "its value is not known")
	}
	return value, nil
}

// entry looks into a table.
func (v *evaluation) entry(n *node, t Table, name string) (string, error) {
	value, _, known := v.src.Table(t, name)
	if !known {
		return "", v.unknown(n, "its value is not known")
	}
	return value, nil
}

// vary notes that a request header was looked up.
func (v *evaluation) vary(header string) {
	v.touched++
	if strings.EqualFold(header, "Host") || slices.ContainsFunc(v.state.Vary, func(h string) bool { return strings.EqualFold(h, header) }) {
		return
	}
	v.state.Vary = append(v.state.Vary, header)
}

func (v *evaluation) call(n *node, argument string) (string, error) {
	switch n.fn {
	case fnRequest:
		v.vary(argument)
		return v.entry(n, RequestHeader, argument)
	case fnRequestNoVary:
		return v.entry(n, RequestHeader, argument)
	case fnResponse:
		return v.entry(n, ResponseHeader, argument)
	case fnEnvironment:
		return v.entry(n, Environment, argument)
	case fnNote:
		return v.entry(n, Notes, argument)
	case fnSystem:
		return v.entry(n, System, argument)
	case fnAnyEnvironment:
		for _, t := range [...]Table{Notes, Environment, System} {
			value, set, known := v.src.Table(t, argument)
			if !known {
				return "", v.unknown(n, "its value is not known")
			}
			if set {
				return value, nil
			}
		}
		return "", nil
	case fnFile:
		text, known := v.src.ReadFile(argument)
		if !known {
			return "", v.unknown(n, "the file is not known")
		}
		return text, nil
	case fnFileSize:
		info, known := v.src.Stat(argument)
		if !known {
			return "", v.unknown(n, "the file is not known")
		}
		return fileSize(info), nil
	}
	return transform(n.fn, argument), nil
}
