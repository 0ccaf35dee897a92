package apacheconf

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/source"
)

const mainName = "/etc/httpd/conf/httpd.conf"

// says writes findings as line:column severity rule message.
func says(t *Tree) []string {
	var out []string
	for _, d := range t.Findings {
		p := d.Span.Position()
		out = append(out, fmt.Sprintf("%s:%d:%d %s %s %s", strings.TrimPrefix(d.Span.File.Name, "/etc/httpd/"), p.Line, p.Column, d.Severity, d.Rule, d.Message))
	}
	return out
}

func TestRead(t *testing.T) {
	tests := []struct {
		name  string
		text  string
		files map[string]string
		want  string
		says  []string
	}{
		{name: "order of definitions", text: "Define A 1\nX ${A}\nDefine A 2\nX ${a}\nUnDefine A\nX ${A}\n", want: "X 1\nX 2\nX ${A}\n",
			says: []string{"conf/httpd.conf:6:3 warning DSP120 variable ${A} is not defined here"}},
		{name: "definition too late", text: "X ${A} ${B}\nDefine A 1\n", want: "X ${A} ${B}\n",
			says: []string{"conf/httpd.conf:1:3 warning DSP125 variable ${A} is used above its Define", "conf/httpd.conf:1:8 warning DSP120 variable ${B} is not defined here"}},
		{name: "definitions leave hosts", text: "<VirtualHost *>\nInclude a.vars\n</VirtualHost>\nX ${A}\n", files: map[string]string{"a.vars": "Define A in-file\n"},
			want: "<VirtualHost *>\nX in-file\n"},
		{name: "no value", text: "Define A\nX ${A}\n<IfDefine A>\nY\n</IfDefine>\n", want: "X ${A}\nY\n",
			says: []string{"conf/httpd.conf:2:3 warning DSP124 variable ${A} is defined without a value"}},
		{name: "map lookups and comments", text: "# ${A}\nX ${map:%1}\n", want: "X ${map:%1}\n"},
		{name: "nested conditions", text: "<IfModule mod_rewrite.c>\n<IfDefine !X>\nA\n<IfModule nope>\nB ${C}\n</IfModule>\n</IfDefine>\n</IfModule>\n", want: "A\n"},
		{name: "loaded later", text: "<IfModule disp_apache2.c>\nA\n</IfModule>\nLoadModule dispatcher_module x.so\n<IfModule disp_apache2.c>\nB\n</IfModule>\n", want: "B\n"},
		{name: "folder", text: "Include conf.d\n", files: map[string]string{"conf.d/b.x": "B\n", "conf.d/a.conf": "A\n", "conf.d/c/z": "Z\n"}, want: "A\nB\nZ\n"},
		{name: "wildcards on the way", text: "Include v*/?.conf\n", files: map[string]string{"v2/b.conf": "B\n", "v1/a.conf": "A\n", "v1/no.conf": "N\n", "v": "V\n"}, want: "A\nB\n"},
		{name: "missing", text: "Include conf.d/nope.rules\nA\n", files: map[string]string{"conf.d/": ""}, want: "A\n",
			says: []string{"conf/httpd.conf:1:9 error DSP111 file conf.d/nope.rules is not there"}},
		{name: "missing folder", text: "Include nope/*.rules\nIncludeOptional nope/*.rules\n", says: []string{"conf/httpd.conf:1:9 error DSP112 folder nope is not there"}},
		{name: "no match", text: "Include conf.d/*.x\nIncludeOptional conf.d/*.x\n", files: map[string]string{"conf.d/": ""},
			says: []string{"conf/httpd.conf:1:9 error DSP112 no file in conf.d matches *.x"}},
		{name: "circle", text: "Include a.conf\nA\n", files: map[string]string{"a.conf": "Include b.conf\n", "b.conf": "Include a.conf\n"},
			says: []string{"b.conf:1:9 error DSP113 includes lie more than 128 deep in each other: /etc/httpd/a.conf includes /etc/httpd/b.conf includes /etc/httpd/a.conf"}},
		{name: "section of another file", text: "<A>\nInclude a.conf\n</A>\n", files: map[string]string{"a.conf": "B\n</A>\n"}, want: "<A>\n  B\n",
			says: []string{"a.conf:2:1 error DSP594 closing line </A> closes no section"}},
		{name: "condition without end that holds", text: "<IfDefine !X>\nA\n", want: "A\n", says: []string{"conf/httpd.conf:1:1 warning DSP594 section <IfDefine> is not closed"}},
		{name: "condition without end that does not hold", text: "<IfDefine X>\nA\n", says: []string{"conf/httpd.conf:1:1 error DSP594 section <IfDefine> is not closed"}},
		{name: "goes on behind mistakes", text: "<A>\n<IfModule mod_rewrite.c>\nB\n</A>\nC\n", want: "<A>\n  B\nC\n",
			says: []string{"conf/httpd.conf:2:1 error DSP594 section <IfModule> is not closed"}},
		{name: "macro", text: "<Macro Host $name @root>\n<VirtualHost *>\nServerName $name\nDocumentRoot @root\n</VirtualHost>\n</Macro>\nUse HOST a.com \"/x y\"\nUse host b.com /z\n",
			want: "<VirtualHost *>\n  ServerName a.com\n  DocumentRoot \"/x y\"\n<VirtualHost *>\n  ServerName b.com\n  DocumentRoot \"/z\"\n"},
		{name: "macro that is not there", text: "Use M\n", says: []string{"conf/httpd.conf:1:5 error DSP592 macro M is not defined here"}},
		{name: "macro in itself", text: "<Macro M>\nUse M\n</Macro>\nUse M\n", says: []string{"conf/httpd.conf:2:1 error DSP113 macro M uses itself"}},
		{name: "arguments of a macro", text: "<Macro M $a>\n</Macro>\nUse M\n", says: []string{"conf/httpd.conf:3:1 error DSP694 macro M is used with no arguments instead of one argument"}},
		{name: "too many arguments", text: "Define A b c\nInclude a b\nServerRoot\n", says: []string{
			"conf/httpd.conf:1:12 error DSP694 Define wants one or two arguments, and has 3", "conf/httpd.conf:2:11 error DSP694 Include wants one argument, and has 2",
			"conf/httpd.conf:3:1 error DSP694 ServerRoot wants one argument, and has none that is not empty"}},
		{name: "root", text: "ServerRoot /srv\nInclude a\n", files: map[string]string{"/srv/a": "A\n"}, want: "A\n"},
		{name: "unknown root", text: "ServerRoot /nowhere\nInclude a\n", files: map[string]string{"a": "A\n"}, want: "A\n",
			says: []string{"conf/httpd.conf:1:12 warning DSP111 folder of ServerRoot /nowhere is not known: relative paths are still taken from /etc/httpd"}},
		{name: "byte order mark", text: "\xef\xbb\xbfA b\n", want: "A b\n",
			says: []string{"conf/httpd.conf:1:1 error DSP024 text starts with a byte order mark: httpd takes it for part of the first line"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{mainName: tt.text}
			for name, text := range tt.files {
				if !strings.HasPrefix(name, "/") {
					name = "/etc/httpd/" + name
				}
				files[name] = text
			}
			tree := read(t, files)
			if diff := cmp.Diff(tt.want, withoutClosing(dump(tree.Nodes))); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.says, says(tree)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func withoutClosing(dump string) string {
	var b strings.Builder
	for line := range strings.Lines(dump) {
		if !strings.HasPrefix(strings.TrimSpace(line), "</") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// TestSpans: what stands in a node leads back to the text that it came from.
func TestSpans(t *testing.T) {
	tree := read(t, map[string]string{mainName: "Define A value\nDefine B ''\nRewriteRule ^/${A}/x /y${A}z \\\n  [PT]\n<Macro M $p>\n  Header set X $p-${A}\n</Macro>\nUse M one\n<Location \"/a\" >\n</Location>\n"})
	rule, header, location := tree.Nodes[0], tree.Nodes[1], tree.Nodes[2]
	if got, want := rule.Args, "^/value/x /yvaluez   [PT]"; got != want {
		t.Fatalf("arguments are %q, want %q", got, want)
	}
	at := func(n *Node, part string) source.Span {
		i := strings.Index(n.Args, part)
		return n.Span(i, i+len(part))
	}
	tests := []struct{ name, got, want string }{
		{"before", at(rule, "^/").Text(), "^/"}, {"value", at(rule, "alu").Text(), "${A}"}, {"across", at(rule, "/value/").Text(), "/${A}/"},
		{"second", at(rule, "yvaluez").Text(), "y${A}z"}, {"joined", at(rule, "[PT]").Text(), "[PT]"}, {"whole", rule.Span(0, len(rule.Args)).Text(), rule.ArgsAt.Text()},
		{"over the join", at(rule, "z   [").Text(), "z \\\n  ["}, {"name", rule.NameAt.Text(), "RewriteRule"},
		{"macro", at(header, "one").Text(), "$p"}, {"variable in macro", at(header, "value").Text(), "${A}"}, {"text of macro", at(header, "set").Text(), "set"},
		{"both", at(header, "one-value").Text(), "$p-${A}"}, {"used", header.Included[0].Text(), "Use M one"}, {"line of macro", header.At.Text(), "Header set X $p-${A}"},
		{"section", location.ArgsAt.Text(), `"/a"`}, {"section's end", location.CloseAt.Text(), "</Location>"}, {"section's name", location.NameAt.Text(), "Location"},
		{"variable", rule.Variables[1].At.Text(), "${A}"}, {"its definition", rule.Variables[1].From.Text(), "Define A value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("got %q, want %q", tt.got, tt.want)
			}
		})
	}
	if got := rule.Span(3, 2); !got.IsZero() {
		t.Errorf("span that ends before it starts is %v", got)
	}
	if got, want := tree.Tests, []Test(nil); len(got) != len(want) {
		t.Errorf("got %d tests", len(got))
	}
}

func TestTests(t *testing.T) {
	tree := read(t, map[string]string{mainName: "<IfDefine A>\n<IfDefine B>\n</IfDefine>\n</IfDefine>\n<IfModule mod_rewrite.c>\n<IfVersion >= 2.4>\n</IfVersion>\n</IfModule>\n"})
	var got []string
	for _, x := range tree.Tests {
		got = append(got, fmt.Sprintf("%s %v %v", x.Section.At.Text(), x.Holds, x.Node.CloseAt.Position().Line))
	}
	if diff := cmp.Diff([]string{"<IfDefine A> false 4", "<IfModule mod_rewrite.c> true 8", "<IfVersion >= 2.4> true 7"}, got); diff != "" {
		t.Errorf("tests (-want +got):\n%s", diff)
	}
}

func TestDone(t *testing.T) {
	tree := read(t, map[string]string{mainName: "Define A 1\nInclude a\nLoadModule php7_module x\nUnDefine B\n", "/etc/httpd/a": "Define B\n"}, "GIVEN")
	var got []string
	for _, n := range tree.Done {
		got = append(got, n.Name+" "+n.Args)
	}
	if diff := cmp.Diff([]string{"Define A 1", "Include a", "Define B", "LoadModule php7_module x", "UnDefine B"}, got); diff != "" {
		t.Errorf("directives (-want +got):\n%s", diff)
	}
	if d := tree.Defines["A"]; d.Value != "1" || !d.HasValue || d.At.Position().Line != 1 {
		t.Errorf("A is %+v", d)
	}
	if _, ok := tree.Defines["GIVEN"]; !ok || len(tree.Defines) != 2 {
		t.Errorf("defined are %v", tree.Defines)
	}
	if !tree.Loaded("mod_php7.c") || !tree.Loaded("php7_module") || tree.Loaded("php7") {
		t.Error("loaded modules are known by other names than those of <IfModule>")
	}
}

func TestWords(t *testing.T) {
	tests := []struct {
		args string
		want []string
		open bool
	}{
		{"", nil, false}, {"a  b\tc", []string{"a", "b", "c"}, false}, {`"a b" 'c d'`, []string{"a b", "c d"}, false}, {`"a \" b"`, []string{`a " b`}, false},
		{`'it''s'`, []string{"it", "s"}, false}, {`a"b c"`, []string{`a"b`, `c"`}, false}, {`"a"b`, []string{"a", "b"}, false}, {`a\\b c\"d`, []string{`a\b`, `c\"d`}, false},
		{`"a \' b"`, []string{`a \' b`}, false}, {`"open end`, []string{"open end"}, true}, {`"`, []string{""}, true}, {`""`, []string{""}, false}, {`"a\`, []string{`a\`}, true},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			words, err := Words(tt.args)
			var got []string
			for _, w := range words {
				got = append(got, w.Text)
				if w.Quote != 0 && tt.args[w.Start] != w.Quote {
					t.Errorf("word %q starts at %d", w.Text, w.Start)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
			var quote *QuoteError
			if errors.As(err, &quote) != tt.open {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestRewriteWords(t *testing.T) {
	tests := []struct {
		args string
		want []string
	}{
		{`^/a$ /b [L]`, []string{"^/a$", "/b", "[L]"}}, {`^/a$ /b [L] [PT] # x`, []string{"^/a$", "/b", "[L]"}}, {`"^/q\"3$" /x`, []string{`^/q\`, `3$"`, "/x"}},
		{`^/a"b$ /x`, []string{`^/a"b$`, "/x"}}, {`%{X} ="a b"`, []string{"%{X}", `="a`, `b"`}}, {`%{X} "=a b" [NC]`, []string{"%{X}", "=a b", "[NC]"}},
		{`^/a\ b$ /x\\ y`, []string{`^/a\ b$`, `/x\\ y`}}, {`"^/a b$" '/x y' "[PT, L]"`, []string{"^/a b$", "/x y", "[PT, L]"}}, {`^/a$`, []string{"^/a$"}},
		{`"^/a$"`, []string{"^/a$", ""}}, {`"^/a$`, []string{"^/a$"}}, {`"a""b"c`, []string{"a", "b", "c"}}, {"", nil}, {`a b "[L`, []string{"a", "b", "[L"}},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			n := &Node{Args: tt.args}
			var got []string
			for _, w := range n.RewriteWords(3) {
				got = append(got, w.Text)
				if w.Start > w.End || w.End > len(tt.args) || w.Quote == 0 && tt.args[w.Start:w.End] != w.Text {
					t.Errorf("word %q stands at %d to %d", w.Text, w.Start, w.End)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFnmatch(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"*.conf", "a.conf", true}, {"*.conf", ".conf", false}, {".*", ".conf", true}, {"*", "a", true}, {"*", ".a", false}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "axxbyy", false},
		{"?", "a", true}, {"?", "", false}, {"[a-c]", "b", true}, {"[!a-c]", "b", false}, {"[^a-c]", "d", true}, {"[]]", "]", true}, {`\*`, "*", true}, {`\*`, "a", false}, {"[a", "[a", true},
		{"*a*a*a*a*a*a*a*b", strings.Repeat("a", 200), false}, {"[a-]", "-", true}, {"", "", true}, {"A*", "ab", false},
	}
	for _, tt := range tests {
		if got := fnmatch(tt.pattern, tt.name); got != tt.want {
			t.Errorf("%q and %q: got %v, want %v", tt.pattern, tt.name, got, tt.want)
		}
	}
	for s, want := range map[string]bool{"a*": true, "a?": true, "a[b]": true, "a[b": false, "a]b[": false, `a\*`: false, `a\`: false, "/x/y.conf": false, `\[a]`: false} {
		if got := HasWildcard(s); got != want {
			t.Errorf("%q is a pattern: got %v, want %v", s, got, want)
		}
	}
}

// TestBounds: what grows without end is stopped, and says so.
func TestBounds(t *testing.T) {
	twice := func(n int) string {
		var b strings.Builder
		for i := 1; i <= n; i++ {
			fmt.Fprintf(&b, "Define V%d ${V%d}${V%d}\n", i, i-1, i-1)
		}
		return b.String()
	}
	macros := "<Macro M0>\nA\n</Macro>\n"
	for i := 1; i < 40; i++ {
		macros += fmt.Sprintf("<Macro M%d>\nUse M%d\nUse M%d\n</Macro>\n", i, i-1, i-1)
	}
	tests := []struct{ name, text, want string }{
		{"variables", "Define V0 xx\n" + twice(60), "longer than"},
		{"macros", macros + "Use M39\n", "configuration has more than"},
		{"sections", strings.Repeat("<A>\n", 300), "deep in each other"},
		{"conditions", strings.Repeat("<IfDefine !X>\n", 3000), "deep in each other"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(t.Context(), Options{FS: newMemory(map[string]string{mainName: tt.text}), Main: mainName, Root: "/etc/httpd", Modules: []string{"macro_module"}})
			var bound *BoundError
			if !errors.As(err, &bound) || !strings.Contains(bound.Message, tt.want) {
				t.Errorf("got %v, want a bound that says %q", err, tt.want)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Read(ctx, Options{FS: newMemory(map[string]string{mainName: strings.Repeat("A b\n", 5000)}), Main: mainName, Root: "/etc/httpd"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNoMain(t *testing.T) {
	if _, err := Read(t.Context(), Options{FS: newMemory(nil), Main: mainName, Root: "/etc/httpd"}); err == nil || !strings.Contains(err.Error(), "httpd.conf") {
		t.Errorf("got %v", err)
	}
}

// FuzzRead: whatever the texts, reading ends, and spans lie in the texts that they name.
func FuzzRead(f *testing.F) {
	for _, q := range realQuestions {
		f.Add(q, "Define A b\n<IfDefine !A>\n</IfDefine>\n")
	}
	f.Add("<Macro M $x @y>\n<$x a>\n@y ${$x}\nUse M @y $x\n</$x>\n</Macro>\nUse M A \"b\\\"\"\nInclude *\n", "Use M ${A} b\n</A>\n")
	f.Fuzz(func(t *testing.T, main, other string) {
		tree, err := Read(t.Context(), Options{
			FS: newMemory(map[string]string{mainName: main, "/etc/httpd/inc/a.conf": other}), Main: mainName, Root: "/etc/httpd",
			Modules: []string{"macro_module", "version_module"},
		})
		if err != nil {
			return
		}
		var walk func(nodes []*Node)
		walk = func(nodes []*Node) {
			for _, n := range nodes {
				for _, s := range []source.Span{n.At, n.NameAt, n.ArgsAt, n.CloseAt, n.Span(0, len(n.Args))} {
					inText(t, s)
				}
				words, _ := n.Words()
				for _, w := range append(words, n.RewriteWords(3)...) {
					if w.Start < 0 || w.End < w.Start || w.End > len(n.Args) {
						t.Fatalf("word at %d to %d of %q", w.Start, w.End, n.Args)
					}
					s := n.WordSpan(w)
					inText(t, s)
					if n.pieces == nil && w.End > w.Start && s.Text() != n.Args[w.Start:w.End] {
						t.Fatalf("word %q came from %q", n.Args[w.Start:w.End], s.Text())
					}
				}
				walk(n.Children)
			}
		}
		walk(tree.Nodes)
		for _, d := range tree.Findings {
			inText(t, d.Span)
			if d.Span.IsZero() {
				t.Fatalf("finding %q has no place", d.Message)
			}
		}
	})
}

func inText(t *testing.T, s source.Span) {
	t.Helper()
	if s.IsZero() {
		return
	}
	if s.Start < 0 || s.End < s.Start || int(s.End) > len(s.File.Text) {
		t.Fatalf("span %d to %d in a text of %d bytes", s.Start, s.End, len(s.File.Text))
	}
}
