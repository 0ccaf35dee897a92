package httpd

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/source"
)

// FuzzHttpd: whatever the text, the spans of items lie in each other and in order, nothing but blanks lies between them,
// findings lie in the text, and the lines of the tree are those of the reader of lines.
func FuzzHttpd(f *testing.F) {
	for _, text := range []string{
		"", "\n", "# comment\n", "ServerName a\n<VirtualHost *:80>\n  DocumentRoot /x\n</VirtualHost>\n", "\xef\xbb\xbfDefine A b\r\n",
		"<If \"a > b\">\nFoo \\\n bar\n</If> x\n", "</a>\n<b\n<c>\n", "a\x00b\\\nc\\", "# a\\\nb\n", "\\\n\\\n", "x\\\\\n\ny", "\"q\\\" x", "<", "<>", "</", "</>", "< a>",
		"<a>\n<b>\n<c>\n</a>\n</c>", "../a", "A ${B\nC \u201cx\u201d\n", "a \\ \nb", "\r\r\\\r\n\r", strings.Repeat("<a>\n", 300) + strings.Repeat("</a>\n", 300),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := Parse(source.NewFile("fuzz.conf", text))
		checkLaws(t, file)
	})
}

// checkLaws fails where the tree of a text does not hold what the documentation of File promises.
func checkLaws(t *testing.T, f *File) {
	t.Helper()
	text := f.Src.Text
	var out []byte
	at := int32(0)
	if f.BOM {
		at = int32(len(bom))
		out = append(out, bom...)
	}
	gap := func(to int32) {
		if to < at {
			t.Fatalf("item at %d starts before the end of the one in front of it, %d", to, at)
		}
		for i := at; i < to; i++ {
			if !isBlank(text[i]) {
				t.Fatalf("byte %d, %q, is in no item", i, text[i])
			}
		}
		out = append(out, text[at:to]...)
		at = to
	}
	lines := 0
	line := func(s source.Span) {
		lines++
		gap(s.Start)
		if s.End <= s.Start || int(s.End) > len(text) {
			t.Fatalf("item from %d to %d in %d bytes", s.Start, s.End, len(text))
		}
		out = append(out, text[s.Start:s.End]...)
		at = s.End
	}
	inside := func(l *Line, parts ...source.Span) {
		for _, p := range append(parts, l.Name, l.Args) {
			if !p.IsZero() && !l.At.Contains(p) {
				t.Fatalf("part %v is outside its line %v", p, l.At)
			}
		}
	}
	var walk func(items []Item, depth int)
	walk = func(items []Item, depth int) {
		if depth > MaxDepth {
			t.Fatalf("sections lie %d deep", depth)
		}
		for _, it := range items {
			switch it := it.(type) {
			case *Comment:
				line(it.At)
			case *Directive:
				inside(&it.Line)
				line(it.At)
			case *Stray:
				inside(&it.Line)
				line(it.At)
			case *Section:
				inside(&it.Line, it.After)
				line(it.At)
				if len(it.Items) > 0 {
					walk(it.Items, depth+1)
				}
				if !it.Close.IsZero() {
					line(it.Close)
					if !it.Close.Contains(it.CloseName) {
						t.Fatalf("name %v is outside its line %v", it.CloseName, it.Close)
					}
				}
				if whole := it.Span(); whole.Start != it.At.Start || whole.End != at {
					t.Fatalf("section spans %d to %d and ends at %d", whole.Start, whole.End, at)
				}
			}
		}
	}
	walk(f.Items, 0)
	gap(int32(len(text)))
	if !bytes.Equal(out, text) {
		t.Fatal("text put together again is another one")
	}
	read := 0
	for l := ReadLines(text); ; read++ {
		x, ok := l.Next()
		if !ok {
			break
		}
		// A last backslash may join nothing but blanks that lie behind the span.
		if raw := text[x.Start:x.End]; !x.Cut && raw[len(raw)-1] != '\\' {
			if got := strings.Trim(Unjoin(raw), " \t\n\v\f\r"); got != string(x.Text) {
				t.Fatalf("line is %q and unjoined %q", x.Text, got)
			}
		}
	}
	if read != lines {
		t.Fatalf("the text has %d lines and the tree %d", read, lines)
	}
	for _, d := range Check(f) {
		if d.Span.File != f.Src || d.Span.Start < 0 || d.Span.End < d.Span.Start || int(d.Span.End) > len(text) {
			t.Fatalf("finding %q at %v", d.Message, d.Span)
		}
	}
}
