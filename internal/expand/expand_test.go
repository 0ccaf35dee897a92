package expand

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/source"
)

// TestCases runs testdata/*.txtar. The comment on top of a case holds settings, one a line:
//
//	root FILE            the file to expand; without it the first one
//	var NAME=VALUE       a variable; "var NAME" defines it without a value
//	map /PREFIX/ FOLDER  absolute paths below PREFIX are those below FOLDER
//	fallback FOLDER      where else to look
//	provided FILE        a file that the platform puts in place
//	want FILE:LINE RULE "message"
//	                     as below, for a line that cannot have a comment
//
// A finding is wanted where a line ends with
//
//	# want DSP100 "part of the message"
//
// and no others may be there. The section "expanded" holds the tree, "fatal" what could not be read:
// both are written anew by -update.
func TestCases(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			ar := txtar.Parse(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
			c := readCase(t, ar)
			tree, err := File(c.root, c.options)
			if err != nil {
				t.Fatal(err)
			}
			checkTree(t, tree)
			checkWants(t, ar, tree.Findings)
			checkFixes(t, ar, tree)
			got := map[string]string{"expanded": dump(tree), "fatal": fatal(tree)}
			if *testkit.Update {
				update(t, name, ar, got)
				return
			}
			for section, text := range got {
				if diff := cmp.Diff(string(c.golden[section]), text); diff != "" {
					t.Errorf("%s (-want +got):\n%s", section, diff)
				}
			}
		})
	}
}

type testCase struct {
	root    string
	options Options
	golden  map[string][]byte
}

func isGolden(name string) bool {
	return name == "expanded" || name == "fatal" || strings.HasPrefix(name, "fixed/")
}

func readCase(t *testing.T, ar *txtar.Archive) testCase {
	t.Helper()
	files := fstest.MapFS{}
	c := testCase{golden: map[string][]byte{}}
	for _, f := range ar.Files {
		if isGolden(f.Name) {
			c.golden[f.Name] = f.Data
			continue
		}
		if c.root == "" {
			c.root = f.Name
		}
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	c.options.FS = files
	vars := map[string]Variable{}
	maps := map[string]string{}
	var provided []string
	for line := range strings.Lines(string(ar.Comment)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "root":
			c.root = rest
		case "var":
			name, value, ok := strings.Cut(rest, "=")
			vars[name] = Variable{Value: value, From: "settings", Bare: !ok}
		case "map":
			prefix, dir, _ := strings.Cut(rest, " ")
			maps[prefix] = dir
		case "fallback":
			c.options.Fallback = append(c.options.Fallback, rest)
		case "provided":
			provided = append(provided, rest)
		}
	}
	c.options.Lookup = func(name string) (Variable, bool) { v, ok := vars[name]; return v, ok }
	c.options.Names = func() []string {
		var names []string
		for n := range vars {
			names = append(names, n)
		}
		slices.Sort(names)
		return names
	}
	c.options.Map = func(abs string) (string, bool) {
		for prefix, dir := range maps {
			if rest, ok := strings.CutPrefix(abs, prefix); ok {
				return path.Join(dir, rest), true
			}
		}
		return "", false
	}
	c.options.Provided = func(name string) bool { return slices.Contains(provided, name) }
	return c
}

// checkWants holds findings against the comments that want them.
func checkWants(t *testing.T, ar *txtar.Archive, found []diag.Diagnostic) {
	t.Helper()
	type line struct {
		file string
		line int
	}
	wants := map[line][]string{}
	for text := range strings.Lines(string(ar.Comment)) {
		if w, ok := strings.CutPrefix(text, "want "); ok {
			var at line
			var rule, message string
			if _, err := fmt.Sscanf(strings.Replace(w, ":", " ", 1), "%s %d %s %q", &at.file, &at.line, &rule, &message); err != nil {
				t.Fatalf("want %s: %v", w, err)
			}
			wants[at] = append(wants[at], rule+" "+message)
		}
	}
	for _, f := range ar.Files {
		if isGolden(f.Name) {
			continue
		}
		for i, text := range strings.Split(string(f.Data), "\n") {
			if _, w, ok := strings.Cut(text, "# want "); ok {
				for w != "" {
					rule, rest, _ := strings.Cut(w, " ")
					quoted, err := strconv.QuotedPrefix(rest)
					if err != nil {
						t.Fatalf("%s:%d: want: %v", f.Name, i+1, err)
					}
					message, _ := strconv.Unquote(quoted)
					at := line{f.Name, i + 1}
					wants[at] = append(wants[at], rule+" "+message)
					w = strings.TrimSpace(rest[len(quoted):])
				}
			}
		}
	}
	for _, d := range found {
		at := line{d.Span.File.Name, d.Span.Position().Line}
		i := slices.IndexFunc(wants[at], func(w string) bool {
			rule, message, _ := strings.Cut(w, " ")
			return rule == d.Rule && strings.Contains(d.Message, message)
		})
		if i < 0 {
			t.Errorf("%s:%d: nobody wants %s %q", at.file, at.line, d.Rule, d.Message)
			continue
		}
		wants[at] = slices.Delete(wants[at], i, i+1)
	}
	for at, ws := range wants {
		for _, w := range ws {
			t.Errorf("%s:%d: not found: %s", at.file, at.line, w)
		}
	}
}

// checkFixes applies the first fix of every finding and compares with the fixed/ sections.
func checkFixes(t *testing.T, ar *txtar.Archive, tree *Tree) {
	t.Helper()
	edits := map[*source.File][]diag.Edit{}
	for _, d := range tree.Findings {
		if len(d.Fixes) > 0 {
			for _, e := range d.Fixes[0].Edits {
				if !slices.Contains(edits[e.Span.File], e) {
					edits[e.Span.File] = append(edits[e.Span.File], e)
				}
			}
		}
	}
	for _, f := range ar.Files {
		name, ok := strings.CutPrefix(f.Name, "fixed/")
		if !ok {
			continue
		}
		i := slices.IndexFunc(tree.Files, func(f *grammar.File) bool { return f.Src.Name == name })
		if i < 0 {
			t.Errorf("%s was not read", name)
			continue
		}
		src := tree.Files[i].Src
		got, err := diag.Apply(src, edits[src])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(string(f.Data), string(got)); diff != "" {
			t.Errorf("%s after its fixes (-want +got):\n%s", name, diff)
		}
	}
}

func update(t *testing.T, name string, ar *txtar.Archive, got map[string]string) {
	t.Helper()
	ar.Files = slices.DeleteFunc(ar.Files, func(f txtar.File) bool { return f.Name == "expanded" || f.Name == "fatal" })
	for _, section := range []string{"expanded", "fatal"} {
		if got[section] != "" {
			ar.Files = append(ar.Files, txtar.File{Name: section, Data: []byte(got[section])})
		}
	}
	if err := os.WriteFile(name, txtar.Format(ar), 0o644); err != nil {
		t.Fatal(err)
	}
}

// dump writes a tree: an item a line, with its place and the places that included it.
func dump(tree *Tree) string {
	var b strings.Builder
	at := func(s source.Span) string { return fmt.Sprintf("%s:%d", s.File.Name, s.Position().Line) }
	value := func(v *grammar.Value) string {
		if v == nil {
			return "nothing"
		}
		q := string(v.Quote)
		if v.Quote == 0 {
			q = ""
		}
		return q + v.Text() + q
	}
	var list func(items []grammar.Item, depth int)
	list = func(items []grammar.Item, depth int) {
		for _, it := range items {
			text, below := "", []grammar.Item(nil)
			switch it := it.(type) {
			case *grammar.Property:
				text = it.Name.Text()
				if it.Value != nil {
					text += " " + value(it.Value)
				}
				if it.Block != nil {
					text += " {}"
					below = it.Block.Items
				}
			case *grammar.Block:
				text, below = "{}", it.Items
			case *grammar.Value:
				text = value(it)
			case *grammar.IncludeItem:
				text = "$include " + value(it.Path)
			case *grammar.Stray:
				text = "}"
			}
			fmt.Fprintf(&b, "%s%s  # %s", strings.Repeat("\t", depth), text, at(it.Span()))
			for i := len(it.Origin().Included) - 1; i >= 0; i-- {
				fmt.Fprintf(&b, " < %s", at(it.Origin().Included[i]))
			}
			b.WriteByte('\n')
			list(below, depth+1)
		}
	}
	list(tree.Items, 0)
	return b.String()
}

func fatal(tree *Tree) string {
	var b strings.Builder
	for _, err := range tree.Fatal {
		fmt.Fprintf(&b, "%s %v\n", err.Rule, err)
	}
	return b.String()
}

// checkTree holds what is true of every expansion.
func checkTree(t testing.TB, tree *Tree) {
	t.Helper()
	read := map[*source.File]bool{}
	for _, f := range tree.Files {
		if read[f.Src] {
			t.Errorf("%s is there twice", f.Src.Name)
		}
		read[f.Src] = true
	}
	inside := func(s source.Span, what string) {
		if s.File == nil || !read[s.File] || s.Start < 0 || s.End < s.Start || int(s.End) > len(s.File.Text) {
			t.Fatalf("%s: the span %d to %d lies in no file that was read", what, s.Start, s.End)
		}
	}
	own := map[grammar.Item]bool{}
	for _, f := range tree.Files {
		grammar.Walk(f.Items, func(it grammar.Item) bool { own[it] = true; return true })
	}
	n := 0
	grammar.Walk(tree.Items, func(it grammar.Item) bool {
		n++
		if own[it] {
			t.Fatalf("%q is not a copy", it.Span().Text())
		}
		inside(it.Span(), "item")
		if it.Origin() == nil {
			t.Fatalf("%q has no origin", it.Span().Text())
		}
		var v *grammar.Value
		switch it := it.(type) {
		case *grammar.Property:
			v = it.Value
		case *grammar.Value:
			v = it
		}
		if v != nil {
			if v.Origin() == nil {
				t.Fatalf("%q has no origin", v.Raw())
			}
			if v.Expanded != nil {
				if len(v.Expanded.Uses) == 0 {
					t.Fatalf("%q is expanded without a variable", v.Raw())
				}
				for _, u := range v.Expanded.Uses {
					inside(u.Span, "use")
					if !v.Inner().Contains(u.Span) || !strings.Contains(v.Text(), u.Value) {
						t.Fatalf("%q: use %q of %q", v.Raw(), u.Span.Text(), u.Value)
					}
				}
			}
		}
		included := it.Origin().Included
		for _, s := range included {
			inside(s, "include")
		}
		if len(included) > 0 {
			// Only the line of a flattened link stands in a file of its own.
			if included[0].File != tree.Root.Src {
				t.Fatalf("%q: the outermost include is in %s", it.Span().Text(), included[0].File.Name)
			}
		} else if it.Span().File != tree.Root.Src {
			t.Fatalf("%q came from %s and nothing included it", it.Span().Text(), it.Span().File.Name)
		}
		return true
	})
	if n > MaxItems {
		t.Errorf("%d items", n)
	}
	for _, d := range tree.Findings {
		inside(d.Span, "finding "+d.Rule)
		if d.Message == "" || d.Rule == "" || d.Severity == 0 {
			t.Errorf("finding without message, rule or severity: %+v", d)
		}
		for _, f := range d.Fixes {
			for _, e := range f.Edits {
				inside(e.Span, "edit")
			}
		}
	}
	for _, err := range tree.Fatal {
		if err.Message == "" || strings.Contains(err.Error(), "%!") {
			t.Errorf("error without a message: %+v", err)
		}
		if err.Rule != "" && !slices.ContainsFunc(tree.Findings, func(d diag.Diagnostic) bool { return d.Span.File == err.Span.File }) {
			t.Errorf("%v: no finding says so", err)
		}
	}
}

func TestRootCannotBeRead(t *testing.T) {
	files := fstest.MapFS{"a.any": {Data: []byte("x")}, "dir/b.any": {Data: []byte("x")}}
	for _, tc := range []struct{ name, want string }{
		{"absent.any", "reading shown/absent.any: file does not exist"},
		{"dir", "shown/dir is a folder, not a file"},
		{"../a.any", "no name of a file: ../a.any"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tree, err := File(tc.name, Options{FS: files, Show: func(n string) string { return "shown/" + n }})
			if tree != nil || err == nil || err.Error() != tc.want {
				t.Fatalf("got %v, %v; want %q", tree, err, tc.want)
			}
			if tc.name == "absent.any" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v hides its cause", err)
			}
		})
	}
}

func TestSource(t *testing.T) {
	files := fstest.MapFS{"conf/farms/a.farm": {Data: []byte(`/a { /docroot "${ROOT}" }`)}}
	src := source.NewFile("made up", []byte(`/farms { $include "farms/*.farm" }`))
	tree, err := Source(src, "conf", Options{FS: files, Lookup: func(string) (Variable, bool) {
		return Variable{Value: "/var/www", From: "test"}, true
	}})
	if err != nil {
		t.Fatal(err)
	}
	checkTree(t, tree)
	want := "/farms {}  # made up:1\n\t/a {}  # conf/farms/a.farm:1 < made up:1\n\t\t/docroot \"/var/www\"  # conf/farms/a.farm:1 < made up:1\n"
	if diff := cmp.Diff(want, dump(tree)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := tree.Name(tree.Files[1].Src); got != "conf/farms/a.farm" {
		t.Errorf("name of the included file: got %q", got)
	}
	if got := len(tree.Included(tree.Files[1])); got != 1 {
		t.Errorf("includes that led to the file: got %d, want 1", got)
	}
}

// TestSymbolicLinks: a link stands for its file, and paths in it start where the link stands.
func TestSymbolicLinks(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.FromSlash(target), name); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	write("dispatcher.any", `/farms { $include "enabled/*.farm" } $include "enabled/lost.any"`)
	write("elsewhere/deep/site.farm", `/site { $include "beside.any" }`)
	write("elsewhere/deep/beside.any", `/name "wrong"`)
	write("enabled/beside.any", `/name "right"`)
	link("../elsewhere/deep/site.farm", "enabled/site.farm")
	link("../elsewhere/none.farm", "enabled/none.farm")
	link("../elsewhere", "enabled/folder.farm")
	link("../elsewhere/lost.any", "enabled/lost.any")
	tree, err := File("dispatcher.any", Options{FS: os.DirFS(dir)})
	if err != nil {
		t.Fatal(err)
	}
	checkTree(t, tree)
	want := `/farms {}  # dispatcher.any:1
	/site {}  # enabled/site.farm:1 < dispatcher.any:1
		/name "right"  # enabled/beside.any:1 < enabled/site.farm:1 < dispatcher.any:1
$include "enabled/lost.any"  # dispatcher.any:1
`
	if diff := cmp.Diff(want, dump(tree)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var rules []string
	for _, d := range tree.Findings {
		rules = append(rules, d.Rule+" "+d.Message)
	}
	wantRules := []string{
		`DSP117 include "enabled/*.farm": enabled/none.farm is a link to nothing`,
		`DSP117 include "enabled/lost.any": enabled/lost.any is a link to nothing`,
	}
	if diff := cmp.Diff(wantRules, rules); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if len(tree.Fatal) != 2 {
		t.Errorf("fatal: got %v", tree.Fatal)
	}
}

// TestLinkLoop: a folder that links to itself gives every file endless names.
func TestLinkLoop(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.any"), []byte(`/x "1" $include "loop/a.any"`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(".", filepath.Join(dir, "loop")); err != nil {
		t.Skipf("no links here: %v", err)
	}
	tree, err := File("a.any", Options{FS: os.DirFS(dir)})
	if err != nil {
		t.Fatal(err)
	}
	checkTree(t, tree)
	if len(tree.Fatal) == 0 {
		t.Error("nothing says that the include never ends")
	}
	if len(tree.Files) > MaxIncludeDepth+1 {
		t.Errorf("%d files were read", len(tree.Files))
	}
}

func TestPipeIsNotOpened(t *testing.T) {
	files := pipeFS{fstest.MapFS{
		"a.any":    {Data: []byte("$include \"pipe.any\"\n$include \"*.fifo\"")},
		"pipe.any": {Mode: fs.ModeNamedPipe},
		"b.fifo":   {Mode: fs.ModeNamedPipe},
	}, t}
	tree, err := File("a.any", Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	want := " a.any:1:11: include \"pipe.any\": pipe.any is not a regular file\n a.any:2:11: include \"*.fifo\": b.fifo is not a regular file\n"
	if diff := cmp.Diff(want, fatal(tree)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// pipeFS fails the test when a pipe is opened, which would wait for ever.
type pipeFS struct {
	fstest.MapFS
	t *testing.T
}

func (p pipeFS) Open(name string) (fs.File, error) {
	if f := p.MapFS[name]; f != nil && f.Mode&fs.ModeNamedPipe != 0 {
		p.t.Errorf("%s was opened", name)
	}
	return p.MapFS.Open(name)
}

func TestUnreadable(t *testing.T) {
	files := refusingFS{fstest.MapFS{
		"a.any":      {Data: []byte("$include \"secret.any\"\n/x \"1\"\n$include \"secret.any\"")},
		"secret.any": {Data: []byte("y")},
	}}
	tree, err := File("a.any", Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	checkTree(t, tree)
	want := " a.any:1:11: include \"secret.any\": reading secret.any: permission denied\n a.any:3:11: include \"secret.any\": reading secret.any: permission denied\n"
	if diff := cmp.Diff(want, fatal(tree)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !errors.Is(tree.Err(), fs.ErrPermission) {
		t.Errorf("Err hides the cause: %v", tree.Err())
	}
	if len(tree.Findings) > 0 {
		t.Errorf("findings: %v", tree.Findings)
	}
}

type refusingFS struct{ fstest.MapFS }

func (r refusingFS) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, "secret") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return r.MapFS.Open(name)
}
