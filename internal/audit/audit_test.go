package audit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/audit"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// config reads a .any text, which may be a bare /filter.
func config(t testing.TB, text string) *model.Config {
	t.Helper()
	tree := grammar.Parse(source.NewFile("test.any", []byte(text)))
	c, ds := model.Decode(tree.Items, model.Options{Fragment: true})
	for _, d := range append(grammar.Check(tree), ds...) {
		if d.Severity.String() == "error" {
			t.Fatalf("%v: %s\n%s", d.Span.Position(), d.Message, text)
		}
	}
	return c
}

// run audits a configuration without httpd.
func run(t testing.TB, c *model.Config, change func(*audit.Options)) *audit.Report {
	t.Helper()
	o := audit.Options{
		Config: c, Targets: []audit.Target{{Host: "www.example.com", Farm: c.Farms[0]}},
		Ask: func(c *model.Config) audit.Asker { return audit.Engine(simulate.New(c, simulate.Options{})) },
	}
	if change != nil {
		change(&o)
	}
	r, err := audit.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func filter(rules ...string) string {
	return "/filter {\n\t/0001 { /type \"deny\" /url \"*\" }\n\t" + strings.Join(rules, "\n\t") + "\n}\n"
}

// someClasses are a third of all, of each kind some: all of them take too long for so many configurations.
var someClasses = []string{
	"crx", "dam", "debug", "etc", "felix", "flush", "jcr", "method", "other", "packmgr", "post", "query-sel", "querybuilder", "redundant",
	"selector-bypass", "suffix-bypass", "traversal", "ugc", "childlist",
}

// TestGuilty: known mistakes are found, and the rule is named that makes them.
func TestGuilty(t *testing.T) {
	const pages = `/0010 { /type "allow" /method '(GET|HEAD)' /url '/content/site/[A-Za-z0-9/_-]+\.html' }`
	const author = `/0090 { /type "deny" /query '(.*&)?(debug|wcmmode|sling:authRequestLogin|url)([=&].*)?' }`
	tests := []struct {
		name, text string
		// guilty is the place of what is to blame, or nothing where the configuration is clean.
		guilty  []string
		classes []string // that it lets through, among others
		fixed   bool
	}{
		{"deny all", filter(), nil, nil, false},
		{"nothing matches", "/filter { /0001 { /type \"allow\" /url \"/nothing\" } }", nil, nil, false},
		{"pages alone", filter(pages, author), nil, nil, false},
		{"no filter", "/farms { /open { /virtualhosts { \"*\" } /renders { /r { /hostname \"r\" /port \"4503\" } } /cache { /docroot \"/c\" /allowedClients { /1 { /type \"deny\" /glob \"*\" } } } } }",
			[]string{"no-filter 1:10"}, []string{"crx", "querybuilder", "method"}, true},
		{"allow all", "/filter {\n\t/0001 { /type \"allow\" /url \"*\" }\n}\n", []string{"filter 2:2"}, []string{"crx", "felix", "packmgr", "content-grab"}, true},
		{"allow all by glob", "/filter { /0001 { /type \"allow\" /glob \"*\" } }\n", []string{"filter 1:11"}, []string{"crx"}, true},
		{"last match wins", filter(pages, author, `/0100 { /type "deny" /url "/crx/*" }`, `/0101 { /type "allow" /url "/crx/de*" }`), []string{"filter 6:2"}, []string{"crx"}, true},
		{"any extension", filter(author, `/0011 { /type "allow" /method "GET" /extension '(css|js|png|ico)' }`), []string{"filter 4:2"}, []string{"crx", "querybuilder", "etc"}, true},
		{"json", filter(pages, author, `/0012 { /type "allow" /method "GET" /path "/content/*" /extension "json" }`), []string{"filter 5:2"}, []string{"childlist", "jcr"}, true},
		{"one selector is enough", filter(pages, author, `/0013 { /type "allow" /method "GET" /path "/content/*" /selectors "model" /extension "json" }`),
			[]string{"filter 5:2"}, []string{"selector-bypass"}, true},
		{"selectors of pages", filter(author, `/0014 { /type "allow" /method "GET" /path "/content/*" /extension "html" /suffix "" }`), []string{"filter 4:2"}, []string{"redundant"}, true},
		{"suffixes of pages", filter(author, `/0015 { /type "allow" /method "GET" /path "/content/*" /selectors "" /extension "html" }`), []string{"filter 4:2"}, []string{"redundant", "suffix-bypass"}, true},
		{"glob over the request line", filter(pages, author, `/0016 { /type "allow" /glob "GET *.css *" }`), []string{"filter 5:2"}, []string{"crx", "querybuilder"}, true},
		{"a prefix without a slash", filter(author, `/0017 { /type "allow" /method "GET" /url "/content*" }`), []string{"filter 4:2"}, []string{"other", "childlist", "dam"}, true},
		{"path parameters", filter(pages, author, `/0018 { /type "allow" /method "GET" /url '.*/graphql/execute.*' }`), []string{"filter 5:2"}, []string{"querybuilder", "crx"}, true},
		{"parameters of authors", filter(pages), []string{"filter 3:2"}, []string{"debug"}, true},
		{"methods", filter(author, `/0019 { /type "allow" /url '/content/site/[A-Za-z0-9/_-]+\.html' }`), []string{"filter 4:2"}, []string{"method"}, true},
		{"post", filter(pages, author, `/0020 { /type "allow" /method "POST" /url "/content/*" }`), []string{"filter 5:2"}, []string{"post", "ugc"}, true},
		{"inside of pages", filter(pages, author, `/0021 { /type "allow" /method "GET" /url '/content/.*/_jcr_content[./].*' }`), []string{"filter 5:2"}, []string{"jcr"}, true},
		{"a deny list", "/filter {\n\t/0001 { /type \"allow\" /url \"*\" }\n\t/0002 { /type \"deny\" /url '/(crx|system|bin|etc|libs|apps|var|home|admin)([/.;].*)?' }\n}\n", []string{"filter 2:2"}, []string{"childlist", "traversal"}, true},
		{"two rules", filter(`/0001a { /type "allow" /url "/crx/de*" }`, `/0002 { /type "allow" /url "/system/console*" }`), []string{"filter 3:2", "filter 4:2"}, []string{"crx"}, false},
		{"flush", "/farms { /f { /virtualhosts { \"*\" } /renders { /r { /hostname \"r\" /port \"4503\" } } /filter { /1 { /type \"deny\" /url \"*\" } } /cache { /docroot \"/c\" /allowedClients { /1 { /type \"allow\" /glob \"*\" } } } } }",
			[]string{"flush 1:166"}, []string{"flush"}, true},
		{"flush, and all else", "/farms { /f { /virtualhosts { \"*\" } /renders { /r { /hostname \"r\" /port \"4503\" } } /filter { /1 { /type \"allow\" /url \"*\" } } /cache { /docroot \"/c\" } } }",
			[]string{"filter 1:94", "flush 1:10"}, []string{"flush", "crx"}, true},
		{"flush by default", "/farms { /f { /virtualhosts { \"*\" } /renders { /r { /hostname \"r\" /port \"4503\" } } /filter { /1 { /type \"deny\" /url \"*\" } } /cache { /docroot \"/c\" } } }",
			[]string{"flush 1:10"}, []string{"flush"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, config(t, tt.text), func(o *audit.Options) {
				if tt.name != "allow all" {
					o.Classes = someClasses
				}
			})
			var guilty, classes []string
			for _, g := range r.Groups {
				p := g.At.Position()
				guilty = append(guilty, fmt.Sprintf("%s %d:%d", g.How, p.Line, p.Column))
				classes = append(classes, g.Classes()...)
				if (g.Fix != nil) != tt.fixed && len(tt.guilty) == 1 {
					t.Errorf("fix %v, %s", g.Fix, g.NoFix)
				}
				if g.Fix == nil && !strings.HasPrefix(g.NoFix, "no safe rule found: ") {
					t.Errorf("no fix, and the reason is %q", g.NoFix)
				}
			}
			slices.Sort(guilty)
			if !slices.Equal(guilty, tt.guilty) {
				t.Errorf("guilty are %q, want %q", guilty, tt.guilty)
				for _, g := range r.Groups {
					t.Logf("%s %s: %s %s %v", g.How, g.Label(), g.Example().Request.Method, g.Example().Request.Target, g.Classes())
				}
			}
			for _, c := range tt.classes {
				if !slices.Contains(classes, c) {
					t.Errorf("class %s is not among %q", c, classes)
				}
			}
		})
	}
}

// apply writes a fix into the text of a configuration, where it says that it stands.
func apply(t *testing.T, text string, g *audit.Group) string {
	t.Helper()
	end := int(g.At.End)
	switch {
	case g.Fix.After != nil:
		return text[:end] + "\n" + g.Fix.Text + text[end:]
	case g.How == audit.ByNothing:
		return text[:end-1] + "\n" + g.Fix.Text + text[end-1:]
	}
	t.Fatalf("do not know where %s stands", g.Fix.Where())
	return ""
}

// TestFixesClose is the promise of a proposal, on configurations of made-up rules: written into the text, it lets nothing
// through that its rule let through, and what was answered of the controls is answered still.
func TestFixesClose(t *testing.T) {
	rules := []string{
		`{ /type "allow" /url "/content/*" }`, `{ /type "allow" /extension '(css|js|png)' }`, `{ /type "allow" /method "GET" /url "*.html" }`,
		`{ /type "allow" /path "/content/*" /selectors "model" /extension "json" }`, `{ /type "allow" /url "/etc*" }`, `{ /type "allow" /url "*" }`,
		`{ /type "allow" /url '/libs/.*\.(css|js|json)' }`, `{ /type "allow" /method "POST" /url "/content/*" }`, `{ /type "allow" /glob "GET /content/* *" }`,
		`{ /type "deny" /url '.*\.(infinity|tidy|[0-9-]+)\..*' }`, `{ /type "deny" /selectors '(feed|rss|children)' }`, `{ /type "deny" /url "/crx/*" }`,
		`{ /type "allow" /url "/system/*" }`, `{ /type "allow" /path "/content/*" /extension "html" }`, `{ /type "allow" /url "/graphql/execute.json*" }`,
		`{ /type "deny" /query "debug=*" }`, `{ /type "allow" /url "/bin/*" }`, `{ /type "allow" /url '/content/dam/.*' }`, `{ /type "deny" /suffix "*" }`,
	}
	rounds := 5
	if testing.Short() {
		rounds = 2
	}
	closed, together := 0, 0
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(uint64(seed), 7))
			var b strings.Builder
			b.WriteString("/filter {\n\t/0001 { /type \"deny\" /url \"*\" }\n")
			for i := range 2 + rnd.IntN(5) {
				fmt.Fprintf(&b, "\t/%04d %s\n", 2+i*rnd.IntN(4)+i, rules[rnd.IntN(len(rules))])
			}
			b.WriteString("}\n")
			text := b.String()
			before := run(t, config(t, text), nil)
			if !slices.ContainsFunc(before.Groups, func(g *audit.Group) bool { return g.Fix == nil }) {
				together++
				mended := text
				byPlace := slices.SortedFunc(slices.Values(before.Groups), func(a, b *audit.Group) int { return b.At.Compare(a.At) })
				for _, g := range byPlace {
					mended = apply(t, mended, g)
				}
				after := run(t, config(t, mended), nil)
				if len(after.Groups) > 0 || len(after.Controls) != len(before.Controls) {
					t.Errorf("%s\nwith all proposals lets %d groups through, and %d controls are not answered; %d were before", mended, len(after.Groups), len(after.Controls), len(before.Controls))
				}
			}
			for _, g := range before.Groups {
				if g.How != audit.ByRule || g.Fix == nil {
					continue
				}
				closed++
				mended := apply(t, text, g)
				after := run(t, config(t, mended), nil)
				for _, left := range after.Groups {
					if left.How == audit.ByRule && left.At.Start == g.At.Start {
						t.Errorf("%s\nlets through %s %s still", mended, left.Example().Request.Method, left.Example().Request.Target)
					}
					if left.How == audit.ByRule && left.At.Start > g.At.End && left.At.End < g.At.End+int32(len(g.Fix.Text)) {
						t.Errorf("%s\nthe proposal lets through %s %s", mended, left.Example().Request.Method, left.Example().Request.Target)
					}
				}
				if len(after.Controls) != len(before.Controls) {
					t.Errorf("%s\n%d controls are not answered, %d were before", mended, len(after.Controls), len(before.Controls))
				}
			}
		})
	}
	if together == 0 {
		t.Error("no configuration was mended as a whole")
	}
	if closed < rounds {
		t.Errorf("only %d proposals were tried", closed)
	}
}

// TestSame: the result does not depend on how many goroutines ask.
func TestSame(t *testing.T) {
	c := config(t, filter(`/0010 { /type "allow" /extension '(css|html)' }`))
	one := run(t, c, func(o *audit.Options) { o.Workers, o.Classes = 1, someClasses })
	many := run(t, c, func(o *audit.Options) { o.Workers, o.Classes = 7, someClasses })
	if !reflect.DeepEqual(one, many) {
		t.Error("one goroutine and seven find different things")
	}
}

func TestOptions(t *testing.T) {
	c := config(t, "/farms { /author { /virtualhosts { \"*\" } /filter { /1 { /type \"allow\" /url \"*\" } } /cache { /docroot \"/c\" } } }")
	if r := run(t, c, func(o *audit.Options) { o.Author = func(*model.Farm) bool { return true } }); len(r.Groups) != 0 || len(r.Skipped) != 1 || len(r.Judged) != 0 {
		t.Errorf("a farm for authors was judged: %v, %v", r.Groups, r.Skipped)
	}
	r := run(t, c, func(o *audit.Options) { o.Classes = []string{"crx", "login"} })
	if n := len(r.Exposed()); n < 20 || n != r.Probes {
		t.Errorf("%d of %d probes of two classes are exposed", n, r.Probes)
	}
	without := run(t, c, func(o *audit.Options) { o.Classes, o.Uses = []string{"crx", "login"}, []string{"login"} })
	if without.Probes >= r.Probes || len(without.Groups[0].Classes()) != 1 {
		t.Errorf("a site that uses the login form is asked %d probes, others %d", without.Probes, r.Probes)
	}
	if worst, ok := r.Worst(); !ok || worst.String() != "error" {
		t.Errorf("the worst is %v", worst)
	}
	r.LeaveOut(9)
	if _, ok := r.Worst(); ok || r.ExposedRequests() != 0 {
		t.Error("something is left of nothing")
	}
	paged := run(t, c, func(o *audit.Options) { o.Pages = []string{"/content/mine/home"}; o.Classes = []string{"redundant"} })
	if e := paged.Groups[0].Example(); !strings.HasPrefix(e.Request.Target, "/content/mine/home.") {
		t.Errorf("the page that was named was not asked, but %s", e.Request.Target)
	}
}

// TestStops: an audit that is called off ends with the context's error.
func TestStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := config(t, filter())
	_, err := audit.Run(ctx, audit.Options{Config: c, Targets: []audit.Target{{Host: "h", Farm: c.Farms[0]}}, Ask: func(c *model.Config) audit.Asker {
		return audit.Engine(simulate.New(c, simulate.Options{}))
	}})
	if err == nil {
		t.Error("it went on")
	}
}
