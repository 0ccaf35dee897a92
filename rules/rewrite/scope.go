package rewrite

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
	"github.com/dispcheck/dispcheck/source"
)

// A scope is one place with rules: a virtual host, the main server, or a section.
type scope struct {
	host     *server.Host
	section  *server.Section // nil at the server's level
	settings *server.RewriteSettings
	// rules are those that stand in the place itself, in their order, the platform's among them.
	rules []*server.RewriteRule
}

// folder reports whether patterns see paths without the folder and the slash in front.
func (sc *scope) folder() bool {
	return sc.section != nil && sc.section.Kind == server.Directory && sc.section.Pattern == nil && !sc.section.Wild
}

// A site is what the rules of this package share about a configuration.
type site struct {
	pass   *lint.Pass
	server *server.Server
	scopes []*scope
	tried  int // rules that questions have tried: see maxTried
}

type siteKey struct{}

// siteOf returns what is known of the configuration; it is made once in a run.
func siteOf(p *lint.Pass, s *server.Server) *site {
	return lint.Memo(p, siteKey{}, func() *site {
		w := &site{pass: p, server: s}
		seen := map[*server.Section]bool{}
		for _, h := range append([]*server.Host{s.Main}, s.Hosts...) {
			if h == nil {
				continue
			}
			if len(h.Rewrite.Rules) > 0 {
				w.scopes = append(w.scopes, &scope{host: h, settings: &h.Rewrite, rules: h.Rewrite.Rules})
			}
			for _, list := range [][]*server.Section{h.Directories, h.Locations, h.ProxySections} {
				w.sections(h, list, seen)
			}
			if h.Base != nil {
				w.sections(h, h.Base.Files, seen)
				w.sections(h, h.Base.Ifs, seen)
			}
		}
		return w
	})
}

func (w *site) sections(h *server.Host, list []*server.Section, seen map[*server.Section]bool) {
	for _, s := range list {
		if seen[s] || s.Settings == nil {
			continue
		}
		seen[s] = true
		if r := s.Settings.Rewrite; r != nil && len(r.Rules) > 0 {
			w.scopes = append(w.scopes, &scope{host: h, section: s, settings: r, rules: r.Rules})
		}
		w.sections(h, s.Settings.Files, seen)
		w.sections(h, s.Settings.Ifs, seen)
	}
}

// owns reports whether a place is in a text of the project.
func (w *site) owns(at source.Span) bool { return !vhosts.Platform(at.File) }

// A rule of this package looks at each rule of each scope, those of the platform left out.
func eachRule(look func(p *lint.Pass, w *site, sc *scope, i int, r *server.RewriteRule)) func(*lint.Pass, *server.Server) {
	return func(p *lint.Pass, s *server.Server) {
		w := siteOf(p, s)
		for _, sc := range w.scopes {
			for i, r := range sc.rules {
				if w.owns(r.At) {
					look(p, w, sc, i, r)
				}
			}
		}
	}
}

// tell reports a finding at a part of a directive, unless it is the platform's.
func (w *site) tell(p *lint.Pass, at source.Span, in server.Place, d diag.Diagnostic) {
	if at.IsZero() || !w.owns(at) {
		at = in.At
	}
	if !w.owns(at) {
		return
	}
	d.Span = at
	if at.File == in.At.File {
		for _, c := range in.Included {
			if w.owns(c) {
				d.Included = append(d.Included, c)
			}
		}
	}
	kept := d.Related[:0:0]
	for _, r := range d.Related {
		if w.owns(r.Span) {
			kept = append(kept, r)
		}
	}
	d.Related = kept
	p.Report(d)
}

// text is a text of a configuration as a message shows it.
func text(s string) string {
	const most = 60
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// shown is the pattern of a rule as written.
func shown(p *server.Pattern) string {
	if p.Negated {
		return "!" + text(p.Text)
	}
	return text(p.Text)
}

// literalIn returns where a text stands in a span that may have quotes and more around it; false where it is not there as
// it is, or more than once.
func literalIn(at source.Span, s string) (start int32, ok bool) {
	if at.IsZero() || s == "" {
		return 0, false
	}
	in := at.Text()
	i := strings.Index(in, s)
	if i < 0 || strings.Contains(in[i+1:], s) || strings.Contains(in, "\\\n") {
		return 0, false
	}
	return at.Start + int32(i), true
}

// internal reports whether a rule gives the request another path inside of the server.
func internal(r *server.RewriteRule) bool {
	f := &r.Flags
	return !r.NoSubstitution && f.Status == 0 && !f.Redirect && !f.Proxy && !absolute(r.Substitution)
}

// redirects reports whether a rule sends the client elsewhere.
func redirects(r *server.RewriteRule) bool {
	f := &r.Flags
	return !r.NoSubstitution && !f.Proxy && !f.Forbidden && !f.Gone &&
		(f.Redirect && f.Status >= 300 && f.Status <= 399 || f.Status == 0 && absolute(r.Substitution))
}

// absolute reports whether a substitution is a URL.
func absolute(s string) bool {
	scheme, _, ok := strings.Cut(s, "://")
	if !ok {
		return false
	}
	if strings.EqualFold(scheme, "%{REQUEST_SCHEME}") {
		return true
	}
	for _, c := range []byte(scheme) {
		if c < 'A' || c > 'Z' && c < 'a' || c > 'z' {
			return false
		}
	}
	return scheme != ""
}

// stops reports whether no later rule sees a request to which the rule applied.
func stops(r *server.RewriteRule) bool {
	f := &r.Flags
	return f.Last || f.End || f.PassThrough || f.Proxy || f.Forbidden || f.Gone || f.Status != 0 && (!f.Redirect || f.Status < 300 || f.Status > 399)
}

// lineStart returns the empty span where the first word of a line stands, and the blanks in front of it.
func lineStart(at source.Span) (source.Span, string) {
	text := string(at.File.Text)
	from := strings.LastIndexByte(text[:at.Start], '\n') + 1
	return source.Span{File: at.File, Start: at.Start, End: at.Start}, text[from:at.Start]
}
