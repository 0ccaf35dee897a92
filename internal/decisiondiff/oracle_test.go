package decisiondiff_test

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/decisiondiff"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/simulate"
)

// An oracle answers a great many requests, made of the words of a configuration's texts and of nothing that the package
// under test knows, and writes down all that a visitor or a cache could notice.
type oracle struct {
	tb   testing.TB
	side *decisiondiff.Side
	site *site.Site
	any  *simulate.Engine
}

func newOracle(tb testing.TB, s *decisiondiff.Side) *oracle {
	o := &oracle{tb: tb, side: s, any: simulate.New(s.Config, simulate.Options{})}
	if s.Server != nil {
		o.site = site.New(&site.Site{
			Server: s.Server, Files: s.Files, Getenv: s.Getenv, Dispatcher: o.any, Open: s.Open, Assume: 200,
			Now: func() time.Time { return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) },
		})
	}
	return o
}

// answer is what can be noticed of the answer to a request.
func (o *oracle) answer(q *decisiondiff.Request) string {
	if o.site != nil {
		o.site.AssumeHeader = q.Answer
	}
	r := simulate.Request{Method: q.Method, Target: q.Target, Host: q.Host, TLS: q.TLS, Header: q.Header, Client: q.Client}
	var d simulate.Decision // new ones each time: what answers leave behind must not count
	var p site.Passage
	var err error
	if o.site != nil {
		err = o.site.Decide(o.tb.Context(), &r, &d, nil, &p)
	} else {
		err = o.any.Decide(o.tb.Context(), &r, &d, nil)
	}
	if err != nil {
		o.tb.Fatal(err)
	}
	var b strings.Builder
	if p.Result.Host != nil {
		h := p.Result.Host
		fmt.Fprint(&b, h.Virtual, h.Name.Host, " ")
	}
	fmt.Fprint(&b, d.Outcome, d.Response.Status, " ", p.Result.Location)
	if d.Outcome == simulate.Proxied {
		b.WriteString(p.Result.Proxy)
	}
	if d.Response.From != "httpd" { // else nobody sees them
		fmt.Fprint(&b, " ", d.URI, d.HasQuery, d.Query, " ")
	}
	var list []string
	for _, f := range p.Result.Header {
		list = append(list, strings.ToLower(f.Name)+":"+f.Value)
	}
	sort.Strings(list)
	b.WriteString(strings.Join(list, ";"))
	if f := d.Farm.Farm; f != nil {
		fmt.Fprint(&b, " ", f.Name, d.Filter.Allow, d.Filter.VanityUnknown, d.Invalidation.Reached, d.Invalidation.Allowed)
		if d.Outcome == simulate.Forwarded {
			fmt.Fprint(&b, d.Cache.Cacheable, d.Cache.Reason, d.Cache.File(), d.Render.URL())
			fmt.Fprint(&b, p.Result.Changed())
			if d.Cache.Cacheable {
				_, stale, err := o.any.Invalidates(f, d.URI)
				fmt.Fprint(&b, stale, err)
			}
		}
	}
	return b.String()
}

var wordsOf = regexp.MustCompile(`[A-Za-z0-9_:-]+`)

// words are the words of texts, the most frequent first.
func words(texts map[string]string) []string {
	count := map[string]int{}
	for _, text := range texts {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "#") {
				continue
			}
			for _, w := range wordsOf.FindAllString(line, -1) {
				if len(w) <= 30 {
					count[w]++
				}
			}
		}
	}
	var out []string
	for w := range count {
		out = append(out, w)
	}
	sort.Slice(out, func(i, j int) bool {
		if count[out[i]] != count[out[j]] {
			return count[out[i]] > count[out[j]]
		}
		return out[i] < out[j]
	})
	return out
}

var (
	pathsOf = regexp.MustCompile(`/[A-Za-z0-9_./*-]+`)
	hostsOf = regexp.MustCompile(`[A-Za-z0-9*-]+(\.[A-Za-z0-9*-]+)+`)
)

// paths are paths of URLs that texts suggest.
func paths(texts map[string]string, most int) []string {
	var out []string
	seen := map[string]bool{}
	add := func(list ...string) {
		for _, p := range list {
			p = strings.ReplaceAll(strings.ReplaceAll(p, "*", "ab"), "//", "/")
			if len(p) < 200 && !seen[p] && len(out) < most {
				seen[p] = true
				out = append(out, p)
			}
		}
	}
	var names []string
	for n := range texts {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		for line := range strings.Lines(texts[n]) {
			line = strings.NewReplacer(`\.`, ".", `\/`, "/", "(", "", ")", "").Replace(line)
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			for _, p := range pathsOf.FindAllString(line, -1) {
				add(p, p+"/ab.html", p+".html", p+"ab")
				if i := strings.LastIndexByte(p, '.'); i > 0 {
					add("/content/ab" + p[i:])
				}
			}
			for _, w := range wordsOf.FindAllString(line, -1) {
				add("/content/ab."+w, "/content/ab/"+w+".html", "/"+w, "/content/ab."+w+".html", "/content/"+w+"/ab/cd.html")
			}
		}
	}
	return out
}

func hosts(texts map[string]string) []string {
	var out []string
	for _, text := range texts {
		for line := range strings.Lines(text) {
			low := strings.ToLower(strings.TrimSpace(line))
			if strings.HasPrefix(low, "server") || strings.HasPrefix(low, `"`) || strings.HasPrefix(low, "define") || strings.Contains(low, "http_host") {
				for _, h := range hostsOf.FindAllString(low, -1) {
					out = append(out, strings.ReplaceAll(h, "*", "ab"))
				}
			}
		}
	}
	sort.Strings(out)
	return append(slices.Compact(out), "unknown.example", "localhost")
}

var headersOf = regexp.MustCompile(`(?im)^\s*(?:SetEnvIf(?:NoCase)?\s+|RewriteCond\s+"?%\{HTTP:)([A-Za-z][A-Za-z-]+)\}?"?\s+"?(\S+)`)

// headers are headers that texts compare with something, with what they compare them with.
func headers(texts map[string]string) [][2]string {
	var out [][2]string
	var names []string
	for n := range texts {
		names = append(names, n)
	}
	sort.Strings(names)
	plain := strings.NewReplacer("^", "", "$", "", `\.`, ".", ".*", "ab", `"`, "", "!", "", "=", "", `\`, "", "(", "", ")", "")
	for _, n := range names {
		for _, m := range headersOf.FindAllStringSubmatch(texts[n], -1) {
			if h := [2]string{m[1], plain.Replace(m[2])}; !slices.Contains(out, h) && len(out) < 8 {
				out = append(out, h)
			}
		}
	}
	return out
}

// grid are the requests for paths and hosts. A few paths get more headers and methods.
func grid(hosts, paths, queries []string, more ...[2]string) []decisiondiff.Request {
	var out []decisiondiff.Request
	one := func(method, host, target string, tls bool, header ...string) {
		r := decisiondiff.Request{Method: method, Host: host, Target: target, TLS: tls}
		for i := 0; i+1 < len(header); i += 2 {
			r.Header = append(r.Header, simulate.Field{Name: header[i], Value: header[i+1]})
		}
		out = append(out, r)
	}
	for _, h := range hosts {
		for i, p := range paths {
			one("GET", h, p, true)
			if i%4 == 0 {
				one("GET", h, p, false)
				one("POST", h, p, true)
			}
			if i%8 == 0 || strings.Contains(p, "json") {
				for _, m := range more {
					one("GET", h, p, true, m[0], m[1])
				}
			}
			if i%16 == 0 {
				one("HEAD", h, p, true)
				one("OPTIONS", h, p, true)
				one("GET", h, p, true, "Authorization", "Basic x")
				one("GET", h, p, true, "Cookie", "login-token=1; wcmmode=edit")
				one("GET", h, p, true, "Origin", "https://a.example")
				one("GET", h, p, true, "User-Agent", "Mozilla/5.0 (iPhone) bot")
				r := decisiondiff.Request{Method: "GET", Host: h, Target: p, TLS: true}
				for _, name := range []string{"X-Powered-By", "Server", "Cache-Control", "X-Frame-Options", "Age", "Vary", "ETag", "Last-Modified", "X-Vhost", "X-Dispatcher"} {
					r.Answer = append(r.Answer, simulate.Field{Name: name, Value: "ab"})
				}
				out = append(out, r)
			}
		}
		for _, q := range queries {
			one("GET", h, "/content/ab.html?"+q+"=1", true)
			one("GET", h, "/content/ab/cd.html?"+q, true)
		}
	}
	return out
}
