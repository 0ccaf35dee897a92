package apexpr

// globMatch matches as apr_fnmatch does: '*', '?', [a-z], [!a] or [^a], and '\' in front of a byte that means itself.
// Operator fnmatch lets only '/' match '/'; strcmatch takes letters in either case.
func globMatch(glob, s, operator string) bool {
	g := globber{glob: glob, path: operator == "fnmatch", fold: operator == "strcmatch"}
	star, again := -1, 0
	i, j := 0, 0
	for {
		if i < len(glob) && glob[i] == '*' {
			for i < len(glob) && glob[i] == '*' {
				i++
			}
			star, again = i, j
			continue
		}
		if j == len(s) && i == len(glob) {
			return true
		}
		if j < len(s) && i < len(glob) {
			if next, ok := g.one(i, s[j]); ok {
				i, j = next, j+1
				continue
			}
		}
		if star < 0 || again >= len(s) || g.path && s[again] == '/' {
			return false
		}
		again++
		i, j = star, again
	}
}

type globber struct {
	glob       string
	path, fold bool
}

// one matches the element at i with one byte, and returns where the next element is.
func (g *globber) one(i int, c byte) (next int, ok bool) {
	if g.path && c == '/' {
		if g.glob[i] == '\\' && i+1 < len(g.glob) {
			i++
		}
		return i + 1, g.glob[i] == '/'
	}
	switch g.glob[i] {
	case '?':
		return i + 1, true
	case '[':
		if end, in, closed := g.class(i+1, c); closed {
			return end, in
		}
	case '\\':
		if i+1 < len(g.glob) {
			i++
		}
	}
	return i + 1, g.same(g.glob[i], c)
}

func (g *globber) same(a, b byte) bool { return a == b || g.fold && foldByte(a) == foldByte(b) }

func foldByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// class matches a class from behind its '['. It is none if it is not closed, or if a '/' would have to be in it.
func (g *globber) class(i int, c byte) (end int, in, closed bool) {
	negate := i < len(g.glob) && (g.glob[i] == '!' || g.glob[i] == '^')
	if negate {
		i++
	}
	for first := true; i < len(g.glob); first = false {
		if g.glob[i] == ']' && !first {
			return i + 1, in != negate, true
		}
		if g.path && g.glob[i] == '/' {
			return 0, false, false
		}
		lo, next := g.member(i)
		i = next
		hi := lo
		if i+1 < len(g.glob) && g.glob[i] == '-' && g.glob[i+1] != ']' {
			hi, i = g.member(i + 1)
		}
		in = in || lo <= c && c <= hi
		if g.fold {
			f := foldByte(c)
			in = in || foldByte(lo) <= f && f <= foldByte(hi)
		}
	}
	return 0, false, false
}

func (g *globber) member(i int) (c byte, next int) {
	if g.glob[i] == '\\' && i+1 < len(g.glob) {
		i++
	}
	return g.glob[i], i + 1
}
