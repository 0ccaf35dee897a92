package performance

import (
	"bytes"
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// meets reports whether a section is for a path, as far as its text tells: what stands in <If> is taken to be for none. nil
// is the host itself, which is for all.
func meets(s *server.Section, path string) bool {
	if s == nil {
		return true
	}
	subject := path
	switch s.Kind {
	case server.Files:
		subject = path[strings.LastIndexByte(path, '/')+1:]
	case server.Location:
	case server.Directory:
		return true
	default:
		return false
	}
	switch {
	case s.Pattern != nil:
		return matches(s.Pattern, subject)
	case s.Wild:
		return false
	case s.Kind == server.Files:
		return s.Path == subject
	}
	return subject == s.Path || strings.HasPrefix(subject, strings.TrimSuffix(s.Path, "/")+"/")
}

// matches reports whether a pattern is known to match.
func matches(p *server.Pattern, subject string) bool {
	if p.PCRE == nil {
		return false
	}
	ok, _, err := p.PCRE.Match(subject, nil)
	return err == nil && ok != p.Negated
}

// firstLine is the first line of a directive.
func firstLine(at server.Place) source.Span {
	s := at.At
	if i := bytes.IndexByte(s.File.Text[s.Start:s.End], '\n'); i >= 0 {
		s.End = s.Start + int32(i)
	}
	return s
}
