package decisiondiff

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// A generator makes requests for two configurations, in three rounds: some for each rule, which also show which hosts lead
// where; then those for what differs; then more for regions that no request has shown yet.
type generator struct {
	c    *comparison
	pool *pool
	// notes are of the requests of the pool that were compared.
	notes []noted
	// hosts are names that lead to different places, the first of each kind.
	hosts []namedHost
	// regions are by number, from 1.
	regions []*wanted
	undo    undoer
	// gates are the filters of farms, by farm.
	gates  map[int]*gate
	result *Result
}

// A namedHost is a name for requests, with the pairs that it leads to.
type namedHost struct {
	name       string
	farm, host [2][2]int16 // over HTTPS and HTTP
}

// A wanted is a region that requests are made for.
type wanted struct {
	farm   int
	what   string
	at     source.Span
	paths  []string
	extras []assignment
}

// The shares of the bound that the rounds may fill.
const (
	firstShare  = 3 // a third
	maxHosts    = 200
	maxClasses  = 24
	maxPages    = 8
	maxForms    = 8
	maxPerItem  = 1500
	maxListed   = 60
	secondShare = 10 // nine tenths
)

// generate makes requests and compares them.
func (c *comparison) generate(ctx context.Context, res *Result) error {
	g := &generator{c: c, pool: newPool(c.options.MaxRequests), result: res, undo: undoer{}}
	if err := g.findHosts(ctx); err != nil {
		return err
	}
	g.pool.most = c.options.MaxRequests / firstShare
	g.addEverything()
	if err := g.run(ctx); err != nil {
		return err
	}
	g.pool.most = c.options.MaxRequests - c.options.MaxRequests/secondShare
	bounded := false
	if err := g.addRegions(ctx); err != nil {
		return err
	}
	g.addChangedItems()
	bounded = g.pool.full
	g.pool.full = false
	if err := g.run(ctx); err != nil {
		return err
	}
	g.pool.most = c.options.MaxRequests
	g.addMore()
	if err := g.run(ctx); err != nil {
		return err
	}
	if bounded || g.pool.full {
		res.Bounded = append(res.Bounded, "not all requests that tell the two apart were made: --max-requests is "+strconv.Itoa(c.options.MaxRequests))
	}
	res.Generated = len(g.pool.list)
	g.unshown()
	return nil
}

// run compares the requests that are new in the pool.
func (g *generator) run(ctx context.Context) error {
	notes, err := g.c.run(ctx, g.pool.list[len(g.notes):])
	g.notes = append(g.notes, notes...)
	return err
}

// findHosts finds names of hosts, and keeps of those that lead to the same virtual hosts and farms the first.
func (g *generator) findHosts(ctx context.Context) error {
	x := g.c.differs[0]
	seen := map[[2][2][2]int16]int{}
	for _, name := range g.hostNames() {
		h := namedHost{name: name}
		for _, path := range []string{"/content/zq.html", "/"} {
			var where [2][2][2]int16
			for i, tls := range []bool{true, false} {
				_, n, err := x.compare(ctx, &Request{Method: "GET", Target: path, Host: name, TLS: tls})
				if err != nil {
					return err
				}
				where[i] = [2][2]int16{n.farm, n.host}
			}
			h.farm = [2][2]int16{where[0][0], where[1][0]}
			h.host = [2][2]int16{where[0][1], where[1][1]}
			const ofOneKind = 2
			if seen[where] < ofOneKind && len(g.hosts) < maxClasses {
				seen[where]++
				g.hosts = append(g.hosts, h)
				break
			}
		}
	}
	return nil
}

// hostNames are names that the two sides have a virtual host or farm for, and some that they have none for.
func (g *generator) hostNames() []string {
	var out []string
	add := func(list ...string) {
		for _, s := range list {
			if s != "" && len(out) < maxHosts && !slices.Contains(out, s) && !strings.ContainsAny(s, " /*?") {
				out = append(out, s)
			}
		}
	}
	var sets []*automata.Language // of all names, for those that one alone takes
	var patterns []*match.Pattern
	var ports []string
	for _, s := range [...]*Side{g.c.old, g.c.new} {
		for _, h := range hostsOf(s) {
			if h.Name.Set {
				add(strings.ToLower(h.Name.Host))
			}
			for _, a := range h.Addresses {
				if port := ":" + strconv.Itoa(a.Port); a.Port != 0 && a.Port != 80 && a.Port != 443 {
					ports = append(ports, "localhost"+port, strings.ToLower(h.Name.Host)+port)
				}
			}
			for _, a := range h.Names {
				if a.Wild {
					patterns = append(patterns, match.GlobFold(a.Pattern))
				} else {
					add(strings.ToLower(a.Pattern))
				}
			}
		}
		for _, f := range s.Config.Farms {
			for _, v := range f.VirtualHosts {
				if v.Host != nil {
					patterns = append(patterns, v.Host)
				}
			}
		}
	}
	for _, p := range patterns {
		l, err := maxStates.Language(p)
		if err != nil || l.Universal() { // which any name shows
			continue
		}
		if strings.Contains(p.Text(), ":") { // with a port
			if s, ok := l.Witness(); ok {
				add(s)
			}
			continue
		}
		if l, err = maxStates.Intersect(l, hostLanguage()); err == nil {
			sets = append(sets, l)
		}
	}
	for i, l := range sets {
		add(sample(l, hostNames, 2)...)
		alone := l
		for j, o := range sets {
			if i == j {
				continue
			}
			less, err := maxStates.Difference(alone, o)
			if err != nil || less.Empty() {
				continue
			}
			alone = less
		}
		add(sample(alone, hostNames, 2)...)
	}
	add("localhost", "zq.example")
	add(ports...)
	return out
}

// base are requests for a path, over HTTPS and HTTP, to a host.
func base(host, target string) []Request {
	return []Request{{Method: "GET", Target: target, Host: host, TLS: true}, {Method: "GET", Target: target, Host: host}}
}

// commonPaths are what every site has, or should not have.
func commonPaths() []string {
	return []string{
		"/", "/index.html", "/content/zq.html", "/content/zq/zq.html", "/content/zq", "/content/zq.zq.html", "/content/zq.html/zq", "/content/dam/zq.png",
		"/etc.clientlibs/zq.css", "/etc/designs/zq.js", "/libs/zq.js", "/libs/granite/csrf/token.json", "/system/console", "/bin/querybuilder.json",
		"/crx/de/index.jsp", "/content.infinity.json", "/zq", "/content/dam/zq.pdf", "/content/zq.json", "/content/zq.xml", "/content/zq.zq",
	}
}

// addEverything adds some requests for each rule of either side.
func (g *generator) addEverything() {
	var targets []automata.Request
	for _, path := range commonPaths() {
		targets = append(targets, automata.Request{Method: "GET", URI: path})
	}
	targets = append(targets, automata.Request{Method: "GET", URI: "/content/zq.html", Query: "zq=1", HasQuery: true}, automata.Request{Method: "POST", URI: "/content/zq.html"},
		automata.Request{Method: "HEAD", URI: "/content/zq.html"}, automata.Request{Method: "OPTIONS", URI: "/content/zq.html"})
	for _, s := range [...]*Side{g.c.old, g.c.new} {
		for _, f := range s.Config.Farms {
			targets = append(targets, farmTargets(f)...)
		}
	}
	for _, h := range g.hosts {
		for _, t := range targets {
			g.addTarget(h.name, t, nil, 0)
		}
	}
	probes := map[string]*probe{} // of items that several hosts have
	done := map[string]bool{}     // by pair of hosts: most items are on both sides
	for _, s := range [...]*Side{g.c.old, g.c.new} {
		if s.Server == nil {
			continue
		}
		for _, h := range hostsOf(s) {
			names := g.namesOf(h)
			for _, cat := range categories(h, s.Server.Types) {
				for i, it := range cat.items {
					if i >= maxListed {
						break
					}
					key := cat.name + "\x00" + it.print
					mine := strconv.Itoa(g.c.pairs.host[h]) + "\x00" + key
					if done[mine] {
						continue
					}
					done[mine] = true
					if probes[key] == nil {
						probes[key] = new(probe)
						it.look(probes[key])
					}
					g.addProbe(probes[key], names[:min(len(names), 1)], h)
				}
			}
		}
	}
}

// farmTargets are requests that the entries of a farm's sections match.
func farmTargets(f *model.Farm) []automata.Request {
	var out []automata.Request
	add := func(list []*model.Rule, globIsURL bool) {
		for _, r := range list {
			found := automata.Guess(elementsOf(r, globIsURL))
			const each = 2
			for range each {
				q, ok := found.Next()
				if !ok {
					break
				}
				out = append(out, q)
			}
		}
	}
	add(filterOf(f).rules, false)
	if f.Cache != nil {
		add(listOf(f.Cache.Rules).rules, true)
		add(listOf(f.Cache.Invalidate).rules, true)
	}
	for _, v := range f.VirtualHosts {
		if v.URI != nil {
			for _, path := range automata.GuessStrings(v.URI) {
				out = append(out, automata.Request{Method: "GET", URI: "/" + strings.TrimPrefix(path, "/")})
			}
		}
	}
	return out
}

// addTarget adds a request of the Dispatcher's kind to a host.
func (g *generator) addTarget(host string, t automata.Request, a assignment, group int) {
	for _, r := range base(host, t.Target()) {
		if t.Method != "" {
			r.Method = t.Method
		}
		if r, ok := a.applied(r); ok {
			g.pool.add(r, 1, group)
		}
	}
}

// namesOf are names that lead to a virtual host, or else its own.
func (g *generator) namesOf(h *server.Host) []string {
	n := int16(-1)
	if i, ok := g.c.pairs.host[h]; ok {
		n = int16(i)
	}
	var out []string
	for _, name := range g.hosts {
		for _, over := range name.host {
			if n >= 0 && (over[0] == n || over[1] == n) && !slices.Contains(out, name.name) {
				out = append(out, name.name)
			}
		}
	}
	if len(out) == 0 && h.Name.Set {
		out = append(out, h.Name.Host)
	}
	// Names that lead on to a farm show more than those that are redirected.
	leads := map[string]bool{}
	for _, name := range g.hosts {
		leads[name.name] = name.farm[0][0] >= 0 || name.farm[0][1] >= 0
	}
	slices.SortStableFunc(out, func(a, b string) int { return number(!leads[a]) - number(!leads[b]) })
	return out
}

// addProbe adds the requests that a probe asks for, to some hosts.
func (g *generator) addProbe(p *probe, hosts []string, h *server.Host) {
	paths := usable(p.paths)
	few := paths[:min(len(paths), maxForms)]
	if p.anywhere {
		pages := g.pages(h)
		paths, few = usable(append(paths, pages...)), usable(append(few[:len(few):len(few)], pages[:min(len(pages), 3)]...))
	}
	settings := p.settings
	if len(settings) == 0 || p.anywhere {
		settings = append([]assignment{nil}, settings...)
	}
	most := maxPerItem
	if !p.wide {
		settings = settings[:min(len(settings), 3)]
		most = 40
	}
	n := 0
	for i, a := range settings {
		// The first settings are the ones that are wanted most.
		switch {
		case i == 2:
			paths = few
		case i == maxForms && len(hosts) > 1:
			hosts = hosts[:1]
		}
		for _, path := range paths {
			for _, host := range hosts {
				for _, r := range base(host, targetOf(path)) {
					if r, ok := a.applied(r); ok && n < most {
						g.pool.add(r, 1, 0)
						n++
					}
				}
			}
		}
	}
}

// usable are the paths that may be asked for, each once.
func usable(paths []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, path := range paths {
		if strings.HasPrefix(path, "/") && len(path) <= maxText && !seen[path] {
			seen[path] = true
			out = append(out, path)
		}
	}
	return out
}

// pages are paths that a virtual host answers in different ways: with a page, a refusal, a redirect. Those that go to a
// render come first.
func (g *generator) pages(h *server.Host) []string {
	pair := int16(g.c.pairs.host[h])
	var let, others []string
	seen := map[string]bool{}
	for i, n := range g.notes {
		if n.host[0] != pair && n.host[1] != pair || len(let) >= maxPages/2 && len(others) >= maxPages/2 {
			continue
		}
		path, _, _ := strings.Cut(g.pool.list[i].Target, "?")
		ext := path[strings.LastIndexByte(path, '/')+1:]
		ext = ext[strings.LastIndexByte(ext, '.')+1:]
		key := ext + strconv.Itoa(int(n.end[0])) + strconv.Itoa(int(n.end[1]))
		if seen[key] || strings.Contains(path, "%") {
			continue
		}
		seen[key] = true
		if n.end == [2]end{endAllowed, endAllowed} {
			let = append(let, path)
		} else {
			others = append(others, path)
		}
	}
	let, others = let[:min(len(let), maxPages/2)], others[:min(len(others), maxPages/2)]
	if len(let)+len(others) == 0 {
		return []string{"/content/zq.html", "/"}
	}
	return append(let, others...)
}

// addChangedItems adds requests for all that virtual hosts have on one side alone, or elsewhere than on the other.
func (g *generator) addChangedItems() {
	if g.c.old.Server == nil && g.c.new.Server == nil {
		return
	}
	for _, pair := range g.c.pairs.hosts {
		before, after := categoriesOf(g.c.old, pair.old), categoriesOf(g.c.new, pair.new)
		for i := range max(len(before), len(after)) {
			var a, b []item
			if i < len(before) {
				a = before[i].items
			}
			if i < len(after) {
				b = after[i].items
			}
			m := align(prints(a), prints(b))
			if m.any() {
				g.addChanged(pair, [2][]category{before, after}, a, b, m)
			}
		}
	}
}

func categoriesOf(s *Side, h *server.Host) []category {
	if h == nil || s.Server == nil {
		return nil
	}
	return categories(h, s.Server.Types)
}

func prints(list []item) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].print
	}
	return out
}

// addChanged adds requests for the items of one category that differ, and for what lies between those of either side.
func (g *generator) addChanged(pair hostPair, all [2][]category, a, b []item, m alignment) {
	var probes [2][]*probe
	hosts := [2]*server.Host{pair.old, pair.new}
	for k, list := range [...][]item{a, b} {
		for i := range list {
			if alone := [...][]bool{m.before, m.after}[k]; !alone[i] {
				continue
			}
			p := &probe{wide: true}
			list[i].look(p)
			p.related(&list[i], hosts[k], all[k])
			probes[k] = append(probes[k], p)
		}
	}
	const compared = 12
	for _, p := range probes[0][:min(len(probes[0]), compared)] {
		for _, q := range probes[1][:min(len(probes[1]), compared)] {
			paths := between(p.path, q.path, pathTexts, 4)
			for _, o := range [...]*probe{p, q} {
				o.paths = append(slices.Clone(paths), o.paths...)
			}
			for i := range p.values {
				for j := range q.values {
					v, w := &p.values[i], &q.values[j]
					if v.part != w.part || !strings.EqualFold(v.name, w.name) {
						continue
					}
					for _, text := range between(subject{set: v.set}, subject{set: w.set}, v.part.texts(), 3) {
						s := setting{v.part, v.name, text}
						for _, o := range [...]*probe{p, q} {
							var first assignment
							if len(o.settings) > 0 {
								first = o.settings[0]
							}
							o.settings = append(o.settings, first.with(s))
						}
					}
				}
			}
		}
	}
	for k, list := range probes {
		for i, p := range list {
			var others []*probe
			if other := probes[1-k]; i < len(other) {
				others = other[:min(len(other), compared)]
			}
			if i < compared {
				p.paths = append(g.letInPaths(p, others, hosts[k]), p.paths...)
			}
			names := g.namesOf(hosts[k])
			const each = 3
			g.addProbe(p, names[:min(len(names), each)], hosts[k])
		}
	}
}

// letInPaths are paths of a probe that the filters of both sides let in, at the farms that a virtual host leads to: what
// httpd does with answers shows on those alone. Those that other probes do not have come first.
func (g *generator) letInPaths(p *probe, others []*probe, h *server.Host) []string {
	if p.whole == nil || h == nil {
		return nil
	}
	space := cachedSpace()
	set, err := space.Entry(automata.Elements{URL: p.whole})
	if err != nil {
		return nil
	}
	var out []string
	add := func(list []automata.Request, err error) {
		for _, q := range list {
			if !slices.Contains(out, q.URI) {
				out = append(out, q.URI)
			}
		}
	}
	for _, farm := range g.farmsOfHost(h) {
		gate := g.gate(farm)
		if gate == nil {
			continue
		}
		for _, o := range others {
			if o.whole == nil {
				continue
			}
			if other, err := space.Entry(automata.Elements{URL: o.whole}); err == nil {
				add(gate.through(set, []*automata.Requests{other}))
			}
		}
		add(gate.through(set, nil))
	}
	return out
}

// farmsOfHost are some farms that a virtual host leads to.
func (g *generator) farmsOfHost(h *server.Host) []int {
	const most = 4
	pair := int16(g.c.pairs.host[h])
	var out []int
	for _, name := range g.hosts {
		for over := range name.host {
			if name.host[over][0] != pair && name.host[over][1] != pair {
				continue
			}
			for _, f := range name.farm[over] {
				if f >= 0 && !slices.Contains(out, int(f)) && len(out) < most {
					out = append(out, int(f))
				}
			}
		}
	}
	return out
}

// gate is the gate of a pair of farms, made once; nil where one of them is not there.
func (g *generator) gate(farm int) *gate {
	if known, ok := g.gates[farm]; ok {
		return known
	}
	var made *gate
	if p := g.c.pairs.farms[farm]; p.old != nil && p.new != nil {
		made = newGate(p)
	}
	if g.gates == nil {
		g.gates = map[int]*gate{}
	}
	g.gates[farm] = made
	return made
}

// addRegions adds requests for the regions in which sections of farms decide differently.
func (g *generator) addRegions(ctx context.Context) error {
	for i, p := range g.c.pairs.farms {
		if p.old == nil || p.new == nil {
			continue
		}
		regions, err := compareSections(ctx, requestFamilyOf(requestSpace(), false, nil), filterOf(p.old), filterOf(p.new))
		if err := g.undecided(ctx, "/filter of farm "+p.new.Name, p.new.NameAt, err); err != nil {
			return err
		}
		g.result.Undecided = append(g.result.Undecided, notSimulatedIn("/filter of farm "+p.new.Name, filterOf(p.old), filterOf(p.new))...)
		for _, r := range regions {
			g.want(i, "/filter", r.fromAt, r.toAt, r.witnesses, nil)
		}
		if err := g.addCacheRegions(ctx, i, p); err != nil {
			return err
		}
	}
	return nil
}

// undecided notes that a section could not be compared as a whole.
func (g *generator) undecided(ctx context.Context, what string, at source.Span, err error) error {
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	why := "its automata are too large; samples were compared"
	switch {
	case errors.Is(err, errTooMany):
		why = errTooMany.Error()
	case errors.Is(err, automata.ErrNotRegular):
		why = "a back reference is no regular language; samples were compared"
	}
	g.result.Undecided = append(g.result.Undecided, Undecided{What: what, Why: why, At: at})
	return nil
}

// want makes requests for a region.
func (g *generator) want(farm int, what string, from, to source.Span, witnesses []automata.Request, extras []assignment) {
	w := &wanted{farm: farm, what: what, at: to, extras: extras}
	if from.IsZero() {
		w.at = from
	}
	g.regions = append(g.regions, w)
	group := len(g.regions)
	if len(extras) == 0 {
		extras = []assignment{nil}
	}
	hosts := g.hostsOfFarm(farm)
	for n, q := range witnesses {
		w.paths = append(w.paths, q.URI)
		for k, h := range hosts {
			const first, many = 4, 3
			if n >= first && k >= many {
				break
			}
			for _, form := range g.forms(h, q) {
				for _, a := range extras {
					g.addTarget(h.name, form, a, group)
				}
			}
		}
	}
}

// forms are requests that rewriting may turn into one.
func (g *generator) forms(h namedHost, q automata.Request) []automata.Request {
	out := []automata.Request{q}
	for over := range h.host {
		for side, s := range [...]*Side{g.c.old, g.c.new} {
			n := h.host[over][side]
			if n < 0 || s.Server == nil {
				continue
			}
			host := g.c.pairs.hosts[n].old
			if side == 1 {
				host = g.c.pairs.hosts[n].new
			}
			for _, path := range g.undo.preimages(host, q.URI) {
				f := q
				f.URI = path
				if !slices.Contains(out, f) && len(out) < maxForms {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// hostsOfFarm are names that lead to a farm; all where none is known to.
func (g *generator) hostsOfFarm(farm int) []namedHost {
	var out []namedHost
	for _, h := range g.hosts {
		for _, over := range h.farm {
			if over[0] == int16(farm) || over[1] == int16(farm) {
				out = append(out, h)
				break
			}
		}
	}
	if len(out) == 0 {
		return g.hosts
	}
	return out
}

// addCacheRegions adds requests for what two caches do differently with pages that both sides let in.
func (g *generator) addCacheRegions(ctx context.Context, i int, p farmPair) error {
	if p.old.Cache == nil || p.new.Cache == nil {
		return nil
	}
	gate := g.gate(i)
	family := requestFamilyOf(cachedSpace(), true, gate)
	for _, list := range []struct {
		what     string
		old, new *model.RuleList
	}{
		{"/cache /rules", p.old.Cache.Rules, p.new.Cache.Rules},
		{"/cache /invalidate", p.old.Cache.Invalidate, p.new.Cache.Invalidate},
	} {
		regions, err := compareSections(ctx, family, listOf(list.old), listOf(list.new))
		if err := g.undecided(ctx, list.what+" of farm "+p.new.Name, p.new.NameAt, err); err != nil {
			return err
		}
		g.result.Undecided = append(g.result.Undecided, notSimulatedIn(list.what+" of farm "+p.new.Name, listOf(list.old), listOf(list.new))...)
		for _, r := range regions {
			g.want(i, list.what, r.fromAt, r.toAt, r.witnesses, nil)
		}
	}
	pages := g.cachedPages(i, p)
	params, err := compareSections(ctx, nameFamily(plainNames()), listOf(p.old.Cache.IgnoreURLParams), listOf(p.new.Cache.IgnoreURLParams))
	if err := g.undecided(ctx, "/cache /ignoreUrlParams of farm "+p.new.Name, p.new.NameAt, err); err != nil {
		return err
	}
	for _, r := range params {
		var extras []assignment
		for _, name := range r.witnesses {
			extras = append(extras, assignment{{part: queryPart, value: name + "=1"}}, assignment{{part: queryPart, value: name}})
		}
		g.want(i, "/cache /ignoreUrlParams", r.fromAt, r.toAt, pages, extras)
	}
	clients, err := compareSections(ctx, nameFamily(addresses()), clientsOf(p.old), clientsOf(p.new))
	if err := g.undecided(ctx, "/cache /allowedClients of farm "+p.new.Name, p.new.NameAt, err); err != nil {
		return err
	}
	for _, r := range clients {
		var extras []assignment
		for _, address := range r.witnesses {
			extras = append(extras, assignment{{part: clientPart, value: address}, {headerPart, "CQ-Action", "Activate"}, {headerPart, "CQ-Handle", "/content/zq"}})
		}
		g.want(i, "/cache /allowedClients", r.fromAt, r.toAt, []automata.Request{{Method: "GET", URI: "/dispatcher/invalidate.cache"}}, extras)
	}
	if p.old.Cache.AllowAuthorized.Value != p.new.Cache.AllowAuthorized.Value {
		g.want(i, "/cache /allowAuthorized", p.old.Cache.AllowAuthorized.At.Span, p.new.Cache.AllowAuthorized.At.Span, pages,
			[]assignment{{{headerPart, "Authorization", "Basic enE6enE="}}})
	}
	if strings.TrimRight(p.old.Cache.Docroot.Value, "/") != strings.TrimRight(p.new.Cache.Docroot.Value, "/") {
		g.want(i, "/cache /docroot", p.old.Cache.Docroot.At.Span, p.new.Cache.Docroot.At.Span, pages, nil)
	}
	return nil
}

// clientsOf is who may flush; without a list, everyone.
func clientsOf(f *model.Farm) section {
	l := f.Cache.AllowedClients
	if l == nil || len(l.Rules) == 0 {
		return section{otherwise: true, at: f.Cache.At.Span}
	}
	return listOf(l)
}

// cachedPages are requests that both sides let in and cache.
func (g *generator) cachedPages(farm int, p farmPair) []automata.Request {
	var out []automata.Request
	for i, n := range g.notes {
		q := &g.pool.list[i]
		if len(out) < maxPages/2 && n.cacheable[0] && n.cacheable[1] && n.farm == [2]int16{int16(farm), int16(farm)} && q.Method == "GET" && !strings.ContainsAny(q.Target, "?%") {
			r := automata.Request{Method: "GET", URI: q.Target}
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	space := cachedSpace()
	rules := listOf(p.new.Cache.Rules).rules
	var later []*automata.Requests
	for i := len(rules) - 1; i >= 0 && len(out) < maxPages; i-- {
		set, err := space.Entry(elementsOf(rules[i], true))
		if err != nil {
			continue
		}
		if !rules[i].Allow {
			later = append(later, set)
			continue
		}
		if list, err := g.gate(farm).through(set, later); err == nil {
			out = append(out, list[:min(len(list), 2)]...)
		}
	}
	return out
}

// addMore adds requests for regions that no request has shown: with the headers that rules of httpd look at, to more hosts.
func (g *generator) addMore() {
	more := g.allSettings()
	for i, w := range g.regions {
		if g.c.shown[i+1] {
			continue
		}
		extras := w.extras
		if len(extras) == 0 {
			extras = []assignment{nil}
		}
		for _, h := range g.hosts {
			for _, path := range w.paths[:min(len(w.paths), maxPages)] {
				for _, form := range g.forms(h, automata.Request{Method: "GET", URI: path}) {
					for _, a := range extras[:min(len(extras), 4)] {
						g.addTarget(h.name, form, a, i+1)
						for _, m := range more {
							g.addTarget(h.name, form, a.with(m...), i+1)
						}
					}
				}
			}
		}
	}
}

// allSettings are what conditions of rewrite rules ask of headers and the like, some of each.
func (g *generator) allSettings() []assignment {
	var out []assignment
	seen := map[string]bool{}
	for _, s := range [...]*Side{g.c.old, g.c.new} {
		for _, h := range hostsOf(s) {
			for _, r := range h.Rewrite.Rules {
				for _, cond := range r.Conditions {
					if seen[cond.At.Text()] {
						continue
					}
					seen[cond.At.Text()] = true
					for _, k := range conditionOf(cond) {
						if k.part == pathPart || k.part == hostPart || len(out) > maxListed {
							continue
						}
						for _, list := range [...][]string{k.yes, k.no} {
							if len(list) > 0 {
								out = append(out, assignment{{k.part, k.name, list[0]}})
							}
						}
					}
				}
			}
		}
	}
	return out
}

// unshown notes regions that no request has shown: nothing that httpd lets through, or another farm, leads there.
func (g *generator) unshown() {
	said := map[string]bool{}
	for i, w := range g.regions {
		if g.c.shown[i+1] {
			continue
		}
		p := g.c.pairs.farms[w.farm]
		what := w.what + " of farm " + p.new.Name + " decides differently for " + w.paths0()
		if key := w.what + p.new.Name + strconv.Itoa(int(w.at.Start)); !said[key] {
			said[key] = true
			g.result.Undecided = append(g.result.Undecided, Undecided{What: what, Why: "no request was found that gets there", At: w.at})
		}
	}
}

func (w *wanted) paths0() string {
	if len(w.paths) == 0 {
		return "some requests"
	}
	return w.paths[0]
}
