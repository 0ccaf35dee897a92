package docs_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/cli"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/simulate"
)

const simulatePage = "docs/simulate/README.md"

// TestSimulatePageRuns runs each command of the page about simulate in a folder with the files that it shows: a block of
// YAML that starts with "# NAME" is the file of that name.
func TestSimulatePageRuns(t *testing.T) {
	text := pages(t)[simulatePage]
	t.Chdir(t.TempDir())
	for _, m := range regexp.MustCompile("(?s)```yaml\n# ([a-z.]+)\n.*?```").FindAllStringSubmatch(text, -1) {
		body := strings.TrimSuffix(strings.TrimPrefix(m[0], "```yaml\n"), "```")
		if err := os.WriteFile(m[1], []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("requests.txt", []byte("GET /content/wknd/us/en.html\nGET /system/console\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(m[1]) {
			line = strings.TrimSpace(line)
			if dir, ok := strings.CutPrefix(line, "mkdir -p "); ok {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				continue
			}
			ran++
			var out, errs bytes.Buffer
			if code := cli.Main(words(line), strings.NewReader(""), &out, &errs); code != 0 || out.Len() == 0 {
				t.Errorf("%s\nexits with %d:\n%s%s", line, code, out.String(), errs.String())
			}
		}
	}
	if ran < 10 {
		t.Errorf("only %d commands were found", ran)
	}
}

// TestJSONKeysAreExplained: the page names each key of the JSON.
func TestJSONKeysAreExplained(t *testing.T) {
	text := pages(t)[simulatePage]
	_, text, ok := strings.Cut(text, "\n## The JSON\n")
	if !ok {
		t.Fatal("the page has no section about JSON")
	}
	text, _, _ = strings.Cut(text, "\n## ")
	request, flush, ok := strings.Cut(text, "dispcheck.invalidate/v1")
	if !ok {
		t.Fatal("the page does not name the schema of flushes")
	}
	for _, page := range []struct {
		text string
		of   any
	}{{request, report.SimulationJSON{}}, {flush, report.InvalidationJSON{}}} {
		keys := map[string]bool{}
		jsonKeys(reflect.TypeOf(page.of), page.of, keys)
		if len(keys) < 20 {
			t.Errorf("%T has only %d keys", page.of, len(keys))
		}
		for key := range keys {
			in := page.text
			if key == "schema" || key == "level" || key == "stage" || key == "message" || key == "source" || key == "line" || key == "column" {
				in = request // the trace is the same
			}
			if !strings.Contains(in, "`"+key+"`") {
				t.Errorf("%T: the page does not name `%s`", page.of, key)
			}
		}
	}
}

// jsonKeys collects the keys of a struct and of those in it, but for flushes inside of a simulation.
func jsonKeys(t reflect.Type, root any, keys map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		jsonKeys(t.Elem(), root, keys)
	case reflect.Struct:
		if _, ok := root.(report.SimulationJSON); ok && t == reflect.TypeFor[report.InvalidationJSON]() {
			return
		}
		for i := range t.NumField() {
			f := t.Field(i)
			if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); key != "" && key != "-" {
				keys[key] = true
			}
			jsonKeys(f.Type, root, keys)
		}
	}
}

// TestReadingsAreListed: the page has a row for each reading.
func TestReadingsAreListed(t *testing.T) {
	text := pages(t)[simulatePage]
	for _, r := range simulate.ReadingTable {
		row := fmt.Sprintf("| `%s` | `%s` | %s |\n", r.Key, strings.Join(r.Values, "`, `"), r.Meaning)
		if !strings.Contains(text, row) {
			t.Errorf("%s lacks the row\n%s", simulatePage, row)
		}
	}
}

// TestDirectivesAreKnown: the module's directives that the page names are read, and their names are as they are written
// there.
func TestDirectivesAreKnown(t *testing.T) {
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`(Dispatcher[A-Z][A-Za-z]+)`").FindAllStringSubmatch(pages(t)[simulatePage], -1) {
		named[m[1]] = true
	}
	for name := range named {
		if err := simulate.ParseDirective(new(simulate.Directives), name+" 1"); err != nil {
			t.Errorf("the page names %s: %v", name, err)
		}
	}
	if len(named) < 10 {
		t.Errorf("the page names only %d directives", len(named))
	}
}

// TestCodeIsThere: files, folders and names that tables of sources point to exist.
func TestCodeIsThere(t *testing.T) {
	root := testkit.Root(t)
	quoted := regexp.MustCompile("`([^`]+)`")
	checked := 0
	code := false // the last column of the table is about code
	for line := range strings.Lines(pages(t)["docs/dispatcher.md"]) {
		cells := strings.Split(strings.TrimSuffix(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 3 {
			code = false
			continue
		}
		last := strings.TrimSpace(cells[len(cells)-1])
		if last == "code" {
			code = true
			continue
		}
		if !code || strings.HasPrefix(last, "---") {
			continue
		}
		places := quoted.FindAllStringSubmatch(last, -1)
		if len(places) == 0 {
			t.Errorf("the row names no code: %s", line)
		}
		for _, m := range places {
			checked++
			if err := codeExists(root, m[1]); err != nil {
				t.Errorf("%v, which is named in %s", err, line)
			}
		}
	}
	if checked < 60 {
		t.Errorf("only %d places were found", checked)
	}
}

// codeExists looks for a file, a folder, or a name of a package, "simulate.Decompose".
func codeExists(root, place string) error {
	path := filepath.Join(root, filepath.FromSlash(place))
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	folder, name, ok := strings.Cut(place, ".")
	if !ok || strings.HasSuffix(place, ".go") {
		return fmt.Errorf("there is no %s", place)
	}
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if regexp.MustCompile(`(?m)^(func|type|var|const)\s+(\([^)]*\)\s+)?` + regexp.QuoteMeta(name) + `\b`).Match(text) {
			return nil
		}
	}
	return fmt.Errorf("there is no %s", place)
}
