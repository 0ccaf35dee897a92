package rules

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
)

// TestFacts: every rule has what a rule must have, and no two share an id or a name.
func TestFacts(t *testing.T) {
	id, name := regexp.MustCompile(`^DSP[0-9]{3}$`), regexp.MustCompile(`^[a-z]+(-[a-z]+[0-9]*|-[0-9]+)*$`)
	ids, names := map[string]bool{}, map[string]bool{}
	last := ""
	for _, r := range All() {
		t.Run(r.ID, func(t *testing.T) {
			if !id.MatchString(r.ID) || !name.MatchString(r.Name) {
				t.Errorf("id %q, name %q: want DSP and three digits, and kebab-case", r.ID, r.Name)
			}
			if ids[r.ID] || names[r.Name] {
				t.Errorf("id %s or name %s is there twice", r.ID, r.Name)
			}
			ids[r.ID], names[r.Name] = true, true
			if r.ID <= last {
				t.Errorf("%s stands behind %s", r.ID, last)
			}
			last = r.ID
			if r.Severity < diag.Hint || r.Severity > diag.Error {
				t.Errorf("severity is %d", r.Severity)
			}
			if r.Profiles != nil && len(r.Profiles) == 0 {
				t.Error("an empty list of profiles: nil stands for all")
			}
			for _, p := range r.Profiles {
				if !slices.Contains(lint.Profiles(), p) {
					t.Errorf("profile %q is none of %q", p, lint.Profiles())
				}
			}
			looks := 0
			for _, is := range []bool{r.File != nil, r.Config != nil, r.Farm != nil, r.Server != nil, r.Host != nil, r.Text != nil} {
				if is {
					looks++
				}
			}
			if (r.Literal != nil) != (r.Doc.Literal != "") || r.Literal != nil && r.Farm == nil {
				t.Errorf("literal look %v, and of it is said %q: want both or none, beside Farm", r.Literal != nil, r.Doc.Literal)
			}
			if looks > 1 || (looks == 1) == (r.Reported != 0) {
				t.Errorf("%d functions look for it and %v report it: want one function, or somebody who reports it", looks, r.Reported.Names())
			}
			for _, o := range r.Options {
				if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(o.Name) || !strings.HasSuffix(o.Doc, ".") {
					t.Errorf("option %q: want a name in kebab-case and a sentence that says what it does", o.Name)
				}
				switch o.Default.(type) {
				case string, int, bool, []string:
				default:
					t.Errorf("option %s has a default of type %T", o.Name, o.Default)
				}
			}
			d := &r.Doc
			if d.Title == "" || strings.HasSuffix(d.Title, ".") || d.Title[0] >= 'A' && d.Title[0] <= 'Z' {
				t.Errorf("title is %q: want a line in lower case without a full stop", d.Title)
			}
			for what, s := range map[string]string{"why": d.Why, "note": d.Note, "literal": d.Literal} {
				if s == "" && what != "why" {
					continue
				}
				if !strings.HasSuffix(s, ".") || s != strings.Join(strings.Fields(s), " ") {
					t.Errorf("%s is %q: want sentences with single blanks", what, s)
				}
			}
			if d.Since == "" {
				t.Error("no version that brought it")
			}
			for _, text := range []string{d.Bad, d.Good} {
				if !strings.HasSuffix(text, "\n") || strings.Count(text, "\n") > 20 {
					t.Errorf("example %q: want 1 to 20 lines", text)
				}
			}
		})
	}
}

// TestIndex: the index counts all rules, and says of each that is off that it is.
func TestIndex(t *testing.T) {
	index := Index()
	fixable, off := 0, 0
	for _, r := range All() {
		row := fmt.Sprintf("| [%s](%s.md) | %s | %s", r.ID, r.ID, r.Name, r.Severity)
		if r.Fixable {
			fixable++
		}
		if r.Off {
			off++
			row += ", off"
		}
		if !strings.Contains(index, "\n"+row+" |") {
			t.Errorf("the index has no line that starts with %s", row)
		}
	}
	if want := fmt.Sprintf("\n| all | %d | %d | %d |\n", len(All()), fixable, off); !strings.Contains(index, want) {
		t.Errorf("the index does not have the line %s", want)
	}
	if off == 0 {
		t.Error("no rule is off")
	}
}

// TestPage: the page of a rule says what can be set, what its examples are read with, and what another policy wants.
func TestPage(t *testing.T) {
	r := &lint.Rule{
		ID: "DSP800", Name: "some-rule", Severity: diag.Warning, Security: true, Off: true,
		Options: []lint.Option{{Name: "must-allow", Default: []string{"/a", "*"}, Doc: "What /filter | lets through."}},
		Doc: lint.Doc{
			Title: "something is wrong", Why: "It goes wrong.", Bad: "/a\n", Good: "/b\n", Since: "0.1.0", Version: "4.3.3",
			Options: lint.Options{"must-allow": {Value: []string{"/b"}}}, Literal: "It wants /b.",
		},
	}
	page := Page(r)
	for _, want := range []string{
		"| warning, security | all |", "\nThe rule is off: it runs where a project selects it, by `--select some-rule`, or gives it a severity.\n",
		"\n## Reported\n\nRead with Dispatcher 4.3.3 and the option must-allow: [/b].\n", "\n## With the policy literal\n\nIt wants `/b`.\n",
		"\n| `must-allow` | list of texts | `[/a, \"*\"]` | What `/filter` \\| lets through. |\n",
		"\n```yaml\nlint:\n  options:\n    some-rule:\n      must-allow: [/a, \"*\"]\n```\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %q:\n%s", want, page)
		}
	}
}

// TestListed: each rule value in the packages below is in All, and each package below that has rules is
// an area.
func TestListed(t *testing.T) {
	listed := map[string]bool{}
	for _, r := range All() {
		listed[r.ID] = true
	}
	areas := map[string]bool{}
	for _, a := range Areas() {
		if a.Title == "" || len(a.Rules) == 0 {
			t.Errorf("area %s has no title, or no rules", a.Name)
		}
		areas[a.Name] = true
	}
	found := 0
	for file, syntax := range sources(t, "rules") {
		area := filepath.Base(filepath.Dir(file))
		ast.Inspect(syntax, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if sel, ok := lit.Type.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Rule" {
				return true
			}
			found++
			id := ""
			for _, e := range lit.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok && fmt.Sprint(kv.Key) == "ID" {
					if s, ok := kv.Value.(*ast.BasicLit); ok {
						id, _ = strconv.Unquote(s.Value)
					}
				}
			}
			switch {
			case id == "":
				t.Errorf("%s: a rule whose ID is not written there", file)
			case !listed[id]:
				t.Errorf("%s: %s is not in Rules of its package", file, id)
			case !areas[area]:
				t.Errorf("%s: %s is not an area", file, area)
			}
			return true
		})
	}
	if found != len(All()) {
		t.Errorf("%d rules are written and %d are listed", found, len(All()))
	}
}

// TestReported: every id that the program reports has a rule, every rule is reported, and by those that it
// names.
func TestReported(t *testing.T) {
	type finder struct {
		folder string
		by     lint.Reported
	}
	reported := map[string]lint.Reported{}
	isID := regexp.MustCompile(`^DSP[0-9]+$`)
	for _, f := range []finder{
		{"grammar", lint.ByGrammar}, {"model", lint.ByModel},
		{"grammar/httpd", lint.ByServer}, {"model/server", lint.ByServer}, {"internal/apacheconf", lint.ByServer},
		{"internal/expand", lint.ByExpansion}, {"internal/project", lint.ByExpansion}, {"lint", lint.ByLint},
		{"internal/replay", lint.ByLog},
	} {
		ids := 0
		for name, syntax := range sources(t, f.folder) {
			if dir := filepath.ToSlash(filepath.Dir(name)); f.folder == "grammar" && strings.HasSuffix(dir, "/httpd") || f.folder == "model" && strings.HasSuffix(dir, "/server") {
				continue // those are finders of their own
			}
			ast.Inspect(syntax, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if s, err := strconv.Unquote(lit.Value); err == nil && isID.MatchString(s) {
						reported[s] |= f.by
						ids++
					}
				}
				return true
			})
		}
		if ids == 0 {
			t.Errorf("no ids in %s: where are they written?", f.folder)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(reported)) {
		r := Find(id)
		if r == nil {
			t.Errorf("%s is reported by %s and has no rule", id, reported[id])
			continue
		}
		if r.Reported != reported[id] {
			t.Errorf("%s says that it is found by %s, and it is by %s", id, r.Reported, reported[id])
		}
	}
	for _, r := range All() {
		if reported[r.ID] == 0 && !r.Looks() {
			t.Errorf("nobody reports %s", r.ID)
		}
	}
}

// sources parses the Go files of a folder of the module and below, without tests.
func sources(t *testing.T, folder string) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir(filepath.Join(testkit.Root(t), filepath.FromSlash(folder)), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		files[path] = f
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestPages: docs/rules holds the page of each rule and the index, as they are made now, and nothing else.
func TestPages(t *testing.T) {
	pages := map[string]string{"README.md": Index(), "peers.md": PeersPage(optimizerFixtures)}
	for _, r := range All() {
		pages[r.ID+".md"] = Page(r)
	}
	dir := filepath.Join(testkit.Root(t), "docs", "rules")
	if *testkit.Update {
		write(t, dir, pages)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatalf("%v; run go generate ./rules", err)
	}
	for _, e := range entries {
		if _, ok := pages[e.Name()]; !ok {
			t.Errorf("docs/rules/%s is no page; run go generate ./rules", e.Name())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%v; run go generate ./rules", err)
			continue
		}
		if diff := cmp.Diff(strings.ReplaceAll(string(text), "\r\n", "\n"), pages[name]); diff != "" {
			t.Errorf("docs/rules/%s is stale: run go generate ./rules (-there +made):\n%s", name, diff)
		}
	}
}

// write makes a folder hold the pages and nothing else.
func write(t *testing.T, dir string, pages map[string]string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := pages[e.Name()]; !ok && filepath.Ext(e.Name()) == ".md" {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFind(t *testing.T) {
	for _, key := range []string{"DSP151", "dsp151", "filter-unknown-matcher", "Filter-Unknown-Matcher"} {
		if r := Find(key); r == nil || r.ID != "DSP151" || AreaOf(r).Name != "filter" {
			t.Errorf("Find(%q) = %v, want DSP151 of the area filter", key, r)
		}
	}
	if r := Find("DSP15"); r != nil {
		t.Errorf("Find(DSP15) = %s, want nothing", r.ID)
	}
	if got := AreaOf(&lint.Rule{}); got.Name != "" {
		t.Errorf("a rule of nowhere is in area %s", got.Name)
	}
	if got := Nearest("unknown-proprety"); got != "unknown-property" {
		t.Errorf("nearest is %q", got)
	}
}

func TestCode(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"behind /filter, $include ends", "behind `/filter`, `$include` ends"},
		{"the default (/mode) of dispatcher.any.", "the default (`/mode`) of `dispatcher.any`."},
		{"starts with # and", "starts with `#` and"},
		{"(?: and \\d, which", "`(?:` and `\\d`, which"},
		{"plain words, no more.", "plain words, no more."},
	} {
		if got := code(tt.in); got != tt.want {
			t.Errorf("code(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
