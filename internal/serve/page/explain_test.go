package page

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

func TestTextOf(t *testing.T) {
	long := "/farm {\n" + strings.Repeat("    /a \"b\"\n", 20) + "}"
	for _, tt := range []struct {
		name, text, from, to, want string
	}{
		{"a line", "\t/0001 { /type \"deny\" }\n", "/0001", "}", `/0001 { /type "deny" }`},
		{"a name alone", "  /wknd {\n}", "/wknd", "wknd", "/wknd {"},
		{"beside others", "/a { /b \"c\" } /d { }", "/b", `"c"`, `/b "c"`},
		{"indented lines", "  /0100 {\n      /type \"allow\"\n  }", "/0100", "}", "/0100 {\n    /type \"allow\"\n}"},
		{"line ends of Windows", "/a {\r\n/b \"c\"\r\n}\r\n", "/a", "}", "/a {\n/b \"c\"\n}"},
		{"too long", long, "/farm", "}", "/farm { …"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := source.NewFile("a.any", []byte(tt.text))
			start := strings.Index(tt.text, tt.from)
			end := start + strings.Index(tt.text[start:], tt.to) + len(tt.to)
			if got := textOf(f.Span(start, end)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if textOf(source.Span{}) != "" {
		t.Error("no place has a text")
	}
	wide := source.NewFile("a.any", []byte(strings.Repeat("é", 5000)))
	if got := textOf(wide.Span(0, 10_000)); len(got) > textBytes+4 || strings.ContainsRune(got, '\ufffd') {
		t.Errorf("a long line has %d bytes", len(got))
	}
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		r    simulate.Request
		want string
	}{
		{simulate.Request{Method: "GET", Target: "/a.html", Host: "h.example"}, "dispcheck simulate --explain GET http://h.example/a.html"},
		{simulate.Request{Method: "GET", Target: "/a", Host: "h.example", TLS: true}, "dispcheck simulate --explain GET https://h.example/a"},
		{simulate.Request{Method: "OPTIONS", Target: "*"}, "dispcheck simulate --explain OPTIONS '*'"},
		{simulate.Request{Method: "-x", Target: "/a"}, "dispcheck simulate --explain -- -x /a"},
		{simulate.Request{Method: "GET", Target: "/it's$(id)`id`\n;"}, `dispcheck simulate --explain GET '/it'\''s$(id)` + "`id`\n;'"},
		{simulate.Request{Method: "GET", Target: "/a", Header: simulate.Header{{Name: "A", Value: ""}}}, "dispcheck simulate -H 'A: ' --explain GET /a"},
	} {
		if got := commandLine(&tt.r, ""); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestIsText(t *testing.T) {
	for text, want := range map[string]bool{"": true, "<p>é": true, "<p>\xc3": true, "a\x00b": false, "\x89PNG\r\n\x1a\n\xff\xff\xff": false} {
		if isText([]byte(text)) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}

// TestQuoted: a shell gives back what was quoted for it.
func TestQuoted(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell to ask")
	}
	for _, word := range []string{
		"", "a", "a b", "'", "''", `"`, `\`, `\'`, "$(id)", "`id`", "${HOME}", "a;id", "a&id", "a|id", "a>b", "#a", "~", "~root", "*", "?", "[a]", "{a,b}", "!", "!!", "-n", "\n", "\t a",
		"a\nid", "é\xff", "%s", "=", "a=b", "^", "(a)", "<a",
	} {
		out, err := exec.Command(sh, "-c", "printf '%s|' "+quoted(word)).Output()
		if err != nil || string(out) != word+"|" {
			t.Errorf("%q: the shell has %q (%v) of %s", word, out, err, quoted(word))
		}
	}
}
