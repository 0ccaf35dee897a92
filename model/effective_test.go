package model

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// flat writes what holds for a farm as Printer does with defaults, one blank between all words.
func flat(list []Effective, b *strings.Builder) {
	for _, e := range list {
		if e.Name != "" {
			b.WriteString("/" + e.Name + " ")
		}
		if e.Kind == KindValue {
			q := string(rune(e.Quote))
			b.WriteString(q + strings.ReplaceAll(e.Value, q, `\`+q) + q + " ")
			continue
		}
		b.WriteString("{ ")
		flat(e.Inside, b)
		b.WriteString("} ")
	}
}

func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// TestEffectiveIsWhatIsPrinted: Effective and Printer, which walk the same table, agree on every value and default.
func TestEffectiveIsWhatIsPrinted(t *testing.T) {
	for _, tc := range []struct{ name, text string }{
		{"nothing", `/farms { /a { } }`},
		{"values", `/farms { /a { /info "1" /retryDelay "3" /homepage "/x y" /failover "yes" } }`},
		{"lists", `/farms { /a { /clientheaders { "A" "B" } /virtualhosts { "a" "https://b/c*" } } }`},
		{"renders", `/farms { /a { /renders { /r1 { /hostname "h" /secure "1" } /r2 { /hostname "i" /port "1" } } } }`},
		{"rules", `/farms { /a { /filter { /1 { /type "deny" /url "*" } { /type 'allow' /method "GET" /url '/a(b|c)' } } } }`},
		{"cache", `/farms { /a { /cache { /docroot "/d" /mode "0700" /rules { /0 { /glob "*" /type "allow" } } /headers { "X" } /enableTTL "1" } } }`},
		{"statistics", `/farms { /a { /statistics { /categories { /html { /glob "*.html" } } } } }`},
		{"sections", `/farms { /a { /vanity_urls { /url "/v" /file "/f" } /auth_checker { /url "/c" /filter { /0 { /glob "*" /type "deny" } } } } }`},
		{"twice", `/farms { /a { /info "0" /info "1" /filter { /1 { /type "deny" } } /filter { /2 { /type "allow" } } } }`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := decodeText(t, "a.any", tc.text, Options{})
			var b bytes.Buffer
			if err := (Printer{Defaults: true}).Fprint(&b, &Config{Farms: c.Farms, FarmsAt: c.FarmsAt}); err != nil {
				t.Fatal(err)
			}
			_, want, ok := strings.Cut(strings.ReplaceAll(b.String(), " # default", ""), "/farms {")
			if !ok {
				t.Fatalf("no farms in %s", b.String())
			}
			var got strings.Builder
			for _, f := range c.Farms {
				got.WriteString("/" + f.Name + " { ")
				flat(f.Effective(), &got)
				got.WriteString("} ")
			}
			got.WriteString("}")
			if diff := cmp.Diff(words(want), words(got.String())); diff != "" {
				t.Errorf("-printed +effective:\n%s", diff)
			}
		})
	}
}

// TestEffectiveOrigins: what is written has a place in the text, and only that.
func TestEffectiveOrigins(t *testing.T) {
	c, _ := decodeText(t, "a.any", "/farms { /a {\n/info \"1\"\n/clientheaders { \"A\" }\n/cache {\n/statfileslevel \"2\"\n} } }", Options{})
	lines := map[string]int{}
	var walk func(list []Effective)
	walk = func(list []Effective) {
		for _, e := range list {
			if e.Set == e.At.Span.IsZero() {
				t.Errorf("/%s: set is %v, and its place %v", e.Name, e.Set, e.At.Span)
			}
			if e.Set {
				lines[e.Name+e.Value] = e.At.Span.Position().Line
			}
			walk(e.Inside)
		}
	}
	walk(c.Farms[0].Effective())
	want := map[string]int{"info1": 2, "clientheaders": 3, "A": 3, "cache": 4, "statfileslevel2": 5}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
