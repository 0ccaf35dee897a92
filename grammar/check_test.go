package grammar

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/testkit"
)

// said writes findings one a line: place, rule, message.
func said(ds []diag.Diagnostic) string {
	var b strings.Builder
	for _, d := range ds {
		p := d.Span.Position()
		fmt.Fprintf(&b, "%d:%d %s %s: %s\n", p.Line, p.Column, d.Severity, d.Rule, d.Message)
	}
	return b.String()
}

// TestCheck: one mistake, one finding, at its place, and the rest is still read. want is what Check says;
// read, where given, are property names that must still be found.
func TestCheck(t *testing.T) {
	tests := []struct{ name, text, want, read string }{
		{"nothing", "/farms {\n\t/a {\n\t\t/type \"x\" # }\n\t}\n}\n", "", "/a /type"},
		{"flattened link", "../available_farms/ets.farm", "1:1 error DSP116: the file is a flattened symbolic link to ../available_farms/ets.farm\n", ""},
		{"flattened link with a line end", "\n./x.any\n", "2:1 error DSP116: the file is a flattened symbolic link to ./x.any\n", ""},
		{"a host is no link", "www.example.com", "", ""},
		{"string not closed", "/a {\n\t/url \"/x\n\t/b \"1\"\n}\n", "2:7 error DSP001: string is not closed on its line\n", "/a /url /b"},
		{"string not closed in a rule", "/f {\n/1 { /type \"deny\" /url \"*.html }\n/2 { /type \"deny\" }\n}", "2:24 error DSP001: string is not closed on its line\n", "/f /1 /2"},
		{"string runs over the next name", "/1 { /type \"deny /url \"*\" }", "1:12 error DSP001: string is not closed on its line\n", "/1 /type /url"},
		{"typographic close", "/port \"4503”\n/b \"1\"", "1:7 error DSP001: string is not closed: typographic quote ” (U+201D) is no closing quote\n", "/port /b"},
		{"typographic quotes", "/1 { /type “deny” /url \"*\" }", "1:12 error DSP024: typographic quote “ (U+201C) around a value\n", "/1 /type /url"},
		{"zero-width in a pattern", "/1 { /url \"\u200b*\" /query \"a\" }", "1:12 error DSP024: zero-width space (U+200B) in a string\n", "/1 /url /query"},
		{"no-break space", "/1 { /type\u00a0\"deny\" /url \"*\" }", "1:11 error DSP024: no-break space (U+00A0) outside a string\n", "/1 /type /url"},
		{"byte order mark", "\ufeff/farms { }", "1:1 error DSP024: byte order mark (U+FEFF) outside a string\n", "/farms"},
		{"NUL bytes", "/a \"1\"\x00\x00\n/b \"2\"", "1:7 error DSP024: NUL byte (U+0000) (2 in a row) outside a string\n", "/a /b"},
		{"not text", "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x01\x00\x00\x00", "1:1 error DSP035: the file is not text: 10 of its 22 bytes are control bytes\n", ""},
		{"utf-16", "\xff\xfe/\x00a\x00 \x00\"\x001\x00\"\x00", "1:1 error DSP035: the file is UTF-16, not UTF-8\n", ""},
		{"utf-16 without a mark", "/\x00a\x00 \x00\"\x001\x00\"\x00", "1:1 error DSP035: the file is UTF-16, not UTF-8\n", ""},
		{"latin-1 in a comment", "# f\xfcr\n/a \"1\"", "1:4 warning DSP035: byte 0xfc in a comment is not UTF-8 (1 such in the file)\n", "/a"},
		{"latin-1 in a value", "# f\xfcr\n/a \"\xfc\"", "2:5 error DSP035: byte 0xfc is not UTF-8 (2 such in the file)\n", "/a"},
		{"crlf", "/a \"1\"\r\n/b {\r\n}\r\n", "", "/a /b"},
		{"slash comments", "/f {\n// Enable /x { y\n/1 { /type \"deny\" }\n}\n}\n", "2:1 error DSP026: // does not start a comment\n", "/f /1 /type"},
		{"c comments", "/* old\n rule */\n/a \"1\"", "1:1 error DSP026: /* does not start a comment\n", "/a"},
		{"xml comments", "<!-- old rule -->\n/a \"1\"", "1:1 error DSP026: <!-- does not start a comment\n", "/a"},
		{"semicolon comment", "; old rule\n/a \"1\"", "1:1 error DSP026: ; does not start a comment\n", "/a"},
		{"commas", "/headers {\n\"A\",\n\"B\"\n}", "2:4 error DSP005: , stands where a name or a value should\n", "/headers"},
		{"equals sign", "/1 { /type = \"allow\" /url \"*\" }", "1:12 error DSP005: = stands where a name or a value should\n", "/1 /type /url"},
		{"colon", "/1 { /type: \"allow\" }", "1:11 error DSP005: : stands where a name or a value should\n", "/1 /type"},
		{"missing slash on an entry", "/f {\n\t0001 { /type \"deny\" }\n\t/0002 { /type \"deny\" }\n}", "2:2 error DSP025: name 0001 has no slash\n", "/f /0002"},
		{"missing slash on a property", "/1 { /type \"deny\" url \"*\" }", "1:19 error DSP025: name url has no slash\n", "/1 /type"},
		{"missing slash on a section", "farms\n{\n/a { }\n}", "1:1 error DSP025: name farms has no slash\n", "/a"},
		{"name glued to a brace", "/mysite{/a \"1\"}", "", "/mysite /a"},
		{"text after a quote", "/1 { /method \"GET\"POST /url \"*\" }", "1:19 error DSP006: POST touches the closing quote of a string\n", "/1 /method /url"},
		{"adjacent strings", "/clientheaders { \"A\"\"B\"\"C\" }", "1:21 warning DSP006: string touches the closing quote of the string before it\n", "/clientheaders"},
		{"value without a name", "/1 { /extension 'json' \"*.1.json\" }", "1:24 warning DSP009: string \"*.1.json\" has no name\n", "/1 /extension"},
		{"quoted include", "/filter { \"$include\" \"../f.any\" }", "1:11 error DSP110: \"$include\" in quotes is a string: nothing is included\n", "/filter"},
		{"dollar alone", "/farms {\n$ \"a.any\"\n}", "2:1 error DSP110: $ includes nothing\n", "/farms"},
		{"httpd's include", "/farms {\nInclude \"a.any\"\n}", "2:1 error DSP110: Include includes nothing\n", "/farms"},
		{"include without a path", "/f {\n$include\n}", "2:1 error DSP110: $include names no file\n", "/f"},
		{"include without quotes", "$include a.any", "1:10 warning DSP110: path of $include has no quotes\n", ""},
		{"unnamed section", "/farms {\n/a { /rules { } }\n}\n{ /x \"1\" }", "4:1 error DSP005: section without a name\n", "/farms /a /x"},
		{"unnamed rules are usual", "/invalidate { { /glob \"*\" /type \"allow\" } }\n/virtualhosts { { \"${H}\" } }", "", "/invalidate /glob"},
		{"blank after the slash", "/ name \"my-dispatcher\"\n/farms { }", "1:1 error DSP005: slash without a name\n", "/farms"},
		{"junk first line", "version2\n/farms { }", "1:1 error DSP005: version2 belongs to no property\n", "/farms"},
		{"comment without its mark", "authorization checker: before a page is\ndelivered, a HEAD\n\n/farms { }", "1:1 error DSP005: authorization checker: before a page is … belongs to no property\n", "/farms"},
		{"stray letter", "/a {\n\t/b \"1\"\ns }\n", "3:1 error DSP005: s belongs to no property\n", "/a /b"},
		{"ellipsis", "/farms {\n...\n/a { }\n}", "2:1 error DSP005: ... is a placeholder that was left in\n", "/farms /a"},
		{"build placeholder", "/a {\n@X@\n/b \"1\"\n}", "2:1 error DSP005: @X@ is a placeholder that was left in\n", "/a /b"},
		{"value missing", "/1 { /type \"deny\" /url }", "1:19 error DSP007: property /url has no value\n", "/1 /type /url"},
		{"path without quotes", "/cache { /docroot /var/www /mode 0755 }", "1:10 error DSP007: property /docroot has no value: /var/www reads as a property\n", "/cache /docroot /mode"},
		{"braces forgotten", "/a {\n/sessionmanagement\n/directory \"x\"\n/encode \"md5\"\n}", "2:1 error DSP003: section /sessionmanagement has no {\n", "/a /directory /encode"},
		{"braces forgotten around a rule", "/rules {\n/0000 /glob \"*\" /type \"allow\"\n}", "2:1 error DSP003: entry /0000 has no {\n", "/rules /glob"},
		{
			"missing brace, told by indentation",
			"/farms {\n\t/a {\n\t\t/filter {\n\t\t\t/1 { /type \"deny\" }\n\t\t/cache {\n\t\t\t/mode \"1\"\n\t\t}\n\t}\n}\n",
			"3:3 error DSP002: section /filter is never closed\n", "/farms /a /filter /cache /mode",
		},
		{"missing brace at the end", "/farms {\n\t/a {\n\t\t/b \"1\"\n", "2:2 error DSP002: section /a is never closed\n", "/farms /a /b"},
		{"missing brace on its own line", "/farms\n{\n\t/a\n\t{\n\t\t/b \"1\"\n}\n", "4:2 error DSP002: section /a is never closed\n", "/farms /a /b"},
		{"extra brace at the end", "/a {\n\t/b \"1\"\n}\n}\n", "4:1 error DSP004: closing brace without an opening one\n", "/a /b"},
		{
			"extra brace, told by indentation",
			"/farms {\n\t/a {\n\t\t/filter {\n\t\t}\n\t\t}\n\t\t/cache {\n\t\t}\n\t}\n}\n",
			"5:3 error DSP004: closing brace closes more than it should\n", "/farms /a /filter /cache",
		},
		{"file in one line", "/farm { # client headers /b { } /c { } /d { }" + strings.Repeat(" x", 100) + " }", "1:1 error DSP002: section /farm is never closed\n", "/farm"},
		{"brace too many on a line", "/f {\n\t/1 { /type \"deny\" } }\n\t/2 { /type \"deny\" }\n}\n", "2:22 error DSP004: closing brace closes more than it should\n", "/f /1 /2"},
		{"opening brace forgotten", "/farms {\n\t/a {\n\t\t/filter\n\t\t\t/1 { /type \"deny\" }\n\t\t}\n\t}\n}\n", "3:3 error DSP003: section /filter has no {\n", "/farms /filter /1"},
		{"slash comment behind a rule", "/f {\n\t/1 { /type \"deny\" } // all of it }\n}\n", "2:22 error DSP026: // does not start a comment\n", "/f /1"},
		{"path with two slashes as a value", "/url //x/y", "1:1 error DSP007: property /url has no value: //x/y reads as a property\n", "/url"},
		{"placeholder in a string", "/docroot \"/var/@SITE_NAME@/x\" /b \"a@b.c\"", "1:16 warning DSP005: @SITE_NAME@ is a placeholder that was left in\n", "/docroot /b"},
		{"replacement characters", "/farms-\ufffd\ufffd { }", "1:8 error DSP024: replacement character (U+FFFD) stands for a character that was lost\n", ""},
		{"list section given a string", "/virtualhosts\n\"a\"\n\"b\"\n/renders { }", "", "/virtualhosts /renders"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := parse(tt.text)
			if diff := cmp.Diff(tt.want, said(Check(f))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if err := lawsOfTree(f); err != nil {
				t.Error(err)
			}
			names := map[string]bool{}
			Walk(f.Items, func(it Item) bool {
				if p, ok := it.(*Property); ok {
					names[p.Name.Text()] = true
				}
				return true
			})
			for _, want := range strings.Fields(tt.read) {
				if !names[want] {
					t.Errorf("%s was not read; tree:\n%s", want, show(f))
				}
			}
		})
	}
}

// TestCheckFixes: a fix makes its finding go away and adds none.
func TestCheckFixes(t *testing.T) {
	texts := []string{
		"/1 { /type “deny” }", "/port \"4503”\n", "/1 { /type\u00a0\"deny\" }", "\ufeff/farms { }", "/1 { /type = \"x\" }",
		"/f {\n\t0001 { /type \"deny\" }\n}", "/1 { /url \"a\u200bb\" }", "// x\n/a \"1\"", "/* x */\n/a \"1\"",
		"$include a.any", "/f { \"$include\" \"x\" }", "/f {\n$ \"x\"\n}", "/cache { /docroot /var/www }", "/headers { \"A\", \"B\" }",
	}
	for _, text := range texts {
		f := parse(text)
		ds := Check(f)
		if len(ds) != 1 || len(ds[0].Fixes) != 1 {
			t.Errorf("%q: want one finding with one fix, got %s", text, said(ds))
			continue
		}
		fixed, err := diag.Apply(f.Src, ds[0].Fixes[0].Edits)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if left := Check(parse(string(fixed))); len(left) != 0 {
			t.Errorf("%q became %q, which has\n%s", text, fixed, said(left))
		}
	}
}

// TestCheckCorpus: real texts are read whole, and few of them have mistakes in their notation.
func TestCheckCorpus(t *testing.T) {
	files := testkit.Corpus(t, ".any", ".farm")
	wrong := 0
	for _, src := range files {
		f := Parse(src)
		if err := lawsOfTree(f); err != nil {
			t.Errorf("%s: %v", src.Name, err)
		}
		if ds := Check(f); len(ds) > 0 {
			wrong++
			if len(ds) > 12 {
				t.Errorf("%s: %d findings: does one mistake make many?\n%s", src.Name, len(ds), said(ds))
			}
		}
	}
	t.Logf("%d of %d distinct texts have mistakes in their notation", wrong, len(files))
	if wrong*4 > len(files) {
		t.Errorf("%d of %d real texts are called wrong", wrong, len(files))
	}
}
