package farm

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
	"github.com/dispcheck/dispcheck/source"
)

// Sources of the rules about virtual hosts of httpd.
const (
	nameBased  = "httpd.apache.org, 2.4, vhosts/name-based"
	coreNames  = "httpd.apache.org, 2.4, core, ServerName and ServerAlias"
	guardrails = "adobe/skills, dispatcher, guardrails"
)

// entryFile and allFarms are what examples with virtual hosts start from.
const (
	entryFile = "conf.dispatcher.d/dispatcher.any"
	allFarms  = "/farms {\n\t$include \"enabled_farms/*.farm\"\n}\n"
)

// exampleFarm is a farm for a host.
func exampleFarm(hosts string) lint.File {
	return lint.File{Name: "conf.dispatcher.d/enabled_farms/site.farm", Text: `/site {
	/virtualhosts { ` + hosts + ` }
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
	/cache { /docroot "${DOCROOT}" }
}
`}
}

// exampleHost is a virtual host that hands its requests to the Dispatcher. names are its lines of names.
func exampleHost(names ...string) string {
	return "<VirtualHost *:80>\n\t" + strings.Join(names, "\n\t") + `
	DocumentRoot "${DOCROOT}"
	<Directory "${DOCROOT}">
		SetHandler dispatcher-handler
		Require all granted
	</Directory>
</VirtualHost>
`
}

func vhostFile(name, text string) lint.File {
	return lint.File{Name: "conf.d/enabled_vhosts/" + name + ".vhost", Text: text}
}

// marker makes an example one of the Cloud Service.
var marker = lint.File{Name: "opt-in/USE_SOURCES_DIRECTLY"}

var farmHostWithoutVhost = lint.Rule{
	ID: "DSP406", Name: "farm-host-without-vhost", Severity: diag.Info, Farm: checkHostWithoutVhost,
	Doc: lint.Doc{
		Title: "farm names a host that no virtual host of httpd knows",
		Why: "A request comes to httpd first. One for a host that no ServerName or ServerAlias names goes to a virtual host that is there for all the others, " +
			"with its rewrite rules and its document root, and not with those that were meant for the farm.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     []lint.File{marker, vhostFile("site", exampleHost("ServerName www.example.com"))},
		BadFiles:  []lint.File{exampleFarm(`"www.example.com" "old.example.com"`)},
		GoodFiles: []lint.File{exampleFarm(`"www.example.com"`)},
		Note:      "Reported are names without wildcards, where virtual hosts of the project are there.",
		Since:     since,
		Sources:   []string{nameBased},
	},
}

func checkHostWithoutVhost(p *lint.Pass, f *model.Farm) {
	s := p.Subject.Server
	if s == nil || vhosts.Known(p) == nil {
		return
	}
	own := false
	for _, h := range s.Hosts {
		if vhosts.Platform(h.At.File) {
			continue
		}
		own = own || vhosts.Own(p, h)
		if _, all := vhosts.Answers(h, "host.unknown.invalid"); all || undefinedName(h) {
			return
		}
	}
	if !own {
		return
	}
	for _, v := range f.VirtualHosts {
		if !determined(v) || v.HasPort || strings.ContainsAny(v.HostText, "*?[") || !vhosts.Public(v.HostText) {
			continue
		}
		if slices.ContainsFunc(s.Hosts, func(h *server.Host) bool {
			_, ok := vhosts.Answers(h, v.HostText)
			return ok && !vhosts.Platform(h.At.File)
		}) {
			continue
		}
		p.Report(diag.Diagnostic{
			Span: v.At.Span, Included: v.At.Included, Message: fmt.Sprintf("host %s is named by no virtual host of httpd", v.HostText),
			Hint: "add it as a ServerAlias, or remove it here",
		})
	}
}

// undefinedName reports whether a virtual host has a name with a variable that nothing defines.
func undefinedName(h *server.Host) bool {
	return strings.Contains(h.Name.Host, "${") || slices.ContainsFunc(h.Names, func(a server.Alias) bool { return strings.Contains(a.Pattern, "${") })
}

var vhostHostWithoutFarm = lint.Rule{
	ID: "DSP407", Name: "vhost-host-without-farm", Severity: diag.Warning, Host: checkHostWithoutFarm,
	Doc: lint.Doc{
		Title: "virtual host has a name that no farm knows",
		Why: "The Dispatcher looks for a farm by the host of the request. For one that no /virtualhosts matches it takes a farm that is not meant for it, with " +
			"that farm's filter, cache and renders, and since 4.3.1 it writes a warning to the log for each such request.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     []lint.File{marker, vhostFile("site", exampleHost("ServerName www.example.com", "ServerAlias new.example.com"))},
		BadFiles:  []lint.File{exampleFarm(`"www.example.com"`)},
		GoodFiles: []lint.File{exampleFarm(`"www.example.com" "new.example.com"`)},
		Note:      "Not reported are names of the machine itself and of the platform, virtual hosts that hand nothing to the Dispatcher, and names that an earlier virtual host takes.",
		Since:     since,
		Sources:   []string{"AdobeDocs/experience-manager-dispatcher.en, release notes, DISP-726", configuration},
	},
}

func checkHostWithoutFarm(p *lint.Pass, h *server.Host) {
	c := vhosts.Known(p)
	if c == nil || !vhosts.Own(p, h) {
		return
	}
	for _, n := range vhosts.Names(h) {
		host := vhosts.Sample(n.Text)
		if !vhosts.Public(host) || strings.ContainsAny(host, "/,:") || vhosts.First(p.Subject.Server, h, host) != h {
			continue
		}
		if f, certain := vhosts.FarmOf(c, host); f != nil || !certain || !vhosts.Reaches(p, h, host) {
			continue
		}
		p.Report(diag.Diagnostic{
			Span: n.At, Message: fmt.Sprintf("name %s is in the /virtualhosts of no farm", n.Text), Hint: "add it to the /virtualhosts of the farm that is meant",
		})
	}
}

var vhostDuplicateName = lint.Rule{
	ID: "DSP408", Name: "vhost-duplicate-name", Severity: diag.Error, Server: checkDuplicateNames,
	Doc: lint.Doc{
		Title: "two virtual hosts have the same name",
		Why: "httpd gives a request to the first virtual host that knows its name, in the order of the files. The second one never gets a request for " +
			"that name, whatever its rules and headers are.",
		File: "site.vhost",
		Bad:  exampleHost("ServerName www.example.com") + exampleHost("ServerName shop.example.com", "ServerAlias www.example.com"),
		Good: exampleHost("ServerName www.example.com") + exampleHost("ServerName shop.example.com"),
		Note: "Only virtual hosts with the same address and port are compared. Names of the machine and of the platform, such as localhost, may be in several.",

		Since:   since,
		Sources: []string{nameBased},
	},
}

func checkDuplicateNames(p *lint.Pass, s *server.Server) {
	type seen struct {
		h *server.Host
		n vhosts.Name
	}
	names := map[string][]seen{}
	for _, h := range s.Hosts {
		if vhosts.Platform(h.At.File) {
			continue
		}
		for _, n := range vhosts.Names(h) {
			key := strings.ToLower(n.Text)
			for _, other := range names[key] {
				// Labels such as "publish", and names of the machine, are in each copy of a template, and meant for any.
				if other.h == h || !vhosts.Meet(other.h, h) || !vhosts.Own(p, h) || !vhosts.Public(vhosts.Sample(key)) {
					continue
				}
				p.Report(diag.Diagnostic{
					Span: n.At, Message: fmt.Sprintf("name %s is that of an earlier virtual host too, which takes its requests", n.Text),
					Hint:    "give each name to one virtual host",
					Related: []diag.Related{{Span: other.n.At, Message: "the earlier one"}},
				})
				break
			}
			names[key] = append(names[key], seen{h, n})
		}
	}
}

var vhostShadowed = lint.Rule{
	ID: "DSP409", Name: "vhost-shadowed-by-wildcard", Severity: diag.Error, Server: checkShadowedHosts,
	Doc: lint.Doc{
		Title: "virtual host gets no request, since earlier ones take all its names",
		Why: "httpd gives a request to the first virtual host that knows its name, in the order of the files, and a name with wildcards counts as much as one " +
			"without. Behind a ServerAlias * no other virtual host is ever reached.",
		File: "site.vhost",
		Bad:  exampleHost("ServerName publish", "ServerAlias *") + exampleHost("ServerName www.example.com"),
		Good: exampleHost("ServerName www.example.com") + exampleHost("ServerName publish", "ServerAlias *"),
		Note: "Let the file with the wildcard come last, as zzz_default.vhost. Where it is the default.vhost of the Cloud Service, DSP772 says so.",

		Since:   since,
		Sources: []string{nameBased},
	},
}

func checkShadowedHosts(p *lint.Pass, s *server.Server) {
	for _, h := range s.Hosts {
		names := vhosts.Names(h)
		if len(names) == 0 || undefinedName(h) || !vhosts.Own(p, h) {
			continue
		}
		var by *server.Host
		var with vhosts.Name
		all := true
		for _, n := range names {
			name, first := covering(s, h, n)
			if first == nil {
				all = false
				break
			}
			if name.Wild || by == nil {
				by, with = first, name
			}
		}
		if !all || !with.Wild || vhosts.Platform(by.At.File) || p.Subject.Profile == "cloud" && strings.HasSuffix("/"+by.At.File.Name, "/default.vhost") {
			continue
		}
		p.Report(diag.Diagnostic{
			Span: h.At, Included: h.Included, Message: fmt.Sprintf("virtual host %s gets no request: an earlier one takes them by %s", names[0].Text, with.Text),
			Hint: "let the file of the other one come later in the order of names", Related: []diag.Related{{Span: with.At, Message: "the name that takes them"}},
		})
	}
}

// covering is an earlier virtual host that takes all that a name stands for.
func covering(s *server.Server, h *server.Host, n vhosts.Name) (vhosts.Name, *server.Host) {
	for _, g := range s.Hosts {
		if g == h {
			break
		}
		if !vhosts.Meet(g, h) {
			continue
		}
		for _, m := range vhosts.Names(g) {
			if strings.EqualFold(m.Text, n.Text) || m.Wild && !m.Server && covers(m.Text, n.Text) {
				return m, g
			}
		}
	}
	return vhosts.Name{}, nil
}

// covers reports whether a pattern takes what another stands for: everything, or all with an ending.
func covers(pattern, other string) bool {
	rest, ok := strings.CutPrefix(pattern, "*")
	switch {
	case !strings.ContainsAny(other, "*?"):
		return server.MatchName(pattern, other)
	case !ok || strings.ContainsAny(rest, "*?"):
		return false
	}
	return strings.HasSuffix(strings.ToLower(other), strings.ToLower(rest))
}

var vhostMissingServerName = lint.Rule{
	ID: "DSP410", Name: "vhost-missing-servername", Severity: diag.Warning, Host: checkServerName,
	Doc: lint.Doc{
		Title: "virtual host has no ServerName",
		Why: "A virtual host without ServerName has that of the main server: it answers to a name that nobody meant for it, and redirects that httpd makes " +
			"lead there.",
		File: "site.vhost",
		Bad:  exampleHost("ServerAlias www.example.com"),
		Good: exampleHost("ServerName www.example.com"),

		Since:   since,
		Sources: []string{coreNames, guardrails},
	},
}

func checkServerName(p *lint.Pass, h *server.Host) {
	if h.Name.Set || !vhosts.Own(p, h) || strings.Contains(strings.ToLower(h.At.Text()), "_default_") || slices.ContainsFunc(p.Subject.Found, func(d diag.Diagnostic) bool {
		return d.Rule == vhostServerNameWildcard.ID && d.Span.File == h.At.File
	}) {
		return
	}
	p.Report(diag.Diagnostic{Span: h.At, Included: h.Included, Message: "virtual host has no ServerName", Hint: "add one"})
}

var vhostServerNameWildcard = lint.Rule{
	ID: "DSP411", Name: "vhost-servername-wildcard", Severity: diag.Error, Reported: lint.ByServer, Fixable: true,
	Doc: lint.Doc{
		Title: "a ServerName has a wildcard",
		Why: "ServerName is one name, by which httpd speaks of itself. With a wildcard in it httpd does not start, and the validator of the Cloud Service " +
			"refuses the deployment.",
		File: "site.vhost",
		Bad:  exampleHost(`ServerName "*"`),
		Good: exampleHost(`ServerName publish`, `ServerAlias "*"`),

		Since:   since,
		Sources: []string{coreNames, guardrails},
	},
}

// indent is what stands before a line.
func indent(line source.Span) string {
	text := line.File.Text[:line.Start]
	i := len(text)
	for i > 0 && (text[i-1] == ' ' || text[i-1] == '\t') {
		i--
	}
	return string(text[i:])
}

var vhostMissingCloudAlias = lint.Rule{
	ID: "DSP412", Name: "vhost-missing-cloud-alias", Severity: diag.Warning, Profiles: []string{"cloud"}, Server: checkCloudAlias, Fixable: true,
	Doc: lint.Doc{
		Title: "no virtual host answers to the environment's own names",
		Why: "The Cloud Service calls an environment by names that end in adobeaemcloud.com and adobeaemcloud.net, for checks and previews among others. Where no virtual " +
			"host of the project knows these, they end in one that shows nothing of the site.",
		File: "site.vhost",
		Bad:  exampleHost("ServerName www.example.com"),
		Good: exampleHost("ServerName www.example.com", "ServerAlias *.adobeaemcloud.com *.adobeaemcloud.net"),
		Note: "A fix is offered where there is one virtual host.",

		Since:   since,
		Sources: []string{cloudOverview, guardrails},
	},
}

func checkCloudAlias(p *lint.Pass, s *server.Server) {
	var own []*server.Host
	missing := []string{}
	for _, domain := range []string{"adobeaemcloud.com", "adobeaemcloud.net"} {
		if !slices.ContainsFunc(s.Hosts, func(h *server.Host) bool {
			_, ok := vhosts.Answers(h, "publish-p1-e1."+domain)
			return (ok || undefinedName(h)) && !vhosts.Platform(h.At.File)
		}) {
			missing = append(missing, "*."+domain)
		}
	}
	for _, h := range s.Hosts {
		if vhosts.Own(p, h) {
			own = append(own, h)
		}
	}
	if len(missing) == 0 || len(own) == 0 {
		return
	}
	d := diag.Diagnostic{
		Span: own[0].At, Included: own[0].Included, Message: fmt.Sprintf("no virtual host answers to %s", strings.Join(missing, " or ")),
		Hint: "add it as a ServerAlias to one of them",
	}
	if at := own[0].Name.At; len(own) == 1 && own[0].Name.Set {
		end := source.Span{File: at.File, Start: at.End, End: at.End}
		d.Fixes = []diag.Fix{{Title: "add a ServerAlias", Edits: []diag.Edit{{Span: end, New: "\n" + indent(at) + "ServerAlias " + strings.Join(missing, " ")}}}}
	}
	p.Report(d)
}

var vhostNot80 = lint.Rule{
	ID: "DSP413", Name: "vhost-non-80", Severity: diag.Error, Profiles: []string{"cloud"}, Host: checkPort,
	Doc: lint.Doc{
		Title: "virtual host is for another port than 80",
		Why: "TLS ends before httpd in the Cloud Service, and httpd listens on port 80 alone. A virtual host for another port is never reached, and what it " +
			"sets is in force nowhere.",
		File: "site.vhost",
		Bad:  strings.Replace(exampleHost("ServerName www.example.com"), "*:80", "*:443", 1),
		Good: exampleHost("ServerName www.example.com"),

		Since:   since,
		Sources: []string{guardrails, "adobe/aem-cloud-service-source-migration, dispatcher converter"},
	},
}

func checkPort(p *lint.Pass, h *server.Host) {
	if !vhosts.Own(p, h) || len(h.Addresses) == 0 || slices.ContainsFunc(h.Addresses, func(a server.Address) bool { return a.Port == 80 || a.Port == 0 }) {
		return
	}
	a := h.Addresses[0]
	p.Report(diag.Diagnostic{
		Span: a.At, Included: h.Included, Message: fmt.Sprintf("virtual host is for port %d: httpd listens on port 80 alone", a.Port), Hint: "write *:80, or remove it",
	})
}

var vhostNoDocumentRoot = lint.Rule{
	ID: "DSP414", Name: "vhost-no-documentroot", Severity: diag.Warning, Host: checkDocumentRoot, Fixable: true,
	Doc: lint.Doc{
		Title: "virtual host in front of the Dispatcher has no DocumentRoot",
		Why: "The Dispatcher keeps its cache in the folder that DocumentRoot names. Without one the virtual host has the main server's, where no cache of its farm is: " +
			"what is there is delivered in the site's name.",
		File: "site.vhost",
		Bad:  "<VirtualHost *:80>\n\tServerName www.example.com\n\t<Location />\n\t\tSetHandler dispatcher-handler\n\t\tRequire all granted\n\t</Location>\n</VirtualHost>\n",
		Good: exampleHost("ServerName www.example.com"),
		Note: "A fix is offered for the Cloud Service.",

		Since:   since,
		Sources: []string{"adobe/aem-project-archetype, dispatcher.cloud, default.vhost", "httpd.apache.org, 2.4, core, DocumentRoot"},
	},
}

func checkDocumentRoot(p *lint.Pass, h *server.Host) {
	s := p.Subject.Server
	if !vhosts.Own(p, h) || h.DocumentRoot.At != s.Main.DocumentRoot.At || !vhosts.Platform(s.Main.DocumentRoot.At.File) {
		return
	}
	names := vhosts.Names(h)
	if len(names) == 0 || !vhosts.Reaches(p, h, vhosts.Sample(names[0].Text)) {
		return
	}
	d := diag.Diagnostic{Span: h.At, Included: h.Included, Message: "virtual host has no DocumentRoot", Hint: "add one: the /docroot of its farm"}
	if p.Subject.Profile == "cloud" && h.Name.Set {
		at := h.Name.At
		end := source.Span{File: at.File, Start: at.End, End: at.End}
		d.Fixes = []diag.Fix{{Title: "add DocumentRoot", Edits: []diag.Edit{{Span: end, New: "\n" + indent(at) + `DocumentRoot "${DOCROOT}"`}}}}
	}
	p.Report(d)
}

var vhostNoHandler = lint.Rule{
	ID: "DSP415", Name: "vhost-no-handler", Severity: diag.Error, Host: checkHandler,
	Doc: lint.Doc{
		Title: "virtual host does not hand its requests to the Dispatcher",
		Why: "Only what SetHandler gives to dispatcher-handler comes to the module. Where the name is another, or the section around it does not cover the " +
			"DocumentRoot, httpd looks for a file of its own, and answers 404, or delivers what is in the cache without asking the filter.",
		File: "site.vhost",
		Bad:  strings.Replace(exampleHost("ServerName www.example.com"), "dispatcher-handler", "dispatcher", 1),
		Good: exampleHost("ServerName www.example.com"),
		Note: "Asked is what becomes of a page below /content. Virtual hosts that have neither SetHandler nor a directive of the module are not meant for it.",

		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-dispatcher.en, dispatcher-install.md", guardrails},
	},
}

func checkHandler(p *lint.Pass, h *server.Host) {
	names := vhosts.Names(h)
	if p.Subject.Front == nil || !vhosts.Own(p, h) || len(names) == 0 {
		return
	}
	at, meant := handlerOf(h)
	if !meant {
		return
	}
	host := vhosts.Sample(names[0].Text)
	if vhosts.First(p.Subject.Server, h, host) != h {
		return
	}
	got := ""
	for _, url := range []string{"/content/site/page.html", "/content/site/us/en.html"} {
		var a lint.FrontAnswer
		err := p.Subject.Front.Serve(p.Context(), &lint.FrontQuestion{Of: h, Host: host, URL: url}, &a)
		// What a handler that nobody knows answers is uncertain; that it is asked is not.
		if err != nil || a.Host != h || a.HandledBy == "" || a.HandledBy == server.DispatcherHandler || a.HandledBy == "proxy-server" || a.URI != url {
			return
		}
		got = a.HandledBy
	}
	d := diag.Diagnostic{
		Span: h.At, Included: h.Included, Message: fmt.Sprintf("virtual host %s does not hand pages to the Dispatcher: %s answers", names[0].Text, got),
		Hint: "write SetHandler dispatcher-handler in the <Directory> of the DocumentRoot",
	}
	if !at.IsZero() {
		d.Related = []diag.Related{{Span: at, Message: "the handler that it sets"}}
	}
	p.Report(d)
}

// handlerOf reports whether a virtual host is meant for the Dispatcher: it has a handler for all in a section of its own, or
// directives of the module.
func handlerOf(h *server.Host) (at source.Span, meant bool) {
	inside := func(s source.Span) bool { return s.File == h.At.File && s.Start > h.At.Start }
	for _, d := range h.Dispatcher {
		meant = meant || inside(d.At)
	}
	for _, list := range [][]*server.Section{h.Directories, h.Locations} {
		for _, s := range list {
			if t := s.Settings.Handler; t != nil && inside(t.At) && strings.HasPrefix(t.Value, "dispatcher") {
				return t.At, true
			}
		}
	}
	if t := h.Base.Handler; t != nil && inside(t.At) && strings.HasPrefix(t.Value, "dispatcher") {
		return t.At, true
	}
	return source.Span{}, meant
}

var serverAliasSyntax = lint.Rule{
	ID: "DSP417", Name: "serveralias-syntax", Severity: diag.Error, Host: checkAliasSyntax, Fixable: true,
	Doc: lint.Doc{
		Title: "name of a virtual host is more, or less, than a host",
		Why: "ServerAlias takes host names with * and ?, separated by blanks. httpd compares the host of a request with the whole word: with a scheme, a path, a port, a " +
			"comma or signs of a regular expression in it, it matches nothing, and another virtual host answers.",
		File: "site.vhost",
		Bad:  exampleHost("ServerName www.example.com", "ServerAlias https://shop.example.com"),
		Good: exampleHost("ServerName www.example.com", "ServerAlias shop.example.com"),
		Note: "ServerName may have a scheme and a port. A fix is offered where the host is plain to see.",

		Since:   since,
		Sources: []string{coreNames},
	},
}

func checkAliasSyntax(p *lint.Pass, h *server.Host) {
	if !vhosts.Own(p, h) {
		return
	}
	for _, n := range vhosts.Names(h) {
		what := aliasFault(n)
		if what == "" {
			continue
		}
		directive := "ServerAlias"
		if n.Server {
			directive = "ServerName"
		}
		d := diag.Diagnostic{Span: n.At, Message: fmt.Sprintf("%s %s %s, and matches no host", directive, n.Text, what), Hint: "write the host alone"}
		if bare := bareHost(n.Text); bare != "" && strings.Trim(n.At.Text(), `"`) == n.Text && !n.Server {
			// Requests that were meant to come to this virtual host do so after it.
			d.Fixes = []diag.Fix{{Title: "write the host alone", Edits: []diag.Edit{{Span: n.At, New: bare}}}}
		}
		p.Report(d)
	}
}

// aliasFault says what is wrong with a name.
func aliasFault(n vhosts.Name) string {
	text := n.Text
	switch {
	case strings.Contains(text, "://"):
		return "has a scheme"
	case strings.Contains(text, "/"):
		return "has a path"
	case strings.Contains(text, ","):
		return "has a comma"
	case strings.ContainsAny(text, `^$()|\[]+{}`) && net.ParseIP(strings.Trim(text, "[]")) == nil:
		return "has signs of a regular expression"
	case strings.Contains(text, ":") && !n.Server && net.ParseIP(text) == nil:
		return "has a port"
	}
	return ""
}

// bareHost is the host of a name, or its hosts, where that is plain; "" otherwise.
func bareHost(text string) string {
	if _, rest, ok := strings.Cut(text, "://"); ok {
		text = rest
	}
	text, _, _ = strings.Cut(text, "/")
	var hosts []string
	for _, host := range strings.Split(text, ",") {
		if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.Trim(host[i+1:], "0123456789") == "" {
			host = host[:i]
		}
		if host != "" {
			hosts = append(hosts, host)
		}
	}
	out := strings.Join(hosts, " ")
	if out == "" || strings.ContainsAny(out, `^$()|\[]+{}:`) {
		return ""
	}
	return out
}

var vhostUnmatchedHost = lint.Rule{
	ID: "DSP419", Name: "vhost-unmatched-host", Severity: diag.Info, Server: checkUnmatched,
	Doc: lint.Doc{
		Title: "requests for unknown hosts are answered by one of several sites",
		Why: "Whoever sends a request with any name in its Host header gets the pages of this site, and may have them stored in caches under that name. A virtual host of " +
			"its own that refuses what nobody knows keeps such requests away from AEM.",
		File: "site.vhost",
		Bad:  exampleHost("ServerName shop.example.com") + exampleHost("ServerName www.example.com", "ServerAlias *"),
		Good: "<VirtualHost *:80>\n\tServerName unknown\n\tRedirect 404 /\n</VirtualHost>\n" + exampleHost("ServerName shop.example.com") + exampleHost("ServerName www.example.com"),
		Note: "Where there is one site, it may well answer to every name.",

		Since:   since,
		Sources: []string{guardrails, nameBased},
	},
}

func checkUnmatched(p *lint.Pass, s *server.Server) {
	if p.Subject.Front == nil {
		return
	}
	sites := 0
	for _, h := range s.Hosts {
		if vhosts.Own(p, h) && slices.ContainsFunc(vhosts.Names(h), func(n vhosts.Name) bool { return vhosts.Public(vhosts.Sample(n.Text)) }) {
			sites++
		}
	}
	if sites < 2 {
		return
	}
	const unknown = "host.unknown.invalid"
	var a lint.FrontAnswer
	if err := p.Subject.Front.Serve(p.Context(), &lint.FrontQuestion{Host: unknown, URL: "/content/page.html"}, &a); err != nil || a.Host == nil ||
		a.Uncertain || a.HandledBy != server.DispatcherHandler || !vhosts.Own(p, a.Host) {
		return
	}
	names := vhosts.Names(a.Host)
	if len(names) == 0 || !slices.ContainsFunc(names, func(n vhosts.Name) bool { return !n.Wild && vhosts.Public(n.Text) }) {
		return // one that is there for all the others
	}
	d := diag.Diagnostic{
		Span: a.Host.At, Included: a.Host.Included, Message: fmt.Sprintf("virtual host %s answers requests for hosts that nobody knows", names[0].Text),
		Hint: "add a virtual host for all other names that refuses them",
	}
	if n, ok := vhosts.Answers(a.Host, unknown); ok {
		d.Related = []diag.Related{{Span: n.At, Message: "the name that takes them"}}
	}
	p.Report(d)
}
