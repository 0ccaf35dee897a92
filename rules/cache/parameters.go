package cache

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/rules/unread"
)

// What parameters that no entry names are to be, for the option policy.
const (
	eitherWay       = "either"
	ignoreByDefault = "ignore-by-default"
	denyByDefault   = "deny-by-default"
)

var ignoreURLParamsPolicy = lint.Rule{
	ID: "DSP311", Name: "ignoreurlparams-policy", Severity: diag.Warning, Fixable: true, Drops: true, Farm: checkParameterPolicy, Literal: checkParametersLiterally,
	Options: []lint.Option{{
		Name: "policy", Default: eitherWay,
		Doc: "What parameters without an entry of their own are to be: either of the two, as long as it is written, ignore-by-default or deny-by-default.",
	}},
	Doc: lint.Doc{
		Title: "/ignoreUrlParams does not say what holds for all other parameters",
		Why: "A request is answered from the cache only if each of its parameters is ignored, and a parameter that no entry names is not. " +
			"A list that only allows some is easily taken for its opposite, as one of those that matter: then exactly the wrong " +
			"requests are answered from the cache.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/ignoreUrlParams {
		/0001 { /glob "q" /type "allow" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/ignoreUrlParams {
		/0001 { /glob "*" /type "allow" }
		/0002 { /glob "q" /type "deny" }
	}
}
`,
		Note: "Adobe's sources disagree: the Optimizer Tool wants all parameters to be ignored but those that are denied, the default farm of " +
			"the Cloud Service denies all but those that are known from marketing. The option policy settles it for a project. The " +
			"fix writes down what holds.",
		Literal: "/ignoreUrlParams of a farm for the public starts with an entry that has /glob \"*\" and /type \"allow\", or \"deny\" where " +
			"the option policy is deny-by-default. A farm without the list is reported as well.",
		Since:   since,
		Sources: []string{optimizer + " (Disp-1)", configuration, archetype},
	},
}

func checkParameterPolicy(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || f.Cache.IgnoreURLParams == nil || len(f.Cache.IgnoreURLParams.Rules) == 0 {
		return
	}
	l := f.Cache.IgnoreURLParams
	if len(l.Unknown) > 0 || unread.Section(p, l.At.Span) {
		return
	}
	var all *model.Rule // the one that decides about names without an entry
	for _, r := range l.Rules {
		if r.Glob == nil || undetermined(r.Glob.Text()) {
			return
		}
		if r.Glob.Always() {
			all = r
		}
	}
	policy := p.String("policy")
	at := head(l.At)
	d := diag.Diagnostic{}
	switch {
	case policy == ignoreByDefault && (all == nil || !all.Allow):
		d.Message = "/ignoreUrlParams does not ignore parameters that it does not name"
		d.Hint = `start with /glob "*" /type "allow", and deny the parameters that change a page`
	case policy == denyByDefault && all != nil && all.Allow:
		d.Message = "/ignoreUrlParams ignores parameters that it does not name"
		d.Hint = `start with /glob "*" /type "deny", and allow the parameters that change nothing`
	case policy != ignoreByDefault && policy != denyByDefault && all == nil:
		d.Message = "/ignoreUrlParams does not say what holds for all other parameters"
		d.Hint = `start with an entry for /glob "*"`
		entry := `/0000 { /glob "*" /type "deny" }`
		for _, r := range l.Rules {
			if r.Label == "0000" {
				entry = `/others { /glob "*" /type "deny" }`
			}
		}
		if edits := textedit.FirstEntry(l, entry); edits != nil {
			// Safe: what no entry matches is not ignored either.
			d.Fixes = []diag.Fix{{Title: "add " + entry, Safe: true, Edits: edits}}
		}
	default:
		return
	}
	if all != nil {
		at = all.At
	}
	d.Span, d.Included = at.Span, at.Included
	p.Report(d)
}

// checkParametersLiterally looks at the first entry alone, as RULE_LIST_STARTS_WITH of the Optimizer Tool does.
func checkParametersLiterally(p *lint.Pass, f *model.Farm) {
	if p.FarmType(f) == lint.Author || f.Cache == nil && unread.Part(p.Subject.Config) {
		return
	}
	word := "allow"
	if p.String("policy") == denyByDefault {
		word = "deny"
	}
	at, subject, verb := f.At, "farm /"+f.Name, "has no /ignoreUrlParams that starts"
	if f.Cache != nil {
		at, subject = f.Cache.At, "/cache"
		if l := f.Cache.IgnoreURLParams; l != nil {
			if at, subject, verb = l.At, "/ignoreUrlParams", "does not start"; len(l.Rules) > 0 {
				at = l.Rules[0].At
				if g := l.Rules[0].Glob; g != nil && strings.TrimSpace(g.Text()) == "*" && strings.EqualFold(l.Rules[0].Type.Text, "deny") == (word == "deny") {
					return
				}
			}
		}
	}
	at = head(at)
	p.Report(diag.Diagnostic{
		Span: at.Span, Included: at.Included, Message: fmt.Sprintf(`%s %s with an entry for /glob "*" that has /type "%s"`, subject, verb, word),
		Hint: "write it before all other entries",
	})
}

var ignoreURLParamsMissing = lint.Rule{
	ID: "DSP312", Name: "ignoreurlparams-missing", Severity: diag.Warning, Drops: true, Farm: checkParametersMissing,
	Literal: func(*lint.Pass, *model.Farm) {}, // DSP311 tells
	Doc: lint.Doc{
		Title: "every parameter keeps a page out of the cache",
		Why: "Without /ignoreUrlParams a request with any query goes to AEM. Campaigns send their visitors with parameters that change " +
			"nothing on the page, all at once: the cache does not help exactly when it is needed.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
		}
	}
}
`,
		Good: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
			/ignoreUrlParams {
				/0000 { /glob "*"     /type "deny" }
				/0001 { /glob "utm_*" /type "allow" }
			}
		}
	}
}
`,
		Files:   exampleCache(exampleLevel + exampleGrace + exampleStale + exampleTTL + exampleRules + exampleInvalid + exampleClients + exampleHeaders),
		Literal: "DSP311 reports the missing list instead.",
		Note:    "A CDN in front may take such parameters off; suppress the finding then. Farms that store no pages are not reported.",
		Since:   since,
		Sources: []string{cloudCaching, optimizer + " (Disp-1)", skills},
	},
}

func checkParametersMissing(p *lint.Pass, f *model.Farm) {
	if !siteFarm(p, f) || !storesPages(f.Cache) {
		return
	}
	at, message := head(f.Cache.At), "/cache has no /ignoreUrlParams: a request with any parameter goes to AEM"
	if l := f.Cache.IgnoreURLParams; l != nil {
		if len(l.Rules) > 0 || len(l.Unknown) > 0 {
			return
		}
		at, message = head(l.At), "/ignoreUrlParams is empty: a request with any parameter goes to AEM"
	}
	p.Report(diag.Diagnostic{
		Span: at.Span, Included: at.Included, Message: message,
		Hint: "allow the parameters that change nothing on a page, such as those of campaigns",
	})
}

var ignoreURLParamsMarketing = lint.Rule{
	ID: "DSP313", Name: "ignoreurlparams-marketing-include", Severity: diag.Info, Profiles: []string{"cloud"}, Drops: true, Farm: checkMarketing,
	Doc: lint.Doc{
		Title: "well-known parameters of campaigns are not ignored",
		Why: "Search engines, networks and newsletters add parameters of their own to links. The Cloud Service's projects have a list of them, " +
			"cache/marketing_query_parameters.any. A farm that does without sends the visitors of a campaign to AEM, each by a URL of its own.",
		File: "conf.dispatcher.d/available_farms/site.farm",
		Bad: `/site {
	/cache {
		/docroot "${DOCROOT}"
		/ignoreUrlParams {
			/0000 { /glob "*" /type "deny" }
			/0001 { /glob "q" /type "allow" }
		}
	}
}
`,
		Good: `/site {
	/cache {
		/docroot "${DOCROOT}"
		/ignoreUrlParams {
			/0000 { /glob "*" /type "deny" }
			/0001 { /glob "q" /type "allow" }
			$include "../cache/marketing_query_parameters.any"
		}
	}
}
`,
		GoodFiles: []lint.File{{Name: "conf.dispatcher.d/cache/marketing_query_parameters.any", Text: "/0100 { /glob \"utm_*\"  /type \"allow\" }\n/0101 { /glob \"gclid\"  /type \"allow\" }\n/0102 { /glob \"fbclid\" /type \"allow\" }\n"}},
		Note:      "Looked for are utm_source, utm_campaign, gclid and fbclid. Not reported where the list ignores all parameters but some, or cannot be read in full.",
		Since:     since,
		Sources:   []string{cloudCaching, skills},
	},
}

// campaigns are parameters that any site gets sooner or later.
var campaigns = [...]string{"utm_source", "utm_campaign", "gclid", "fbclid"}

func checkMarketing(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || f.Cache.IgnoreURLParams == nil || len(f.Cache.IgnoreURLParams.Rules) == 0 {
		return
	}
	l := f.Cache.IgnoreURLParams
	if p.FarmType(f) == lint.Author || len(l.Unknown) > 0 || unread.Section(p, l.At.Span) {
		return
	}
	for _, r := range l.Rules {
		if r.Glob == nil || undetermined(r.Glob.Text()) {
			return
		}
	}
	var lacking []string
	for _, name := range campaigns {
		if r := deciding(l, name); r == nil || !r.Allow {
			lacking = append(lacking, name)
		}
	}
	if len(lacking) == 0 {
		return
	}
	at := head(l.At)
	p.Report(diag.Diagnostic{
		Span: at.Span, Included: at.Included, Message: "/ignoreUrlParams does not ignore " + strings.Join(lacking, ", "),
		Hint: `add $include "../cache/marketing_query_parameters.any"`,
	})
}

var ignoreURLParamsBadPattern = lint.Rule{
	ID: "DSP315", Name: "ignoreurlparams-bad-pattern", Severity: diag.Error, Fixable: true, Farm: checkBadParameter,
	Doc: lint.Doc{
		Title: "pattern of /ignoreUrlParams is no pattern for a name",
		Why: "The patterns are compared with the names of parameters, without the question mark, the value and what stands between " +
			"parameters. One that holds = or & fits no name, so the entry does nothing: a parameter that was to be ignored still sends " +
			"each request to AEM.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/ignoreUrlParams {
		/0000 { /glob "*"       /type "deny" }
		/0001 { /glob "utm_*=*" /type "allow" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/ignoreUrlParams {
		/0000 { /glob "*"     /type "deny" }
		/0001 { /glob "utm_*" /type "allow" }
	}
}
`,
		Note:    "A fix is offered where a name is left.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkBadParameter(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || f.Cache.IgnoreURLParams == nil {
		return
	}
	for _, r := range f.Cache.IgnoreURLParams.Rules {
		g := r.Glob
		if g == nil || undetermined(g.Text()) || regexSign(g, subjectName) != "" {
			continue
		}
		name, why := nameAlone(g)
		if why == "" {
			continue
		}
		d := diag.Diagnostic{
			Span: g.ValueAt, Included: g.At.Included, Message: fmt.Sprintf("/glob %s fits no name of a parameter: %s", quote(g.Text()), why),
			Hint: "write the name of the parameter alone",
		}
		if name != "" && g.Quote != '\'' {
			// Not safe: requests that went to AEM are answered from the cache.
			d.Fixes = textedit.Replaced(g.ValueAt, name)
		}
		p.Report(d)
	}
}

// nameAlone says why a pattern fits no name of a parameter, "" where it may fit one, and what is left of it as a
// pattern for names.
func nameAlone(g *model.Pattern) (name, why string) {
	text := g.Text()
	if strings.ContainsRune(text, '[') {
		return "", "" // what stands in a set need not be in the name
	}
	// In a glob a question mark is any character. At the start it stands for the one before the query, unless it is
	// one of several or a name in full.
	query := g.Kind() == match.KindGlob && len(text) > 1 && text[0] == '?' && isNameByte(text[1])
	if query {
		text = text[1:]
	}
	i := strings.IndexAny(text, "=&")
	switch {
	case i >= 0:
		name, why = text[:i], "names end before "+text[i:i+1]
		if strings.Trim(text[i:], "&") != "" && strings.ContainsRune(text, '&') {
			name = "" // more than one parameter
		}
		return name, why
	case query && !strings.ContainsAny(text, "*?"):
		return text, "names come without the question mark"
	}
	return "", ""
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}
