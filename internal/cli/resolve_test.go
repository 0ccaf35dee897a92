package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inProject makes a folder with a project file, goes there, and reads the file.
func inProject(t *testing.T, text string) *projectFile {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile(projectFileName, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := readProjectFile(projectFileName)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func environment(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
}

func TestPrecedence(t *testing.T) {
	tests := []struct {
		name   string
		file   string
		env    map[string]string
		flags  string
		want   map[string][]string
		origin map[string]string
	}{
		{"defaults", "", nil, "", map[string][]string{"color": {"auto"}, "format": {"text"}, "profile": nil}, map[string]string{"color": "default"}},
		{"file over default", "color: never\n", nil, "", map[string][]string{"color": {"never"}}, map[string]string{"color": ".dispcheck.yaml:1:8"}},
		{"environment over file", "color: never\n", map[string]string{"DISPCHECK_COLOR": "always"}, "", map[string][]string{"color": {"always"}}, map[string]string{"color": "DISPCHECK_COLOR"}},
		{"flag over environment", "color: never\n", map[string]string{"DISPCHECK_COLOR": "always"}, "--color auto", map[string][]string{"color": {"auto"}}, map[string]string{"color": "--color"}},
		{"flag over file", "color: never\n", nil, "--color auto", map[string][]string{"color": {"auto"}}, map[string]string{"color": "--color"}},
		{"an empty variable is none", "color: never\n", map[string]string{"DISPCHECK_COLOR": ""}, "", map[string][]string{"color": {"never"}}, nil},
		{"the last flag wins", "", nil, "--color always --color never", map[string][]string{"color": {"never"}}, nil},
		{"a boolean is taken back", "", map[string]string{"DISPCHECK_QUIET": "1"}, "--quiet=false", map[string][]string{"quiet": {"false"}}, nil},
		{"lists are replaced", "format: [json, sarif]\n", map[string]string{"DISPCHECK_FORMAT": "csv, junit"}, "", map[string][]string{"format": {"csv", "junit"}}, nil},
		{"one value makes a list", "format: json\n", nil, "", map[string][]string{"format": {"json"}}, nil},
		{"variables are merged", "env:\n  A: file\n  B: file\n  C: file\n", map[string]string{"DISPCHECK_ENV": "B=env,1\nC=env"}, "-e C=flag -e D=flag",
			map[string][]string{"env": {"A=file", "B=env,1", "C=flag", "D=flag"}}, nil},
		{"numbers of a version", "dispatcher-version: 4.30\n", nil, "", map[string][]string{"dispatcher-version": {"4.30"}}, nil},
		{"variables of any plain kind", "env:\n  A: 1\n  B: true\n  C: ''\n", nil, "", map[string][]string{"env": {"A=1", "B=true", "C="}}, nil},
		{"group", "fmt:\n  width: 80\n", nil, "", map[string][]string{"width": {"80"}}, map[string]string{"width": ".dispcheck.yaml:2:10"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := inProject(t, tt.file)
			c, err := testProgram(commands()).parse(append([]string{"fmt"}, split(tt.flags)...))
			if err != nil {
				t.Fatal(err)
			}
			got, err := resolve(settings(), file, environment(tt.env), c.flags)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range tt.want {
				if diff := cmp.Diff(want, got.list(name)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
			for name, want := range tt.origin {
				if from := got[name][0].from(); from != want {
					t.Errorf("%s comes from %s, want %s", name, from, want)
				}
			}
		})
	}
}

func TestPathsOfTheProjectFile(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	text := "config: dispatcher/src\nenv-file: /abs/env\npath-prefix: p\n"
	if err := os.WriteFile(filepath.Join(root, projectFileName), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(root, "a", "b"))
	p, err := loadProjectFile()
	if err != nil || p == nil {
		t.Fatalf("project file %v, %v", p, err)
	}
	got := map[string]string{}
	for key, es := range p.values {
		got[key] = es[0].value
	}
	want := map[string]string{"config": "../../dispatcher/src", "env-file": "/abs/env", "path-prefix": "p"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestFindProjectFile(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		from  string
		want  string
	}{
		{"here", []string{"r/.dispcheck.yaml", "r/.git/HEAD"}, "r", "r/.dispcheck.yaml"},
		{"above", []string{"r/.dispcheck.yaml", "r/.git/HEAD", "r/a/b/x"}, "r/a/b", "r/.dispcheck.yaml"},
		{"the nearest", []string{"r/.dispcheck.yaml", "r/.git/HEAD", "r/a/.dispcheck.yaml", "r/a/b/x"}, "r/a/b", "r/a/.dispcheck.yaml"},
		{"not above the repository", []string{".dispcheck.yaml", "r/.git/HEAD", "r/a/x"}, "r/a", ""},
		{"a worktree's .git is a file", []string{".dispcheck.yaml", "r/.git", "r/a/x"}, "r/a", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			for _, f := range tt.files {
				path := filepath.Join(root, filepath.FromSlash(f))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := findProjectFile(filepath.Join(root, filepath.FromSlash(tt.from)))
			if err != nil {
				t.Fatal(err)
			}
			if got != "" {
				if got, err = filepath.Rel(root, got); err != nil {
					t.Fatal(err)
				}
			}
			if got := filepath.ToSlash(got); got != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

// The table is what everything else is made from: each row must hold together.
func TestSettingsTable(t *testing.T) {
	keys, flags := map[string]bool{}, map[string]bool{}
	for _, f := range settings() {
		if f.id() == "" || f.meaning == "" {
			t.Errorf("setting %q %q lacks a name or a meaning", f.name, f.key)
		}
		if (f.kind == tree) != (f.checkTree != nil && f.treeShape != nil) || f.kind == tree && f.name != "" {
			t.Errorf("setting %s: what a text cannot say has a shape and a check, and no flag", f.id())
		}
		if f.name != "" && flags[f.name] || f.key != "" && keys[f.key] {
			t.Errorf("setting %s is in the table twice", f.id())
		}
		flags[f.name], keys[f.key] = true, true
		if f.def != "" {
			if plain, err := f.one(f.def); err != nil || plain != f.def {
				t.Errorf("%s: its default %q becomes %q, %v", f.name, f.def, plain, err)
			}
		}
		if strings.ToLower(f.meaning[:1]) != f.meaning[:1] || strings.HasSuffix(f.meaning, ".") {
			t.Errorf("%s: meaning %q starts with a capital or ends with a full stop", f.name, f.meaning)
		}
	}
}

// Commands must not take a flag's name, letter or variable away from the settings.
func TestCommandsHoldTogether(t *testing.T) {
	every := allFlags(nil)
	walk(commands(), nil, func(path []*command) {
		c := path[len(path)-1]
		name := title(path)
		if c.usage == "" || strings.HasSuffix(c.usage, ".") || (c.run == nil) != (len(c.sub) > 0) {
			t.Errorf("%s: usage %q, or neither run nor sub-commands", name, c.usage)
		}
		if !c.hidden && c.run != nil && (c.about == "" || c.example.line == "" || !strings.Contains(c.example.line, "dispcheck")) {
			t.Errorf("%s lacks a description or an example", name)
		}
		for _, f := range c.flags {
			if long(every, f.name) != nil || f.short != "" && short(every, f.short) != nil || f.name == "help" || f.short == "h" {
				t.Errorf("%s: flag --%s, -%s is one of every command", name, f.name, f.short)
			}
		}
		for _, f := range c.formats {
			if checkFormat(f) != nil {
				t.Errorf("%s: format %s is not in the list of known ones", name, f)
			}
		}
	})
}

func TestDocuments(t *testing.T) {
	text := SettingsMarkdown()
	for _, f := range settings() {
		for _, want := range []string{"`--" + f.name + "`", "`" + f.environment() + "`"} {
			if !strings.Contains(text, want) {
				t.Errorf("settings.md lacks %s", want)
			}
		}
		if f.key != "" && !strings.Contains(text, "| `"+f.key+"` |") {
			t.Errorf("settings.md lacks the key %s", f.key)
		}
	}
	if diff := cmp.Diff(text, SettingsMarkdown()); diff != "" {
		t.Errorf("settings.md differs the second time:\n%s", diff)
	}
	pages := CommandMarkdown()
	walk(commands(), nil, func(path []*command) {
		if path[0].hidden {
			if pages[path[0].name+".md"] != "" {
				t.Errorf("hidden command %s has a page", path[0].name)
			}
			return
		}
		page := pages[path[0].name+".md"]
		c := path[len(path)-1]
		for _, want := range []string{usageLine(path), c.example.line} {
			if c.run != nil && !strings.Contains(page, want) {
				t.Errorf("page of %s lacks %q", path[0].name, want)
			}
		}
		for _, f := range c.flags {
			if !strings.Contains(page, "--"+f.name) {
				t.Errorf("page of %s lacks --%s", path[0].name, f.name)
			}
		}
	})
	// the example in settings.md must be one
	_, example, _ := strings.Cut(text, "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	if p := inProject(t, example); len(p.values) < 5 {
		t.Errorf("the example sets %d settings", len(p.values))
	}
}

// The schema must accept what the reader accepts, key by key.
func TestSchemaHasEveryKey(t *testing.T) {
	schema := settingsSchema().(ordered)
	var properties ordered
	for _, m := range schema {
		if m.key == "properties" {
			properties = m.value.(ordered)
		}
	}
	have := map[string]bool{}
	for _, m := range properties {
		have[m.key] = true
		for _, inner := range m.value.(ordered) {
			if inner.key == "properties" {
				for _, k := range inner.value.(ordered) {
					have[m.key+"."+k.key] = true
				}
			}
		}
	}
	for _, f := range settings() {
		if f.key != "" && !have[f.key] {
			t.Errorf("the schema lacks %s", f.key)
		}
	}
}
