package decisiondiff

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/httpd"
	"github.com/dispcheck/dispcheck/source"
)

// An end is how far a request came.
type end uint8

const (
	endRedirect end = iota // httpd sends the client elsewhere
	endProxy               // httpd asks another server
	endStatus              // httpd refuses, or answers itself
	endLost                // no farm answers
	endFlush               // it is a flush
	endDenied              // the filter denies
	endAllowed             // it goes to a render, or to the cache
)

func (e end) byHTTPD() bool { return e <= endStatus }

func endOf(d *simulate.Decision) end {
	switch d.Outcome {
	case simulate.Redirected:
		return endRedirect
	case simulate.Proxied:
		return endProxy
	case simulate.Lost:
		return endLost
	case simulate.Flush:
		return endFlush
	case simulate.Denied:
		return endDenied
	case simulate.Refused, simulate.Declined, simulate.Undecided:
		return endStatus
	}
	return endAllowed
}

// noted is what the makers of requests want to know about one that was answered.
type noted struct {
	// farm and host are numbers of pairs, before and after; -1 for none.
	farm, host [2]int16
	end        [2]end
	cacheable  [2]bool
	differs    bool
}

// A differ compares the answers of two sides, one request at a time.
type differ struct {
	c        *comparison
	old, new *decider
	out      []difference
}

// compare answers a request twice. The differences are good until the next call.
func (x *differ) compare(ctx context.Context, r *Request) ([]difference, noted, error) {
	if err := x.old.decide(ctx, r); err != nil {
		return nil, noted{}, err
	}
	if err := x.new.decide(ctx, r); err != nil {
		return nil, noted{}, err
	}
	x.out = x.out[:0]
	a, b := &x.old.decision, &x.new.decision
	n := noted{farm: [2]int16{-1, -1}, host: [2]int16{-1, -1}, end: [2]end{endOf(a), endOf(b)}, cacheable: [2]bool{a.Cache.Cacheable, b.Cache.Cacheable}}
	for i, d := range [...]*decider{x.old, x.new} {
		if f := d.decision.Farm.Farm; f != nil {
			n.farm[i] = int16(x.c.pairs.farm[f])
		}
		if d.site != nil && d.passage.Result.Host != nil {
			if p, ok := x.c.pairs.host[d.passage.Result.Host]; ok {
				n.host[i] = int16(p)
			}
		}
	}
	err := x.differences(ctx, r, &n)
	n.differs = len(x.out) > 0
	return x.out, n, err
}

func (x *differ) differences(ctx context.Context, r *Request, n *noted) error {
	a, b := &x.old.decision, &x.new.decision
	if from, to := x.old.passage.Result.Host, x.new.passage.Result.Host; from != nil && to != nil && n.host[0] != n.host[1] && hostName(from) != hostName(to) {
		x.out = append(x.out, difference{kind: KindVHost, from: hostName(from), to: hostName(to), direction: Changed, fromAt: hostAt(from), toAt: hostAt(to)})
	}
	if n.end[0].byHTTPD() || n.end[1].byHTTPD() {
		x.compareEnds(r, n)
		return nil
	}
	same, err := x.compareTargets(ctx, r, n)
	if err != nil {
		return err
	}
	switch {
	case n.end[0] != n.end[1] || n.end[0] == endFlush:
		x.compareVerdicts(r, n)
		return nil
	case n.end[0] == endDenied:
		if a.Filter.VanityUnknown != b.Filter.VanityUnknown {
			x.compareVerdicts(r, n)
		}
	case n.end[0] == endAllowed:
		if err := x.compareCaching(r, n, same); err != nil {
			return err
		}
		if n.farm[0] == n.farm[1] && same {
			x.compareRenders()
		}
	}
	x.compareStatus(n)
	x.compareHeaders(n)
	return nil
}

// describe says in a word how a request ended.
func (d *decider) describe(e end) string {
	v := &d.decision
	switch e {
	case endRedirect:
		return strconv.Itoa(v.Response.Status) + " " + d.location()
	case endProxy:
		return "proxied to " + d.passage.Result.Proxy
	case endStatus:
		if v.Response.Status == 0 {
			return "answered by httpd"
		}
		return strconv.Itoa(v.Response.Status)
	case endLost:
		return "no farm"
	case endFlush:
		if v.Invalidation.Allowed {
			return "flush allowed"
		}
		return "flush refused"
	case endDenied:
		if v.Filter.VanityUnknown {
			return "deny, unless it is a vanity URL"
		}
		return "deny"
	}
	return "allow"
}

func (d *decider) location() string {
	s, _ := d.decision.Response.Header.Value("Location")
	return s
}

// by is the configuration that made a request end as it did.
func (d *decider) by(e end) source.Span {
	v := &d.decision
	switch {
	case e.byHTTPD():
		return v.By
	case e == endFlush:
		if v.Invalidation.Rule != nil {
			return v.Invalidation.Rule.At.Span
		}
		if f := v.Farm.Farm; f != nil && f.Cache != nil && f.Cache.AllowedClients != nil {
			return f.Cache.AllowedClients.At.Span
		}
	case v.Filter.Rule != nil:
		return v.Filter.Rule.At.Span
	case v.Farm.Farm != nil && v.Farm.Farm.Filter != nil:
		return v.Farm.Farm.Filter.At.Span
	}
	if f := v.Farm.Farm; f != nil {
		return f.At.Span
	}
	return source.Span{}
}

// open reports whether a request gets through to something.
func (d *decider) open(e end) bool {
	return e == endAllowed || e == endProxy || e == endFlush && d.decision.Invalidation.Allowed
}

// shut reports whether a request is refused.
func (d *decider) shut(e end) bool {
	return e == endDenied || e == endLost || e == endFlush && !d.decision.Invalidation.Allowed || e == endStatus && d.decision.Response.Status >= 400
}

// direction says whether a request gets further than before.
func (x *differ) direction(n *noted) Direction {
	switch {
	case x.old.shut(n.end[0]) && x.new.open(n.end[1]):
		return Widened
	case x.old.open(n.end[0]) && x.new.shut(n.end[1]):
		return Narrowed
	}
	return Changed
}

// compareEnds compares answers of which httpd makes one at least.
func (x *differ) compareEnds(r *Request, n *noted) {
	from, to := x.old.describe(n.end[0]), x.new.describe(n.end[1])
	if from == to {
		x.compareHeaders(n)
		return
	}
	d := difference{kind: KindStatus, from: from, to: to, direction: x.direction(n), fromAt: x.old.by(n.end[0]), toAt: x.new.by(n.end[1])}
	switch {
	case n.end[0] == endRedirect || n.end[1] == endRedirect:
		d.kind = KindRedirect
	case n.end[0] == endProxy || n.end[1] == endProxy:
		d.kind = KindProxy
	}
	if d.kind != KindStatus {
		d.group = group(x.old, n.end[0]) + " " + group(x.new, n.end[1])
	}
	if location := x.old.location(); n.end[0] == endRedirect && x.new.open(n.end[1]) && !r.TLS && strings.HasPrefix(location, "https://") && strings.HasSuffix(location, r.Target) {
		d.direction = Widened // what went over HTTPS goes in the open
	}
	d.security = d.direction == Widened
	d.stale = x.stale(r, KindRedirect, to)
	if d.stale != nil {
		d.stale.Why = d.kind
	}
	x.out = append(x.out, d)
}

// group says how a request ended, without what is of that request alone.
func group(d *decider, e end) string {
	if e == endRedirect {
		return strconv.Itoa(d.decision.Response.Status)
	}
	if e == endProxy {
		return "proxy"
	}
	return d.describe(e)
}

// compareTargets compares what the Dispatcher is asked for, and by which farm it answers. same says that the target is.
func (x *differ) compareTargets(ctx context.Context, r *Request, n *noted) (same bool, err error) {
	a, b := &x.old.decision, &x.new.decision
	same = a.URI == b.URI && a.Query == b.Query && a.HasQuery == b.HasQuery
	if !same {
		d := difference{kind: KindRewrite, from: target(a), to: target(b), direction: Changed, group: "uri"}
		if a.URI == b.URI {
			d.group = "query"
		}
		if d.fromAt, err = x.old.rewrittenBy(ctx, r); err != nil {
			return false, err
		}
		if d.toAt, err = x.new.rewrittenBy(ctx, r); err != nil {
			return false, err
		}
		if n.end[0] == n.end[1] {
			d.stale = x.stale(r, KindRewrite, d.to)
		}
		x.out = append(x.out, d)
	}
	if n.farm[0] != n.farm[1] {
		d := difference{kind: KindFarm, from: farmName(a.Farm.Farm), to: farmName(b.Farm.Farm), direction: Changed, fromAt: farmAt(a), toAt: farmAt(b)}
		if n.end[0] == n.end[1] {
			d.stale = x.stale(r, KindFarm, d.to)
		}
		x.out = append(x.out, d)
	}
	return same, nil
}

func target(d *simulate.Decision) string {
	if d.HasQuery {
		return d.URI + "?" + d.Query
	}
	return d.URI
}

// farmAt is what made a farm the one that answers.
func farmAt(d *simulate.Decision) source.Span {
	switch {
	case d.Farm.VirtualHost != nil:
		return d.Farm.VirtualHost.At.Span
	case d.Farm.Farm != nil:
		return d.Farm.Farm.NameAt
	}
	return source.Span{}
}

// compareVerdicts compares what the Dispatcher makes of a request, where it is not the same.
func (x *differ) compareVerdicts(r *Request, n *noted) {
	from, to := x.old.describe(n.end[0]), x.new.describe(n.end[1])
	if from == to {
		return
	}
	d := difference{kind: KindFilter, from: from, to: to, direction: x.direction(n), fromAt: x.old.by(n.end[0]), toAt: x.new.by(n.end[1])}
	switch {
	case n.end[0] == endFlush || n.end[1] == endFlush:
		d.kind = KindInvalidation
	case n.end[0] == endLost || n.end[1] == endLost:
		return // another farm, which has been said
	case from != "allow" && x.new.decision.Filter.VanityUnknown:
		d.direction = Widened
	case to != "allow" && x.old.decision.Filter.VanityUnknown && from != "allow":
		d.direction = Narrowed
	}
	d.security = d.direction == Widened
	d.stale = x.stale(r, d.kind, to)
	x.out = append(x.out, d)
}

// stale is the copy of a page that the old side has cached, where it is not what the new side would answer.
func (x *differ) stale(r *Request, why Kind, to string) *Stale {
	a := &x.old.decision
	if r.Method != "GET" || !a.Cache.Cacheable || endOf(a) != endAllowed {
		return nil
	}
	return &Stale{URL: r.URL(), File: a.Cache.File(), Farm: farmName(a.Farm.Farm), Why: why, To: to}
}

// compareCaching compares what the cache makes of requests that both sides let in.
func (x *differ) compareCaching(r *Request, n *noted, same bool) error {
	a, b := &x.old.decision.Cache, &x.new.decision.Cache
	if a.Cacheable != b.Cacheable || a.Reason != b.Reason {
		d := difference{kind: KindCacheability, from: caching(a), to: caching(b), direction: Changed, fromAt: a.By, toAt: b.By}
		if d.fromAt.IsZero() && a.Rule != nil {
			d.fromAt = a.Rule.At.Span
		}
		if d.toAt.IsZero() && b.Rule != nil {
			d.toAt = b.Rule.At.Span
		}
		switch {
		case b.Cacheable && (a.Reason == simulate.Authorization || a.Reason == simulate.NoSession):
			d.direction, d.security = Widened, true // what is for one visitor is kept for all
		case a.Cacheable && (b.Reason == simulate.Authorization || b.Reason == simulate.NoSession):
			d.direction = Narrowed
		}
		if a.Cacheable && !b.Cacheable {
			d.stale = x.stale(r, KindCacheability, d.to)
		}
		x.out = append(x.out, d)
		return nil
	}
	if !a.Cacheable || !same {
		return nil
	}
	if from, to := docroot(&x.old.decision), docroot(&x.new.decision); from.Value != to.Value {
		d := difference{
			kind: KindCacheability, from: "cached in " + from.Value, to: "cached in " + to.Value, direction: Changed, fromAt: from.At.Span, toAt: to.At.Span,
			stale: x.stale(r, KindCacheability, b.File()),
		}
		x.out = append(x.out, d)
	}
	if n.farm[0] != n.farm[1] || !x.c.invalidateDiffers[n.farm[0]] {
		return nil
	}
	return x.compareInvalidation()
}

func docroot(d *simulate.Decision) model.Setting[string] {
	if f := d.Farm.Farm; f != nil && f.Cache != nil {
		s := f.Cache.Docroot
		s.Value = strings.TrimRight(s.Value, "/")
		return s
	}
	return model.Setting[string]{}
}

func caching(v *simulate.CacheVerdict) string {
	if v.Cacheable {
		return "cached"
	}
	if s := v.Info(); s != "" {
		return "not cached: " + s
	}
	return "not cached: " + string(v.Reason)
}

// compareInvalidation compares whether a publish makes the cached page stale.
func (x *differ) compareInvalidation() error {
	words := map[bool]string{true: "stale after a publish", false: "kept after a publish"}
	var says [2]bool
	var at [2]source.Span
	for i, d := range [...]*decider{x.old, x.new} {
		f := d.decision.Farm.Farm
		rule, stale, err := d.engine.Invalidates(f, d.decision.URI)
		if err != nil {
			return err
		}
		says[i] = stale
		switch {
		case rule != nil:
			at[i] = rule.At.Span
		case f.Cache.Invalidate != nil:
			at[i] = f.Cache.Invalidate.At.Span
		default:
			at[i] = f.Cache.At.Span
		}
	}
	if says[0] != says[1] {
		x.out = append(x.out, difference{kind: KindInvalidation, from: words[says[0]], to: words[says[1]], direction: Changed, fromAt: at[0], toAt: at[1]})
	}
	return nil
}

// compareRenders compares which render is asked, and for what.
func (x *differ) compareRenders() {
	a, b := &x.old.decision.Render, &x.new.decision.Render
	if from, to := renderOf(a), renderOf(b); from != to {
		d := difference{kind: KindRender, from: from, to: to, direction: Changed}
		if a.Render != nil {
			d.fromAt = a.Render.At.Span
		}
		if b.Render != nil {
			d.toAt = b.Render.At.Span
		}
		x.out = append(x.out, d)
	}
	if a.Target != b.Target {
		x.out = append(x.out, difference{kind: KindRender, from: a.Target, to: b.Target, direction: Changed, group: "target"})
	}
	if x.c.serverDiffers && x.old.site != nil && x.new.site != nil {
		x.compareFields(KindRequest, changedFields(&x.old.passage.Result), changedFields(&x.new.passage.Result))
	}
}

func renderOf(c *simulate.RenderChoice) string {
	if c.Render == nil {
		return "no render"
	}
	plain := *c
	plain.Target = ""
	return plain.URL()
}

// changedFields are the headers of the request that httpd has changed, as the Dispatcher gets them.
func changedFields(r *httpd.Result) []httpd.Field {
	var out []httpd.Field
	for _, c := range r.Changed() {
		if len(c.Values) == 0 {
			out = append(out, httpd.Field{Name: c.Name, Value: takenAway})
		}
		for _, v := range c.Values {
			out = append(out, httpd.Field{Name: c.Name, Value: v})
		}
	}
	return out
}

// takenAway stands for the value of a header that httpd takes away.
const takenAway = "(taken away)"

// compareStatus compares the status that httpd makes of a refusal of the Dispatcher.
func (x *differ) compareStatus(n *noted) {
	a, b := x.old.decision.Response.Status, x.new.decision.Response.Status
	if a == b || x.old.site == nil || x.new.site == nil {
		return
	}
	x.out = append(x.out, difference{kind: KindStatus, from: strconv.Itoa(a), to: strconv.Itoa(b), direction: Changed, fromAt: x.old.passage.Result.By.At, toAt: x.new.passage.Result.By.At})
}

// compareHeaders compares the headers of the answer, as far as httpd makes them.
func (x *differ) compareHeaders(*noted) {
	if x.old.site == nil || x.new.site == nil || x.old.decision.Response.Status != x.new.decision.Response.Status {
		return
	}
	x.compareFields(KindHeaders, x.old.passage.Result.Header, x.new.passage.Result.Header)
}

// compareFields compares two lists of headers: the values of each name, in their order.
func (x *differ) compareFields(kind Kind, from, to []httpd.Field) {
	if slices.Equal(from, to) {
		return
	}
	var seen []string
	for _, list := range [...][]httpd.Field{from, to} {
		for _, f := range list {
			name := strings.ToLower(f.Name)
			if name == "location" || slices.Contains(seen, name) {
				continue
			}
			seen = append(seen, name)
			a, b := valuesOf(from, name), valuesOf(to, name)
			if a == b {
				continue
			}
			d := difference{kind: kind, from: headerText(kind, f.Name, a), to: headerText(kind, f.Name, b), direction: Changed}
			d.fromAt, d.toAt = x.c.headerLines(kind, x.old.passage.Result.Host, x.new.passage.Result.Host, name)
			if kind == KindHeaders {
				d.direction = protection(name, a, b)
				d.security = d.direction == Widened
			}
			x.out = append(x.out, d)
		}
	}
}

// absent stands for a header that is not there.
const absent = "\x00"

func valuesOf(list []httpd.Field, name string) string {
	var values []string
	for _, f := range list {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	if values == nil {
		return absent
	}
	return strings.Join(values, ", ")
}

func headerText(kind Kind, name, values string) string {
	switch {
	case values == absent && kind == KindRequest:
		return name + " as sent"
	case values == absent:
		return "no " + name
	}
	return name + ": " + values
}

// protection says whether a change of a header takes or gives protection.
func protection(name, from, to string) Direction {
	switch name {
	case "strict-transport-security", "content-security-policy", "x-frame-options", "x-content-type-options", "referrer-policy",
		"permissions-policy", "cross-origin-opener-policy", "cross-origin-embedder-policy", "cross-origin-resource-policy":
		switch {
		case to == absent:
			return Widened
		case from == absent:
			return Narrowed
		}
	case "access-control-allow-origin", "access-control-allow-credentials":
		switch {
		case from == absent, to == "*":
			return Widened
		case to == absent, from == "*":
			return Narrowed
		}
	}
	return Changed
}

// headerLines finds the lines that set a header, among those that only one of the hosts has.
func (c *comparison) headerLines(kind Kind, old, new *server.Host, name string) (from, to source.Span) {
	key := headerKey{kind, old, new, name}
	c.headerMu.Lock()
	defer c.headerMu.Unlock()
	if at, ok := c.headerMap[key]; ok {
		return at[0], at[1]
	}
	defer func() { c.headerMap[key] = [2]source.Span{from, to} }()
	a, b := headerRules(old, kind), headerRules(new, kind)
	match := align(fingerprints(a), fingerprints(b))
	last := func(list []*server.HeaderRule, alone []bool) (at source.Span) {
		for i, r := range list {
			if alone[i] && strings.EqualFold(r.Name, name) {
				at = r.At
			}
		}
		return at
	}
	return last(a, match.before), last(b, match.after)
}

// headerRules are all lines of a host that change headers, sections included.
func headerRules(h *server.Host, kind Kind) []*server.HeaderRule {
	if h == nil {
		return nil
	}
	var out []*server.HeaderRule
	walkSettings(h, func(s *server.Settings) {
		if kind == KindRequest {
			out = append(out, s.RequestHeaders...)
		} else {
			out = append(out, s.Headers...)
		}
	})
	return out
}

// walkSettings calls visit for the settings of a host, and of each section of it.
func walkSettings(h *server.Host, visit func(*server.Settings)) {
	var walk func(s *server.Settings)
	walk = func(s *server.Settings) {
		if s == nil {
			return
		}
		visit(s)
		for _, list := range [...][]*server.Section{s.Files, s.Ifs} {
			for _, section := range list {
				walk(section.Settings)
			}
		}
	}
	walk(h.Base)
	for _, list := range [...][]*server.Section{h.Directories, h.Locations} {
		for _, section := range list {
			walk(section.Settings)
		}
	}
}
