package httpd

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
	"github.com/dispcheck/dispcheck/source"
)

var rootGranted = lint.Rule{
	ID: "DSP550", Name: "root-require-all-granted", Severity: diag.Error, Server: checkRootGranted,
	Doc: lint.Doc{
		Title: "every file of the disk may be served",
		Why: "What <Directory /> grants holds for the whole disk. One rewrite rule, alias or link that leads out of the document root " +
			"then serves configuration and keys of the server.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	DocumentRoot "/var/www/site"
	<Directory />
		AllowOverride None
		Require all granted
	</Directory>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	DocumentRoot "/var/www/site"
	<Directory />
		AllowOverride None
	</Directory>
	<Directory "/var/www/site">
		Require all granted
	</Directory>
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docsAccess, "adobe/aem-dispatcher-optimizer-tool, require all granted"},
	},
}

var directoryListing = lint.Rule{
	ID: "DSP551", Name: "directory-listing", Severity: diag.Error, Server: checkDirectoryListing, Fixable: true,
	Doc: lint.Doc{
		Title: "folders are listed",
		Why: "Where httpd serves a folder itself and finds no index file in it, it shows the names of all files that are there: those of " +
			"the cache, in a document root.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName static.site.example
	DocumentRoot "/var/www/static"
	<Directory "/var/www/static">
		Options Indexes FollowSymLinks
		Require all granted
	</Directory>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName static.site.example
	DocumentRoot "/var/www/static"
	<Directory "/var/www/static">
		Options FollowSymLinks
		Require all granted
	</Directory>
</VirtualHost>
`,
		Note:    "Where the Dispatcher handles the folder, or httpd refuses its address or sends it elsewhere, no list is seen: the finding is an info then.",
		Since:   since,
		Sources: []string{"httpd.apache.org/docs/2.4, mod/mod_autoindex.html", docsCore + " (Options)"},
	},
}

var allowOverrideOn = lint.Rule{
	ID: "DSP552", Name: "allowoverride-on", Severity: diag.Warning, Server: checkAllowOverride, Fixable: true,
	Doc: lint.Doc{
		Title: "files in the document root may change the configuration",
		Why: "httpd looks for .htaccess in each folder of each request and obeys it. A document root is filled by whatever the Dispatcher caches, " +
			"and each such look costs time.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	DocumentRoot "/var/www/site"
	<Directory "/var/www/site">
		AllowOverride All
		Require all granted
	</Directory>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	DocumentRoot "/var/www/site"
	<Directory "/var/www/site">
		AllowOverride None
		Require all granted
	</Directory>
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docsCore + " (AllowOverride)", archetype},
	},
}

var optionsRisky = lint.Rule{
	ID: "DSP586", Name: "options-risky", Severity: diag.Warning, Server: checkOptionsRisky, Fixable: true,
	Doc: lint.Doc{
		Title: "document root runs programs or guesses names",
		Why: "Includes and ExecCGI let files of the document root run commands, and what lies there is what the Dispatcher has cached. MultiViews makes " +
			"httpd answer with another file than the one that was asked for, so that the cache and the filter are passed by.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	DocumentRoot "/var/www/site"
	<Directory "/var/www/site">
		Options +MultiViews
		Require all granted
	</Directory>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	DocumentRoot "/var/www/site"
	<Directory "/var/www/site">
		Options FollowSymLinks
		Require all granted
	</Directory>
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docsCore + " (Options)", "httpd.apache.org/docs/2.4, content-negotiation.html"},
	},
}

func checkRootGranted(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		for _, s := range h.Directories {
			if s.Pattern != nil || s.Path != "/" || s.Settings.Access == nil {
				continue
			}
			where, found := server.Place{}, false
			if a := s.Settings.Access; a.Require != nil {
				where, found = grants(a.Require)
			} else if whole := at(h, "/").Access; whole.Require == nil {
				where, found = allowsAll(a)
			}
			if found && c.owns(where.At) {
				tell(p, where.At, where.Included, "<Directory /> grants access to the whole disk",
					"grant access in <Directory> of the document root alone", with(s.At, "in this section"))
			}
		}
	}
}

// grants reports whether a requirement lets everybody in, and by which line.
func grants(r *server.Requirement) (server.Place, bool) {
	if r == nil || r.Negated || r.Methods != nil {
		return server.Place{}, false
	}
	switch r.Kind {
	case server.RequireGranted:
		return r.Place, true
	case server.RequireAny:
		for _, x := range r.Children {
			if at, ok := grants(x); ok {
				return at, true
			}
		}
	case server.RequireAll:
		first, all := server.Place{}, len(r.Children) > 0
		for i, x := range r.Children {
			at, ok := grants(x)
			if i == 0 {
				first = at
			}
			all = all && ok
		}
		return first, all
	}
	return server.Place{}, false
}

// allowsAll reports whether Allow from all stands alone.
func allowsAll(a *server.Access) (server.Place, bool) {
	if a == nil || len(a.Deny) > 0 {
		return server.Place{}, false
	}
	for _, w := range a.Allow {
		if w.All && w.Methods == nil {
			return w.Place, true
		}
	}
	return server.Place{}, false
}

func checkDirectoryListing(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	if !c.Tree.Modules["autoindex_module"] {
		return
	}
	c.eachOption(server.OptIndexes, func(h *server.Host, s vhosts.Placed, o *server.Options, word source.Span, text string) {
		severity, why := diag.Error, ""
		folder := h.DocumentRoot.Value
		if len(s.Within) > 0 && s.Within[0].Kind == server.Directory && len(s.Within[0].Path) > len(folder) {
			folder = s.Within[0].Path
		}
		var a lint.FrontAnswer
		switch {
		case isDispatcher(at(h, folder)):
			severity, why = diag.Info, "The Dispatcher handles this folder, so a list shows only where it declines a request."
		case p.Subject.Front != nil && p.Subject.Front.Serve(p.Context(), &lint.FrontQuestion{Of: h, URL: "/"}, &a) == nil &&
			(a.Status >= 300 && a.Status != 404 || a.HandledBy == server.DispatcherHandler || a.HandledBy == "proxy-server"):
			severity, why = diag.Info, "No request comes as far today, so a list shows only where the rules in front of it change."
		}
		tell(p, word, o.Included, fmt.Sprintf("Options %s lets httpd list folders", text), "leave "+bare(text)+" out", as(severity), because(why), c.withoutOption(o.At, word, text))
	})
}

func checkOptionsRisky(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, risk := range [...]struct {
		bit server.Option
		why string
	}{
		{server.OptIncludes, "makes httpd run the commands in pages of the document root"},
		{server.OptExecCGI, "lets httpd run files of the document root"},
		{server.OptMultiViews, "makes httpd answer with files that were not asked for"},
	} {
		c.eachOption(risk.bit, func(_ *server.Host, _ vhosts.Placed, o *server.Options, word source.Span, text string) {
			tell(p, word, o.Included, fmt.Sprintf("Options %s %s", text, risk.why), "leave "+bare(text)+" out", c.withoutOption(o.At, word, text))
		})
	}
}

var optionNames = map[server.Option]string{
	server.OptIndexes: "Indexes", server.OptIncludes: "Includes", server.OptExecCGI: "ExecCGI", server.OptMultiViews: "MultiViews",
}

// eachOption finds the places about a host's files that switch an option on, with the word that does.
func (c *scene) eachOption(bit server.Option, f func(h *server.Host, s vhosts.Placed, o *server.Options, word source.Span, text string)) {
	name := optionNames[bit]
	for _, h := range c.hosts {
		for _, s := range c.settings[h] {
			o := s.Options
			if o == nil || (o.Set|o.Add)&bit == 0 || !c.owns(o.At) || len(s.Within) > 0 && !near(h, s.Within[0]) {
				continue
			}
			word, text := c.word(o.At, func(w string) bool {
				w = strings.TrimPrefix(w, "+")
				return strings.EqualFold(w, name) || strings.EqualFold(w, "All")
			})
			if text != "" {
				f(h, s, o, word, text)
			}
		}
	}
}

func bare(option string) string { return strings.TrimPrefix(option, "+") }

// withoutOption offers to write the line without an option.
func (c *scene) withoutOption(at, word source.Span, text string) func(*diag.Diagnostic) {
	title := "leave " + bare(text) + " out"
	n := c.byAt[at]
	switch {
	case n == nil || strings.Trim(word.Text(), `"'`) != text:
		return func(*diag.Diagnostic) {}
	case strings.EqualFold(bare(text), "all"):
		return replacing("write FollowSymLinks", word, text, strings.Replace(text, bare(text), "FollowSymLinks", 1))
	case strings.HasPrefix(text, "+"):
		return replacing("switch "+bare(text)+" off", word, text, "-"+bare(text))
	case len(words(n)) == 1:
		return replacing("write None", word, text, "None")
	}
	return func(d *diag.Diagnostic) {
		// The blank between two options goes with the one that is left out.
		list := words(n)
		cut := word
		for i, w := range list {
			if n.WordSpan(w) != word {
				continue
			}
			if i+1 < len(list) {
				cut.End = n.WordSpan(list[i+1]).Start
			} else {
				cut.Start = n.WordSpan(list[i-1]).End
			}
		}
		if cut.File == word.File && cut.Start <= word.Start && cut.End >= word.End {
			d.Fixes = append(d.Fixes, diag.Fix{Title: title, Edits: []diag.Edit{{Span: cut}}})
		}
	}
}

func checkAllowOverride(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		for _, s := range h.Directories {
			o := s.Settings.AllowOverride
			if o == nil || strings.EqualFold(o.Value, "none") || !c.owns(o.At) || !near(h, s) || s.Pattern != nil {
				continue
			}
			n := c.byAt[o.At]
			if n == nil {
				continue
			}
			args := source.Span{File: n.ArgsAt.File, Start: n.ArgsAt.Start, End: n.ArgsAt.End}
			tell(p, args, o.Included, fmt.Sprintf("AllowOverride %s lets .htaccess files change the configuration", n.Args), "write AllowOverride None",
				replacing("write None", args, n.Args, "None"))
		}
	}
}
