package cache

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
	"github.com/dispcheck/dispcheck/rules/sample"
	"github.com/dispcheck/dispcheck/rules/unread"
)

// A visitor asks what a farm in front of the public stores of what a stranger requests. It is shared by the rules of a
// run, and so are its answers.
type visitor struct {
	farm  *model.Farm
	known map[string]stored
	paths []string // without an extension: see examplePaths
	pages []string // those of paths that are stored with .html
	asked bool     // pages were asked for

	index map[*model.Rule]int
	doubt int // the last filter rule of which it is not known what it denies, -1 for none
}

// stored says which rules let an answer be stored: that of /filter, nil where all requests pass, and that of /rules.
type stored struct{ filter, rule *model.Rule }

type visitorKey struct{ farm *model.Farm }

// visitorOf returns nil where nothing can be said: the farm is for authors or stores nothing, or a part of its /filter
// or /cache is not known.
func visitorOf(p *lint.Pass, f *model.Farm) *visitor {
	return lint.Memo(p, visitorKey{f}, func() *visitor {
		c := f.Cache
		if p.FarmType(f) == lint.Author || c == nil || c.Rules == nil || !c.Docroot.Set || unread.Part(p.Subject.Config) ||
			unread.Section(p, f.At.Span) || unread.Section(p, c.At.Span) || unread.Section(p, c.Rules.At.Span) ||
			f.Filter == nil && unread.Property(p, f, "filter", f.At.Span) || f.Filter != nil && unread.Section(p, f.Filter.At.Span) {
			return nil
		}
		for _, r := range c.Rules.Rules {
			if !lastmatch.Plain(r) {
				return nil
			}
		}
		v := &visitor{farm: f, known: map[string]stored{}, index: map[*model.Rule]int{}, doubt: -1}
		if f.Filter != nil {
			for i, r := range f.Filter.Rules {
				v.index[r] = i
				if !r.Allow && !lastmatch.Plain(r) {
					v.doubt = i
				}
			}
		}
		v.paths = v.examplePaths()
		return v
	})
}

// stores returns the rules because of which the answer to a GET request of a URL may be stored; false where it is not,
// or where that is not certain.
func (v *visitor) stores(p *lint.Pass, url string) (stored, bool) {
	s, ok := v.known[url]
	if ok {
		return s, s.rule != nil
	}
	q, a := lint.Question{URL: url}, lint.Answer{}
	if p.Ask(v.farm, &q, &a) && a.Allowed && a.Cacheable && a.CacheRule != nil && a.CacheRule.Allow &&
		(a.Rule == nil && v.farm.Filter == nil || a.Rule != nil && v.index[a.Rule] >= v.doubt && lastmatch.Plain(a.Rule)) {
		s = stored{a.Rule, a.CacheRule}
	}
	v.known[url] = s
	return s, s.rule != nil
}

// bases returns paths without an extension whose pages, with .html, are let through and stored.
func (v *visitor) bases(p *lint.Pass) []string {
	if v.asked {
		return v.pages
	}
	v.asked = true
	for _, base := range v.paths {
		if _, ok := v.stores(p, base+".html"); ok {
			v.pages = append(v.pages, base)
		}
	}
	return v.pages
}

// most is how many paths of a farm are asked about.
const most = 24

// examplePaths returns paths of content without an extension: two that sites have, and examples of what the filter allows.
func (v *visitor) examplePaths() []string {
	list := []string{"/content/x", "/content/site/en"}
	if v.farm.Filter == nil {
		return list
	}
	for _, r := range v.farm.Filter.Rules {
		path, _, _ := strings.Cut(pathOf(r), ".")
		if r.Allow && len(list) < most && len(path) > 1 && !strings.HasSuffix(path, "/") && !slices.Contains(list, path) && sample.Content(path) {
			list = append(list, path)
		}
	}
	return list
}

// expires reports whether files of a farm become old by themselves: their age is kept, and the headers that say it.
func expires(c *model.Cache) bool {
	if !c.EnableTTL.Value || c.Headers == nil {
		return false
	}
	return slices.ContainsFunc(c.Headers.Values, func(v model.ListValue) bool {
		return strings.EqualFold(v.Text, "Cache-Control") || strings.EqualFold(v.Text, "Expires")
	})
}

// behindLast is a fix that adds entries of some globs to a list, behind all that is there: what they match, they decide.
// There is none where the last entry comes from another file.
//
// It is never safe: what was answered from the cache goes to AEM.
func behindLast(l *model.RuleList, kind string, globs ...string) []diag.Fix {
	if len(l.Rules) == 0 || len(globs) == 0 {
		return nil
	}
	var entries []string
	taken := map[string]bool{}
	for _, r := range l.Rules {
		taken[r.Label] = true
	}
	last := l.Rules[len(l.Rules)-1]
	label := last.Label
	for _, glob := range globs {
		label = labelBehind(label, taken)
		taken[label] = true
		entries = append(entries, `/`+label+` { /glob "`+glob+`" /type "`+kind+`" }`)
	}
	title := "add " + entries[0]
	if len(entries) > 1 {
		title = "add " + strconv.Itoa(len(entries)) + " entries"
	}
	return behind(last.At.Span, l.At.Span, title, entries...)
}

// labelBehind returns a label that is not taken: the number behind another one where that is a number.
func labelBehind(label string, taken map[string]bool) string {
	n, err := strconv.Atoi(label)
	if err != nil || n < 0 {
		n = 0
	}
	width := len(label)
	if err != nil {
		width = 4
	}
	for {
		n++
		next := strconv.Itoa(n)
		if len(next) < width {
			next = strings.Repeat("0", width-len(next)) + next
		}
		if !taken[next] {
			return next
		}
	}
}
