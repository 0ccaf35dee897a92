package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestEditorMatch(t *testing.T) {
	tests := []struct {
		glob, file string
		want       bool
	}{
		{"*", "x.any", true}, {"*", "a/b/x.any", true},
		{"*.any", "x.any", true}, {"*.any", "a/x.any", true}, {"*.any", "x.farm", false}, {"*.any", "x.any.bak", false},
		{"*.{any,farm}", "x.farm", true}, {"*.{any,farm}", "x.vhost", false}, {"*.{any}", "x.any", false},
		{"{a,b{c,d}}.any", "bd.any", true}, {"{a,b{c,d}}.any", "b.any", false},
		{"x{1..3}.any", "x2.any", true}, {"x{1..3}.any", "x4.any", false},
		{"a/*.any", "a/x.any", true}, {"a/*.any", "a/b/x.any", false}, {"a/**.any", "a/b/x.any", true},
		{"/x.any", "x.any", true}, {"/x.any", "a/x.any", false},
		{"a/**/x.any", "a/x.any", true}, {"a/**/x.any", "a/b/c/x.any", true}, {"**/x.any", "x.any", true},
		{"?.any", "x.any", true}, {"?.any", "xy.any", false}, {"a?b/x", "a/b/x", false},
		{"[abc].any", "b.any", true}, {"[!abc].any", "b.any", false}, {"[a-c].any", "c.any", true}, {"[a-c].any", "d.any", false},
		{"x[.any", "x[.any", true}, {`\*.any`, "*.any", true}, {`\*.any`, "x.any", false}, {"ö?.any", "öü.any", true},
		{"{.any", "{.any", true}, {"", "x.any", false},
	}
	for _, tt := range tests {
		t.Run(tt.glob+" "+tt.file, func(t *testing.T) {
			s := editorSection{globs: expandBraces(tt.glob)}
			if got := s.matches(tt.file); got != tt.want {
				t.Errorf("got %v, want %v (globs %q)", got, tt.want, s.globs)
			}
		})
	}
}

func TestEditorMatchIsBounded(t *testing.T) {
	start := time.Now()
	editorMatch(strings.Repeat("*a", 300), strings.Repeat("a", 3000)+"b")
	editorMatch(strings.Repeat("**", 300)+"x", strings.Repeat("a", 3000))
	if n := len(expandBraces(strings.Repeat("{a,b}", 40))); n > maxGlobs {
		t.Errorf("braces give %d globs", n)
	}
	expandBraces(strings.Repeat("{", 4000))
	if took := time.Since(start); took > hung {
		t.Errorf("took %v", took)
	}
}

func TestEditorStyle(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  editorStyle
	}{
		{"none", nil, editorStyle{}},
		{"tab", map[string]string{".": "[*]\nindent_style = tab\n"}, editorStyle{indent: "tab"}},
		{"spaces", map[string]string{".": "root=true\n[*.any]\nindent_style = space\nindent_size = 2\n"}, editorStyle{indent: "2"}},
		{"spaces by tab_width", map[string]string{".": "[*.any]\nindent_style = space\nindent_size = tab\ntab_width = 3\n"}, editorStyle{indent: "3"}},
		{"spaces without a number", map[string]string{".": "[*.any]\nindent_style = space\n"}, editorStyle{indent: "4"}},
		{"absurd number", map[string]string{".": "[*.any]\nindent_style = space\nindent_size = 4000\n"}, editorStyle{indent: "4"}},
		{"size alone says nothing", map[string]string{".": "[*.any]\nindent_size = 2\n"}, editorStyle{}},
		{"line ends", map[string]string{".": "[*]\nend_of_line = CRLF\n"}, editorStyle{eol: "keep"}},
		{"other section", map[string]string{".": "[*.java]\nindent_style = space\nindent_size = 2\n"}, editorStyle{}},
		{"later section wins", map[string]string{".": "[*]\nindent_style = space\nindent_size = 2\n[*.any]\nindent_style = tab\n"}, editorStyle{indent: "tab"}},
		{"unset", map[string]string{".": "[*]\nindent_style = space\n[*.any]\nindent_style = unset\n"}, editorStyle{}},
		{"nearer file wins", map[string]string{".": "[*]\nindent_style = space\nindent_size = 2\nend_of_line = lf\n", "a": "[*.any]\nindent_size = 8\n"}, editorStyle{indent: "8", eol: "lf"}},
		{"root stops", map[string]string{".": "[*]\nindent_style = space\n", "a": "root = true\n"}, editorStyle{}},
		{"comments and noise", map[string]string{".": "\ufeff; x\n# y\nnoise\n[*.any]\r\nindent_style = space # 2\nINDENT_SIZE=2\n"}, editorStyle{}},
		{"path from the file's folder", map[string]string{".": "[a/b/*.any]\nindent_style = tab\n", "a": "[b/*.any]\nend_of_line = lf\n"}, editorStyle{indent: "tab", eol: "lf"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.MkdirAll(filepath.Join(root, "a", "b"), 0o755); err != nil {
				t.Fatal(err)
			}
			for dir, text := range tt.files {
				if err := os.WriteFile(filepath.Join(root, dir, ".editorconfig"), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var e editorConfigs
			if got := e.style(filepath.Join(root, "a", "b", "x.any")); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
