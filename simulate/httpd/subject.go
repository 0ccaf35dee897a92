package httpd

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// This file is what rules and expressions see of a request: exchange is a rewrite.Subject.

var _ rewrite.Subject = (*exchange)(nil)

// URI is the path as it stands.
func (x *exchange) URI() string { return x.uri }

// Query is the query as it stands.
func (x *exchange) Query() (string, bool) { return x.args, x.hasArgs }

// Filename is that of the translated request.
func (x *exchange) Filename() string { return x.filename }

// PathInfo is what follows the file name.
func (x *exchange) PathInfo() string { return x.pathInfo }

// Header is a header of the request.
func (x *exchange) Header(name string) (string, bool) {
	v, ok := x.headers.joined(name)
	if !ok && x.unknowns != nil {
		x.unknowns.LacksHeader(name)
	}
	return v, ok
}

// header is the first line of a header of the request.
func (x *exchange) header(name string) (string, bool) {
	v, ok := x.headers.get(name)
	if !ok && x.unknowns != nil {
		x.unknowns.LacksHeader(name)
	}
	return v, ok
}

// Doubts implements rewrite.Doubter.
func (x *exchange) Doubts() rewrite.Doubts {
	if x.unknowns == nil {
		return nil
	}
	return x.unknowns
}

// Env is a variable of the request, or of the environment that httpd was started with.
func (x *exchange) Env(name string) (string, bool) {
	x.unknowns.LooksAtVariable(name)
	if v, ok := x.env.get(name); ok {
		return v, true
	}
	if x.engine.o.Getenv != nil {
		return x.engine.o.Getenv(name)
	}
	return "", false
}

// SetEnv sets a variable.
func (x *exchange) SetEnv(name, value string) { x.env.set(name, value) }

// UnsetEnv takes a variable away.
func (x *exchange) UnsetEnv(name string) { x.env.unset(name) }

// Vary adds to the header of that name.
func (x *exchange) Vary(names string) { x.out.merge("Vary", names) }

// AddCookie adds a Set-Cookie that errors keep. The first cookie of a name stays the only one.
func (x *exchange) AddCookie(line string) {
	name, _, _ := strings.Cut(line, "=")
	for _, f := range x.always {
		if f.Name == "Set-Cookie" && strings.HasPrefix(f.Value, name+"=") {
			return
		}
	}
	x.suspect = x.suspect || hasControl(line)
	x.always.add("Set-Cookie", line)
}

// Stat says what is on the disk.
func (x *exchange) Stat(path string) rewrite.FileKind { return x.engine.o.Files.Stat(path) }

// Subrequest says that httpd asks for itself.
func (x *exchange) Subrequest() bool { return x.sub }

// MatchesHost reports whether host and port are those of the virtual host. A ServerName without a port has none, and so
// matches nothing but an address.
func (x *exchange) MatchesHost(host string, port int) bool {
	for _, a := range x.host.Addresses {
		if (a.Port == 0 || a.Port == port) && a.Addr.IsValid() && strings.EqualFold(host, a.Addr.String()) {
			return true
		}
	}
	return x.host.Name.Port == port && x.host.named(strings.ToLower(host), port, port)
}

// clientText is the address of the client, written.
func (x *exchange) clientText() string {
	if x.clientName == "" || x.clientAddr != x.client {
		var b [64]byte
		x.clientAddr, x.clientName = x.client, x.memory.Text(x.client.AppendTo(b[:0]))
	}
	return x.clientName
}

// DocumentRoot is that of the virtual host.
func (x *exchange) DocumentRoot() string { return x.host.DocumentRoot.Value }

// Map draws from a random map.
func (x *exchange) Map(m *server.RewriteMap, key string) (value string, found, ok bool) {
	v, found := m.Entries[key]
	if !found || m.Kind != server.MapRandom || !m.Known {
		return "", false, m.Known
	}
	words := strings.Split(v, "|")
	if len(words) == 1 {
		return v, true, true
	}
	if x.engine.o.Random == nil {
		return "", false, false
	}
	return words[x.engine.o.Random(len(words))], true, true
}

// NotSimulated notes a construct.
func (x *exchange) NotSimulated(text, why string, at server.Place) {
	x.notSimulated(server.Construct{Text: text, Why: why, Place: at})
}

// LookAhead answers %{LA-U:...} and %{LA-F:...}: what a variable will be when the request is through with what is still to
// come. It asks by a request of httpd's own.
func (x *exchange) LookAhead(name string, file bool) (string, bool) {
	if x.sub {
		return "", false
	}
	saved, by := x.round, len(x.res.NotSimulated)
	target := saved.uri
	x.round = round{method: "GET", status: 200, original: target, uri: target, args: saved.args, hasArgs: saved.hasArgs,
		env: saved.env.clone(), sub: true, redirected: true}
	if file {
		x.lookupFile(target)
	} else {
		x.lookup()
	}
	v, ok := x.lookAheadVariable(name)
	x.round = saved
	x.res.NotSimulated = x.res.NotSimulated[:by]
	x.locatedFor = "" // what its sections noted is gone, too
	return v, ok
}

func (x *exchange) lookAheadVariable(name string) (string, bool) {
	if env, ok := strings.CutPrefix(name, "ENV:"); ok {
		v, _ := x.env.get(env)
		return v, true
	}
	if strings.EqualFold(name, "REQUEST_FILENAME") || strings.EqualFold(name, "SCRIPT_FILENAME") {
		return x.filename, true
	}
	return x.Variable(name)
}

// Variable returns a variable of the server, by the names of mod_rewrite; ok is false where it is not simulated.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_rewrite.html (RewriteCond, server variables).
func (x *exchange) Variable(name string) (value string, ok bool) {
	if hasLower(name) {
		name = strings.ToUpper(name)
	}
	switch name {
	case "REQUEST_URI":
		return x.uri, true
	case "QUERY_STRING":
		x.unknowns.LooksAtQuery(x.args)
		return x.args, true
	case "REQUEST_METHOD":
		return x.method, true
	case "THE_REQUEST":
		x.unknowns.LooksAtQuery(x.args)
		return x.req.Method + " " + x.req.Target + " " + x.proto(), true
	case "HTTP_HOST":
		v, _ := x.headers.get("Host")
		return v, true
	case "HTTP_USER_AGENT", "HTTP_REFERER", "HTTP_COOKIE", "HTTP_ACCEPT", "HTTP_FORWARDED", "HTTP_PROXY_CONNECTION":
		v, _ := x.Header(headerOf(name))
		return v, true
	case "SERVER_NAME":
		return x.serverName(), true
	case "SERVER_PORT":
		return strconv.Itoa(x.serverPort()), true
	case "SERVER_PROTOCOL":
		return x.proto(), true
	case "SERVER_ADDR":
		return x.serverAddr(), true
	case "REMOTE_ADDR", "REMOTE_HOST":
		x.unknowns.LooksAtClient()
		return x.clientText(), true
	case "CONN_REMOTE_ADDR":
		x.unknowns.LooksAtClient()
		return x.connection().String(), true
	case "REMOTE_PORT":
		if x.req.ClientPort == 0 {
			return "", false
		}
		return strconv.Itoa(x.req.ClientPort), true
	case "REQUEST_SCHEME":
		return x.scheme(), true
	case "HTTPS":
		return "off", true
	case "IPV6":
		if x.client.Is6() && !x.client.Is4In6() {
			return "on", true
		}
		return "off", true
	case "IS_SUBREQ":
		if x.sub {
			return "true", true
		}
		return "false", true
	case "DOCUMENT_ROOT":
		return x.host.DocumentRoot.Value, true
	case "CONTEXT_PREFIX":
		return x.prefix, true
	case "CONTEXT_DOCUMENT_ROOT":
		return x.docroot, true
	case "REQUEST_FILENAME", "SCRIPT_FILENAME":
		return x.filename, true
	case "PATH_INFO":
		return x.pathInfo, true
	case "REMOTE_USER", "REMOTE_IDENT", "AUTH_TYPE":
		return "", true
	case "HANDLER":
		return x.handler, true
	case "CONTENT_TYPE":
		return x.contentType, true
	case "REQUEST_STATUS":
		var b [20]byte
		return x.memory.Text(strconv.AppendInt(b[:0], int64(x.status), 10)), true
	case "API_VERSION":
		return "20120211:130", true
	case "TIME_YEAR", "TIME_MON", "TIME_DAY", "TIME_HOUR", "TIME_MIN", "TIME_SEC", "TIME_WDAY", "TIME":
		return x.timeVariable(name), true
	}
	return "", false
}

func headerOf(variable string) string {
	switch variable {
	case "HTTP_USER_AGENT":
		return "User-Agent"
	case "HTTP_REFERER":
		return "Referer"
	case "HTTP_COOKIE":
		return "Cookie"
	case "HTTP_ACCEPT":
		return "Accept"
	case "HTTP_FORWARDED":
		return "Forwarded"
	}
	return "Proxy-Connection"
}

func (x *exchange) timeVariable(name string) string {
	x.unknowns.LooksAtTime()
	layout := map[string]string{"TIME_YEAR": "2006", "TIME_MON": "01", "TIME_DAY": "02", "TIME_HOUR": "15", "TIME_MIN": "04",
		"TIME_SEC": "05", "TIME": "20060102150405"}[name]
	now := x.engine.o.Now()
	if name == "TIME_WDAY" {
		return strconv.Itoa(int(now.Weekday()))
	}
	return now.Format(layout)
}

func hasLower(s string) bool {
	for i := range len(s) {
		if 'a' <= s[i] && s[i] <= 'z' {
			return true
		}
	}
	return false
}

func (x *exchange) proto() string {
	if x.req.Proto == "" {
		return "HTTP/1.1"
	}
	return x.req.Proto
}

func (x *exchange) connection() netip.Addr {
	if x.req.Client.IsValid() {
		return x.req.Client
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

func (x *exchange) serverAddr() string {
	if x.req.Local.IsValid() {
		return x.req.Local.String()
	}
	return "127.0.0.1"
}

// scheme is http, unless ServerName says https.
func (x *exchange) scheme() string {
	if x.host.Name.Scheme != "" {
		return x.host.Name.Scheme
	}
	return "http"
}

// serverName is the name that httpd gives itself for this request.
func (x *exchange) serverName() string {
	if x.host.CanonicalName == server.CanonicalOff && x.hostname != "" {
		return x.hostname
	}
	return x.host.Name.Host
}

// serverPort is the port that httpd gives itself for this request.
func (x *exchange) serverPort() int {
	own := x.host.Name.Port
	standard := 80
	if x.scheme() == "https" {
		standard = 443
	}
	switch {
	case x.host.CanonicalName == server.CanonicalOn:
	case x.hostPort != 0 && !x.redirected: // requests of httpd's own have no port
		return x.hostPort
	case x.host.PhysicalPort && x.req.Port != 0:
		return x.req.Port
	}
	if own != 0 {
		return own
	}
	return standard
}
