package project

import (
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/lint"
)

// TestFront: what reaches the Dispatcher is answered by it, and what rules make of a path does not depend on the rules and
// conditions that were tried in vain before.
func TestFront(t *testing.T) {
	tests := []struct {
		name, rules, url string
		uri, handledBy   string
		status           int
		applied, tried   int
	}{
		{"reaches the Dispatcher", "", "/a.html", "/a.html", "dispatcher-handler", 0, 0, 0},
		{"rewritten", "RewriteRule ^/a$ /b [PT,L]\n", "/a", "/b", "dispatcher-handler", 0, 1, 1},
		{"redirected", "RewriteRule ^/a$ /b [R=301,L]\n", "/a", "/a", "", 301, 1, 1},
		{"refused", "RewriteRule ^/a$ - [F]\n", "/a", "/a", "", 403, 1, 1},
		{"condition does not hold", "RewriteCond %{REQUEST_METHOD} =PUT\nRewriteRule ^/a$ /b [PT,L]\n", "/a", "/a", "dispatcher-handler", 0, 0, 1},
		{"negated pattern behind one that matches", "RewriteRule ^/s$ /long/path\nRewriteRule ^/(a|b)$ /q\nRewriteRule !^/x /d [PT]\n", "/s", "/d", "dispatcher-handler", 0, 2, 2},
		{"group of a condition in front of one that fails",
			"RewriteCond %{REQUEST_URI} ^/(.*)$\nRewriteCond %{REQUEST_URI} ^/(a|b)$ [OR]\nRewriteCond %{REQUEST_METHOD} =GET\nRewriteRule ^ /x%0/%1 [PT]\n",
			"/long/path", "/x/long/path/long/path", "dispatcher-handler", 0, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Load(t.Context(), Options{FS: fstest.MapFS{"site.rules": &fstest.MapFile{Data: []byte(tt.rules)}}, Path: "site.rules"})
			if err != nil {
				t.Fatal(err)
			}
			a, err := p.Apache(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got lint.FrontAnswer
			if err := a.Front().Serve(t.Context(), &lint.FrontQuestion{Host: "publish", URL: tt.url}, &got); err != nil {
				t.Fatal(err)
			}
			if got.URI != tt.uri || got.HandledBy != tt.handledBy || got.Status != tt.status || got.Rounds != 0 {
				t.Errorf("got %s by %q, status %d, %d rounds; want %s by %q, status %d, none", got.URI, got.HandledBy, got.Status, got.Rounds, tt.uri, tt.handledBy, tt.status)
			}
			if len(got.Applied) != tt.applied || len(got.Tried) != tt.tried {
				t.Errorf("%d applied and %d were tried, want %d and %d", len(got.Applied), len(got.Tried), tt.applied, tt.tried)
			}
		})
	}
}
