package cloud

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

var foreignFiles = lint.Rule{
	ID: "DSP776", Name: "foreign-files", Severity: diag.Info, Profiles: []string{"cloud"}, InImmutable: true, Config: checkForeign,
	Doc: lint.Doc{
		Title: "file or folder that a deployment does not use",
		Why: "The Cloud Service takes conf.d, conf.dispatcher.d and opt-in. What the project has of the server itself, of other platforms or of tools " +
			"has no effect, and misleads who looks for the cause of something.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:    tree(),
		BadFiles: []lint.File{{Name: "conf.modules.d/00-base.conf", Text: "LoadModule dir_module modules/mod_dir.so\n"}},
		Note:     "Reported are the folders conf, conf.modules.d and logs, values.csv and other files that the tools of the SDK write, and what desktops leave behind.",
		Since:    since,
		Sources:  []string{converter, legacy},
	},
}

func checkForeign(p *lint.Pass, _ *model.Config) {
	for _, e := range entries(p) {
		base := path.Base(e.Name)
		message := ""
		switch {
		case e.Folder && (e.Name == "conf" || e.Name == "conf.modules.d" || e.Name == "logs"):
			message = fmt.Sprintf("folder %s is not deployed", base)
		case e.Folder:
		case e.Name == "values.csv" || slices.Contains([]string{"clientheaders_any", "custom_vars", "farms_any", "filters_any", "global_vars", "rewrite_rules", "rules_any", "virtualhosts_any", "vhosts_conf"}, e.Name):
			message = fmt.Sprintf("file %s is one that the validator writes", base)
		case base == ".DS_Store" || base == "Thumbs.db" || base == "desktop.ini":
			message = fmt.Sprintf("file %s is left behind by a desktop", base)
		}
		if message != "" {
			p.Report(diag.Diagnostic{Span: e.File.Span(0, 0), Message: message, Hint: "remove it"})
		}
	}
}

var crlf = lint.Rule{
	ID: "DSP777", Name: "crlf", Severity: diag.Warning, Profiles: []string{"cloud", "ams"}, Config: checkCRLF, Fixable: true,
	Doc: lint.Doc{
		Title: "lines end as on Windows",
		Why: "httpd and the Dispatcher pass over the carriage return at the end of a line, but the scripts around them do not: those of the " +
			"Dispatcher tools take it for a part of the DocumentRoot, and of what an enabled file that stands for a link says.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     without(tree(), "conf.d/available_vhosts/site.vhost"),
		BadFiles:  []lint.File{{Name: "conf.d/available_vhosts/site.vhost", Text: strings.ReplaceAll(strings.Replace(siteHost, "\tDocumentRoot", "DocumentRoot", 1), "\n", "\r\n")}},
		GoodFiles: []lint.File{{Name: "conf.d/available_vhosts/site.vhost", Text: siteHost}},
		Note:      "A warning is what has a DocumentRoot at the start of a line; other files are named in one info. Let git keep LF: `* text eol=lf` in .gitattributes.",
		Since:     since,
		Sources:   []string{"adobe/aem-project-archetype, issues about Windows", "aem-design/docker-dispatcher-sdk, docker_run.sh"},
	},
}

func checkCRLF(p *lint.Pass, _ *model.Config) {
	var others []*source.File
	for _, f := range p.Subject.Files {
		if bytes.Contains(f.Src.Text, []byte("\r\n")) {
			others = append(others, f.Src)
		}
	}
	for _, f := range p.Subject.ServerFiles {
		at := bytes.Index(f.Src.Text, []byte("\r\n"))
		if at < 0 {
			continue
		}
		if path.Ext(f.Src.Name) != ".vhost" || !bytes.HasPrefix(f.Src.Text, []byte("DocumentRoot")) && !bytes.Contains(f.Src.Text, []byte("\nDocumentRoot")) {
			others = append(others, f.Src)
			continue
		}
		p.Report(diag.Diagnostic{
			Span: f.Src.Span(at, at+1), Message: fmt.Sprintf("lines of %s end as on Windows, that of DocumentRoot among them", path.Base(f.Src.Name)),
			Hint: "let them end in LF", Fixes: withLF(f.Src),
		})
	}
	if len(others) == 0 {
		return
	}
	at := bytes.Index(others[0].Text, []byte("\r\n"))
	d := diag.Diagnostic{
		Severity: diag.Info, Span: others[0].Span(at, at+1), Hint: "let them end in LF: * text eol=lf in .gitattributes",
		Message: fmt.Sprintf("lines of %s end as on Windows", path.Base(others[0].Name)),
	}
	if len(others) > 1 {
		d.Message = fmt.Sprintf("lines of %d files end as on Windows, such as %s", len(others), path.Base(others[0].Name))
	}
	p.Report(d)
}

// withLF makes the lines of a text end as on servers. httpd reads it alike, but for what a line's end is in the middle of.
func withLF(f *source.File) []diag.Fix {
	fix := diag.Fix{Title: "let all lines end in LF"}
	for i := 0; ; {
		n := bytes.Index(f.Text[i:], []byte("\r\n"))
		if n < 0 {
			break
		}
		fix.Edits = append(fix.Edits, diag.Edit{Span: f.Span(i+n, i+n+1)})
		i += n + 2
	}
	return []diag.Fix{fix}
}

var caseCollision = lint.Rule{
	ID: "DSP778", Name: "case-collision", Severity: diag.Error, InImmutable: true, Config: checkCase,
	Doc: lint.Doc{
		Title: "two paths differ in letter case alone",
		Why: "On Windows and macOS the two are one file: a checkout there has the text of one of them under both names, and what is committed " +
			"from it replaces the other.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:    tree(),
		BadFiles: []lint.File{{Name: "conf.d/available_vhosts/Site.vhost", Text: siteHost}},
		Since:    since,
	},
}

func checkCase(p *lint.Pass, _ *model.Config) {
	seen := map[string]lint.Entry{}
	for _, e := range entries(p) {
		key := strings.ToLower(e.Name)
		first, ok := seen[key]
		if !ok {
			seen[key] = e
			continue
		}
		p.Report(diag.Diagnostic{
			Span: e.File.Span(0, 0), Message: fmt.Sprintf("%s and %s differ in letter case alone", path.Base(first.Name), path.Base(e.Name)),
			Hint: "rename one of them", Related: []diag.Related{{Span: first.File.Span(0, 0), Message: "the other one"}},
		})
	}
}

var fileLimits = lint.Rule{
	ID: "DSP779", Name: "file-limits", Severity: diag.Info, Profiles: []string{"cloud"}, Off: true, InImmutable: true, Config: checkLimits,
	Options: []lint.Option{
		{Name: "max-files", Default: 50, Doc: "How many files the project may have in conf.d and conf.dispatcher.d."},
	},
	Doc: lint.Doc{
		Title: "project has more files than it may",
		Why: "In forums one reads of a limit on the number of files. No public document has it, and projects beyond it run: the rule is for who wants " +
			"a limit.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:    tree(),
		BadFiles: []lint.File{{Name: "conf.d/includes/headers.conf", Text: headerText}},
		Options:  lint.Options{"max-files": {Value: 5}},
		Since:    since,
	},
}

func checkLimits(p *lint.Pass, _ *model.Config) {
	n := 0
	for _, e := range entries(p) {
		if !e.Folder && (strings.HasPrefix(e.Name, "conf.d/") || strings.HasPrefix(e.Name, "conf.dispatcher.d/")) {
			n++
		}
	}
	if most := p.Int("max-files"); n > most {
		p.Report(diag.Diagnostic{Span: top(p), Message: fmt.Sprintf("project has %d files, and %d are allowed", n, most), Hint: "join some of them"})
	}
}
