package grammar

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/source"
)

// show writes a tree in one line an item.
func show(f *File) string {
	var b strings.Builder
	var items func(items []Item, depth int)
	remarks := func(kind string, rs []Remark, depth int) {
		for _, r := range rs {
			fmt.Fprintf(&b, "%s%s %s\n", strings.Repeat("  ", depth), kind, r.Text())
		}
	}
	value := func(v *Value) string {
		s := v.Raw()
		if v.Broken {
			s += " (broken)"
		}
		for _, r := range v.Lead {
			s += " lead " + r.Text()
		}
		return s
	}
	tail := func(c *Comments) string {
		if c.Tail == nil {
			return ""
		}
		return " tail " + c.Tail.Text()
	}
	items = func(list []Item, depth int) {
		for _, it := range list {
			pad := strings.Repeat("  ", depth)
			remarks("lead", it.Remarks().Lead, depth)
			var block *Block
			switch it := it.(type) {
			case *Property:
				fmt.Fprintf(&b, "%sproperty %s", pad, it.Name.Text())
				if it.Value != nil {
					fmt.Fprintf(&b, " = %s", value(it.Value))
				}
				if block = it.Block; block != nil {
					for _, r := range block.Lead {
						fmt.Fprintf(&b, " lead %s", r.Text())
					}
				}
			case *IncludeItem:
				fmt.Fprintf(&b, "%sinclude", pad)
				if it.Path != nil {
					fmt.Fprintf(&b, " %s", value(it.Path))
				}
			case *Block:
				fmt.Fprintf(&b, "%sblock", pad)
				block = it
			case *Value:
				fmt.Fprintf(&b, "%svalue %s", pad, value(it))
			case *Stray:
				fmt.Fprintf(&b, "%sstray", pad)
			}
			fmt.Fprintf(&b, "%s\n", tail(it.Remarks()))
			if block != nil {
				items(block.Items, depth+1)
				remarks("last", block.Last, depth+1)
				if block.Close.IsZero() {
					fmt.Fprintf(&b, "%sopen end\n", pad)
				}
			}
		}
	}
	items(f.Items, 0)
	remarks("last", f.Last, 0)
	return b.String()
}

func parse(text string) *File { return Parse(source.NewFile("test.any", []byte(text))) }

func TestParse(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", ""},
		{"property", `/name "x"`, "property /name = \"x\"\n"},
		{"brace on the next line", "/farms\n\t{\n\t}\n", "property /farms\n"},
		{"name glued to brace", "/mysite{/a{}}", "property /mysite\n  property /a\n"},
		{"several on a line", `/a { /type "deny" /url '/x.*' }`, "property /a\n  property /type = \"deny\"\n  property /url = '/x.*'\n"},
		{"list", `/virtualhosts { "a" "b" www.c.de* }`, "property /virtualhosts\n  value \"a\"\n  value \"b\"\n  value www.c.de*\n"},
		{"adjacent strings", `"a""b"`, "value \"a\"\nvalue \"b\"\n"},
		{"bare values", "/delay  300 /mode 0755 /hostname aempub", "property /delay = 300\nproperty /mode = 0755\nproperty /hostname = aempub\n"},
		{"number glued to comment", "/gracePeriod 350# Confuse this", "property /gracePeriod = 350 tail # Confuse this\n"},
		{"hash in string", `/url "#x" # c`, "property /url = \"#x\" tail # c\n"},
		{"braces in string", `/a "{/content/*}"`, "property /a = \"{/content/*}\"\n"},
		{"escaped quote", `/a "x\"y" '\\' "\\"`, "property /a = \"x\\\"y\"\nvalue '\\\\'\nvalue \"\\\\\"\n"},
		{"include", "$include \"a.any\"\n$include b.any\n$include", "include \"a.any\"\ninclude b.any\ninclude\n"},
		{"quoted include is a value", `"$include" "x"`, "value \"$include\"\nvalue \"x\"\n"},
		{"variable without quotes", "/port ${PORT}x /p $<Q>", "property /port = ${PORT}x\nproperty /p = $<Q>\n"},
		{"unnamed blocks", `/invalidate { { /glob "*" } }`, "property /invalidate\n  block\n    property /glob = \"*\"\n"},
		{"value missing", "/a { /url }", "property /a\n  property /url\n"},
		{"block never closed", "/a { /b \"1\"\n# c\n", "property /a\n  property /b = \"1\"\n  last # c\nopen end\n"},
		{"stray", "/a { } } # x\n/b \"1\"", "property /a\nstray tail # x\nproperty /b = \"1\"\n"},
		{"comments", "# 1\n/a { # 2\n# 3\n/b \"1\" # 4\n# 5\n} # 6\n# 7\n", "lead # 1\nproperty /a tail # 6\n  lead # 2\n  lead # 3\n  property /b = \"1\" tail # 4\n  last # 5\nlast # 7\n"},
		{"comments inside a property", "/a # 1\n# 2\n\"v\" # 3\n/f # 4\n{\n}", "property /a = \"v\" lead # 1 lead # 2 tail # 3\nproperty /f lead # 4\n"},
		{"string not closed", "/a \"x\n/b \"y\"", "property /a = \"x (broken)\nproperty /b = \"y\"\n"},
		{"string not closed before a brace", "/a { /url \"x }\n/b \"y\"", "property /a\n  property /url = \"x (broken)\nproperty /b = \"y\"\n"},
		{"string runs over a name", `/a { /type "deny /url "*" }`, "property /a\n  property /type = \"deny (broken)\n  property /url = \"*\"\n"},
		{"typographic quotes", "/a { /type “deny” /url ‘/x y’ }", "property /a\n  property /type = “deny” (broken)\n  property /url = ‘/x y’ (broken)\n"},
		{"closed by a typographic quote", "/port \"4503”\n/b \"y\"", "property /port = \"4503” (broken)\nproperty /b = \"y\"\n"},
		{"odd characters separate", "\ufeff/a\u00a0\"x\"\u200b/b\x00\"y\"", "property /a = \"x\"\nproperty /b = \"y\"\n"},
		{"punctuation separates", `/a = "x"; /b: "y", "z",`, "property /a = \"x\"\nproperty /b = \"y\"\nvalue \"z\"\n"},
		{"carriage returns", "/a \"x\"\r\n# c\r\n/b \"y\"\r\n", "property /a = \"x\"\nlead # c\nproperty /b = \"y\"\n"},
		{"cyrillic and boxes", "# Вписываем ── сюда\n/a \"é\"", "lead # Вписываем ── сюда\nproperty /a = \"é\"\n"},
		{"utf-16", "\xff\xfe/\x00a\x00", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := parse(tt.text)
			if diff := cmp.Diff(tt.want, show(f)); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
			if err := lawsOfTree(f); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestValueText(t *testing.T) {
	tests := []struct{ raw, want string }{
		{`"a"`, "a"}, {`'a'`, "a"}, {`a`, "a"}, {`""`, ""},
		{`'.*\\.(css|js)$'`, `.*\.(css|js)$`}, {`'\.x'`, `\.x`}, {`"a\"b"`, `a"b`}, {`'a\'b'`, `a'b`},
		{`"a\\\"b"`, `a\"b`}, {`'(\\[|])'`, `(\[|])`}, {`"\d+"`, `\d+`},
		{"“deny”", "deny"}, {"\"4503”", "4503"}, {`"open`, "open"},
	}
	for _, tt := range tests {
		f := parse("/p " + tt.raw)
		p, ok := f.Items[0].(*Property)
		if !ok || p.Value == nil {
			t.Errorf("%s: no value in %s", tt.raw, show(f))
			continue
		}
		if got := p.Value.Text(); got != tt.want {
			t.Errorf("%s: text %q, want %q", tt.raw, got, tt.want)
		}
	}
}

func TestBounds(t *testing.T) {
	deep := strings.Repeat("/a {\n", MaxDepth+1)
	tests := []struct {
		name, text string
		line       int
		want       string
	}{
		{"depth", deep, MaxDepth + 1, "blocks are nested more than 256 deep"},
		{"depth, far beyond", strings.Repeat("{", 5_000_000), 1, "blocks are nested more than 256 deep"},
		{"items", strings.Repeat("a\n", MaxItems+1), MaxItems + 1, "the file has more than 1000000 items"},
		{"size", strings.Repeat(" ", MaxFileSize+1), 1, "the file has 16777217 bytes, more than the 16777216 that are read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := parse(tt.text)
			if f.Exceeded == nil {
				t.Fatal("no bound was passed")
			}
			if f.Exceeded.Message != tt.want || f.Exceeded.Span.Position().Line != tt.line {
				t.Errorf("got %v, want line %d: %s", f.Exceeded, tt.line, tt.want)
			}
			if out, ok := Format(f, FormatOptions{}); ok || string(out) != tt.text {
				t.Error("the text was formatted all the same")
			}
			Check(f)
		})
	}
	if f := parse(strings.Repeat("/a {\n", MaxDepth) + strings.Repeat("}\n", MaxDepth)); f.Exceeded != nil {
		t.Errorf("depth %d: %v", MaxDepth, f.Exceeded)
	}
}

// lawsOfTree says which law of the tree does not hold: the tokens joined are the text, each comment
// stands on the tree once, and each node lies in its parent and behind its elder.
func lawsOfTree(f *File) error {
	at := int32(0)
	comments := map[int32]int{}
	for _, t := range f.Tokens {
		if t.Start != at || t.End <= t.Start {
			return fmt.Errorf("token at %d starts at %d and ends at %d", at, t.Start, t.End)
		}
		at = t.End
		if t.Kind == Comment {
			comments[t.Start] = 0
		}
	}
	if int(at) != len(f.Src.Text) {
		return fmt.Errorf("the tokens end at %d of %d", at, len(f.Src.Text))
	}
	if f.Exceeded != nil {
		return nil
	}
	count := func(rs []Remark) {
		for _, r := range rs {
			comments[r.At.Start]++
		}
	}
	of := func(c *Comments) {
		count(c.Lead)
		if c.Tail != nil {
			comments[c.Tail.At.Start]++
		}
	}
	var walk func(items []Item, in source.Span) error
	walk = func(items []Item, in source.Span) error {
		elder := in.Start
		for _, it := range items {
			s := it.Span()
			if s.Start < elder || s.End > in.End || s.End <= s.Start {
				return fmt.Errorf("%T at %d-%d is not behind %d in %d-%d", it, s.Start, s.End, elder, in.Start, in.End)
			}
			elder = s.End
			of(it.Remarks())
			var block *Block
			switch it := it.(type) {
			case *Property:
				if it.Value != nil {
					of(it.Value.Remarks())
				}
				if block = it.Block; block != nil {
					of(block.Remarks())
				}
			case *IncludeItem:
				if it.Path != nil {
					of(it.Path.Remarks())
				}
			case *Block:
				block = it
			}
			if block != nil {
				if err := walk(block.Items, block.Span()); err != nil {
					return err
				}
				count(block.Last)
			}
		}
		return nil
	}
	if err := walk(f.Items, f.Src.Span(0, len(f.Src.Text))); err != nil {
		return err
	}
	count(f.Last)
	for at, n := range comments {
		if n != 1 {
			return fmt.Errorf("the comment at %d stands on the tree %d times", at, n)
		}
	}
	return nil
}

// The grammar once more, as struct tags alone: what cstItem.Parse must equal.
type refFile struct {
	Items []*refTop `parser:"@@* EOF"`
}

type refTop struct {
	Item  *refItem `parser:"  @@"`
	Stray string   `parser:"| @Close"`
}

type refItem struct {
	Property *refProperty `parser:"  @@"`
	Include  *refInclude  `parser:"| @@"`
	Block    *refBlock    `parser:"| @@"`
	Value    string       `parser:"| @(Double | Single | Bare | Broken)"`
}

type refProperty struct {
	Name  string    `parser:"@Name"`
	Block *refBlock `parser:"( @@"`
	Value *string   `parser:"| @(Double | Single | Bare | Broken) )?"`
}

type refInclude struct {
	Keyword string  `parser:"@Include"`
	Path    *string `parser:"@(Double | Single | Bare | Broken)?"`
}

type refBlock struct {
	Open  string     `parser:"@Open"`
	Items []*refItem `parser:"@@*"`
	Close string     `parser:"@Close?"`
}

// textStream is stream with the tokens' texts.
type textStream struct {
	toks []Token
	text string
}

func (s *textStream) Next() (lexer.Token, error) {
	for len(s.toks) > 0 {
		t := s.toks[0]
		s.toks = s.toks[1:]
		if !t.Kind.IsTrivia() {
			return lexer.Token{Type: lexer.TokenType(t.Kind), Value: s.text[t.Start:t.End]}, nil
		}
	}
	return lexer.EOFToken(lexer.Position{}), nil
}

func refTree(f *File) (string, error) {
	p, err := participle.Build[refFile](participle.Lexer(definition{}))
	if err != nil {
		return "", err
	}
	peek, err := lexer.Upgrade(&textStream{toks: f.Tokens, text: string(f.Src.Text)})
	if err != nil {
		return "", err
	}
	tree, err := p.ParseFromLexer(peek)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	var item func(it *refItem)
	block := func(bl *refBlock) {
		b.WriteString("{")
		for _, it := range bl.Items {
			item(it)
		}
		b.WriteString(bl.Close)
	}
	item = func(it *refItem) {
		switch {
		case it.Property != nil:
			fmt.Fprintf(&b, "P(%s", it.Property.Name)
			if it.Property.Value != nil {
				fmt.Fprintf(&b, "=%s", *it.Property.Value)
			}
			if it.Property.Block != nil {
				block(it.Property.Block)
			}
			b.WriteString(")")
		case it.Include != nil:
			b.WriteString("I(")
			if it.Include.Path != nil {
				b.WriteString(*it.Include.Path)
			}
			b.WriteString(")")
		case it.Block != nil:
			block(it.Block)
		default:
			fmt.Fprintf(&b, "V(%s)", it.Value)
		}
	}
	for _, top := range tree.Items {
		if top.Item != nil {
			item(top.Item)
		} else {
			b.WriteString("S")
		}
	}
	return b.String(), nil
}

func ownTree(f *File) string {
	var b strings.Builder
	var item func(it Item)
	block := func(bl *Block) {
		b.WriteString("{")
		for _, it := range bl.Items {
			item(it)
		}
		b.WriteString(bl.Close.Text())
	}
	item = func(it Item) {
		switch it := it.(type) {
		case *Property:
			fmt.Fprintf(&b, "P(%s", it.Name.Text())
			if it.Value != nil {
				fmt.Fprintf(&b, "=%s", it.Value.Raw())
			}
			if it.Block != nil {
				block(it.Block)
			}
			b.WriteString(")")
		case *IncludeItem:
			b.WriteString("I(")
			if it.Path != nil {
				b.WriteString(it.Path.Raw())
			}
			b.WriteString(")")
		case *Block:
			block(it)
		case *Value:
			fmt.Fprintf(&b, "V(%s)", it.Raw())
		case *Stray:
			b.WriteString("S")
		}
	}
	for _, it := range f.Items {
		item(it)
	}
	return b.String()
}

// TestGrammarIsParticiples holds the productions that parse themselves against participle's own reading
// of the same grammar.
func TestGrammarIsParticiples(t *testing.T) {
	texts := append(testkit.Corpus(t, ".any", ".farm"), seeds()...)
	for _, text := range texts {
		f := Parse(text)
		want, err := refTree(f)
		if err != nil {
			t.Fatalf("%s: %v", text.Name, err)
		}
		if got := ownTree(f); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text.Name, got, want)
		}
	}
}

// seeds are the texts of all table tests: what fuzzing starts from.
func seeds() []*source.File {
	var files []*source.File
	for _, text := range seedTexts {
		files = append(files, source.NewFile("seed.any", []byte(text)))
	}
	return files
}

var seedTexts = []string{
	"", "/farms {\n\t/a { /type \"allow\" /url }\n\t/b \"x\n\t$include\n\t/c {\n\t\t/d \"1\"\n}\n}\n}\n/e {",
	"# c\n/filter\n{ # d\n\t/0001 { /type \"deny\" /url \"*\" } # e\n\n\n\t/0002 { /type 'allow' /method '(GET|HEAD)' } }\n",
	"/clientheaders { \"A\" \"B\"\"C\", D\n}\n", "\ufeff/a\u00a0{ \u200b/b: = ; }", "// x { }\n/* y\n*/ /a \"b\"", "\xff\xfe/\x00",
	"/a “b” /c ‘d’ /e \"f”\n} } {", "/a { /type \"deny /url \"*\" }", "$ \"x\"\n\"$include\" 'y'\nInclude z", "/ name \"x\"\n...\n",
	"/v ${A} $<B> \"${C}\" '{D}'", "a\r\n\"b\r\n/c \"d\"\r\r\n", "/a{{{}}}", "/x # y\n\"z\"\n/x # y\n{ }", "/0001 { /type \"allow\" /url \"/" + "é" + strings.Repeat("x", 130) + "\" }",
}

func FuzzParse(f *testing.F) {
	for _, s := range seedTexts {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := Parse(source.NewFile("fuzz.any", text))
		if err := lawsOfTree(file); err != nil {
			t.Fatal(err)
		}
		if file.Exceeded == nil && len(text) < 4096 {
			want, err := refTree(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := ownTree(file); got != want {
				t.Fatalf("got %s\nwant %s", got, want)
			}
		}
		for _, d := range Check(file) {
			if d.Span.File != file.Src || d.Span.Start < 0 || d.Span.End < d.Span.Start || int(d.Span.End) > len(text) {
				t.Fatalf("%s lies outside the text: %v", d.Rule, d.Span)
			}
			if d.Message == "" || d.Rule == "" || d.Severity == 0 || d.Why == "" {
				t.Fatalf("a finding lacks a part: %+v", d)
			}
		}
	})
}
