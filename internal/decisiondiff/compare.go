package decisiondiff

import (
	"context"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// DefaultRequests is how many requests are made where nothing else is said.
const DefaultRequests = 20_000

// MaxDistinct bounds how many different requests of sources are compared.
const MaxDistinct = 500_000

// Options say what is compared. The zero Options compare nothing but what no request shows.
type Options struct {
	// Generate has requests made of both configurations' patterns, MaxRequests at most; 0 is DefaultRequests.
	Generate    bool
	MaxRequests int
	// Sources give further requests.
	Sources []Source
	// Workers is how many goroutines decide; 0 is one for each processor.
	Workers int
	// Done is told from time to time how many requests were compared of how many.
	Done func(n, total int)
}

// A Source gives requests: a log, a list, suites, probes.
type Source interface {
	// Requests calls add for each request, with how often it came. It stops at the first error of add and returns it.
	Requests(ctx context.Context, add func(r Request, weight int64) error) error
}

// A Result is what a comparison found.
type Result struct {
	Old, New string
	// Same says that the two mean the same, word for word but for names and places, so that no request was asked.
	Same bool
	// Changes are in the order of Kinds, those that let something in first.
	Changes []*Change
	// Untold is how many differences are of further changes, beyond those that are told apart.
	Untold int64
	// Purge are copies in the cache that are wrong after the change; MorePurge is how many more there are.
	Purge     []*Stale
	MorePurge int
	// Requests counts those that were compared, as often as they came; Distinct the different ones, Generated those of them
	// that were made; Changed those of the distinct that are answered differently.
	Requests  int64
	Distinct  int
	Generated int
	Changed   int
	// Bounded says what was left out because of a bound.
	Bounded []string
	// Undecided are differences of the texts of which it is not known whether they mean anything.
	Undecided []Undecided
}

// An Undecided is a difference of which it is not known whether any request shows it.
type Undecided struct {
	// What differs, and Why that is not settled.
	What, Why string
	At        source.Span
}

// A comparison is one run.
type comparison struct {
	old, new *Side
	engines  [2]*simulate.Engine
	pairs    *pairs
	options  Options
	// invalidateDiffers says of each pair of farms that /invalidate is not the same.
	invalidateDiffers []bool
	// serverDiffers says that the httpd sides are not the same.
	serverDiffers bool
	differs       []*differ
	tally         *tally
	// asked and answered count requests; by is how many each pair of farms and of hosts answered, on both sides.
	asked     int
	changed   int
	requests  int64
	byFarm    []int64
	byHost    []int64
	shown     map[int]bool // regions that a request has shown
	headerMu  sync.Mutex
	headerMap map[headerKey][2]source.Span
}

type headerKey struct {
	kind     Kind
	old, new *server.Host
	name     string
}

// Compare answers requests with both sides and returns what differs. An error says that a source could not be read, that a
// bound on its requests was exceeded, or that ctx has ended.
func Compare(ctx context.Context, old, new *Side, o Options) (*Result, error) {
	if o.MaxRequests <= 0 {
		o.MaxRequests = DefaultRequests
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	c := &comparison{old: old, new: new, options: o, tally: newTally(), shown: map[int]bool{}, headerMap: map[headerKey][2]source.Span{}}
	res := &Result{Old: old.Name, New: new.Name}
	if sameMeaning(old, new) {
		res.Same = true
		return res, c.countSources(ctx, res)
	}
	c.pairs = pairUp(old, new)
	c.tally.named = namedHosts(old, new)
	c.serverDiffers = (old.Server == nil) != (new.Server == nil) || old.Server != nil && fingerprint(hostsOf(old)) != fingerprint(hostsOf(new))
	c.engines = [2]*simulate.Engine{old.engine(), new.engine()}
	c.byFarm, c.byHost = make([]int64, len(c.pairs.farms)), make([]int64, len(c.pairs.hosts))
	for _, p := range c.pairs.farms {
		differs := p.old != nil && p.new != nil && (p.old.Cache == nil || p.new.Cache == nil || fingerprint(p.old.Cache.Invalidate) != fingerprint(p.new.Cache.Invalidate))
		c.invalidateDiffers = append(c.invalidateDiffers, differs)
	}
	for range o.Workers {
		c.differs = append(c.differs, &differ{c: c, old: newDecider(old, c.engines[0]), new: newDecider(new, c.engines[1])})
	}
	if err := c.readSources(ctx, res); err != nil {
		return nil, err
	}
	if o.Generate {
		if err := c.generate(ctx, res); err != nil {
			return nil, err
		}
	}
	if err := c.compareSettings(ctx, res); err != nil {
		return nil, err
	}
	res.Changes, res.Untold = c.tally.list(), c.tally.over
	res.Purge, res.MorePurge = c.tally.purge(), c.tally.moreOld
	res.Requests, res.Distinct, res.Changed = c.requests, c.asked, c.changed
	res.Undecided = append(res.Undecided, c.notSimulated()...)
	return res, nil
}

// sameMeaning reports whether two sides are the same but for places and names that mean nothing.
func sameMeaning(old, new *Side) bool {
	if old.Open != new.Open || (old.Server == nil) != (new.Server == nil) || len(old.Config.Farms) != len(new.Config.Farms) {
		return false
	}
	for i := range old.Config.Farms { // which have names
		if old.Config.Farms[i].Name != new.Config.Farms[i].Name {
			return false
		}
	}
	if fingerprint(old.Config) != fingerprint(new.Config) || fingerprint(old.Options.Directives) != fingerprint(new.Options.Directives) || old.Options.Version != new.Options.Version {
		return false
	}
	if old.Server == nil {
		return true
	}
	a, b := *old.Server, *new.Server
	a.Tree, b.Tree, a.Findings, b.Findings = nil, nil, nil, nil
	return fingerprint(&a) == fingerprint(&b) && constructs(hostsOf(old)) == constructs(hostsOf(new))
}

// namedHosts are the names of virtual hosts, without those that have wildcards or mean this machine.
func namedHosts(sides ...*Side) map[string]bool {
	out := map[string]bool{}
	for _, s := range sides {
		for _, h := range hostsOf(s) {
			if h.Virtual && strings.Contains(h.Name.Host, ".") {
				out[strings.ToLower(h.Name.Host)] = true
			}
			for _, a := range h.Names {
				if !a.Wild && strings.Contains(a.Pattern, ".") && !strings.HasPrefix(a.Pattern, "127.") {
					out[strings.ToLower(a.Pattern)] = true
				}
			}
		}
	}
	return out
}

// readSources compares the requests of all sources.
func (c *comparison) readSources(ctx context.Context, res *Result) error {
	if len(c.options.Sources) == 0 {
		return nil
	}
	p := newPool(MaxDistinct)
	for _, s := range c.options.Sources {
		err := s.Requests(ctx, func(r Request, weight int64) error {
			p.add(r, weight, 0)
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	if p.full {
		res.Bounded = append(res.Bounded, "only the first "+strconv.Itoa(MaxDistinct)+" different requests were compared")
	}
	_, err := c.run(ctx, p.list)
	return err
}

// countSources reads sources without asking anybody.
func (c *comparison) countSources(ctx context.Context, res *Result) error {
	p := newPool(MaxDistinct)
	for _, s := range c.options.Sources {
		err := s.Requests(ctx, func(r Request, weight int64) error {
			res.Requests += weight
			p.add(r, weight, 0)
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	res.Distinct = len(p.list)
	return nil
}

// chunk is how many requests a worker takes at once.
const chunk = 64

// run compares requests and counts what differs. It returns what was noted of each.
func (c *comparison) run(ctx context.Context, list []weighed) ([]noted, error) {
	notes := make([]noted, len(list))
	found := make([][]difference, len(list))
	failed := make([]error, len(c.differs))
	var next, done atomic.Int64
	var wait sync.WaitGroup
	for w, x := range c.differs {
		wait.Go(func() {
			for failed[w] == nil {
				end := int(next.Add(chunk))
				start := end - chunk
				if start >= len(list) || ctx.Err() != nil {
					return
				}
				for i := start; i < min(end, len(list)); i++ {
					diffs, n, err := x.compare(ctx, &list[i].Request)
					if err != nil {
						failed[w] = err
						return
					}
					notes[i], found[i] = n, slices.Clone(diffs)
				}
				if n := done.Add(chunk); w == 0 && c.options.Done != nil {
					c.options.Done(min(int(n), len(list)), len(list))
				}
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	for i := range list {
		c.count(&list[i], &notes[i], found[i])
	}
	return notes, nil
}

func (c *comparison) count(q *weighed, n *noted, found []difference) {
	c.asked++
	c.requests += q.weight
	if n.farm[0] >= 0 && n.farm[0] == n.farm[1] {
		c.byFarm[n.farm[0]] += q.weight
	}
	if n.host[0] >= 0 && n.host[0] == n.host[1] {
		c.byHost[n.host[0]] += q.weight
	}
	if len(found) == 0 {
		return
	}
	c.changed++
	if q.group != 0 {
		c.shown[q.group] = true
	}
	for i := range found {
		c.tally.add(&found[i], &q.Request, q.weight)
	}
}
