package session

import (
	"fmt"
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/rules/unread"
	"github.com/dispcheck/dispcheck/source"
)

var sessionDirectoryRoot = lint.Rule{
	ID: "DSP500", Name: "session-directory-root", Severity: diag.Error, Security: true, Config: checkDirectory,
	Doc: lint.Doc{
		Title: "session files lie where they must not",
		Why: "/directory is where the module keeps a file for each session, and it clears up in there. In / that is the whole machine; " +
			"in a document root the files of sessions are served to who asks for them; a relative folder is another one wherever the " +
			"server is started from.",
		Bad: `/sessionmanagement {
	/directory "/"
}
`,
		Good: `/sessionmanagement {
	/directory "/usr/local/apache/.sessions"
}
`,
		Since:   since,
		Sources: []string{configuration + " (/sessionmanagement, its caution)"},
	},
}

func checkDirectory(ps *lint.Pass, c *model.Config) {
	var roots docroots
	for _, f := range c.Farms {
		if f.SessionManagement == nil {
			continue
		}
		if roots == nil {
			roots = docrootsOf(c)
		}
		d := &f.SessionManagement.Directory
		const hint = "write a folder of its own, outside of all document roots"
		switch {
		case !d.Set || d.Value == "" || !known(d.Value):
		case !isAbsolute(d.Value):
			ps.Tell(d.ValueAt, d.At, fmt.Sprintf("property /directory is %s, a relative folder", shown(d.Value)), "write the folder from / on")
		case path.Clean(d.Value) == "/":
			ps.Tell(d.ValueAt, d.At, "property /directory is the root of the file system", hint)
		default:
			if root := roots.holding(d.Value); root != nil {
				ps.Report(diag.Diagnostic{
					Span: d.ValueAt, Included: d.At.Included, Message: fmt.Sprintf("property /directory is %s, inside a document root", shown(d.Value)),
					Hint: hint, Related: []diag.Related{{Span: root.At.Span, Message: "the document root"}},
				})
			}
		}
	}
}

// isAbsolute reports whether a path starts at the root, or at a drive of Windows.
func isAbsolute(name string) bool {
	if strings.HasPrefix(name, "/") || strings.HasPrefix(name, `\`) {
		return true
	}
	return len(name) > 2 && name[1] == ':' && (name[2] == '/' || name[2] == '\\')
}

// docroots are the document roots of all farms, by their cleaned paths.
type docroots map[string]*model.Setting[string]

func docrootsOf(c *model.Config) docroots {
	roots := docroots{}
	for _, f := range c.Farms {
		if f.Cache == nil {
			continue
		}
		s := &f.Cache.Docroot
		if name := path.Clean(s.Value); strings.HasPrefix(name, "/") && name != "/" && known(name) && roots[name] == nil {
			roots[name] = s
		}
	}
	return roots
}

// maxPath is the longest path that Linux takes; longer ones are in no document root.
const maxPath = 4096

// holding returns the document root that a path is or lies in, the nearest one, and nil where there is none.
func (d docroots) holding(name string) *model.Setting[string] {
	if len(name) > maxPath {
		return nil
	}
	for name = path.Clean(name); strings.HasPrefix(name, "/") && name != "/"; name = name[:strings.LastIndexByte(name, '/')] {
		if root := d[name]; root != nil {
			return root
		}
	}
	return nil
}

var sessionOnPublish = lint.Rule{
	ID: "DSP501", Name: "session-on-publish", Severity: diag.Warning, Farm: checkPublish,
	Doc: lint.Doc{
		Title: "sessions of the Dispatcher on publish",
		Why: "/sessionmanagement keeps requests without a known login away from the whole farm, as it was made for authors of old versions. " +
			"In front of publish instances visitors are turned away or nothing is cached for them. AEM as a Cloud Service has no " +
			"place for it at all: logins are AEM's there.",
		Bad: `/sessionmanagement {
	/directory "/usr/local/apache/.sessions"
}
/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
`,
		Note: "A farm is taken for publish where the settings say so, or where its name or the port 4503 does and nothing speaks of an " +
			"author. In the profile cloud every farm is reported.",
		Since:   since,
		Sources: []string{skills + " (rules for Managed Services)", configuration},
	},
}

func checkPublish(ps *lint.Pass, f *model.Farm) {
	if f.SessionManagement == nil {
		return
	}
	at := f.SessionManagement.At
	const hint = "remove it, and let AEM do the login"
	switch {
	case ps.Subject.Profile == "cloud":
		ps.Tell(textedit.Head(at.Span), at, "/sessionmanagement is not for AEM as a Cloud Service", hint)
	case ps.FarmType(f) == lint.Publish || looksPublish(f):
		ps.Tell(textedit.Head(at.Span), at, "/sessionmanagement is not for farms in front of publish", hint)
	}
}

// looksPublish reports whether a farm with sessions is for publish all the same.
func looksPublish(f *model.Farm) bool {
	name := strings.ToLower(f.Name)
	if strings.Contains(name, "author") {
		return false
	}
	found := strings.Contains(name, "publish")
	for _, r := range f.Renders {
		if r.Port.Set && r.Port.Value == 4502 {
			return false
		}
		found = found || r.Port.Set && r.Port.Value == 4503
	}
	return found
}

var sessionHeaderFormat = lint.Rule{
	ID: "DSP502", Name: "session-header-format", Severity: diag.Error, Farm: checkHeader, Fixable: true,
	Doc: lint.Doc{
		Title: "header of sessions does not say what kind it is",
		Why: "/header names where the credentials stand: HTTP: and a request header, or Cookie: and a cookie. Without one of the two the " +
			"module finds no credentials, and nobody has a session.",
		Bad: `/sessionmanagement {
	/directory "/usr/local/apache/.sessions"
	/header "authorization"
}
`,
		Good: `/sessionmanagement {
	/directory "/usr/local/apache/.sessions"
	/header "HTTP:authorization"
}
`,
		Note:    "A fix is offered for the header authorization and the cookie login-token.",
		Since:   since,
		Sources: []string{configuration + " (/sessionmanagement)"},
	},
}

func checkHeader(ps *lint.Pass, f *model.Farm) {
	if f.SessionManagement == nil {
		return
	}
	h := &f.SessionManagement.Header
	if !h.Set || h.Value == "" || !known(h.Value) {
		return
	}
	kind, name, ok := strings.Cut(h.Value, ":")
	// Whether the module tells letter cases apart is not published.
	ok = ok && (strings.EqualFold(kind, "HTTP") || strings.EqualFold(kind, "Cookie"))
	if ok && name != "" {
		return
	}
	if ok {
		ps.Tell(h.ValueAt, h.At, fmt.Sprintf("property /header is %s, without a name behind the colon", shown(h.Value)), `write "HTTP:<header>" or "Cookie:<cookie>"`)
		return
	}
	var fixes []diag.Fix
	switch strings.ToLower(h.Value) {
	case "authorization":
		fixes = textedit.Rewritten(h, "HTTP:"+h.Value)
	case "login-token":
		fixes = textedit.Rewritten(h, "Cookie:"+h.Value)
	}
	ps.Tell(h.ValueAt, h.At, fmt.Sprintf("property /header is %s, neither HTTP:<header> nor Cookie:<cookie>", shown(h.Value)), `write "HTTP:<header>" or "Cookie:<cookie>"`, fixes...)
}

// maxSession is the longest timeout of sessions that is not reported, a day in seconds.
const maxSession = 86400

var sessionTimeout = lint.Rule{
	ID: "DSP503", Name: "session-timeout", Severity: diag.Info, Farm: checkTimeout,
	Doc: lint.Doc{
		Title: "sessions end at once, or hardly ever",
		Why: "/timeout is in seconds since a session was last used. With 0 none lasts to the next request; with more than a day, who finds " +
			"a browser or a cookie is still logged in the next morning.",
		Bad: `/sessionmanagement {
	/directory "/usr/local/apache/.sessions"
	/timeout "0"
}
`,
		Good: `/sessionmanagement {
	/directory "/usr/local/apache/.sessions"
	/timeout "800"
}
`,
		Since:   since,
		Sources: []string{configuration + " (/sessionmanagement)"},
	},
}

func checkTimeout(ps *lint.Pass, f *model.Farm) {
	if f.SessionManagement == nil {
		return
	}
	t := &f.SessionManagement.Timeout
	switch {
	case !t.Set || !unread.IsNumber(t.Text):
	case t.Value == 0:
		ps.Tell(t.ValueAt, t.At, "property /timeout is 0: no session lasts", `write seconds, such as "800"`)
	case t.Value > maxSession:
		ps.Tell(t.ValueAt, t.At, fmt.Sprintf("property /timeout is %d seconds, more than a day", t.Value), `write seconds, such as "800"`)
	}
}

var authCheckerWithoutAllowAuthorized = lint.Rule{
	ID: "DSP505", Name: "auth-checker-without-allowauthorized", Severity: diag.Warning, Security: true, Farm: checkAuthChecker, Fixable: true,
	Doc: lint.Doc{
		Title: "/auth_checker has nothing to check",
		Why: "/auth_checker asks AEM whether a visitor may see a page that is in the cache. With /allowAuthorized 0 requests of visitors who " +
			"are logged in are never served from the cache, so that it is never asked about them, and AEM renders each page anew.",
		Bad: `/auth_checker {
	/url "/bin/permissioncheck"
	/filter {
		/0000 { /type "deny"  /glob "*" }
		/0001 { /type "allow" /glob "/content/secure/*.html" }
	}
	/headers {
		/0000 { /type "deny"  /glob "*" }
		/0001 { /type "allow" /glob "Set-Cookie:*" }
	}
}
/cache {
	$include "cache.any"
	/allowAuthorized "0"
}
`,
		Good: `/auth_checker {
	/url "/bin/permissioncheck"
	/filter {
		/0000 { /type "deny"  /glob "*" }
		/0001 { /type "allow" /glob "/content/secure/*.html" }
	}
	/headers {
		/0000 { /type "deny"  /glob "*" }
		/0001 { /type "allow" /glob "Set-Cookie:*" }
	}
}
/cache {
	$include "cache.any"
	/allowAuthorized "1"
}
`,
		Files: []lint.File{{Name: "cache.any", Text: `/docroot "/var/www/html"
/statfileslevel "2"
/serveStaleOnError "1"
/enableTTL "1"
/gracePeriod "2"
/rules {
	/0000 { /glob "*"                             /type "allow" }
	/0001 { /glob "/libs/granite/csrf/token.json" /type "deny" }
}
/invalidate {
	/0000 { /glob "*"      /type "deny" }
	/0001 { /glob "*.html" /type "allow" }
}
/allowedClients {
	/0000 { /glob "*"         /type "deny" }
	/0001 { /glob "127.0.0.1" /type "allow" }
}
/ignoreUrlParams {
	/0000 { /glob "*"     /type "deny" }
	/0001 { /glob "utm_*" /type "allow" }
}
/headers {
	"Cache-Control"
	"Content-Disposition"
	"Content-Type"
	"Expires"
	"Last-Modified"
	"X-Content-Type-Options"
}
`}},
		Note: "Logins by which the module does not know that a request has credentials, as a cookie of one's own, need no /allowAuthorized. " +
			"There is no fix where /allowAuthorized is not written, or beside /sessionmanagement, which wants it off.",
		Since:   since,
		Sources: []string{permissions, configuration + " (/allowAuthorized)"},
	},
}

func checkAuthChecker(ps *lint.Pass, f *model.Farm) {
	if f.AuthChecker == nil || f.Cache == nil {
		return
	}
	a := &f.Cache.AllowAuthorized
	if a.Value || !unread.IsFlag(a) || unread.Property(ps, f, "cache", f.Cache.At.Span) {
		return
	}
	checker := textedit.Head(f.AuthChecker.At.Span)
	if !a.Set {
		ps.Report(diag.Diagnostic{
			Span: checker, Included: f.AuthChecker.At.Included, Message: "/auth_checker has nothing to check while /allowAuthorized is off",
			Hint: `add /allowAuthorized "1" to /cache`, Related: []diag.Related{{Span: textedit.Head(f.Cache.At.Span), Message: "has no /allowAuthorized"}},
		})
		return
	}
	var fixes []diag.Fix
	if f.SessionManagement == nil {
		fixes = textedit.Rewritten(a, "1")
	}
	ps.Report(diag.Diagnostic{
		Span: a.ValueAt, Included: a.At.Included, Message: "property /allowAuthorized is 0, and /auth_checker has nothing to check",
		Hint: `write "1", or remove /auth_checker`, Related: []diag.Related{{Span: checker, Message: "/auth_checker"}}, Fixes: fixes,
	})
}

// spanOr returns the first span, or the other where that is none.
func spanOr(first, other source.Span) source.Span {
	if first.IsZero() {
		return other
	}
	return first
}
