package filter

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

func TestNeededOf(t *testing.T) {
	for _, tt := range []struct {
		text string
		want needed
		ok   bool
	}{
		{"/content/x.html", needed{"GET", "", "", "/content/x.html"}, true},
		{" POST  /content/x.html?a=b#c ", needed{"POST", "", "", "/content/x.html?a=b"}, true},
		{"https://WWW.one.example/a", needed{"GET", "https", "www.one.example", "/a"}, true},
		{"HEAD http://one.example:8080", needed{"HEAD", "http", "one.example:8080", "/"}, true},
		{"/redirect?to=http://a.example/", needed{"GET", "", "", "/redirect?to=http://a.example/"}, true},
		{"content/x.html", needed{}, false},
		{"", needed{}, false},
		{"https://", needed{}, false},
		{"ftp://a.example/x", needed{}, false},
		{"get /x", needed{}, false},
		{"GET /a b", needed{}, false},
	} {
		t.Run(tt.text, func(t *testing.T) {
			got, ok := neededOf(tt.text)
			if ok != tt.ok || ok && got != tt.want {
				t.Errorf("got %+v, %t; want %+v, %t", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestFreeLabel(t *testing.T) {
	for _, tt := range []struct {
		name   string
		labels []string
		want   string
	}{
		{"numbers", []string{"0001", "0100"}, "0101"},
		{"not in order", []string{"0100", "0001"}, "0101"},
		{"another digit", []string{"9999"}, "10000"},
		{"a word among numbers", []string{"001", "002", "deny"}, "003"},
		{"words", []string{"deny-all", "pages"}, "new"},
		{"taken", []string{"new", "new-2"}, "new-3"},
		{"no labels", []string{"", ""}, "new"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var rules []*model.Rule
			for _, l := range tt.labels {
				rules = append(rules, &model.Rule{Label: l})
			}
			if got := freeLabel(rules, "new"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestBehindLine(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"own line", "\t/1 { }\n}", "\t/1 { }\n\t/2 { }\n}"},
		{"comment", "  /1 { } # one\n}", "  /1 { } # one\n  /2 { }\n}"},
		{"end of text", "/1 { }", "/1 { }\n/2 { }"},
		{"windows", "\t/1 { }\r\n}", "\t/1 { }\r\n\t/2 { }\r\n}"},
		{"brace behind", "/f { /1 { } }", "/f { /1 { } /2 { } }"},
		{"brace before", "/f { /1 { }\n}", "/f { /1 { } /2 { }\n}"},
		{"several lines", "\t/1 {\n\t}\n}", "\t/1 {\n\t}\n\t/2 { }\n}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := source.NewFile("a.any", []byte(tt.text))
			end := 0
			for start := 0; start < len(tt.text); start++ {
				if tt.text[start:start+2] == "/1" {
					end = start
					for tt.text[end] != '}' {
						end++
					}
					got, err := diag.Apply(f, []diag.Edit{behindLine(f.Span(start, end+1), "/2 { }")})
					if err != nil {
						t.Fatal(err)
					}
					if string(got) != tt.want {
						t.Errorf("got %q, want %q", got, tt.want)
					}
					return
				}
			}
		})
	}
}

// TestPersistedOnly: the pattern that is proposed has the persisted queries that clients ask for, with their variables,
// and no way out.
func TestPersistedOnly(t *testing.T) {
	p, err := match.ERE(persistedOnly[1 : len(persistedOnly)-1])
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		url  string
		want bool
	}{
		{"/graphql/execute.json/wknd/adventures-all", true},
		{"/graphql/execute.json/wknd/adventure_by/path", true},
		{"/graphql/execute.json/wknd/adventure;slug=a.b;path=/content/dam/x", true},
		{"/graphql/execute.json/wknd/adventure;slug=a%2fb;.json", true},
		{"/graphql/execute.json/wknd/adventures-all.json", true},
		{"/graphql/execute.json/..%2f../bin/querybuilder.json", false},
		{"/graphql/execute.json/wknd/..%2f..%2fbin/querybuilder.json", false},
		{"/graphql/execute.json/wknd/a;x=..%2f../bin/querybuilder.json", false},
		{"/graphql/execute.json/wknd/a;x=1/..;/bin/querybuilder.json", false},
		{"/graphql/execute.json/wknd", false},
		{"/graphql/execute.jsonx/a/b", false},
	} {
		if got := p.Match(tt.url); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.url, got, tt.want)
		}
	}
}

func TestCapitals(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"/content/x.infinity.json", []string{"/content/x.INFINITY.JSON", "/content/x.infinity.JSON", "/content/x.INFINITY.json"}},
		{"/content/x.json", []string{"/content/x.JSON", "/content/x.JSON"}},
		{"/content/x", nil},
		{"/content/x.1.2", nil},
	} {
		if diff := cmp.Diff(tt.want, capitals(tt.in), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestRootOf(t *testing.T) {
	for _, tt := range []struct{ pattern, want string }{
		{"/content/*", "/content"},
		{"'/content/dam/.*'", "/content/dam"},
		{"/content*", ""},
		{"*", ""},
		{"/*", ""},
		{"/content/*/x/*", ""},
		{"'/content/[a-z]+/.*'", ""},
		{"/content.x/*", ""},
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			got, ok := rootOf(pattern(t, tt.pattern))
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q, %t; want %q", got, ok, tt.want)
			}
		})
	}
}
