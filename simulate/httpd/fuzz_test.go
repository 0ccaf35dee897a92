package httpd

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apachebase"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/model/server"
)

// FuzzRewriteRule gives mod_rewrite conditions and rules of any text. What httpd takes must end, with a status, whatever
// the request; a redirect's Location is one line, and the same request twice has the same answer.
func FuzzRewriteRule(f *testing.F) {
	seeds := []struct{ cond, rule, target string }{
		{"", "^/a/(.*)$ /b/$1 [PT,QSA,L]", "/a/x.html?y=1"},
		{"%{HTTP_HOST} ^(?:www\\.)?(.+)$ [NC]", "^ https://%1%{REQUEST_URI} [R=301,NE,L]", "/x%0Ay"},
		{"%{QUERY_STRING} (?:^|&)id=(\\d+)", "^/i /item/%1? [B=?&,BNP,N=3]", "/i?id=4"},
		{"expr \"%{REQUEST_URI} =~ m#^/(.)#\"", "(.*) $1$1 [N]", "/aa"},
		{"%{ENV:A} -eq 1 [OR]", "!^/x - [E=A:1,E=!B,S=2,C]", "/y"},
		{"%{LA-U:REMOTE_USER}${lower:%{THE_REQUEST}} !=a", "^/(.*) http://h.invalid/$1 [P,QSD]", "/%41%2e%2e/b"},
		{"%{REQUEST_FILENAME} !-f", "^/l - [CO=a:b:.c.d:60:/:1:1,F]", "/l"},
		{"%{TIME_YEAR}%{HTTP:X-A} >2000", "^/m - [R=404,T=text/plain,H=x]", "/m"},
	}
	for _, s := range seeds {
		f.Add(s.cond, s.rule, s.target)
	}
	f.Fuzz(func(t *testing.T, cond, rule, target string) {
		if strings.ContainsAny(cond+rule+target, "\n\r\x00") || len(cond)+len(rule)+len(target) > 2000 || !strings.HasPrefix(target, "/") {
			t.Skip()
		}
		conf := "<VirtualHost *:80>\nServerName www.example.com\nAllowEncodedSlashes NoDecode\nRewriteEngine On\nRewriteMap lower int:tolower\n"
		if cond != "" {
			conf += "RewriteCond " + cond + "\n"
		}
		conf += "RewriteRule " + rule + "\n<Directory />\nRewriteEngine On\nRewriteRule " + rule + "\n</Directory>\n</VirtualHost>\n"
		e := fuzzEngine(t, conf)
		if e == nil {
			t.Skip("httpd refuses it")
		}
		ask := func() Result {
			var res Result
			r := &Request{Method: "GET", Host: "www.example.com", Target: target, Local: netip.AddrFrom4([4]byte{127, 0, 0, 1})}
			if err := e.Serve(t.Context(), r, &res, nil); err != nil {
				t.Fatal(err)
			}
			return res
		}
		res := ask()
		status, header := res.Status, slices.Clone(res.Header)
		if status != 0 && (status < 100 || status > 999) {
			t.Errorf("status %d", status)
		}
		for _, h := range header {
			if strings.ContainsAny(h.Value, "\r\n") && strings.EqualFold(h.Name, "Location") {
				t.Errorf("a redirect to %q", h.Value)
			}
		}
		if again := ask(); again.Status != status || !slices.Equal(again.Header, header) {
			t.Errorf("%d %v, then %d %v", status, header, again.Status, again.Header)
		}
	})
}

// fuzzEngine is the engine of a configuration, or nil where httpd would not start.
func fuzzEngine(t *testing.T, conf string) *Engine {
	t.Helper()
	getenv := func(string) (string, bool) { return "", false }
	base, err := apachebase.Load(apachebase.Options{
		Project: fstest.MapFS{"site.conf": {Data: []byte(conf)}}, File: "site.conf", Env: getenv, Bare: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := apacheconf.Read(t.Context(), base.Read)
	if err != nil {
		return nil
	}
	srv := server.Decode(t.Context(), tree, server.DecodeOptions{Stat: base.FS.Stat, Env: getenv})
	for _, d := range slices.Concat(tree.Findings, srv.Findings) {
		if d.Severity == diag.Error {
			return nil
		}
	}
	answer := HandlerFunc(func(context.Context, *Handled) (Answer, error) { return Answer{Status: 200, Bytes: 10}, nil })
	return New(srv, Options{
		Files: caseDisk{base.FS}, Now: fixed, Getenv: getenv,
		Handlers: map[string]Handler{"dispatcher-handler": answer, "proxy-server": answer},
	})
}
