package rules

import (
	"path/filepath"
	"testing"

	"github.com/dispcheck/dispcheck/internal/ruletest"
	"github.com/dispcheck/dispcheck/lint"
)

// inFirstFile are rules whose finding always stands in the file that is read first, and why.
var inFirstFile = map[string]string{
	"DSP032": "a text of httpd is read first where there is no dispatcher.any",
	"DSP034": "what has no farms is the whole configuration",
	"DSP750": "it is about the folders of a project",
	"DSP751": "it is about the folders of a project",
	"DSP767": "it is about a file that is not there",
	"DSP779": "it counts the files of a project",
}

// TestIncluded: of each rule a case wants a finding in a file that is included, or stands beside the one that is read first.
func TestIncluded(t *testing.T) {
	for _, a := range Areas() {
		in := ruletest.InOtherFiles(t, filepath.Join(a.Name, "testdata"), a.Rules)
		for _, r := range a.Rules {
			if r.Reported == lint.ByLog {
				continue // package internal/replay tries its examples
			}
			switch why := inFirstFile[r.ID]; {
			case !in[r] && why == "":
				t.Errorf("%s (%s): in none of its cases is the finding in an included file", r.ID, r.Name)
			case in[r] && why != "":
				t.Errorf("%s (%s) has a case with the finding in an included file, and it is said that %s", r.ID, r.Name, why)
			}
		}
	}
	for id := range inFirstFile {
		if Find(id) == nil {
			t.Errorf("%s is no rule", id)
		}
	}
}
