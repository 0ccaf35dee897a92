package cache

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
	"github.com/dispcheck/dispcheck/rules/unread"
)

var functionalParameter = lint.Rule{
	ID: "DSP314", Name: "ignoreurlparams-functional-param", Severity: diag.Warning, Fixable: true, Drops: true, Farm: checkFunctional,
	Options: []lint.Option{{
		Name: "functional-params", Default: []string{},
		Doc: "Names of parameters on which pages depend, beside those that the filter names and the usual ones.",
	}},
	Doc: lint.Doc{
		Title: "a parameter that a page depends on is ignored",
		Why: "Requests that differ by an ignored parameter are one for the cache: the first answer is stored and handed to all. Of a search " +
			"everybody gets the first visitor's hits, of a list always the same page.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/rules {
		/0000 { /glob "*" /type "allow" }
	}
	/ignoreUrlParams {
		/0001 { /glob "*" /type "allow" }
		/0002 { /glob "debug" /type "deny" }
		/0003 { /glob "q*" /type "allow" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/rules {
		/0000 { /glob "*" /type "allow" }
	}
	/ignoreUrlParams {
		/0001 { /glob "*"     /type "allow" }
		/0002 { /glob "debug" /type "deny" }
		/0003 { /glob "q"     /type "deny" }
	}
}
`,
		Note: "Looked for are the option's names, those that allow rules of /filter name in /query, and q, query, search, page, start, offset, " +
			"sort, id, code and state. Where the list denies some parameters behind an entry for all, its owner knows what matters: the usual " +
			"names are then not looked for below that entry. An entry that names one of the usual ones in full is an info. Names of tokens " +
			"are DSP351.",
		Since:   since,
		Sources: []string{configuration, optimizer + " (Disp-1)"},
	},
}

// usualNames are names of parameters on which what is answered mostly depends.
var usualNames = [...]string{"q", "query", "search", "page", "start", "offset", "sort", "id", "code", "state"}

var queryToken = lint.Rule{
	ID: "DSP351", Name: "cache-query-token", Severity: diag.Warning, Security: true, Fixable: true, Drops: true, Farm: checkQueryToken,
	Doc: lint.Doc{
		Title: "a parameter that says who may read is ignored",
		Why: "A link may hold what entitles its reader: a token or a signature. Where that parameter is ignored, the answer to the first such " +
			"link is stored, and whoever asks for the address gets it, with another token or with none.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/rules {
		/0000 { /glob "*" /type "allow" }
	}
	/ignoreUrlParams {
		/0001 { /glob "*"     /type "deny" }
		/0002 { /glob "*token" /type "allow" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/rules {
		/0000 { /glob "*" /type "allow" }
	}
	/ignoreUrlParams {
		/0001 { /glob "*"      /type "deny" }
		/0002 { /glob "utm_*"  /type "allow" }
		/0003 { /glob "*token" /type "deny" }
	}
}
`,
		Note: "Looked for are token, access_token, jwt, sig, signature, auth and apikey. Where an entry for all parameters ignores them, it is an " +
			"info: whether the site has such links is not known. It is none where the list denies some parameters behind that entry.",
		Since:   since,
		Sources: []string{configuration},
	},
}

// tokenNames are names of parameters that entitle who knows their value.
var tokenNames = [...]string{"token", "access_token", "jwt", "sig", "signature", "auth", "apikey"}

// ignoring returns the list of parameters of a farm that stores files; nil where there is none, or it is not known.
func ignoring(p *lint.Pass, f *model.Farm) *model.RuleList {
	if f.Cache == nil || f.Cache.IgnoreURLParams == nil || !stores(f.Cache) {
		return nil
	}
	l := f.Cache.IgnoreURLParams
	if len(l.Unknown) > 0 || unread.Section(p, l.At.Span) || slices.ContainsFunc(l.Rules, func(r *model.Rule) bool { return r.Glob == nil || !lastmatch.Plain(r) }) {
		return nil
	}
	return l
}

// An ignored is an entry that ignores parameters of some names.
type ignored struct {
	rule  *model.Rule
	names []string
}

// ignoredBy returns which entries ignore names, in the order of the text.
func ignoredBy(l *model.RuleList, names []string) []ignored {
	var list []ignored
	for _, r := range l.Rules {
		in := ignored{rule: r}
		for _, name := range names {
			if r.Allow && deciding(l, name) == r && !slices.Contains(in.names, name) {
				in.names = append(in.names, name)
			}
		}
		if in.names != nil {
			list = append(list, in)
		}
	}
	return list
}

// deniesSome reports whether an entry behind another one denies something.
func deniesSome(l *model.RuleList, behind *model.Rule) bool {
	i := slices.Index(l.Rules, behind)
	return slices.ContainsFunc(l.Rules[i+1:], func(r *model.Rule) bool { return !r.Allow })
}

func checkFunctional(p *lint.Pass, f *model.Farm) {
	l := ignoring(p, f)
	if l == nil {
		return
	}
	queried := queryNames(f)
	certain := slices.Clone(p.Strings("functional-params"))
	for name := range queried {
		certain = append(certain, name)
	}
	slices.Sort(certain)
	for _, in := range ignoredBy(l, slices.Concat(certain, usualNames[:])) {
		exact := !strings.ContainsAny(in.rule.Glob.Text(), "*?[") && in.rule.Glob.Quote != '\''
		known := slices.DeleteFunc(slices.Clone(in.names), func(name string) bool { return !slices.Contains(certain, name) })
		if in.rule.Glob.Always() && deniesSome(l, in.rule) {
			in.names = known
		}
		if len(in.names) == 0 {
			continue
		}
		d := diag.Diagnostic{
			Span: in.rule.At.Span, Included: in.rule.At.Included,
			Message: fmt.Sprintf("/ignoreUrlParams ignores %s: answers that differ by it are stored as one", enumerate(in.names)),
			Hint:    "deny it behind that entry if answers depend on it",
		}
		if len(in.names) > 1 {
			d.Message = fmt.Sprintf("/ignoreUrlParams ignores %s: answers that differ by them are stored as one", enumerate(in.names))
			d.Hint = "deny those behind that entry on which answers depend"
		}
		if exact && len(known) == 0 {
			d.Severity = diag.Info
		}
		for _, name := range known {
			if r := queried[name]; r != nil && len(d.Related) < maxRelated {
				d.Related = append(d.Related, diag.Related{Span: r.At.Span, Message: name + " is asked for here"})
			}
		}
		if plainNames(in.names) && !exact {
			d.Fixes = behindLast(l, "deny", in.names...)
		}
		p.Report(d)
	}
}

// maxRelated is how many places a finding names at most.
const maxRelated = 4

// plainNames reports whether names mean themselves in a glob.
func plainNames(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return strings.ContainsAny(name, "*?[]\"'\\$") })
}

// inQuery finds the names of parameters in a pattern for queries.
var inQuery = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[&|()?*])([A-Za-z][A-Za-z0-9_-]*)=`)
})

// queryNames returns the names of parameters that allow rules of /filter ask for, but those of campaigns.
func queryNames(f *model.Farm) map[string]*model.Rule {
	names := map[string]*model.Rule{}
	if f.Filter == nil {
		return names
	}
	for _, r := range f.Filter.Rules {
		if !r.Allow || r.Query == nil || !lastmatch.Plain(r) {
			continue
		}
		for _, m := range inQuery().FindAllStringSubmatch(r.Query.Text(), -1) {
			name := m[1]
			if _, there := names[name]; there || strings.HasPrefix(name, "utm_") || strings.HasSuffix(name, "clid") || slices.Contains(tokenNames[:], name) {
				continue
			}
			names[name] = r
		}
	}
	return names
}

func checkQueryToken(p *lint.Pass, f *model.Farm) {
	l := ignoring(p, f)
	if l == nil {
		return
	}
	for _, in := range ignoredBy(l, tokenNames[:]) {
		d := diag.Diagnostic{
			Span: in.rule.At.Span, Included: in.rule.At.Included,
			Message: fmt.Sprintf("/ignoreUrlParams ignores %s: whoever asks gets what was stored for another", enumerate(in.names)),
			Hint:    "deny such names behind that entry",
		}
		switch {
		case in.rule.Glob.Always() && deniesSome(l, in.rule):
			continue // its owner has chosen
		case in.rule.Glob.Always():
			d.Severity = diag.Info
		}
		d.Fixes = behindLast(l, "deny", in.names...)
		p.Report(d)
	}
}
