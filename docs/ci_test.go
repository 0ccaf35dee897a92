package docs_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/cli"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

// A snippet is a fenced text of a document.
type snippet struct{ section, language, text string }

// snippets returns the fenced texts of a document, by the headings above them.
func snippets(text string) []snippet {
	var out []snippet
	section, in := "", (*snippet)(nil)
	for line := range strings.Lines(text) {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && in == nil:
			in = &snippet{section: section, language: strings.TrimSpace(fence)}
		case isFence:
			out = append(out, *in)
			in = nil
		case in != nil:
			in.text += line
		case strings.HasPrefix(line, "#"):
			section = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	return out
}

// TestCISnippets holds docs/ci.md to what can be tried here: its commands run beside a copy of the sample project, the files
// that a step takes are those that a command wrote, and each snippet has the shape that its system wants.
func TestCISnippets(t *testing.T) {
	root := testkit.Root(t)
	doc := pages(t)["docs/ci.md"]
	action := parsed(t, "action.yml", readText(t, filepath.Join(root, "action.yml")))
	hooks := readText(t, filepath.Join(root, ".pre-commit-hooks.yaml"))
	checks := map[string]func(*testing.T, *ciDir, string){
		"In CI and before commits sh":       func(t *testing.T, d *ciDir, text string) { d.shell(t, text, 2) },
		"pre-commit yaml":                   func(t *testing.T, d *ciDir, text string) { checkPreCommit(t, hooks, text) },
		"GitHub yaml":                       func(t *testing.T, d *ciDir, text string) { checkWorkflow(t, d, action, text) },
		"GitLab yaml":                       checkGitLab,
		"Jenkins groovy":                    checkJenkins,
		"Azure Pipelines yaml":              checkAzure,
		"reviewdog sh":                      checkReviewdog,
		"SonarQube sh":                      checkSonarQube,
		"In place of the Optimizer Tool sh": func(t *testing.T, d *ciDir, text string) { d.shell(t, text, 1) },
		"Cloud Manager xml":                 checkMaven,
	}
	tried := map[string]bool{}
	for _, s := range snippets(doc) {
		name := s.section + " " + s.language
		check := checks[name]
		if check == nil {
			t.Errorf("nobody checks the snippet of %s", name)
			continue
		}
		tried[name] = true
		t.Run(name, func(t *testing.T) { check(t, newCIDir(t), s.text) })
	}
	for name := range checks {
		if !tried[name] {
			t.Errorf("the snippet of %s is gone", name)
		}
	}
}

// TestCICommandsInText: flags that sentences name are there.
func TestCICommandsInText(t *testing.T) {
	all := pages(t)
	found := 0
	for _, m := range regexp.MustCompile("`dispcheck ([a-z]+)([^`]*)`").FindAllStringSubmatch(all["docs/ci.md"], -1) {
		page, ok := all["docs/commands/"+m[1]+".md"]
		if !ok {
			t.Errorf("there is no command %s", m[1])
		}
		for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(m[2], -1) {
			found++
			if !strings.Contains(page, "`"+flag+" ") && !strings.Contains(page, "`"+flag+"`") {
				t.Errorf("dispcheck %s has no flag %s", m[1], flag)
			}
		}
	}
	if found == 0 {
		t.Error("no flag was found in the text")
	}
}

// A ciDir is a working directory with the sample project in dispatcher/src.
type ciDir struct {
	root    string   // of the repository
	written []string // FORMAT=FILE of each report
}

func newCIDir(t *testing.T) *ciDir {
	t.Helper()
	dir, root := t.TempDir(), testkit.Root(t)
	project, err := fixtures.Open("cloud")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "dispatcher", "src"), project); err != nil {
		t.Skipf("the sample project cannot be copied here: %v", err)
	}
	t.Chdir(dir)
	return &ciDir{root: root}
}

// run runs a command line of dispcheck, which must end with 0, and returns its output. It takes note of the files of
// --output.
func (d *ciDir) run(t *testing.T, args []string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := cli.Main(args, strings.NewReader(""), &out, &errs); code != 0 {
		t.Errorf("%s\nexits with %d:\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	}
	for i, arg := range args {
		if arg != "--output" || i+1 == len(args) {
			continue
		}
		format, file, _ := strings.Cut(args[i+1], "=")
		if info, err := os.Stat(file); err != nil || info.Size() == 0 {
			t.Errorf("%s was not written: %v", file, err)
		}
		d.written = append(d.written, format+"="+file)
	}
	return out.String()
}

// wrote reports an error where no command wrote a file in a format.
func (d *ciDir) wrote(t *testing.T, format, file string) {
	t.Helper()
	if !slices.Contains(d.written, format+"="+file) {
		t.Errorf("%s is taken as %s, and what was written is %q", file, format, d.written)
	}
}

// shell runs the lines of a shell, which are all dispcheck's.
func (d *ciDir) shell(t *testing.T, text string, want int) {
	t.Helper()
	ran := 0
	for line := range strings.Lines(text) {
		args := words(line)
		if len(args) == 0 || args[0] != "dispcheck" {
			t.Errorf("%q is no line of dispcheck", line)
			continue
		}
		d.run(t, args)
		ran++
	}
	if ran != want {
		t.Errorf("%d lines were run, want %d", ran, want)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parsed(t *testing.T, name, text string) *yamltext.Node {
	t.Helper()
	n, err := yamltext.Parse(source.NewFile(name, []byte(text)))
	if err != nil {
		t.Fatalf("%s is not YAML: %v", name, err)
	}
	return n
}

// at returns what stands below keys, which must be there.
func at(t *testing.T, n *yamltext.Node, keys ...string) *yamltext.Node {
	t.Helper()
	for _, key := range keys {
		next := n.Lookup(key)
		if next == nil {
			t.Fatalf("there is no %s", strings.Join(keys, "."))
		}
		n = next
	}
	return n
}

func items(t *testing.T, n *yamltext.Node) []*yamltext.Node {
	t.Helper()
	if n.Kind != yamltext.List || len(n.Items) == 0 {
		t.Fatalf("%s is no list with something in it", n.Kind)
	}
	return n.Items
}

func checkPreCommit(t *testing.T, hooks, text string) {
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^- id: (\S+)$`).FindAllStringSubmatch(hooks, -1) {
		known[m[1]] = true
	}
	for _, repo := range items(t, at(t, parsed(t, "pre-commit", text), "repos")) {
		if got := at(t, repo, "repo").Text; got != "https://github.com/dispcheck/dispcheck" || at(t, repo, "rev").Text == "" {
			t.Errorf("the repository is %s", got)
		}
		for _, h := range items(t, at(t, repo, "hooks")) {
			if id := at(t, h, "id").Text; !known[id] {
				t.Errorf("there is no hook %s", id)
			}
		}
	}
}

func checkWorkflow(t *testing.T, d *ciDir, action *yamltext.Node, text string) {
	uses := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[\w.-]+$`)
	ours := 0
	for _, job := range at(t, parsed(t, "workflow", text), "jobs").Entries {
		if at(t, job.Value, "runs-on").Text == "" {
			t.Errorf("job %s runs on nothing", job.Key.Text)
		}
		checkedOut := false
		for _, step := range items(t, at(t, job.Value, "steps")) {
			name := at(t, step, "uses").Text
			if !uses.MatchString(name) {
				t.Errorf("uses %q is no action", name)
			}
			checkedOut = checkedOut || strings.HasPrefix(name, "actions/checkout@")
			if !strings.HasPrefix(name, "dispcheck/dispcheck@") {
				continue
			}
			ours++
			if !checkedOut {
				t.Error("nothing is checked out before the action")
			}
			for _, input := range at(t, step, "with").Entries {
				if at(t, action, "inputs").Lookup(input.Key.Text) == nil {
					t.Errorf("the action has no input %s", input.Key.Text)
				}
			}
			d.run(t, []string{"dispcheck", "lint", at(t, step, "with", "path").Text})
			if at(t, action, "inputs", "upload-sarif", "default").Text == "true" && at(t, job.Value, "permissions", "security-events").Text != "write" {
				t.Error("the job may not write security-events, and the action uploads a report")
			}
			if at(t, job.Value, "permissions", "contents").Text != "read" {
				t.Error("with permissions of its own the job needs contents: read for the checkout")
			}
		}
	}
	if ours != 1 {
		t.Errorf("the action is used %d times", ours)
	}
}

func checkGitLab(t *testing.T, d *ciDir, text string) {
	job := at(t, parsed(t, "gitlab", text), "dispatcher")
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readText(t, filepath.Join(d.root, "go.mod")))[1]
	if got := at(t, job, "image").Text; got != "golang:"+version {
		t.Errorf("the image is %s, and go.mod wants Go %s", got, version)
	}
	for _, line := range items(t, at(t, job, "script")) {
		args := words(line.Text)
		switch args[0] {
		case "go":
			d.goInstall(t, args)
		case "dispcheck":
			d.run(t, args)
		default:
			t.Errorf("nobody checks the line %q", line.Text)
		}
	}
	if at(t, job, "artifacts", "when").Text != "always" {
		t.Error("reports of a job that fails are not kept")
	}
	d.wrote(t, "gitlab", at(t, job, "artifacts", "reports", "codequality").Text)
	d.wrote(t, "junit", at(t, job, "artifacts", "reports", "junit").Text)
}

// goInstall wants the command of this module.
func (d *ciDir) goInstall(t *testing.T, args []string) {
	t.Helper()
	mod := readText(t, filepath.Join(d.root, "go.mod"))
	module := strings.Fields(mod)[1]
	if len(args) != 3 || args[1] != "install" {
		t.Fatalf("%q is no go install", args)
	}
	path, version, ok := strings.Cut(args[2], "@")
	folder, inside := strings.CutPrefix(path, module+"/")
	if _, err := os.Stat(filepath.Join(d.root, filepath.FromSlash(folder), "main.go")); !ok || version == "" || !inside || err != nil {
		t.Errorf("%s is no program of %s: %v", args[2], module, err)
	}
}

func checkJenkins(t *testing.T, d *ciDir, text string) {
	depth := 0
	for _, c := range text {
		switch c {
		case '{', '(', '[':
			depth++
		case '}', ')', ']':
			depth--
		}
		if depth < 0 {
			break
		}
	}
	if depth != 0 || strings.Count(text, "'")%2 != 0 {
		t.Error("braces or quotes do not pair up")
	}
	lines := regexp.MustCompile(`(?m)^\s*sh '([^']*)'$`).FindAllStringSubmatch(text, -1)
	if len(lines) != 1 {
		t.Fatalf("%d lines of sh", len(lines))
	}
	d.run(t, words(lines[0][1]))
	report := regexp.MustCompile(`recordIssues tool: (\w+)\(pattern: '([^']*)'\)`).FindStringSubmatch(text)
	if report == nil {
		t.Fatal("no report is recorded")
	}
	d.wrote(t, report[1], report[2])
}

func checkAzure(t *testing.T, d *ciDir, text string) {
	steps := items(t, at(t, parsed(t, "azure", text), "steps"))
	if len(steps) != 2 {
		t.Fatalf("%d steps", len(steps))
	}
	d.run(t, words(at(t, steps[0], "script").Text))
	if task := at(t, steps[1], "task").Text; task != "PublishTestResults@2" || at(t, steps[1], "condition").Text != "succeededOrFailed()" {
		t.Errorf("task %s does not publish results of a step that failed", task)
	}
	if format := at(t, steps[1], "inputs", "testResultsFormat").Text; format != "JUnit" {
		t.Errorf("the format is %s", format)
	}
	d.wrote(t, "junit", at(t, steps[1], "inputs", "testResultsFiles").Text)
}

func checkReviewdog(t *testing.T, d *ciDir, text string) {
	ours, theirs, ok := strings.Cut(strings.TrimSpace(text), " | ")
	if !ok {
		t.Fatalf("%q is no pipe", text)
	}
	var report struct {
		Source struct{ Name string }
	}
	if err := json.Unmarshal([]byte(d.run(t, words(ours))), &report); err != nil || report.Source.Name != "dispcheck" {
		t.Errorf("what reviewdog gets is no rdjson: %+v, %v", report, err)
	}
	args := words(theirs)
	if args[0] != "reviewdog" || !slices.Contains(args, "-f=rdjson") || !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "-reporter=github-") }) {
		t.Errorf("reviewdog is called by %q", args)
	}
}

func checkSonarQube(t *testing.T, d *ciDir, text string) {
	for line := range strings.Lines(text) {
		args := words(line)
		if args[0] == "dispcheck" {
			d.run(t, args)
			continue
		}
		file, ok := strings.CutPrefix(args[len(args)-1], "-Dsonar.externalIssuesReportPaths=")
		if args[0] != "sonar-scanner" || !ok {
			t.Fatalf("nobody checks the line %q", line)
		}
		d.wrote(t, "sonar", file)
		var report struct {
			Rules  []json.RawMessage `json:"rules"`
			Issues []json.RawMessage `json:"issues"`
		}
		if err := json.Unmarshal([]byte(readText(t, file)), &report); err != nil || report.Rules == nil || report.Issues == nil {
			t.Errorf("%s is no report of generic issues: %v", file, err)
		}
	}
	if len(d.written) != 1 {
		t.Errorf("%d reports are written", len(d.written))
	}
}

func checkMaven(t *testing.T, d *ciDir, text string) {
	var pom struct {
		Properties struct {
			All []struct {
				XMLName xml.Name
				Value   string `xml:",chardata"`
			} `xml:",any"`
		} `xml:"properties"`
		Plugins []struct {
			Group      string `xml:"groupId"`
			Artifact   string `xml:"artifactId"`
			Version    string `xml:"version"`
			Executions []struct {
				Phase         string   `xml:"phase"`
				Goals         []string `xml:"goals>goal"`
				Configuration struct {
					Executable string   `xml:"executable"`
					Arguments  []string `xml:"arguments>argument"`
				} `xml:"configuration"`
			} `xml:"executions>execution"`
		} `xml:"build>plugins>plugin"`
	}
	dec := xml.NewDecoder(strings.NewReader("<project>" + text + "</project>"))
	if err := dec.Decode(&pom); err != nil {
		t.Fatalf("the pom is not XML: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		t.Errorf("something stands behind the pom: %v", err)
	}
	if len(pom.Plugins) != 1 || len(pom.Plugins[0].Executions) != 1 {
		t.Fatalf("plugins: %+v", pom.Plugins)
	}
	plugin := pom.Plugins[0]
	if plugin.Group != "org.codehaus.mojo" || plugin.Artifact != "exec-maven-plugin" || plugin.Version == "" {
		t.Errorf("the plugin is %s:%s:%s", plugin.Group, plugin.Artifact, plugin.Version)
	}
	run := plugin.Executions[0]
	if run.Phase != "package" || !slices.Equal(run.Goals, []string{"exec"}) {
		t.Errorf("goals %q are bound to %s: Cloud Manager runs package", run.Goals, run.Phase)
	}
	program := ""
	for _, p := range pom.Properties.All {
		if run.Configuration.Executable == "${"+p.XMLName.Local+"}" {
			program = p.Value
		}
	}
	if program != "dispcheck" {
		t.Errorf("%s runs %q", run.Configuration.Executable, program)
	}
	args := []string{"dispcheck"}
	for _, a := range run.Configuration.Arguments {
		args = append(args, strings.ReplaceAll(a, "${project.basedir}", "dispatcher"))
	}
	d.run(t, args)
}
