package site_test

import (
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/internal/mock"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/simulate"
)

const vhost = `<VirtualHost *:80>
	ServerName www.example.com
	DocumentRoot "/mnt/var/www/html"
	<Directory />
		SetHandler dispatcher-handler
		Require all granted
	</Directory>
	DispatcherUseProcessedURL On
	DispatcherPassError 404
	DispatcherRestrictUncacheableContent On
	ErrorDocument 404 /content/errors/404.html
	ExpiresActive On
	ExpiresByType text/html A300
	Header always set X-Always a
	Header set X-Host "%{HTTP_HOST}e"
	RequestHeader set X-Asked yes
	RewriteEngine On
	RewriteRule ^/short/(.*)$ /content/site/$1 [PT,L]
	RewriteRule ^/secret - [F]
	RewriteRule ^/out$ https://other.example/ [R=301,L]
	RewriteRule ^/in$ /content/site/a.html [R=302,L]
	RewriteRule ^/p/(.*)$ http://backend.invalid/$1 [P]
</VirtualHost>
`

const farm = `/site {
	/virtualhosts { "www.example.com" }
	/renders { /0 { /hostname "render" /port "4503" } }
	/clientheaders { "*" }
	/filter {
		/0001 { /type "deny" /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
	/cache {
		/docroot "/mnt/var/www/html"
		/rules { /0000 { /glob "*" /type "allow" } }
	}
}
`

func newSite(t *testing.T, backend simulate.Backend) *site.Site {
	t.Helper()
	return siteOf(t, vhost, backend)
}

func siteOf(t *testing.T, vhost string, backend simulate.Backend) *site.Site {
	t.Helper()
	p, err := project.Load(t.Context(), project.Options{FS: fstest.MapFS{
		"conf.d/enabled_vhosts/site.vhost":          {Data: []byte(vhost)},
		"conf.dispatcher.d/dispatcher.any":          {Data: []byte(`/farms { $include "enabled_farms/*.farm" }`)},
		"conf.dispatcher.d/enabled_farms/site.farm": {Data: []byte(farm)},
		"opt-in/USE_SOURCES_DIRECTLY":               {Data: []byte("")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.Apache(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return site.New(&site.Site{
		Server: a.Server, Files: a.Files(), Getenv: a.Getenv, Dispatcher: simulate.New(p.Config, simulate.Options{Backend: backend}),
	})
}

func TestDecide(t *testing.T) {
	s := newSite(t, mock.Respond(200, "text/html"))
	for _, tt := range []struct {
		name, url string
		outcome   simulate.Outcome
		uri       string
		status    int
		header    map[string]string // "" is a header that must not be there
	}{
		{"a rule maps, the farm decides, headers come on the way back", "http://www.example.com/short/a.html", simulate.Answered, "/content/site/a.html", 200,
			map[string]string{"X-Always": "a", "Expires": "*"}},
		{"no mod_expires on what is not cacheable", "http://www.example.com/short/a.html?x=1", simulate.Answered, "/content/site/a.html", 200,
			map[string]string{"Expires": "", "X-Always": "a"}},
		{"the filter denies what rules left", "http://www.example.com/bin/x", simulate.Denied, "/bin/x", 404, map[string]string{"X-Always": "a"}},
		{"a rule forbids", "http://www.example.com/secret", simulate.Refused, "/secret", 403, map[string]string{"X-Always": "a", "X-Host": ""}},
		{"a redirect", "http://www.example.com/out", simulate.Redirected, "/out", 301, map[string]string{"Location": "https://other.example/"}},
		{"past the Dispatcher", "http://www.example.com/p/x", simulate.Proxied, "/p/x", 0, nil},
		{"the platform's own host takes what no other does", "http://elsewhere.example/content/a.html", simulate.Declined, "/index.html", 200, map[string]string{"X-Always": ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := simulate.NewRequest("GET", tt.url)
			if err != nil {
				t.Fatal(err)
			}
			var d simulate.Decision
			var p site.Passage
			if err := s.Decide(t.Context(), r, &d, nil, &p); err != nil {
				t.Fatal(err)
			}
			if d.Outcome != tt.outcome || d.URI != tt.uri || d.Response.Status != tt.status {
				t.Errorf("got %v %s %d, want %v %s %d", d.Outcome, d.URI, d.Response.Status, tt.outcome, tt.uri, tt.status)
			}
			for name, want := range tt.header {
				got, has := d.Response.Header.Value(name)
				if want == "*" && has || want == "" && !has {
					continue
				}
				if got != want {
					t.Errorf("%s: got %q (%v), want %q; all: %v", name, got, has, want, d.Response.Header)
				}
			}
		})
	}
}

// TestFollow: redirects within the site are followed, as often as asked.
func TestFollow(t *testing.T) {
	s := newSite(t, nil)
	for _, tt := range []struct {
		name, url string
		follow    int
		outcome   simulate.Outcome
		redirects int
	}{
		{"not asked for", "http://www.example.com/in", 0, simulate.Redirected, 0},
		{"to the site itself", "http://www.example.com/in", 3, simulate.Forwarded, 1},
		{"to somebody else", "http://www.example.com/out", 3, simulate.Redirected, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.Follow = tt.follow
			r, err := simulate.NewRequest("GET", tt.url)
			if err != nil {
				t.Fatal(err)
			}
			var d simulate.Decision
			var p site.Passage
			if err := s.Decide(t.Context(), r, &d, nil, &p); err != nil {
				t.Fatal(err)
			}
			if d.Outcome != tt.outcome || len(p.Redirects) != tt.redirects || p.Loop {
				t.Errorf("got %v after %d redirects (loop %v), want %v after %d", d.Outcome, len(p.Redirects), p.Loop, tt.outcome, tt.redirects)
			}
		})
	}
}

// TestPortOfTheHost: a client that asks for a host with a port comes to that port, where somebody answers there.
func TestPortOfTheHost(t *testing.T) {
	office := strings.NewReplacer("*:80", "*:8080", "RewriteEngine On", "RewriteEngine On\nRewriteRule ^ - [F]").Replace(vhost)
	s := siteOf(t, vhost+office+strings.ReplaceAll(office, "8080", "443"), nil)
	for _, tt := range []struct {
		url    string
		status int
	}{
		{"http://www.example.com/content/a.html", 0},
		{"http://www.example.com:80/content/a.html", 0},
		{"http://www.example.com:8080/content/a.html", 403},
		{"http://www.example.com:81/content/a.html", 0},  // where nobody is
		{"http://www.example.com:443/content/a.html", 0}, // which would be TLS
		{"http://www.example.com:x/content/a.html", 400},
		{"http://[2001:db8::1]:8080/content/a.html", 403},
		{"https://www.example.com/content/a.html", 403},
	} {
		r, err := simulate.NewRequest("GET", tt.url)
		if err != nil {
			t.Fatal(err)
		}
		var d simulate.Decision
		var p site.Passage
		if err := s.Decide(t.Context(), r, &d, nil, &p); err != nil {
			t.Fatal(err)
		}
		if d.Response.Status != tt.status {
			t.Errorf("%s: got status %d, want %d", tt.url, d.Response.Status, tt.status)
		}
	}
}

// TestNext: what a client asks after a redirect.
func TestNext(t *testing.T) {
	s := newSite(t, nil)
	for _, tt := range []struct {
		method, url string
		status      int
		location    string
		want        string // "" for nothing
	}{
		{"GET", "http://www.example.com/a/b.html?c", 301, "/x?y#z", "GET http://www.example.com/x?y"},
		{"GET", "https://www.example.com/a", 301, "/x", "GET https://www.example.com/x"},
		{"GET", "https://www.example.com/a", 301, "http://www.example.com/x", "GET http://www.example.com/x"},
		{"GET", "https://www.example.com/a", 301, "//www.example.com/x", "GET https://www.example.com/x"},
		{"GET", "http://www.example.com/a", 301, "//elsewhere.example/x", ""},
		{"GET", "http://www.example.com/a/b.html?c", 301, "d.html", "GET http://www.example.com/a/d.html"},
		{"GET", "http://www.example.com/a/b.html?c", 301, "../d.html?e", "GET http://www.example.com/d.html?e"},
		{"GET", "http://www.example.com/a/b.html?c", 301, "?d", "GET http://www.example.com/a/b.html?d"},
		{"GET", "http://www.example.com/a", 301, "mailto:a@b.example", ""},
		{"GET", "http://www.example.com/a", 301, "%zz", ""},
		{"GET", "http://www.example.com/a", 301, "", ""},
		{"GET", "http://www.example.com/a", 200, "/x", ""},
		{"GET", "http://www.example.com/a", 300, "/x", ""},
		{"GET", "http://www.example.com/a", 304, "/x", ""},
		{"POST", "http://www.example.com/a", 301, "/x", "GET http://www.example.com/x"},
		{"POST", "http://www.example.com/a", 302, "/x", "GET http://www.example.com/x"},
		{"POST", "http://www.example.com/a", 303, "/x", "GET http://www.example.com/x"},
		{"POST", "http://www.example.com/a", 307, "/x", "POST http://www.example.com/x with its body"},
		{"POST", "http://www.example.com/a", 308, "/x", "POST http://www.example.com/x with its body"},
		{"PUT", "http://www.example.com/a", 302, "/x", "PUT http://www.example.com/x with its body"},
		{"PUT", "http://www.example.com/a", 303, "/x", "GET http://www.example.com/x"},
		{"HEAD", "http://www.example.com/a", 303, "/x", "HEAD http://www.example.com/x"},
		{"HEAD", "http://www.example.com/a", 301, "/x", "HEAD http://www.example.com/x"},
	} {
		r, err := simulate.NewRequest(tt.method, tt.url)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = simulate.Header{{Name: "Accept", Value: "*/*"}}
		if tt.method == "POST" || tt.method == "PUT" {
			r.Body, r.Length = strings.NewReader("body"), 4
			r.Header = append(r.Header, simulate.Field{Name: "content-type", Value: "text/plain"})
			_, _ = io.Copy(io.Discard, r.Body) // a render has read it
		}
		got := ""
		if n := s.Next(r, tt.status, tt.location); n != nil {
			got = n.Method + " http://" + n.Host + n.Target
			if n.TLS {
				got = n.Method + " https://" + n.Host + n.Target
			}
			if n.Body != nil {
				body, err := io.ReadAll(n.Body)
				if err != nil || string(body) != "body" || n.Length != 4 {
					t.Errorf("%s %d: the body is %q of %d, %v", tt.method, tt.status, body, n.Length, err)
				}
				got += " with its body"
			}
			if n.Header.Has("Content-Type") != (n.Body != nil) || !n.Header.Has("Accept") {
				t.Errorf("%s %d: got headers %v", tt.method, tt.status, n.Header)
			}
		}
		if got != tt.want {
			t.Errorf("%s %s, %d to %q: got %q, want %q", tt.method, tt.url, tt.status, tt.location, got, tt.want)
		}
	}
	// A body that can be read once is not sent again.
	r := &simulate.Request{Method: "POST", Host: "www.example.com", Target: "/a", Body: io.MultiReader(strings.NewReader("body"))}
	if n := s.Next(r, 307, "/x"); n != nil {
		t.Errorf("got %v", n)
	}
}
