package cache

import (
	"fmt"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
)

var parametersOrder = lint.Rule{
	ID: "DSP316", Name: "ignoreurlparams-order", Severity: diag.Error, Drops: true, Farm: checkParametersOrder,
	Doc: lint.Doc{
		Title: "entry of /ignoreUrlParams never decides, since later entries match all that it matches",
		Why: "The last entry that matches the name of a parameter decides. With the general entry behind the others, none of these counts: " +
			"parameters that were to be ignored keep pages out of the cache, or pages that differ by a parameter are served as one.",
		Bad: `/cache {
	/docroot "/var/www/html"
	/ignoreUrlParams {
		/0001 { /glob "utm_*" /type "allow" }
		/0002 { /glob "*"     /type "deny" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/ignoreUrlParams {
		/0002 { /glob "*"     /type "deny" }
		/0001 { /glob "utm_*" /type "allow" }
	}
}
`,
		Note:    "Where the later entries do what the entry does, it is only not needed: that is an info, with a fix.",
		Since:   since,
		Sources: []string{configuration + " (ignoring URL parameters)"},
	},
}

func checkParametersOrder(p *lint.Pass, f *model.Farm) {
	checkShadowed(p, f, lastmatch.Parameters, func(*model.Rule) diag.Severity { return diag.Error })
}

var ruleShadowed = lint.Rule{
	ID: "DSP320", Name: "cache-rule-shadowed", Severity: diag.Warning, Drops: true, Farm: checkRuleShadowed,
	Doc: lint.Doc{
		Title: "cache rule never decides, since later rules match all that it matches",
		Why: "The last rule that matches decides. If each URL that a rule matches is matched by a rule behind it, the rule might as well not " +
			"be there. Where it was to deny, answers that are for one visitor are stored and served to others.",
		Bad: `/cache {
	/docroot "/var/www/html"
	/rules {
		/0000 { /glob "*"               /type "deny" }
		/0001 { /glob "/content/news/*" /type "allow" }
		/0002 { /glob "/content/*"      /type "deny" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/rules {
		/0000 { /glob "*"               /type "deny" }
		/0001 { /glob "/content/news/*" /type "allow" }
	}
}
`,
		Note: "A rule that was to deny, and is overridden by one that allows, is an error. Where the later rules do what the rule does, it is only " +
			"not needed: that is an info, with a fix. What is said by samples is not proven: the pattern is too large for that.",
		Since:   since,
		Sources: []string{configuration + " (specifying the documents to cache)"},
	},
}

func checkRuleShadowed(p *lint.Pass, f *model.Farm) {
	checkShadowed(p, f, lastmatch.CacheRules, func(r *model.Rule) diag.Severity {
		if r.Allow {
			return diag.Warning
		}
		return diag.Error
	})
}

// checkShadowed reports the entries of a section that never decide. severity is that of one overridden by others.
func checkShadowed(p *lint.Pass, f *model.Farm, k lastmatch.Kind, severity func(*model.Rule) diag.Severity) {
	s := lastmatch.Of(p, k, f)
	if s == nil {
		return
	}
	for i, r := range s.Rules {
		if p.Context().Err() != nil {
			return
		}
		d, sh := s.Shadowed(i)
		switch {
		case sh == nil:
			continue
		case sh.Same:
			d.Severity = diag.Info
		default:
			d.Severity = severity(r)
		}
		p.Report(d)
	}
}

var ruleUncacheable = lint.Rule{
	ID: "DSP319", Name: "cache-rule-uncacheable", Severity: diag.Warning, Drops: true, Farm: checkUncacheable,
	Doc: lint.Doc{
		Title: "cache rule allows only URLs that are never cached",
		Why: "Dispatcher stores an answer only if the last segment of the URL has an extension, and never for a URL that ends with a slash or a " +
			"request with a query. A rule that allows nothing else has no effect: each such request goes to the publish instance.",
		Bad: `/cache {
	/docroot "/var/www/html"
	/rules {
		/0000 { /glob "*"       /type "deny" }
		/0001 { /glob "/api/*/" /type "allow" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/rules {
		/0000 { /glob "*"           /type "deny" }
		/0001 { /glob "/api/*.json" /type "allow" }
	}
}
`,
		Note:    "URLs are compared as they are after rewriting: one that gets an extension there is cached under it.",
		Since:   since,
		Sources: []string{configuration + " (documents that are not cached)"},
	},
}

func checkUncacheable(p *lint.Pass, f *model.Farm) {
	s := lastmatch.Of(p, lastmatch.CacheRules, f)
	if s == nil {
		return
	}
	for i, r := range s.Rules {
		if p.Context().Err() != nil {
			return
		}
		if !r.Allow || s.Theirs(i) || !s.Uncacheable(i) {
			continue
		}
		p.Report(diag.Diagnostic{
			Span: r.At.Span, Included: r.At.Included,
			Message: fmt.Sprintf("%s allows only URLs that are never cached, such as %s", lastmatch.Name(r), s.Example(i)),
			Hint:    "name URLs with an extension, or remove it",
		})
	}
}
