package server

// A Reference is a place of a substitution, a test string or the value of a flag that mod_rewrite puts something in for
// (httpd.apache.org/docs/2.4, mod/mod_rewrite.html, "Server-Variables" and "Backreferences").
type Reference struct {
	// Sign is '$' or '%'.
	Sign byte
	// Group is the N of $N and %N; -1 where braces stand behind the sign.
	Group int
	// Inner is what the braces hold: of %{...} the name of a variable. ${...} is the lookup of a map where it has a
	// name and a key, and text otherwise: what stands behind its brace is then read on.
	Inner string
	// Start and End are the place in the string, with the sign.
	Start, End int
}

// NextReference finds the first reference of s from an index on: of the outer ones, those in the key of a map are in
// its Inner. A backslash keeps the sign behind it; braces that are not closed are text.
func NextReference(s string, from int) (Reference, bool) {
	for i := from; i+1 < len(s); {
		sign, next := s[i], s[i+1]
		switch {
		case sign == '\\':
			i += 2
		case sign != '$' && sign != '%':
			i++
		case '0' <= next && next <= '9':
			return Reference{Sign: sign, Group: int(next - '0'), Start: i, End: i + 2}, true
		case next == '{':
			if end := closingCurly(s, i+2); end >= 0 {
				return Reference{Sign: sign, Group: -1, Inner: s[i+2 : end], Start: i, End: end + 1}, true
			}
			i += 2
		default:
			i++
		}
	}
	return Reference{}, false
}

// closingCurly finds the brace that closes what begins at i.
func closingCurly(s string, i int) int {
	for depth := 1; i < len(s); i++ {
		switch s[i] {
		case '}':
			if depth--; depth == 0 {
				return i
			}
		case '{':
			depth++
		case '\\':
			i++
		}
	}
	return -1
}

// IndexOutsideCurlies is the index of the first c in the Inner of a reference that is within no braces, or -1: the
// colon behind the name of a map, the bar in front of a default. A backslash keeps the sign behind it.
func IndexOutsideCurlies(s string, c byte) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == c && depth == 0:
			return i
		case s[i] == '}':
			if depth == 0 {
				return -1
			}
			depth--
		case s[i] == '{':
			depth++
		case s[i] == '\\':
			i++
		}
	}
	return -1
}
