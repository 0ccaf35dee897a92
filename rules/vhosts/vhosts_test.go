package vhosts

import (
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/internal/project"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern, host string
		want          bool
	}{
		{"*", "a.example.com", true}, {"*", "", true}, {"www.example.com", "WWW.example.com", true}, {"www.example.com", "www.example.org", false},
		{"*.example.com", "a.b.example.com", true}, {"*.example.com", "example.com", false}, {"w?w.example.com", "wxw.example.com", true},
		{"w?w.example.com", "ww.example.com", false}, {"*a*b", "xaxaxb", true}, {"*a*b", "xaxaxbc", false}, {"", "", true}, {"", "a", false}, {"a**", "a", true},
		{"*example*", "example", true},
	} {
		t.Run(tt.pattern+" "+tt.host, func(t *testing.T) {
			if got := Match(tt.pattern, tt.host); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
			if tt.pattern != "" && !Match(tt.pattern, Sample(tt.pattern)) {
				t.Errorf("%s does not match its sample %s", tt.pattern, Sample(tt.pattern))
			}
		})
	}
}

func TestPublic(t *testing.T) {
	for name, want := range map[string]bool{
		"www.example.com": true, "publish": false, "localhost": false, "127.0.0.1": false, "a.local": false, "a.adobeaemcloud.net": false, "A.AdobeAEMCloud.com": false,
	} {
		if got := Public(name); got != want {
			t.Errorf("%s: got %t, want %t", name, got, want)
		}
	}
}

func TestFarmOf(t *testing.T) {
	for _, tt := range []struct {
		name, first, second, host string
		farm                      string
		certain                   bool
	}{
		{"from the last farm up", `"*"`, `"*.example.com"`, "www.example.com", "second", true},
		{"the first where the last has it not", `"*"`, `"*.example.com"`, "www.example.org", "first", true},
		{"letter case", `"a.b"`, `"WWW.example.com"`, "www.EXAMPLE.com", "second", true},
		{"none", `"a.b"`, `"c.d"`, "www.example.com", "", true},
		{"with a URL", `"*"`, `"www.example.com/shop*"`, "www.example.com", "first", false},
		{"a URL of another host", `"*"`, `"shop.example.com/x*"`, "www.example.com", "first", true},
		{"with a scheme", `"*"`, `"https://www.example.com"`, "www.example.com", "first", false},
		{"with a variable", `"*"`, `"${NOT_KNOWN}"`, "www.example.com", "first", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := "/farms {\n/first { /virtualhosts { " + tt.first + " } }\n/second { /virtualhosts { " + tt.second + " } }\n}\n"
			p, err := project.Load(t.Context(), project.Options{FS: fstest.MapFS{"dispatcher.any": {Data: []byte(text)}}})
			if err != nil {
				t.Fatal(err)
			}
			farm, certain := FarmOf(p.Config, tt.host)
			got := ""
			if farm != nil {
				got = farm.Name
			}
			if got != tt.farm || certain != tt.certain {
				t.Errorf("got %q, %t, want %q, %t", got, certain, tt.farm, tt.certain)
			}
		})
	}
}
