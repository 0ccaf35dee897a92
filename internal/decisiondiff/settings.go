package decisiondiff

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// compareSettings compares what no single request shows, of farms and virtual hosts that answer anything: how long copies
// are good, what is stored with them, sessions, timeouts, error pages. Others mean nothing.
func (c *comparison) compareSettings(ctx context.Context, res *Result) error {
	for i, p := range c.pairs.farms {
		if p.old != nil && p.new != nil && c.byFarm[i] > 0 {
			c.compareProperties(KindSettings, "farm "+p.new.Name, farmProperties(p.old), farmProperties(p.new), c.byFarm[i])
			if err := c.compareCheckers(ctx, p, c.byFarm[i], res); err != nil {
				return err
			}
		}
	}
	for i, p := range c.pairs.hosts {
		if p.old != nil && p.new != nil && c.byHost[i] > 0 {
			c.compareProperties(KindSettings, "host "+hostName(p.new), hostProperties(p.old), hostProperties(p.new), c.byHost[i])
		}
	}
	return nil
}

// compareCheckers compares for which pages the authorization checker is asked, and which headers of its answer go on.
func (c *comparison) compareCheckers(ctx context.Context, p farmPair, requests int64, res *Result) error {
	if p.old.AuthChecker == nil || p.new.AuthChecker == nil {
		return nil // which is a property of its own
	}
	add := func(what string, old, new, witness string, fromAt, toAt source.Span, widened bool) {
		d := difference{
			kind: KindSettings, from: "farm " + p.new.Name + ": " + what + " " + old + " " + witness, to: "farm " + p.new.Name + ": " + what + " " + new + " " + witness,
			direction: Changed, fromAt: fromAt, toAt: toAt, security: widened,
		}
		if widened {
			d.direction = Widened
		}
		c.tally.add(&d, nil, requests)
	}
	said := func(what string, err error) error {
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		res.Undecided = append(res.Undecided, Undecided{What: "/auth_checker " + what + " of farm " + p.new.Name, Why: "its automata are too large", At: p.new.AuthChecker.At.Span})
		return nil
	}
	pages, err := compareSections(ctx, requestFamilyOf(cachedSpace(), true, nil), listOf(p.old.AuthChecker.Filter), listOf(p.new.AuthChecker.Filter))
	if err := said("/filter", err); err != nil {
		return err
	}
	words := map[bool]string{true: "asks for", false: "does not ask for"}
	for _, r := range pages {
		add("/auth_checker", words[r.from], words[!r.from], r.witnesses[0].URI, r.fromAt, r.toAt, r.from)
	}
	headers, err := compareSections(ctx, nameFamily(printable()), listOf(p.old.AuthChecker.Headers), listOf(p.new.AuthChecker.Headers))
	if err := said("/headers", err); err != nil {
		return err
	}
	words = map[bool]string{true: "passes on", false: "does not pass on"}
	for _, r := range headers {
		add("/auth_checker", words[r.from], words[!r.from], r.witnesses[0], r.fromAt, r.toAt, false)
	}
	return nil
}

// A property is one setting: its path, its value as text, and where it stands.
type property struct {
	path, value string
	at          source.Span
}

func (c *comparison) compareProperties(kind Kind, of string, old, new []property, requests int64) {
	find := func(list []property, path string) (property, bool) {
		i := slices.IndexFunc(list, func(p property) bool { return p.path == path })
		if i < 0 {
			return property{}, false
		}
		return list[i], true
	}
	say := func(a, b property, has, had bool) {
		text := func(p property, there bool) string {
			if !there {
				return "no " + p.path
			}
			return p.path + " " + strconv.Quote(p.value)
		}
		if !had {
			a.path = b.path
		}
		if !has {
			b.path = a.path
		}
		d := difference{kind: kind, from: of + ": " + text(a, had), to: of + ": " + text(b, has), direction: Changed, fromAt: a.at, toAt: b.at}
		if strings.HasPrefix(a.path, "/cache/statfile") {
			d.kind = KindInvalidation
		}
		c.tally.add(&d, nil, requests)
	}
	for _, a := range old {
		if b, ok := find(new, a.path); !ok || a.value != b.value {
			say(a, b, ok, true)
		}
	}
	for _, b := range new {
		if _, ok := find(old, b.path); !ok {
			say(property{}, b, true, false)
		}
	}
}

// shownByRequests are the properties of farms that requests are answered by: comparing answers says more.
var shownByRequests = []string{
	"/virtualhosts", "/filter", "/cache/rules", "/cache/invalidate", "/cache/allowedClients", "/cache/ignoreUrlParams", "/cache/docroot",
	"/cache/allowAuthorized", "/homepage",
	"/auth_checker/filter", "/auth_checker/headers", // see compareCheckers
}

// farmProperties are the settings of a farm, but for those that requests show.
func farmProperties(f *model.Farm) []property {
	var out []property
	var walk func(prefix string, list []model.Effective)
	walk = func(prefix string, list []model.Effective) {
		entry := 0
		for _, e := range list {
			path := prefix + "/" + e.Name
			if e.Entry {
				entry++
				path = fmt.Sprint(prefix, "/", entry)
			}
			if slices.Contains(shownByRequests, path) {
				continue
			}
			if e.Kind == model.KindList {
				out = append(out, property{path, listText(e.Inside), e.At.Span})
				continue
			}
			if e.Kind == model.KindValue {
				out = append(out, property{path, valueText(e), e.At.Span})
				continue
			}
			if len(e.Inside) == 0 {
				out = append(out, property{path, "", e.At.Span})
			}
			walk(path, e.Inside)
		}
	}
	walk("", f.Effective())
	return out
}

// valueText is a value as it counts: 01 is 1, and a folder needs no slash at its end.
func valueText(e model.Effective) string {
	if n, err := strconv.Atoi(e.Value); err == nil && e.Name != "mode" {
		return strconv.Itoa(n)
	}
	if e.Quote == '\'' {
		return "'" + e.Value + "'"
	}
	return e.Value
}

// listText is a list of names of headers or paths: each once, and their order does not count.
func listText(list []model.Effective) string {
	var values []string
	for _, v := range list {
		s := v.Value
		if !strings.HasPrefix(s, "/") {
			s = strings.ToLower(s)
		}
		values = append(values, s)
	}
	slices.Sort(values)
	return strings.Join(slices.Compact(values), " ")
}

// hostProperties are the settings of a virtual host that requests do not show.
func hostProperties(h *server.Host) []property {
	out := []property{{"DocumentRoot", h.DocumentRoot.Value, h.DocumentRoot.At}}
	if h.Name.Set {
		out = append(out, property{"ServerName", strings.ToLower(h.Name.Host), h.Name.At})
	}
	last := map[string]property{}
	var names []string
	for _, d := range h.Dispatcher {
		name := strings.ToLower(d.Name)
		if name == "dispatcherlog" || name == "dispatcherloglevel" || name == "dispatcherconfig" {
			continue
		}
		if _, known := last[name]; !known {
			names = append(names, name)
		}
		last[name] = property{d.Name, d.Args, d.At}
	}
	slices.Sort(names)
	for _, n := range names {
		out = append(out, last[n])
	}
	var statuses []int
	for s := range h.Base.ErrorDocuments {
		statuses = append(statuses, s)
	}
	slices.Sort(statuses)
	for _, s := range statuses {
		e := h.Base.ErrorDocuments[s]
		out = append(out, property{"ErrorDocument " + strconv.Itoa(s), e.Value, e.At})
	}
	return out
}

// notSimulated are directives that nothing follows and that are not the same on both sides.
func (c *comparison) notSimulated() []Undecided {
	var out []Undecided
	seen := map[string]bool{}
	for _, p := range c.pairs.hosts {
		if constructs([]*server.Host{p.old}) == constructs([]*server.Host{p.new}) {
			continue
		}
		for i, h := range [...]*server.Host{p.old, p.new} {
			other := constructs([]*server.Host{[...]*server.Host{p.new, p.old}[i]})
			for _, k := range constructsOf(h) {
				key := k.Text + " " + k.At.Text()
				if strings.Contains(other, key) || seen[key] {
					continue
				}
				seen[key] = true
				out = append(out, Undecided{What: k.Text + " is on one side alone", Why: "it is not simulated", At: k.At})
			}
		}
	}
	return out
}

func constructsOf(h *server.Host) []server.Construct {
	if h == nil {
		return nil
	}
	out := slices.Clone(h.NotSimulated)
	walkSettings(h, func(s *server.Settings) { out = append(out, s.NotSimulated...) })
	return out
}

func constructs(hosts []*server.Host) string {
	var list []string
	for _, h := range hosts {
		for _, k := range constructsOf(h) {
			list = append(list, k.Text+" "+k.At.Text())
		}
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), "\n")
}
