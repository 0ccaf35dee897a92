package httpd

import (
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/escape"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// translate finds the file name of the path: rules first, then ProxyPass, Redirect, Alias and the document root. A rule
// without PT leaves nothing to those after it.
func (x *exchange) translate() verdict {
	x.docroot = x.host.DocumentRoot.Value
	if x.runsRules() {
		if v, over := x.rewriteServer(); over {
			return v
		}
	}
	if x.proxy == "" {
		if v, over := x.proxyPass(); over {
			return v
		}
		if v, over := x.redirects(inSection(x.settings().Redirects)); over {
			return v
		}
		if v, over := x.redirects(x.host.Redirects); over {
			return v
		}
		if x.aliases() {
			return goOn
		}
	}
	if x.uri == "" || x.uri[0] != '/' {
		if x.uri == "*" {
			x.filename = x.uri
			return goOn
		}
		return x.refuse(400, "a path that begins with no slash")
	}
	x.filename = x.memory.Join(strings.TrimSuffix(x.docroot, "/"), x.uri)
	return goOn
}

// runsRules reports whether the rules of the server's level run: RewriteEngine is on there, and no section that matches the
// path as it came turns it off.
func (x *exchange) runsRules() bool {
	if x.ended || x.host.Rewrite.On == nil { // a host without any directive of mod_rewrite has not even its variables
		return false
	}
	r := x.settings().Rewrite
	return r != nil && r.On != nil && *r.On
}

// rewriteServer runs the rules of the server's level. over says that the round, or the translation, ends here.
func (x *exchange) rewriteServer() (v verdict, over bool) {
	res := x.ruleResult()
	x.host.rules.RunServer(x, x.rec, res)
	x.takeRules(res)
	switch res.Outcome {
	case rewrite.Declined:
		return goOn, false
	case rewrite.Redirected:
		x.answered(res)
		x.redirectTo(res.Location)
		return verdict(res.Status), true
	case rewrite.Answered:
		x.answered(res)
		if res.Location != "" {
			x.redirectTo(res.Location)
		}
		x.res.Proxy = res.Proxy // where it would have gone
		return verdict(res.Status), true
	case rewrite.Proxied:
		x.decide(res.By.Place, "RewriteRule")
		x.setProxy(res.Proxy, res.By.Place, true)
		return goOn, true
	case rewrite.PassedThrough:
		x.uri = res.URI
		return goOn, false
	}
	x.filename = res.Filename
	if !res.FromRoot {
		x.filename = x.memory.Join(strings.TrimSuffix(x.docroot, "/"), res.Filename)
	}
	return goOn, true
}

// ruleResult is room for what rules say. Rules may look ahead, which runs them for another request of httpd's own: those
// have their own.
func (x *exchange) ruleResult() *rewrite.Result {
	res := &x.ruled[0]
	if x.sub {
		res = &x.ruled[1]
	}
	applied := res.Applied[:0]
	*res = rewrite.Result{}
	res.Memory, res.Applied = x.memory, applied
	return res
}

// answered notes that a rule decided. An answer of a rule does not count as an error while an error document is made, so
// the next error is looked up again, as httpd does.
func (x *exchange) answered(res *rewrite.Result) {
	if res.By != nil {
		x.decide(res.By.Place, "RewriteRule")
	}
	x.status = 200
}

// takeRules takes over what rules of any outcome leave.
func (x *exchange) takeRules(res *rewrite.Result) {
	if !x.sub && x.errorOf == 0 {
		x.res.Applied = append(x.res.Applied, res.Applied...)
	}
	if res.Outcome != rewrite.Declined {
		x.args, x.hasArgs = res.Query, res.HasQuery
	}
	if res.ContentType != nil {
		x.forced.contentType = res.ContentType
	}
	if res.Handler != nil {
		x.forced.handler = res.Handler
	}
	if res.Ended {
		x.ended = true
	}
}

// setProxy makes the request go to a URL. final says that the URL has its query already.
func (x *exchange) setProxy(url string, by server.Place, final bool) {
	x.proxy = url
	x.handler = "proxy-server"
	x.filename = x.memory.Join("proxy:", url)
	if !final {
		x.decide(by, "ProxyPass")
	}
}

// proxyPass looks for a ProxyPass: first that of a section that matched the path as it came, then those of the server.
func (x *exchange) proxyPass() (v verdict, over bool) {
	if x.uri == "" || x.uri[0] != '/' {
		return goOn, false
	}
	if x.isSet("no-proxy") {
		return goOn, false
	}
	if p := x.settings().Proxy; p != nil {
		if stop, found := x.tryProxy(p); found || stop {
			return goOn, found
		}
	}
	for _, p := range x.host.Proxies {
		if stop, found := x.tryProxy(p); found || stop {
			return goOn, found
		}
	}
	return goOn, false
}

// tryProxy applies one ProxyPass. stop says that it was one with "!".
func (x *exchange) tryProxy(p *server.ProxyPass) (stop, found bool) {
	uri, asSent := x.uri, p.NoCanon
	if asSent {
		uri = x.unparsedPath()
	}
	var url string
	if p.Pattern != nil {
		ok, caps := x.matches(p.Pattern, x.uri, x.groups[:0])
		if !ok {
			return false, false
		}
		if p.Target == "!" {
			return true, false
		}
		if asSent {
			if ok, sent := x.matches(p.Pattern, uri, nil); ok {
				caps = sent
			} else {
				uri, asSent = x.uri, false // what was sent cannot be taken apart the same way
			}
		}
		url = substitute(p.Target, uri, caps)
		if url == p.Target {
			url = p.Target + uri
		}
	} else {
		n := aliasMatch(x.uri, p.Path)
		if n == 0 {
			return false, false
		}
		if p.Target == "!" {
			return true, false
		}
		if p.NoCanon && aliasMatch(uri, p.Path) != n {
			uri, asSent = x.uri, false // what was sent cannot be taken apart the same way
		}
		url = p.Target + uri[n:]
	}
	if p.Interpolate {
		x.notSimulated(server.Construct{Text: "ProxyPass interpolate", Place: p.Place})
	}
	url = x.canonicalURL(url, asSent)
	if x.hasArgs && !p.NoQuery && !asSent { // what was sent has its query
		url += "?" + x.args
	}
	x.setProxy(url, p.Place, false)
	return false, true
}

// unparsedPath is the path as the client sent it, with its query.
func (x *exchange) unparsedPath() string {
	if _, _, rest, ok := cutAbsolute(x.unparsed); ok {
		return rest
	}
	return x.unparsed
}

// canonicalURL writes a URL as mod_proxy does before it connects: the path is encoded, unless it is to stay as it is.
func (x *exchange) canonicalURL(url string, asIs bool) string {
	i := strings.Index(url, "://")
	if i < 0 {
		return url
	}
	scheme, rest := strings.ToLower(url[:i]), url[i+3:]
	authority, path := rest, "/"
	if j := strings.IndexByte(rest, '/'); j >= 0 {
		authority, path = rest[:j], rest[j:]
	}
	if k := strings.LastIndexByte(authority, ':'); k >= 0 {
		port := authority[k+1:]
		if scheme == "http" && port == "80" || scheme == "https" && port == "443" || port == "" {
			authority = authority[:k]
		}
	}
	if !asIs {
		// What AllowEncodedSlashes NoDecode left stays, unless a section is in effect: their settings do not inherit that.
		path = encodeProxyPath(path, x.host.EncodedSlashes == server.EncodedNoDecode && x.layer == x.host.base)
	}
	return scheme + "://" + strings.ToLower(authority) + path
}

// encodeProxyPath encodes what a path may not have. keepSlashes leaves the encoded slashes that stand in it.
func encodeProxyPath(path string, keepSlashes bool) string {
	const allowed = "$-_.+!*'(),:@&=/~;"
	var b []byte
	for i := range len(path) {
		c := path[i]
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', strings.IndexByte(allowed, c) >= 0:
			if b != nil {
				b = append(b, c)
			}
		case keepSlashes && c == '%' && i+2 < len(path) && path[i+1] == '2' && path[i+2]|0x20 == 'f':
			if b != nil {
				b = append(b, c)
			}
		default:
			if b == nil {
				b = append(make([]byte, 0, len(path)+8), path[:i]...)
			}
			b = append(b, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		}
	}
	if b == nil {
		return path
	}
	return string(b)
}

// aliasMatch reports how much of a path a prefix of Alias, Redirect or ProxyPass takes; 0 is no match. Slashes of the path
// that repeat count as one.
func aliasMatch(uri, prefix string) int {
	i, j := 0, 0
	for j < len(prefix) {
		if prefix[j] == '/' {
			if i >= len(uri) || uri[i] != '/' {
				return 0
			}
			for j < len(prefix) && prefix[j] == '/' {
				j++
			}
			for i < len(uri) && uri[i] == '/' {
				i++
			}
			continue
		}
		if i >= len(uri) || uri[i] != prefix[j] {
			return 0
		}
		i++
		j++
	}
	if len(prefix) > 0 && prefix[len(prefix)-1] != '/' && i < len(uri) && uri[i] != '/' {
		return 0
	}
	return i
}

// substitute replaces $0 to $9 in a target, as httpd's ap_pregsub does: a backslash keeps the sign after it.
func substitute(target, subject string, caps []int) string {
	if !strings.ContainsAny(target, "$\\") {
		return target
	}
	var b strings.Builder
	for i := 0; i < len(target); i++ {
		c := target[i]
		no := -1
		if c == '$' && i+1 < len(target) && '0' <= target[i+1] && target[i+1] <= '9' {
			no = int(target[i+1] - '0')
			i++
		}
		switch {
		case no < 0:
			if c == '\\' && i+1 < len(target) {
				i++
				c = target[i]
			}
			b.WriteByte(c)
		case 2*no+1 < len(caps) && caps[2*no] >= 0:
			b.WriteString(subject[caps[2*no]:caps[2*no+1]])
		}
	}
	return b.String()
}

// redirects tries Redirect and RedirectMatch.
func (x *exchange) redirects(list []*server.Redirect) (v verdict, over bool) {
	for _, r := range list {
		if url, ok := x.tryRedirect(r); ok {
			x.decide(r.Place, "Redirect")
			if r.Status >= 300 && r.Status < 400 {
				if strings.HasPrefix(url, "/") {
					url = x.memory.Join(x.HostURL(), url)
				}
				if x.hasArgs && !strings.Contains(url, "?") {
					url = x.memory.Join(url, "?", x.args)
				}
				x.redirectTo(url)
			}
			return verdict(r.Status), true
		}
	}
	return goOn, false
}

// inSection are the redirects that name a target alone: those of a section that matches the path as it came are followed
// before access is looked at.
func inSection(list []*server.Redirect) []*server.Redirect {
	for i, r := range list {
		if r.InSection {
			return list[i : i+1]
		}
	}
	return nil
}

func (x *exchange) tryRedirect(r *server.Redirect) (url string, ok bool) {
	switch {
	case r.Pattern != nil:
		hit, caps := x.matches(r.Pattern, x.uri, x.groups[:0])
		if !hit {
			return "", false
		}
		return escapeURL(substitute(r.Target, x.uri, caps)), true
	case r.Expr != nil:
		text, err := x.stringOf(r.Expr)
		if err != nil {
			x.exprNotSimulated(err, r.Place)
			return "", false
		}
		return text, true
	case r.InSection:
		return r.Target, true
	}
	n := aliasMatch(x.uri, r.Path)
	if n == 0 {
		return "", false
	}
	return x.memory.Join(r.Target, escape.Path(x.uri[n:])), true
}

// escapeURL encodes the path of a URL and leaves its query and fragment.
func escapeURL(url string) string {
	end := len(url)
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		end = i
	}
	start := 0
	if i := strings.Index(url[:end], "://"); i >= 0 {
		start = end
		if j := strings.IndexByte(url[i+3:end], '/'); j >= 0 {
			start = i + 3 + j
		}
	}
	return url[:start] + escape.Path(url[start:end]) + url[end:]
}

// aliases tries Alias and its kin; true says that the file name is known.
func (x *exchange) aliases() bool {
	if a := x.settings().Alias; a != nil && a.Expr != nil {
		if x.tryAlias(a) {
			return true
		}
	} else if a != nil { // nothing of the path is put behind it
		x.filename, x.prefix, x.docroot = a.Target, a.Path, a.Target
		return true
	}
	for _, a := range x.host.Aliases {
		if x.tryAlias(a) {
			return true
		}
	}
	return false
}

func (x *exchange) tryAlias(a *server.PathAlias) bool {
	switch {
	case a.Pattern != nil:
		hit, caps := x.matches(a.Pattern, x.uri, x.groups[:0])
		if !hit {
			return false
		}
		x.filename = substitute(a.Target, x.uri, caps)
	case a.Expr != nil:
		text, err := x.stringOf(a.Expr)
		if err != nil {
			x.exprNotSimulated(err, a.Place)
			return false
		}
		x.filename = text
	default:
		n := aliasMatch(x.uri, a.Path)
		if n == 0 {
			return false
		}
		x.filename = x.memory.Join(a.Target, x.uri[n:])
		x.prefix = a.Path
		x.docroot = a.Target
	}
	if a.Script {
		handler := "cgi-script"
		x.forced.handler = &handler
	}
	return true
}

// HostURL is scheme, host and port as httpd puts them in front of a path of its own.
func (x *exchange) HostURL() string {
	if x.hostURL == "" {
		scheme, name, port := x.scheme(), x.serverName(), x.serverPort()
		if scheme == "http" && port == 80 || scheme == "https" && port == 443 {
			if x.hostURL = x.host.url; name != x.host.Name.Host {
				x.hostURL = x.memory.Join(scheme, "://", name)
			}
		} else {
			x.hostURL = x.memory.Join(scheme, "://", name, ":", strconv.Itoa(port))
		}
	}
	return x.hostURL
}
