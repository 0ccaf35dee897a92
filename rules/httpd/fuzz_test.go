package httpd

import (
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model/server"
)

// FuzzParts: what reads patterns, targets and values stays within them, and what it claims of a pattern is so.
func FuzzParts(f *testing.F) {
	for _, s := range []string{
		"^/go/(.*)$", "https://$1", "https://%{HTTP_HOST}$1", "max-age:3, pubic", "HIGH:!MD5:RC4+RSA", "[[:alpha:]()](a)", "^https://(.*\\.)?site.example$",
		`(?<n>a)(?:b)(c\)`, "404,500-599", ";a;b;c;d;e;1;1", "[](a)", "(", "https://$", "10.0.0.1", "%{", "\\",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 200 {
			return
		}
		for n := 1; n < 4; n++ {
			if from, to, ok := group(s, n); ok && (from >= to || s[from] != '(' || s[to-1] != ')') {
				t.Errorf("group %d of %q is %d to %d", n, s, from, to)
			}
		}
		if x, ok := slotOf(s, true); ok && (x.start >= x.limit || !strings.HasSuffix(s[:x.start], x.front) || !strings.HasPrefix(s[x.limit:], x.rest)) {
			t.Errorf("slot of %q is %+v", s, x)
		}
		if wrong, why, _ := badCacheControl(s); (wrong == "") != (why == "") || !strings.Contains(s, wrong) {
			t.Errorf("Cache-Control %q: %q, %q", s, wrong, why)
		}
		weakCiphers(s)
		oldProtocols(strings.Fields(s))
		passed(s)
		cookieMissing(s)
		nearModule(s)
		re, err := match.CompilePCRE(s, match.PCREOptions{})
		if err != nil {
			return
		}
		pt := &server.Pattern{Text: s, PCRE: re}
		if address, _, severity := foreign(s, re, true); address != "" {
			if ok, _, err := re.Match(address, nil); err != nil || !ok || severity == 0 {
				t.Errorf("%q is said to let %q pass", s, address)
			}
		}
		if address, _ := otherAddress(pt); address != "" {
			if ok, _, err := re.Match(address, nil); err != nil || !ok {
				t.Errorf("%q is said to let %q pass", s, address)
			}
		}
		if w, ok := steered(pt, 1, "evil.test", true); ok {
			if found, g, err := re.Match(w, nil); err != nil || !found || w[g[2]:g[3]] != "evil.test" || w[0] != '/' {
				t.Errorf("%q does not lead %q away", s, w)
			}
		}
	})
}
