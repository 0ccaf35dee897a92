package cache

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
	"github.com/dispcheck/dispcheck/rules/unread"
	"github.com/dispcheck/dispcheck/source"
)

var invalidateNeverMatches = lint.Rule{
	ID: "DSP328", Name: "invalidate-rule-never-matches", Severity: diag.Warning, Drops: true, Asks: true, Config: checkInvalidateNeverMatches,
	Doc: lint.Doc{
		Title: "entry of /invalidate fits nothing that is stored",
		Why: "An entry of /invalidate makes files stale. Where the filter lets no such URL through, or the rules of the cache store none, it " +
			"does nothing; what it was meant for stays as it is after an activation.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
			/invalidate {
				/0000 { /glob "*"      /type "deny" }
				/0001 { /glob "*.html" /type "allow" }
				/0002 { /glob "*.htm"  /type "allow" }
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
			/invalidate {
				/0000 { /glob "*"      /type "deny" }
				/0001 { /glob "*.html" /type "allow" }
			}
		}
	}
}
`,
		Files: exampleCache(exampleLevel + exampleGrace + exampleStale + exampleTTL + exampleRules + exampleClients + exampleParams + exampleHeaders),
		Note: "It is proven, not sampled; URLs with a suffix count where the filter or the entry speaks of them. An entry that several farms include is reported where it fits nothing in any of them. Not reported with " +
			"/vanity_urls, which let URLs past the filter, in farms for authors, and where nothing is stored at all. The two entries of Adobe's " +
			"sample for segments and analytics are an info.",
		Since:   since,
		Sources: []string{configuration},
	},
}

// sampled are entries of Adobe's sample of /invalidate, which many farms have without what they are for.
var sampled = [...]string{"/etc/segmentation.segment.js", "*/analytics.sitecatalyst.js"}

func checkInvalidateNeverMatches(p *lint.Pass, c *model.Config) {
	eachDead(p, c, func(f *model.Farm) *model.RuleList { return f.Cache.Invalidate }, unstored, func(f *model.Farm, r *model.Rule) {
		d := diag.Diagnostic{
			Span: r.At.Span, Included: r.At.Included,
			Message: fmt.Sprintf("%s of /invalidate fits nothing that is let through and stored", lastmatch.Name(r)),
			Hint:    "name what the site serves, or remove it",
		}
		if r.Glob != nil && slices.Contains(sampled[:], r.Glob.Text()) {
			d.Severity = diag.Info
		}
		p.For(f).Report(d)
	})
}

// unstored looks at files with a suffix where a rule of the filter speaks of suffixes, or the entry does.
func unstored(p *lint.Pass, f *model.Farm, r *model.Rule) bool {
	return lastmatch.Unstored(p, f, r, r.Glob != nil && strings.Contains(r.Glob.Text(), "html/") || slices.ContainsFunc(f.Filter.Rules, speaksOfSuffix))
}

// mostCompared is how many rules of filters entries are held against in a run; an entry that comes beyond is not judged.
const mostCompared = 5000

// eachDead calls yield for each allow rule of a section that dead says to be without effect in each farm that has it, with
// the first of them, in the order of the text. Farms about which not all is known keep their rules.
func eachDead(p *lint.Pass, c *model.Config, section func(*model.Farm) *model.RuleList, dead func(*lint.Pass, *model.Farm, *model.Rule) bool, yield func(*model.Farm, *model.Rule)) {
	alive, compared := map[source.Span]bool{}, 0
	without := func(f *model.Farm, r *model.Rule) bool {
		compared += len(f.Filter.Rules)
		return compared <= mostCompared && dead(p, f, r)
	}
	var farms []*model.Farm
	for _, f := range c.Farms {
		if f.Cache == nil || section(f) == nil {
			continue
		}
		farms = append(farms, f)
		v := visitorOf(p, f)
		known := v != nil && f.VanityURLs == nil && f.Filter != nil && !unread.Section(p, section(f).At.Span) && storesAny(p, f)
		if known {
			v.bases(p) // URLs that show for most rules that they have an effect
		}
		for _, r := range section(f).Rules {
			if p.Context().Err() != nil {
				return
			}
			if at := r.At.Span; !alive[at] && (!known || r.Allow && (v.meets(p, r) || !without(f, r))) {
				alive[at] = true
			}
		}
	}
	for _, f := range farms {
		for _, r := range section(f).Rules {
			if r.Allow && !alive[r.At.Span] {
				alive[r.At.Span] = true // told once
				yield(f, r)
			}
		}
	}
}

// meets reports whether a rule matches a URL that is known to be stored, or to be so when it is asked for.
func (v *visitor) meets(p *lint.Pass, r *model.Rule) bool {
	if r.Glob == nil || r.Glob.Pattern == nil {
		return false
	}
	for url, s := range v.known {
		if s.rule != nil && r.Glob.Match(url) {
			return true
		}
	}
	for _, url := range examplesOf(r.Glob) {
		if _, ok := v.stores(p, url); ok {
			return true
		}
	}
	return false
}

var invalidateMissesType = lint.Rule{
	ID: "DSP329", Name: "invalidate-misses-cached-type", Severity: diag.Warning, Fixable: true, Drops: true, Asks: true, Farm: checkInvalidateMisses,
	Doc: lint.Doc{
		Title: "what is made of several pages is stored, and no activation makes it stale",
		Why: "A page shows parts of others: navigation, teasers, lists. So does its model in JSON, and a sitemap is all about others. " +
			"Where /invalidate leaves out what is stored of these, it stays as it is until someone deletes the file.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
			/invalidate {
				/0000 { /glob "*"      /type "deny" }
				/0001 { /glob "*.html" /type "allow" }
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
			/invalidate {
				/0000 { /glob "*"            /type "deny" }
				/0001 { /glob "*.html"       /type "allow" }
				/0002 { /glob "*.model.json" /type "allow" }
			}
		}
	}
}
`,
		Files: []lint.File{
			{Name: "site.any", Text: "/virtualhosts { \"www.example.com\" }\n" + exampleHeadersIn + exampleRender + exampleFilterModel},
			{Name: "cache.any", Text: exampleLevel + exampleGrace + exampleStale + exampleRules + exampleClients + exampleParams + exampleHeaders},
		},
		Note: "Looked for are pages, and .model.json, .sitemap.xml and .sitemap-index.xml where a rule of /filter that lets them through names the selector. " +
			"An info where files expire by themselves, with /enableTTL \"1\" and " +
			"Cache-Control or Expires among /headers: a response without them does not, so that rules of the " +
			"platform's own filter are left out then. What an entry denies by name is meant. " +
			"A farm without any such entry is told by DSP327.",
		Since:   since,
		Sources: []string{configuration, skills},
	},
}

// exampleFilterModel lets pages and their models through.
const exampleFilterModel = `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/site/*" /extension "html" }
	/0101 { /type "allow" /method "GET" /path "/content/site/*" /selectors "model" /extension "json" }
}
`

// derived are the endings of what is made of several pages. What has a word is looked for only where the filter says it:
// elsewhere it passes because nobody denies it.
var derived = [...]struct{ end, word string }{
	{".html", ""}, {".model.json", "model"}, {".sitemap.xml", "sitemap"}, {".sitemap-index.xml", "sitemap"},
}

func checkInvalidateMisses(p *lint.Pass, f *model.Farm) {
	v := visitorOf(p, f)
	if v == nil || f.Cache.Invalidate == nil {
		return
	}
	l := f.Cache.Invalidate
	if len(l.Unknown) > 0 || unread.Section(p, l.At.Span) || !slices.ContainsFunc(l.Rules, func(r *model.Rule) bool { return r.Allow }) ||
		slices.ContainsFunc(l.Rules, func(r *model.Rule) bool { return r.Glob == nil || !lastmatch.Plain(r) }) {
		return
	}
	var urls, globs []string
	var related []diag.Related
	for _, d := range derived {
		for _, path := range v.paths {
			url := path + d.end
			s, ok := v.stores(p, url)
			if !ok || d.word != "" && (!says(s.filter, d.word) || expires(f.Cache) && p.Subject.Immutable != nil && p.Subject.Immutable(s.filter.At.Span.File)) {
				continue
			}
			if r := deciding(l, url); r != nil && (r.Allow || !r.Glob.Always()) {
				continue
			}
			urls, globs = append(urls, url), append(globs, "*"+d.end)
			related = append(related, passedBy(s.filter, url)...)
			break
		}
	}
	if urls == nil {
		return
	}
	them := "it"
	if len(urls) > 1 {
		them = "them"
	}
	at := head(l.At)
	d := diag.Diagnostic{
		Span: at.Span, Included: at.Included, Related: related,
		Message: fmt.Sprintf("/invalidate leaves out %s: stored, and no activation makes %s stale", enumerate(urls), them),
		Hint:    fmt.Sprintf(`allow "%s" behind the other entries`, strings.Join(globs, `", "`)),
		Fixes:   behindLast(l, "allow", globs...),
	}
	if expires(f.Cache) {
		d.Severity = diag.Info
	}
	p.Report(d)
}

// says reports whether a rule of /filter is about a selector.
func says(r *model.Rule, word string) bool {
	if r == nil {
		return false
	}
	return slices.ContainsFunc(r.Patterns(), func(p *model.Pattern) bool { return strings.Contains(p.Text(), word) })
}
