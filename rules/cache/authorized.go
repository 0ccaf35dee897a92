package cache

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
)

var allowAuthorizedOn = lint.Rule{
	ID: "DSP325", Name: "allow-authorized-on", Severity: diag.Error, Security: true, Fixable: true, Drops: true, Farm: checkAllowAuthorized,
	Doc: lint.Doc{
		Title: "answers for who is logged in are cached, and nobody asks who gets them",
		Why: "With /allowAuthorized \"1\" the answer to a request with credentials is stored as any other. Without /auth_checker the next " +
			"visitor gets it from the cache, logged in or not: one person's page is shown to all.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/allowAuthorized "1"
	/rules {
		/0000 { /glob "*" /type "allow" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/allowAuthorized "0"
	/rules {
		/0000 { /glob "*" /type "allow" }
	}
}
`,
		Note: "Reported only where the rules let pages be stored, in a farm in front of publish instances. A stage site behind basic " +
			"authentication of httpd may want it: suppress the finding there.",
		Since:   since,
		Sources: []string{configuration, "AdobeDocs/experience-manager-dispatcher.en, permissions-cache.md", skills},
	},
}

func checkAllowAuthorized(p *lint.Pass, f *model.Farm) {
	c := f.Cache
	if c == nil || !c.AllowAuthorized.Value || f.AuthChecker != nil || f.SessionManagement != nil || !storesPages(c) || p.FarmType(f) == lint.Author {
		return
	}
	p.Report(diag.Diagnostic{
		Span: c.AllowAuthorized.At.Span, Included: c.AllowAuthorized.At.Included,
		Message: `/allowAuthorized is "1" and there is no /auth_checker`,
		Hint:    `write "0", or let an /auth_checker decide who gets a cached page`,
		Fixes:   textedit.Replaced(c.AllowAuthorized.ValueAt, "0"), // not safe: such requests go to AEM
	})
}

var allowAuthorizedWithSessions = lint.Rule{
	ID: "DSP326", Name: "allow-authorized-with-sessions", Severity: diag.Error, Security: true, Fixable: true, Farm: checkAllowAuthorizedWithSessions,
	Doc: lint.Doc{
		Title: "/allowAuthorized is on in a farm with /sessionmanagement",
		Why: "/sessionmanagement lets only who has a session at the farm's pages. With /allowAuthorized \"1\" those pages are stored, and each " +
			"session gets what was made for another. Adobe's documentation asks for 0.",
		Bad: `/sessionmanagement {
	/directory "/var/lib/dispatcher/sessions"
}
/cache {
	/docroot "/var/cache/www"
	/allowAuthorized "1"
}
`,
		Good: `/sessionmanagement {
	/directory "/var/lib/dispatcher/sessions"
}
/cache {
	/docroot "/var/cache/www"
	/allowAuthorized "0"
}
`,
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkAllowAuthorizedWithSessions(p *lint.Pass, f *model.Farm) {
	c := f.Cache
	if c == nil || f.SessionManagement == nil || !c.AllowAuthorized.Value {
		return
	}
	p.Report(diag.Diagnostic{
		Span: c.AllowAuthorized.At.Span, Included: c.AllowAuthorized.At.Included,
		Message: `/allowAuthorized is "1" in a farm with /sessionmanagement`,
		Hint:    `write "0"`,
		Related: []diag.Related{{Span: head(f.SessionManagement.At).Span, Message: "the sessions"}},
		Fixes:   textedit.Replaced(c.AllowAuthorized.ValueAt, "0"), // not safe: such requests go to AEM
	})
}
