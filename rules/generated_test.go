package rules

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/lint"
)

// madeUp are configurations of two farms that share files: the same file serves several sections, sections are put
// together of lines that say things twice, in part, or for nothing. What is safe for one farm or section may not be so
// for another.
func madeUp(rules []*lint.Rule, n int) []*exhibit {
	var list []*exhibit
	for i := range n {
		g := &generator{rand.New(rand.NewPCG(uint64(i), 4))}
		files := fstest.MapFS{}
		put := func(name, text string) { files[name] = &fstest.MapFile{Data: []byte(text)} }
		put("one.any", g.lines(1+g.IntN(3), anyRules()))
		put("two.any", g.lines(1+g.IntN(3), anyRules()))
		put("filter.any", g.lines(1+g.IntN(4), filterRules()))
		put("names.any", g.lines(1+g.IntN(3), headerNames()))
		put("cache.any", g.lines(g.IntN(3), cacheSettings()))
		put("renders.any", g.lines(1+g.IntN(2), renderLines()))
		var b strings.Builder
		b.WriteString("/farms {\n")
		for _, name := range []string{"brand", g.of("shop", "brand", "shop:de")} {
			fmt.Fprintf(&b, "/%s {\n", name)
			fmt.Fprintf(&b, "/virtualhosts {\n\"www.%s.example\"\n%s}\n", name, g.lines(g.IntN(3), []string{`"a.example"`, `"a.example"`, `"b.example/x*"`}))
			fmt.Fprintf(&b, "/renders {\n%s}\n", g.lines(1+g.IntN(2), append(renderLines(), `$include "renders.any"`)))
			fmt.Fprintf(&b, "/filter {\n%s}\n", g.lines(1+g.IntN(6), append(filterRules(), includes("one.any", "two.any", "filter.any")...)))
			fmt.Fprintf(&b, "/clientheaders {\n%s}\n", g.lines(1+g.IntN(4), append(headerNames(), includes("names.any")...)))
			if g.IntN(2) == 0 {
				fmt.Fprintf(&b, "/statistics {\n/categories {\n%s}\n}\n", g.lines(1+g.IntN(3), []string{`/html { /glob "*.html" }`, `/html { /glob "*" }`, `/o@ { /glob "*" }`}))
			}
			if g.IntN(2) == 0 {
				b.WriteString("/stickyConnections {\n/paths {\n" + g.lines(1+g.IntN(3), []string{`"/a"`, `"/a"`, `"/content"`}) + "}\n}\n")
			}
			fmt.Fprintf(&b, "/cache {\n/docroot \"/var/www/%s\"\n%s", name, g.lines(g.IntN(3), append(cacheSettings(), includes("cache.any")...)))
			for _, section := range []string{"rules", "invalidate", "allowedClients", "ignoreUrlParams"} {
				if g.IntN(4) > 0 {
					fmt.Fprintf(&b, "/%s {\n%s}\n", section, g.lines(1+g.IntN(5), append(anyRules(), includes("one.any", "two.any")...)))
				}
			}
			if g.IntN(2) == 0 {
				fmt.Fprintf(&b, "/headers {\n%s}\n", g.lines(1+g.IntN(3), append(headerNames(), includes("names.any")...)))
			}
			b.WriteString("}\n}\n")
		}
		b.WriteString("}\n")
		put("dispatcher.any", b.String())
		list = append(list, &exhibit{name: fmt.Sprint("generated ", i), files: files, entry: "dispatcher.any", rules: rules, hostile: true})
	}
	return list
}

type generator struct{ *rand.Rand }

func (g *generator) of(list ...string) string { return list[g.IntN(len(list))] }

// lines picks some lines, each of which may come again. % stands for a number.
func (g *generator) lines(n int, from []string) string {
	var b strings.Builder
	for range n {
		b.WriteString(strings.ReplaceAll(g.of(from...), "%", fmt.Sprint(g.IntN(6))) + "\n")
	}
	return b.String()
}

func includes(names ...string) []string {
	var list []string
	for _, n := range names {
		list = append(list, fmt.Sprintf("$include %q", n), fmt.Sprintf("$include \"./%s\"", n))
	}
	return list
}

// anyRules may stand in any section of rules.
func anyRules() []string {
	return []string{
		`/000% { /glob "*" /type "deny" }`, `/000% { /type "allow" /glob "*" }`, `/000% { /glob "/content/*" /type "allow" }`, `/000% { /glob "/content/a*" /type "allow" }`,
		`/000% { /glob "*.html" /type "allow" }`, `/000% { /glob "*.html" /type "deny" }`, `/000% { /glob "utm_*" /type "allow" }`, `/000% { /glob "utm_source" /type "allow" }`,
		`/000% { /glob "127.0.0.1" /type "allow" }`, `/000% { /glob "GET *" /type "allow" }`, `/000% { /glob '.*(html|css|)' /type "deny" }`, `/000% { /glob '(.*html|.*css|.*css)' /type "allow" }`,
		`/a:% { /glob "*" /type "deny" }`,
	}
}

func filterRules() []string {
	return append(anyRules(),
		`/000% { /type "deny" /url "*" }`, `/000% { /type "allow" /method "GET" /url "/content/*" }`, `/000% { /type "allow" /url "/content/*" }`,
		`/000% { /type "allow" /path "/content/*" /extension '(html|css|css)' }`, `/000% { /type "deny" /selectors '(feed|)' /extension "json" }`,
		`/000% { /type "deny" /url "/content/secret*" }`, `/000% { /type "allow" /url "*" /query "q=*" }`, `/000% { /type "allow" /url "*" /extension "css" }`,
	)
}

func headerNames() []string {
	return []string{`"Host"`, `"host"`, `"X-A"`, `"X-A"`, `"Content-Type"`, `/a "X-B"`}
}

func cacheSettings() []string {
	return []string{
		`/statfileslevel "2"`, `/statfileslevel "0"`, `/statfile "/var/www/x.stat"`, `/allowAuthorized "1"`, `/allowAuthorized "no"`, `/gracePeriod "2"`, `/gracePeriod "2"`,
		`/enableTTL "true"`, `/serveStaleOnError "0"`,
	}
}

func renderLines() []string {
	return []string{
		`/rend0% { /hostname "a.example" /port "4503" }`, `/rend0% { /hostname "b.example" /port "4503" }`, `/rend:% { /hostname "b.example" }`,
	}
}
