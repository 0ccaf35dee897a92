package performance

import (
	"bytes"
	"strings"

	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// own reports whether a text is the project's, and not one that its platform brings.
func own(name string) bool { return name != "" && !strings.HasPrefix(name, "base:") }

// mayChange reports whether a host is in a text that its owner may change.
func mayChange(p *lint.Pass, h *server.Host) bool {
	f := h.At.File
	return f != nil && own(f.Name) && (p.Subject.Immutable == nil || !p.Subject.Immutable(f))
}

// dispatches reports whether a host hands requests to the Dispatcher.
func dispatches(h *server.Host) bool {
	found := false
	eachSettings(h, func(_ *server.Section, s *server.Settings) {
		found = found || s.Handler != nil && s.Handler.Value == "dispatcher-handler"
	})
	return found
}

// eachSettings calls f with the settings of a host and of its sections, those within sections included. of is the section,
// nil for the host's own.
func eachSettings(h *server.Host, f func(of *server.Section, s *server.Settings)) {
	f(nil, h.Base)
	var walk func([]*server.Section)
	walk = func(list []*server.Section) {
		for _, s := range list {
			f(s, s.Settings)
			walk(s.Settings.Files)
			walk(s.Settings.Ifs)
		}
	}
	walk(h.Base.Files)
	walk(h.Base.Ifs)
	walk(h.Directories)
	walk(h.Locations)
}

// meets reports whether a section is for a path, as far as its text tells: what stands in <If> is taken to be for none.
func meets(s *server.Section, path string) bool {
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
