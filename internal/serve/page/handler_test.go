package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/report"
)

// asked sends a request to the page, with the token where something is posted.
func asked(h *handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "127.0.0.1:8081"
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(TokenHeader, h.guard.token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func decoded[T any](t *testing.T, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}

func failed(t *testing.T, w *httptest.ResponseRecorder, status int, text string) {
	t.Helper()
	var e struct{ Error string }
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != status || !strings.Contains(e.Error, text) {
		t.Errorf("got %d %s (%v), want %d and %q", w.Code, w.Body, err, status, text)
	}
}

// TestSecurityHeaders: every answer, errors too, lets the page load its own files and nothing else.
func TestSecurityHeaders(t *testing.T) {
	h := newHandler(newTestSite(t), Options{Listen: "127.0.0.1:8081"})
	for _, path := range []string{"/", "/main.js", "/style.css", "/nothing", "/api/state", "/api/nothing", "/api/request?id=x"} {
		got := asked(h, "GET", path, "").Result().Header
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, got.Get(name))
			}
		}
		if got.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s lets another site read it", path)
		}
	}
	for _, directive := range []string{"default-src 'none'", "script-src 'self'", "trusted-types 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, directive) {
			t.Errorf("the policy has no %s", directive)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("the policy is weak: %s", policy)
	}
}

// TestAssets: the page is whole in the binary, makes no HTML of text, and speaks to no other server.
func TestAssets(t *testing.T) {
	h := newHandler(newTestSite(t), Options{})
	h.guard = newGuard("127.0.0.1:8081", h.guard.token)
	index := asked(h, "GET", "/", "")
	if got := index.Body.String(); strings.Contains(got, tokenMark) || !strings.Contains(got, h.guard.token) {
		t.Error("the page has no token")
	}
	if got := asked(h, "GET", "/index.html", ""); got.Code != http.StatusNotFound {
		t.Errorf("the page's text without a token: %d", got.Code)
	}
	for _, name := range regexp.MustCompile(`(?:src|href)="([a-z.]+)"`).FindAllStringSubmatch(index.Body.String(), -1) {
		if got := asked(h, "GET", "/"+name[1], ""); got.Code != http.StatusOK {
			t.Errorf("the page asks for %s: %d", name[1], got.Code)
		}
	}
	ways := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|createContextualFragment|srcdoc|setTimeout\("`)
	elsewhere := regexp.MustCompile(`https?://[^"'\x60 )]*`)
	inline := regexp.MustCompile(`(?i)<[a-z][^>]*\s(?:on[a-z]+|style)=|<script>|<style`)
	err := fs.WalkDir(assets, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := assets.ReadFile(path)
		if err != nil {
			return err
		}
		if got := asked(h, "GET", strings.TrimPrefix(path, "assets"), ""); path != "assets/index.html" {
			if got.Code != http.StatusOK || !bytes.Equal(got.Body.Bytes(), text) || strings.Contains(got.Header().Get("Content-Type"), "octet") {
				t.Errorf("%s is served as %d %s", path, got.Code, got.Header().Get("Content-Type"))
			}
		}
		if m := ways.Find(text); m != nil {
			t.Errorf("%s: %s makes HTML or script of text", path, m)
		}
		for _, m := range elsewhere.FindAll(text, -1) {
			if !bytes.HasPrefix(m, []byte("http://www.w3.org/2000/svg")) {
				t.Errorf("%s names another server: %s", path, m)
			}
		}
		if strings.HasSuffix(path, ".html") {
			if m := inline.Find(text); m != nil {
				t.Errorf("%s: %s would not run under the page's policy", path, m)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMethods(t *testing.T) {
	h := newHandler(newTestSite(t), Options{Listen: "127.0.0.1:8081"})
	failed(t, asked(h, "GET", "/api/send", ""), 405, "POST")
	failed(t, asked(h, "POST", "/api/state", "{}"), 405, "GET")
	failed(t, asked(h, "POST", "/", "{}"), 405, "GET")
	failed(t, asked(h, "GET", "/api/nothing", ""), 404, "no such thing")
	failed(t, asked(h, "GET", "/../handler.go", ""), 404, "no such thing")
	failed(t, asked(h, "GET", "/api/request?id=x", ""), 400, "number")
	failed(t, asked(h, "GET", "/api/request?id=7", ""), 404, "request 7 is not kept")
	failed(t, asked(h, "GET", "/api/file?name=/etc/passwd", ""), 404, "no such file")
}

func TestForms(t *testing.T) {
	s := newTestSite(t)
	h := newHandler(s, Options{Listen: "127.0.0.1:8081"})
	for _, tt := range []struct {
		path, body string
		status     int
		text       string
	}{
		{"/api/send", ``, 400, "cannot be read"},
		{"/api/send", `{"method":"GET"`, 400, "cannot be read"},
		{"/api/send", `{"method":1}`, 400, "cannot be read"},
		{"/api/send", `{"mehtod":"GET"}`, 400, "mehtod"},
		{"/api/send", `{"method":"GET","url":"/"}{}`, 400, "more than one"},
		{"/api/send", `{"method":"GET","url":"no-slash"}`, 422, "neither a path"},
		{"/api/send", `{"method":"GET","url":"/` + strings.Repeat("a", maxPosted) + `"}`, 413, "at most 1048576 bytes"},
		{"/api/flush", `{"handle":"content"}`, 422, "repository path"},
		{"/api/clock", `{"by":"soon"}`, 422, "write 90s"},
	} {
		failed(t, asked(h, "POST", tt.path, tt.body), tt.status, tt.text)
	}
	if n := s.Count(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestParseAhead(t *testing.T) {
	for _, tt := range []struct {
		text string
		want time.Duration
		err  string
	}{
		{"90s", 90 * time.Second, ""}, {" 1h30m ", 90 * time.Minute, ""}, {"2d", 48 * time.Hour, ""}, {"1d12h", 36 * time.Hour, ""}, {"0s", 0, ""},
		{"3650d", 3650 * 24 * time.Hour, ""}, {"3650d1s", 0, "ten years"}, {"65535d", 0, "ten years"}, {"99999d", 0, "write 90s"}, {"2562047h", 0, "ten years"},
		{"", 0, "write 90s"}, {"d", 0, "write 90s"}, {"-1h", 0, "forward only"}, {"-1d", 0, "write 90s"}, {"1", 0, "write 90s"}, {"1w", 0, "write 90s"},
	} {
		got, err := parseAhead(tt.text)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%q: got %v, %v", tt.text, got, err)
		}
	}
}

// TestSendExplainFlush goes the way of a visit: a request, its path, a publish, and what became stale.
func TestSendExplainFlush(t *testing.T) {
	h := newHandler(newTestSite(t), Options{Listen: "127.0.0.1:8081"})
	type id struct{ ID int64 }
	send := func(url string) int64 {
		return decoded[id](t, asked(h, "POST", "/api/send", fmt.Sprintf(`{"method":"GET","url":%q,"host":"www.wknd.example","headers":[["X-Forwarded-Proto","https"]]}`, url))).ID
	}
	denied := decoded[explanationJSON](t, asked(h, "GET", fmt.Sprintf("/api/request?id=%d", send("/system/console")), ""))
	if denied.Exchange.Outcome != "denied" || denied.Exchange.Status != 404 || denied.By == nil {
		t.Fatalf("got %+v", denied.Exchange)
	}
	if want := "example:cloud/conf.dispatcher.d/filters/default_filters.any:7:1"; denied.By.String() != want || denied.Texts[want] != `/0001 { /type "deny" /url "*" }` {
		t.Errorf("decided by %s: %q", denied.By, denied.Texts[want])
	}
	if want := `dispcheck simulate -c example:cloud -H 'X-Forwarded-Proto: https' --explain GET http://www.wknd.example/system/console`; denied.Command != want {
		t.Errorf("got %s", denied.Command)
	}

	page, other := send("/us/en.html"), send("/us/en/faqs.html")
	for i, path := range []int64{page, other} {
		x := decoded[explanationJSON](t, asked(h, "GET", fmt.Sprintf("/api/request?id=%d", path), ""))
		if x.Exchange.Outcome != "answered" || x.Exchange.Cache != "miss" || len(x.Files) == 0 || x.Files[0].Kind != Cached || !x.Files[0].Fresh {
			t.Errorf("%d: got %+v, files %+v", i, x.Exchange, x.Files)
		}
	}

	type flushed struct {
		ID    int64
		Flush *report.InvalidationJSON
	}
	f := decoded[flushed](t, asked(h, "POST", "/api/flush", `{"handle":"/content/wknd/us/en","action":"Activate","host":"localhost"}`))
	if diff := cmp.Diff([]string{"/content/wknd/us/en/faqs.html"}, f.Flush.Stale); diff != "" || !f.Flush.Allowed {
		t.Errorf("stale (-want +got):\n%s", diff)
	}
	decoded[struct{ Now string }](t, asked(h, "POST", "/api/clock", `{"by":"1h"}`))
	cache := decoded[cacheJSON](t, asked(h, "GET", "/api/cache", ""))
	found := false
	for _, c := range cache.Roots[0].Files {
		if c.Name == "/content/wknd/us/en/faqs.html" {
			found = true
			if c.Fresh || !strings.Contains(c.Why, ".stat was touched after it") || c.Rule == nil || c.RuleText == "" || c.Statfile == "" {
				t.Errorf("got %+v", c)
			}
		}
	}
	if !found {
		t.Error("the cache has no page")
	}
	rules := decoded[[]ruleJSON](t, asked(h, "GET", "/api/rules", ""))
	hits := map[string]int64{}
	for _, r := range rules {
		hits[r.Kind+" "+r.Name] += r.Hits
	}
	if hits["filter /0001"] != 1 || hits["filter /0100"] == 0 || hits["filter /0900"] != 0 {
		t.Errorf("hits: %v", hits)
	}
}

// TestSimulationIsTheCommands: what the page is told is what dispcheck simulate prints, byte for byte, and it has the text of
// every place that is named there, for all requests that the sample projects come with.
func TestSimulationIsTheCommands(t *testing.T) {
	for _, example := range fixtures.Names() {
		t.Run(example, func(t *testing.T) {
			s := newTestSiteOf(t, example)
			h := newHandler(s, Options{Listen: "127.0.0.1:8081"})
			for _, r := range fixtures.Requests(example) {
				q := Request{Method: r.Method, URL: r.URL, Host: r.Host}
				for _, line := range r.Header {
					name, value, _ := strings.Cut(line, ": ")
					q.Header = append(q.Header, [2]string{name, value})
				}
				id, err := s.Send(t.Context(), q)
				if err != nil {
					t.Fatalf("%s %s: %v", r.Method, r.URL, err)
				}
				x, ok := s.Log.Explain(id)
				if !ok {
					t.Fatalf("request %d is not kept", id)
				}
				var want bytes.Buffer
				if err := report.JSONLine(&want, report.NewSimulationJSON(x.Simulation, "")); err != nil {
					t.Fatal(err)
				}
				got := decoded[explanationJSON](t, asked(h, "GET", fmt.Sprintf("/api/request?id=%d", id), ""))
				if string(got.Simulation) != strings.TrimSpace(want.String()) {
					t.Errorf("%s %s differs:\n%s\n%s", r.Method, r.URL, got.Simulation, want.String())
				}
				everyPlaceHasText(t, &got)
			}
			if s.Count() < 20 {
				t.Errorf("%d requests only", s.Count())
			}
		})
	}
}

// everyPlaceHasText: wherever the simulation names a place, the page has its text.
func everyPlaceHasText(t *testing.T, x *explanationJSON) {
	t.Helper()
	var v any
	if err := json.Unmarshal(x.Simulation, &v); err != nil {
		t.Fatal(err)
	}
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				look(e)
			}
		case map[string]any:
			if file, ok := v["file"].(string); ok && v["line"] != nil {
				if key := fmt.Sprintf("%s:%v:%v", file, v["line"], v["column"]); x.Texts[key] == "" {
					t.Errorf("%s %s: %s has no text", x.Exchange.Method, x.Exchange.URL, key)
				}
			}
			for _, e := range v {
				look(e)
			}
		}
	}
	look(v)
}

// TestSent: headers as they were sent are told where they are known.
func TestSent(t *testing.T) {
	s := newTestSite(t)
	h := newHandler(s, Options{Listen: "127.0.0.1:8081"})
	id, err := s.Send(t.Context(), Request{Method: "GET", URL: "/system/console"})
	if err != nil {
		t.Fatal(err)
	}
	url := fmt.Sprintf("/api/request?id=%d", id)
	if got := decoded[explanationJSON](t, asked(h, "GET", url, "")); got.Sent != nil {
		t.Errorf("got %v", got.Sent)
	}
	want := [][2]string{{"Location", "http://a.example.localhost/"}}
	s.Log.at(id).path.Sent = want
	if got := decoded[explanationJSON](t, asked(h, "GET", url, "")); !slices.Equal(got.Sent, want) {
		t.Errorf("got %v", got.Sent)
	}
}

// TestHostile: whatever a request holds comes as JSON and as nothing else.
func TestHostile(t *testing.T) {
	h := newHandler(newTestSite(t), Options{Listen: "127.0.0.1:8081"})
	evil := "/us/en.html?q=</script><img src=x onerror=alert(1)>&\u2028\u0000'\"`${1}"
	body, err := json.Marshal(map[string]any{
		"method": "<b>", "url": evil, "host": "\"><script>x</script>", "headers": [][2]string{{"X-<i>", "</textarea><script>alert(2)</script>"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := decoded[struct{ ID int64 }](t, asked(h, "POST", "/api/send", string(body))).ID
	w := asked(h, "GET", fmt.Sprintf("/api/request?id=%d", id), "")
	if got := w.Header().Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("sent as %s", got)
	}
	x := decoded[explanationJSON](t, w)
	if x.Exchange.URL != evil || x.Exchange.Method != "<b>" || x.Headers[0][1] != "</textarea><script>alert(2)</script>" {
		t.Errorf("got %+v", x.Exchange)
	}
	if !strings.Contains(x.Command, `'X-<i>: </textarea><script>alert(2)</script>'`) {
		t.Errorf("the command line quotes badly: %s", x.Command)
	}
}

func TestFilesAndFindings(t *testing.T) {
	s := newTestSite(t)
	h := newHandler(s, Options{Listen: "127.0.0.1:8081", Prefix: "sub"})
	names := decoded[[]fileJSON](t, asked(h, "GET", "/api/files", ""))
	if len(names) < 20 {
		t.Fatalf("%d files", len(names))
	}
	for _, n := range names {
		f := decoded[textJSON](t, asked(h, "GET", "/api/file?name="+n.Name, ""))
		if f.Name != n.Name || len(f.Lines) != n.Lines || f.More != 0 {
			t.Errorf("%s: %d lines of %d", n.Name, len(f.Lines), n.Lines)
		}
	}
	if got := decoded[report.LintJSON](t, asked(h, "GET", "/api/findings", "")); got.Schema != report.LintSchema {
		t.Errorf("got %+v", got)
	}
	s.findings = nil
	if got := asked(h, "GET", "/api/findings", "").Body.String(); got != "null\n" {
		t.Errorf("while lint is at work: %q", got)
	}
}
