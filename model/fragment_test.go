package model

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/source"
)

func decodeText(tb testing.TB, name, text string, o Options) (*Config, []diag.Diagnostic) {
	tb.Helper()
	tree := grammar.Parse(source.NewFile(name, []byte(text)))
	c, found := Decode(tree.Items, o)
	lawsOfDecode(tb, tree.Items, c, found)
	return c, found
}

func TestFragments(t *testing.T) {
	rule := `/0001 { /type "deny" /url "*" }`
	tests := []struct {
		name string // of the test, and of the file where it holds a dot
		text string
		want string // what is put around, joined
	}{
		{"whole", `/farms { /a { /filter { ` + rule + ` } } }`, ""},
		{"whole with name", `/name "x" /farms { }`, ""},
		{"name alone", `/name "x"`, ""},
		{"empty", ``, ""},
		{"comment", `# nothing`, ""},
		{"include alone", `$include "x.any"`, ""},
		{"farm", `/publish { /virtualhosts { "*" } /filter { } }`, "/farms"},
		{"farm of includes", `/publish { $include "x.any" }`, "/farms"},
		{"farm without anything", `/f { }`, "/farms"},
		{"farm with name", `/name "x" /publish { /cache { /docroot "/d" } }`, "/farms"},
		{"two farms", `/a { /info "1" } /b { /info "1" }`, "/farms"},
		{"farm body", `/virtualhosts { "*" } /filter { ` + rule + ` }`, `/farms farm "fragment"`},
		{"farm body with values", `/info "1" /cache { /docroot "/d" }`, `/farms farm "fragment"`},
		{"farm body with a mistake", `/info "1" /cahe { /docroot "/d" } /filter { }`, `/farms farm "fragment"`},
		{"farm value", `/propagateSyndPost "1"`, `/farms farm "fragment"`},
		{"filter", `/filter { ` + rule + ` }`, `/farms farm "fragment"`},
		{"empty filter", `/filter { }`, `/farms farm "fragment"`},
		{"cache", `/cache { /docroot "/d" }`, `/farms farm "fragment"`},
		{"renders", `/renders { /a { /hostname "h" } }`, `/farms farm "fragment"`},
		{"renders without label", `/renders { /hostname "h" }`, `/farms farm "fragment"`},
		{"renders and statistics", `/renders { /a { /hostname "h" } } /statistics { /categories { /a { /glob "*" } } }`, `/farms farm "fragment"`},
		{"vanity_urls", `/vanity_urls { /url "/x" /file "/f" /delay 300 }`, `/farms farm "fragment"`},
		{"auth_checker and cache", `/cache { /docroot "/d" } /auth_checker { /url "/b" /filter { /1 { /glob "*" /type "deny" } } }`, `/farms farm "fragment"`},
		{"stickyConnections", `/stickyConnections { /paths { "/x" } }`, `/farms farm "fragment"`},
		{"health_check", `/health_check { /url "/x" }`, `/farms farm "fragment"`},
		{"rules", `/rules { /0000 { /glob "*" /type "allow" } }`, `/farms farm "fragment" /cache`},
		{"ignoreUrlParams", `/ignoreUrlParams { /0001 { /glob "*" /type "deny" } }`, `/farms farm "fragment" /cache`},
		{"cache body", `/docroot "/d" /rules { } /invalidate { }`, `/farms farm "fragment" /cache`},
		{"cache value", `/statfileslevel "2"`, `/farms farm "fragment" /cache`},
		{"stored headers", `/headers { "ETag" "Expires" }`, `/farms farm "fragment" /cache`},
		{"headers of auth_checker", `/headers { /1 { /glob "Set-Cookie:*" /type "allow" } }`, `/farms farm "fragment" /auth_checker`},
		{"paths", `/paths { "/x" }`, `/farms farm "fragment" /stickyConnections`},
		{"categories", `/categories { /html { /glob "*.html" } }`, `/farms farm "fragment" /statistics`},

		{"filter rules", rule, `/farms farm "fragment" /filter`},
		{"many filter rules", strings.Repeat(rule, 200), `/farms farm "fragment" /filter`},
		{"filter rules, no labels", `{ /type "deny" /url "*" } { /type "allow" /path "/content" /extension 'html' }`, `/farms farm "fragment" /filter`},
		{"filter rules and includes", `$include "x.any" ` + rule, `/farms farm "fragment" /filter`},
		{"filter rules and junk", rule + ` // a comment ` + rule, `/farms farm "fragment" /filter`},
		{"filter rules with mistakes", `/0001 { /type "deny" /extensions "x" /ulr "y" } ` + rule, `/farms farm "fragment" /filter`},
		{"filter rules, request lines", `/0001 { /type "deny" /glob "*" } /0002 { /type "allow" /glob "GET /content/* *" }`, `/farms farm "fragment" /filter`},
		{"filter rules, csrf", `/0030 { /type "allow" /glob " * /libs/granite/csrf/token.json*" }`, `/farms farm "fragment" /filter`},
		{"filter rules, globs and elements", `/0001 { /glob "*" /type "deny" } /0002 { /type "allow" /url "/libs/x*" }`, `/farms farm "fragment" /filter`},
		{"filter rules, one star", `/0001 { /type "deny" /glob "*" }`, `/farms farm "fragment" /filter`},
		{"filter rule", `/type "allow" /url "/x"`, `/farms farm "fragment" /filter rule`},
		{"filter rule, one line", `/type "deny" /glob "* /index.html *"`, `/farms farm "fragment" /filter rule`},
		{"cache rules", `/0000 { /glob "*" /type "allow" } /0001 { /glob "/en/news/*" /type "deny" }`, `/farms farm "fragment" /cache /rules`},
		{"cache rules, types", `/0000 { /glob "*" /type "deny" } /0001 { /glob "*.html" /type "allow" }`, `/farms farm "fragment" /cache /rules`},
		{"cache/rules.any", `/0000 { /glob "*" /type "allow" }`, `/farms farm "fragment" /cache /rules`},
		{"cache/ams_publish_cache.any", `/0000 { /glob "*" /type "allow" }`, `/farms farm "fragment" /cache /rules`},
		{"cache/ams_author_invalidate.any", `/0000 { /glob "*" /type "allow" }`, `/farms farm "fragment" /cache /invalidate`},
		{"invalidate/x_invalidate.any", `/0000 { /glob "*.html" /type "allow" }`, `/farms farm "fragment" /cache /invalidate`},
		{"cache/default_invalidate.any", `/0000 { /glob "*" /type "deny" } /0001 { /glob "10.*.*.*" /type "allow" }`, `/farms farm "fragment" /cache /allowedClients`},
		{"filters/x.any", `/0000 { /glob "*" /type "allow" }`, `/farms farm "fragment" /filter`},
		{"clients", `/0001 { /glob "*.*.*.*" /type "deny" } /0002 { /glob "127.0.0.1" /type "allow" }`, `/farms farm "fragment" /cache /allowedClients`},
		{"clients, version 6", `/0001 { /glob "*" /type "deny" } /0002 { /glob "::1" /type "allow" } /3 { /glob "fe80:*:1" /type "allow" }`, `/farms farm "fragment" /cache /allowedClients`},
		{"cache/ams_author_invalidate_allowed.any", `/0000 { /glob "*" /type "deny" } /0001 { /glob "${AUTHOR_IP}" /type "allow" }`, `/farms farm "fragment" /cache /allowedClients`},
		{"cache rules with a variable", `/0001 { /glob "/content/dam/${FOLDER}*" /type "allow" }`, `/farms farm "fragment" /cache /rules`},
		{"parameters", `/0001 { /glob "*" /type "deny" } /0002 { /glob "utm_*" /type "allow" } /3 { /glob "gclid" /type "allow" }`, `/farms farm "fragment" /cache /ignoreUrlParams`},
		{"cache/marketing_query_parameters.any", `/0001 { /glob "*" /type "deny" }`, `/farms farm "fragment" /cache /ignoreUrlParams`},
		{"header lines", `/0001 { /glob "*" /type "deny" } /0002 { /glob "Set-Cookie:*" /type "allow" }`, `/farms farm "fragment" /auth_checker /headers`},

		{"render entries", `/rend01 { /hostname "h" /port "4503" } /rend02 { /hostname "i" }`, `/farms farm "fragment" /renders`},
		{"render", `/hostname "h" /port "4503"`, `/farms farm "fragment" /renders render`},
		{"render's times", `/timeout "0" /port "4503"`, `/farms farm "fragment" /renders render`},
		{"category entries", `/search { /glob "*search.html" } /html { /glob "*.html" } /others { /glob "*" }`, `/farms farm "fragment" /statistics /categories`},
		{"sessions", `/directory "/d" /encode "md5" /header "HTTP:authorization" /timeout "800"`, `/farms farm "fragment" /sessionmanagement`},
		{"sessions with junk", `/junk "x" /directory "/d" /encode "md6" /header "HTTP:authorization" /timeout "805"`, `/farms farm "fragment" /sessionmanagement`},
		{"vanity URLs", `/url "/libs/granite/dispatcher/content/vanityUrls.html" /file "/tmp/vanity" /delay 300`, `/farms farm "fragment" /vanity_urls`},
		{"health check's URL", `/url "/health_check.html"`, `/farms farm "fragment" /health_check`},
		{"auth checker", `/url "/bin/check" /filter { /1 { /glob "*" /type "deny" } } /headers { /1 { /glob "*" /type "deny" } }`, `/farms farm "fragment" /auth_checker`},
		{"sticky", `/paths { "/a" } /httpOnly "1" /secure "1"`, `/farms farm "fragment" /stickyConnections`},

		{"hosts", `"www.example.com" "https://*" "intranet.*"`, `/farms farm "fragment" /virtualhosts`},
		{"one host", `"*"`, `/farms farm "fragment" /virtualhosts`},
		{"host from a variable", `"${PUBLISH_DEFAULT_HOSTNAME}"`, `/farms farm "fragment" /virtualhosts`},
		{"hosts without quotes", "www.anthem.com\nwww.localtiffany.com*", `/farms farm "fragment" /virtualhosts`},
		{"hosts in a block", `{ "www.example.com" }`, `/farms farm "fragment" /virtualhosts`},
		{"client headers", `"Host" "Cookie" "X-Forwarded-Proto"`, `/farms farm "fragment" /clientheaders`},
		{"client headers, mixed", `"Host" "Cookie" "Expires" "If-None-Match"`, `/farms farm "fragment" /clientheaders`},
		{"clientheaders/x.any", `"*"`, `/farms farm "fragment" /clientheaders`},
		{"response headers", `"Cache-Control" "Expires" "Last-Modified" "ETag" "X-Content-Type-Options"`, `/farms farm "fragment" /cache /headers`},
		{"clientheaders/clientheaders.any", `"Access-Control-Allow-Origin" "Access-Control-Max-Age"`, `/farms farm "fragment" /clientheaders`},
		{"folders", `"/content/a" "/content/b"`, `/farms farm "fragment" /stickyConnections /paths`},

		{"link", `../available_farms/x.farm`, ""},
		{"junk", `/junk "x"`, ""},
		{"junk block", `/junk { /more "x" }`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name := "in.any"
			if strings.HasSuffix(tt.name, ".any") {
				name = tt.name
			}
			c, found := decodeText(t, name, tt.text, Options{Fragment: true})
			if got := strings.Join(c.Wrapped, " "); got != tt.want {
				t.Errorf("put around: %s, want %s", got, tt.want)
			}
			for _, f := range found {
				if f.Rule == "DSP034" && !strings.Contains(tt.text, "/farms") {
					t.Errorf("a fragment needs no farms: %s", f.Message)
				}
				if f.Rule == "DSP030" && len(c.Wrapped) > 0 {
					t.Errorf("a fragment has no top level: %s", f.Message)
				}
			}
			// The same text as a whole configuration is read the same, and reported.
			whole, found := decodeText(t, name, tt.text, Options{})
			if diff := cmp.Diff(c.Wrapped, whole.Wrapped); diff != "" {
				t.Errorf("as a whole (-fragment +whole):\n%s", diff)
			}
			n := 0
			for _, f := range found {
				if f.Rule == "DSP030" {
					n++
				}
			}
			if len(c.Wrapped) > 0 && n != 1 {
				t.Errorf("%d times DSP030, want once", n)
			}
		})
	}
}

// TestFragmentFarm: what a fragment is put into is there, with defaults, and covers the text.
func TestFragmentFarm(t *testing.T) {
	c, found := decodeText(t, "in.any", "/0001 { /type \"deny\" /url \"*\" }\n/0002 { /type \"allow\" /url \"/x\" }\n", Options{Fragment: true})
	if len(found) > 0 {
		t.Errorf("findings: %v", found)
	}
	f := c.Farm("fragment")
	if f == nil || f.Filter == nil || len(f.Filter.Rules) != 2 {
		t.Fatalf("no filter with two rules: %+v", f)
	}
	if f.NumberOfRetries.Value != 5 || f.Cache != nil || f.Renders != nil {
		t.Errorf("the farm around is not an empty one: %+v", f)
	}
	if !c.FarmsAt.Span.IsZero() || !f.NameAt.IsZero() {
		t.Errorf("/farms and the label are not in the text, and have places")
	}
	if got := f.Filter.At.Span; got.Start != 0 || got != f.At.Span || got.EndPosition().Line != 2 {
		t.Errorf("the filter does not cover its rules: %q", got.Text())
	}
}
