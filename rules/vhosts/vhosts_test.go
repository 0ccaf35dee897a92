package vhosts

import (
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/model/server"
)

func TestSample(t *testing.T) {
	for _, pattern := range []string{"*", "www.example.com", "*.example.com", "w?w.example.com", "*a*b", "a**", "*example*"} {
		if !server.MatchName(pattern, Sample(pattern)) {
			t.Errorf("%s does not match its sample %s", pattern, Sample(pattern))
		}
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
