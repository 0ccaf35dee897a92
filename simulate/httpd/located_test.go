package httpd

import (
	"strings"
	"testing"
)

// TestLocationsAreWalkedTwice: sections are looked for on the path as it came and on the one that rules made of it; groups
// with names are taken both times, also where a rule changed what the first time left.
func TestLocationsAreWalkedTwice(t *testing.T) {
	e := benchEngine(t, `
	<LocationMatch "^/(?<site>[a-z]+)/">
		Header set X-Pattern pattern
	</LocationMatch>
	<Location "/a//b">
		Header set X-Never never
	</Location>
	<Location "/a">
		Header set X-Path path
	</Location>
	<LocationMatch "^(?!/a)">
		Header set X-Other other
	</LocationMatch>
	RewriteRule ^/a/gone$ - [E=MATCH_SITE:rule]
	RewriteRule ^/a/moved$ /b/here [PT]
`, nil)
	for _, tt := range []struct{ target, headers, site string }{
		{"/a/b", "X-Path X-Pattern", "a"},
		{"/a", "X-Path", ""},
		{"/ab", "", ""},
		{"/a/gone", "X-Path X-Pattern", "a"},
		{"/a/moved", "X-Other X-Pattern", "b"},
		{"/b/x", "X-Other X-Pattern", "b"},
	} {
		t.Run(tt.target, func(t *testing.T) {
			var res Result
			if err := e.Serve(t.Context(), &Request{Method: "GET", Target: tt.target, Host: "www.example.com"}, &res, nil); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, name := range []string{"X-Never", "X-Other", "X-Path", "X-Pattern"} {
				if _, ok := table(res.Header).get(name); ok {
					got = append(got, name)
				}
			}
			site, _ := table(res.Env).get("MATCH_SITE")
			if strings.Join(got, " ") != tt.headers || site != tt.site {
				t.Errorf("got %q and site %q, want %q and %q", got, site, tt.headers, tt.site)
			}
		})
	}
}
