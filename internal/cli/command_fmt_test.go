package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/source"
)

func fmtInvocation(t *testing.T) *invocation {
	t.Helper()
	p := testProgram(commands())
	path := []*command{find(p.commands, "fmt")}
	vs, err := resolve(allFlags(path), nil, p.lookupEnv, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &invocation{values: vs, path: path, stdin: p.stdin, stdout: p.stdout, stderr: p.stderr, program: p}
}

// A formatting that means something else is refused before anything is written.
func TestFormatRefusedWhereMeaningChanges(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.any", []byte("  /a   \"b\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := formatter{in: fmtInvocation(t), keeps: func(*grammar.File, []byte) error {
		return &internalError{errors.New("the trees differ")}
	}}
	_, err := f.file(t.Context(), fileToFormat{"a.any", "a.any"}, true)
	var internal *internalError
	if !errors.As(err, &internal) {
		t.Errorf("got %v, want an internal error", err)
	}
	if got, err := os.ReadFile("a.any"); err != nil || string(got) != "  /a   \"b\"\n" {
		t.Errorf("the file became %q, %v", got, err)
	}
	tree := grammar.Parse(source.NewFile("a", []byte("/a \"b\"")))
	if err := keepsMeaning(tree, []byte("/a \"c\"")); !errors.As(err, &internal) {
		t.Errorf("a changed value gives %v, want an internal error", err)
	}
	if err := keepsMeaning(tree, []byte("/a   \"b\"\n")); err != nil {
		t.Errorf("changed white space gives %v", err)
	}
}

func TestSameItems(t *testing.T) {
	items := func(text string) []grammar.Item { return grammar.Parse(source.NewFile("a", []byte(text))).Items }
	const text = `/a { /b "c" $include "d.any" { "e" } 'f' g } }`
	if !sameItems(items(text), items("# c\n/a\n{\n/b \"c\"\n$include\t\"d.any\" {\"e\"}\n'f' g }\n}")) {
		t.Error("white space and comments make another tree")
	}
	for _, other := range []string{
		"", `/x { /b "c" $include "d.any" { "e" } 'f' g } }`, `/a { /x "c" $include "d.any" { "e" } 'f' g } }`,
		`/a { /b 'c' $include "d.any" { "e" } 'f' g } }`, `/a { /b "c" $include "x.any" { "e" } 'f' g } }`,
		`/a { /b "c" $include "d.any" { "x" } 'f' g } }`, `/a { /b "c" $include "d.any" "e" 'f' g } }`,
		`/a { /b "c" $include "d.any" { "e" } 'f' x } }`, `/a { /b "c" $include "d.any" { "e" } 'f' g }`,
		`/a { /b "c" $include "d.any" { "e" } 'f' g `, `/a { /b $include "d.any" { "e" } 'f' g } }`,
	} {
		if sameItems(items(text), items(other)) {
			t.Errorf("%s counts as %s", other, text)
		}
	}
}

func TestRewriteRefusesWhatChangedMeanwhile(t *testing.T) {
	t.Chdir(t.TempDir())
	in := fmtInvocation(t)
	stat := func() fs.FileInfo {
		info, err := os.Stat("a.any")
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	write := func(text string) {
		if err := os.WriteFile("a.any", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	info := stat()
	write("longer")
	if err := in.rewrite("a.any", whole([]byte("new")), info); err == nil || !strings.Contains(err.Error(), "a.any: has changed meanwhile") {
		t.Errorf("rewriting a changed file gives %v", err)
	}
	info = stat()
	if err := os.Remove("a.any"); err != nil {
		t.Fatal(err)
	}
	if err := in.rewrite("a.any", whole([]byte("new")), info); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("rewriting a vanished file gives %v", err)
	}
	write("two")
	if err := in.rewrite("a.any", whole([]byte("new")), stat()); err != nil {
		t.Errorf("rewriting gives %v", err)
	}
	left, err := os.ReadDir(".")
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

// corpus calls visit for each .any and .farm file of the configurations that stand beside the repository,
// or where DISPCHECK_CORPUS says.
func corpus(t *testing.T, visit func(t *testing.T, path string, text []byte)) {
	root := os.Getenv("DISPCHECK_CORPUS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(root); err != nil {
		t.Skip("no configurations to try: set DISPCHECK_CORPUS to a folder of them")
	}
	n := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !isConfigName(d.Name()) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		visit(t, path, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files", n)
}

// runOn runs the program on standard input.
func runOn(text []byte, args ...string) (code int, stdout, stderr []byte) {
	var out, errs bytes.Buffer
	p := testProgram(commands())
	p.stdin, p.stdout, p.stderr = bytes.NewReader(text), &out, &errs
	return p.main(append([]string{"dispcheck"}, args...)), out.Bytes(), errs.Bytes()
}

// Formatting real files loses no token and settles at once; parse shows every comment exactly once.
func TestCommandsOnCorpus(t *testing.T) {
	corpus(t, func(t *testing.T, path string, text []byte) {
		if bytes.IndexByte(text, 0) >= 0 {
			return
		}
		code, once, stderr := runOn(text, "fmt", "-", "--no-project-config")
		if code > exitFindings {
			t.Errorf("%s: fmt exits with %d: %s", path, code, stderr)
			return
		}
		if !grammar.SameButSpace(text, once) {
			t.Errorf("%s: fmt changes more than white space", path)
		}
		if code2, twice, _ := runOn(once, "fmt", "-", "--no-project-config"); code2 != code || !bytes.Equal(once, twice) {
			t.Errorf("%s: formatting twice differs from once", path)
		}
		code, tree, stderr := runOn(text, "parse", "-", "-f", "json", "--no-project-config")
		if code != exitClean {
			t.Errorf("%s: parse exits with %d: %s", path, code, stderr)
			return
		}
		comments := 0
		for _, tok := range grammar.Scan(text, nil) {
			if tok.Kind == grammar.Comment {
				comments++
			}
		}
		var v any
		if err := json.Unmarshal(tree, &v); err != nil {
			t.Errorf("%s: parse writes no JSON: %v", path, err)
		} else if got := remarksIn(v); got != comments {
			t.Errorf("%s: parse shows %d comments, the file has %d", path, got, comments)
		}
	})
}

// remarksIn counts the comments in a tree of JSON.
func remarksIn(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["text"]; ok {
			n++
		}
		for _, inner := range v {
			n += remarksIn(inner)
		}
	case []any:
		for _, inner := range v {
			n += remarksIn(inner)
		}
	}
	return n
}
