package httpd

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
)

var weakTLS = lint.Rule{
	ID: "DSP584", Name: "weak-tls", Severity: diag.Error, Profiles: ownServers, Server: checkTLS, Fixable: true,
	Doc: lint.Doc{
		Title: "connections may be encrypted in ways that are broken",
		Why:   "SSL 3, TLS 1.0 and TLS 1.1, and ciphers with RC4, DES, MD5, short keys or none at all, can be broken or are no encryption. Who sits on the line has client and server agree on them.",
		File:  "site.conf",
		Bad: `SSLProtocol all -SSLv3
`,
		Good: `SSLProtocol -all +TLSv1.2 +TLSv1.3
`,
		Since:   since,
		Sources: []string{"httpd.apache.org/docs/2.4, mod/mod_ssl.html (SSLProtocol, SSLCipherSuite)", "RFC 8996", "RFC 9325"},
	},
}

func checkTLS(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, key := range []string{"sslprotocol", "sslproxyprotocol"} {
		for _, l := range c.byKey[key] {
			if old := oldProtocols(texts(l.Node)); len(old) > 0 {
				at := l.Span(0, len(l.Args))
				tell(p, at, l.Included, fmt.Sprintf("%s %s allows %s", l.Name, l.Args, strings.Join(old, ", ")), "write -all +TLSv1.2 +TLSv1.3",
					replacing("write -all +TLSv1.2 +TLSv1.3", at, l.Args, "-all +TLSv1.2 +TLSv1.3"))
			}
		}
	}
	for _, key := range []string{"sslciphersuite", "sslproxyciphersuite"} {
		for _, l := range c.byKey[key] {
			w := words(l.Node)
			if len(w) == 0 || len(w) > 2 || len(w) == 2 && in(w[0].Text, "TLSv1.3") {
				continue
			}
			suite := w[len(w)-1]
			if weak := weakCiphers(suite.Text); len(weak) > 0 {
				tell(p, l.WordSpan(suite), l.Included, fmt.Sprintf("%s allows %s", l.Name, strings.Join(weak, ", ")), "leave them out, or exclude them with ! in front")
			}
		}
	}
}

// oldProtocols are the protocols before TLS 1.2 that SSLProtocol allows.
func oldProtocols(args []string) []string {
	order := []string{"SSLv3", "TLSv1", "TLSv1.1"}
	on := map[string]bool{}
	for i, a := range args {
		sign := byte(0)
		if a != "" && (a[0] == '+' || a[0] == '-') {
			sign, a = a[0], a[1:]
		}
		if sign == 0 && i > 0 {
			clear(on)
		}
		for _, o := range order {
			if strings.EqualFold(a, o) || strings.EqualFold(a, "all") && o != "SSLv3" {
				on[o] = sign != '-'
			}
		}
	}
	var list []string
	for _, o := range order {
		if on[o] {
			list = append(list, o)
		}
	}
	return list
}

// weakCiphers are the words of a list of ciphers that bring weak ones in.
func weakCiphers(list string) []string {
	all := strings.FieldsFunc(list, func(r rune) bool { return r == ':' || r == ',' || r == ' ' })
	killed := map[string]bool{}
	for _, w := range all {
		if strings.HasPrefix(w, "!") {
			killed[strings.ToUpper(w[1:])] = true
		}
	}
	var weak []string
	for _, w := range all {
		if strings.HasPrefix(w, "!") || strings.HasPrefix(w, "-") || strings.HasPrefix(w, "+") || strings.HasPrefix(w, "@") {
			continue // what is taken away, moved or sorted
		}
		for part := range strings.SplitSeq(strings.ToUpper(w), "+") {
			bad := in(part, "RC4", "MD5", "DES", "3DES", "EXP", "EXPORT", "EXPORT40", "EXPORT56", "NULL", "ENULL", "ANULL", "LOW", "ADH", "SSLV2") ||
				strings.Contains(part, "-RC4") || strings.HasPrefix(part, "RC4-") || strings.HasSuffix(part, "-MD5") || strings.Contains(part, "DES-CBC") || strings.HasPrefix(part, "EXP-") || strings.HasPrefix(part, "NULL-")
			gone := killed[part]
			for k := range killed {
				gone = gone || strings.Contains("-"+part+"-", "-"+k+"-") || k == "3DES" && strings.Contains(part, "DES-CBC3")
			}
			if bad && !gone {
				weak = append(weak, w)
				break
			}
		}
	}
	return weak
}
