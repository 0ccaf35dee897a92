package httpd

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
	"github.com/dispcheck/dispcheck/source"
)

var proxyBypassesDispatcher = lint.Rule{
	ID: "DSP580", Name: "proxy-bypasses-dispatcher", Severity: diag.Error, Server: checkProxyBypass,
	Doc: lint.Doc{
		Title: "proxy rule leads past the filter",
		Why: "A request that a proxy rule takes goes to AEM without the Dispatcher: no filter, no cache. A pattern that is found anywhere in the address takes addresses of consoles too, when its text is " +
			"put behind them as a parameter that AEM passes over.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	<LocationMatch "/api/search/.*">
		ProxyPassMatch http://${AEM_HOST}:${AEM_PORT}
	</LocationMatch>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	<LocationMatch "^/api/search/[a-z]+$">
		ProxyPassMatch http://${AEM_HOST}:${AEM_PORT}
	</LocationMatch>
</VirtualHost>
`,
		Note:    "Proxies to other hosts than the renders of the farms are not looked at. In a copy of a platform's file, take the newer copy.",
		Since:   since,
		Sources: []string{docsProxy, "Assetnote, hopgoblin", "adobe/aem-guides-wknd, dispatcher_vhost.conf"},
	},
}

var locationMatchUnanchored = lint.Rule{
	ID: "DSP581", Name: "locationmatch-unanchored", Severity: diag.Warning, Server: checkUnanchored, Fixable: true,
	Doc: lint.Doc{
		Title: "section for a path holds wherever the path appears",
		Why: "A pattern without ^ is found anywhere in the address. What the section grants, refuses, proxies or switches off then holds for addresses that only end in the path, and a client can put it behind " +
			"any other.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	<LocationMatch "/internal/reports">
		RewriteEngine Off
	</LocationMatch>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	<LocationMatch "^/internal/reports">
		RewriteEngine Off
	</LocationMatch>
</VirtualHost>
`,
		Note:    "Looked at are sections whose pattern starts with a slash, and that hold access, proxies, handlers, RewriteEngine or Header unset.",
		Since:   since,
		Sources: []string{docsCore + " (LocationMatch)"},
	},
}

var aliasTraversal = lint.Rule{
	ID: "DSP582", Name: "alias-traversal", Severity: diag.Warning, Server: checkAliasSlash, Fixable: true,
	Doc: lint.Doc{
		Title: "alias glues a folder and a name together",
		Why: "httpd puts what stands behind the alias in the address behind the target, as it is. Where the alias ends with a slash and the target does not, /img/logo.png becomes /srv/imglogo.png: files are " +
			"not found, or those of a folder beside are served.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	Alias "/img/" "/srv/img"
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	Alias "/img/" "/srv/img/"
</VirtualHost>
`,
		Note:    "The other way round does no harm: httpd joins the two slashes.",
		Since:   since,
		Sources: []string{docsAlias + " (Alias)", "yandex/gixy, alias_traversal"},
	},
}

var proxyRequestsOn = lint.Rule{
	ID: "DSP583", Name: "proxyrequests-on", Severity: diag.Error, Server: checkProxyRequests, Fixable: true,
	Doc: lint.Doc{
		Title: "server is a proxy to the whole web",
		Why:   "With ProxyRequests On everybody can have httpd ask any host for any address, in its name and from inside its network. The proxy rules in front of AEM do not need it.",
		File:  "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	ProxyRequests On
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	ProxyRequests Off
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docsProxy + " (ProxyRequests)"},
	},
}

// consoles are addresses that a visitor must not reach.
var consoles = []string{"/crx/de/index.jsp", "/system/console/bundles", "/bin/querybuilder.json", "/content.infinity.json"}

// maxAsked bounds how often httpd is asked about one pattern of a host.
const maxAsked = 4

func checkProxyBypass(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	told := map[source.Span]bool{}
	try := func(h *server.Host, place server.Place, pt *server.Pattern, target string) {
		// A pattern that takes each address is meant to hand the whole host over.
		if pt != nil && pt.PCRE != nil {
			if ok, _, err := pt.PCRE.Match("/", nil); ok || err != nil {
				return
			}
		}
		if pt == nil || pt.PCRE == nil || pt.Negated || told[place.At] || vhosts.Platform(place.At.File) || !c.toAEM(p, place.At, target) {
			return
		}
		hint := "anchor the pattern with ^ and $, and let it take no ; in between"
		if !c.owns(place.At) {
			// Of the patterns in the platform's own files, newer copies have put this one right.
			if !strings.Contains(pt.Text, "/graphql/execute") {
				return
			}
			hint = "take the newer copy of the file"
		}
		address := c.console(p, h, pt)
		if address == "" {
			return
		}
		told[place.At] = true
		tell(p, pt.At, place.Included, fmt.Sprintf("proxy rule sends %s to AEM past the filter", address), hint, with(place.At, "the proxy is here"))
	}
	for _, h := range c.hosts {
		for _, l := range h.Locations {
			if l.Settings.Proxy != nil && l.Settings.Proxy.Target != "!" {
				try(h, l.Settings.Proxy.Place, l.Pattern, l.Settings.Proxy.Target)
			}
		}
		for _, x := range h.Proxies {
			if x.Target != "!" {
				try(h, x.Place, x.Pattern, x.Target)
			}
		}
		for _, r := range h.Rewrite.Rules {
			if r.Flags.Proxy && len(r.Conditions) == 0 {
				try(h, r.Place, r.Pattern, r.Substitution)
			}
		}
	}
}

// console finds an address of a console that a pattern takes, as it is or with the pattern's text in a parameter behind it,
// and that httpd proxies.
func (c *scene) console(p *lint.Pass, h *server.Host, pt *server.Pattern) string {
	list := append([]string(nil), consoles...)
	if w := strings.ReplaceAll(strings.TrimSuffix(pt.Text, ".*"), `\`, ""); strings.HasPrefix(w, "/") && !strings.ContainsAny(w, "'?#% *+()[]{}|$^\n\x00") {
		for _, u := range consoles {
			list = append(list, u+";x='"+w+"'", u+";x="+w)
		}
	}
	// A pattern that starts with ^ takes nothing that stands behind another address.
	if q, ok := pt.PCRE.Pattern(); ok && !strings.HasPrefix(pt.Text, "^") {
		if l, err := automata.Limit(2000).Language(q); err == nil {
			if w, ok := l.Witness(); ok && strings.HasPrefix(w, "/") && !strings.ContainsAny(w, "'?#% \n\x00") {
				for _, u := range consoles {
					list = append(list, u+";x='"+w+"'", u+";x="+w)
				}
			}
		}
	}
	asked := 0
	for _, u := range list {
		if ok, _, err := pt.PCRE.Match(u, nil); err != nil || !ok {
			continue
		}
		if p.Subject.Front == nil {
			return u
		}
		if asked++; asked > maxAsked {
			break
		}
		var a lint.FrontAnswer
		if p.Subject.Front.Serve(p.Context(), &lint.FrontQuestion{Of: h, URL: u}, &a) != nil || a.Uncertain {
			break
		}
		if a.HandledBy == "proxy-server" {
			return u
		}
	}
	return ""
}

// toAEM reports whether a proxy asks AEM: the host of a render, or what the platform's variable names.
func (c *scene) toAEM(p *lint.Pass, at source.Span, target string) bool {
	if n := c.byAt[at]; n != nil {
		for _, v := range n.Variables {
			if v.Name == "AEM_HOST" {
				return true
			}
		}
		for _, v := range n.Undefined {
			if v.Name == "AEM_HOST" {
				return true
			}
		}
	}
	u, err := url.Parse(target)
	if err != nil || u.Hostname() == "" || p.Subject.Config == nil {
		return false
	}
	for _, f := range p.Subject.Config.Farms {
		for _, r := range f.Renders {
			if strings.EqualFold(r.Hostname.Value, u.Hostname()) {
				return true
			}
		}
	}
	return false
}

func checkUnanchored(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, key := range []string{"locationmatch", "directorymatch", "aliasmatch"} {
		for _, l := range c.byKey[key] {
			w := words(l.Node)
			if len(w) == 0 || !strings.HasPrefix(w[0].Text, "/") || w[0].Text == "/" || strings.ContainsAny(w[0].Text, "|") && !strings.Contains(w[0].Text, "(") {
				continue
			}
			what := ""
			for _, n := range l.Children {
				if what = decides(n.Key, texts(n)); what != "" {
					break
				}
			}
			if key == "aliasmatch" {
				what = "another folder"
			}
			if what == "" {
				continue
			}
			at := l.WordSpan(w[0])
			tell(p, at, l.Included, fmt.Sprintf("pattern %s of %s is found anywhere, and brings %s", w[0].Text, l.Name, what), "write ^ in front",
				replacing("write ^ in front", at, w[0].Text, "^"+w[0].Text))
		}
	}
}

// decides says what a directive in a section decides about a request; "" where that is nothing that matters here.
func decides(key string, args []string) string {
	switch key {
	case "require", "order", "allow", "deny", "satisfy", "authtype", "requireall", "requireany", "requirenone":
		return "its own access"
	case "proxypass", "proxypassmatch":
		return "a proxy"
	case "sethandler":
		return "a handler"
	case "rewriteengine":
		if len(args) > 0 && in(args[0], "off") {
			return "RewriteEngine Off"
		}
	case "header":
		for _, a := range args[:min(len(args), 2)] {
			if in(a, "unset") {
				return "Header unset"
			}
		}
	}
	return ""
}

func checkAliasSlash(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, key := range []string{"alias", "scriptalias"} {
		for _, l := range c.byKey[key] {
			w := words(l.Node)
			if len(w) != 2 || w[0].Text == "/" || !strings.HasSuffix(w[0].Text, "/") || strings.HasSuffix(w[1].Text, "/") || w[1].Text == "" {
				continue
			}
			at := l.WordSpan(w[1])
			tell(p, at, l.Included, fmt.Sprintf("%s %s leads to %s%s", l.Name, w[0].Text+"x", w[1].Text, "x"), "put a slash behind the target",
				replacing("write the slash", at, w[1].Text, w[1].Text+"/"))
		}
	}
}

func checkProxyRequests(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, l := range c.byKey["proxyrequests"] {
		if w := words(l.Node); len(w) == 1 && in(w[0].Text, "on") {
			tell(p, l.WordSpan(w[0]), l.Included, "ProxyRequests On makes the server a proxy for everybody", "write ProxyRequests Off",
				replacing("write Off", l.WordSpan(w[0]), w[0].Text, "Off"))
		}
	}
}
