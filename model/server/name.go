package server

// MatchName reports whether a word of ServerAlias, in which * stands for any text and ? for one character, matches a host
// name, whatever the letter case: as ap_strcasecmp_match of httpd, for which a bracket is a character like another.
func MatchName(pattern, name string) bool {
	star, back := -1, 0 // the last * that was passed, and where what it stands for ends
	i, j := 0, 0
	for i < len(name) {
		switch {
		case j < len(pattern) && pattern[j] == '*':
			star, back = j, i
			j++
		case j < len(pattern) && (pattern[j] == '?' || lowerByte(pattern[j]) == lowerByte(name[i])):
			i++
			j++
		case star >= 0:
			back++
			i, j = back, star+1
		default:
			return false
		}
	}
	for j < len(pattern) && pattern[j] == '*' {
		j++
	}
	return j == len(pattern)
}
