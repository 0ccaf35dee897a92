package rewrite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

var mapUndefined = lint.Rule{
	ID: "DSP674", Name: "rewritemap-undefined", Severity: diag.Error, Server: eachRule(checkMaps),
	Doc: lint.Doc{
		Title: "lookup in a map that is not there",
		Why: "A ${map:key} whose map no RewriteMap of the virtual host defines stands for its default, or for nothing: redirects go to the " +
			"root or nowhere. Maps of the main server are not those of virtual hosts unless RewriteOptions inherit them.",
		File: "site.rules",
		Bad: `RewriteMap lower int:tolower
RewriteRule ^/(.*)$ /${lowercase:$1} [PT,L]
`,
		Good: `RewriteMap lower int:tolower
RewriteRule ^/(.*)$ /${lower:$1} [PT,L]
`,
		Since:   since,
		Sources: []string{docModule},
	},
}

func checkMaps(p *lint.Pass, w *site, sc *scope, _ int, r *server.RewriteRule) {
	if !r.NoSubstitution {
		tellMaps(p, w, sc.host, r.Substitution, r.SubstitutionAt, r.Place)
	}
	for _, c := range r.Conditions {
		if w.owns(c.At) {
			tellMaps(p, w, sc.host, c.Test, c.TestAt, c.Place)
		}
	}
}

func tellMaps(p *lint.Pass, w *site, h *server.Host, s string, where source.Span, in server.Place) {
	if !strings.Contains(s, "${") {
		return
	}
	for _, ref := range references(s) {
		if ref.kind != mapLookup || h.Maps[ref.name] != nil {
			continue
		}
		d := diag.Diagnostic{
			Message: fmt.Sprintf("map %s is not defined here", text(ref.name)), Hint: "define it with RewriteMap in this virtual host",
		}
		refused, elsewhere := w.mapLines(h, ref.name)
		if refused {
			continue
		}
		if !elsewhere.IsZero() {
			d.Related = []diag.Related{{Span: elsewhere, Message: "defined here, for another place"}}
		}
		at := where
		if base, ok := literalIn(where, s); ok {
			at = source.Span{File: where.File, Start: base + int32(ref.start), End: base + int32(ref.end)}
		}
		w.tell(p, at, in, d)
	}
}

// mapLines looks for the RewriteMap lines of a name: refused says that one stands in the host, so that httpd has refused it.
func (w *site) mapLines(h *server.Host, name string) (refused bool, elsewhere source.Span) {
	var look func(nodes []*apacheconf.Node, inside bool)
	look = func(nodes []*apacheconf.Node, inside bool) {
		for _, n := range nodes {
			if n.Section {
				look(n.Children, inside || n.Key == "virtualhost" && n.At == h.At)
				continue
			}
			if n.Key != "rewritemap" {
				continue
			}
			words, _ := n.Words()
			if len(words) == 0 || words[0].Text != name {
				continue
			}
			if inside || !h.Virtual {
				refused = true
			} else {
				elsewhere = n.At
			}
		}
	}
	look(w.server.Tree.Nodes, false)
	return refused, elsewhere
}

var mapDefault = lint.Rule{
	ID: "DSP676", Name: "rewritemap-default", Severity: diag.Info, Server: eachRule(checkMapDefault),
	Doc: lint.Doc{
		Title: "target that a map may leave empty",
		Why: "Where a map has no entry for the key, ${map:key} stands for nothing: the rule applies all the same, and sends the client to the " +
			"root or answers 400.",
		File: "site.rules",
		Bad: `RewriteMap lower int:tolower
RewriteMap moved rnd:moved.map
RewriteRule ^(.*)$ ${moved:$1} [R=301,L]
`,
		Good: `RewriteMap moved rnd:moved.map
RewriteCond ${moved:$1} !=""
RewriteRule ^(.*)$ ${moved:$1} [R=301,L]
`,
		Files:   []lint.File{{Name: "moved.map", Text: "/a /b\n"}},
		Since:   since,
		Sources: []string{docModule},
	},
}

func checkMapDefault(p *lint.Pass, w *site, sc *scope, _ int, r *server.RewriteRule) {
	if r.NoSubstitution {
		return
	}
	refs := references(r.Substitution)
	if len(refs) == 0 || refs[0].kind != mapLookup || refs[0].start != 0 || refs[0].hasDefault {
		return
	}
	m := sc.host.Maps[refs[0].name]
	if m == nil || m.Kind == server.MapInternal {
		return
	}
	for _, c := range r.Conditions {
		for _, ref := range references(c.Test) {
			if ref.kind == mapLookup && ref.name == m.Name || ref.kind == variable && strings.HasPrefix(strings.ToUpper(ref.name), "ENV:") {
				return
			}
		}
		if c.Kind == server.CondExpr {
			return
		}
	}
	at := r.SubstitutionAt
	if base, ok := literalIn(at, r.Substitution); ok {
		at = source.Span{File: at.File, Start: base, End: base + int32(refs[0].end)}
	}
	w.tell(p, at, r.Place, diag.Diagnostic{
		Message: fmt.Sprintf("map %s stands for nothing where it has no entry", m.Name),
		Hint:    fmt.Sprintf(`put RewriteCond ${%s:%s} !="" in front, or write a default behind a |`, m.Name, text(refs[0].key)),
	})
}

var mapEntryLimit = lint.Rule{
	ID: "DSP678", Name: "map-entry-limit", Severity: diag.Warning, Profiles: []string{"cloud"}, Server: checkEntries,
	Doc: lint.Doc{
		Title: "entry of a map that is too long",
		Why:   "An entry of a map may have 1024 characters on the Cloud Service. A longer one is left out of the database, and its redirect does not happen.",
		File:  "site.rules",
		Bad:   `RewriteMap moved txt:moved.map` + "\n",
		Good:  `RewriteMap moved txt:moved.map` + "\n",
		BadFiles: []lint.File{
			{Name: "moved.map", Text: "/a /b" + strings.Repeat("/long", 250) + "\n"},
		},
		GoodFiles: []lint.File{
			{Name: "moved.map", Text: "/a /b\n"},
		},
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-cloud-service.en, pipeline-free-redirects.md"},
	},
}

// maxEntry is how long a line of a map may be on the Cloud Service, in bytes.
const maxEntry = 1024

func checkEntries(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	for _, h := range append([]*server.Host{s.Main}, s.Hosts...) {
		for _, m := range h.Maps {
			var long []string
			for key, value := range m.Entries {
				if len(key)+1+len(value) > maxEntry {
					long = append(long, key)
				}
			}
			if len(long) == 0 || !w.owns(m.At) {
				continue
			}
			slices.Sort(long)
			message := fmt.Sprintf("entry %s of map %s is longer than %d characters", text(long[0]), m.Name, maxEntry)
			if len(long) > 1 {
				message = fmt.Sprintf("%d entries of map %s are longer than %d characters, such as %s", len(long), m.Name, maxEntry, text(long[0]))
			}
			w.tell(p, m.At, m.Place, diag.Diagnostic{Message: message, Hint: "shorten the addresses"})
		}
	}
}
