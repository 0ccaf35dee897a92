package decisiondiff

import (
	"cmp"
	"slices"

	"github.com/dispcheck/dispcheck/source"
)

// A Kind says which decision changes.
type Kind string

// The kinds, in the order in which a request comes to them.
const (
	KindVHost        Kind = "vhost"           // another virtual host of httpd answers
	KindRedirect     Kind = "redirect"        // a redirect comes, goes, or leads elsewhere
	KindProxy        Kind = "proxy"           // httpd sends the request to another server
	KindStatus       Kind = "status"          // httpd itself refuses or answers
	KindRewrite      Kind = "rewrite"         // the Dispatcher sees another path or query
	KindFarm         Kind = "farm"            // another farm answers
	KindFilter       Kind = "filter"          // let in, or no longer
	KindCacheability Kind = "cacheability"    // cached, no longer, or as another file
	KindInvalidation Kind = "invalidation"    // flushes have another effect
	KindRender       Kind = "render"          // another render, or URL, is asked
	KindRequest      Kind = "request-headers" // the render gets other headers
	KindHeaders      Kind = "headers"         // the client gets other headers
	KindSettings     Kind = "settings"        // what no single request shows: times, lists, sessions
)

// Kinds returns all kinds in their order.
func Kinds() []Kind {
	return []Kind{
		KindVHost, KindRedirect, KindProxy, KindStatus, KindRewrite, KindFarm, KindFilter, KindCacheability, KindInvalidation, KindRender,
		KindRequest, KindHeaders, KindSettings,
	}
}

// A Direction says whether a change lets more in.
type Direction string

// The directions.
const (
	Widened  Direction = "widened"  // what was kept away gets through, or protection goes
	Narrowed Direction = "narrowed" // what got through is kept away
	Changed  Direction = "changed"  // neither
)

// A Change is what became of all requests that two rules, or two lines of httpd, decide differently.
type Change struct {
	Kind Kind
	// From and To are the decisions: of the example, where they differ from request to request.
	From, To  string
	Direction Direction
	// Security says that something is let in or loses a protection.
	Security bool
	// Requests counts requests, as often as they came; Distinct counts URLs.
	Requests int64
	Distinct int
	// Example is the plainest of them; nil where no request shows the change.
	Example *Request
	// FromAt and ToAt decided; zero where nothing of the configuration did.
	FromAt, ToAt source.Span

	urls map[string]bool
}

// A Stale is a copy in the cache that is wrong after the change.
type Stale struct {
	URL, File string
	// Farm is the one that cached it.
	Farm string
	// Why is the kind of the change.
	Why Kind
	To  string
}

// A difference is one change of one request.
type difference struct {
	kind         Kind
	from, to     string
	direction    Direction
	security     bool
	fromAt, toAt source.Span
	// group tells changes apart where from and to are of one request alone; else "".
	group string
	stale *Stale
}

// A changeKey tells changes apart.
type changeKey struct {
	kind         Kind
	from, to     string
	direction    Direction
	fromAt, toAt source.Span
}

// maxChanges bounds how many changes are told apart; what comes beyond is counted alone.
const maxChanges = 2000

// A tally puts differences together.
type tally struct {
	changes map[changeKey]*Change
	order   []changeKey
	over    int64
	stale   map[string]*Stale
	files   []string
	moreOld int
	// named are hosts that a virtual host has by name.
	named map[string]bool
}

// maxStale bounds the list of copies that are wrong.
const maxStale = 10_000

func newTally() *tally { return &tally{changes: map[changeKey]*Change{}, stale: map[string]*Stale{}} }

// add counts a difference of a request.
func (t *tally) add(d *difference, r *Request, weight int64) {
	k := changeKey{d.kind, d.from, d.to, d.direction, d.fromAt, d.toAt}
	if d.group != "" {
		k.from, k.to = d.group, ""
	}
	c := t.changes[k]
	if c == nil {
		if len(t.changes) >= maxChanges {
			t.over++
			return
		}
		c = &Change{Kind: d.kind, From: d.from, To: d.to, Direction: d.direction, FromAt: d.fromAt, ToAt: d.toAt, urls: map[string]bool{}}
		t.changes[k] = c
		t.order = append(t.order, k)
	}
	c.Requests += weight
	c.Security = c.Security || d.security
	if r != nil {
		if url := r.URL(); !c.urls[url] {
			c.urls[url] = true
			c.Distinct++
		}
		if c.Example == nil || r.less(c.Example, t.named) {
			example := *r
			c.Example, c.From, c.To = &example, d.from, d.to
		}
	}
	if d.stale == nil {
		return
	}
	if _, known := t.stale[d.stale.File]; known {
		return
	}
	if len(t.stale) >= maxStale {
		t.moreOld++
		return
	}
	t.stale[d.stale.File] = d.stale
	t.files = append(t.files, d.stale.File)
}

// list returns the changes: what lets something in first, then by kind, then the most frequent.
func (t *tally) list() []*Change {
	var out []*Change
	for _, k := range t.order {
		out = append(out, t.changes[k])
	}
	kinds := Kinds()
	slices.SortStableFunc(out, func(a, b *Change) int {
		if a.Security != b.Security {
			if a.Security {
				return -1
			}
			return 1
		}
		return cmp.Or(
			cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)), cmp.Compare(b.Requests, a.Requests), cmp.Compare(b.Distinct, a.Distinct),
			compareSpans(a.FromAt, b.FromAt), compareSpans(a.ToAt, b.ToAt), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To),
		)
	})
	return out
}

func compareSpans(a, b source.Span) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return -1
	case b.IsZero():
		return 1
	}
	return cmp.Or(cmp.Compare(a.File.Name, b.File.Name), cmp.Compare(a.Start, b.Start))
}

// purge returns the copies that are wrong, in the order of their files.
func (t *tally) purge() []*Stale {
	slices.Sort(t.files)
	out := make([]*Stale, len(t.files))
	for i, f := range t.files {
		out[i] = t.stale[f]
	}
	return out
}
