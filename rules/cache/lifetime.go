package cache

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
)

var ttlAndInvalidate = lint.Rule{
	ID: "DSP341", Name: "ttl-and-invalidate", Severity: diag.Info, Drops: true, Farm: checkTTLAndInvalidate,
	Doc: lint.Doc{
		Title: "before 4.3.5 files that expire are not made stale by activations",
		Why: "With /enableTTL a file that came with an age is kept until it has expired. Up to 4.3.4 that is all: what /invalidate allows has no " +
			"effect on such files, and pages that show an activated one stay as they are. Since 4.3.5 both count.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/enableTTL "1"
	/invalidate {
		/0000 { /glob "*.html" /type "allow" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/enableTTL "0"
	/invalidate {
		/0000 { /glob "*.html" /type "allow" }
	}
}
`,
		Version: "4.3.4",
		Note:    "Said only where --dispatcher-version names a release before 4.3.5, as the examples are read.",
		Since:   since,
		Sources: []string{configuration + " (/enableTTL)", "AdobeDocs/experience-manager-dispatcher.en, release-notes.md (DISP-954)"},
	},
}

func checkTTLAndInvalidate(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || !f.Cache.EnableTTL.Value || f.Cache.Invalidate == nil || !before435(p.Subject.Version) {
		return
	}
	for _, r := range f.Cache.Invalidate.Rules {
		if !r.Allow {
			continue
		}
		s := f.Cache.EnableTTL
		p.Report(diag.Diagnostic{
			Span: s.At.Span, Included: s.At.Included,
			Message: fmt.Sprintf("/enableTTL keeps files until they expire: %s takes no notice of /invalidate for them", p.Subject.Version),
			Hint:    "update the module to 4.3.5 or later, or leave the age of files out",
			Related: []diag.Related{{Span: f.Cache.Invalidate.At.Span, Message: "what has no effect on them"}},
		})
		return
	}
}

// before435 reports whether a version of the module is known and came before 4.3.5. Those of AEM as a Cloud Service
// count 2.0.x and came after it.
func before435(version string) bool {
	parts := strings.SplitN(strings.TrimPrefix(strings.TrimSpace(version), "v"), ".", 4)
	number := func(i int) int {
		if i >= len(parts) {
			return 0
		}
		digits := parts[i]
		if end := strings.IndexFunc(digits, func(c rune) bool { return c < '0' || c > '9' }); end >= 0 {
			digits = digits[:end]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			return 0
		}
		return n
	}
	const major, minor, patch = 4, 3, 5
	switch {
	case number(0) != major:
		return false
	case number(1) != minor:
		return number(1) < minor
	}
	return len(parts) > 2 && number(2) < patch
}

var noTTL = lint.Rule{
	ID: "DSP352", Name: "cache-no-store-types", Severity: diag.Info, Drops: true, Asks: true, Farm: checkNoTTL,
	Doc: lint.Doc{
		Title: "searches or data are stored without an end",
		Why: "Hits, feeds and the answers of an API change without an activation. Where they are stored, do not expire, and no flush makes them " +
			"stale, the first answer is handed out until somebody deletes the file.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			/enableTTL "0"
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
			/enableTTL "1"
			$include "cache.any"
		}
	}
}
`,
		Files: []lint.File{
			{Name: "site.any", Text: "/virtualhosts { \"www.example.com\" }\n" + exampleHeadersIn + exampleRender + exampleFilterAPI},
			{Name: "cache.any", Text: exampleLevel + exampleGrace + exampleStale + exampleRules + exampleInvalid + exampleClients + exampleParams + exampleHeaders},
		},
		Note: "Looked for are allow rules of /filter that speak of search, suggest, api, graphql, feed or rss. Files expire with /enableTTL \"1\" and Cache-Control or " +
			"Expires among /headers, if the response has one. Farms for authors are not looked at.",
		Since:   since,
		Sources: []string{skills},
	},
}

// exampleFilterAPI lets pages and the data of a shop through.
const exampleFilterAPI = `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/site/*" /extension "html" }
	/0101 { /type "allow" /method "GET" /url "/content/site/api/*.json" }
}
`

// changingWord is a part of a path that is called after what changes without an activation.
var changingWord = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|[/._-])(search(results?)?|suggest(ions)?|autocomplete|api|graphql|feed|rss)([/._-]|$)`)
})

func checkNoTTL(p *lint.Pass, f *model.Farm) {
	v := visitorOf(p, f)
	if v == nil || expires(f.Cache) {
		return
	}
	v.named(p, changingWord().MatchString, func(_ *model.Rule, url string, s stored) {
		if !changingWord().MatchString(url) || invalidated(f.Cache, url) || strings.HasPrefix(url, "/bin/") ||
			slices.ContainsFunc(staticFolders[:], func(folder string) bool { return strings.HasPrefix(url, folder) }) {
			return // of servlets DSP324 speaks, and libraries come with releases
		}
		p.Report(diag.Diagnostic{
			Span: s.rule.At.Span, Included: s.rule.At.Included, Related: passedBy(s.filter, url),
			Message: fmt.Sprintf("cache %s stores %s, which neither expires nor is made stale", lastmatch.Name(s.rule), url),
			Hint:    `set /enableTTL "1" with Cache-Control among /headers, or deny it behind that rule`,
		})
	})
}
