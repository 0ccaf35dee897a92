package cache

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
)

var cacheMode = lint.Rule{
	ID: "DSP343", Name: "cache-mode", Severity: diag.Warning, Security: true, Fixable: true, Farm: checkMode,
	Doc: lint.Doc{
		Title: "permissions of cached files let everybody write, or nobody read",
		Why: "/mode is the permissions of new files and folders. With those that let every user of the machine write, any program there can " +
			"change what the site delivers. Without reading and writing for the owner, which is httpd, it cannot deliver or renew its own files.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/mode "0777"
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/mode "0755"
}
`,
		Note:    "A fix is offered where others may write. What is no octal number is told by DSP017.",
		Since:   since,
		Sources: []string{configuration, "BeardedFish/vscode-apache-dispatcher-config-language-support, its schema"},
	},
}

// Permissions, as chmod counts them.
const (
	ownersUse   = 0o600 // the owner reads and writes
	othersWrite = 0o002
	onlyOwner   = 0o022 // neither the group nor others write
)

func checkMode(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil {
		return
	}
	s := f.Cache.Mode
	if !s.Set || s.Text == "" || strings.Trim(s.Text, "01234567") != "" {
		return
	}
	d := diag.Diagnostic{Span: s.ValueAt, Included: s.At.Included, Hint: `write "0755"`}
	switch {
	case s.Value&ownersUse != ownersUse:
		d.Message = fmt.Sprintf("/mode %s keeps httpd from reading or writing its own files", quote(s.Text))
	case s.Value&othersWrite != 0:
		d.Message = fmt.Sprintf("/mode %s lets every user of the machine write", quote(s.Text))
		// Not safe: a program of another user may write there today.
		d.Fixes = textedit.Replaced(s.ValueAt, fmt.Sprintf("%04o", s.Value&^onlyOwner))
	default:
		return
	}
	p.Report(d)
}

var debugInfoOn = lint.Rule{
	ID: "DSP348", Name: "debug-info-on", Severity: diag.Warning, Security: true, Fixable: true, Drops: true, Farm: checkInfo,
	Doc: lint.Doc{
		Title: "anybody may ask why a page is cached",
		Why: "With /info \"1\" a request with the header X-Dispatcher-Info is told whether and why its answer is cached. That is for finding " +
			"faults; in production it tells strangers which requests go through to AEM.",
		Bad: `/info "1"
/cache {
	/docroot "/var/cache/www"
}
`,
		Good: `/info "0"
/cache {
	/docroot "/var/cache/www"
}
`,
		Since:   since,
		Sources: []string{configuration, archetype},
	},
}

func checkInfo(p *lint.Pass, f *model.Farm) {
	if !f.Info.Value {
		return
	}
	p.Report(diag.Diagnostic{
		Span: f.Info.At.Span, Included: f.Info.At.Included, Message: "/info is 1: answers tell whether and why they are cached",
		Hint:  `write "0" once the fault is found`,
		Fixes: textedit.Replaced(f.Info.ValueAt, "0"), // not safe: the header goes
	})
}
