package farm

import "github.com/dispcheck/dispcheck/source"

// wholeLine widens a span to its line with the line's end, where nothing else stands on the line.
func wholeLine(s source.Span) source.Span {
	text := s.File.Text
	start, end := int(s.Start), int(s.End)
	for start > 0 && (text[start-1] == ' ' || text[start-1] == '\t') {
		start--
	}
	for end < len(text) && (text[end] == ' ' || text[end] == '\t' || text[end] == '\r') {
		end++
	}
	switch {
	case start > 0 && text[start-1] != '\n', end < len(text) && text[end] != '\n':
		return s
	case end < len(text):
		end++
	}
	return s.File.Span(start, end)
}
