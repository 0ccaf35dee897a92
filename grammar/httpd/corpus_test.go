package httpd

import (
	"testing"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/testkit"
)

// TestCorpus: the laws hold for all Apache texts of the corpus, and few of them have mistakes that show in one text.
func TestCorpus(t *testing.T) {
	texts, faulty := 0, 0
	for _, src := range testkit.Corpus(t, ".conf", ".vhost", ".rules", ".vars", ".proxy") {
		texts++
		f := Parse(src)
		checkLaws(t, f)
		ds := Check(f)
		for _, d := range ds {
			if d.Rule == "DSP116" {
				continue // a corpus without links has their texts
			}
			p := d.Span.Position()
			t.Logf("%s:%d:%d: %s %s %s", src.Name, p.Line, p.Column, d.Severity, d.Rule, d.Message)
			if d.Severity == diag.Error {
				faulty++
			}
		}
	}
	t.Logf("%d texts, %d errors", texts, faulty)
	if texts < 200 || faulty*50 > texts {
		t.Errorf("%d texts have %d errors", texts, faulty)
	}
}
