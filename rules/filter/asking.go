package filter

import (
	"errors"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/sample"
	reading "github.com/dispcheck/dispcheck/rules/unread"
	"github.com/dispcheck/dispcheck/source"
)

// An asking is a rule that asks what one farm lets through.
type asking struct {
	pass     *lint.Pass
	farm     *model.Farm
	question lint.Question
	answer   lint.Answer
	told     map[telling]bool
	*knowledge
}

// A knowledge is what all rules that ask need to know of a farm.
type knowledge struct {
	index map[*model.Rule]int
	// doubtful are the rules of which it is not known what they match.
	doubtful []bool
	// doubt is the index of the last rule of which it is not known what it denies, -1 where there is none: what a
	// rule before it lets through may be denied there.
	doubt int
	// gap is the index of the last rule behind which a file is missing, -1 where there is none.
	gap int
	// gaps says that a file is missing somewhere, so that what is not there may stand in it.
	gaps bool
	// open holds the rules that open everything. DSP154 reports them, and what follows from that is not told again.
	open map[*model.Rule]bool

	// bases are what addresses has found, by whether open was asked for; see there. readable are those of pages.
	bases    [2][]string
	readable []string
	// grabs are the requests that let content be listed by a selector of DSP171.
	grabs []grab
	// paged and combed say that readable and grabs are all there are.
	paged, combed bool
}

type knowledgeKey struct{ farm *model.Farm }

// A telling is a class of findings at a rule.
type telling struct {
	class string
	rule  *model.Rule
}

// askAbout returns nil where nothing can be said: there is no /filter, or only a part of it is known.
func askAbout(p *lint.Pass, f *model.Farm) *asking {
	if f.Filter == nil || slices.Contains(p.Subject.Config.Wrapped, "/filter") {
		return nil
	}
	k := lint.Memo(p, knowledgeKey{f}, func() *knowledge {
		k := &knowledge{index: make(map[*model.Rule]int, len(f.Filter.Rules)), doubtful: make([]bool, len(f.Filter.Rules)), doubt: -1, gap: -1, open: map[*model.Rule]bool{}}
		for i, r := range f.Filter.Rules {
			k.index[r] = i
			if allowsAll(f.Filter.Rules, i) {
				k.open[r] = true
			}
			if k.doubtful[i] = isDoubtful(r); k.doubtful[i] && !r.Allow {
				k.doubt = i
			}
		}
		k.findGaps(f.Filter, p.Subject.Found)
		return k
	})
	return &asking{pass: p, farm: f, told: map[telling]bool{}, knowledge: k}
}

// askPublic is askAbout for what only a farm in front of authors has reasons to let through: there it returns nil.
func askPublic(p *lint.Pass, f *model.Farm) *asking {
	if p.FarmType(f) == lint.Author {
		return nil
	}
	return askAbout(p, f)
}

// missingInclude says what reading finds of a file that it does not read: not found, a cycle, a folder, outside of the
// project, a broken link, or one that the platform puts in place.
var missingInclude = [...]string{"DSP100", "DSP101", "DSP102", "DSP104", "DSP117", "DSP756"}

// findGaps takes note of the includes of the filter of which nothing was read. What comes behind one is known all the
// same: the last rule that matches decides.
func (k *knowledge) findGaps(filter *model.RuleList, found []diag.Diagnostic) {
	for _, d := range found {
		if !slices.Contains(missingInclude[:], d.Rule) || reading.Elsewhere(&d) {
			continue
		}
		if at := filter.At.Span; d.Span.File == at.File && (d.Span.Start < at.Start || at.End < d.Span.End) {
			continue
		}
		behind := false // the rule before was one behind the gap
		for i, r := range filter.Rules {
			at, related := placeIn(r, d.Span.File)
			switch {
			case !related:
				behind = false
				continue
			case at < d.Span.Start:
				k.gap, behind = max(k.gap, i), false
			case !behind:
				k.gap, behind = max(k.gap, i-1), true
			}
			k.gaps = true
		}
		k.gaps = k.gaps || d.Span.File == filter.At.Span.File
	}
}

// placeIn returns where a file holds a rule, or the $include line that leads to it.
func placeIn(r *model.Rule, f *source.File) (at int32, ok bool) {
	if r.At.Span.File == f {
		return r.At.Span.Start, true
	}
	for _, line := range r.At.Included {
		if line.File == f {
			return line.Start, true
		}
	}
	return 0, false
}

// isDoubtful reports whether it is not known what a rule matches: it holds a variable that nobody defines, or a
// pattern that is not simulated.
func isDoubtful(r *model.Rule) bool {
	var unsupported *match.UnsupportedError
	return strings.Contains(r.Type.Text, "${") || slices.ContainsFunc(r.Patterns(), func(p *model.Pattern) bool {
		return strings.Contains(p.Text(), "${") || errors.As(p.Err, &unsupported)
	})
}

// lets returns the rule that lets a request through, nil where it is denied or that is not certain. A word before the
// URL is the method.
func (a *asking) lets(request string) *model.Rule {
	q := &a.question
	q.Method, q.URL = "", request
	if method, url, ok := strings.Cut(request, " "); ok && !strings.HasPrefix(request, "/") {
		q.Method, q.URL = method, url
	}
	if !a.pass.Ask(a.farm, q, &a.answer) || !a.answer.Allowed || a.answer.Rule == nil {
		return nil
	}
	r := a.answer.Rule
	if i := a.index[r]; i < a.doubt || i <= a.gap || a.doubtful[i] {
		return nil
	}
	return r
}

// denied returns whether a request is denied by the filter, and the rule that denies it, nil where none matches.
func (a *asking) denied(request string) (*model.Rule, bool) {
	r := a.lets(request)
	if r != nil || !a.answer.Filtered || a.answer.Allowed {
		return nil, false
	}
	return a.answer.Rule, true
}

// first returns the first request of a list that is let through, and by which rule.
func (a *asking) first(requests ...string) (string, *model.Rule) {
	for _, request := range requests {
		if r := a.lets(request); r != nil {
			return request, r
		}
	}
	return "", nil
}

// tellOnce reports that a rule lets a request through, once for each class and rule. what follows the request. Of the
// rules in files that their owner must not change one is told: it is with a rule behind the $include that all of them are
// put right. Of those that open everything DSP154 tells.
func (a *asking) tellOnce(class string, r *model.Rule, request, what, hint string, severity diag.Severity, related ...diag.Related) {
	key := telling{class, r}
	if isFixed(a.pass, r) {
		key.rule = nil
	}
	if a.told[key] || a.open[r] {
		return
	}
	a.told[key] = true
	a.pass.Report(diag.Diagnostic{
		Span: r.At.Span, Included: r.At.Included, Severity: severity, Related: related, Hint: hint,
		Message: letsThrough(r) + " lets through " + request + what,
	})
}

// A passage is a request that a rule lets through, and what is to be said about it.
type passage struct {
	rule          *model.Rule
	request, what string
	severity      diag.Severity
	related       []diag.Related
}

// maxPassages bounds the places of a finding about several passages.
const maxPassages = 20

// tellEachRule reports the first passage of each rule, with the others of the rule as further places: whatever a rule opens
// is put right at one place.
func (a *asking) tellEachRule(list []passage, hint string) {
	also := map[*model.Rule][]diag.Related{}
	first := []int{}
	for i, p := range list {
		if _, seen := also[p.rule]; !seen {
			also[p.rule] = nil
			first = append(first, i)
			continue
		}
		if len(also[p.rule]) < maxPassages {
			also[p.rule] = append(also[p.rule], diag.Related{Span: p.rule.At.Span, Message: p.request + " is let through as well" + p.what})
		}
	}
	for _, i := range first {
		p := list[i]
		a.tellOnce("", p.rule, p.request, p.what, hint, p.severity, slices.Concat(p.related, also[p.rule])...)
	}
}

// tellTogether reports the passages of a farm as one, since one rule behind all others puts them right: at the first rule
// that its owner may change, or at the first. The other rules are further places.
func (a *asking) tellTogether(list []passage, hint string) {
	list = slices.DeleteFunc(list, func(p passage) bool { return a.open[p.rule] })
	if len(list) == 0 {
		return
	}
	at := max(0, slices.IndexFunc(list, func(p passage) bool { return !isFixed(a.pass, p.rule) }))
	p := list[at]
	related := p.related
	seen := map[*model.Rule]bool{p.rule: true}
	for _, other := range list {
		if !seen[other.rule] && len(related) < maxPassages {
			seen[other.rule] = true
			related = append(related, diag.Related{Span: other.rule.At.Span, Message: other.request + " is let through here"})
		}
	}
	a.tellOnce("", p.rule, p.request, p.what, hint, p.severity, related...)
}

// letsThrough names a rule.
func letsThrough(r *model.Rule) string {
	if r.Label == "" {
		return "filter rule without a name"
	}
	return "filter rule /" + r.Label
}

// deniedHere is the place that denies the request without its disguise.
func deniedHere(r *model.Rule, request string) []diag.Related {
	if r == nil {
		return nil
	}
	return []diag.Related{{Span: r.At.Span, Message: request + " is denied here"}}
}

// maxAddresses is how many addresses are asked about.
const maxAddresses = 48

// addresses returns paths of content without a dot: examples of what the allow rules speak of, and some that sites
// usually have.
//
// open leaves out those of rules that spell out whole URLs: nothing beside these passes there. The list must not be changed.
func (a *asking) addresses(open bool) []string {
	kind := 0
	if open {
		kind = 1
	}
	if a.bases[kind] == nil {
		a.bases[kind] = a.findAddresses(open)
	}
	return a.bases[kind]
}

func (a *asking) findAddresses(open bool) []string {
	list := []string{}
	add := func(base string) {
		if base, _, _ = strings.Cut(base, "."); len(base) > 1 && len(list) < maxAddresses && !slices.Contains(list, base) && sample.Content(base) {
			list = append(list, base)
		}
	}
	add("/content/x")
	add("/content/site/en")
	for _, r := range a.farm.Filter.Rules {
		if r.Allow && len(list) < maxAddresses && !(open && spellsOut(r.URL)) {
			add(addressOf(r))
		}
	}
	// The insides of pages read worse as examples, so they come last.
	slices.SortStableFunc(list, func(x, y string) int { return strings.Count(x, ":") - strings.Count(y, ":") })
	return list
}

// spellsOut reports whether a pattern is one URL, or a few.
func spellsOut(p *model.Pattern) bool {
	if p == nil || p.Pattern == nil {
		return false
	}
	_, few := p.Strings()
	return few
}

// pages returns the addresses that can be read as pages, with .html. The list must not be changed.
func (a *asking) pages() []string {
	if !a.paged {
		a.readable = nil
		for _, base := range a.addresses(false) {
			if a.lets(base+".html") != nil {
				a.readable = append(a.readable, base)
			}
		}
		a.paged = a.pass.Context().Err() == nil
	}
	return a.readable
}

// addressOf returns an example of the URL path that a rule speaks of, "" where it speaks of none.
func addressOf(r *model.Rule) string {
	for _, p := range []*model.Pattern{r.Path, r.URL} {
		if p == nil || p.Err != nil {
			continue
		}
		if s := exampleOf(p); strings.HasPrefix(s, "/") {
			return s
		}
	}
	return ""
}

// exampleOf returns a path that a pattern matches, "" where none was found.
func exampleOf(p *model.Pattern) string {
	return sample.Of(p, sample.Path, sample.Word, sample.Nothing)
}

// wordOf returns a string without a slash of its own making that a pattern of a part of the URL matches, "" where none
// was found.
func wordOf(p *model.Pattern) string { return sample.Of(p, sample.Word, sample.Nothing) }

// isAnything reports whether a pattern demands nothing.
func isAnything(p *model.Pattern) bool { return p == nil || p.Pattern != nil && p.Always() }
