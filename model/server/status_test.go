package server

import (
	"testing"

	"github.com/dispcheck/dispcheck/diag"
)

// TestNoRedirect: a status that is no redirect leaves the target of its rule unused, which httpd starts with.
func TestNoRedirect(t *testing.T) {
	for text, want := range map[string]bool{
		"RewriteRule ^/a$ /b [R=200]":                     true,
		"RewriteRule ^/a$ /b [R=404,L]":                   true,
		"RewriteRule ^/a$ https://a.example.com/ [R=503]": true,
		"RewriteRule ^/a$ - [R=404]":                      false,
		"RewriteRule ^(.*)$ $1 [R=204,L]":                 false,
		"RewriteRule ^ %{REQUEST_URI} [R=204,L]":          false,
		"RewriteRule ^/a$ /b [R=308]":                     false,
		"RewriteRule ^/a$ /b [F]":                         false,
	} {
		t.Run(text, func(t *testing.T) {
			s := decodeText(t, text+"\n")
			got := len(s.Findings) == 1 && s.Findings[0].Rule == ruleStatus && s.Findings[0].Severity == diag.Warning
			if got != want || !want && len(s.Findings) > 0 {
				t.Errorf("found %t, want %t; findings: %v", got, want, s.Findings)
			}
		})
	}
}
