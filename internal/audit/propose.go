package audit

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/automata/elements"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// A Fix is a proposal that was proven: with it, no request of the group gets through, and every control that was answered
// still is.
type Fix struct {
	// Text is what to write: rules, or a whole section.
	Text string
	// After is the rule that it stands behind; nil where it stands at the end of the section, or is one.
	After *model.Rule
	// End says that it stands at the end of the section, because the rule's own file is the platform's.
	End bool
	// Strict says that the text denies requests, too, that look like what the guilty rule is there for.
	Strict bool
	// Section is "/filter" or "/allowedClients".
	Section string
	// Requests and Controls are how many were asked again.
	Requests, Controls int
}

// Where says in words where the text stands.
func (f *Fix) Where() string {
	switch {
	case f.After != nil:
		return "behind rule /" + f.After.Label
	case f.End:
		return "at the end of " + f.Section + ", in a file of yours"
	}
	return "in the farm"
}

const (
	// maxRules bounds how many rules a proposal has beside those that it starts with: a longer list closes this very audit, and
	// no site.
	maxRules = 16
	// maxSample bounds how many requests candidates are compared on at once; what is left over is looked at in a next round.
	maxSample = 2500
)

// propose finds a fix for each group.
func (a *auditor) propose(ctx context.Context) error {
	used := map[*model.RuleList]map[string]bool{}
	for _, g := range a.report.Groups {
		if err := a.proposeFor(ctx, g, used); err != nil {
			return err
		}
		g.found = nil
	}
	for _, g := range a.report.Platform {
		g.NoFix = "no safe rule found: httpd hands the request on before any filter sees it, by a file of the platform that is not yours to change"
		g.found = nil
	}
	return nil
}

func (a *auditor) proposeFor(ctx context.Context, g *Group, used map[*model.RuleList]map[string]bool) error {
	p := &proposal{group: g, section: filterSection, used: map[string]bool{}}
	switch g.How {
	case ByProxy:
		g.NoFix = "no safe rule found: httpd hands the request on before any filter sees it. Anchor the pattern of the directive, or take the directive out"
		return nil
	case ByVanity:
		g.NoFix = "no safe rule found: the list of vanity URLs lets it through, and no rule of /filter counts then"
		return nil
	case ByFlush:
		p.section = clientSection
		if slices.ContainsFunc(g.Farms, func(f *model.Farm) bool { return f.Cache == nil }) {
			g.NoFix = "no safe rule found: the farm has no /cache to put /allowedClients into"
			return nil
		}
		p.base = []piece{
			{name: "deny-flushes", body: `/type "deny" /glob "*"`},
			{name: "allow-local-flushes", body: `/type "allow" /glob "127.0.0.1"`},
		}
	case ByRule, ByNothing:
		if g.How == ByNothing || takesAll(g.Rule) {
			p.base = allowList()
		}
	}
	p.end = g.Rule != nil && a.o.Fixed != nil && a.o.Fixed(g.At.File)
	if g.How != ByFlush {
		p.blockers, p.own = a.blockers(g, p), ownRequests(g)
		views := viewsOf(g.found)
		stuck := p.close(views)
		if stuck != nil && len(p.own) > 0 {
			p.denials, p.own, p.strict = nil, nil, true
			stuck = p.close(views)
		}
		if stuck != nil {
			p.denials, p.strict = nil, true
			if !p.takeBack() {
				g.NoFix = "no safe rule found: " + stuck.why()
				return nil
			}
		}
	}
	if list := p.section.listOf(g); list != nil {
		if used[list] == nil {
			used[list] = map[string]bool{}
		}
		p.used = used[list]
	}
	rules, text, err := p.write()
	if err != nil {
		return fmt.Errorf("a proposed rule cannot be read: %w", err)
	}
	open, broken, err := a.prove(ctx, g, p.apply(a.o.Config, rules))
	switch {
	case err != nil:
		return err
	case broken != nil:
		g.NoFix = fmt.Sprintf("no safe rule found: what would close it also denies %s %s", broken.Method, broken.Target)
	case len(open) > 0:
		f := &g.found[open[0]]
		g.NoFix = fmt.Sprintf("no safe rule found: %s %s stays open", f.sent.Method, f.sent.Target)
	default:
		g.Fix = &Fix{Text: text, Section: p.section.name, End: p.end, Strict: p.strict, Requests: g.Requests, Controls: len(a.passed)}
		if !p.end {
			g.Fix.After = g.Rule
		}
	}
	return nil
}

// takesAll reports whether a rule matches every request, or all of some methods.
func takesAll(r *model.Rule) bool {
	if r == nil {
		return false
	}
	for _, p := range r.Patterns() {
		if p == r.Method {
			continue
		}
		if p.Pattern == nil || p != r.URL && p != r.Glob && p != r.Path || p.Text() != "*" && p.Text() != "/*" && p.Text() != ".*" {
			return false
		}
	}
	return true
}

// A section of rules that a proposal goes into.
type section struct {
	name string
	of   func(f *model.Farm) *model.RuleList
	set  func(f *model.Farm, l *model.RuleList)
}

var filterSection = section{"/filter",
	func(f *model.Farm) *model.RuleList { return f.Filter },
	func(f *model.Farm, l *model.RuleList) { f.Filter = l },
}

var clientSection = section{"/allowedClients",
	func(f *model.Farm) *model.RuleList { return f.Cache.AllowedClients },
	func(f *model.Farm, l *model.RuleList) {
		c := *f.Cache
		c.AllowedClients = l
		f.Cache = &c
	},
}

// A piece is one rule of a proposal.
type piece struct {
	name string // "deny-path-parameters"
	body string // what stands between the braces
	// needs is what is said above it, in a comment; "" for nothing.
	comment string

	rule     *model.Rule
	elements automata.Elements
}

// read makes rule and elements of the body.
func (p *piece) read() error {
	if p.rule != nil {
		return nil
	}
	src := source.NewFile("proposed", []byte("/filter { /"+p.name+" { "+p.body+" } }"))
	c, _ := model.Decode(grammar.Parse(src).Items, model.Options{Fragment: true})
	if len(c.Farms) != 1 || c.Farms[0].Filter == nil || len(c.Farms[0].Filter.Rules) != 1 {
		return fmt.Errorf("%s is no rule", p.body)
	}
	r := c.Farms[0].Filter.Rules[0]
	for _, q := range r.Patterns() {
		if q.Err != nil {
			return fmt.Errorf("%s: %w", p.body, q.Err)
		}
	}
	p.rule, p.elements = r, elements.Of(r, false)
	return nil
}

// matches reports whether the rule matches what a filter sees.
func (p *piece) matches(v *view) bool {
	return p.elements.Match(automata.Request{Method: v.method, URI: v.uri, Query: v.query, HasQuery: v.hasQuery, Protocol: "HTTP/1.1"})
}

// A proposal is a fix in the making.
type proposal struct {
	group   *Group
	section section
	end     bool
	base    []piece // what it starts with
	denials []piece // what was found to be needed
	// blockers are the controls that a rule at its place could deny, and must not; own is what the guilty rule is there for.
	blockers, own []view
	// strict says that own does not count.
	strict bool
	// used are labels that stand in the section, or in another proposal for it.
	used map[string]bool
}

// blockers are the controls that the proposal must let through, those whose verdict it could change.
func (a *auditor) blockers(g *Group, p *proposal) []view {
	var out []view
	for _, v := range a.passed {
		if !contains(g.Farms, v.farm) || v.control.Either {
			continue
		}
		if !p.end && g.Rule != nil && v.rule != nil && place(v.farm, v.rule.At.Span) > place(v.farm, g.At) {
			continue // a later rule decides
		}
		out = append(out, v)
	}
	return out
}

// ownRequests are requests that the rule is there for: ordinary ones that it allows, and no later rule decides about. A
// proposal that denied them would take the rule out, and say so in many words.
func ownRequests(g *Group) []view {
	if g.Rule == nil || takesAll(g.Rule) || len(g.Farms) == 0 {
		return nil
	}
	f := g.Farms[0]
	var later []automata.Elements
	for _, r := range f.Filter.Rules[place(f, g.At)+1:] {
		later = append(later, elements.Of(r, false))
	}
	var out []view
	guesses := automata.Guess(elements.Of(g.Rule, false))
	for range guessesPerRule {
		r, ok := guesses.Next()
		if !ok {
			break
		}
		if slices.ContainsFunc(later, func(e automata.Elements) bool { return e.Match(r) }) ||
			slices.ContainsFunc(g.found, func(f finding) bool { return f.covers(r.Method, r.URI) }) {
			continue
		}
		out = append(out, view{
			farm: f, rule: g.Rule, method: r.Method, uri: r.URI, query: r.Query, hasQuery: r.HasQuery, sent: Sent{Method: r.Method, Target: r.Target()},
		})
	}
	return out
}

// covers reports whether a request is as bad as the finding: it is the same, or asks for the same resource in another way.
func (f *finding) covers(method, uri string) bool {
	if f.view.method != method {
		return false
	}
	if f.view.uri == uri {
		return true
	}
	ok, _ := reaches(uri, aim(f.sent.Target), f.probe.Class.Found)
	return f.operator == AsIs && ok
}

// place is the index of a rule in the filter of a farm; -1 where it is not there.
func place(f *model.Farm, at source.Span) int {
	if f.Filter == nil {
		return -1
	}
	return slices.IndexFunc(f.Filter.Rules, func(r *model.Rule) bool { return r.At.Span == at })
}

// viewsOf are what the filter saw of findings, each once.
func viewsOf(found []finding) []view {
	type key struct{ method, uri, query string }
	seen := map[key]bool{}
	var out []view
	for i := range found {
		v := found[i].view
		v.sent, v.page = found[i].sent, found[i].probe.Page
		if k := (key{v.method, v.uri, v.query}); !seen[k] {
			seen[k] = true
			out = append(out, v)
		}
	}
	return out
}

// undenied are the views that the base lets through; all of them where there is no base.
func (p *proposal) undenied(views []view) []view {
	if len(p.base) == 0 {
		return views
	}
	for i := range p.base {
		if p.base[i].read() != nil {
			return views
		}
	}
	return slices.DeleteFunc(views, func(v view) bool {
		for i := len(p.base) - 1; i >= 0; i-- {
			if p.base[i].matches(&v) {
				return !p.base[i].rule.Allow
			}
		}
		return false
	})
}

// stuck is a request that no safe rule denies.
type stuck struct {
	view view
	many bool // it would take too many rules
}

func (s *stuck) why() string {
	text := fmt.Sprintf("%s %s", s.view.sent.Method, s.view.sent.Target)
	if s.many {
		return fmt.Sprintf("it would take more than %d rules. Narrow the rule by a path, a method or an extension", maxRules)
	}
	return fmt.Sprintf("what would deny %s would deny controls, too. Narrow the rule", text)
}

// close finds rules that deny all views. It returns what cannot be denied safely.
func (p *proposal) close(views []view) *stuck {
	views = p.undenied(views)
	for left := views; len(left) > 0; left = p.left(left) {
		if s := p.cover(sample(left)); s != nil {
			return s
		}
		if len(p.denials) > maxRules {
			return &stuck{view: left[0], many: true}
		}
	}
	p.prune(views)
	return nil
}

// takeBack denies all that the guilty rule allows, where no control comes through it.
func (p *proposal) takeBack() bool {
	r := p.group.Rule
	if r == nil || len(r.Patterns()) == 0 || len(p.base) > 0 {
		return false
	}
	var b strings.Builder
	b.WriteString(`/type "deny"`)
	for _, q := range r.Patterns() {
		if q.Pattern == nil || q.Err != nil || strings.ContainsAny(q.Text(), "'\"\n") {
			return false
		}
		quote := `"`
		if q.Quote == '\'' {
			quote = "'"
		}
		b.WriteString(" /" + q.Property + " " + quote + q.Text() + quote)
	}
	c := piece{name: "deny-again", body: b.String(), comment: "takes /" + r.Label + " back, which is better taken out"}
	if !p.sparesControls(&c) {
		return false
	}
	p.denials = []piece{c}
	return true
}

// sample are views taken evenly from a list that is too long.
func sample(views []view) []view {
	if len(views) <= maxSample {
		return views
	}
	out := make([]view, maxSample)
	for i := range out {
		out[i] = views[i*len(views)/maxSample]
	}
	return out
}

// left are the views that no rule denies yet.
func (p *proposal) left(views []view) []view {
	var out []view
	for i := range views {
		if !slices.ContainsFunc(p.denials, func(d piece) bool { return d.matches(&views[i]) }) {
			out = append(out, views[i])
		}
	}
	return out
}

// safe reports whether a rule leaves all controls alone.
func (p *proposal) safe(c *piece) bool {
	return p.sparesControls(c) && !c.matchesAny(p.own)
}

func (p *proposal) sparesControls(c *piece) bool { return c.read() == nil && !c.matchesAny(p.blockers) }

func (p *piece) matchesAny(views []view) bool {
	for i := range views {
		if p.matches(&views[i]) {
			return true
		}
	}
	return false
}

// cover adds rules until all views are denied, always the one that denies most; of two that deny as much the one that comes
// first among the candidates.
func (p *proposal) cover(views []view) *stuck {
	type candidate struct {
		piece
		denies []int32
	}
	var list []candidate
	for _, c := range candidates(views, p.safe) {
		if !p.safe(&c) {
			continue
		}
		k := candidate{piece: c}
		for i := range views {
			if c.matches(&views[i]) {
				k.denies = append(k.denies, int32(i))
			}
		}
		list = append(list, k)
	}
	denied := make([]bool, len(views))
	for open := len(views); open > 0; {
		best, most := -1, 0
		for i := range list {
			n := 0
			for _, v := range list[i].denies {
				if !denied[v] {
					n++
				}
			}
			if n > most {
				best, most = i, n
			}
		}
		if best < 0 {
			return &stuck{view: views[slices.Index(denied, false)]}
		}
		for _, v := range list[best].denies {
			denied[v] = true
		}
		open -= most
		p.denials = append(p.denials, list[best].piece)
	}
	return nil
}

// prune takes rules out that deny nothing which others do not deny, too.
func (p *proposal) prune(views []view) {
	for i := 0; i < len(p.denials); {
		rest := slices.Delete(slices.Clone(p.denials), i, i+1)
		needed := slices.ContainsFunc(views, func(v view) bool {
			return p.denials[i].matches(&v) && !slices.ContainsFunc(rest, func(d piece) bool { return d.matches(&v) })
		})
		if needed {
			i++
			continue
		}
		p.denials = rest
	}
}

// write gives the rules their names, and makes the text.
func (p *proposal) write() ([]*model.Rule, string, error) {
	pieces := append(slices.Clone(p.base), p.denials...)
	indent := ""
	if p.group.Rule != nil {
		indent = indentOf(p.group.At)
	}
	inner := indent
	list := p.section.listOf(p.group)
	wrap := list == nil
	if wrap {
		inner += "\t"
	}
	labels := labelsFor(list, p.group.Rule, p.end, pieces, p.used)
	var b strings.Builder
	if wrap {
		b.WriteString(indent + p.section.name + " {\n")
	}
	var rules []*model.Rule
	for i := range pieces {
		if err := pieces[i].read(); err != nil {
			return nil, "", err
		}
		r := *pieces[i].rule
		r.Label = labels[i]
		rules = append(rules, &r)
		if c := pieces[i].comment; c != "" {
			b.WriteString(inner + "# " + c + "\n")
		}
		b.WriteString(inner + "/" + labels[i] + " { " + pieces[i].body + " }\n")
	}
	if wrap {
		b.WriteString(indent + "}\n")
	}
	return rules, b.String(), nil
}

// listOf is the section of the first farm of a group; nil where it has none.
func (s section) listOf(g *Group) *model.RuleList {
	if len(g.Farms) == 0 {
		return nil
	}
	return s.of2(g.Farms[0])
}

// indentOf is the white space before the line that a span starts in.
func indentOf(at source.Span) string {
	if at.IsZero() {
		return ""
	}
	text := at.File.Text[:at.Start]
	row := text[strings.LastIndexByte(string(text), '\n')+1:]
	n := 0
	for n < len(row) && (row[n] == ' ' || row[n] == '\t') {
		n++
	}
	return string(row[:n])
}

// labelsFor are names for rules that stand behind another: numbers where that has one and there is room for them, else words.
func labelsFor(list *model.RuleList, after *model.Rule, end bool, pieces []piece, used map[string]bool) []string {
	last, next, width := 0, -1, 4
	numbered := list == nil
	if list != nil {
		at := len(list.Rules) - 1
		if after != nil && !end {
			at = slices.IndexFunc(list.Rules, func(r *model.Rule) bool { return r.At.Span == after.At.Span })
		}
		highest := 0
		for i, r := range list.Rules {
			used[r.Label] = true
			n, err := strconv.Atoi(r.Label)
			if err != nil || n < 0 {
				continue
			}
			highest = max(highest, n)
			if i == at {
				last, numbered, width = n, true, len(r.Label)
			}
			if i > at && next < 0 {
				next = n
			}
		}
		if end {
			last, next = highest, -1
		}
	}
	if next < 0 {
		next = last + 1 + len(pieces) + len(used)
	}
	var out []string
	for i := range pieces {
		label := ""
		if numbered {
			for n := last + 1; n < next && label == ""; n++ {
				if s := fmt.Sprintf("%0*d", width, n); !used[s] {
					label, last = s, n
				}
			}
			for c := 'a'; label == "" && after != nil && !end && c <= 'z'; c++ {
				if s := after.Label + string(c); !used[s] {
					label = s
				}
			}
		}
		for n := 1; label == ""; n++ {
			s := pieces[i].name
			if n > 1 {
				s += "-" + strconv.Itoa(n)
			}
			if !used[s] {
				label = s
			}
		}
		used[label] = true
		out = append(out, label)
	}
	return out
}

// apply is the configuration with rules added in all farms of the group.
func (p *proposal) apply(c *model.Config, rules []*model.Rule) *model.Config {
	out := *c
	out.Farms = slices.Clone(c.Farms)
	for i, f := range c.Farms {
		list := p.section.of2(f)
		at := -1
		switch {
		case list == nil:
			if !contains(p.group.Farms, f) {
				continue
			}
			list = &model.RuleList{}
		case p.group.Rule != nil:
			at = slices.IndexFunc(list.Rules, func(r *model.Rule) bool { return r.At.Span == p.group.At })
			if at < 0 {
				continue
			}
		case !contains(p.group.Farms, f):
			continue
		default: // a section that lets all through, because it is empty
			at = len(list.Rules) - 1
		}
		if p.end {
			at = len(list.Rules) - 1
		}
		changed, farm := *list, *f
		changed.Rules = slices.Insert(slices.Clone(list.Rules), at+1, rules...)
		p.section.set(&farm, &changed)
		out.Farms[i] = &farm
	}
	return &out
}

// of2 is of, for farms that may have no /cache.
func (s section) of2(f *model.Farm) *model.RuleList {
	if s.name == clientSection.name && f.Cache == nil {
		return nil
	}
	return s.of(f)
}

// prove asks a group's requests and the controls again, with a changed configuration: open are the findings that still get
// through, broken is a control that does not any more.
func (a *auditor) prove(ctx context.Context, g *Group, c *model.Config) (open []int, broken *Sent, err error) {
	still := make([]bool, len(g.found))
	err = a.parallel(ctx, len(g.found), c, func(ctx context.Context, w *worker, i int) error {
		f := &g.found[i]
		if err := w.ask.Ask(ctx, f.sent.Request(), &w.answer); err != nil {
			return err
		}
		still[i] = w.answer.Decision.Outcome == simulate.Flush && w.answer.Decision.Invalidation.Allowed
		if g.How != ByFlush {
			still[i] = still[i] || rendered(&w.answer) || w.answer.Proxy != ""
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	for i, s := range still {
		if s {
			open = append(open, i)
		}
	}
	w := &worker{ask: a.o.Ask(c)}
	for i := range a.passed {
		v := &a.passed[i]
		if err := w.ask.Ask(ctx, v.sent.Request(), &w.answer); err != nil {
			return nil, nil, err
		}
		if !rendered(&w.answer) && !v.control.Either {
			return open, &v.sent, nil
		}
	}
	return open, nil, nil
}
