package apacheconf

// HasWildcard reports whether httpd takes a path for a pattern (apr_fnmatch_test, ap_is_fnmatch): it has * or ?, or a [ that is closed.
// A backslash hides what follows it.
func HasWildcard(s string) bool {
	open := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '*', '?':
			return true
		case '\\':
			i++
		case '[':
			open = true
		case ']':
			if open {
				return true
			}
		}
	}
	return false
}

// fnmatch matches the name of a file with one segment of a path: * and ? as usual, [a-z] and [!a-z] or [^a-z], a backslash
// keeps what follows it. A leading dot must be written.
func fnmatch(pattern, name string) bool {
	if len(name) > 0 && name[0] == '.' && (len(pattern) == 0 || pattern[0] != '.') &&
		(len(pattern) < 2 || pattern[0] != '\\' || pattern[1] != '.') {
		return false
	}
	// At a mismatch the last star takes one byte more.
	p, n := 0, 0
	starP, starN := -1, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			starP, starN = p, n
			p++
			continue
		}
		if next, ok := matchOne(pattern, p, name[n]); ok {
			p = next
			n++
			continue
		}
		if starP < 0 {
			return false
		}
		starN++
		p, n = starP+1, starN
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchOne matches one byte with what stands at p, and returns the place behind it.
func matchOne(pattern string, p int, c byte) (int, bool) {
	if p >= len(pattern) {
		return 0, false
	}
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '\\':
		if p+1 < len(pattern) {
			p++
		}
	case '[':
		if next, ok, closed := matchSet(pattern, p+1, c); closed {
			return next, ok
		}
	}
	return p + 1, pattern[p] == c
}

func matchSet(pattern string, p int, c byte) (next int, ok, closed bool) {
	not := false
	if p < len(pattern) && (pattern[p] == '!' || pattern[p] == '^') {
		not = true
		p++
	}
	for first := true; p < len(pattern); first = false {
		if pattern[p] == ']' && !first {
			return p + 1, ok != not, true
		}
		if pattern[p] == '\\' && p+1 < len(pattern) {
			p++
		}
		low := pattern[p]
		high := low
		p++
		if p+1 < len(pattern) && pattern[p] == '-' && pattern[p+1] != ']' {
			p++
			if pattern[p] == '\\' && p+1 < len(pattern) {
				p++
			}
			high = pattern[p]
			p++
		}
		if low <= c && c <= high {
			ok = true
		}
	}
	return 0, false, false
}
