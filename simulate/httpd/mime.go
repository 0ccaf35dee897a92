package httpd

import (
	"strings"

	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// directoryType is what httpd gives folders for a type and a handler.
const directoryType = "httpd/unix-directory"

// findType finds type and handler by the extensions of the file's name: each known one counts, a later wins.
// ModMimeUsePathInfo takes the path info for a part of the name.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_mime.html.
func (x *exchange) findType() {
	s := x.settings()
	if x.file == rewrite.Folder {
		x.contentType = directoryType
	} else {
		name := x.filename
		if x.proxy != "" {
			name, _, _ = strings.Cut(name, "?")
		}
		if s.PathInfoTypes != nil && *s.PathInfoTypes {
			if strings.IndexByte(x.pathInfo, '/') >= 0 {
				name = x.pathInfo // only what follows the last slash counts
			} else {
				name += x.pathInfo
			}
		}
		x.typeByName(name)
	}
	if s.ForceType != nil && s.ForceType.Value != "" {
		x.contentType = s.ForceType.Value
	}
	switch {
	case s.Handler == nil:
	case s.HandlerIf != nil && !x.holds(s.HandlerIf):
	case s.Handler.Value != "":
		x.handler = s.Handler.Value
	default:
		x.handler = ""
	}
	// The flags T and H of a rule have the last word.
	if x.forced.contentType != nil {
		x.contentType = *x.forced.contentType
	}
	if x.forced.handler != nil {
		x.handler = *x.forced.handler
	}
}

func (x *exchange) typeByName(name string) {
	s := x.settings()
	name = name[strings.LastIndexByte(name, '/')+1:]
	name = strings.TrimLeft(name, ".")
	_, rest, more := strings.Cut(name, ".")
	for more {
		var ext string
		ext, rest, more = strings.Cut(rest, ".")
		if ext == "" {
			continue
		}
		if hasUpper(ext) {
			ext = strings.ToLower(ext)
		}
		if !s.RemovedTypes[ext] {
			if t, ok := s.Types[ext]; ok && t.Value != "" {
				x.contentType = t.Value
			} else if t, ok := x.engine.server.Types[ext]; ok {
				x.contentType = t
			}
		}
		if h, ok := s.Handlers[ext]; ok && h.Value != "" {
			x.handler = h.Value
		}
		if c, ok := s.Charsets[ext]; ok && c.Value != "" && x.contentType != "" {
			x.contentType = x.memory.Join(x.contentType, "; charset=", c.Value)
		}
	}
}

func hasUpper(s string) bool {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return true
		}
	}
	return false
}
