package httpd_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/realhttpd"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/httpd"
)

var (
	realRequests = flag.Int("real-requests", 2000, "generated requests that are held against the real httpd")
	realSeed     = flag.Uint64("real-seed", 1, "seed of the first generated configuration")
	realShrink   = flag.Int("real-shrink", 5, "differences that are shrunk and printed")
)

// realBase is what stands around generated sites.
const realBase = `TypesConfig @ROOT@/mime.types
DirectoryIndex index.html
DocumentRoot @ROOT@/htdocs
<Directory />
    AllowOverride None
    Require all denied
</Directory>
<Directory "@ROOT@/htdocs">
    Options FollowSymLinks
    Require all granted
</Directory>
<VirtualHost *>
    ServerName default.example
</VirtualHost>
`

var realFiles = map[string]string{
	"mime.types":                        "text/html html htm\ntext/plain txt\nimage/png png\napplication/json json\ntext/css css\n",
	"maps/m.txt":                        "# a map\nen /content/site/en.html\nfoo bar\npage content/page.html\nq /x?y=z\nA upper\na lower\nempty\nenglish  two words\nxx a&b\nen second\nz.z %41\n",
	"htdocs/index.html":                 "index\n",
	"htdocs/error.html":                 "error\n",
	"htdocs/empty.txt":                  "",
	"htdocs/content/site/en.html":       "en\n",
	"htdocs/content/site/en/index.html": "en index\n",
	"htdocs/content/site/de/":           "",
	"htdocs/content/page.html":          "page\n",
	"htdocs/content/error.html":         "content error\n",
	"htdocs/dam/logo.png":               "png\n",
	"htdocs/a/b1/page.html":             "page\n",
	"htdocs/en/page/x.html":             "x\n",
	"htdocs/page":                       "no extension\n",
}

var realNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// A probe is one request to one draft.
type probe struct {
	draft   *draft
	request realhttpd.Request
}

// A disagreement is a probe that the engine answers otherwise than httpd does.
type disagreement struct {
	probe
	fields []string
	text   string
}

// upstream answers as the stand-in of the real one does.
func upstream(q *realhttpd.Request) httpd.HandlerFunc {
	spec := "200|text/html|"
	for _, h := range q.Header {
		if h[0] == "X-Upstream" {
			spec = h[1]
		}
	}
	w := strings.Split(spec+"||", "|")
	status, _ := strconv.Atoi(w[0])
	return func(_ context.Context, h *httpd.Handled) (httpd.Answer, error) {
		a := httpd.Answer{Status: status, Bytes: 100}
		for _, f := range w[3:] {
			if name, value, ok := strings.Cut(f, ": "); ok {
				a.Header = append(a.Header, httpd.Field{Name: name, Value: value})
			}
		}
		if h.ErrorOf == 0 {
			a.ContentType = w[1]
			a.ToHTTPD = h.Handler == "dispatcher-handler" && w[2] == "pass"
		}
		if a.ContentType == "" {
			a.ContentType = h.ContentType
		}
		if a.ContentType == "" {
			a.ContentType = "text/html"
		}
		if h.Method == "HEAD" || status == 204 || status == 304 {
			a.Bytes = 0
		}
		return a, nil
	}
}

// simulated asks the engine.
func simulated(t *testing.T, s *realhttpd.Server, e func(httpd.Options) *httpd.Engine, id int, q *realhttpd.Request) *httpd.Result {
	t.Helper()
	up := upstream(q)
	r := &httpd.Request{Method: q.Method, Target: q.Target, Host: q.Host, NoHost: q.NoHost, Port: s.Port, Local: netip.AddrFrom4([4]byte{127, 0, 0, 1}), HasBody: q.Body != ""}
	for _, h := range q.Header {
		r.Header = append(r.Header, httpd.Field{Name: h[0], Value: strings.Trim(h[1], " \t")})
	}
	r.Header = append(r.Header, httpd.Field{Name: "X-Id", Value: strconv.Itoa(id)})
	res := new(httpd.Result)
	engine := e(httpd.Options{Handlers: map[string]httpd.Handler{"dispatcher-handler": up, "proxy-server": up}, Files: realhttpd.Files{},
		Now: func() time.Time { return realNow }})
	if err := engine.Serve(t.Context(), r, res, nil); err != nil {
		t.Fatal(err)
	}
	return res
}

// tally counts what a run met.
type tally struct {
	asked, same, notSure, unrecorded int
	refused                          int
	verdicts                         []string // configurations that one side refuses
	ended                            []string // requests that ended httpd
}

// hold asks the probes on both sides, and returns where they differ. At most one process of httpd runs.
func hold(t *testing.T, s *realhttpd.Server, probes []probe, n *tally) []disagreement {
	t.Helper()
	names := map[*draft]string{}
	var sites []realhttpd.Site
	for _, p := range probes {
		if names[p.draft] == "" {
			name := fmt.Sprintf("g%04d", len(names))
			names[p.draft] = name
			sites = append(sites, p.draft.site(name, s.Root))
		}
	}
	refused := map[string]string{}
	for _, r := range s.Write(sites) {
		refused[r.Site] = r.Message
	}
	engines := map[string]func(httpd.Options) *httpd.Engine{}
	for _, site := range sites {
		srv, says, err := s.Load(t.Context(), site)
		if err != nil {
			t.Fatal(err)
		}
		if real := refused[site.Name]; (real != "") != (says != "") {
			n.verdicts = append(n.verdicts, fmt.Sprintf("httpd says %q, we say %q:\n%s", real, says, site.Text))
		}
		if refused[site.Name] != "" {
			n.refused++
		}
		if says == "" {
			engines[site.Name] = engineFor(srv)
		}
	}
	var requests []realhttpd.Request
	var asked []probe
	for _, p := range probes {
		name := names[p.draft]
		if refused[name] == "" && engines[name] != nil {
			requests = append(requests, placed(p.request, name, s.Root))
			asked = append(asked, p)
		}
	}
	var out []disagreement
	if len(requests) == 0 {
		return nil
	}
	for i, a := range s.Ask(requests) {
		q := &requests[i]
		if a.Ended {
			n.ended = append(n.ended, fmt.Sprintf("%s %q %q\n%s", q.Method, q.Target, q.Header, asked[i].draft.site(names[asked[i].draft], s.Root).Text))
			continue
		}
		n.asked++
		r := simulated(t, s, engines[names[asked[i].draft]], i, q)
		if !a.Recorded {
			n.unrecorded++
		}
		fields, text := differ(q, &a, r)
		switch {
		case len(fields) == 0 && len(r.NotSimulated) == 0:
			n.same++
		case len(r.NotSimulated) > 0:
			n.notSure++
		default:
			site := asked[i].draft.site(names[asked[i].draft], s.Root)
			out = append(out, disagreement{asked[i], fields, fmt.Sprintf("%s%s %s Host: %s %q\n%s", strings.ReplaceAll(site.Text, s.Root, "@ROOT@"), q.Method, q.Target, q.Host, q.Header, strings.ReplaceAll(text, s.Root, "@ROOT@"))})
		}
	}
	return out
}

func engineFor(srv *server.Server) func(httpd.Options) *httpd.Engine {
	return func(o httpd.Options) *httpd.Engine { return httpd.New(srv, o) }
}

// differ compares the tiers B and C.
func differ(q *realhttpd.Request, a *realhttpd.Answer, r *httpd.Result) (fields []string, text string) {
	var b strings.Builder
	add := func(field, got, want string) {
		if got != want {
			fields = append(fields, field)
			fmt.Fprintf(&b, "  %s: got  %s\n  %*s  want %s\n", field, got, len(field), "", want)
		}
	}
	add("status", strconv.Itoa(r.Status), strconv.Itoa(a.Status))
	add("location", r.Location, a.Header.Get("Location"))
	if a.Recorded {
		vhost := r.Host.Name.Host
		if !r.Host.Virtual {
			vhost = "main.example"
		}
		add("vhost", vhost, a.VHost)
		add("handled_by", class(r.HandledBy), class(a.HandledBy))
		add("uri", strconv.Quote(r.URI), strconv.Quote(a.URI))
		if a.HandledBy != "" || a.HasArgs {
			add("args", fmt.Sprintf("%t %q", r.HasArgs, r.Args), fmt.Sprintf("%t %q", a.HasArgs, a.Args))
		}
		if a.HandledBy != "" { // what is refused before is not yet the URL that would be asked
			add("proxy", r.Proxy, a.Proxy)
		}
	}
	if a.HandledBy != "" && r.HandledBy != "" {
		add("env", list(environment(r.Env)), list(ofVariables(a.Env)))
		add("request", list(changes(q, r.Changed())), list(changed(q, a.Request)))
	}
	got := map[string]string{}
	for _, f := range r.Header {
		name := strings.ToLower(f.Name)
		if volatile[name] {
			continue
		}
		value := strings.Trim(f.Value, " \t")
		switch name {
		case "expires":
			value = fromNow(value, realNow)
		case "set-cookie":
			value = cookieFromNow(value, realNow)
		case "allow": // in the order of a table of httpd's that each start shuffles
			value = sorted(value)
		}
		if name == "vary" { // mod_lua has no way to add a second line
			value = sorted(value)
		}
		if old, ok := got[name]; ok {
			value = old + " | " + value
		}
		got[name] = value
	}
	date, _ := time.Parse(http.TimeFormat, a.Header.Get("Date"))
	want := map[string]string{}
	for name, values := range a.Header {
		name = strings.ToLower(name)
		if volatile[name] {
			continue
		}
		values = slices.Clone(values)
		for i := range values {
			switch name {
			case "expires":
				values[i] = fromNow(values[i], date)
			case "set-cookie":
				values[i] = cookieFromNow(values[i], date)
			case "allow", "vary":
				values[i] = sorted(values[i])
			}
		}
		want[name] = strings.Join(values, " | ")
	}
	add("headers", list(got), list(want))
	return fields, b.String()
}

// class is what kind of handler one is. mod_lua takes the place of httpd's own handler for files, whatever that goes by.
func class(handler string) string {
	switch handler {
	case "", "dispatcher-handler", "proxy-server":
		return handler
	case "redirect-handler": // it answers nothing itself
		return ""
	}
	return "file"
}

var volatile = map[string]bool{"date": true, "server": true, "connection": true, "keep-alive": true, "transfer-encoding": true, "content-length": true,
	"last-modified": true, "etag": true, "accept-ranges": true}

func fromNow(date string, now time.Time) string {
	for _, layout := range []string{http.TimeFormat, "Mon, 02-Jan-2006 15:04:05 GMT"} {
		if at, err := time.Parse(layout, date); err == nil {
			if d := at.Sub(now); d > -24*time.Hour {
				return fmt.Sprintf("date%+ds", int(d.Seconds()))
			}
		}
	}
	return date
}

func sorted(list string) string {
	words := strings.Split(list, ",")
	slices.Sort(words)
	return strings.Join(words, ",")
}

func cookieFromNow(value string, now time.Time) string {
	before, after, ok := strings.Cut(value, "expires=")
	if !ok {
		return value
	}
	at, rest, more := strings.Cut(after, ";")
	if more {
		rest = ";" + rest
	}
	return before + "expires=" + fromNow(at, now) + rest
}

func counted(name string) bool {
	return !strings.HasPrefix(name, "SCRIPT_") && !strings.HasPrefix(name, "REDIRECT_") && name != "UNIQUE_ID"
}

func environment(env []httpd.Field) map[string]string {
	out := map[string]string{}
	for _, f := range env {
		if counted(f.Name) {
			out[f.Name] = f.Value
		}
	}
	return out
}

func ofVariables(env map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range env {
		if counted(k) {
			out[k] = v
		}
	}
	return out
}

func changes(q *realhttpd.Request, list []httpd.Change) map[string]string {
	out := map[string]string{}
	for _, c := range list {
		if len(c.Values) > 1 && slices.ContainsFunc(q.Header, func(h [2]string) bool { return strings.EqualFold(h[0], c.Name) && h[1] == c.Values[0] }) {
			continue // mod_lua shows the first value alone
		}
		v := "(none)"
		if len(c.Values) > 0 {
			v = c.Values[0]
		}
		out[strings.ToLower(c.Name)] = v
	}
	return out
}

func changed(q *realhttpd.Request, now map[string]string) map[string]string {
	out := map[string]string{}
	before := map[string]string{}
	for _, h := range q.Header {
		before[strings.ToLower(h[0])] = strings.Trim(h[1], " \t")
	}
	for k, v := range now {
		k = strings.ToLower(k)
		if k == "x-id" || k == "host" {
			continue
		}
		if old, ok := before[k]; !ok || old != v {
			out[k] = v
		}
		delete(before, k)
	}
	for k := range before {
		out[k] = "(none)"
	}
	return out
}

func list(m map[string]string) string {
	var b bytes.Buffer
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "%s=%q; ", k, m[k])
	}
	return b.String()
}

const perSite = 12

// tolerated is how many requests there are at the least for each that differs. It may only grow.
const tolerated = 200

// TestGeneratedAgainstHTTPD holds the engine against the real httpd on generated configurations and requests: the tiers B
// (host, handler, path, query, status, Location, proxied URL) and C (headers, environment) of what was recorded. What the
// engine says it is not sure of counts apart.
func TestGeneratedAgainstHTTPD(t *testing.T) {
	if testing.Short() {
		t.Skip("starts httpd")
	}
	s := realhttpd.Start(t, realhttpd.Find(t), realBase, realFiles)
	var n tally
	var all []disagreement
	const most = 200 // sites of one httpd
	for at, end := *realSeed, *realSeed+uint64((*realRequests+perSite-1)/perSite); at < end; at += most {
		var probes []probe
		for seed := at; seed < min(at+most, end); seed++ {
			d := newDraft(seed, perSite)
			for _, q := range d.requests {
				probes = append(probes, probe{d, q})
			}
		}
		all = append(all, hold(t, s, probes, &n)...)
	}
	t.Logf("%d requests: %d the same, %d not sure, %d differ; %d without a record; %d configurations refused", n.asked, n.same, n.notSure, len(all), n.unrecorded, n.refused)
	for i, e := range n.ended {
		if i < 2 {
			t.Logf("ended httpd itself: %s", e)
		}
	}
	if n.asked < *realRequests/2 {
		t.Errorf("only %d of %d requests were asked: httpd refuses too much of what is generated", n.asked, *realRequests)
	}
	if most := n.asked / 20; n.notSure > most {
		t.Errorf("%d results are not sure, more than %d", n.notSure, most)
	}
	for i, v := range n.verdicts {
		if i < *realShrink {
			t.Errorf("only one side starts with it: %s", v)
		}
	}
	kinds := map[string]int{}
	for _, d := range all {
		kinds[strings.Join(d.fields, " ")]++
	}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		t.Logf("differ in %s: %d", k, kinds[k])
	}
	seen := map[string]bool{}
	shown := 0
	for i, d := range turns(all) {
		if shown >= *realShrink || i >= 3**realShrink {
			break
		}
		d = shrink(t, s, d)
		if key := strings.Join(d.fields, " ") + shape(d.draft); !seen[key] {
			seen[key] = true
			shown++
			t.Logf("differs from httpd:\n%s", d.text)
		}
	}
	if len(all) > n.asked/tolerated {
		t.Errorf("%d of %d requests differ from httpd, more than one in %d", len(all), n.asked, tolerated)
	}
}

// turns puts one of each kind first, then the second of each.
func turns(all []disagreement) []disagreement {
	nth := map[string]int{}
	turn := map[*disagreement]int{}
	var order []*disagreement
	for i := range all {
		d := &all[i]
		kind := strings.Join(d.fields, " ")
		turn[d] = nth[kind]
		nth[kind]++
		order = append(order, d)
	}
	slices.SortStableFunc(order, func(a, b *disagreement) int { return turn[a] - turn[b] })
	var out []disagreement
	for _, d := range order {
		out = append(out, *d)
	}
	return out
}

// shape names the lines of a draft without their arguments, to tell differences apart.
func shape(d *draft) string {
	var b strings.Builder
	var walk func([]*line)
	walk = func(list []*line) {
		for _, l := range list {
			name, _, _ := strings.Cut(l.text, " ")
			b.WriteString(" " + name + strings.Join(l.flags, ""))
			walk(l.inner)
		}
	}
	walk(d.lines)
	return b.String()
}

// shrink drops what a disagreement does not need.
func shrink(t *testing.T, s *realhttpd.Server, d disagreement) disagreement {
	t.Helper()
	for range 30 {
		var n tally
		smaller := hold(t, s, reductions(d.probe), &n)
		better := slices.IndexFunc(smaller, func(c disagreement) bool { return c.fields[0] == d.fields[0] })
		if better < 0 {
			return d
		}
		d = smaller[better]
	}
	return d
}

// reductions are the probes that have one thing less, the largest things first.
func reductions(p probe) []probe {
	var out []probe
	with := func(lines []*line, q realhttpd.Request) { out = append(out, probe{&draft{lines: lines}, q}) }
	for _, lines := range removed(p.draft.lines) {
		with(lines, p.request)
	}
	for i := range p.request.Header {
		q := p.request
		q.Header = slices.Delete(slices.Clone(q.Header), i, i+1)
		if p.request.Header[i][0] == "Content-Length" {
			continue
		}
		with(p.draft.lines, q)
	}
	if path, _, ok := strings.Cut(p.request.Target, "?"); ok {
		q := p.request
		q.Target = path
		with(p.draft.lines, q)
	}
	if p.request.Method != "GET" {
		q := p.request
		q.Method, q.Body = "GET", ""
		q.Header = slices.DeleteFunc(slices.Clone(q.Header), func(h [2]string) bool { return h[0] == "Content-Length" })
		with(p.draft.lines, q)
	}
	if p.request.Host != "@HOST@" {
		q := p.request
		q.Host = "@HOST@"
		with(p.draft.lines, q)
	}
	return out
}

// removed are the lists that have one line or one flag less, or the lines of a section in its place.
func removed(lines []*line) [][]*line {
	var out [][]*line
	if n := len(lines); n > 6 {
		out = append(out, lines[n/2:], lines[:n/2])
	}
	for i := len(lines) - 1; i >= 0; i-- {
		l := lines[i]
		out = append(out, slices.Delete(slices.Clone(lines), i, i+1))
		if l.section() && !strings.HasPrefix(l.text, "<Require") {
			out = append(out, slices.Concat(lines[:i], l.inner, lines[i+1:]))
		}
		if strings.HasPrefix(l.text, "<Require") {
			continue // httpd does not say where a group stands that has too little in it
		}
		for _, inner := range removed(l.inner) {
			c := &line{text: l.text, inner: inner}
			out = append(out, slices.Concat(lines[:i], []*line{c}, lines[i+1:]))
		}
		for f := range l.flags {
			c := l.clone()
			c.flags = slices.Delete(c.flags, f, f+1)
			out = append(out, slices.Concat(lines[:i], []*line{c}, lines[i+1:]))
		}
	}
	return out
}
