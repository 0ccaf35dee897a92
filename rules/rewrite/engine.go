package rewrite

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
	"github.com/dispcheck/dispcheck/source"
)

var engineOff = lint.Rule{
	ID: "DSP650", Name: "rewriteengine-off", Severity: diag.Error, Fixable: true, Server: checkEngine,
	Doc: lint.Doc{
		Title: "rewrite rules where the engine is not on",
		Why: "RewriteEngine is off unless a line turns it on, in each virtual host anew: the rules are read and none of them runs, " +
			"without a word in the log. Redirects do not happen, and pages are asked for by paths that the instance does not have.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.example.com
	RewriteRule ^/home$ /content/site/home.html [PT,L]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.example.com
	RewriteEngine On
	RewriteRule ^/home$ /content/site/home.html [PT,L]
</VirtualHost>
`,
		Note:    "A place where RewriteEngine is switched off by a line of its own is left alone.",
		Since:   since,
		Sources: []string{docModule},
	},
}

func checkEngine(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	for _, sc := range w.scopes {
		if sc.settings.On != nil || !sc.host.Virtual && (sc.section != nil || len(s.Hosts) > 0) || sc.section != nil && engineSomewhere(sc.host) {
			continue
		}
		for _, r := range sc.rules {
			if !w.owns(r.At) {
				continue
			}
			first := r.Place
			if len(r.Conditions) > 0 && r.Conditions[0].At.File == r.At.File {
				first = r.Conditions[0].Place
			}
			what := "this virtual host"
			if sc.section != nil {
				what = "this section"
			} else if !sc.host.Virtual {
				what = "the server"
			}
			at, indent := lineStart(first.At)
			var fixes []diag.Fix
			if strings.TrimSpace(indent) == "" {
				fixes = []diag.Fix{{Title: "turn the engine on", Edits: []diag.Edit{{Span: at, New: "RewriteEngine On\n" + indent}}}}
			}
			w.tell(p, firstWord(first.At), first, diag.Diagnostic{
				Message: "rewrite rules of " + what + " do not run: RewriteEngine is not on", Hint: "write RewriteEngine On in front of them", Fixes: fixes,
			})
			break
		}
	}
}

// engineSomewhere reports whether any place of a host turns the engine on: which sections a request meets is not followed.
func engineSomewhere(h *server.Host) bool {
	on := func(r *server.RewriteSettings) bool { return r != nil && r.On != nil && *r.On }
	if on(&h.Rewrite) || h.Base != nil && on(h.Base.Rewrite) {
		return true
	}
	for _, list := range [][]*server.Section{h.Directories, h.Locations} {
		for _, s := range list {
			if s.Settings != nil && on(s.Settings.Rewrite) {
				return true
			}
		}
	}
	return false
}

// firstWord is the name of a directive.
func firstWord(at source.Span) source.Span {
	if i := strings.IndexAny(at.Text(), " \t\r\n"); i > 0 {
		at.End = at.Start + int32(i)
	}
	return at
}

var perDirectory = lint.Rule{
	ID: "DSP683", Name: "rewrite-per-dir", Severity: diag.Info, Server: checkPerDirectory,
	Doc: lint.Doc{
		Title: "rewrite rules in a section",
		Why: "Rules in <Directory>, <Location>, <Files> and <If> run late, on file names instead of paths, and start the request anew " +
			"when one applies, so that they run again on what they have made. In <Location> and <Files> that is not supported. Rules of " +
			"the virtual host have none of this.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.example.com
	<Location /de>
		RewriteEngine On
		RewriteRule .* - [F]
	</Location>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.example.com
	RewriteEngine On
	RewriteRule ^/de - [F]
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docTech, docModule},
	},
}

func checkPerDirectory(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	for _, sc := range w.scopes {
		if sc.section == nil || !w.owns(sc.section.At) {
			continue
		}
		for _, r := range sc.rules {
			if !w.owns(r.At) {
				continue
			}
			name := strings.Trim(firstWord(sc.section.At).Text(), "<>")
			w.tell(p, firstWord(r.At), r.Place, diag.Diagnostic{
				Message: fmt.Sprintf("rewrite rules in <%s> see file names and start the request anew", name),
				Hint:    "put them into the virtual host, with patterns that start with ^/",
				Related: []diag.Related{{Span: sc.section.At, Message: "the section"}},
			})
			break
		}
	}
}

var inherit = lint.Rule{
	ID: "DSP695", Name: "rewriteoptions-inherit", Severity: diag.Info, Server: checkInherit,
	Doc: lint.Doc{
		Title: "rewrite rules outside of virtual hosts",
		Why: "A virtual host does not have the rules of the main server unless RewriteOptions Inherit or its like says so. Where every " +
			"request meets a virtual host, rules outside of them never run.",
		File: "site.conf",
		Bad: `RewriteEngine On
RewriteRule ^/old$ /new [R=301,L]
<VirtualHost *:80>
	ServerName www.example.com
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.example.com
	RewriteEngine On
	RewriteRule ^/old$ /new [R=301,L]
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docModule},
	},
}

func checkInherit(p *lint.Pass, s *server.Server) {
	if len(s.Hosts) == 0 {
		return
	}
	w := siteOf(p, s)
	used := map[*server.RewriteRule]bool{}
	for _, h := range s.Hosts {
		for _, r := range h.Rewrite.Rules {
			used[r] = true
		}
	}
	for _, r := range s.Main.Rewrite.Rules {
		if used[r] || !w.owns(r.At) {
			continue
		}
		w.tell(p, firstWord(r.At), r.Place, diag.Diagnostic{
			Message: "rewrite rules outside of virtual hosts do not run in them",
			Hint:    "include them in each virtual host, or write RewriteOptions Inherit there",
		})
		return
	}
}

var tooMany = lint.Rule{
	ID: "DSP684", Name: "too-many-redirects", Severity: diag.Info, Server: checkTooMany,
	Options: []lint.Option{{Name: most, Default: 200, Doc: "How many redirects of one path a virtual host may have as rules."}},
	Doc: lint.Doc{
		Title: "very many redirects as rules",
		Why: "httpd tries the patterns of all rules in their order, for each request. Several hundred redirects of one path to another cost " +
			"time on every page, and nobody sees any more which of them shadows which. A RewriteMap looks the path up at once.",
		File: "site.rules",
		Bad: `RewriteRule ^/old/1$ /new/1 [R=301,L]
RewriteRule ^/old/2$ /new/2 [R=301,L]
RewriteRule ^/old/3$ /new/3 [R=301,L]
`,
		Good: `RewriteMap redirects txt:redirects.map
RewriteCond ${redirects:$0} !=""
RewriteRule ^/old/.* ${redirects:$0} [R=301,L]
`,
		GoodFiles: []lint.File{{Name: "redirects.map", Text: "/old/1 /new/1\n/old/2 /new/2\n/old/3 /new/3\n"}},
		Options:   lint.Options{most: {Value: 2}},
		Note: "Told of redirects of one literal path in one virtual host, from more than 200 on. On the Cloud Service a map can be changed " +
			"without a pipeline.",
		Since:   since,
		Sources: []string{docModule, "AdobeDocs/experience-manager-cloud-service.en, pipeline-free-redirects.md"},
	},
}

// most is the option of tooMany.
const most = "most"

func checkTooMany(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	for _, sc := range w.scopes {
		count := 0
		var first *server.RewriteRule
		for _, r := range sc.rules {
			if _, ok := literal(r.Pattern); !ok || !redirects(r) || !plain(r.Substitution) || len(r.Conditions) > 0 || !w.owns(r.At) {
				continue
			}
			if count++; count == 1 {
				first = r
			}
		}
		if count > p.Int(most) {
			w.tell(p, firstWord(first.At), first.Place, diag.Diagnostic{
				Message: fmt.Sprintf("%d rules redirect one path each", count), Hint: "put them into a RewriteMap, of which one rule looks up the path",
			})
		}
	}
}

var defaultsMissing = lint.Rule{
	ID: "DSP682", Name: "default-rewrites-missing", Severity: diag.Warning, Profiles: []string{"cloud"}, Fixable: true, Server: checkDefaults,
	Doc: lint.Doc{
		Title: "rules without those of the platform",
		Why: "conf.d/rewrites/default_rewrite.rules refuses requests with a forged X-Forwarded-For and questions for WordPress, and gives " +
			"persisted queries the extension that lets them be cached. A virtual host with rules of its own that does not include the file " +
			"goes without all of that.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.example.com
	<Directory />
		SetHandler dispatcher-handler
	</Directory>
	RewriteEngine On
	RewriteRule ^/old$ /new [R=301,L]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.example.com
	<Directory />
		SetHandler dispatcher-handler
	</Directory>
	RewriteEngine On
	Include conf.d/rewrites/default_rewrite.rules
	RewriteRule ^/old$ /new [R=301,L]
</VirtualHost>
`,
		Since:   since,
		Sources: []string{"adobe/aem-project-archetype, dispatcher.cloud, conf.d/rewrites/rewrite.rules", "adobe/skills, AEM as a Cloud Service Dispatcher, configuration guardrails"},
	},
}

const defaultRules = "conf.d/rewrites/default_rewrite.rules"

func checkDefaults(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	included := map[source.Span]bool{} // opening lines of virtual hosts, and Include lines, that brought the defaults
	for _, n := range s.Tree.Done {
		if n.Key != "include" && n.Key != "includeoptional" || !strings.HasSuffix(strings.Trim(n.Args, `"'`), "default_rewrite.rules") {
			continue
		}
		included[n.At] = true
		for _, at := range n.Included {
			included[at] = true
		}
	}
	for _, h := range s.Hosts {
		if !w.owns(h.At) || !vhosts.Dispatches(h) || h.Rewrite.On == nil || !*h.Rewrite.On || hasDefaults(h, s.Tree.Nodes, included) {
			continue
		}
		for _, r := range h.Rewrite.Rules {
			if !w.owns(r.At) {
				continue
			}
			first := r.Place
			if len(r.Conditions) > 0 && r.Conditions[0].At.File == r.At.File {
				first = r.Conditions[0].Place
			}
			at, indent := lineStart(first.At)
			var fixes []diag.Fix
			if strings.TrimSpace(indent) == "" {
				fixes = []diag.Fix{{Title: "include them", Edits: []diag.Edit{{Span: at, New: "Include " + defaultRules + "\n" + indent}}}}
			}
			w.tell(p, firstWord(first.At), first, diag.Diagnostic{
				Message: "rules do not include default_rewrite.rules of the platform", Hint: "write Include " + defaultRules + " in front of them", Fixes: fixes,
			})
			break
		}
	}
}

// hasDefaults reports whether the platform's rules are among those of a host, or could be, under other variables.
func hasDefaults(h *server.Host, nodes []*apacheconf.Node, included map[source.Span]bool) bool {
	for _, r := range h.Rewrite.Rules {
		if strings.HasSuffix(r.At.File.Name, "default_rewrite.rules") {
			return true
		}
	}
	end := h.At.End
	for _, n := range nodes {
		if n.Section && n.At == h.At && n.CloseAt.File == h.At.File {
			end = n.CloseAt.End
		}
	}
	for at := range included {
		if at.File == h.At.File && at.Start > h.At.Start && at.Start < end {
			return true
		}
		for _, r := range h.Rewrite.Rules {
			if at.File == r.At.File {
				return true
			}
		}
	}
	return false
}
