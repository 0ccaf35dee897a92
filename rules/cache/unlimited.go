package cache

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
)

// What nobody names: selectors and a suffix.
const (
	strangeSelector = ".dispcheck"
	otherSelector   = ".dispcheck2"
	strangeSuffix   = "/dispcheck.html"
	otherSuffix     = "/dispcheck2.html"
)

// exampleSuffixes is a site whose filter lets suffixes through.
const exampleSuffixes = "/virtualhosts { \"www.example.com\" }\n" + exampleHeadersIn + exampleRender + `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/site/*" /extension "html" /selectors "" /suffix "" }
	/0101 { /type "allow" /method "GET" /url "/content/site/*.html/*.html" }
}
`

var pathConflict = lint.Rule{
	ID: "DSP344", Name: "cache-path-conflict", Severity: diag.Warning, Fixable: true, Drops: true, Asks: true, Farm: checkPathConflict,
	Doc: lint.Doc{
		Title: "a page and the same page with a suffix cannot both be stored",
		Why: "The file of a page with a suffix lies in a folder that is called like the file of the page: page.html/suffix.html needs a folder " +
			"page.html. Which is stored first wins, and the other goes to AEM at each request. Once the folder is there, httpd answers the " +
			"page with a redirect to page.html/.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
			/rules {
				/0000 { /glob "*" /type "allow" }
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
				/0000 { /glob "*"        /type "allow" }
				/0001 { /glob "*.html/*" /type "deny" }
			}
		}
	}
}
`,
		Files: []lint.File{{Name: "site.any", Text: exampleSuffixes}, {Name: "cache.any", Text: exampleBesideRules}},
		Note: "An info where no rule of /filter speaks of suffixes, and they pass since nobody denies them: then only who makes them up is in " +
			"the way. Farms for authors are not looked at.",
		Since:   since,
		Sources: []string{configuration + " (debugging: target is a directory)"},
	},
}

func checkPathConflict(p *lint.Pass, f *model.Farm) {
	v := visitorOf(p, f)
	if v == nil {
		return
	}
	var best *diag.Diagnostic
	for _, base := range v.bases(p) {
		page := base + ".html"
		s, ok := v.stores(p, page+strangeSuffix)
		if !ok {
			continue
		}
		d := &diag.Diagnostic{
			Span: s.rule.At.Span, Included: s.rule.At.Included, Related: passedBy(s.filter, page+strangeSuffix),
			Message: fmt.Sprintf("cache %s lets both %s and %s be stored: a file and a folder of one name", lastmatch.Name(s.rule), page, page+strangeSuffix),
			Hint:    `deny pages with a suffix behind that rule: /glob "*.html/*"`,
			Fixes:   behindLast(f.Cache.Rules, "deny", "*.html/*"),
		}
		if speaksOfSuffix(s.filter) {
			best = d
			break
		}
		if best == nil {
			d.Severity = diag.Info
			best = d
		}
	}
	if best != nil {
		p.Report(*best)
	}
}

// speaksOfSuffix reports whether a rule of /filter is about pages with a suffix.
func speaksOfSuffix(r *model.Rule) bool {
	if r == nil {
		return false
	}
	if s := r.Suffix; s != nil && s.Pattern != nil && !s.MatchesEmpty() {
		return true
	}
	if r.URL == nil {
		return false
	}
	text := r.URL.Text()
	return strings.Contains(text, "html/") || strings.Contains(text, "html(/") || strings.Contains(text, "html[/")
}

var explosion = lint.Rule{
	ID: "DSP345", Name: "cache-explosion", Severity: diag.Warning, Security: true, Drops: true, Asks: true, Farm: checkExplosion,
	Doc: lint.Doc{
		Title: "any number of files is stored for one page",
		Why: "Each selector and each suffix makes a file of its own. Where any passes and is stored, anybody can have AEM render one page " +
			"again and again until the disk is full; flushes then take long, too, as they have all those files to look at.",
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
		}
	}
}
`,
		BadFiles:  []lint.File{exampleSite},
		GoodFiles: []lint.File{{Name: "site.any", Text: "/virtualhosts { \"www.example.com\" }\n" + exampleHeadersIn + exampleRender + exampleFilterClosed}},
		Files:     []lint.File{{Name: "cache.any", Text: exampleRules + exampleBesideRules}},
		Note: "The filter is the place to put it right, as DSP162 and DSP163 say, which speak of what it costs the instances. In the good example it " +
			"denies selectors and suffixes. Farms for authors are not looked at.",
		Since:   since,
		Sources: []string{"Cognifide/SecureCQ", "AdobeDocs/experience-manager-65.en, security checklist (denial of service)"},
	},
}

// exampleFilterClosed lets pages through without selectors and suffix.
const exampleFilterClosed = `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/site/*" /extension "html" }
	/0150 { /type "deny"  /url "/content*" /suffix "*" }
	/0151 { /type "deny"  /url "/content*" /selectors "*" }
}
`

func checkExplosion(p *lint.Pass, f *model.Farm) {
	v := visitorOf(p, f)
	if v == nil {
		return
	}
	for _, base := range v.bases(p) {
		var examples []string
		var first stored
		for _, two := range [...][2]string{
			{base + strangeSelector + ".html", base + otherSelector + ".html"}, {base + ".html" + strangeSuffix, base + ".html" + otherSuffix},
		} {
			s, ok := v.stores(p, two[0])
			if !ok {
				continue
			}
			if _, ok = v.stores(p, two[1]); !ok {
				continue
			}
			if examples == nil {
				first = s
			}
			examples = append(examples, two[0])
		}
		if examples == nil {
			continue
		}
		what := "selector"
		switch {
		case len(examples) > 1:
			what = "selector and any suffix"
		case strings.HasSuffix(examples[0], strangeSuffix):
			what = "suffix"
		}
		p.Report(diag.Diagnostic{
			Span: first.rule.At.Span, Included: first.rule.At.Included, Related: passedBy(first.filter, examples[0]),
			Message: fmt.Sprintf("cache %s stores a page with any %s: %s", lastmatch.Name(first.rule), what, enumerate(examples)),
			Hint:    "deny in /filter what pages do not use, or deny here that it is stored",
		})
		return
	}
}
