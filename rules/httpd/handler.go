package httpd

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

var pathInfoTypesOff = lint.Rule{
	ID: "DSP555", Name: "modmime-pathinfo-off", Severity: diag.Warning, Server: checkPathInfoTypes, Fixable: true,
	Doc: lint.Doc{
		Title: "types of pages below cached files are not known",
		Why: "Without ModMimeUsePathInfo httpd takes the type of an answer from the part of the address that is a file. As long as a page is not cached that is " +
			"no more than a folder, so that ExpiresByType, charsets and filters by type do not see that it is HTML.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	AllowEncodedSlashes NoDecode
	<Directory />
		DirectorySlash Off
		SetHandler dispatcher-handler
	</Directory>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	AllowEncodedSlashes NoDecode
	<Directory />
		ModMimeUsePathInfo On
		DirectorySlash Off
		SetHandler dispatcher-handler
	</Directory>
</VirtualHost>
`,
		Since:   since,
		Sources: []string{"httpd.apache.org/docs/2.4, mod/mod_mime.html (ModMimeUsePathInfo)", archetype},
	},
}

var directorySlashOn = lint.Rule{
	ID: "DSP556", Name: "directoryslash-on", Severity: diag.Warning, Server: checkDirectorySlash, Fixable: true,
	Doc: lint.Doc{
		Title: "a folder of the cache redirects the page of its name",
		Why: "As soon as the cache holds /news/today.html there is a folder /news, and httpd answers /news with a redirect to /news/ before the Dispatcher is asked. " +
			"What a visitor gets then depends on what others have asked for.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	AllowEncodedSlashes NoDecode
	<Directory />
		ModMimeUsePathInfo On
		SetHandler dispatcher-handler
	</Directory>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	AllowEncodedSlashes NoDecode
	<Directory />
		ModMimeUsePathInfo On
		DirectorySlash Off
		SetHandler dispatcher-handler
	</Directory>
</VirtualHost>
`,
		Since:   since,
		Sources: []string{"httpd.apache.org/docs/2.4, mod/mod_dir.html (DirectorySlash)", archetype},
	},
}

var encodedSlashes = lint.Rule{
	ID: "DSP557", Name: "encoded-slashes", Severity: diag.Warning, Server: checkEncodedSlashes, Fixable: true,
	Doc: lint.Doc{
		Title: "%2F in an address is refused, or taken for a slash",
		Why: "With AllowEncodedSlashes On, httpd decodes %2F and then looks for /../, so that an address reaches the filter as another one than the client and the " +
			"proxies in front have seen. With Off, which is the default, each address with %2F is answered with 404, as those of persisted queries with parameters.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	AllowEncodedSlashes On
	<Directory />
		SetHandler dispatcher-handler
	</Directory>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	AllowEncodedSlashes NoDecode
	<Directory />
		SetHandler dispatcher-handler
	</Directory>
</VirtualHost>
`,
		Note:    "Off, and a directive that is missing, are an info: nothing unsafe comes of it.",
		Since:   since,
		Sources: []string{docsCore + " (AllowEncodedSlashes)", archetype},
	},
}

var processedURLOff = lint.Rule{
	ID: "DSP558", Name: "processed-url-off", Severity: diag.Error, Server: checkProcessedURL, Fixable: true,
	Doc: lint.Doc{
		Title: "what rewrite rules make of an address is lost on the Dispatcher",
		Why: "Without DispatcherUseProcessedURL, filter, cache and render get the address that the client sent. What rewrite rules with [PT] make of it is lost: " +
			"the filter denies it, or AEM does not know it.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	AllowEncodedSlashes NoDecode
	<Directory />
		SetHandler dispatcher-handler
	</Directory>
	DispatcherUseProcessedURL Off
	RewriteEngine On
	RewriteRule "^/$" "/content/site/en.html" [PT,L]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	AllowEncodedSlashes NoDecode
	<Directory />
		SetHandler dispatcher-handler
	</Directory>
	DispatcherUseProcessedURL On
	RewriteEngine On
	RewriteRule "^/$" "/content/site/en.html" [PT,L]
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docsInstall + " (DispatcherUseProcessedURL)", archetype},
	},
}

var dispatcherConfigMissing = lint.Rule{
	ID: "DSP563", Name: "dispatcherconfig-missing", Severity: diag.Error, Profiles: ownServers, Server: checkDispatcherConfig,
	Doc: lint.Doc{
		Title: "module has no configuration",
		Why:   "Requests are given to the Dispatcher, and nothing says where its farms are: it declines each of them, and httpd looks for a file.",
		File:  "httpd.conf",
		Bad: `ServerRoot "/etc/httpd"
<Directory "/var/www/html">
	SetHandler dispatcher-handler
</Directory>
`,
		Good: `ServerRoot "/etc/httpd"
DispatcherConfig conf/dispatcher.any
<Directory "/var/www/html">
	SetHandler dispatcher-handler
</Directory>
`,
		Note:    "Only said of a project that brings the main configuration of its server, httpd.conf or conf.d/dispatcher_vhost.conf.",
		Since:   since,
		Sources: []string{docsInstall + " (DispatcherConfig)"},
	},
}

// handledBadly tells of each place that gives requests to the Dispatcher where a setting is missing.
func handledBadly(p *lint.Pass, name, value, message string, wrong func(*server.Settings) bool) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		if !public(h) {
			continue
		}
		for _, x := range c.handled[h] {
			if !c.owns(x.at.At) || !wrong(x.settings) {
				continue
			}
			if name == "ModMimeUsePathInfo" && !c.inFolders(x.at.At) { // httpd refuses it there
				tell(p, x.at.At, x.at.Included, message, "write both in <Directory> or <Location>")
				continue
			}
			tell(p, x.at.At, x.at.Included, message, "write "+name+" "+value+" beside it", c.setting(x.at.At, name, value))
		}
	}
}

// inFolders reports whether a line stands in a section for folders, files or paths.
func (c *scene) inFolders(at source.Span) bool {
	return slices.ContainsFunc(c.lines, func(l line) bool {
		return l.At == at && slices.ContainsFunc(l.around, func(n *apacheconf.Node) bool {
			return in(n.Key, "directory", "directorymatch", "location", "locationmatch", "files", "filesmatch", "if", "elseif", "else")
		})
	})
}

// setting offers to write a directive beside another one: in its stead where the same section has it.
func (c *scene) setting(beside source.Span, name, value string) func(*diag.Diagnostic) {
	key := strings.ToLower(name)
	var parent any
	for _, l := range c.lines {
		if l.At == beside {
			parent = innermost(l)
		}
	}
	for _, l := range c.byKey[key] {
		if w := words(l.Node); innermost(l) == parent && len(w) == 1 {
			return replacing("write "+name+" "+value, l.WordSpan(w[0]), w[0].Text, value)
		}
	}
	return inserting("write "+name+" "+value, beside, "", name+" "+value)
}

// innermost is the section that a line stands in; nil outside of all.
func innermost(l line) any {
	if n := len(l.around); n > 0 {
		return l.around[n-1]
	}
	return nil
}

func checkPathInfoTypes(p *lint.Pass, _ *server.Server) {
	handledBadly(p, "ModMimeUsePathInfo", "On", "SetHandler dispatcher-handler stands without ModMimeUsePathInfo On", func(s *server.Settings) bool {
		return s.PathInfoTypes == nil || !*s.PathInfoTypes
	})
}

func checkDirectorySlash(p *lint.Pass, _ *server.Server) {
	handledBadly(p, "DirectorySlash", "Off", "SetHandler dispatcher-handler stands without DirectorySlash Off", func(s *server.Settings) bool {
		return s.ServeDirectory == nil || *s.ServeDirectory
	})
}

func checkEncodedSlashes(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		where, ok := c.served(h)
		if !ok || !public(h) || h.EncodedSlashes == server.EncodedNoDecode {
			continue
		}
		if !h.EncodedAt.At.IsZero() && c.owns(h.EncodedAt.At) {
			at, text := c.word(h.EncodedAt.At, func(string) bool { return true })
			severity, message := diag.Info, "AllowEncodedSlashes Off answers addresses with %2F with 404"
			if h.EncodedSlashes == server.EncodedOn {
				severity, message = diag.Warning, "AllowEncodedSlashes On decodes %2F in front of the filter"
			}
			tell(p, at, h.EncodedAt.Included, message, "write NoDecode", as(severity), replacing("write NoDecode", at, text, "NoDecode"))
			continue
		}
		if h.EncodedSlashes == server.EncodedOn {
			continue // in a text of the platform
		}
		more := []func(*diag.Diagnostic){as(diag.Info)}
		if h.Virtual {
			more = append(more, inserting("write AllowEncodedSlashes NoDecode", where.At, "\t", "AllowEncodedSlashes NoDecode"))
		}
		tell(p, where.At, where.Included, "AllowEncodedSlashes is not set, so that addresses with %2F are answered with 404", "write AllowEncodedSlashes NoDecode", more...)
	}
}

// isOn reports whether a switch of the Dispatcher module is on.
func isOn(value string) bool { return in(value, "on", "1", "true", "yes") }

func checkProcessedURL(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		if !c.dispatches(h) {
			continue
		}
		d := c.directive(h, "DispatcherUseProcessedURL")
		if d != nil && isOn(d.Args) {
			continue
		}
		r := internalRule(h)
		if r == nil {
			continue
		}
		switch {
		case d != nil && c.owns(d.At):
			at, text := c.word(d.At, func(string) bool { return true })
			tell(p, at, d.Included, "DispatcherUseProcessedURL "+d.Args+" hides the work of rewrite rules from the Dispatcher", "write DispatcherUseProcessedURL On",
				with(r.At, "as of this rule"), replacing("write On", at, text, "On"))
		case d == nil && c.owns(r.At):
			more := []func(*diag.Diagnostic){}
			if h.Virtual && c.owns(h.At) {
				more = append(more, inserting("write DispatcherUseProcessedURL On", h.At, "\t", "DispatcherUseProcessedURL On"))
			}
			tell(p, r.At, r.Included, "rewrite rule is lost on the Dispatcher, since DispatcherUseProcessedURL is not set", "write DispatcherUseProcessedURL On", more...)
		}
	}
}

// internalRule is the first rule of a host that gives the Dispatcher another address.
func internalRule(h *server.Host) *server.RewriteRule {
	if h.Rewrite.On == nil || !*h.Rewrite.On {
		return nil
	}
	for _, r := range h.Rewrite.Rules {
		if f := &r.Flags; f.PassThrough && !f.Redirect && !f.Proxy && f.Status == 0 && !r.NoSubstitution && strings.HasPrefix(r.Substitution, "/") {
			return r
		}
	}
	return nil
}

func checkDispatcherConfig(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	main := c.root != nil
	for _, f := range p.Subject.ServerFiles {
		main = main || strings.HasSuffix("/"+f.Src.Name, "/conf.d/dispatcher_vhost.conf")
	}
	if !main || c.defined["dispatcherconfig"] {
		return
	}
	for _, l := range c.byKey["sethandler"] {
		if w := words(l.Node); len(w) == 1 && w[0].Text == server.DispatcherHandler {
			tell(p, l.At, l.Included, fmt.Sprintf("SetHandler %s is used, and there is no DispatcherConfig", server.DispatcherHandler), "write DispatcherConfig with the name of dispatcher.any")
			return
		}
	}
}
