package cache

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var invalidateHandlerPath = lint.Rule{
	ID: "DSP342", Name: "invalidatehandler-path", Severity: diag.Error, Farm: checkInvalidateHandler,
	Doc: lint.Doc{
		Title: "program of /invalidateHandler cannot be run",
		Why: "The module runs the program for each flush. Where a relative name leads depends on the folder that httpd was started in, and in " +
			"AEM as a Cloud Service there is no place for programs: what the handler was to do does not happen.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/invalidateHandler "scripts/flush.sh"
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/invalidateHandler "/opt/dispatcher/scripts/flush.sh"
}
`,
		Note:    "Whether the file is there cannot be seen from here.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkInvalidateHandler(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil {
		return
	}
	s := f.Cache.InvalidateHandler
	if !s.Set || s.Text == "" {
		return
	}
	d := diag.Diagnostic{Span: s.ValueAt, Included: s.At.Included}
	switch {
	case p.Subject.Profile == "cloud":
		d.Message, d.Hint = "/invalidateHandler names a program, and the Cloud Service has no place for one", "remove the property"
	case undetermined(s.Text) || isAbsolute(s.Text):
		return
	default:
		d.Message = fmt.Sprintf("/invalidateHandler %s is no absolute path", quote(s.Text))
		d.Hint = "write the path from the root of the file system"
	}
	p.Report(d)
}

// isAbsolute reports whether a path starts at the root, or on Windows at that of a drive or a share.
func isAbsolute(name string) bool {
	const drive = 2
	return strings.HasPrefix(name, "/") || strings.HasPrefix(name, `\`) || len(name) > drive && name[1] == ':' && strings.IndexByte(`/\`, name[drive]) >= 0
}

var invalidateMissing = lint.Rule{
	ID: "DSP327", Name: "invalidate-missing", Severity: diag.Warning, Drops: true, Farm: checkInvalidateMissing,
	Doc: lint.Doc{
		Title: "an activation makes no other page stale",
		Why: "A flush deletes the files of the page itself. Pages that show something of it, such as navigation, teasers and lists, are only " +
			"made anew where /invalidate allows it: without such an entry they stay as they are until someone deletes them.",
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
			/enableTTL "0"
			$include "cache.any"
			/invalidate {
				/0000 { /glob "*"      /type "deny" }
				/0001 { /glob "*.html" /type "allow" }
			}
		}
	}
}
`,
		Files:   exampleCache(exampleLevel + exampleGrace + exampleStale + exampleRules + exampleClients + exampleParams + exampleHeaders),
		Note:    "Not reported with /enableTTL \"1\", where files expire by themselves.",
		Since:   since,
		Sources: []string{configuration, "AdobeDocs/experience-manager-dispatcher.en, page-invalidate.md"},
	},
}

func checkInvalidateMissing(p *lint.Pass, f *model.Farm) {
	if !siteFarm(p, f) || !storesPages(f.Cache) || f.Cache.EnableTTL.Value {
		return
	}
	at, message := head(f.Cache.At), "/cache has no /invalidate: an activation makes no other page stale"
	if l := f.Cache.Invalidate; l != nil {
		if len(l.Unknown) > 0 || slices.ContainsFunc(l.Rules, func(r *model.Rule) bool { return r.Allow }) {
			return
		}
		at, message = head(l.At), "/invalidate allows nothing: an activation makes no other page stale"
	}
	p.Report(diag.Diagnostic{
		Span: at.Span, Included: at.Included, Message: message,
		Hint: `allow what is made from pages, such as "*.html"`,
	})
}

var invalidateStaticTypes = lint.Rule{
	ID: "DSP330", Name: "invalidate-static-types", Severity: diag.Info, Drops: true, Farm: checkInvalidateStatic,
	Doc: lint.Doc{
		Title: "each activation makes images, styles or scripts stale",
		Why: "What /invalidate allows is stale after the activation of any page. Images, styles, scripts and fonts are not made from pages: " +
			"they are fetched from AEM again and again, and are the larger part of the traffic.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/invalidate {
		/0000 { /glob "*" /type "allow" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/invalidate {
		/0000 { /glob "*"      /type "deny" }
		/0001 { /glob "*.html" /type "allow" }
	}
}
`,
		Note: "Such files are deleted when they are activated themselves. Where client libraries keep their names from release to release, " +
			"the entry may be on purpose: suppress the finding. Entries for client libraries alone and farms in front of author instances " +
			"are not reported.",
		Since:   since,
		Sources: []string{skills},
	},
}

// staticFiles are what a site has beside its pages, one of a kind.
var staticFiles = [...]struct{ what, url string }{
	{"images", "/content/dam/site/image.png"}, {"images", "/content/dam/site/image.jpg"},
	{"styles", "/etc.clientlibs/site/clientlibs/base.css"}, {"scripts", "/etc.clientlibs/site/clientlibs/base.js"},
	{"fonts", "/etc.clientlibs/site/clientlibs/base/resources/font.woff2"},
}

func checkInvalidateStatic(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || f.Cache.Invalidate == nil || p.FarmType(f) == lint.Author {
		return
	}
	l := f.Cache.Invalidate
	for _, r := range l.Rules {
		if r.Glob == nil || undetermined(r.Glob.Text()) {
			return
		}
	}
	stale := map[*model.Rule][]string{}
	for _, s := range staticFiles {
		if r := deciding(l, s.url); r != nil && r.Allow && !slices.Contains(stale[r], s.what) {
			stale[r] = append(stale[r], s.what)
		}
	}
	for _, r := range l.Rules {
		if stale[r] == nil || strings.HasPrefix(r.Glob.Text(), "/etc.clientlibs/") {
			continue
		}
		p.Report(diag.Diagnostic{
			Span: r.Glob.ValueAt, Included: r.Glob.At.Included,
			Message: fmt.Sprintf("/glob %s in /invalidate makes %s stale at each activation", quote(r.Glob.Text()), strings.Join(stale[r], ", ")),
			Hint:    `allow what is made from pages, such as "*.html"`,
		})
	}
}

// deciding returns the last rule whose glob fits, nil where none does.
func deciding(l *model.RuleList, subject string) *model.Rule {
	for i := len(l.Rules) - 1; i >= 0; i-- {
		if l.Rules[i].Glob.Match(subject) {
			return l.Rules[i]
		}
	}
	return nil
}
