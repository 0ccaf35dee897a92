package httpd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

// shape writes a tree, one item a line.
func shape(items []Item) []string {
	var out []string
	for _, it := range items {
		switch it := it.(type) {
		case *Comment:
			out = append(out, fmt.Sprintf("comment %q", it.At.Text()))
		case *Directive:
			out = append(out, fmt.Sprintf("%s: %s", Unjoin([]byte(it.Name.Text())), Unjoin([]byte(it.Args.Text()))))
		case *Stray:
			out = append(out, "stray "+it.Name.Text())
		case *Section:
			s := "<" + it.Name.Text()
			if !it.Args.IsZero() {
				s += " " + it.Args.Text()
			}
			if it.Bracket {
				s += ">"
			}
			if !it.After.IsZero() {
				s += " after " + it.After.Text()
			}
			out = append(out, s)
			for _, inner := range shape(it.Items) {
				out = append(out, "  "+inner)
			}
			switch {
			case it.Close.IsZero():
				out = append(out, "(open)")
			default:
				out = append(out, "</"+it.CloseName.Text())
			}
		}
	}
	return out
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"empty", "", nil},
		{"blank", " \t\r\n\n", nil},
		{"directive", "  ServerName  www.example.com \r\n", []string{"ServerName: www.example.com"}},
		{"no argument", "Foo", []string{"Foo: "}},
		{"joined", "Header set X \\\n  \"a\"\nB c", []string{"Header: set X   \"a\"", "B: c"}},
		{"joined name", "Ser\\\nverName a\n", []string{"ServerName: a"}},
		{"two backslashes join", "A x\\\\\nB y\n", []string{"A: x\\B y"}},
		{"backslash at the end", "A x\\", []string{"A: x\\"}},
		{"blank joined", "A x \\\n   \nB y\n", []string{"A: x", "B: y"}},
		{"nothing joined", "\\\n\\\nA b\n", []string{"A: b"}},
		{"comment", "# a\nB c # d\n", []string{`comment "# a"`, "B: c # d"}},
		{"comment goes on", "# a \\\nB c\nD e\n", []string{`comment "# a \\\nB c"`, "D: e"}},
		{"zero byte", "A b\x00c\\\nD e\n\x00f\n", []string{"A: b", "D: e", `comment "\x00f"`}},
		{"carriage returns", "A b\rC d\r", []string{"A: b\rC d"}},
		{"byte order mark", "\xef\xbb\xbfA b\n", []string{"A: b"}},
		{"name in quotes", "\"A b\" c\n'D'e\n", []string{"A b: c", "D: e"}},
		{"section", "<Directory \"/a\" >\nA b\n</Directory>\n", []string{`<Directory "/a">`, "  A: b", "</Directory"}},
		{"letter case", "<IfModule a>\n</IFMODULE>\n", []string{"<IfModule a>", "</IFMODULE"}},
		{"no argument in section", "<Foo>\n</Foo>\n", []string{"<Foo>", "</Foo"}},
		{"no bracket", "<Foo a\n</Foo>\n", []string{"<Foo a", "</Foo"}},
		{"no name", "< Foo>\n</>\n<>\n", []string{"< Foo>", "</", "<>", "(open)"}},
		{"last bracket counts", "<If \"a > b\"> # c\n</If>\n", []string{`<If "a > b"> after # c`, "</If"}},
		{"inner is unclosed", "<A x>\n<B y>\nC d\n</A>\nE f\n", []string{"<A x>", "  <B y>", "    C: d", "  (open)", "</A", "E: f"}},
		{"meant for the inner", "<VirtualHost *>\n<LocationMatch a>\n</Location>\n</VirtualHost>\n", []string{"<VirtualHost *>", "  <LocationMatch a>", "  </Location", "</VirtualHost"}},
		{"closes nothing", "<A>\n</Zed>\n</A>\n</A>\n", []string{"<A>", "  stray Zed", "</A", "stray A"}},
		{"open at the end", "<A>\n<B>\nC d", []string{"<A>", "  <B>", "    C: d", "  (open)", "(open)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := Parse(source.NewFile("a.conf", []byte(tt.text)))
			checkLaws(t, f)
			if diff := cmp.Diff(tt.want, shape(f.Items)); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseSpans(t *testing.T) {
	f := Parse(source.NewFile("a.conf", []byte("  <If \"x\" > y\n A  b c\\\n  d \n </If> z\n")))
	s := f.Items[0].(*Section)
	d := s.Items[0].(*Directive)
	tests := []struct {
		what string
		got  source.Span
		want string
	}{
		{"section", s.Span(), "<If \"x\" > y\n A  b c\\\n  d \n </If> z"}, {"opening", s.At, `<If "x" > y`}, {"name", s.Name, "If"}, {"arguments", s.Args, `"x"`},
		{"after", s.After, "y"}, {"closing", s.Close, "</If> z"}, {"closing name", s.CloseName, "If"}, {"after closing", s.CloseAfter, "z"},
		{"directive", d.At, "A  b c\\\n  d"}, {"directive name", d.Name, "A"}, {"directive arguments", d.Args, "b c\\\n  d"},
	}
	for _, tt := range tests {
		if got := tt.got.Text(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.what, got, tt.want)
		}
	}
}

func TestTooDeep(t *testing.T) {
	text := strings.Repeat("<a>\n", MaxDepth+10) + "B c\n" + strings.Repeat("</a>\n", MaxDepth+10)
	f := Parse(source.NewFile("a.conf", []byte(text)))
	checkLaws(t, f)
	if line := f.TooDeep.Position().Line; line != MaxDepth+1 {
		t.Errorf("the first section that is too deep stands in line %d, want %d", line, MaxDepth+1)
	}
	if s, ok := f.Items[0].(*Section); !ok || s.Close.IsZero() {
		t.Error("the outermost section is not closed")
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // line:column severity rule message
	}{
		{"clean", "# a\nA \"b c\" 'd'\n<If \"%{X} == 'a > b'\">\nB c\n</If>\n", nil},
		{"not closed", "<VirtualHost *>\n<Directory /a>\n</VirtualHost>\n", []string{"2:1 error DSP594 section <Directory> is not closed"}},
		{"not closed at the end", "<VirtualHost *>\n", []string{"1:1 error DSP594 section <VirtualHost> is not closed"}},
		{"condition not closed", "<VirtualHost *>\n<IfModule a>\n</VirtualHost>\n", []string{"2:1 error DSP594 section <IfModule> is not closed"}},
		{"condition not closed at the end", "<IfModule a>\nB c\n", []string{"1:1 warning DSP594 section <IfModule> is not closed"}},
		{"closes nothing", "</Directory>\n", []string{"1:1 error DSP594 closing line </Directory> closes no section"}},
		{"other name", "<LocationMatch a>\n</Location>\n", []string{"2:1 error DSP594 section <LocationMatch> is closed by </Location>"}},
		{"blank in closing", "<Location /a>\n</Location >\n", []string{"2:1 error DSP594 closing line </Location has no > right behind the name"}},
		{"text behind closing", "<Location /a>\n</Location> # x\n", []string{"2:13 warning DSP594 text behind </Location> is no comment"}},
		{"text behind opening", "<Location /a> # x\n</Location>\n", []string{"1:15 warning DSP594 text behind the bracket of <Location> is passed over"}},
		{"no bracket", "<Location /a\n</Location>\n", []string{"1:1 error DSP594 section <Location> has no closing bracket"}},
		{"no name", "< Location /a>\n</>\n", []string{"1:1 error DSP594 section has no name"}},
		{"in a macro", "<Macro M>\n<Location /a>\n</Macro>\n", []string{"2:1 warning DSP594 section <Location> is not closed"}},
		{"with a macro", "Use M\n</Location>\n", []string{"2:1 warning DSP594 closing line </Location> closes no section"}},
		{"byte order mark", "\xef\xbb\xbfA b\n", []string{"1:1 error DSP024 text starts with a byte order mark: httpd takes it for part of the first line"}},
		{"carriage returns", "A b\rC d\r", []string{"1:4 warning DSP024 lines end in a carriage return alone: httpd reads the text as one line"}},
		{"carriage return and line feed", "A b\r\nC d\r\n", nil},
		{"zero byte", "A b\x00c\n", []string{"1:4 warning DSP024 line has a zero byte"}},
		{"swallowed", "# a \\\n  B c\nD e\n", []string{"2:3 warning DSP024 line is part of the comment above it, which ends in a backslash"}},
		{"swallowed comment", "# a \\\n# b\n", nil},
		{"blank behind backslash", "A b \\ \n  c\n", []string{"1:5 warning DSP024 backslash at the end of the line has blanks behind it"}},
		{"variable", "A ${B c\nD e${\nE ^a{2}${F}\n", []string{"1:3 warning DSP121 variable ${B has no closing brace"}},
		{"typographic quote", "A \u201cb c\u201d\nB \"\u201cc\u201d\"\nC it\u2019s\n", []string{"1:3 warning DSP024 typographic quote \u201c does not quote"}},
		{"no-break space", "A\u00a0b\n", []string{"1:2 warning DSP024 no-break space separates nothing"}},
		{"quote", "Header set X \"a b\nErrorDocument 404 \"gone\n", []string{"1:14 warning DSP001 argument starts with \" and is not closed"}},
		{"escaped quote", "Header set X \"a \\\" b\"\nRewriteRule \"^/q\\\"3$\" /x\n", nil},
		{"rewrite quote", "RewriteRule \"^/a /b [L]\n", []string{"1:13 warning DSP694 argument starts with \" and is not closed"}},
		{"any include", "$include \"a.any\"\n", []string{"1:1 error DSP110 $include belongs in .any files"}},
		{"link", "../available_vhosts/a.vhost", []string{"1:1 error DSP116 file is the text of a symbolic link to ../available_vhosts/a.vhost"}},
		{"no link", "../a b\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, d := range Check(Parse(source.NewFile("a.conf", []byte(tt.text)))) {
				p := d.Span.Position()
				got = append(got, fmt.Sprintf("%d:%d %s %s %s", p.Line, p.Column, d.Severity, d.Rule, d.Message))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCheckFixes: a fix leaves nothing of what it is for.
func TestCheckFixes(t *testing.T) {
	for name, text := range map[string]string{
		"byte order mark": "\xef\xbb\xbfA b\n", "name": "<LocationMatch a>\n</Location>\n", "no-break space": "A\u00a0b\n",
	} {
		t.Run(name, func(t *testing.T) {
			src := source.NewFile("a.conf", []byte(text))
			ds := Check(Parse(src))
			if len(ds) != 1 || len(ds[0].Fixes) != 1 {
				t.Fatalf("got %d findings, want one with a fix", len(ds))
			}
			fixed, err := diag.Apply(src, ds[0].Fixes[0].Edits)
			if err != nil {
				t.Fatal(err)
			}
			if ds := Check(Parse(source.NewFile("a.conf", fixed))); len(ds) > 0 {
				t.Errorf("%q still has %q", fixed, ds[0].Message)
			}
		})
	}
}

func TestCheckRead(t *testing.T) {
	src := source.NewFile("a.conf", []byte("<IfDefine X>\n<Foo a\n</Foo>\n</IfDefine>\n<Bar a\n</Bar>\n"))
	f := Parse(src)
	skipped := []source.Span{f.Items[0].Span()}
	var got []diag.Severity
	for _, d := range CheckRead(f, skipped) {
		got = append(got, d.Severity)
	}
	if diff := cmp.Diff([]diag.Severity{diag.Warning, diag.Error}, got); diff != "" {
		t.Errorf("severities (-want +got):\n%s", diff)
	}
}
