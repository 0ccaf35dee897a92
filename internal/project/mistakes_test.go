package project

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/diag"
)

const healthy = `/farms {
	/publish {
		/virtualhosts { "*" }
		/renders {
			/rend01 {
				/hostname "127.0.0.1"
				/port "4503"
			}
		}
		/filter {
			/0001 { /type "deny" /url "*" }
			@
		}
		/cache {
			/docroot "/var/www"
			/rules {
				/0000 { /glob "*" /type "allow" }
			}
		}
	}
}
`

// TestOneMistakeOneFinding: however many parts of a load stumble over a mistake, it is said once, where it was made.
func TestOneMistakeOneFinding(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"healthy", "/0002 { /type \"allow\" /url \"/content/*\" }", ""},
		{"typographic quotes", "/0002 { /type “allow” /url \"/content/*\" }", "12:18 DSP024"},
		{"typographic closing quote", "/0002 { /type \"allow” /url \"/content/*\" }", "12:18 DSP001"},
		{"zero-width space in a pattern", "/0002 { /type \"allow\" /url \"\u200b/content/*\" }", "12:32 DSP024"},
		{"no-break space", "/0002 {\u00a0/type \"allow\" /url \"/content/*\" }", "12:11 DSP024"},
		{"NUL byte", "/0002 { /type \"allow\"\x00 /url \"/content/*\" }", "12:25 DSP024"},
		{"slash comment behind a rule", "/0002 { /type \"allow\" /url \"/content/*\" } // allow content", "12:46 DSP026"},
		{"comma", "/0002 { /type \"allow\", /url \"/content/*\" }", "12:25 DSP005"},
		{"label without its slash", "0002 { /type \"allow\" /url \"/content/*\" }", "12:4 DSP025"},
		{"type without its slash", "/0002 { type \"allow\" /url \"/content/*\" }", "12:12 DSP025"},
		{"url without its slash", "/0002 { /type \"allow\" url \"/content/*\" }", "12:26 DSP025"},
		{"name glued to a brace", "/0002{/type \"allow\" /url \"/content/*\"}", ""},
		{"text behind a quote", "/0002 { /type \"allow\"x /url \"/content/*\" }", "12:25 DSP006"},
		{"quotes doubled", "/0002 { /type \"\"allow\"\" /url \"/content/*\" }", "12:20 DSP006"},
		{"quoted include", "\"$include\" \"x.any\"", "12:4 DSP110"},
		{"dollar alone", "$ \"x.any\"", "12:4 DSP110"},
		{"brace too many", "/0002 { /type \"allow\" /url \"/content/*\" } }", "12:46 DSP004"},
		{"brace missing", "/0002 { /type \"allow\" /url \"/content/*\"", "12:4 DSP002"},
		{"string not closed", "/0002 { /type \"allow\" /url \"/content/* }", "12:31 DSP001"},
		{"string runs over a name", "/0002 { /type \"allow /url \"/content/*\" }", "12:18 DSP001"},
		{"ellipsis", "...", "12:4 DSP005"},
		{"comment without its mark", "allow the content pages", "12:4 DSP005"},
		{"value missing", "/0002 { /type \"allow\" /url }", "12:26 DSP007"},
		{"blank behind a slash", "/ 0002 { /type \"allow\" /url \"/content/*\" }", "12:4 DSP005"},
		{"no such type", "/0002 { /type \"add\" /url \"/content/*\" }", "12:18 DSP019"},
		{"undefined variable", "/0002 { /type \"allow\" /url \"/content/${X}/*\" }", "12:41 DSP119"},
		{"dollar missing", "/0002 { /type \"allow\" /url \"{CONTENT_ROOT}\" }", "12:32 DSP131"},
		{"regular expression", "/0002 { /type \"allow\" /url '/content/(a' }", "12:41 DSP036"},
		{"unknown element", "/0002 { /type \"allow\" /version \"HTTP/1.1\" }", "12:26 DSP151"},
		{"brace in a comment", "/0002 { /type \"allow\" /url \"/content/*\" # }", "12:4 DSP002"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(healthy, "@", tt.line, 1)
			p, err := Load(context.Background(), Options{FS: fstest.MapFS{"dispatcher.any": {Data: []byte(text)}}})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range p.Findings {
				if d.Severity >= diag.Warning {
					pos := d.Span.Position()
					got = append(got, fmt.Sprintf("%d:%d %s", pos.Line, pos.Column, d.Rule))
				}
			}
			if s := strings.Join(got, ", "); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
		})
	}
}
