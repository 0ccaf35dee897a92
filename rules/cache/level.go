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
	"github.com/dispcheck/dispcheck/rules/textedit"
)

var statfilesLevelInvalid = lint.Rule{
	ID: "DSP305", Name: "statfileslevel-invalid", Severity: diag.Error, Reported: lint.ByModel,
	Doc: lint.Doc{
		Title: "/statfileslevel is no number of levels",
		Why: "The level counts folders below /docroot, from 0. What the module makes of a negative number or of a text is not published: " +
			"pages may stay as they are after an activation, or all of them become stale.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/statfileslevel "-1"
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/statfileslevel "2"
}
`,
		Since:   since,
		Sources: []string{configuration, skills},
	},
}

var statfilesLevelDepth = lint.Rule{
	ID: "DSP306", Name: "statfileslevel-vs-content-depth", Severity: diag.Warning, Fixable: true, Drops: true, Farm: checkLevelDepth,
	Options: []lint.Option{{
		Name: "content-roots", Default: []string{},
		Doc: "Paths below which pages belong together, one for each language of a site, such as /content/brand/us/en.",
	}},
	Doc: lint.Doc{
		Title: "/statfileslevel does not fit the depth of the content",
		Why: "An activation makes stale what has its nearest statfile in a folder above the page, and the level says how deep folders have " +
			"one. Deeper than the root of a language, it leaves pages beside the activated one as they are, with their navigation and " +
			"teasers. Less deep than where sites part, each activation makes all sites stale.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			/statfileslevel "6"
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
			/statfileslevel "4"
			$include "cache.any"
		}
	}
}
`,
		Files: []lint.File{
			{Name: "site.any", Text: "/virtualhosts { \"www.example.com\" }\n" + exampleHeadersIn + exampleRender + exampleFilterLanguages},
			{Name: "cache.any", Text: exampleGrace + exampleStale + exampleTTL + exampleRules + exampleInvalid + exampleClients + exampleParams + exampleHeaders},
		},
		Note: "The roots are the option's, or else those that allow rules of /filter name down to a language, such as /content/brand/us/en/*. " +
			"Without any, nothing is said. An info where roots are so unequal that no level fits all of them.",
		Since:   since,
		Sources: []string{configuration + " (/statfileslevel)", skills},
	},
}

// exampleFilterLanguages names the languages of a site.
const exampleFilterLanguages = `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/brand/us/en/*" /extension "html" }
	/0101 { /type "allow" /method "GET" /path "/content/brand/us/es/*" /extension "html" }
}
`

func checkLevelDepth(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || !f.Cache.StatfilesLevel.Set || !readable(f.Cache.StatfilesLevel) || f.Cache.Invalidate == nil {
		return
	}
	told := p.Strings("content-roots")
	roots := foldersOf(told)
	if len(roots) == 0 {
		roots = languageRoots(f)
	}
	if len(roots) == 0 {
		return
	}
	level := f.Cache.StatfilesLevel
	shallow := slices.MinFunc(roots, func(a, b []string) int { return len(a) - len(b) })
	least, one, other := partingLevel(roots, len(told) > 0)
	d := diag.Diagnostic{Span: level.ValueAt, Included: level.At.Included}
	root := "/" + strings.Join(shallow, "/")
	switch {
	case least > len(shallow):
		d.Severity = diag.Info
		d.Message = fmt.Sprintf("no /statfileslevel fits all content: %s is %d folders deep, and %s and %s part at %d", root, len(shallow), one, other, least)
		d.Hint = "keep sites at one depth, or give each a farm and a folder of its own"
	case level.Value > len(shallow):
		d.Message = fmt.Sprintf("/statfileslevel %d is deeper than %s: an activation leaves pages beside it as they are", level.Value, root)
		d.Hint = fmt.Sprintf("write %s", levels(least, len(shallow)))
		d.Fixes = textedit.Replaced(level.ValueAt, fmt.Sprint(len(shallow))) // not safe: files become stale at other times
	case level.Value < least:
		d.Message = fmt.Sprintf("/statfileslevel %d makes an activation of %s stale %s, too", level.Value, one, other)
		d.Hint = fmt.Sprintf("write %s", levels(least, len(shallow)))
		d.Fixes = textedit.Replaced(level.ValueAt, fmt.Sprint(least))
	default:
		return
	}
	p.Report(d)
}

func levels(least, most int) string {
	switch {
	case least >= most:
		return fmt.Sprint(most)
	case least <= 1:
		return fmt.Sprintf("%d or less", most)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

// foldersOf splits paths into their folders.
func foldersOf(paths []string) [][]string {
	var list [][]string
	for _, path := range paths {
		if path = strings.Trim(path, "/"); path != "" {
			list = append(list, strings.Split(path, "/"))
		}
	}
	return list
}

// language is a folder that is called after a language, or after a language and a country.
var language = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z]{2}([_-][A-Za-z]{2})?$`) })

// languageRoots returns the folders of languages that allow rules of a filter name in full.
func languageRoots(f *model.Farm) [][]string {
	if f.Filter == nil {
		return nil
	}
	var roots [][]string
	for _, r := range f.Filter.Rules {
		if !r.Allow || !lastmatch.Plain(r) {
			continue
		}
		for _, p := range [...]*model.Pattern{r.Path, r.URL} {
			if p == nil || !strings.Contains(p.Text(), "content/") {
				continue
			}
			text := literalOf(p)
			rest, ok := strings.CutPrefix(text, "/content/")
			if !ok {
				continue
			}
			folders := strings.Split(rest, "/")
			folders = folders[:len(folders)-1] // the last may go on
			const site, mostBelow = 1, 3
			last := 0
			for i, name := range folders {
				if i >= site && i <= mostBelow && language().MatchString(name) {
					last = i
				}
			}
			if last == 0 || !isSite(folders[0]) {
				continue
			}
			root := append([]string{"content"}, folders[:last+1]...)
			if !slices.ContainsFunc(roots, func(o []string) bool { return slices.Equal(o, root) }) {
				roots = append(roots, root)
			}
		}
	}
	return roots
}

// isSite reports whether a folder below /content holds pages of a site.
func isSite(name string) bool {
	switch name {
	case "dam", "experience-fragments", "forms", "cq:tags", "screens", "campaigns", "communities", "usergenerated", "launches", "projects":
		return false
	}
	return true
}

// partingLevel returns the lowest level at which roots have statfiles of their own, and two of them that part there. Of
// roots that were found, not told, only sites are to be apart.
func partingLevel(roots [][]string, told bool) (level int, one, other string) {
	const sites = 2 // /content/brand
	for i, a := range roots {
		for _, b := range roots[:i] {
			n := 0
			for n < min(len(a), len(b)) && a[n] == b[n] {
				n++
			}
			if n == len(a) || n == len(b) || !told && n >= sites {
				continue
			}
			if n++; n > level {
				level, one, other = n, "/"+strings.Join(b, "/"), "/"+strings.Join(a, "/")
			}
		}
	}
	return level, one, other
}
