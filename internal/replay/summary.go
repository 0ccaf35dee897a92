package replay

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/simulate"
)

// A Summary is what a result comes to: all that is printed.
type Summary struct {
	Lines, Parsed, Unparsed int64
	// Other are lines that are no requests and no mistakes, UnparsedReasons those that could not be read: by reason.
	Other, UnparsedReasons map[string]int64
	Formats                map[string]int64
	// Distinct is how many distinct requests there were; an estimate where Exact is not set, and then Kept of them are behind
	// what is said of single requests. Sums are exact all the same.
	Distinct int64
	Exact    bool
	Kept     int64

	Allow, Deny, Depends, NotReached int64
	// LoggedAllow and LoggedDeny are those of Depends that would be so if nothing was there that the log does not say.
	LoggedAllow, LoggedDeny int64
	DependsOn               []Count
	// DeniedUnless are what would let requests through that count as denied, and that neither log nor configuration say.
	DeniedUnless []Count
	Rules        []RuleCount

	Cacheable, Uncacheable, CacheDepends int64
	Reasons                              map[string]int64
	// Unless are what would make requests uncacheable that count as cacheable, and that the log does not say.
	Unless []Count
	// Files are distinct cache files of cacheable requests: so many of them cannot be hits. It counts kept requests.
	Files int64

	Farms, Hosts, Outcomes map[string]int64

	TopDenied, TopUncacheable, TopDepends []Top
	Params                                []Param
	// DeadRules and DeadRewrites decided nothing, and nothing that the log leaves open would change that.
	DeadRules    []Rule
	DeadRewrites []Rewrite
	// Unsure are constructs that are not simulated and stood in the way of requests.
	Unsure []Count

	// OnlyQuery are requests that would be cacheable without their query.
	OnlyQuery int64
	Findings  []Finding
	Examples  []Example
	Forecast  *Forecast
	Agreement *Agreement
	Settings  Settings
	Shards    []Shard
}

// A Count is how often something occurred.
type Count struct {
	What     string
	Requests int64
}

// A RuleCount is how many requests a rule decided.
type RuleCount struct {
	Rule
	Requests int64
}

// A Top is a request and how often it was made.
type Top struct {
	Method, Host, URL string
	Requests          int64
	// Why says in words why; At and Rule are what decided.
	Why  string
	Code simulate.Reason
	Rule string
	At   Place
}

// A Param is a parameter of queries that keeps answers out of the cache.
type Param struct {
	Name, Farm string
	// Requests have it; Alone are those that would be cacheable if it was ignored. Distinct are their distinct URLs.
	Requests, Alone, Distinct int64
	// Mend is the entry of /ignoreUrlParams that ignores it, "" where its name cannot be written so; At is where it goes.
	Mend string
	At   Place
	// Section says that there is an /ignoreUrlParams there, so that the entry goes into it.
	Section bool
}

// Summary adds up. top bounds lists of requests and parameters.
func (r *Result) Summary(top int) *Summary {
	r.table.trim()
	a := &adding{r: r, top: top, files: map[uint64]bool{}, params: map[paramKey]*Param{}}
	return a.all()
}

// An adding is a summary in the making.
type adding struct {
	r       *Result
	s       *Summary
	top     int
	files   map[uint64]bool
	params  map[paramKey]*Param
	denied  topList
	kept    topList
	depends topList
	rules   []int64
	// ruleLives and rewriteLives say which did something, or may have.
	ruleLives, rewriteLives          []bool
	on, unless, deniedUnless, unsure map[string]int64
}

type paramKey struct {
	farm int32
	name string
}

func (a *adding) all() *Summary {
	h := &a.r.Header
	c := &h.Catalog
	s := &Summary{
		Lines: h.Lines, Parsed: h.Parsed, Formats: h.Formats, Other: map[string]int64{}, UnparsedReasons: map[string]int64{}, Reasons: map[string]int64{},
		Farms: map[string]int64{}, Hosts: map[string]int64{}, Outcomes: map[string]int64{}, Examples: h.Examples, Forecast: h.Forecast, Agreement: h.Agreement,
		Settings: h.Settings, Shards: h.Shards,
	}
	a.s = s
	for _, reason := range accesslog.Reasons() {
		n := h.Other[reason.String()]
		switch {
		case n == 0:
		case reason.Malformed():
			s.UnparsedReasons[reason.String()] = n
			s.Unparsed += n
		default:
			s.Other[reason.String()] = n
		}
	}
	a.rules = make([]int64, len(c.Rules))
	a.ruleLives, a.rewriteLives = make([]bool, len(c.Rules)), make([]bool, len(c.Rewrites))
	a.on, a.unless, a.deniedUnless, a.unsure = map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}
	sums := make([]int64, len(a.r.verdicts.list))
	a.r.table.each(func(key string, q *row) {
		sums[q.verdict] += int64(q.count)
		s.Kept++
		a.request(key, q)
	})
	for i := range a.r.table.stripes {
		for id, n := range a.r.table.stripes[i].beyond {
			sums[id] += int64(n)
		}
	}
	for id, n := range sums {
		if n > 0 {
			a.verdict(&a.r.verdicts.list[id], n)
		}
	}
	s.Distinct, s.Exact = a.r.table.distinct()
	s.Files = int64(len(a.files))
	a.lists(c)
	s.Findings = a.findings()
	return s
}

// verdict adds requests of one verdict.
func (a *adding) verdict(v *Verdict, n int64) {
	s := a.s
	c := &a.r.Header.Catalog
	s.Outcomes[v.Outcome.String()] += n
	switch v.Filter {
	case Allow:
		s.Allow += n
	case Deny:
		s.Deny += n
		if v.Vanity {
			a.deniedUnless["the list of vanity URLs allows them"] += n
		}
	case Depends:
		s.Depends += n
		switch v.Logged {
		case Allow:
			s.LoggedAllow += n
		case Deny:
			s.LoggedDeny += n
		}
	default:
		s.NotReached += n
	}
	if v.Filter != Depends && v.Filter != NotReached && v.Rule >= 0 {
		a.rules[v.Rule] += n
	}
	if v.Rule >= 0 {
		a.ruleLives[v.Rule] = true
	}
	for _, i := range indexesOf(v.MayRules) {
		a.ruleLives[i] = true
	}
	for _, list := range []string{v.Applied, v.MayRewrites} {
		for _, i := range indexesOf(list) {
			a.rewriteLives[i] = true
		}
	}
	if v.DependsOn != "" {
		for what := range strings.SplitSeq(v.DependsOn, "\n") {
			a.on[what] += n
		}
	}
	if v.Filter == Allow {
		switch v.Cache {
		case Cacheable:
			s.Cacheable += n
			if v.Credentials {
				a.unless["credentials: header Authorization, or cookie authorization or login-token"] += n
			}
			if v.NoQuery {
				a.unless["a query that /ignoreUrlParams does not ignore"] += n
			}
		case Uncacheable:
			s.Uncacheable += n
			why := v.Info
			if why == "" {
				why = string(v.Why)
			}
			s.Reasons[why] += n
			if v.OnlyQuery {
				s.OnlyQuery += n
			}
		case CacheDepends:
			s.CacheDepends += n
		}
	}
	if v.Farm >= 0 {
		s.Farms[c.Farms[v.Farm].Name] += n
	} else if v.Farm == farmDepends {
		s.Farms["(depends)"] += n
	}
	if v.Host >= 0 {
		s.Hosts[c.Hosts[v.Host].Name] += n
	}
	if v.Unsure != "" {
		a.unsure[v.Unsure] += n
	}
}

// request adds what is said of single requests.
func (a *adding) request(key string, q *row) {
	v := &a.r.verdicts.list[q.verdict]
	if q.file != 0 {
		a.files[q.file] = true
	}
	if q.params != 0 {
		a.param(key, q, v)
	}
	switch {
	case v.Filter == Depends, v.Filter == Allow && v.Cache == CacheDepends:
		a.depends.add(a.top, key, q)
	case v.Filter == Deny:
		a.denied.add(a.top, key, q)
	case v.Filter == Allow && v.Cache == Uncacheable:
		a.kept.add(a.top, key, q)
	}
}

// param adds the parameters of a request that keep its answer out of the cache.
func (a *adding) param(key string, q *row, v *Verdict) {
	var w request
	if w.parse(key, a.r.Header.Headers) != nil || v.Farm < 0 {
		return
	}
	query, _ := w.query()
	var names []string
	i := 0
	for param := range strings.SplitSeq(query, "&") {
		if i == 32 {
			break
		}
		if name, _, _ := strings.Cut(param, "="); q.params&(1<<i) != 0 && !slices.Contains(names, name) {
			names = append(names, name)
		}
		i++
	}
	for _, name := range names {
		if !isParamName(name) {
			name = unusualName
		}
		k := paramKey{v.Farm, name}
		p := a.params[k]
		if p == nil {
			k.name = strings.Clone(name)
			p = &Param{Name: k.name}
			a.params[k] = p
		}
		p.Requests += int64(q.count)
		p.Distinct++
		if v.OnlyQuery && len(names) == 1 {
			p.Alone += int64(q.count)
		}
	}
}

// unusualName stands for names that are rather values, such as an address without a name in front, and may be personal.
const unusualName = "(no plain name)"

// isParamName reports whether a name is one that a programmer would give.
func isParamName(name string) bool {
	if name == "" || len(name) > 64 {
		return false
	}
	digits := 0
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == '-', c == '.', c == ':', c == '~':
		case '0' <= c && c <= '9':
			digits++
		default:
			return false
		}
	}
	return digits <= 4
}

// lists puts what was counted into order.
func (a *adding) lists(c *Catalog) {
	s := a.s
	for i, n := range a.rules {
		if n > 0 {
			s.Rules = append(s.Rules, RuleCount{c.Rules[i], n})
		}
		if !a.ruleLives[i] {
			s.DeadRules = append(s.DeadRules, c.Rules[i])
		}
	}
	slices.SortStableFunc(s.Rules, func(x, y RuleCount) int { return cmp.Compare(y.Requests, x.Requests) })
	for i, lives := range a.rewriteLives {
		if !lives {
			s.DeadRewrites = append(s.DeadRewrites, c.Rewrites[i])
		}
	}
	s.DependsOn, s.Unless, s.DeniedUnless, s.Unsure = counts(a.on), counts(a.unless), counts(a.deniedUnless), counts(a.unsure)
	s.TopDenied, s.TopUncacheable, s.TopDepends = a.tops(a.denied), a.tops(a.kept), a.tops(a.depends)
	for k, p := range a.params {
		f := c.Farms[k.farm]
		p.Farm, p.At, p.Section = f.Name, f.Params, f.HasParams
		if p.Name != unusualName {
			p.Mend = `{ /glob "` + p.Name + `" /type "allow" }`
		}
		s.Params = append(s.Params, *p)
	}
	slices.SortFunc(s.Params, func(x, y Param) int {
		return cmp.Or(cmp.Compare(y.Alone, x.Alone), cmp.Compare(y.Requests, x.Requests), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Farm, y.Farm), cmp.Compare(x.At.Line, y.At.Line))
	})
	s.Params = s.Params[:min(len(s.Params), a.top)]
}

func counts(m map[string]int64) []Count {
	var list []Count
	for what, n := range m {
		list = append(list, Count{what, n})
	}
	slices.SortFunc(list, func(x, y Count) int { return cmp.Or(cmp.Compare(y.Requests, x.Requests), cmp.Compare(x.What, y.What)) })
	return list
}

// A topList keeps the most frequent requests, and of equal ones those whose keys come first.
type topList []topRow

type topRow struct {
	key string
	row *row
}

func (x topRow) compare(y topRow) int {
	return cmp.Or(cmp.Compare(y.row.count, x.row.count), strings.Compare(x.key, y.key))
}

func (l *topList) add(most int, key string, q *row) {
	e := topRow{key, q}
	if len(*l) == most {
		if most == 0 || e.compare((*l)[most-1]) >= 0 {
			return
		}
		*l = (*l)[:most-1]
	}
	i, _ := slices.BinarySearchFunc(*l, e, topRow.compare)
	*l = slices.Insert(*l, i, e)
}

func (a *adding) tops(l topList) []Top {
	var list []Top
	c := &a.r.Header.Catalog
	for _, e := range l {
		var q request
		if q.parse(e.key, a.r.Header.Headers) != nil {
			continue
		}
		v := &a.r.verdicts.list[e.row.verdict]
		t := Top{Method: printable(q.method), Host: printable(q.host), URL: printable(q.target), Requests: int64(e.row.count)}
		if q.flags&hasFarm != 0 {
			t.Host = ""
		}
		if q.flags&isHTTPS != 0 && t.Host != "" {
			t.Host = "https://" + t.Host
		}
		switch {
		case v.DependsOn != "":
			t.Why = strings.ReplaceAll(v.DependsOn, "\n", ", ")
		case v.Filter == Deny:
			t.Why, t.Code = string(v.Reason), v.Reason
			if v.Rule >= 0 {
				t.Rule, t.At = c.Rules[v.Rule].Label, c.Rules[v.Rule].At
			}
		default:
			t.Why, t.Code, t.At = v.Info, v.Why, v.By
			if t.Why == "" {
				t.Why = string(v.Why)
			}
		}
		list = append(list, t)
	}
	return list
}
