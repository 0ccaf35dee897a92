package cache

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/rules/unread"
)

var cacheDisabled = lint.Rule{
	ID: "DSP318", Name: "cache-disabled", Severity: diag.Info, Farm: checkCacheDisabled,
	Doc: lint.Doc{
		Title: "the rules of the cache store nothing",
		Why: "The last rule that matches decides, and for each URL that could be stored that is one that denies. The farm has a cache with " +
			"statfiles and headers, and every request goes to AEM all the same.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/rules {
		/0000 { /glob "*" /type "deny" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/rules {
		/0000 { /glob "*"                 /type "deny" }
		/0001 { /glob "/etc.clientlibs/*" /type "allow" }
	}
}
`,
		Note: "It is proven, not sampled. Not reported in farms for authors, nor in those that are for flushes by their names. A /cache without " +
			"rules is DSP317.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkCacheDisabled(p *lint.Pass, f *model.Farm) {
	c := f.Cache
	if c == nil || !c.Docroot.Set || c.Rules == nil || len(c.Rules.Rules) == 0 || len(c.Rules.Unknown) > 0 || p.FarmType(f) == lint.Author ||
		forFlushes(f) || unread.Section(p, c.Rules.At.Span) || storesAny(p, f) {
		return
	}
	at := head(c.Rules.At)
	p.Report(diag.Diagnostic{
		Span: at.Span, Included: at.Included, Message: "/rules lets nothing be stored",
		Hint: "allow what is the same for everybody, such as client libraries, or remove /cache",
	})
}

// storesAny reports whether the rules of a farm let anything be stored; true where that is not known. Examples show it of
// most farms.
func storesAny(p *lint.Pass, f *model.Farm) bool {
	l := f.Cache.Rules
	if l != nil && !slices.ContainsFunc(l.Rules, func(r *model.Rule) bool { return r.Glob == nil }) {
		for _, r := range l.Rules {
			if !r.Allow {
				continue
			}
			for _, url := range examplesOf(r.Glob) {
				if deciding(l, url).Allow {
					return true
				}
			}
		}
	}
	return lastmatch.Stores(p, f)
}

// forFlushes reports whether a farm is there for flushes, by its name or those of its hosts.
func forFlushes(f *model.Farm) bool {
	is := func(name string) bool {
		name = strings.ToLower(name)
		return strings.Contains(name, "flush") || strings.Contains(name, "invalidat")
	}
	return is(f.Name) || slices.ContainsFunc(f.VirtualHosts, func(v *model.VirtualHost) bool { return is(v.Text) })
}

var ruleNeverAllowed = lint.Rule{
	ID: "DSP347", Name: "cache-rule-never-allowed", Severity: diag.Info, Fixable: true, Drops: true, Asks: true, Config: checkNeverAllowed,
	Doc: lint.Doc{
		Title: "cache rule allows only URLs that the filter denies",
		Why: "What the filter denies is answered at once and never stored. A rule for such URLs does nothing; its author thought that they are " +
			"served, or the filter was closed and the rule forgotten.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
			/rules {
				/0000 { /glob "*"          /type "deny" }
				/0001 { /glob "/content/*" /type "allow" }
				/0002 { /glob "/apps/*"    /type "allow" }
			}
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
			/rules {
				/0000 { /glob "*"          /type "deny" }
				/0001 { /glob "/content/*" /type "allow" }
			}
		}
	}
}
`,
		Files: []lint.File{exampleSite, {Name: "cache.any", Text: exampleBesideRules}},
		Note: "It is proven, not sampled. Rules that deny are not reported: they are a second line. A rule that several farms include is reported " +
			"where the filters of all of them deny what it allows. Not reported with /vanity_urls, which let URLs past the filter, and in " +
			"farms for authors.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkNeverAllowed(p *lint.Pass, c *model.Config) {
	eachDead(p, c, func(f *model.Farm) *model.RuleList { return f.Cache.Rules }, lastmatch.Unserved, func(f *model.Farm, r *model.Rule) {
		d := diag.Diagnostic{
			Span: r.At.Span, Included: r.At.Included,
			Message: fmt.Sprintf("cache %s allows only URLs that the filter denies", lastmatch.Name(r)),
			Hint:    "remove it, or allow in /filter what is to be served",
		}
		if len(f.Cache.Rules.Rules) > 1 {
			// Not safe: the file may be included elsewhere, under a filter that is not seen here.
			d.Fixes = []diag.Fix{{Title: "remove it", Edits: []diag.Edit{textedit.Removed(r.At.Span)}}}
		}
		p.For(f).Report(d)
	})
}
