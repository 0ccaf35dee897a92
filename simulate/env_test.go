package simulate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/model"
)

// TestEnv: what httpd's logs are given, since 4.3.2 (DISP-747).
func TestEnv(t *testing.T) {
	farm := FarmChoice{Farm: &model.Farm{Name: "publish"}}
	render := RenderChoice{Render: &model.Render{Name: "rend01"}}
	cached := func(a Action) CacheVerdict { return CacheVerdict{Reached: true, Cacheable: true, Action: a} }
	stored := cached(ActionStale)
	stored.Answered, stored.Stored = true, true
	notStored := cached(ActionMiss)
	notStored.Answered = true
	stale := notStored
	stale.ServedStale = true
	uncached := CacheVerdict{Reached: true}
	env := func(uri, status, cache, backend string) []Field {
		return []Field{{"dispatcher:uri", uri}, {"dispatcher:status", status}, {"dispatcher:cache", cache}, {"dispatcher:backend", backend}}
	}
	tests := []struct {
		name    string
		d       Decision
		version Version
		want    []Field
	}{
		{"stored", Decision{Outcome: Answered, URI: "/a b.html", Farm: farm, Render: render, Cache: stored, Response: Response{Status: 200}}, Newest, env("/a%20b.html", "-", "miss", "publish/rend01")},
		{"not stored", Decision{Outcome: Answered, URI: "/a.html", Farm: farm, Render: render, Cache: notStored, Response: Response{Status: 302}}, Newest, env("/a.html", "302", "none", "publish/rend01")},
		{"not cacheable", Decision{Outcome: Answered, URI: "/a", Farm: farm, Render: render, Cache: uncached, Response: Response{Status: 200}}, Newest, env("/a", "200", "none", "publish/rend01")},
		{"delivered", Decision{Outcome: Delivered, URI: "/a.html", Farm: farm, Cache: cached(ActionHit), Response: Response{Status: 200}}, Newest, env("/a.html", "-", "hit", "publish/-")},
		{"stale", Decision{Outcome: Delivered, URI: "/a.html", Farm: farm, Render: render, Cache: stale, Response: Response{Status: 200}}, Newest, env("/a.html", "-", "hit", "publish/-")},
		{"blocked", Decision{Outcome: Denied, URI: "/a.html", Farm: farm, Filter: FilterVerdict{Reached: true}, Response: Response{Status: 404}}, Newest, env("/a.html", "-", "blocked", "publish/-")},
		{"from another Dispatcher", Decision{Outcome: Denied, URI: "/a.html", Farm: farm, Filter: FilterVerdict{Reached: true, Allow: true}, Response: Response{Status: 403}}, Newest, env("/a.html", "403", "none", "publish/-")},
		{"failed", Decision{Outcome: Failed, URI: "/a.html", Farm: farm, Render: render, Cache: notStored, Response: Response{Status: 502}}, Newest, env("/a.html", "502", "none", "publish/-")},
		{"flush", Decision{Outcome: Flush, URI: "/f", Farm: farm, Response: Response{Status: 200}}, Newest, env("/f", "200", "purge", "publish/-")},
		{"flush rejected", Decision{Outcome: Flush, URI: "/f", Farm: farm, Response: Response{Status: 403}}, Newest, env("/f", "403", "none", "publish/-")},
		{"forwarded", Decision{Outcome: Forwarded, URI: "/a.html", Farm: farm, Render: render, Cache: cached(ActionMiss)}, Newest, env("/a.html", "-", "miss", "publish/rend01")},
		{"no farm", Decision{Outcome: Lost, URI: "/a.html"}, Newest, env("/a.html", "-", "none", "-/-")},
		{"refused by httpd", Decision{Outcome: Refused, URI: "/a.html"}, Newest, nil},
		{"declined", Decision{Outcome: Declined, URI: "/"}, Newest, nil},
		{"nothing", Decision{}, Newest, nil},
		{"4.3.2, DISP-747", Decision{Outcome: Lost, URI: "/a.html"}, Version{4, 3, 2}, env("/a.html", "-", "none", "-/-")},
		{"4.3.1, DISP-747", Decision{Outcome: Lost, URI: "/a.html"}, Version{4, 3, 1}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.d.Env(tt.version)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
