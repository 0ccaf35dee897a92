package replay

import (
	"context"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
)

// A variant is one way in which what the log does not say may have been.
type variant struct {
	method, host string
	tls          bool
	forwarded    bool // the request has X-Forwarded-For
	plain        bool // it has X-Forwarded-Proto: http
}

// maxRuns bounds how often one request is decided. What is not tried then is taken to matter.
const maxRuns = 48

// decide decides a request. First it takes what the log does not say as absent; then it goes through the ways in which that may
// have been otherwise, as far as a condition has looked at it, and compares.
func (d *decider) decide(ctx context.Context, q *request) (decided, error) {
	d.q, d.runs, d.used = q, 0, d.used[:0]
	base := variant{method: q.method, host: q.host, tls: q.flags&isHTTPS != 0}
	knowsMethod, knowsHost := q.flags&hasMethod != 0, q.flags&hasHost != 0
	if !knowsMethod {
		base.method = "GET"
	}
	if !knowsHost {
		base.host, knowsHost = d.o.usualHost(), d.o.Host != "" || q.flags&hasFarm != 0
	}
	knowsScheme := q.flags&(isHTTP|isHTTPS) != 0
	if !knowsScheme && d.o.Scheme != "" {
		base.tls, knowsScheme = d.o.Scheme == "https", true
	}
	d.knowsScheme, d.lookedAtScheme, d.lookedAtClient = knowsScheme, false, false
	first, err := d.once(ctx, base, nil)
	if err != nil {
		return decided{}, err
	}
	met := d.met
	if len(met) > 0 {
		met = slices.Clone(met)
	}
	out, err := d.finish(ctx, q, base, &first)
	if err != nil {
		return decided{}, err
	}
	x := exploration{d: d, first: first, met: met}
	if len(met) > 0 {
		if err := x.flip(ctx, base, &first, met, 0, len(met)); err != nil {
			return decided{}, err
		}
	}
	if !knowsMethod {
		for _, m := range []string{"HEAD", "POST"} {
			other := base
			other.method = m
			if err := x.try(ctx, other, "method"); err != nil {
				return decided{}, err
			}
		}
	}
	if !knowsHost {
		for _, h := range d.hosts {
			other := base
			other.host = h
			if err := x.try(ctx, other, "header Host"); err != nil {
				return decided{}, err
			}
		}
	}
	if err := x.proxied(ctx, base); err != nil {
		return decided{}, err
	}
	if d.lookedAtScheme && !knowsScheme {
		// Whoever says http in X-Forwarded-Proto is sent elsewhere, and most logs do not show it: the rule that does it is alive.
		plain := base
		plain.tls, plain.plain = false, true
		v, err := d.once(ctx, plain, nil)
		if err != nil {
			return decided{}, err
		}
		x.note(&v)
	}
	v := first
	x.settle(&v)
	out.verdict = d.verdicts.id(v)
	if v.Filter == Depends || v.Cache != Cacheable {
		out.file = 0
	}
	return out, nil
}

// An exploration compares the ways of one request with the first.
type exploration struct {
	d        *decider
	first    Verdict
	met      []choice // by the first run
	on       []string // what Filter or Cache hangs on
	diff     verdictDiff
	rules    []int32
	rewrites []int32
}

// A verdictDiff says in what verdicts differ.
type verdictDiff struct{ filter, cache, farm bool }

// proxied tries what a proxy in front says of a request: that it came over TLS, and from where. Both at once at first, as
// they hardly ever matter.
func (x *exploration) proxied(ctx context.Context, base variant) error {
	d := x.d
	scheme := !d.knowsScheme && (d.lookedAtScheme || d.schemeMatters)
	client := d.lookedAtClient && !base.forwarded
	if !scheme && !client {
		return nil
	}
	both := base
	both.tls, both.forwarded = both.tls || scheme, client
	switch {
	case scheme && client:
		v, err := d.once(ctx, both, nil)
		if err != nil {
			return err
		}
		if len(d.met) == len(x.met) && x.compare(&v) == (verdictDiff{}) {
			x.note(&v)
			return nil
		}
		secure := base
		secure.tls = true
		if err := x.try(ctx, secure, "scheme"); err != nil {
			return err
		}
		both.tls = base.tls
		return x.try(ctx, both, "header X-Forwarded-For")
	case scheme:
		return x.try(ctx, both, "scheme")
	}
	return x.try(ctx, both, "header X-Forwarded-For")
}

// try decides a variant in all its ways. what is in what it differs from the first.
func (x *exploration) try(ctx context.Context, w variant, what string) error {
	if x.spent(w, []choice{{on: []string{what}}}) {
		return nil
	}
	v, err := x.d.once(ctx, w, nil)
	if err != nil {
		return err
	}
	met := slices.Clone(x.d.met)
	x.note(&v)
	diff := x.compare(&v)
	x.differ(diff, []string{what})
	if diff == (verdictDiff{}) && len(met) == len(x.met) {
		return nil // it met the conditions that the first did, which have been gone through
	}
	return x.flip(ctx, w, &v, met, 0, len(met))
}

// flip decides a variant again, going the other way at one of the choices that a run has met: those from one index to before
// another. What a run meets beyond that is new, and is gone through as well: a condition behind one that did not hold.
func (x *exploration) flip(ctx context.Context, w variant, parent *Verdict, met []choice, from, to int) error {
	for i := from; i < to; i++ {
		if x.known(met[i].on) {
			continue
		}
		if x.spent(w, met[i:to]) {
			return nil
		}
		script := make([]bool, i+1)
		for j := range i {
			script[j] = met[j].took
		}
		script[i] = !met[i].took
		v, err := x.d.once(ctx, w, script)
		if err != nil {
			return err
		}
		now := slices.Clone(x.d.met)
		x.note(&v)
		x.differ(between(parent, &v), met[i].on)
		if more := len(now) - len(met); more > 0 {
			if err := x.flip(ctx, w, &v, now, i+1, i+1+more); err != nil {
				return err
			}
		}
	}
	return nil
}

// known reports whether the verdicts are known to hang on all of these.
func (x *exploration) known(on []string) bool {
	return x.diff.filter && !slices.ContainsFunc(on, func(what string) bool { return !slices.Contains(x.on, what) })
}

// spent reports whether the request has been decided as often as it may be. What is left then is taken to matter.
func (x *exploration) spent(_ variant, left []choice) bool {
	if x.d.runs < maxRuns {
		return false
	}
	for i := range left {
		x.differ(verdictDiff{filter: true, cache: true}, left[i].on)
	}
	return true
}

func between(a, b *Verdict) verdictDiff {
	return verdictDiff{filter: !a.sameFilter(b), cache: !a.sameCache(b), farm: a.Farm != b.Farm}
}

func (x *exploration) compare(v *Verdict) verdictDiff { return between(&x.first, v) }

// differ notes that the verdicts hang on something.
func (x *exploration) differ(by verdictDiff, on []string) {
	if by == (verdictDiff{}) {
		return
	}
	x.diff.filter, x.diff.cache, x.diff.farm = x.diff.filter || by.filter, x.diff.cache || by.cache, x.diff.farm || by.farm
	if !by.filter && !by.cache {
		return
	}
	for _, what := range on {
		if !slices.Contains(x.on, what) {
			x.on = append(x.on, what)
		}
	}
}

// note keeps the rules that a run came to.
func (x *exploration) note(v *Verdict) {
	if v.Rule >= 0 && v.Rule != x.first.Rule && !slices.Contains(x.rules, v.Rule) {
		x.rules = append(x.rules, v.Rule)
	}
	if v.Applied != x.first.Applied {
		for _, r := range indexesOf(v.Applied) {
			if !slices.Contains(x.rewrites, r) {
				x.rewrites = append(x.rewrites, r)
			}
		}
	}
}

// settle makes of the first verdict the one of all ways.
func (x *exploration) settle(v *Verdict) {
	v.Logged = v.Filter
	v.MayRules, v.MayRewrites = indexes(x.rules), indexes(x.rewrites)
	if x.diff.farm {
		v.Farm = farmDepends
	}
	for _, what := range x.d.used { // went into a URL as text
		x.differ(verdictDiff{filter: true}, []string{what})
	}
	switch {
	case x.diff.filter:
		v.Filter = Depends
	case x.diff.cache:
		v.Cache = CacheDepends
	}
	slices.Sort(x.on)
	v.DependsOn = strings.Join(x.on, "\n")
}

// A choice is a condition that has looked at something unknown, and how it was taken.
type choice struct {
	on   []string
	took bool
}

// choose answers a condition: as the script says, and where that is over as it stands.
func (d *decider) choose(on []string, holds bool) bool {
	if i := len(d.met); i < len(d.script) {
		holds = d.script[i]
	}
	var all []string
	for _, what := range on {
		if !slices.Contains(all, what) {
			all = append(all, what)
		}
	}
	d.met = append(d.met, choice{all, holds})
	return holds
}

// unknownHeader reports whether the log leaves open what a header of the request was. What a proxy in front sets is tried apart.
func (d *decider) unknownHeader(name string) bool {
	if d.q.flags&isComplete != 0 || strings.EqualFold(name, "Host") || d.logs(name) {
		return false
	}
	if _, given := d.o.Header(name); given {
		return false
	}
	for i, h := range d.headers {
		if strings.EqualFold(h, name) && d.q.headers[i].state == headerDropped {
			return true
		}
	}
	switch {
	case strings.EqualFold(name, "X-Forwarded-Proto"), strings.EqualFold(name, "X-Forwarded-Ssl"), strings.EqualFold(name, "X-Forwarded-Scheme"):
		d.lookedAtScheme = true
		return false
	case strings.EqualFold(name, "X-Forwarded-For"):
		d.lookedAtClient = !d.noForwarded
		return false
	}
	return true
}

// forwardedFor is the address that a proxy speaks of, where one does: one for documentation (RFC 5737).
const forwardedFor = "203.0.113.7"

// settled reports whether a pattern of the Dispatcher says the same of a text whatever the values of its query are.
func (d *decider) settled(pattern interface{ Match(string) bool }, text string) bool {
	p, ok := pattern.(*match.Pattern)
	if !ok {
		return false
	}
	k := settledKey{p, text}
	if s, known := d.settledOf[k]; known {
		return s
	}
	s, err := settledFor(p, text)
	if err != nil {
		s = false
	}
	if len(d.settledOf) > 10_000 {
		clear(d.settledOf)
	}
	d.settledOf[settledKey{p, strings.Clone(text)}] = s
	return s
}

type settledKey struct {
	p    *match.Pattern
	text string
}

// settledFor compares the pattern with all texts that may have been: behind each = of the query, or of the text where it is
// the query alone, comes any value.
func settledFor(p *match.Pattern, text string) (bool, error) {
	const limit = automata.Limit(2000)
	lang, err := limit.Language(p)
	if err != nil {
		return false, err
	}
	var value match.ByteSet
	for c := 1; c < 256; c++ {
		if c > ' ' && c != '&' && c != '#' {
			value.Add(byte(c))
		}
	}
	subject, err := limit.Strings("")
	if err != nil {
		return false, err
	}
	rest := text
	if strings.Contains(text, " ") { // a request line
		i := strings.IndexByte(text, '?')
		if i < 0 {
			return true, nil
		}
		if subject, err = limit.Strings(text[:i]); err != nil {
			return false, err
		}
		rest = text[i:]
	}
	for rest != "" {
		i := strings.IndexByte(rest, '=')
		part := rest
		if i >= 0 {
			part = rest[:i+1]
		}
		fixed, err := limit.Strings(part)
		if err != nil {
			return false, err
		}
		if subject, err = limit.Concat(subject, fixed); err != nil {
			return false, err
		}
		rest = rest[len(part):]
		if i >= 0 {
			if subject, err = limit.Concat(subject, automata.BytesOf(value)); err != nil {
				return false, err
			}
		}
	}
	if p.Match(text) {
		return limit.Includes(lang, subject)
	}
	return limit.Disjoint(subject, lang)
}
