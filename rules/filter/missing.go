package filter

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterMissing = lint.Rule{
	ID: "DSP150", Name: "filter-missing", Severity: diag.Error, Security: true, Drops: true, Config: checkMissing,
	Doc: lint.Doc{
		Title: "farm has no /filter",
		Why: "Without a /filter the module lets every request through to the renders: consoles, the repository, everything that the " +
			"instance serves. An empty /filter denies everything, one that is not there denies nothing.",
		Bad: `/publish {
	/virtualhosts { "www.brand.example" }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
}
`,
		Good: `/publish {
	/virtualhosts { "www.brand.example" }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	}
}
`,
		Note: "In farms for authors it is a warning. A farm without renders is not reported, since no request goes anywhere from " +
			"there, and neither is one whose included files cannot be read.",
		Since:   since,
		Sources: []string{configuration, "AdobeDocs/experience-manager-dispatcher.en, security-checklist.md"},
	},
}

func checkMissing(ps *lint.Pass, c *model.Config) {
	if len(c.Wrapped) > 1 {
		return // a part of a farm, whose other parts stand elsewhere
	}
	for _, f := range c.Farms {
		if f.Filter != nil || len(f.Renders) == 0 || unread(ps, f) {
			continue
		}
		at := f.NameAt
		if at.IsZero() {
			at = f.At.Span
		}
		ps.For(f).Tell(at, f.At, "farm /"+shown(f.Name)+" has no /filter", "add a /filter that denies everything first and then allows what the site needs")
	}
}

// unread reports whether a /filter may be there that could not be read.
func unread(ps *lint.Pass, f *model.Farm) bool {
	for _, u := range f.Unknown {
		if u.Name == "filter" {
			return true
		}
	}
	for _, d := range ps.Subject.Found {
		if d.Severity == diag.Error && strings.HasPrefix(d.Rule, "DSP1") && f.At.Span.Contains(d.Span) {
			return true
		}
	}
	return false
}
