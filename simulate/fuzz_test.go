package simulate

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecompose: the parts joined are the URI again, and each part is what it is called.
func FuzzDecompose(f *testing.F) {
	for _, t := range benchTargets {
		f.Add(t[1])
	}
	for _, s := range []string{"", "/", ".", "/.foo", "/a..b.html", "/a.", "/a./b", "/a.b/c.d/e", "/a;b.c", "*", "/a.b.", "..", "/\x00.\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		p := Decompose(uri)
		if got := p.Join(); got != uri {
			t.Errorf("joined: got %q, want %q", got, uri)
		}
		if strings.Contains(p.Path, ".") {
			t.Errorf("path %q holds a dot", p.Path)
		}
		if strings.ContainsAny(p.Extension, "./") {
			t.Errorf("extension %q holds a dot or a slash", p.Extension)
		}
		if p.Suffix != "" && p.Suffix[0] != '/' {
			t.Errorf("suffix %q does not start with a slash", p.Suffix)
		}
		selectors := p.Selectors()
		if got := len(selectors) > 0; got != p.HasSelectors() {
			t.Errorf("HasSelectors: got %v, want %v", p.HasSelectors(), got)
		}
		for _, s := range selectors {
			if s == "" || strings.ContainsAny(s, "./") {
				t.Errorf("selector %q is empty or holds a dot or a slash", s)
			}
		}
	})
}

// FuzzRequestLine: no request line breaks anything; a path that was cleaned, and is sent again as the log writes it,
// is read as the same path; a signature holds every byte of its text.
func FuzzRequestLine(f *testing.F) {
	for _, t := range benchTargets {
		f.Add(t[0]+" "+t[1]+" HTTP/1.1", uint8(0))
	}
	for _, s := range []string{"GET", "GET ", " /", "GET /a b HTTP/1.0", "OPTIONS * HTTP/1.1", "GET http://u@h:1/a?b#c HTTP/1.1",
		"GET /%2e%2e/%2F..%2f//a/./b HTTP/1.1", "GET /a%00 HTTP/1.1", "GET /a%zz", "GET //", "GET /..", "GET https://h?x", "G\x00T /\x7f"} {
		for slashes := range uint8(3) {
			f.Add(s, slashes)
		}
	}
	f.Fuzz(func(t *testing.T, line string, mode uint8) {
		r, err := ParseRequestLine(line)
		if err != nil {
			return
		}
		slashes, merge := EncodedSlashes(mode%3), mode&4 == 0
		var target target
		splitTarget(r.Target, &target)
		if strings.ContainsAny(target.path, "?#") || strings.Contains(target.query, "#") {
			t.Errorf("%q is split into path %q and query %q", r.Target, target.path, target.query)
		}
		if target.signature != signatureOf(target.path) {
			t.Errorf("signature of %q: got %x, want %x", target.path, target.signature, signatureOf(target.path))
		}
		if !target.rough && (strings.Contains(target.path, "//") || hasDotSegment(target.path)) {
			t.Errorf("path %q has segments to take out and is not called rough", target.path)
		}
		if got, want := target.signature&(1<<kindControl) != 0, hasControl(target.path); got != want {
			t.Errorf("control characters in %q: got %v, want %v", target.path, got, want)
		}
		if hasControl(target.path) {
			return // refused before it is cleaned
		}
		clean, reason := cleanPath(target.path, slashes, merge)
		if reason != "" {
			if clean != target.path {
				t.Errorf("refused path: got %q, want it as sent, %q", clean, target.path)
			}
			return
		}
		if merge && strings.Contains(clean, "//") {
			t.Errorf("%q is cleaned to %q", target.path, clean)
		}
		if slashes == RefuseEncodedSlashes {
			slashes = KeepEncodedSlashes // a %252F is text, and is not refused a second time
		}
		again, reason := cleanPath(escapePath(clean), slashes, merge)
		if reason != "" || again != clean {
			t.Errorf("%q is cleaned to %q, and that to %q (%s)", target.path, clean, again, reason)
		}
	})
}

// FuzzDecide: whatever the configuration and the request, both ways to decide agree and neither breaks.
func FuzzDecide(f *testing.F) {
	add := func(config, line, header string) { f.Add(config, line, header) }
	add(`/filter { /1 { /type "deny" /url "*" } /2 { /type "allow" /extension '(html|css)' /path "/content/*" } }`, "GET /content/a.b.html HTTP/1.1", "")
	add(`/filter { /1 { /type "allow" /glob "GET *" } /2 { /type "deny" /selectors '()' /suffix "*" } }`, "POST /a.html/x HTTP/1.1", "")
	add(`/farms { /a { /virtualhosts { "https://x*" "[a" } } /b { /virtualhosts { "x:80/p" } /cache { /docroot "/d" /rules { /0 { /glob "*" /type "allow" } } } } }`, "GET http://x:80/p.html?a HTTP/1.0", "Cookie: login-token=1")
	add(`/cache { /docroot "/d" /rules { /0 { /url '.*x' /type "allow" } } /ignoreUrlParams { /1 { /glob "a*" /type "allow" } } }`, "GET /x.x?a=1&ab&b HTTP/1.1", "Authorization: x")
	add(`/filter { /1 { /type "allow" } /2 { /type "deny" /method "[!G]*" /query "" /protocol '.*' } }`, "GET /? HTTP/1.1", "X: y")
	f.Fuzz(func(t *testing.T, config, line, header string) {
		if len(config) > 2000 || len(line) > 2000 {
			return
		}
		r, err := ParseRequestLine(line)
		if err != nil {
			return
		}
		r.Host = "x"
		if name, value, ok := strings.Cut(header, ":"); ok {
			r.Header = Header{{name, strings.TrimSpace(value)}}
		}
		e := New(decode(t, config, Version{}, nil), Options{})
		var fast, full Decision
		trace := Trace{Explain: true}
		if err := e.Decide(context.Background(), &r, &full, &trace); err != nil {
			t.Fatal(err)
		}
		if err := e.Decide(context.Background(), &r, &fast, nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(full, fast, sameDecision...); diff != "" {
			t.Errorf("(-with a trace +without):\n%s", diff)
		}
		if full.Outcome == Undecided || full.Reason == "" {
			t.Errorf("the decision has no outcome or no reason: %+v", full)
		}
		for _, e := range trace.Events {
			if strings.ContainsAny(e.Message, "\n\r\x00\x1b") {
				t.Errorf("a line of the trace holds a control character: %q", e.Message)
			}
		}
	})
}
