package rewrite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

func TestReferences(t *testing.T) {
	tests := []struct {
		name, s string
		want    []string // the references as written
	}{
		{"none", "/content/site", nil},
		{"groups", "/$1/%2", []string{"$1", "%2"}},
		{"escaped", `/\$1\%2$0`, []string{"$0"}},
		{"variable", "%{HTTP_HOST}/%{ENV:a}", []string{"%{HTTP_HOST}", "%{ENV:a}"}},
		{"map", "${m:$1|/x$2}", []string{"${m:$1|/x$2}", "$1", "$2"}},
		{"map in a map", "${m:${n:%1}}", []string{"${m:${n:%1}}", "${n:%1}", "%1"}},
		{"no map", "${NAME}$1", []string{"$1"}},
		{"not closed", "%{HTTP_HOST", nil},
		{"at the end", "/a$", nil},
		{"backslash at the end", `/a\`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, r := range references(tt.s) {
				got = append(got, tt.s[r.start:r.end])
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("references of %q (-want +got):\n%s", tt.s, diff)
			}
		})
	}
}

func TestGroupText(t *testing.T) {
	tests := []struct {
		pattern string
		n       int
		want    string
		ok      bool
	}{
		{"^/(.*)$", 1, ".*", true},
		{"^/(a(b)c)/(d)$", 2, "b", true},
		{"^/(a(b)c)/(d)$", 3, "d", true},
		{"^/(?:a)(b)$", 1, "b", true},
		{"^/(?=a)(b)$", 1, "b", true},
		{`^/\((b)\)$`, 1, "b", true},
		{"^/[()](b)$", 1, "b", true},
		{"^/[]()](b)$", 1, "b", true},
		{"^/[[:alpha:])](b)$", 1, "b", true},
		{"^/(?<name>b)$", 1, "?<name>b", false},
		{"^/(b)$", 2, "", false},
		{"^/b)$", 1, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			got, ok := groupText(tt.pattern, tt.n)
			if ok != tt.ok || ok && got != tt.want {
				t.Errorf("got %q, %t; want %q, %t", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestPlainDots(t *testing.T) {
	tests := []struct {
		pattern string
		want    []int
	}{
		{"^/robots.txt$", []int{8}},
		{`^/robots\.txt$`, nil},
		{"^www.example.com$", []int{4, 12}},
		{"^/(.*).html$", []int{6}},
		{"^/.*html$", nil},
		{"^/a.html*$", nil},
		{"[.]html", nil},
		{"xmlrpc.php", []int{6}},
		{"^/a.b$", nil},
		{"^/.html", []int{2}},
		{"^/.html5", nil},
		{"(.html|.jpe?g|.png)$", []int{1, 7, 14}},
		{"^/a.html?$", []int{3}},
		{"^/a.html?x=1$", nil},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, plainDots(tt.pattern)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithoutFlag(t *testing.T) {
	tests := []struct{ list, name, want string }{
		{"[R=301,PT,L]", "pt", "[R=301,L]"},
		{"[PT,L]", "pt", "[L]"},
		{"[R=301,PT]", "pt", "[R=301]"},
		{"[PT]", "pt", ""},
		{`"[R=301, PT, L]"`, "pt", `"[R=301, L]"`},
		{"[ L , PT ]", "pt", "[ L ]"},
	}
	for _, tt := range tests {
		t.Run(tt.list, func(t *testing.T) {
			const before = "RewriteRule ^/a$ /b"
			f := source.NewFile("a", []byte(before+" "+tt.list))
			list := f.Span(len(before)+1, len(f.Text))
			flag, ok := flagNamed(list, tt.name)
			if !ok {
				t.Fatal("the flag is not there")
			}
			fixes := withoutFlag(list, flag)
			if len(fixes) != 1 {
				t.Fatalf("%d fixes", len(fixes))
			}
			at := fixes[0].Edits[0].Span
			got := strings.TrimPrefix(string(f.Text[:at.Start])+string(f.Text[at.End:]), before)
			if strings.TrimSpace(got) != tt.want && !(tt.list == "[ L , PT ]" && got == " [ L ]") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHostLike(t *testing.T) {
	tests := []struct {
		pattern string
		want    bool
	}{
		{"^https?://a.com/x", true},
		{"^http://a/", true},
		{"(https?)://a", true},
		{`^www\.example\.com/x`, true},
		{`^www.example.com$`, true},
		{`^/www\.example\.com`, false},
		{`^a\.html$`, false},
		{`^content/site\.html`, false},
		{"^(http|https)://a", true},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			if got := hostLike(&server.Pattern{Text: tt.pattern}); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func TestQueryAsRepeat(t *testing.T) {
	for pattern, want := range map[string]bool{
		"^/a?id=1$": true, `^/a\?id=1$`: false, "^/pages?/x": false, "^/(?<n>a)=": false, "^/a?=": false, "^/html?utm_source=x&a=b": true,
	} {
		if got := queryAsRepeat(pattern); got != want {
			t.Errorf("%s: got %t, want %t", pattern, got, want)
		}
	}
}

// FuzzPatterns: nothing that helpers make of a text panics, and what they say of places is within the text.
func FuzzPatterns(f *testing.F) {
	for _, s := range []string{"^/(.*)$", "a.html", "[a", "(?<n>x)[[:x", `\`, "%{", "${a:${b:c}|d}", "[R=301, L]", "^(/.*)*/x$", "$1%2%{X}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 2000 {
			return
		}
		for _, i := range plainDots(s) {
			if s[i] != '.' {
				t.Errorf("dot at %d is %q", i, s[i])
			}
		}
		for _, r := range references(s) {
			if r.start < 0 || r.end > len(s) || r.start >= r.end || s[r.start] != '$' && s[r.start] != '%' {
				t.Errorf("reference [%d,%d) of %q", r.start, r.end, s)
			}
		}
		for n := range 4 {
			groupText(s, n)
		}
		file := source.NewFile("a", []byte(s))
		for _, g := range flagsIn(file.Span(0, len(s))) {
			if g.at.Start < 0 || int(g.at.End) > len(s) || g.at.Start > g.at.End {
				t.Errorf("flag at %d to %d of %q", g.at.Start, g.at.End, s)
			}
		}
		hostLike(&server.Pattern{Text: s})
		if queryAsRepeat(s) && !strings.Contains(s, "?") {
			t.Errorf("a query in %q, without a question mark", s)
		}
		// Only a group in a loop can be ambiguous, which spares the look at the others.
		if re, err := match.CompilePCRE(s, match.PCREOptions{}); err == nil && len(s) < 60 && !repeatsGroup(s) {
			if _, ok := re.Ambiguous(); ok {
				t.Errorf("%q is ambiguous, and has no group in a loop", s)
			}
		}
	})
}
