// Package ruletest runs the cases of rules: txtar archives in the folder testdata of a package of rules, one or more to
// a rule, named for it ("filter-no-default-deny.txtar", "filter-no-default-deny-include.txtar"). An archive holds the
// files of a configuration, of which the first is read unless the comment names another.
//
// What is to be found stands at the end of the line at fault, as
//
//	/0001 { /type "allow" /url "*" } # want "the message" at "the text of the span"
//
// A line may want several findings; at and what follows may be left out. Texts of httpd have no comments behind a
// directive: in files that are not .any or .farm, a comment line that starts with "# want" speaks of the next line that is
// no comment. A text of httpd (.vhost, .conf, .rules) may be the first file: it is then read as a whole site, or together
// with the conf.d around it. A section fixed/NAME holds what NAME is after all fixes, and every file that fixes change
// needs one. The comment of the archive may hold, a line each, "profile ams", "with other-rule" (of the package, that runs as
// well, for comments that speak of it), "version 4.3.3" (of the module), "policy literal", "read dispatcher.any", "severity info"
// (of all findings), "link NAME TARGET" (a symbolic link beside the files) and "option must-allow /a.html /b.html": true and
// false are bools, numbers ints, other values lists of words. "want NAME "message" at "text"" wants a finding in the first line
// of a file: one about the file as a whole, or in a line that can hold no comment; and "fill NAME BYTES" makes a file of
// comments. Start from [Cases].
package ruletest

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

// maxFixRounds is how often fixes are made before they must have come to an end.
const maxFixRounds = 10

// fixedFolder starts the names of what files are after the fixes.
const fixedFolder = "fixed/"

// Cases runs the archives of testdata for the rules of a package, also for those that others report. Each rule needs one.
func Cases(t *testing.T, rules []*lint.Rule) {
	t.Helper()
	tested := map[*lint.Rule]bool{}
	for _, name := range archives(t, "testdata") {
		r := ruleOf(rules, name)
		if r == nil {
			t.Errorf("%s is named for no rule", name)
			continue
		}
		tested[r] = true
		t.Run(nameOfCase(name), func(t *testing.T) { read(t, name).run(t, rules, r) })
	}
	for _, r := range rules {
		if !tested[r] && r.Reported != lint.ByLog { // which no run of the linter reports
			t.Errorf("%s (%s) has no testdata/%s.txtar", r.ID, r.Name, r.Name)
		}
	}
}

// InOtherFiles returns the rules of which a case in a folder wants a finding in another file than the one that is read first:
// in one that is included, or that stands beside it.
func InOtherFiles(t *testing.T, folder string, rules []*lint.Rule) map[*lint.Rule]bool {
	t.Helper()
	in := map[*lint.Rule]bool{}
	for _, name := range archives(t, folder) {
		c := read(t, name)
		if r := ruleOf(rules, name); r != nil && slices.ContainsFunc(c.wants, func(w want) bool { return w.file != c.entry }) {
			in[r] = true
		}
	}
	return in
}

func archives(t *testing.T, folder string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func nameOfCase(archive string) string { return strings.TrimSuffix(filepath.Base(archive), ".txtar") }

// ruleOf returns the rule with the longest name that an archive's name starts with.
func ruleOf(rules []*lint.Rule, archive string) *lint.Rule {
	name := nameOfCase(archive)
	var found *lint.Rule
	for _, r := range rules {
		if (name == r.Name || strings.HasPrefix(name, r.Name+"-")) && (found == nil || len(r.Name) > len(found.Name)) {
			found = r
		}
	}
	return found
}

// A testCase is one archive.
type testCase struct {
	archive  string // the file of the archive
	files    fstest.MapFS
	entry    string
	wants    []want
	fixed    map[string][]byte
	profile  string
	with     []string
	version  string
	policy   lint.Policy
	severity string
	options  lint.Options
}

// A want is one finding that is to be there.
type want struct {
	file    string
	line    int
	message string
	at      string // the text of the span; "" for any
}

func (w want) String() string {
	s := fmt.Sprintf("%s:%d: %s", w.file, w.line, w.message)
	if w.at != "" {
		s += fmt.Sprintf(" at %q", w.at)
	}
	return s
}

var wanted = regexp.MustCompile(`want ("(?:[^"\\]|\\.)*")(?: at ("(?:[^"\\]|\\.)*"))?`)

// wantOf is the finding that a match of wanted speaks of.
func wantOf(t *testing.T, file string, line int, m []string) want {
	t.Helper()
	w := want{file: file, line: line, message: unquote(t, m[1])}
	if m[2] != "" {
		w.at = unquote(t, m[2])
	}
	return w
}

func read(t *testing.T, name string) *testCase {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	c := testCase{archive: name, files: fstest.MapFS{}, fixed: map[string][]byte{}}
	links := map[string]string{} // by what they lead to, which is read by their names
	for line := range strings.SplitSeq(string(a.Comment), "\n") {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "profile":
			c.profile = rest
		case "with":
			c.with = strings.Fields(rest)
		case "version":
			c.version = rest
		case "policy":
			p, ok := lint.ParsePolicy(rest)
			if !ok {
				t.Fatalf("%s: no policy %q", name, rest)
			}
			c.policy = p
		case "read":
			c.entry = rest
		case "severity":
			c.severity = rest
		case "option":
			if c.options == nil {
				c.options = lint.Options{}
			}
			values := strings.Fields(rest)
			if len(values) < 2 {
				t.Fatalf("%s: no value of option %q", name, rest)
			}
			c.options[values[0]] = lint.OptionValue{Value: optionOf(values[1:])}
		case "link":
			link, target, ok := strings.Cut(rest, " ")
			if !ok {
				t.Fatalf("%s: a link without a target: %s", name, line)
			}
			c.files[link] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink}
			if to := path.Join(path.Dir(link), target); readByDispatcher(to) { // httpd's texts go by the names that links lead to
				links[to] = link
			}
		case "want":
			file, what, _ := strings.Cut(rest, " ")
			found := wanted.FindStringSubmatch("want " + what)
			if found == nil {
				t.Fatalf("%s: a want that cannot be read: %s", name, line)
			}
			c.wants = append(c.wants, wantOf(t, file, 1, found))
		case "fill":
			words := strings.Fields(rest)
			size, err := strconv.Atoi(words[len(words)-1])
			if err != nil || len(words) != 2 {
				t.Fatalf("%s: no file and size: %s", name, line)
			}
			c.files[words[0]] = &fstest.MapFile{Data: bytes.Repeat([]byte("#\n"), size/2)}
		}
	}
	for _, f := range a.Files {
		if of, ok := strings.CutPrefix(f.Name, fixedFolder); ok {
			c.fixed[of] = f.Data
			continue
		}
		if c.entry == "" {
			c.entry = f.Name
		}
		c.files[f.Name] = &fstest.MapFile{Data: f.Data}
		lines := strings.Split(string(f.Data), "\n")
		for i, line := range lines {
			before, comment, _ := strings.Cut(line, "# want")
			if comment == "" {
				continue
			}
			about := i
			if strings.TrimSpace(before) == "" && !readByDispatcher(f.Name) {
				for about < len(lines)-1 && strings.HasPrefix(strings.TrimSpace(lines[about]), "#") {
					about++
				}
			}
			found := wanted.FindAllStringSubmatch("want"+comment, -1)
			if len(found) == 0 {
				t.Fatalf("%s: %s:%d: a want that cannot be read: %s", name, f.Name, i+1, line)
			}
			for _, m := range found {
				file := f.Name
				if link, ok := links[f.Name]; ok {
					file = link
				}
				c.wants = append(c.wants, wantOf(t, file, about+1, m))
			}
		}
	}
	return &c
}

// readByDispatcher reports whether a file is one of the module's, in which a comment may stand behind a rule.
func readByDispatcher(name string) bool {
	return slices.Contains([]string{".any", ".farm"}, path.Ext(name))
}

// optionOf reads the value of an option.
func optionOf(words []string) any {
	if len(words) == 1 {
		if n, err := strconv.Atoi(words[0]); err == nil && n > 1 { // 0 and 1 are bools
			return n
		}
		if b, err := strconv.ParseBool(words[0]); err == nil {
			return b
		}
	}
	return words
}

func unquote(t *testing.T, s string) string {
	t.Helper()
	out, err := strconv.Unquote(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return out
}

// run compares what is found, and what fixes make of it, with what is wanted.
func (c *testCase) run(t *testing.T, rules []*lint.Rule, r *lint.Rule) {
	t.Helper()
	ds, _ := c.lint(t, rules, r, c.files)
	var got, expected []string
	for _, d := range ds {
		w := want{file: d.Span.File.Name, line: d.Span.Position().Line, message: d.Message}
		for _, e := range c.wants {
			if e.at != "" && e.file == w.file && e.line == w.line && e.message == w.message {
				w.at = d.Span.Text()
			}
		}
		got = append(got, w.String())
		if c.severity != "" && d.Severity.String() != c.severity {
			t.Errorf("%s is %s, want %s", w, d.Severity, c.severity)
		}
		if d.Why == "" && r.Doc.Why == "" {
			t.Errorf("%s says not why", w)
		}
	}
	for _, w := range c.wants {
		expected = append(expected, w.String())
	}
	slices.Sort(got)
	slices.Sort(expected)
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("findings of %s (-want +got):\n%s", r.ID, diff)
	}
	c.fix(t, rules, r)
}

// fix makes all fixes, each first alternative, until there is none, and compares.
func (c *testCase) fix(t *testing.T, rules []*lint.Rule, r *lint.Rule) {
	t.Helper()
	files := fstest.MapFS{}
	for name, f := range c.files {
		files[name] = f
	}
	for round := 0; ; round++ {
		ds, p := c.lint(t, rules, r, files)
		edits, _, _ := lint.SelectFixes(ds, true)
		if len(edits) == 0 {
			break
		}
		if round == maxFixRounds {
			t.Fatalf("fixes have not ended after %d rounds", maxFixRounds)
		}
		changed, err := lint.ApplyEdits(edits)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range changed {
			files[nameOf(p, f.File)] = &fstest.MapFile{Data: f.Text}
		}
	}
	if *testkit.Update {
		c.rewrite(t, files)
		return
	}
	for name, f := range files {
		before := c.files[name].Data
		after, there := c.fixed[name]
		switch {
		case there && !bytes.Equal(after, f.Data):
			t.Errorf("%s after fixes (-want +got):\n%s", name, cmp.Diff(string(after), string(f.Data)))
		case !there && !bytes.Equal(before, f.Data):
			t.Errorf("fixes change %s, and there is no section %s%s (-before +after):\n%s", name, fixedFolder, name, cmp.Diff(string(before), string(f.Data)))
		}
	}
}

// nameOf is the name of a text among the files of a case: texts of httpd are in no tree of $include lines.
func nameOf(p *project.Project, f *source.File) string {
	if p.Tree != nil {
		if name := p.Tree.Name(f); name != "" {
			return name
		}
	}
	return f.Name
}

// lint returns what one rule finds.
func (c *testCase) lint(t *testing.T, rules []*lint.Rule, r *lint.Rule, files fstest.MapFS) ([]diag.Diagnostic, *project.Project) {
	t.Helper()
	p, err := project.Load(t.Context(), project.Options{FS: files, Path: c.entry, Profile: project.Kind(c.profile), DispatcherVersion: c.version})
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Subject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Version = c.version
	res := lint.Run(t.Context(), s, rules, &lint.Settings{Select: append([]string{r.ID}, c.with...), Policy: c.policy, Options: map[string]lint.Options{r.ID: c.options}}, lint.RunOptions{})
	for _, f := range res.Failures {
		t.Fatalf("%v\n%s", f, f.Stack)
	}
	return slices.DeleteFunc(res.Findings, func(d diag.Diagnostic) bool { return d.Rule != r.ID }), p
}

// rewrite writes the sections of what fixes make of files anew.
func (c *testCase) rewrite(t *testing.T, files fstest.MapFS) {
	a, err := txtar.ParseFile(c.archive)
	if err != nil {
		t.Fatal(err)
	}
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, fixedFolder) })
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if f := files[name]; !bytes.Equal(f.Data, c.files[name].Data) {
			a.Files = append(a.Files, txtar.File{Name: fixedFolder + name, Data: f.Data})
		}
	}
	if err := os.WriteFile(c.archive, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}
