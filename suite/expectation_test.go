package suite

import (
	"errors"
	"testing"

	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

// answer is a made-up answer with something at each short name.
func answer() Answer {
	type m = map[string]any
	return Answer{
		"request":  m{"host": "www.example.com", "uri": "/content/x.html"},
		"farm":     m{"name": "publish"},
		"filter":   m{"action": "deny", "rule": "/0001", "matched": []any{m{"rule": "/0001"}}},
		"cache":    m{"cacheable": false, "info": "request contained a query string", "reason": "request contains a query string: a=b", "code": "query-string", "action": "none", "file": nil, "depends_on": []any{}},
		"response": m{"status": 404, "headers": m{"Cache-Control": "max-age=300, public", "Age": "1"}},
		"httpd": m{
			"vhost": "www", "uri": "/content/x.html", "status": 301, "location": "https://www.example.com/new/", "redirects": []any{}, "env": m{"A": "b"}, "headers": m{},
		},
		"invalidation": m{"stale": []any{"/a.html", "/b.html"}, "fresh": []any{}, "deleted": []any{"/c.html"}},
		"env":          m{},
		"trace":        []any{m{"message": "request declined"}},
		"render":       nil,
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		path, want string // want is YAML
		ok         bool
		actual     string
	}{
		{"filter", "deny", true, "deny by /0001"},
		{"filter", "deny by /0001", true, "deny by /0001"},
		{"filter", "deny by /0002", false, "deny by /0001"},
		{"filter", "allow", false, "deny by /0001"},
		{"filter", `"!allow"`, true, "deny by /0001"},
		{"filter", `"!deny"`, false, "deny by /0001"},
		{"filter", "{not: [allow, deny]}", false, "deny by /0001"},
		{"filter", "{one-of: [allow, deny]}", true, "deny by /0001"},
		{"filter", `/by \/000\d$/`, true, "deny by /0001"},
		{"filter.rule", "/0001", true, "/0001"},
		{"filter.rule", "/00*", true, "/0001"},
		{"filter.matched", "{contains: {matches: '0001'}}", true, `[{"rule":"/0001"}]`},
		{"filter.matched.0.rule", "/0001", true, "/0001"},
		{"cache", "no", true, "no: request contains a query string: a=b"},
		{"cache", "false", true, "no: request contains a query string: a=b"},
		{"cache", "none", true, "no: request contains a query string: a=b"},
		{"cache", "yes", false, "no: request contains a query string: a=b"},
		{"cache", `"no: request contained a query string"`, true, "no: request contains a query string: a=b"},
		{"cache", `"no: request contains a query string: a=b"`, true, "no: request contains a query string: a=b"},
		{"cache", `"no: request contains a query string"`, true, "no: request contains a query string: a=b"},
		{"cache", `"no: request contains"`, false, "no: request contains a query string: a=b"},
		{"cache", `"no: query-string"`, true, "no: request contains a query string: a=b"},
		{"filter", "deny by 0001", true, "deny by /0001"},
		{"filter", "deny by /000", false, "deny by /0001"},
		{"cache", `"no: query string"`, false, "no: request contains a query string: a=b"},
		{"cache", `"no: /query string/"`, true, "no: request contains a query string: a=b"},
		{"cache", `"no: *query string*"`, true, "no: request contains a query string: a=b"},
		{"cache", `"no: !*cookie*"`, true, "no: request contains a query string: a=b"},
		{"cache", `"!yes"`, true, "no: request contains a query string: a=b"},
		{"cache.file", "null", true, "null"},
		{"cache.file", "~", true, "null"},
		{"cache.depends_on", "[]", true, "[]"},
		{"cache.cacheable", "false", true, "false"},
		{"farm", "publish", true, "publish"},
		{"farm", "/publish/", true, "publish"},
		{"farm", "/ubli/", true, "publish"},
		{"farm", "{is: p*}", false, "publish"},
		{"farm", "p*", true, "publish"},
		{"farm", "{is: null}", false, "publish"},
		{"farm", `"*"`, false, "publish"},
		{"status", "404", true, "404"},
		{"status", "{matches: ^4}", true, "404"},
		{"status", "200", false, "404"},
		{"header.Cache-Control", "{contains: public}", true, "max-age=300, public"},
		{"header.cache-control", "max-age=*", true, "max-age=300, public"},
		{"header.Vary", "null", true, "null"},
		{"header.Vary", "x", false, "null"},
		{"httpd.env.A", "b", true, "b"},
		{"httpd.env.B", "null", true, "null"},
		{"vhost", "www", true, "www"},
		{"uri", "/content/x.html", true, "/content/x.html"},
		{"uri", "/content/", false, "/content/x.html"},
		{"uri", `/^\/content\//`, true, "/content/x.html"},
		{"uri", `{glob: "/content/*", not: {matches: json}}`, true, "/content/x.html"},
		{"redirect", "301 https://www.example.com/new/", true, "301 https://www.example.com/new/"},
		{"redirect", "301 /new/", true, "301 https://www.example.com/new/"},
		{"redirect", "/new/", true, "301 https://www.example.com/new/"},
		{"redirect", "301", true, "301 https://www.example.com/new/"},
		{"redirect", "302 /new/", false, "301 https://www.example.com/new/"},
		{"redirect", "no", false, "301 https://www.example.com/new/"},
		{"redirect", "301 *", true, "301 https://www.example.com/new/"},
		{"hops", "0", true, "0"},
		{"stale", "/a.html", true, `["/a.html","/b.html"]`},
		{"stale", "[/b.html, /a.html]", true, `["/a.html","/b.html"]`},
		{"stale", "[/b.html, /c.html]", false, `["/a.html","/b.html"]`},
		{"stale", `"!/c.html"`, true, `["/a.html","/b.html"]`},
		{"stale", "/*.html", true, `["/a.html","/b.html"]`},
		{"invalidation.stale", "[/a.html, /b.html]", true, `["/a.html","/b.html"]`},
		{"invalidation.stale", "[/b.html, /a.html]", false, `["/a.html","/b.html"]`},
		{"fresh", "/a.html", false, "[]"},
		{"log", "request declined", true, "1 other lines"},
		{"log", "/decl/", true, "1 other lines"},
		{"log", "request", false, "1 other lines"},
		{"render", "null", true, "null"},
		{"render.name", "null", true, "null"},
		{"render.name", "x", false, "null"},
	}
	for _, tt := range tests {
		t.Run(tt.path+"="+tt.want, func(t *testing.T) {
			x := Expectation{Path: tt.path, Want: matcherOf(t, tt.want)}
			got, err := x.Check(answer())
			if err != nil {
				t.Fatal(err)
			}
			if got.OK != tt.ok || got.Actual != tt.actual {
				t.Errorf("got %v with %q, want %v with %q", got.OK, got.Actual, tt.ok, tt.actual)
			}
		})
	}
}

func matcherOf(t *testing.T, text string) *Matcher {
	t.Helper()
	n, err := yamltext.Parse(source.NewFile("t.yaml", []byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	var r form.Reader
	m := readMatcher(&r, "x", n)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestNotReached: what httpd answers, or the filter denies, is not cached.
func TestNotReached(t *testing.T) {
	a := answer()
	a["cache"] = nil
	for want, ok := range map[string]bool{"no": true, "yes": false, "null": true, `"no: x"`: false} {
		x := Expectation{Path: "cache", Want: matcherOf(t, want)}
		if got, err := x.Check(a); err != nil || got.OK != ok {
			t.Errorf("cache=%s: got %v and error %v, want %v", want, got.OK, err, ok)
		}
	}
	literal := Literal("cache", "no")
	if got, err := literal.Check(a); err != nil || got.OK {
		t.Errorf("literal: got %v and error %v", got.OK, err)
	}
	a["httpd"] = nil
	for path, want := range map[string]string{"redirect": "no", "uri": "/content/x.html", "vhost": "null"} {
		x := Expectation{Path: path, Want: matcherOf(t, want)}
		if got, err := x.Check(a); err != nil || !got.OK {
			t.Errorf("%s: got %q and error %v, want %s", path, got.Actual, err, want)
		}
	}
}

func TestCheckUnknownPath(t *testing.T) {
	for path, message := range map[string]string{
		"filter.acton": "filter has no acton", "nothing": "the answer has no nothing", "farm.name.x": "farm.name is a value and has no x",
		"filter.matched.3": "filter.matched has 1 entries and no 3",
	} {
		x := Expectation{Path: path, Want: matcherOf(t, "x")}
		_, err := x.Check(answer())
		var p *PathError
		if !errors.As(err, &p) || p.Message != message {
			t.Errorf("%s: got %v, want %s", path, err, message)
		}
	}
}
