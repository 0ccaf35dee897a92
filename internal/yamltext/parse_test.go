package yamltext

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/source"
)

// dump writes a tree as one line per node: place, kind, text as written, text as read.
func dump(b *strings.Builder, n *Node, indent string) {
	fmt.Fprintf(b, "%s%s %s", indent, strings.TrimPrefix(Place(n.Span), "t.yaml:"), n.Kind)
	if n.IsScalar() {
		fmt.Fprintf(b, " %q as %q", n.Span.Text(), n.Text)
	}
	b.WriteByte('\n')
	for _, it := range n.Items {
		dump(b, it, indent+"  ")
	}
	for _, e := range n.Entries {
		fmt.Fprintf(b, "%s  key %s %s\n", indent, e.Key.Text, strings.TrimPrefix(Place(e.Key.Span), "t.yaml:"))
		dump(b, e.Value, indent+"    ")
	}
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"empty", "", "1:1 nothing \"\" as \"\"\n"},
		{"comments only", "# nothing\n", "2:1 nothing \"\" as \"\"\n"},
		{"kinds", "a: x y\nb: 12\nc: true\nd: ~\ne: '1'\nf:\n", `1:1 a mapping
  key a 1:1
    1:4 a text "x y" as "x y"
  key b 2:1
    2:4 a number "12" as "12"
  key c 3:1
    3:4 true or false "true" as "true"
  key d 4:1
    4:4 nothing "~" as ""
  key e 5:1
    5:4 a text "'1'" as "1"
  key f 6:1
    6:1 nothing "f" as ""
`},
		{"yes is a text", "a: yes\n", "1:1 a mapping\n  key a 1:1\n    1:4 a text \"yes\" as \"yes\"\n"},
		{"quotes and escapes", "a: \"x\\\"y\\n\" # c\nb: 'it''s'\n", `1:1 a mapping
  key a 1:1
    1:4 a text "\"x\\\"y\\n\"" as "x\"y\n"
  key b 2:1
    2:4 a text "'it''s'" as "it's"
`},
		{"list", "- a\n- [b, c]\n", `1:1 a list
  1:3 a text "a" as "a"
  2:3 a list
    2:4 a text "b" as "b"
    2:7 a text "c" as "c"
`},
		{"columns count characters", "ä: ö\n", "1:1 a mapping\n  key ä 1:1\n    1:4 a text \"ö\" as \"ö\"\n"},
		{"byte order mark", "\ufeffa: b\n", "1:2 a mapping\n  key a 1:2\n    1:5 a text \"b\" as \"b\"\n"},
		{"block text", "a: |\n  x\n  y\nb: 1\n", `1:1 a mapping
  key a 1:1
    1:4 a text "|" as "x\ny\n"
  key b 4:1
    4:4 a number "1" as "1"
`},
		{"an anchor alone does no harm", "a: &x 1\n", "1:1 a mapping\n  key a 1:1\n    1:7 a number \"1\" as \"1\"\n"},
		{"lines end with carriage returns", "a: 1\rb: 2\r", "1:1 a mapping\n  key a 1:1\n    1:4 a number \"1\" as \"1\"\n  key b 1:6\n    1:9 a number \"2\" as \"2\"\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := Parse(source.NewFile("t.yaml", []byte(tt.text)))
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			dump(&b, n, "")
			if diff := cmp.Diff(tt.want, b.String()); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		// gopkg.in/yaml.v3 v3.0.1 panics when it decodes this into a map.
		{"merge key beside a list as key", "? [x]\n: y\n<<: {a: 1}\n", "t.yaml:1:3: key is a list; a key is one word; quote it if it starts with [ or {"},
		{"merge key", "a: 1\n<<: {b: 1}\n", "t.yaml:2:1: merge key << is not read; write the keys out"},
		{"alias", "a: &x 1\nb: *x\n", "t.yaml:2:4: alias *x is not read; write the value out, or quote it if the * belongs to it"},
		{"unknown alias", "a: 1\nb: *x\n", "t.yaml:1:1: the text is not YAML: unknown anchor 'x' referenced; quote values that start with *"},
		{"alias of itself", "a: &x [*x]\n", "t.yaml:1:8: alias *x is not read; write the value out, or quote it if the * belongs to it"},
		{"repeated key", "a: 1\nb:\n  c: 1\n  c: 2\n", "t.yaml:4:3: key c is set twice; it is set first in line 3"},
		{"tag", "a: !foo x\n", "t.yaml:1:4: tag !foo is not read; quote the value if the ! belongs to it"},
		{"binary", "a: !!binary eA==\n", "t.yaml:1:4: tag !!binary is not read; quote the value if the ! belongs to it"},
		{"two documents", "a: 1\n---\nb: 1\n", "t.yaml:2:1: a second document starts here; one file holds one; remove the line ---"},
		{"tab", "a:\n\tb: 1\n", "t.yaml:2:2: the text is not YAML: found character that cannot start any token; indent with blanks, not tabs, and quote values that start with @, ` or %"},
		{"open list", "a: [1, 2\n", "t.yaml:1:1: the text is not YAML: did not find expected ',' or ']'"},
		{"open quote", "a: \"x\n", "t.yaml:2:1: the text is not YAML: found unexpected end of stream"},
		{"NUL", "a: \x00\n", "t.yaml:1:4: the file has a NUL byte; save it as UTF-8"},
		{"not UTF-8", "a: b\nc: \xff\n", "t.yaml:2:4: byte 0xff is not UTF-8; save the file as UTF-8"},
		{"deep", strings.Repeat("[", 70) + strings.Repeat("]", 70), "t.yaml:1:66: lists and mappings are nested more than 64 deep"},
		{"very deep", strings.Repeat("[", 200_000), "t.yaml:1:1: the text is not YAML: exceeded max depth of 10000"},
		{"large", strings.Repeat("#", MaxSize+1), "t.yaml:1:1: the file has 1048577 bytes, more than the 1048576 that are read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := Parse(source.NewFile("t.yaml", []byte(tt.text)))
			if err == nil {
				t.Fatalf("no error, tree of kind %v", n.Kind)
			}
			if got := err.Error(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("error is a %T, not an *Error", err)
			}
		})
	}
}

// FuzzParse holds Parse to its promises: it does not panic, every error is an *Error with a place in the
// text, and every node lies inside the text.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"? [x]\n: y\n<<: {a: 1}\n", "a: &x [*x]\n", "a: |\n  x\n", "- - - -\n", "\ufeffa: \"b\\x41\"\r\n", "a: {b: [c, 'd''e']}\n", "--- a\n...\n", "a: !t x\n", "a:\u2028b\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		src := source.NewFile("t.yaml", text)
		n, err := Parse(src)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error is a %T: %v", err, err)
			}
			inside(t, e.Span, len(text))
			if e.Message == "" {
				t.Fatal("error without a message")
			}
			return
		}
		var walk func(n *Node)
		walk = func(n *Node) {
			inside(t, n.Span, len(text))
			if n.Kind < Null || n.Kind > lastKind {
				t.Fatalf("node of kind %d", n.Kind)
			}
			for _, it := range n.Items {
				walk(it)
			}
			for _, e := range n.Entries {
				walk(e.Key)
				walk(e.Value)
			}
		}
		walk(n)
	})
}

func inside(t *testing.T, s source.Span, size int) {
	t.Helper()
	if s.File == nil || s.Start < 0 || s.End < s.Start || int(s.End) > size {
		t.Fatalf("span [%d, %d) is not inside a text of %d bytes", s.Start, s.End, size)
	}
}

// TestLongLine: what one line takes grows with its length, not with its square.
func TestLongLine(t *testing.T) {
	text := "[" + strings.Repeat("ä, ", 120_000) + "z]"
	n, err := Parse(source.NewFile("long.yaml", []byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	last := n.Items[len(n.Items)-1]
	if got := last.Span.Text(); got != "z" {
		t.Errorf("the last entry stands at %v %q, want z", last.Span.Position(), got)
	}
	if got := n.Items[60_000].Span.Text(); got != "ä" {
		t.Errorf("an entry in the middle is %q, want ä", got)
	}
}
