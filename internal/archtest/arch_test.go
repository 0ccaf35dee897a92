// Package archtest is one test: packages import what the table of docs/architecture.md lets them import,
// and each outside module has one home.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/testkit"
)

const module = "github.com/dispcheck/dispcheck"

// allowed says what each package may import of this module. A name that ends in /... stands for the
// packages below it.
var allowed = map[string][]string{
	"source":               {},
	"diag":                 {"source"},
	"grammar":              {"source", "diag"},
	"grammar/httpd":        {"source", "diag"},
	"internal/apacheconf":  {"source", "diag", "grammar/httpd", "internal/match", "internal/spelling"},
	"internal/apachebase":  {"source", "diag", "grammar/httpd", "internal/apacheconf"},
	"internal/apexpr":      {"internal/escape", "internal/match"},
	"internal/apachetest":  {"internal/apachebase"},
	"internal/managedmaps": {"source", "internal/yamltext"},
	"internal/realhttpd":   {"source", "diag", "model/server", "internal/apacheconf", "simulate/rewrite"},
	"model/server":         {"source", "diag", "grammar/httpd", "internal/apacheconf", "internal/apexpr", "internal/match", "internal/spelling"},
	"simulate/rewrite":     {"source", "model/server", "internal/apexpr", "internal/escape", "internal/match"},
	"simulate/httpd":       {"source", "model/server", "simulate", "simulate/rewrite", "internal/apexpr", "internal/escape", "internal/match"},
	"internal/escape":      {},
	"internal/match":       {},
	"internal/spelling":    {},
	"internal/expand":      {"source", "diag", "grammar", "internal/spelling"},
	"model":                {"source", "diag", "grammar", "grammar/httpd", "internal/match", "internal/spelling"},
	"internal/yamltext":    {"source", "diag"},
	"internal/automata":    {"internal/match"},
	"lint":                 {"source", "diag", "grammar", "grammar/httpd", "model", "model/server", "internal/match", "internal/spelling"},
	"rules":                {"lint", "source", "diag", "grammar", "grammar/httpd", "model", "model/server", "internal/apacheconf", "internal/apexpr", "internal/match", "internal/automata", "rules/..."},
	"rules/...":            {"lint", "source", "diag", "grammar", "grammar/httpd", "model", "model/server", "internal/apacheconf", "internal/apexpr", "internal/match", "internal/automata", "internal/automata/elements", "internal/spelling", "internal/managedmaps", "rules/lastmatch", "rules/sample", "rules/textedit", "rules/unread", "rules/vhosts", "rules/wording"},
	"simulate":             {"source", "model", "internal/match", "internal/spelling"},
	"internal/project":     {"internal/managedmaps", "source", "diag", "grammar", "grammar/httpd", "internal/match", "internal/expand", "model", "lint", "simulate", "internal/yamltext", "fixtures", "internal/apachebase", "internal/apacheconf", "model/server", "simulate/httpd", "simulate/rewrite"},
	"internal/displog":     {},
	"internal/accesslog":   {"internal/displog"},
	"internal/replay":      {"source", "model", "model/server", "simulate", "simulate/httpd", "simulate/rewrite", "internal/accesslog", "internal/automata", "internal/docroot", "internal/match", "internal/site"},
	"internal/audit":       {"source", "diag", "grammar", "model", "model/server", "simulate", "simulate/rewrite", "internal/site", "internal/match", "internal/automata", "internal/automata/elements"},
	"internal/site":        {"model", "model/server", "simulate", "simulate/httpd", "simulate/rewrite"},
	"internal/docroot":     {"simulate"},
	"internal/renderio":    {"simulate", "model"},
	"internal/mock":        {"source", "model", "simulate", "internal/match", "internal/yamltext", "internal/spelling", "internal/mock/..."},
	"internal/mock/...":    {"source", "internal/yamltext", "internal/spelling", "internal/mock/..."},
	"internal/scenario":    {"source", "model", "simulate", "internal/mock", "internal/mock/...", "internal/yamltext", "internal/spelling"},
	"internal/effective":   {"source", "grammar", "grammar/httpd", "model", "model/server", "internal/apacheconf", "internal/match", "internal/project", "simulate", "simulate/httpd", "simulate/rewrite"},
	"internal/report":      {"source", "diag", "grammar", "model", "internal/audit", "internal/expand", "internal/displog", "internal/effective", "internal/replay", "internal/site", "internal/decisiondiff", "model/server", "simulate", "simulate/httpd", "simulate/rewrite", "lint", "suite"},
	"suite":                {"source", "diag", "model", "model/server", "simulate", "simulate/rewrite", "internal/scenario", "internal/site", "internal/mock", "internal/mock/...", "internal/yamltext"},
	"fixtures":             {},
	"internal/gitfs":       {},
	"internal/watch":       {},
	"internal/ruletest":    {"source", "diag", "lint", "internal/project", "internal/testkit"},
	"internal/testkit":     {"source", "diag", "grammar"},
	"internal/archtest":    {},
	"internal/serve/page":  {"source", "model", "simulate", "internal/report"},
	"internal/serve/wire":  {"simulate", "simulate/httpd"},
	"internal/serve":       {"source", "diag", "model", "simulate", "simulate/httpd", "simulate/rewrite", "suite", "internal/displog", "internal/docroot", "internal/project", "internal/report", "internal/serve/...", "internal/site"},
	"internal/cli":         {"..."},
	"cmd/dispcheck":        {"internal/cli"},
	"docs":                 {},

	"internal/automata/elements": {"internal/automata", "internal/match", "model"},
	"internal/decisiondiff":      {"source", "model", "model/server", "internal/accesslog", "internal/apexpr", "internal/automata", "internal/automata/elements", "internal/match", "internal/site", "simulate", "simulate/httpd"},
}

// homes says which package alone may import an outside module.
var homes = map[string][]string{
	"github.com/alecthomas/participle/v2":      {"grammar", "grammar/httpd"},
	"github.com/urfave/cli/v2":                 {"internal/cli"},
	"github.com/charmbracelet/lipgloss":        {"internal/report"},
	"github.com/sergi/go-diff":                 {"internal/report"},
	"github.com/dlclark/regexp2":               {}, // tools/bench measures against it
	"gopkg.in/yaml.v3":                         {"internal/yamltext"},
	"golang.org/x/term":                        {"internal/cli", "internal/report"},
	"github.com/muesli/termenv":                {"internal/report"},
	"golang.org/x/sys":                         {"internal/docroot"},
	"github.com/klauspost/compress":            {"internal/accesslog"},
	"github.com/google/go-cmp":                 {"internal/ruletest"},
	"github.com/rogpeppe/go-internal":          {"internal/ruletest"},
	"github.com/santhosh-tekuri/jsonschema/v6": {},
}

type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func TestImports(t *testing.T) {
	root := testkit.Root(t)
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Standard", "./...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			t.Skip("no go command to list the packages with")
		}
		t.Fatal(err)
	}
	seen := 0
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		may, known := rowOf(name)
		if !known {
			t.Errorf("%s stands in no row of the table: say what it may import, here and in docs/architecture.md", name)
			continue
		}
		for _, imported := range p.Imports {
			if rest, own := strings.CutPrefix(imported, module+"/"); own {
				if !slices.ContainsFunc(may, func(pattern string) bool { return covers(pattern, rest) }) {
					t.Errorf("%s imports %s, which the table does not allow", name, rest)
				}
				continue
			}
			for outside, home := range homes {
				if (imported == outside || strings.HasPrefix(imported, outside+"/")) && !slices.Contains(home, name) {
					t.Errorf("%s imports %s, whose home is %s", name, imported, strings.Join(home, " and "))
				}
			}
		}
	}
	if seen < 8 {
		t.Errorf("go list named %d packages only", seen)
	}
}

// TestTableIsWritten: docs/architecture.md names every package of the table that exists.
func TestTableIsWritten(t *testing.T) {
	root := testkit.Root(t)
	text, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range allowed {
		dir := filepath.Join(root, filepath.FromSlash(strings.TrimSuffix(name, "/...")))
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		if !bytes.Contains(text, []byte("`"+strings.TrimSuffix(name, "/...")+"`")) {
			t.Errorf("docs/architecture.md does not name %s", name)
		}
	}
}

func rowOf(name string) ([]string, bool) {
	if may, ok := allowed[name]; ok {
		return may, true
	}
	for pattern, may := range allowed {
		if strings.HasSuffix(pattern, "/...") && covers(pattern, name) {
			return may, true
		}
	}
	return nil, false
}

func covers(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(name, prefix+"/")
	}
	return pattern == name
}
