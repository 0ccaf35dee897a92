package accesslog

// sampleText is how a malformed line begins, as far as Options let it be shown.
func sampleText(line []byte, o *Options) string {
	if o.Whole {
		return string(line[:min(len(line), o.SampleText)])
	}
	return Mask(line, o.SampleText)
}

// Mask returns the start of a line of which nothing is known, at most so many bytes of it, with what may tell who a visitor is
// taken out: digits are 0, and what follows = up to a blank, a quote or an &, what is around an @, and all of an IPv6 address
// are a single *.
func Mask(line []byte, most int) string {
	out := make([]byte, 0, min(len(line), most))
	for i := 0; i < len(line) && len(out) < most; {
		end := i
		for end < len(line) && !separates(line[end]) {
			end++
		}
		word := line[i:end]
		switch {
		case len(word) == 0:
			out = append(out, line[i])
			i++
			continue
		case isMail(word) || isIPv6(word):
			out = append(out, '*')
		default:
			value := false
			for _, c := range word {
				switch {
				case c == '&':
					value = false
				case value:
					continue
				case '0' <= c && c <= '9':
					c = '0'
				}
				out = append(out, c)
				if c == '=' {
					value = true
					out = append(out, '*')
				}
			}
		}
		i = end
	}
	return string(out[:min(len(out), most)])
}

func separates(c byte) bool {
	return c == ' ' || c == '\t' || c == '"' || c == '\'' || c == ',' || c == ';' || c == '[' || c == ']' || c == '{' || c == '}' || c == '(' || c == ')'
}

func isMail(word []byte) bool {
	for _, c := range word {
		if c == '@' {
			return true
		}
	}
	return false
}

// isIPv6 reports whether a word may be an address with colons.
func isIPv6(word []byte) bool {
	colons := 0
	for _, c := range word {
		switch {
		case c == ':':
			colons++
		case c == '.' || c == '%' || hexDigit(c) >= 0:
		default:
			return false
		}
	}
	return colons >= 2
}
