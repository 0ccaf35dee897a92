package replay

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// A decider decides requests. It is used by one goroutine; the engine is shared.
type decider struct {
	o        *Options
	engine   *simulate.Engine
	site     *site.Site // nil without an httpd side
	index    *index
	verdicts *verdicts
	headers  []string // that keys have
	classes  *[maxKept]*classifier
	hosts    []string // that stand for all hosts there may be
	// schemeMatters says that TLS counts before any header is looked at.
	schemeMatters bool
	// noForwarded says that it decides nothing whether there is an X-Forwarded-For, as long as it is an address.
	noForwarded bool

	q       *request
	request simulate.Request
	unknown simulate.Unknowns
	d       simulate.Decision
	passage site.Passage
	handed  simulate.Handed
	header  simulate.Header
	runs    int
	script  []bool
	met     []choice
	used    []string

	knowsScheme, lookedAtScheme, lookedAtClient bool
	settledOf                                   map[settledKey]bool
	ignored                                     map[ignoredKey]bool
	applied                                     []int32
	// whole is the target of the request where its key has only a part of it.
	whole string
}

// target is that of the request, whole.
func (d *decider) target() string {
	if d.whole != "" {
		return d.whole
	}
	return d.q.target
}

// once decides the request in one way. script says how to take the first conditions that look at something unknown.
func (d *decider) once(ctx context.Context, w variant, script []bool) (Verdict, error) {
	d.runs++
	d.script, d.met = script, d.met[:0]
	if err := d.ask(ctx, w, d.target()); err != nil {
		return Verdict{}, err
	}
	d.used = append(d.used, d.unknown.Used...)
	return d.verdict(), nil
}

// ask sends the request through the engine.
func (d *decider) ask(ctx context.Context, w variant, target string) error {
	q := d.q
	d.header = d.header[:0]
	for i, name := range d.headers {
		switch h := &q.headers[i]; h.state {
		case headerKnown:
			d.header = append(d.header, simulate.Field{Name: name, Value: h.value})
		case headerClass:
			if c := d.classes[i]; c != nil {
				d.header = append(d.header, simulate.Field{Name: name, Value: c.example(binary.BigEndian.Uint64([]byte(h.value)))})
			}
		}
	}
	if q.flags&isComplete == 0 {
		for _, f := range d.o.Headers {
			if f.Value != "" && !d.logs(f.Name) {
				d.header = append(d.header, f)
			}
		}
	}
	if w.plain {
		d.header = append(d.header, simulate.Field{Name: "X-Forwarded-Proto", Value: "http"})
	}
	if w.forwarded {
		d.header = append(d.header, simulate.Field{Name: "X-Forwarded-For", Value: forwardedFor})
	}
	d.unknown.Reset()
	d.unknown.QueryValues = q.flags&hasDropped != 0
	d.unknown.Client, d.unknown.Time = q.flags&isComplete == 0, q.flags&isComplete == 0
	d.request = simulate.Request{
		Method: w.method, Target: target, Host: w.host, TLS: w.tls, Header: d.header, Client: netip.AddrFrom4([4]byte{127, 0, 0, 1}),
		Farm: d.o.Farm, Unknowns: &d.unknown,
	}
	if q.flags&hasFarm != 0 {
		d.request.Farm = q.host
	}
	if q.flags&isOld != 0 {
		d.request.Proto = "HTTP/1.0"
	}
	if q.flags&isInternal != 0 {
		d.handed = simulate.Handed{URI: target, Directives: d.o.Directives}
		d.handed.URI, d.handed.Query, d.handed.HasQuery = strings.Cut(target, "?")
		d.handed.Directives.UseProcessedURL = true
		d.request.HTTPD = &d.handed
	}
	if d.site == nil || q.flags&isInternal != 0 {
		d.passage.Result.Host, d.passage.Result.Applied, d.passage.Result.NotSimulated = nil, d.passage.Result.Applied[:0], nil
		return d.engine.Decide(ctx, &d.request, &d.d, nil)
	}
	return d.site.Decide(ctx, &d.request, &d.d, nil, &d.passage)
}

// logs reports whether the log says what a header of the request was.
func (d *decider) logs(name string) bool {
	for i, h := range d.headers {
		if strings.EqualFold(h, name) {
			switch d.q.headers[i].state {
			case headerAbsent, headerKnown, headerClass:
				return true
			}
		}
	}
	return false
}

// verdict makes a verdict of the decision at hand.
func (d *decider) verdict() Verdict {
	x := &d.d
	v := Verdict{Outcome: x.Outcome, Rule: none, Farm: none, Host: none}
	if f := x.Farm.Farm; f != nil {
		v.Farm = d.index.farms[f]
	}
	res := &d.passage.Result
	if res.Host != nil {
		if i, ok := d.index.hosts[res.Host]; ok {
			v.Host = i
		}
	}
	if len(res.Applied) > 0 {
		d.applied = d.applied[:0]
		for _, r := range res.Applied {
			if i, ok := d.index.rewrites[r]; ok && !slices.Contains(d.applied, i) {
				d.applied = append(d.applied, i)
			}
		}
		v.Applied = indexes(d.applied)
	}
	if len(res.NotSimulated) > 0 {
		c := &res.NotSimulated[0]
		v.Unsure = c.Text + ": " + c.Why
	}
	switch {
	case !x.Filter.Reached:
		v.Reason, v.Status = x.Reason, x.Response.Status
	case x.Filter.Allow || x.Filter.Vanity:
		v.Filter = Allow
		d.filterRule(&v)
		d.cache(&v)
	default:
		v.Filter, v.Reason = Deny, x.Filter.Reason
		d.filterRule(&v)
		if x.Filter.VanityUnknown {
			v.Vanity = true
		}
	}
	return v
}

func (d *decider) filterRule(v *Verdict) {
	if r := d.d.Filter.Rule; r != nil {
		v.Rule = d.index.rules[r]
	}
}

func (d *decider) cache(v *Verdict) {
	c := &d.d.Cache
	if !c.Reached {
		return
	}
	if c.Cacheable {
		v.Cache = Cacheable
		v.Credentials = c.CredentialsUnknown
		v.NoQuery = d.q.flags&noQueryLog != 0
		return
	}
	v.Cache, v.Why, v.Info, v.By = Uncacheable, c.Reason, c.Info(), placeOf(c.By)
}

// finish looks what else there is to know of a request whose first verdict is at hand: its cache file, and what its query does.
func (d *decider) finish(ctx context.Context, q *request, w variant, v *Verdict) (decided, error) {
	var out decided
	if v.Cache == Cacheable {
		if name := d.d.Cache.File(); name != "" {
			out.file = max(hashOf([]byte(name)), 1)
		}
		return out, nil
	}
	if v.Cache != Uncacheable || v.Why != simulate.QueryString {
		return out, nil
	}
	query, _ := q.query()
	if query == d.d.Query && d.d.Farm.Farm != nil {
		i := 0
		for param := range strings.SplitSeq(query, "&") {
			if i == 32 {
				break
			}
			name, _, _ := strings.Cut(param, "=")
			ignored, err := d.ignores(d.d.Farm.Farm, name)
			if err != nil {
				return out, err
			}
			if !ignored && name != "" {
				out.params |= 1 << i
			}
			i++
		}
	}
	path, _, _ := strings.Cut(d.target(), "?")
	d.script = nil
	if err := d.ask(ctx, w, path); err != nil {
		return out, err
	}
	v.OnlyQuery = d.d.Filter.Allow && d.d.Cache.Reached && d.d.Cache.Cacheable
	return out, nil
}

// ignores reports whether a farm ignores a parameter.
func (d *decider) ignores(f *model.Farm, name string) (bool, error) {
	k := ignoredKey{f, name}
	if yes, known := d.ignored[k]; known {
		return yes, nil
	}
	yes, err := d.engine.IgnoresParam(f, name)
	if err != nil {
		return false, err
	}
	if d.ignored == nil || len(d.ignored) >= 10_000 {
		d.ignored = map[ignoredKey]bool{}
	}
	d.ignored[ignoredKey{f, strings.Clone(name)}] = yes
	return yes, nil
}

type ignoredKey struct {
	farm *model.Farm
	name string
}

// indexes writes a list of indexes as JSON; "" for none.
func indexes(list []int32) string {
	if len(list) == 0 {
		return ""
	}
	list = slices.Clone(list)
	slices.Sort(list)
	b, _ := json.Marshal(list) // numbers cannot fail
	return string(b)
}

func indexesOf(s string) []int32 {
	var list []int32
	if s != "" && json.Unmarshal([]byte(s), &list) != nil {
		return nil
	}
	return list
}

// verdicts gives each verdict a number, in the order in which they come.
type verdicts struct {
	mu   sync.Mutex
	ids  map[Verdict]uint32
	list []Verdict
}

func newVerdicts() *verdicts { return &verdicts{ids: map[Verdict]uint32{}} }

func (l *verdicts) id(v Verdict) uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	id, ok := l.ids[v]
	if !ok {
		// Texts of a verdict are made anew: they may lie in memory that is used again.
		v.Info, v.DependsOn, v.Unsure = strings.Clone(v.Info), strings.Clone(v.DependsOn), strings.Clone(v.Unsure)
		id = uint32(len(l.list))
		l.list = append(l.list, v)
		l.ids[v] = id
	}
	return id
}

func (l *verdicts) of(id uint32) Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list[id]
}
