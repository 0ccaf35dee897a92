package rules

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
)

// A baseline is a configuration that Adobe gives to projects as their first one.
type baseline struct {
	// name is the public name of its repository, with the generation and the variant where there are several.
	name string
	// dir is its folder below that of the real configurations.
	dir string
}

func baselines() []baseline {
	var list []baseline
	for _, generation := range []string{"21", "28", "39", "51"} {
		for _, variant := range []string{"ams", "cloud"} {
			list = append(list, baseline{
				"adobe/aem-project-archetype@" + generation + "/dispatcher." + variant,
				"adobe__aem-project-archetype@" + generation + "/src/main/archetype/dispatcher." + variant + "/src",
			})
		}
	}
	return append(list, baseline{"adobe/aem-guides-wknd", "adobe__aem-guides-wknd/dispatcher/src"})
}

// A judged finding is a line of testdata/baselines.golden: what is found in a file of the owner's, and why that is right.
type judged struct {
	Baseline, Rule, Severity, At, Message string
	// Why is written by hand: in what way the finding is true, and what its owner can do.
	Why string
}

// A judgedKey says which finding it is, wherever in its file it stands.
type judgedKey struct{ baseline, rule, file, message string }

func (j judged) key() judgedKey {
	file, _, _ := strings.Cut(j.At, ":")
	return judgedKey{j.Baseline, j.Rule, file, j.Message}
}

func (j judged) String() string {
	return strings.Join([]string{j.Baseline, j.Rule, j.Severity, j.At, j.Message, j.Why}, "\t")
}

const goldenHead = `# What is found in the files of Adobe's baselines that their owner may change. The columns, with tabs between them: baseline,
# rule, severity, place, message, and in what way that is true. The last one is written by hand; the others by
# DISPCHECK_CORPUS=<folder> go test ./rules -run TestBaselines -update, which keeps what it finds in the last column.
`

func readGolden(text string) ([]judged, error) {
	var list []judged
	for i, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 6 {
			return nil, fmt.Errorf("line %d has %d columns, not 6", i+1, len(f))
		}
		list = append(list, judged{f[0], f[1], f[2], f[3], f[4], strings.TrimSpace(f[5])})
	}
	return list, nil
}

func writeGolden(list []judged) string {
	var b strings.Builder
	b.WriteString(goldenHead)
	for _, part := range []struct {
		title string
		mild  bool
	}{{"errors and warnings", false}, {"infos and hints", true}} {
		fmt.Fprintf(&b, "\n# %s\n", part.title)
		for _, j := range list {
			if mild := j.Severity == diag.Info.String() || j.Severity == diag.Hint.String(); mild == part.mild {
				b.WriteString(j.String() + "\n")
			}
		}
	}
	return b.String()
}

// carryOver gives findings the reasons that were written for them: for the same finding, wherever it stands now; for the
// same in another baseline; or for the rule in this baseline, where one reason was given for all of it.
func carryOver(found, old []judged) {
	same, elsewhere := map[judgedKey]string{}, map[judgedKey]string{}
	ofRule := map[judgedKey][]string{}
	for _, j := range old {
		k := j.key()
		same[k] = j.Why
		rule := judgedKey{baseline: k.baseline, rule: k.rule}
		if !slices.Contains(ofRule[rule], j.Why) {
			ofRule[rule] = append(ofRule[rule], j.Why)
		}
		k.baseline = ""
		elsewhere[k] = cmp.Or(elsewhere[k], j.Why)
	}
	for i, j := range found {
		k := j.key()
		why := same[k]
		if why == "" {
			k.baseline = ""
			why = elsewhere[k]
		}
		if whys := ofRule[judgedKey{baseline: j.Baseline, rule: j.Rule}]; why == "" && len(whys) == 1 {
			why = whys[0]
		}
		found[i].Why = why
	}
}

// movedOut is how lint marks a finding that it tells at an $include line, since its file must not be changed.
const movedOut = "found here, in a file that must not be changed"

// TestBaselines: in files that must not be changed nothing is worse than an info; what is found in the other files of
// Adobe's baselines is what testdata/baselines.golden says, and each line there says why it is right.
func TestBaselines(t *testing.T) {
	dir := testkit.CorpusDir(t)
	golden := filepath.Join("testdata", "baselines.golden")
	text, err := os.ReadFile(golden)
	if err != nil && !*testkit.Update {
		t.Fatal(err)
	}
	old, err := readGolden(string(text))
	if err != nil {
		t.Fatalf("%s: %v", golden, err)
	}
	there := 0
	var all []judged
	for _, b := range baselines() {
		want := slices.Clone(old)
		want = slices.DeleteFunc(want, func(j judged) bool { return j.Baseline != b.name })
		root := filepath.Join(dir, filepath.FromSlash(b.dir))
		if _, err := os.Stat(root); err != nil {
			all = append(all, want...) // another folder of configurations, without this one
			continue
		}
		there++
		got := lintBaseline(t, b, root)
		carryOver(got, old)
		all = append(all, got...)
		if *testkit.Update {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			compareBaseline(t, got, want)
		})
	}
	if there == 0 {
		t.Skipf("none of Adobe's baselines is in %s", dir)
	}
	written := old
	if *testkit.Update {
		written = all
	}
	for _, j := range written {
		if j.Why == "" {
			t.Errorf("%s: %s %s at %s has no reason: %s", j.Baseline, j.Severity, j.Rule, j.At, j.Message)
		}
	}
	if *testkit.Update {
		if err := os.WriteFile(golden, []byte(writeGolden(all)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// compareBaseline tells what is new, gone or otherwise than written.
func compareBaseline(t *testing.T, got, want []judged) {
	t.Helper()
	lines := func(list []judged) []string {
		out := make([]string, len(list))
		for i, j := range list {
			j.Why = ""
			out[i] = j.String()
		}
		slices.Sort(out)
		return out
	}
	if diff := gocmp.Diff(lines(want), lines(got)); diff != "" {
		t.Errorf("findings (-written +found); with -update they are written anew, and new ones want a reason:\n%s", diff)
	}
}

// lintBaseline returns what all rules find in the files of a baseline that its owner may change.
func lintBaseline(t *testing.T, b baseline, root string) []judged {
	t.Helper()
	p, err := project.Load(t.Context(), project.Options{Path: root, WorkDir: root})
	if err != nil {
		t.Fatal(err)
	}
	var list []judged
	for _, d := range lintLoaded(t, p).Findings {
		if ofPlatform(p, d) {
			if tooLoud(d) {
				t.Errorf("%s: %s, in a file that must not be changed", b.name, said(d))
			}
			continue
		}
		at := ""
		if d.Span.File != nil {
			at = fmt.Sprintf("%s:%d", p.FromRoot(d.Span.File), d.Span.Position().Line)
		}
		list = append(list, judged{Baseline: b.name, Rule: d.Rule, Severity: d.Severity.String(), At: at, Message: strings.ReplaceAll(d.Message, "\t", " ")})
	}
	return list
}

// ofPlatform reports whether a finding is about a file that its owner must not change.
func ofPlatform(p *project.Project, d diag.Diagnostic) bool {
	return d.Span.File != nil && p.Immutable(d.Span.File) || len(d.Related) > 0 && d.Related[0].Message == movedOut
}

// tooLoud reports whether a finding about such a file is worse than it may be.
func tooLoud(d diag.Diagnostic) bool {
	r := Find(d.Rule)
	return d.Severity > diag.Info && (r == nil || !r.InImmutable)
}

// lintLoaded runs all rules over a project, as the command does without settings.
func lintLoaded(t *testing.T, p *project.Project) *lint.Result {
	t.Helper()
	s, err := p.Subject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := lint.Run(t.Context(), s, All(), nil, lint.RunOptions{})
	for _, f := range r.Failures {
		t.Errorf("%v\n%s", f, f.Stack)
	}
	return r
}

// TestFixturesAreQuiet: the embedded examples are healthy, and nothing is found in them that is worse than an info.
func TestFixturesAreQuiet(t *testing.T) {
	for _, name := range fixtures.Names() {
		t.Run(name, func(t *testing.T) {
			p, err := project.Load(t.Context(), project.Options{Path: "example:" + name})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range lintLoaded(t, p).Findings {
				if d.Severity > diag.Info {
					t.Error(said(d))
				}
			}
		})
	}
}

func TestCarryOver(t *testing.T) {
	old := []judged{
		{"one", "DSP001", "error", "a.any:1", "first", "because"},
		{"one", "DSP002", "error", "a.any:2", "second", "one reason"},
		{"one", "DSP002", "error", "a.any:3", "third", "one reason"},
		{"one", "DSP003", "error", "a.any:4", "fourth", "x"},
		{"one", "DSP003", "error", "a.any:5", "fifth", "y"},
	}
	for _, tt := range []struct {
		name  string
		found judged
		want  string
	}{
		{"the same", judged{Baseline: "one", Rule: "DSP001", At: "a.any:1", Message: "first"}, "because"},
		{"on another line", judged{Baseline: "one", Rule: "DSP001", At: "a.any:9", Message: "first"}, "because"},
		{"in another baseline", judged{Baseline: "two", Rule: "DSP001", At: "a.any:1", Message: "first"}, "because"},
		{"with another message", judged{Baseline: "one", Rule: "DSP002", At: "a.any:2", Message: "new"}, "one reason"},
		{"where reasons differ", judged{Baseline: "one", Rule: "DSP003", At: "a.any:4", Message: "new"}, ""},
		{"in another file of another baseline", judged{Baseline: "two", Rule: "DSP001", At: "b.any:1", Message: "first"}, ""},
		{"of another rule", judged{Baseline: "one", Rule: "DSP004", At: "a.any:1", Message: "first"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list := []judged{tt.found}
			carryOver(list, old)
			if got := list[0].Why; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	again, err := readGolden(writeGolden(old))
	if diff := gocmp.Diff(old, again); diff != "" || err != nil {
		t.Errorf("written and read again (-before +after): %v\n%s", err, diff)
	}
	if _, err := readGolden("one\tDSP001\n"); err == nil {
		t.Error("a line that lacks columns is read")
	}
}
