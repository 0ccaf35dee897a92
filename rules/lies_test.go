package rules

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

// liedTo is a configuration of two farms in which fixes that lie change something.
const liedTo = `/farms {
	/brand {
		/clientheaders { "Host" "X-Brand" "User-Agent" }
		/virtualhosts { "www.brand.example" "brand.example/de*" }
		/renders {
			/rend01 { /hostname "a.example" /port "4503" }
			/rend02 { /hostname "b.example" /port "4503" }
		}
		/filter {
			/0001 { /type "deny" /url "*" }
			/0002 { /type "allow" /method "GET" /url "/content/*" }
			/0003 { /type "deny" /url "/content/x7/secret.pdf" }
			/0004 { /type "deny" /selectors '(feed|tidy)' /extension "json" }
			/0005 { /type "deny" /url "/content/*" /query "debug=*" }
			/0006 { /type "allow" /method "HEAD" /path "/content/site/*" /extension '(html|css)' }
		}
		/vanity_urls { /url "/libs/granite/dispatcher/content/vanityUrls.html" /file "/tmp/vanity" /delay "300" }
		/statistics { /categories { /html { /glob "*.html" } /others { /glob "*" } } }
		/stickyConnectionsFor "/content/shop"
		/failover "1"
		/cache {
			/docroot "/var/www/brand"
			/statfileslevel "2"
			/allowAuthorized "0"
			/serveStaleOnError "1"
			/gracePeriod "2"
			/enableTTL "1"
			/rules {
				/0000 { /glob "*" /type "allow" }
				/0001 { /glob "/content/site/private*" /type "deny" }
			}
			/invalidate {
				/0000 { /glob "*" /type "deny" }
				/0001 { /glob "*.html" /type "allow" }
			}
			/allowedClients {
				/0000 { /glob "*" /type "deny" }
				/0001 { /glob "10.1.2.3" /type "allow" }
				/0002 { /glob "127.0.0.1" /type "allow" }
			}
			/ignoreUrlParams {
				/0000 { /glob "*" /type "deny" }
				/0001 { /glob "utm_*" /type "allow" }
			}
			/headers { "Content-Type" "X-Version" }
		}
	}
	/shop {
		/virtualhosts { "shop.example" "brand.example" }
		/propagateSyndPost "0"
		/sessionmanagement { /directory "/var/sessions" /header "HTTP:authorization" }
		/renders { /rend01 { /hostname "c.example" /port "4503" } }
		/filter { /0001 { /type "allow" /url "*" } }
		/cache {
			/docroot "/var/www/shop"
			/rules { /0000 { /glob "*" /type "allow" } }
		}
	}
}
`

// TestLies: a fix that calls itself safe and is not is caught, by the proof and, where requests to a render that answers
// show it, by the requests alone. The honest ones among them are let through.
func TestLies(t *testing.T) {
	for _, tt := range []struct {
		name, old, new string
		shown          bool // by requests
	}{
		{"filter: a rule allows", `/type "deny" /url "/content/x7`, `/type "allow" /url "/content/x7`, true},
		{"filter: a rule is gone", "/0003 { /type \"deny\" /url \"/content/x7/secret.pdf\" }\n", "", true},
		{"filter: one more letter", `secret.pdf`, `secrets.pdf`, true},
		{"filter: one selector less", `(feed|tidy)`, `(feed)`, true},
		{"filter: one method more", `/method "GET" /url`, `/method '(GET|PROPFIND)' /url`, true},
		{"filter: another query", `debug=*`, `debug=?*`, true},
		{"filter: a narrower extension", `(html|css)`, `(html)`, true},
		{"filter: order", "/0001 { /type \"deny\" /url \"*\" }\n\t\t\t/0002 { /type \"allow\" /method \"GET\" /url \"/content/*\" }", "/0002 { /type \"allow\" /method \"GET\" /url \"/content/*\" }\n\t\t\t/0001 { /type \"deny\" /url \"*\" }", true},
		{"filter: no section", `/filter { /0001 { /type "allow" /url "*" } }`, `/filter { }`, true},
		{"cache: a rule is gone", "/0001 { /glob \"/content/site/private*\" /type \"deny\" }\n", "", true},
		{"cache: one more letter", `private*`, `privat*`, true},
		{"cache: another docroot", `/var/www/brand`, `/var/www/brands`, true},
		{"cache: with credentials", `/allowAuthorized "0"`, `/allowAuthorized "1"`, true},
		{"cache: /statfileslevel", `/statfileslevel "2"`, `/statfileslevel "0"`, true},
		{"cache: /gracePeriod", `/gracePeriod "2"`, `/gracePeriod "60"`, true},
		{"cache: /enableTTL", `/enableTTL "1"`, `/enableTTL "0"`, true},
		{"cache: /serveStaleOnError", `/serveStaleOnError "1"`, `/serveStaleOnError "0"`, false},
		{"cache: /invalidate", `*.html" /type "allow" }`, `*.htm" /type "allow" }`, true},
		{"cache: /allowedClients", `10.1.2.3`, `10.1.2.4`, true},
		{"cache: /ignoreUrlParams", `utm_*`, `utm_?`, true},
		{"headers: one fewer for the render", ` "X-Brand"`, ``, true},
		{"headers: one more for the render", ` "X-Brand"`, ` "X-Brand" "Via"`, true},
		{"headers: one fewer in the cache", ` "X-Version"`, ``, true},
		{"farm: another host", `"www.brand.example"`, `"www.brands.example"`, true},
		{"farm: another path", `/de*`, `/d*`, true},
		{"farm: a host that another farm has", `"shop.example"`, `"shop.example" "www.brand.example"`, true},
		{"farm: one is gone", liedTo[strings.Index(liedTo, "\t/shop {"):strings.LastIndex(liedTo, "}")], "", true},
		{"render: another port", `"b.example" /port "4503"`, `"b.example" /port "4502"`, false},
		{"render: the first of two", `/hostname "a.example"`, `/hostname "b.example"`, true},
		{"render: sticky", `/content/shop`, `/content`, true},
		{"render: /statistics", `/html { /glob "*.html" } `, ``, false},
		{"render: /failover", `/failover "1"`, `/failover "0"`, false},
		{"flush: passed on", `/propagateSyndPost "0"`, `/propagateSyndPost "1"`, true},
		{"session: another header", `HTTP:authorization`, `Cookie:authorization`, true},
		{"session: none", `/sessionmanagement { /directory "/var/sessions" /header "HTTP:authorization" }`, ``, true},
		{"vanity: none", `/vanity_urls { /url "/libs/granite/dispatcher/content/vanityUrls.html" /file "/tmp/vanity" /delay "300" }`, ``, true},
		{"vanity: /delay", `/delay "300"`, `/delay "30"`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wrong, before, after := told(t, tt.old, tt.new)
			if !strings.Contains(wrong, "changes a decision") && !strings.Contains(wrong, "not proven") {
				t.Errorf("it is not caught: %q", wrong)
			}
			p := prove(before, after)
			if p.whole {
				t.Errorf("it is proven to be safe, by %v", p.how)
			}
			diff, _ := disagree(t, before, after, domainOf(before, after, p), true)
			if (diff != "") != tt.shown {
				t.Errorf("requests show it: %t, want %t: %s", diff != "", tt.shown, diff)
			}
		})
	}
	for _, tt := range []struct{ name, old, new string }{
		{"nothing", `/0003 {`, `/0003  {`},
		{"a label", `/0003 {`, `/secret {`},
		{"a rule that another covers", "/0003 {", "/00 { /type \"deny\" /url \"/content/x7/secret.pdf\" /method \"GET\" }\n\t\t\t/0003 {"},
		{"names in another order", `"Host" "X-Brand"`, `"x-brand" "HOST"`},
		{"an entry that another covers", `/0001 { /glob "utm_*"`, "/00 { /glob \"utm_source\" /type \"allow\" }\n/0001 { /glob \"utm_*\""},
		{"a host twice", `"shop.example"`, `"shop.example" "shop.example"`},
	} {
		t.Run("honest: "+tt.name, func(t *testing.T) {
			if wrong, _, _ := told(t, tt.old, tt.new); wrong != "" {
				t.Errorf("it is taken for a lie: %s", wrong)
			}
		})
	}
}

// told makes a rule that offers to put one text in place of another, as a safe fix, and returns what is said about it.
func told(t *testing.T, old, new string) (wrong string, before, after *model.Config) {
	t.Helper()
	if strings.Count(liedTo, old) != 1 {
		t.Fatalf("%q is there %d times", old, strings.Count(liedTo, old))
	}
	done := strings.Replace(liedTo, old, new, 1)
	liar := &lint.Rule{ID: "DSP467", Name: "liar-liar", Severity: diag.Error, Config: func(p *lint.Pass, c *model.Config) {
		f := p.Subject.Files[0].Src
		if string(f.Text) == done {
			return
		}
		at := bytes.Index(f.Text, []byte(old))
		span := f.Span(at, at+len(old))
		p.Report(diag.Diagnostic{Span: span, Message: "it could be written otherwise", Why: "x", Fixes: []diag.Fix{
			{Title: "write it", Safe: true, Edits: []diag.Edit{{Span: span, New: new}}},
		}})
	}}
	e := &exhibit{name: "lie", files: fstest.MapFS{"dispatcher.any": {Data: []byte(liedTo)}}, entry: "dispatcher.any", rules: []*lint.Rule{liar}}
	l := newTallies()
	said := e.check(t, l, 10, false)
	if n := l.rules[liar.ID]; n == nil || n.safe != 1 {
		t.Fatalf("the fix was not looked at: %v", said)
	}
	load := func(text string) *model.Config {
		p, err := project.Load(t.Context(), project.Options{FS: fstest.MapFS{"dispatcher.any": {Data: []byte(text)}}, Path: "dispatcher.any"})
		if err != nil {
			t.Fatal(err)
		}
		return p.Config
	}
	return fmt.Sprint(strings.Join(said, "\n")), load(liedTo), load(done)
}
