package rules

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/automata/elements"
	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// A probe is one request that two configurations are asked about.
type probe struct {
	method, target, proto, host string
	tls                         bool
	header                      simulate.Header
	client                      string
	// farm is the farm that answers, counted from 1, whatever the virtual hosts say; 0 leaves it to them.
	farm int
}

func (p *probe) request() *simulate.Request {
	r := &simulate.Request{Method: p.method, Target: p.target, Proto: p.proto, Host: p.host, TLS: p.tls, Header: p.header}
	r.Client, _ = netip.ParseAddr(p.client)
	return r
}

func (p *probe) String() string {
	s := p.method + " " + p.target
	if p.host != "" {
		s += " host " + p.host
	}
	if p.farm > 0 {
		s += fmt.Sprint(" farm ", p.farm)
	}
	if len(p.header) > 0 {
		s += fmt.Sprintf(" %v", p.header)
	}
	return s + " from " + p.client
}

// fixedTargets are asked of every configuration.
var fixedTargets = []string{
	"/", "/a", "/a.html", "/a.html?q=1", "/index.html", "/content/a.html", "/content/site/en.html", "/content/site/en/a.html?q=1&utm_source=x",
	"/content/site/en.tidy.infinity.json", "/content/site/en.html/suffix/x.html", "/content/dam/a.jpg", "/etc.clientlibs/x/y.min.css",
	"/bin/querybuilder.json?p.limit=-1", "/libs/granite/core/content/login.html", "/system/console", "/crx/de/index.jsp", "/.stat", "/content/.stat",
	"/content/a.html.ttl", "/content.1.json", "/a%20b.html", "/a;b=c.html", "/A.HTML", "/a.",
}

var fixedMethods = []string{"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "get", "PROPFIND"}

var fixedClients = []string{"127.0.0.1", "10.0.0.1", "192.168.1.7", "203.0.113.7", "::1"}

// How many probes there are at most of each kind, and how many requests the bounded parts make.
const (
	maxTargets   = 150
	maxPairs     = 14 // rules of a section of which all pairs are told apart
	maxExchanges = 14 // URLs that go through caches
)

// A domain is the requests by which two configurations are told apart.
type domain struct {
	probes []probe
	pages  []probe // GETs that go through caches
	// names are headers that matter to either.
	names []string
	// hosts are those that virtual hosts name.
	hosts   []string
	paths   []string // that virtual hosts name behind a host
	clients []string
	// farms is how many farms both have; 0 where one has more, so that there is nothing to ask one by one.
	farms int
}

// domainOf makes requests of all patterns of both configurations: each section of rules gives some requests that
// each rule matches, one that it alone decides, and one that each pair of rules has in common.
func domainOf(a, b *model.Config, p *proof) *domain {
	d := &domain{clients: slices.Clone(fixedClients)}
	filters, _ := spaces()
	targets := &targetSet{has: map[string]bool{}}
	targets.add(p.outside...)
	params := []string{}
	for _, c := range []*model.Config{a, b} {
		for _, f := range c.Farms {
			targets.rules(filters, f.Filter, nil, p.changed["/filter"])
			let := letThrough(f)
			if f.Cache != nil {
				targets.rules(filters, f.Cache.Rules, let, p.changed["/rules"])
				targets.rules(filters, f.Cache.Invalidate, let, p.changed["/invalidate"])
				params = append(params, texts(f.Cache.IgnoreURLParams)...)
				for _, s := range texts(f.Cache.AllowedClients) {
					if _, err := netip.ParseAddr(s); err == nil {
						d.clients = append(d.clients, s)
					}
				}
				d.list(f.Cache.Headers)
			}
			if f.AuthChecker != nil {
				targets.rules(filters, f.AuthChecker.Filter, let, false)
			}
			d.list(f.ClientHeaders)
			if s := f.SessionManagement; s != nil {
				_, name, _ := strings.Cut(s.Header.Value, ":")
				d.names = append(d.names, name)
			}
			if f.Statistics != nil {
				for _, c := range f.Statistics.Categories {
					if c.Glob != nil {
						targets.add(sampled(filters, automata.Elements{URL: elements.Pattern(c.Glob)}, let, "category "+c.Glob.Text())...)
					}
				}
			}
			if s := f.StickyConnections; s != nil && s.Paths != nil {
				for _, v := range s.Paths.Values {
					targets.add(automata.Request{Method: "GET", URI: cleanOf(v.Text + "/a.html")})
				}
			}
			targets.add(automata.Request{Method: "GET", URI: cleanOf(f.StickyConnectionsFor.Value + "/a.html")})
			for _, v := range f.VirtualHosts {
				d.hosts = append(d.hosts, hostOf(v))
				if v.URIText != "" {
					d.paths = append(d.paths, cleanOf(plainOf(v.URIText)))
				}
			}
		}
	}
	for _, n := range unique(params) {
		targets.add(automata.Request{Method: "GET", URI: "/content/a.html", Query: n + "=1", HasQuery: true},
			automata.Request{Method: "GET", URI: "/content/a.html", Query: n + "=1&q=2", HasQuery: true})
	}
	d.paths = unique(d.paths)
	d.hosts, d.clients, d.names = unique(append(d.hosts, "www.example.com", "")), unique(d.clients), unique(d.names)
	if len(a.Farms) == len(b.Farms) {
		d.farms = len(a.Farms)
	}
	d.make(targets, min(d.farms, 12))
	d.choosePages(a, b, targets)
	return d
}

// choosePages takes the URLs that go through caches: those that either configuration caches first.
func (d *domain) choosePages(a, b *model.Config, targets *targetSet) {
	var all []string
	for _, t := range targets.list {
		if t.Method == "GET" {
			all = append(all, t.Target())
		}
	}
	all = unique(append(all, "/content/a.html", "/content/site/en.html", "/content/site/en/a.json", "/content/site/en/x/y.html", "/index.html", "/a.css"))
	x, y := enginesOf(a, simulate.Options{}), enginesOf(b, simulate.Options{})
	for f := 1; f <= min(d.farms, 4); f++ {
		var best, rest []probe
		for i, t := range all {
			p := probe{method: "GET", target: t, farm: f, client: d.clients[i%len(d.clients)], header: d.header()}
			if i%3 == 0 {
				p.header = append(p.header, simulate.Field{Name: "Cookie", Value: "authorization=known; renderid=rend01"})
			} else {
				p.header = slices.DeleteFunc(p.header, func(h simulate.Field) bool { return strings.EqualFold(h.Name, "Authorization") })
			}
			if x.caches(&p) || y.caches(&p) {
				best = append(best, p)
			} else {
				rest = append(rest, p)
			}
		}
		best = best[:min(len(best), maxExchanges)]
		d.pages = append(d.pages, append(best, rest[:min(len(rest), 4)]...)...)
	}
}

// caches reports whether nothing about a request keeps its answer from the cache.
func (e *engines) caches(p *probe) bool {
	var d simulate.Decision
	err := e.list[p.farm].Decide(context.Background(), p.request(), &d, nil)
	return err == nil && d.Cache.Reached && d.Cache.Cacheable
}

// letThrough are the GETs that /filter of a farm lets through to the cache; all where that is not known.
func letThrough(f *model.Farm) *automata.Requests {
	space, _ := spaces()
	var key strings.Builder
	key.WriteString("let through\n")
	if f.Filter == nil {
		key.WriteString("all")
	} else {
		for _, r := range f.Filter.Rules {
			key.WriteString(keyOf(r) + "\n")
		}
	}
	if set, ok := memory.Load(key.String()); ok {
		return set.(*automata.Requests)
	}
	set := storable(space)
	if f.Filter != nil && len(f.Filter.Rules) <= 60 {
		if some, err := allowed(requestAlgebra(space, false), f.Filter.Rules, set); err == nil {
			if none, err := space.Empty(some); err == nil && !none {
				set = some
			}
		}
	}
	memory.Store(key.String(), set)
	return set
}

// make puts targets, farms, hosts, methods, headers and clients together.
func (d *domain) make(targets *targetSet, farms int) {
	add := func(p probe) {
		if p.client == "" {
			p.client = "203.0.113.7"
		}
		d.probes = append(d.probes, p)
	}
	headers := []simulate.Header{
		{{Name: "Authorization", Value: "Basic dTpw"}}, {{Name: "Cookie", Value: "login-token=x; renderid=rend01; authorization=y"}},
		{{Name: "X-Dispatcher-Info", Value: "1"}}, {{Name: "X-Forwarded-Host", Value: "www.example.com"}}, {{Name: "Range", Value: "bytes=0-1"}},
		d.header(),
	}
	for i, t := range targets.list {
		for f := 1; f <= farms; f++ {
			add(probe{method: t.Method, target: t.Target(), proto: t.Protocol, farm: f})
			if m := fixedMethods[(i+f)%len(fixedMethods)]; m != t.Method && t.HasQuery == (i%2 == 0) {
				add(probe{method: m, target: t.Target(), farm: f, header: headers[i%len(headers)]})
			}
		}
	}
	for f := 1; f <= farms; f++ {
		for i, t := range fixedTargets {
			add(probe{method: "GET", target: t, farm: f, header: headers[(i+f)%len(headers)]})
			add(probe{method: "GET", target: t, farm: f})
		}
		for i, m := range fixedMethods {
			for _, t := range []string{"/content/a.html", fixedTargets[(i+f)%len(fixedTargets)]} {
				add(probe{method: m, target: t, farm: f})
			}
		}
		for _, h := range headers {
			add(probe{method: "GET", target: "/content/a.html", farm: f, header: h})
		}
	}
	for i, h := range d.hosts[:min(len(d.hosts), 60)] {
		paths := append([]string{"/", "/content/a.html"}, d.paths[:min(len(d.paths), 10)]...)
		if n := len(targets.list); n > 0 {
			paths = append(paths, targets.list[i%n].Target())
		}
		for _, t := range paths {
			add(probe{method: "GET", target: t, host: h})
			add(probe{method: "GET", target: t, host: h, tls: true})
			add(probe{method: "GET", target: t, host: h + ":8443", tls: true})
		}
		add(probe{method: "GET", target: "/content/a.html", host: "x" + h})
	}
	flushes := []simulate.Header{
		flushOf("Activate", "/content/site/en"), flushOf("Delete", "/content"), flushOf("Deactivate", "/content/a"), flushOf("Test", "/"),
		append(flushOf("Activate", "/content/a"), simulate.Field{Name: "CQ-Action-Scope", Value: "ResourceOnly"}),
	}
	for i, c := range d.clients[:min(len(d.clients), 30)] {
		for f := 1; f <= farms; f++ {
			add(probe{method: "GET", target: "/dispatcher/invalidate.cache", farm: f, client: c, header: flushes[(i+f)%len(flushes)]})
			add(probe{method: "POST", target: "/content/a.html", farm: f, client: c, header: flushes[(i+f+1)%len(flushes)]})
		}
	}
}

func flushOf(action, handle string) simulate.Header {
	return simulate.Header{{Name: "CQ-Action", Value: action}, {Name: "CQ-Handle", Value: handle}}
}

// header is a header of each name that matters to either configuration, and of some that matter by themselves.
func (d *domain) header() simulate.Header {
	h := simulate.Header{{Name: "User-Agent", Value: "probe"}, {Name: "X-Requested-With", Value: "x"}, {Name: "Accept", Value: "*/*"}}
	for _, n := range d.names {
		if n != "" && !strings.ContainsAny(n, "* :") && !h.Has(n) && !strings.HasPrefix(strings.ToLower(n), "cq-") && !strings.EqualFold(n, "handle") {
			h = append(h, simulate.Field{Name: n, Value: "of " + strings.ToLower(n)})
		}
	}
	return h
}

func (d *domain) list(l *model.List) {
	if l == nil {
		return
	}
	for _, v := range l.Values {
		d.names = append(d.names, v.Text)
	}
}

// hostOf makes a host that a virtual host names.
func hostOf(v *model.VirtualHost) string { return strings.ToLower(plainOf(v.HostText)) }

// plainOf makes a text that a glob without classes matches.
func plainOf(glob string) string { return strings.NewReplacer("*", "x", "?", "y").Replace(glob) }

// cleanOf makes a URI of a text.
func cleanOf(s string) string {
	s = "/" + strings.Trim(s, "/")
	for strings.Contains(s, "//") {
		s = strings.ReplaceAll(s, "//", "/")
	}
	return s
}

// A targetSet is requests by their lines.
type targetSet struct {
	list []automata.Request
	has  map[string]bool
}

func (t *targetSet) add(list ...automata.Request) {
	for _, r := range list {
		if r.Method == "" {
			r.Method = "GET"
		}
		if key := r.String(); !t.has[key] && len(t.list) < maxTargets && strings.HasPrefix(r.URI, "/") {
			t.has[key] = true
			t.list = append(t.list, r)
		}
	}
}

// rules adds requests that tell the rules of a section apart. Sections that are the same in both configurations give
// fewer. best are requests that come as far as the section, nil for /filter, whose globs see request lines.
func (t *targetSet) rules(space *automata.Space, l *model.RuleList, best *automata.Requests, changed bool) {
	if l == nil {
		return
	}
	globIsURL := best != nil
	most := len(l.Rules)
	if !changed {
		most = min(most, 8)
	}
	if changed {
		t.add(regions(space, l.Rules[max(0, len(l.Rules)-60):], best)...)
	}
	for _, r := range l.Rules[len(l.Rules)-most:] {
		list := sampled(space, elements.Of(r, globIsURL), best, fmt.Sprint(globIsURL, keyOf(r)))
		if !changed {
			list = list[:min(2, len(list))]
		}
		t.add(list...)
	}
}

// memory holds what was asked of automata before: most rules of the configurations come again and again.
var memory sync.Map

func sampled(space *automata.Space, e automata.Elements, best *automata.Requests, key string) []automata.Request {
	key = fmt.Sprintf("%p %s", best, key)
	if list, ok := memory.Load(key); ok {
		return list.([]automata.Request)
	}
	var list []automata.Request
	set, err := space.Entry(e)
	if err == nil {
		list = samplesOf(space, set, best, 5)
	} else {
		list = space.SampleEntry(e, 5)
	}
	memory.Store(key, list)
	return list
}

// regions returns a request that each rule alone decides, where there is one, and one of each two that differ in type.
func regions(space *automata.Space, rules []*model.Rule, best *automata.Requests) []automata.Request {
	var b strings.Builder
	fmt.Fprintf(&b, "regions %p ", best)
	for _, r := range rules {
		b.WriteString(keyOf(r) + "\n")
	}
	if list, ok := memory.Load(b.String()); ok {
		return list.([]automata.Request)
	}
	var out []automata.Request
	var later []*automata.Requests
	allow := []bool{}
	for _, r := range slices.Backward(rules) {
		set, err := space.Entry(elements.Of(r, best != nil))
		if err != nil {
			continue
		}
		if best != nil {
			if both, err := space.Intersect(set, best); err == nil {
				set = both
			}
		}
		if c, err := space.Cover(set, later...); err == nil && !c.Covered {
			out = append(out, c.Witness)
		}
		for i, o := range later {
			if allow[i] == r.Allow || len(rules) > maxPairs {
				continue
			}
			both, err := space.Intersect(set, o)
			if err != nil {
				continue
			}
			if w, ok, err := space.Witness(both); err == nil && ok {
				out = append(out, w)
			}
		}
		later, allow = append(later, set), append(allow, r.Allow)
	}
	memory.Store(b.String(), out)
	return out
}

// texts returns samples of what the globs of a section match.
func texts(l *model.RuleList) []string {
	if l == nil {
		return nil
	}
	var word match.ByteSet
	word.AddRange('a', 'z')
	word.AddRange('A', 'Z')
	word.AddRange('0', '9')
	for _, c := range "._-:" {
		word.Add(byte(c))
	}
	var out []string
	for _, r := range l.Rules {
		if r.Glob == nil {
			continue
		}
		set, err := automata.Limit(0).Language(elements.Pattern(r.Glob))
		if err != nil {
			continue
		}
		out = append(out, set.SampleOf(3, word)...)
	}
	return out
}

// disagree asks both configurations about a domain and returns the first difference, "" where there is none, and how many
// requests were compared.
func disagree(t testing.TB, a, b *model.Config, d *domain, caches bool) (string, int) {
	t.Helper()
	x, y := enginesOf(a, simulate.Options{}), enginesOf(b, simulate.Options{})
	n := 0
	for i := range d.probes {
		before, after := x.decided(t, &d.probes[i]), y.decided(t, &d.probes[i])
		n++
		if before != after {
			return fmt.Sprintf("%s\nbefore: %s\nafter:  %s", &d.probes[i], before, after), n
		}
	}
	if !caches {
		return "", n
	}
	before, after := played(t, a, d), played(t, b, d)
	for i := range before {
		n++
		if before[i] != after[i] {
			return fmt.Sprintf("with caches and renders:\nbefore: %s\nafter:  %s", before[i], after[i]), n
		}
	}
	return "", n
}

// engines answer for a configuration, and for each farm of it alone.
type engines struct {
	config *model.Config
	list   []*simulate.Engine
}

func enginesOf(c *model.Config, o simulate.Options) *engines {
	e := &engines{c, []*simulate.Engine{simulate.New(c, o)}}
	for _, f := range c.Farms {
		e.list = append(e.list, simulate.New(&model.Config{Farms: []*model.Farm{f}, Wrapped: c.Wrapped}, o))
	}
	return e
}

// decided says all that a decision says about a request, but for the place that decided.
func (e *engines) decided(t testing.TB, p *probe) string {
	t.Helper()
	var d simulate.Decision
	if err := e.list[p.farm].Decide(t.Context(), p.request(), &d, nil); err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprintf("farm %d, %s", slices.Index(e.config.Farms, d.Farm.Farm), decision(&d))
}

// decision writes a decision. Which of several rules decided is no part of it, nor the label of a farm.
func decision(d *simulate.Decision) string {
	var b strings.Builder
	reason := d.Reason
	v := &d.Filter
	fmt.Fprintf(&b, "%s %s, filter %t %t %s vanity %t %t, ", d.Outcome, reason, v.Reached, v.Allow, v.Reason, v.Vanity, v.VanityUnknown)
	c := &d.Cache
	if c.Reached {
		fmt.Fprintf(&b, "cacheable %t %s %q %s file %q session %t checker %t header %q stored %t %t %t, ", c.Cacheable, c.Reason, c.Info(), c.Action, c.File(), c.SessionUnknown, c.CheckerUnknown, c.Header(), c.Stored, c.StoredTTL, c.StoredHeaders)
		fmt.Fprintf(&b, "valid %t %s %s, ", c.Validity.Fresh, c.Validity.Reason, c.Validity.Statfile)
	}
	if r := &d.Render; r.Render != nil {
		fmt.Fprintf(&b, "render %s %q sticky %t, ", r.Render.Name, r.URL(), r.Sticky)
	}
	i := &d.Invalidation
	if i.Reached {
		fmt.Fprintf(&b, "flush %t %v %v %v %v %v %v %t, ", i.Allowed, i.Deleted, i.Folders, i.Touched, i.TouchedOutside, i.Refetched, i.Handler, i.Forwarded)
	}
	fmt.Fprintf(&b, "answer %d %s %v %d", d.Response.Status, d.Response.From, d.Response.Header, d.Response.Length)
	return b.String()
}

// played sends pages through caches that are empty, again when they are full, flushes, and asks again. It returns what
// is decided and what the renders are asked, line by line, as many for every configuration.
func played(t testing.TB, c *model.Config, d *domain) []string {
	t.Helper()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	line := simulate.NewTimeline(start)
	render := &recorder{names: d.names}
	e := enginesOf(c, simulate.Options{
		Backend: render, Store: new(docroot.Memory), Now: line.Now, Sleep: line.Sleep,
		Sessions: map[string]time.Time{"known": start, "of authorization": start},
	})
	var out []string
	ask := func(p *probe) {
		out = append(out, p.String()+": "+e.decided(t, p)+"; asked: "+strings.Join(render.take(), " | "))
		line.Advance(time.Second)
	}
	rounds := []simulate.Header{nil, nil, flushOf("Activate", "/content/site/en"), flushOf("Delete", "/content/a"), flushOf("Activate", "/")}
	for i, f := range rounds {
		if f != nil {
			done := map[int]bool{}
			for k := range d.pages {
				if farm := d.pages[k].farm; !done[farm] {
					done[farm] = true
					// From the web server itself, which every list of clients should let.
					for _, from := range []string{"127.0.0.1", d.clients[i%len(d.clients)]} {
						ask(&probe{method: "POST", target: "/dispatcher/invalidate.cache", farm: farm, client: from, header: f})
					}
				}
			}
		}
		for k := range d.pages {
			ask(&d.pages[k])
		}
		line.Advance(10 * time.Second)
	}
	return out
}

// A recorder is a render that answers everything, and remembers what it was asked.
type recorder struct {
	names []string
	mu    sync.Mutex
	asked []string
}

func (r *recorder) RoundTrip(_ context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, fmt.Sprintf("%s of %s for %s: %s %s %v", q.Render.Hostname.Value, q.Render.Name, q.Purpose, q.Method, q.Target, q.Header))
	h := simulate.Header{{Name: "Content-Type", Value: "text/html"}}
	if len(q.Target)%2 == 0 {
		h = append(h, simulate.Field{Name: "Cache-Control", Value: "max-age=25"})
	}
	for _, n := range r.names {
		if !h.Has(n) && n != "" && !strings.ContainsAny(n, "* :") && !strings.EqualFold(n, "Set-Cookie") && !isFraming(n) {
			h = append(h, simulate.Field{Name: n, Value: "sent " + strings.ToLower(n)})
		}
	}
	return &simulate.Answer{Status: 200, Header: h, Body: io.NopCloser(strings.NewReader("page"))}, nil
}

// isFraming reports whether a header says how long a body is, or what the cache makes of it.
func isFraming(name string) bool {
	return slices.ContainsFunc([]string{"Content-Length", "Transfer-Encoding", "Connection", "Dispatcher", "Pragma", "Host", "Content-Encoding", "Expires", "Date", "Last-Modified"}, func(s string) bool { return strings.EqualFold(s, name) })
}

func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.asked
	r.asked = nil
	return list
}
