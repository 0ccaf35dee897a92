package rewrite

import (
	"net/url"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
)

// likely are paths that patterns are tried with before one is made for them: as a request has them.
var likely = [...]string{"/some/page.html", "/some", "/en/some.html", "/content/some/page.html", "/some/page/"}

// maxWitnesses is how many paths stand for a pattern.
const maxWitnesses = 3

type witnessKey struct {
	text            string
	noCase, negated bool
}

// witnesses returns some paths that a pattern matches, as requests have them; none where they are not known.
func witnesses(p *lint.Pass, pattern *server.Pattern) []string {
	if pattern == nil || pattern.PCRE == nil {
		return nil
	}
	if path, ok := literal(pattern); ok {
		if strings.HasPrefix(path, "/") && plainPath(path) {
			return []string{path}
		}
		return nil
	}
	return lint.Memo(p, witnessKey{pattern.Text, pattern.NoCase, pattern.Negated}, func() []string { return makeWitnesses(p, pattern) })
}

func makeWitnesses(p *lint.Pass, pattern *server.Pattern) []string {
	var list []string
	add := func(path string) {
		if len(list) >= maxWitnesses || !strings.HasPrefix(path, "/") || !plainPath(path) || slices.Contains(list, path) {
			return
		}
		if ok, _, err := pattern.PCRE.Match(path, nil); err == nil && ok != pattern.Negated {
			list = append(list, path)
		}
	}
	for _, path := range likely {
		add(path)
	}
	if len(list) > 0 || pattern.Negated {
		return list
	}
	whole, ok := pattern.PCRE.Pattern()
	if !ok {
		return nil
	}
	for _, path := range automata.GuessStrings(whole) {
		add(path)
		if !strings.HasPrefix(path, "/") {
			add("/" + path)
		}
	}
	return list
}

// plainPath reports whether a path is sent as it is, and comes as it was sent.
func plainPath(path string) bool {
	if strings.Contains(path, "//") || strings.Contains(path, "/.") || len(path) > 300 {
		return false
	}
	for _, c := range []byte(path) {
		if !isWord(c) && strings.IndexByte("/.:,;=@+~()!'*$", c) < 0 {
			return false
		}
	}
	return true
}

// applied reports whether a rule was among those that applied.
func applied(a *lint.FrontAnswer, r *server.RewriteRule) bool { return slices.Contains(a.Applied, r) }

// last is the last rule that applied and gave the request another address, or answered it; nil where none did.
func last(a *lint.FrontAnswer) *server.RewriteRule {
	for _, r := range slices.Backward(a.Applied) {
		if !r.NoSubstitution || r.Flags.Status != 0 {
			return r
		}
	}
	return nil
}

// ask asks a virtual host, by a name that it answers to, for a path and query; secure is whether the client came by https, to
// something in front that says so. It is false where another host answers, or the answer proves nothing: what error documents
// and rules of sections make of a request is not what a rule has made.
func (w *site) ask(h *server.Host, target string, secure bool) (*lint.FrontAnswer, bool) {
	name, ok := vhosts.Called(h)
	if !ok {
		return nil, false
	}
	a, ok := w.askName(name, target, secure)
	return a, ok && a.Host == h
}

// maxTried bounds how many rules all questions of a run together may try: about a second. Past it, nothing more is found by
// asking.
const maxTried = 20_000_000

func (w *site) askName(name, target string, secure bool) (*lint.FrontAnswer, bool) {
	front := w.pass.Subject.Front
	if front == nil || w.tried > maxTried {
		return nil, false
	}
	scheme, port := "http", "80"
	if secure {
		scheme, port = "https", "443"
	}
	q := lint.FrontQuestion{Host: name, URL: target, Secure: secure, Header: [][2]string{
		{"X-Forwarded-Proto", scheme}, {"X-Forwarded-Port", port}, {"X-Forwarded-Host", name}, {"User-Agent", "Mozilla/5.0"},
	}}
	if secure {
		q.Header = append(q.Header, [2]string{"X-Forwarded-SSL", "on"}, [2]string{"CloudFront-Forwarded-Proto", "https"}, [2]string{"Front-End-Https", "on"})
	}
	var a lint.FrontAnswer
	err := front.Serve(w.pass.Context(), &q, &a)
	if w.tried++; a.Host != nil {
		w.tried += len(a.Host.Rewrite.Rules)
	}
	if err != nil || a.Uncertain || a.Rounds > 0 {
		return nil, false
	}
	return &a, true
}

// asked are conditions that look at nothing but what a question says of a request.
func asked(r *server.RewriteRule) bool {
	for _, c := range r.Conditions {
		if c.Kind != server.CondPattern && c.Kind != server.CondLexEqual {
			return false
		}
		for _, ref := range references(c.Test) {
			switch ref.kind {
			case mapLookup:
				return false
			case variable:
				if !listed(" REQUEST_URI QUERY_STRING HTTP_HOST SERVER_NAME REQUEST_METHOD THE_REQUEST HTTP:X-FORWARDED-PROTO ", strings.ToUpper(ref.name)) {
					return false
				}
			}
		}
	}
	return true
}

// A hop is one redirect: who asked for what, and where that led.
type hop struct {
	host, target string
	secure       bool
	answer       *lint.FrontAnswer
	// to is the address that it led to.
	to address
}

// An address is what a client asks for.
type address struct {
	host, target string
	secure       bool
	known        bool // the host is the one that was asked, or another one of the configuration
}

// maxHops is how many redirects a browser follows before it gives up, about.
const maxHops = 10

// follow follows redirects from a path of a host, as far as they stay with hosts of the configuration. end says that the last
// hop led somewhere that is not redirected, or elsewhere.
func (w *site) follow(h *server.Host, target string, secure bool) (hops []hop, end bool) {
	name, ok := vhosts.Called(h)
	if !ok {
		return nil, true
	}
	at := address{host: name, target: target, secure: secure}
	for range maxHops {
		a, ok := w.askName(at.host, at.target, at.secure)
		if !ok || len(hops) == 0 && a.Host != h {
			return nil, true
		}
		to, ok := w.redirected(at, a)
		if !ok {
			return hops, true
		}
		hops = append(hops, hop{at.host, at.target, at.secure, a, to})
		if !to.known {
			return hops, true
		}
		for _, before := range hops {
			if before.host == to.host && before.target == to.target && before.secure == to.secure {
				return hops, false
			}
		}
		at = to
	}
	return hops, false
}

// redirected is where an answer sends the client.
func (w *site) redirected(from address, a *lint.FrontAnswer) (to address, ok bool) {
	if a.Status < 300 || a.Status > 399 || a.Location == "" {
		return to, false
	}
	u, err := url.Parse(a.Location)
	if err != nil {
		return to, false
	}
	to = address{host: from.host, secure: from.secure, target: u.EscapedPath(), known: true}
	if u.Host != "" {
		// httpd puts http in front of a path, where TLS ends before it: that is nobody's wish.
		if strings.EqualFold(u.Scheme, "https") || strings.Contains(a.By.At.Text(), "://") {
			to.secure = strings.EqualFold(u.Scheme, "https")
		}
		to.host = strings.ToLower(u.Hostname())
		if !strings.EqualFold(to.host, from.host) {
			to.known = w.named(to.host)
		}
		if u.Port() != "" && u.Port() != "80" && u.Port() != "443" {
			to.known = false
		}
	}
	if to.target == "" {
		to.target = "/"
	}
	if u.RawQuery != "" {
		to.target += "?" + u.RawQuery
	}
	return to, true
}
