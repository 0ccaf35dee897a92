package httpd

import (
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// mapToStorage walks through the folders of the file name: their <Directory> sections begin the settings anew. The file
// name ends with the first name that is not there, and what follows is the path info. A request that is proxied has no
// folders.
//
// Source: httpd.apache.org/docs/2.4, sections.html ("How the sections are merged").
func (x *exchange) mapToStorage() verdict {
	x.layer = x.host.base
	if x.method == "TRACE" && x.proxy == "" {
		return x.trace()
	}
	if x.proxy != "" {
		x.walkProxies()
		return goOn
	}
	if x.filename == "" || x.filename[0] != '/' {
		x.walkFiles()
		return goOn
	}
	if v := x.walkDirectories(); v != goOn {
		return v
	}
	x.walkFiles()
	return goOn
}

// trace answers TRACE with the request itself, unless TraceEnable forbids it. No section is looked at.
func (x *exchange) trace() verdict {
	if x.host.Trace == server.TraceOff {
		return x.refuse(405, "TraceEnable Off")
	}
	x.decide(server.Place{}, "TRACE")
	x.contentType, x.bare = "message/http", true
	return done
}

func (x *exchange) walkProxies() {
	for _, s := range x.host.ProxySections {
		c := newSection(s)
		target := x.proxy
		ok := false
		switch {
		case s.Pattern != nil:
			ok = x.meets(s.Pattern, target)
		case s.Path == "*":
			ok = true
		default:
			ok = strings.HasPrefix(target, strings.TrimSuffix(s.Path, "*"))
		}
		if ok {
			x.enter(c)
		}
	}
}

func (x *exchange) walkDirectories() verdict {
	full := cleanFilename(x.filename)
	files := x.engine.o.Files
	dirs := x.host.directories
	next := 0 // the first section that is not done with

	name, rest := full[:1], full[1:] // name and rest are always parts of full, next to each other
	kind := rewrite.Folder
	for segments := 0; ; segments++ {
		for ; next < len(dirs); next++ {
			s := dirs[next]
			if s.Pattern != nil || s.segments > segments {
				break
			}
			if s.segments == segments && (segments == 0 || s.inDirectory(name)) {
				x.enter(s)
			}
		}
		if rest == "" {
			break
		}
		segment := rest
		after := ""
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			segment, after = rest[:i], rest[i:]
		}
		path := full[:len(name)+len(segment)]
		kind = files.Stat(path)
		switch kind {
		case rewrite.Folder, rewrite.Link:
			if kind == rewrite.Link && !x.followsLinks() {
				x.filename, x.pathInfo = path, after
				return x.refuse(403, "a link, and neither FollowSymLinks nor SymLinksIfOwnerMatch is on")
			}
			if after == "" {
				// a folder without a slash behind it
				name, rest = path, ""
			} else {
				name, rest = full[:len(path)+1], after[1:]
			}
		default:
			name, rest = path, after
			x.filename, x.pathInfo, x.file = name, rest, kind
			x.walkDirectoryPatterns(next)
			return goOn
		}
		if rest == "" {
			// Sections of this folder are still to be looked at.
			for segments++; next < len(dirs); next++ {
				s := dirs[next]
				if s.Pattern != nil || s.segments > segments {
					break
				}
				if s.segments == segments && s.inDirectory(withSlash(name)) {
					x.enter(s)
				}
			}
			break
		}
	}
	x.filename, x.pathInfo, x.file = name, "", rewrite.Folder
	x.walkDirectoryPatterns(next)
	return goOn
}

func withSlash(s string) string {
	if strings.HasSuffix(s, "/") {
		return s
	}
	return s + "/"
}

func (s *section) inDirectory(name string) bool {
	if s.Wild {
		return wildMatch(s.path, name, true)
	}
	return s.path == name
}

// walkDirectoryPatterns looks at the sections with a pattern, which come after those without.
func (x *exchange) walkDirectoryPatterns(next int) {
	for _, s := range x.host.directories[next:] {
		if s.Pattern != nil && x.meets(s.Pattern, x.filename) {
			x.enter(s)
		}
	}
}

func (x *exchange) followsLinks() bool {
	o := x.settings().Options
	return o == nil || o.Set&(server.OptFollowSymLinks|server.OptSymLinksIfOwnerMatch) != 0
}

// isClean reports whether no slash is before another one or a dot.
func isClean(s string) bool {
	for i := 1; i < len(s); i++ {
		if s[i-1] == '/' && (s[i] == '/' || s[i] == '.') {
			return false
		}
	}
	return true
}

// cleanFilename takes repeated slashes and the segments "." and ".." out of a file name.
func cleanFilename(s string) string {
	if isClean(s) {
		return s
	}
	clean := path.Clean(s)
	if clean != "/" && (strings.HasSuffix(s, "/") || strings.HasSuffix(s, "/.") || strings.HasSuffix(s, "/..")) {
		clean += "/"
	}
	return clean
}
