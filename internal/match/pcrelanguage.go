package match

// Expr returns the set of subjects in which the pattern finds a match, as an expression for whole subjects. It is false
// for a pattern that no automaton can follow: one with a lookaround, a back reference, a condition, an atomic group or a
// possessive repetition, \Z, or with edges of lines. It is larger than the bounds of [ERE] for some.
func (re *PCRE) Expr() (*Expr, bool) {
	e, ok := re.root.language()
	if !ok {
		return nil, false
	}
	gap := &Expr{Op: OpRepeat, Min: 0, Max: unbounded, Subs: []*Expr{{Op: OpSet, Set: anySet}}}
	list := []*Expr{gap, e, gap}
	if re.root.op == popBegin || re.root.op == popCat && re.root.subs[0].op == popBegin {
		list = list[1:]
	}
	if last := len(list) - 1; re.root.op == popEnd || re.root.op == popCat && re.root.subs[len(re.root.subs)-1].op == popEnd {
		list = list[:last]
	}
	whole := list[0]
	if len(list) > 1 {
		whole = &Expr{Op: OpCat, Subs: list}
	}
	whole = Simplify(whole)
	return whole, whole.size() <= MaxSize
}

// Pattern returns a pattern that matches, as a whole, the subjects in which re finds a match. It is what code that reasons
// about patterns wants; there is none where [PCRE.Expr] has no expression.
func (re *PCRE) Pattern() (*Pattern, bool) {
	e, ok := re.Expr()
	if !ok {
		return nil, false
	}
	p := &Pattern{kind: KindPCRE, pcre: re, text: re.text}
	p.set(e)
	return p, true
}

// language returns what n takes, without regard to the order in which it tries.
func (n *pnode) language() (*Expr, bool) {
	at := func(op Op) (*Expr, bool) { return &Expr{Op: op, Offset: n.offset}, true }
	switch n.op {
	case popEmpty, popKeep:
		return at(OpEmpty)
	case popFail:
		return at(OpNever)
	case popText:
		if !n.fold {
			return &Expr{Op: OpText, Text: n.text, Offset: n.offset}, true
		}
		return n.foldedText(), true
	case popSet:
		if n.set.Len() == 0 {
			return at(OpNever)
		}
		return &Expr{Op: OpSet, Set: n.set, Offset: n.offset}, true
	case popCapture:
		return n.subs[0].language()
	case popBegin:
		return at(OpBegin)
	case popEnd:
		return at(OpEnd)
	case popWordEdge:
		return at(OpWordEdge)
	case popNotWordEdge:
		return at(OpNotWordEdge)
	case popWordStart:
		return at(OpWordStart)
	case popWordEnd:
		return at(OpWordEnd)
	case popCat, popAlt:
		e := &Expr{Op: OpCat, Offset: n.offset}
		if n.op == popAlt {
			e.Op = OpAlt
		}
		for _, s := range n.subs {
			sub, ok := s.language()
			if !ok {
				return nil, false
			}
			e.Subs = append(e.Subs, sub)
		}
		return e, true
	case popRepeat:
		sub, ok := n.subs[0].language()
		if !ok || n.greed == possessive {
			return nil, false
		}
		return &Expr{Op: OpRepeat, Min: n.min, Max: n.max, Subs: []*Expr{sub}, Offset: n.offset}, true
	}
	return nil, false
}

// foldedText is a text in either case.
func (n *pnode) foldedText() *Expr {
	var subs []*Expr
	for i := 0; i < len(n.text); i++ {
		one := n.text[i : i+1]
		if !hasLetters(one) {
			subs = append(subs, &Expr{Op: OpText, Text: one, Offset: n.offset})
			continue
		}
		var set ByteSet
		set.Add(one[0])
		set.fold()
		subs = append(subs, &Expr{Op: OpSet, Set: &set, Offset: n.offset})
	}
	if len(subs) == 1 {
		return subs[0]
	}
	return &Expr{Op: OpCat, Subs: subs, Offset: n.offset}
}
