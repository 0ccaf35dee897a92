package include

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

// serverRoot is where the images of Adobe have the configuration.
const serverRoot = "/etc/httpd/"

var includeAbsolutePath = lint.Rule{
	ID: "DSP105", Name: "include-absolute-path", Severity: diag.Warning, Profiles: []string{"cloud", "ams"}, Config: checkAbsolute, Fixable: true,
	Doc: lint.Doc{
		Title: "$include names a file by its path on the server",
		Why: "The path holds only where the configuration lies at that place. A copy that is tried out elsewhere reads the files of the server, " +
			"or none; when a configuration moves from Managed Services to the Cloud Service such lines have to be written anew.",
		File: "conf.dispatcher.d/available_farms/site.farm",
		Bad: `/site {
	/virtualhosts {
		$include "/etc/httpd/conf.dispatcher.d/virtualhosts/site.any"
	}
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`,
		Good: `/site {
	/virtualhosts {
		$include "../virtualhosts/site.any"
	}
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`,
		Files:   []lint.File{{Name: "conf.dispatcher.d/virtualhosts/site.any", Text: "\"www.example.com\"\n"}},
		Note:    "On Managed Services it is an info: the servers have the files there. Their own files, which must not be changed, are left out. A fix is offered where the file is found in the project.",
		Since:   since,
		Sources: []string{"adobe/aem-cloud-service-source-migration, dispatcher converter"},
	},
}

func checkAbsolute(p *lint.Pass, _ *model.Config) {
	t := newTree(p.Subject)
	for _, f := range p.Subject.Files {
		t.checkAbsolute(p, f)
	}
}

func (t *tree) checkAbsolute(p *lint.Pass, f *grammar.File) {
	grammar.Walk(f.Items, func(it grammar.Item) bool {
		inc, ok := it.(*grammar.IncludeItem)
		if !ok || inc.Path == nil || inc.Path.Broken {
			return true
		}
		at := inc.Path.Text()
		if !strings.HasPrefix(at, serverRoot) {
			return true
		}
		if p.Subject.Immutable != nil && p.Subject.Immutable(f.Src) {
			return true // Managed Services write their own files so, for their own servers
		}
		d := diag.Diagnostic{
			Span:    inc.Path.At,
			Message: fmt.Sprintf("include %s is a path on the server", inc.Path.Raw()),
			Hint:    "write the path as seen from this file",
		}
		if p.Subject.Profile == "ams" {
			d.Severity = diag.Info
		}
		if to := t.fromHere(f, inc, at); to != "" {
			// The same files are put in: the ones that came by this line.
			d.Hint = fmt.Sprintf("write %q", to)
			d.Fixes = []diag.Fix{{Title: d.Hint, Safe: true, Edits: []diag.Edit{{Span: inc.Path.Inner(), New: to}}}}
		}
		p.Report(d)
		return true
	})
}

// fromHere returns the path from a file's folder to what an absolute path stands for in the project; "" where nothing
// that was read came by the line, or where the path cannot be written in its place.
func (t *tree) fromHere(f *grammar.File, inc *grammar.IncludeItem, abs string) string {
	if inc.Path.Quote == 0 || strings.ContainsAny(abs, "$\\\"'") {
		return ""
	}
	tail := strings.TrimPrefix(path.Clean(abs), serverRoot)
	parts := strings.Split(tail, "/")
	for _, g := range t.by[inc.Span()] {
		chain := t.included(g)
		if chain[len(chain)-1] != inc.Span() || !endsLike(g.Name, parts) {
			continue
		}
		names := strings.Split(g.Name, "/")
		root := names[:len(names)-len(parts)]
		return relative(path.Dir(f.Src.Name), path.Join(path.Join(root...), tail))
	}
	return ""
}

// relative returns the path from a folder to a file; "" where it cannot be told from the names.
func relative(dir, to string) string {
	from, parts := strings.Split(path.Clean(dir), "/"), strings.Split(to, "/")
	if from[0] == "." {
		from = from[1:]
	}
	n := 0
	for n < len(from) && n < len(parts)-1 && from[n] == parts[n] {
		n++
	}
	if slices.Contains(from[n:], "..") || slices.Contains(parts[n:], "..") {
		return ""
	}
	return strings.Repeat("../", len(from)-n) + strings.Join(parts[n:], "/")
}
