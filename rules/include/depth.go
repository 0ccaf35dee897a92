package include

import (
	"fmt"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
)

// maxDepth is how deep files may include each other unless a project says otherwise.
const maxDepth = 16

var includeDepth = lint.Rule{
	ID: "DSP130", Name: "include-depth", Severity: diag.Warning, File: checkDepth,
	Options: []lint.Option{{Name: "max", Default: maxDepth, Doc: "How many $include lines may lead to a file, one inside the other."}},
	Doc: lint.Doc{
		Title: "files include each other deeper than anyone follows",
		Why: "Which rule decides depends on the order of all files, and nobody sees that order through so many of them. Programs that read " +
			"configurations stop at some depth; how deep the Dispatcher goes is not published.",
		File:     "f0.any",
		Bad:      "$include \"f1.any\"\n",
		BadFiles: chainOfFiles(maxDepth + 1),
		Good: `/0001 { /type "deny"  /url "*" }
/0100 { /type "allow" /url "/content/*" }
`,
		Since:   since,
		Sources: []string{optimizer},
	},
}

// chainOfFiles returns files that include each other, the last of them with a rule.
func chainOfFiles(n int) []lint.File {
	files := make([]lint.File, n)
	for i := range files {
		files[i] = lint.File{Name: fmt.Sprintf("f%d.any", i+1), Text: fmt.Sprintf("$include \"f%d.any\"\n", i+2)}
	}
	files[n-1].Text = denyAll
	return files
}

func checkDepth(p *lint.Pass, f *grammar.File) {
	if p.Subject.Included == nil {
		return
	}
	limit := max(p.Int("max"), 1)
	chain := p.Subject.Included(f.Src)
	if len(chain) <= limit {
		return
	}
	p.Report(diag.Diagnostic{
		Span: chain[limit], Included: chain[:limit:limit],
		Message: fmt.Sprintf("$include stands in a file that %d others lead to, one inside the other", limit),
		Hint:    "include the file from further up",
	})
}
