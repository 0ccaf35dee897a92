package scenario

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/mock/folder"
	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/mock/formtest"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// files are what the texts of the tests may name.
var files = fstest.MapFS{
	"in/renders.yaml":  {Data: []byte("renders: {rend01: down}\n")},
	"in/broken.yaml":   {Data: []byte("renders: {rend01: donw}\n")},
	"in/body.json":     {Data: []byte("{\"a\": \"{{host}}\"}\n")},
	"in/bad.json":      {Data: []byte("{{nobody}}")},
	"in/out":           {Data: []byte("../secret"), Mode: fs.ModeSymlink | 0o777},
	"secret":           {Data: []byte("s")},
	"in/requests.http": {Data: []byte("GET /a\n")},
}

func parse(name, text string) (*Scenario, error) {
	return Parse(source.NewFile(name, []byte(text)), Options{Files: folder.Folder{FS: files, Dir: "in"}})
}

// tell says in a line what a step does.
func tell(t testing.TB, s *Step) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", s.Kind)
	switch s.Kind {
	case Ask, Publish:
		r := s.NewRequest(nil)
		fmt.Fprintf(&b, " %s %s %s host=%q tls=%v from=%s", r.Method, r.Target, r.Proto, r.Host, r.TLS, r.Client)
		for _, h := range r.Header {
			fmt.Fprintf(&b, " %s=%q", h.Name, h.Value)
		}
		if r.Body != nil {
			text, err := io.ReadAll(r.Body)
			if err != nil || int64(len(text)) != r.Length {
				t.Errorf("body of %d bytes, length %d, error %v", len(text), r.Length, err)
			}
			fmt.Fprintf(&b, " body=%q", text)
		}
	case Advance:
		fmt.Fprintf(&b, " %v", s.Advance)
	case Up, Down:
		fmt.Fprintf(&b, " %s", s.Render)
	case Remove:
		fmt.Fprintf(&b, " %s", s.File)
	}
	for _, e := range s.Expect {
		fmt.Fprintf(&b, " %s=>%s", e.Path, e.Value)
	}
	for _, n := range s.Notes {
		fmt.Fprintf(&b, " (%s)", n)
	}
	return fmt.Sprintf("%s: %s", s.Name, b.String())
}

func steps(t testing.TB, s *Scenario) string {
	var lines []string
	for i := range s.Steps {
		lines = append(lines, tell(t, &s.Steps[i]))
	}
	return strings.Join(lines, "\n")
}

func TestYAML(t *testing.T) {
	s, err := parse("s.yaml", `name: what is shown
at: 2025-11-20T08:00:00Z
defaults: {host: www.example.com, scheme: https, client: 203.0.113.7, headers: {X-Dispatcher-Info: "1", A: b}}
cookies: true
files:
  /content/x.html: {modified: 2025-11-20T07:00:00Z, body: "<p>"}
  /content/y.html: {age: 1h, ttl: -10m, headers: {Content-Type: text/html, X: [a, b]}}
  /.stat: {age: 30m}
  /new:
vanity: [/aboutus]
sessions: {"Basic abc": 10s}
mock: renders.yaml
steps:
  - GET /content/x.html
  - HEAD http://h/content/x.html#top other:80
  - GET /content/x.html: {headers: {a: c, Set: [1, 2]}, host: h, body: t, client: 1.2.3.4, proto: HTTP/1.0, name: n, expect: {cache.action: hit, status: 200, filter.rule: ~, ok: true}}
  - GET /y:
  - {method: get, url: /z, scheme: http, host: ""}
  - publish: /content/x
  - publish: {handle: /content/x, action: Delete, scope: ResourceOnly, path: /content, client: 10.0.0.1, url: /x/invalidate.cache, method: PUT, refetch: [/content/x.html, /b], name: flush, expect: {status: 200}}
  - publish: {handle: /content/x, refetch: /b, headers: {CQ-X: y, Host: z}}
  - advance: 1d10s
  - down: /rend01
  - up: "*"
  - remove: /content/x.html
`)
	if err != nil {
		t.Fatal(err)
	}
	want := `s.yaml:14: request GET /content/x.html HTTP/1.1 host="www.example.com" tls=true from=203.0.113.7 X-Dispatcher-Info="1" A="b"
s.yaml:15: request HEAD /content/x.html HTTP/1.1 host="other:80" tls=false from=203.0.113.7 X-Dispatcher-Info="1" A="b" (fragment #top of the URL is left out: no client sends it)
n: request GET /content/x.html HTTP/1.0 host="h" tls=true from=1.2.3.4 X-Dispatcher-Info="1" a="c" Set="1" Set="2" body="t" cache.action=>hit status=>200 filter.rule=>null ok=>true
s.yaml:17: request GET /y HTTP/1.1 host="www.example.com" tls=true from=203.0.113.7 X-Dispatcher-Info="1" A="b"
s.yaml:18: request get /z HTTP/1.1 host="" tls=false from=203.0.113.7 X-Dispatcher-Info="1" A="b"
s.yaml:19: publish GET /dispatcher/invalidate.cache HTTP/1.1 host="www.example.com" tls=true from=203.0.113.7 CQ-Action="Activate" CQ-Handle="/content/x"
flush: publish PUT /x/invalidate.cache HTTP/1.1 host="www.example.com" tls=true from=10.0.0.1 CQ-Action="Delete" CQ-Handle="/content/x" CQ-Path="/content" CQ-Action-Scope="ResourceOnly" Content-Type="text/plain" body="/content/x.html\n/b\n" status=>200
s.yaml:21: publish POST /dispatcher/invalidate.cache HTTP/1.1 host="z" tls=true from=203.0.113.7 CQ-Action="Activate" CQ-Handle="/content/x" Content-Type="text/plain" CQ-X="y" body="/b\n"
s.yaml:22: advance 24h0m10s
s.yaml:23: down rend01
s.yaml:24: up *
s.yaml:25: remove /content/x.html`
	if diff := cmp.Diff(want, steps(t, s)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	start := time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC)
	ttl := -10 * time.Minute
	wantFiles := []File{
		{Name: "/content/x.html", Modified: start.Add(-time.Hour), Body: []byte("<p>")},
		{Name: "/content/y.html", Age: time.Hour, TTL: &ttl, Header: simulate.Header{{Name: "Content-Type", Value: "text/html"}, {Name: "X", Value: "a"}, {Name: "X", Value: "b"}}},
		{Name: "/.stat", Age: 30 * time.Minute}, {Name: "/new"},
	}
	for i := range s.Files {
		if s.Files[i].Span.Text() != s.Files[i].Name {
			t.Errorf("file %s is said to be at %q", s.Files[i].Name, s.Files[i].Span.Text())
		}
		s.Files[i].Span = source.Span{}
		if len(s.Files[i].Body) == 0 {
			s.Files[i].Body = nil
		}
	}
	if diff := cmp.Diff(wantFiles, s.Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if got := s.Files[1].ModTime(start); !got.Equal(start.Add(-time.Hour)) {
		t.Errorf("the second file was written at %v", got)
	}
	if got := s.Files[0].ModTime(time.Time{}); !got.Equal(start.Add(-time.Hour)) {
		t.Errorf("the first file was written at %v", got)
	}
	if s.Name != "what is shown" || !s.At.Equal(start) || !s.Cookies || s.Mock == nil ||
		!cmp.Equal(s.Vanity, []string{"/aboutus"}) || !cmp.Equal(s.Sessions, map[string]time.Duration{"Basic abc": 10 * time.Second}) {
		t.Errorf("got %+v", s)
	}
	if err := s.Check([]string{"rend01"}); err != nil {
		t.Error(err)
	}
	if err := s.Check([]string{"/rend1"}); err == nil || err.Error() != "renders.yaml:1:11: the configuration has no render rend01; did you mean rend1?\ns.yaml:23:11: the configuration has no render rend01; did you mean rend1?" {
		t.Errorf("got %v", err)
	}
}

func TestLines(t *testing.T) {
	s, err := parse("r.txt", "\xef\xbb\xbf# two in words\nGET /content/a.html www.example.com\r\nGET /b.html\n\n"+
		`{"method": "POST", "url": "https://h/content/c", "headers": {"X": "y", "Cookie": ["a=b", "c=d"], "hOST": "k"}, "body": "t", "name": "n", "client": "::1", "expect": {"status": 200, "a.b": null}}`+"\n"+
		`{"method": "GET", "url": "/content/d.html", "host": ""}`+"\n"+
		`{"publish":{"handle":"/x","action":"Delete"}}`+"\n"+` {"advance":"10s"}`+"\n"+`{"down":"rend01"}`+"\n"+`{"up":"rend01"}`+"\n"+`{"remove":"/a"}`+"\n"+`{"GET /q":{"host":"w"}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := `r.txt:2: request GET /content/a.html HTTP/1.1 host="www.example.com" tls=false from=127.0.0.1
r.txt:3: request GET /b.html HTTP/1.1 host="localhost" tls=false from=127.0.0.1 (no host is given: localhost is taken)
n: request POST /content/c HTTP/1.1 host="k" tls=true from=::1 Cookie="a=b" Cookie="c=d" X="y" body="t" status=>200 a.b=>null
r.txt:6: request GET /content/d.html HTTP/1.1 host="" tls=false from=127.0.0.1
r.txt:7: publish GET /dispatcher/invalidate.cache HTTP/1.1 host="localhost" tls=false from=127.0.0.1 CQ-Action="Delete" CQ-Handle="/x" (no host is given: localhost is taken)
r.txt:8: advance 10s
r.txt:9: down rend01
r.txt:10: up rend01
r.txt:11: remove /a
r.txt:12: request GET /q HTTP/1.1 host="w" tls=false from=127.0.0.1`
	if diff := cmp.Diff(want, steps(t, s)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestHTTP(t *testing.T) {
	s, err := parse("r.http", strings.ReplaceAll(`@host = www.example.com
@base=https://{{ host }}
// a comment

### the start page
GET {{base}}/content/start.html HTTP/1.0
    ?a=b
	&c=d
Accept: text/html
# between headers
X-Empty:

###
# @name login
POST /content/login.html
Host: {{host}}:8080
Content-Type: application/json

{
  "user": "{{host}}"  

}


### a file
PUT https://h/x

< ./body.json
### a file with variables
PUT https://h/x

a
<@ body.json
end
###
/only/a/path
###
https://h/form
content-type: application/x-www-form-urlencoded; charset=utf-8

a=1
&b=2

> {% client.test("x", function() {
  client.assert(true);
}); %}
<> old.json
###
< {% request.variables.set("a", "b") %}
DELETE https://h/y

<html>
###
`, "\n", "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := `the start page: request GET /content/start.html?a=b&c=d HTTP/1.0 host="www.example.com" tls=true from=127.0.0.1 Accept="text/html" X-Empty=""
login: request POST /content/login.html HTTP/1.1 host="www.example.com:8080" tls=false from=127.0.0.1 Content-Type="application/json" body="{\n  \"user\": \"www.example.com\"  \n\n}"
a file: request PUT /x HTTP/1.1 host="h" tls=true from=127.0.0.1 body="{\"a\": \"{{host}}\"}\n"
a file with variables: request PUT /x HTTP/1.1 host="h" tls=true from=127.0.0.1 body="a\n{\"a\": \"www.example.com\"}\n\nend"
r.http:36: request GET /only/a/path HTTP/1.1 host="localhost" tls=false from=127.0.0.1 (no host is given: localhost is taken)
r.http:38: request GET /form HTTP/1.1 host="h" tls=true from=127.0.0.1 content-type="application/x-www-form-urlencoded; charset=utf-8" body="a=1&b=2" (the script in line 44 is not run) (the line "<> old.json" of the request is left out: nothing is saved or compared)
r.http:50: request DELETE /y HTTP/1.1 host="h" tls=true from=127.0.0.1 body="<html>" (the script in line 49 is not run)`
	if diff := cmp.Diff(want, steps(t, s)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestMistakes(t *testing.T) {
	const hint = "; a line is METHOD URL [HOST] or a JSON object with method and url"
	const step = "; a step is METHOD URL, or a mapping such as advance: 10s"
	tests := []struct{ name, file, text, want string }{
		{"nothing", "r.txt", "# nothing\n\n", "r.txt: holds no request"},
		{"nothing in YAML", "r.yaml", "", "r.yaml: holds no request"},
		{"nothing in .http", "r.http", "###\n# x\n", "r.http: holds no request"},
		{"one word", "r.txt", "GET /a\nGET\n", "r.txt:2:1: the line has 1 word, and a request two or three" + hint},
		{"four words", "r.txt", "GET /a b c\n", "r.txt:1:1: the line has 4 words, and a request two or three" + hint},
		{"URL", "r.txt", "GET x\n", `r.txt:1:1: URL "x" is neither a path that starts with / nor an absolute URL` + hint},
		{"JSON", "r.txt", `{"method": "GET",`, "r.txt:1:1: the JSON object is not closed" + hint},
		{"JSON syntax", "r.txt", `{"method": GET}`, "r.txt:1:1: the JSON breaks off or goes wrong at byte 12" + hint},
		{"JSON key", "r.txt", `{"method": "GET", "url": "/", "verb": 1}`, `r.txt:1:1: unknown field "verb"` + hint},
		{"JSON lacks", "r.txt", `{"method": "GET"}`, "r.txt:1:1: the JSON object lacks method or url" + hint},
		{"JSON header", "r.txt", `{"method": "GET", "url": "/", "headers": {"A": 1}}`, "r.txt:1:1: header A: its value is neither a text nor a list of texts" + hint},
		{"JSON headers", "r.txt", `{"method": "GET", "url": "/", "headers": ["A: 1"]}`, "r.txt:1:1: JSON key headers is an array, not an object of names and values" + hint},
		{"JSON number", "r.txt", `{"method": "GET", "url": 1}`, "r.txt:1:1: JSON key url is a number, not a text" + hint},
		{"JSON header smuggled", "r.txt", `{"method": "GET", "url": "/", "headers": {"A": "b\r\nc: d"}}`, `r.txt:1:1: "A: b\r\nc: d" is no header; write 'Name: value'` + hint},
		{"JSON header without name", "r.txt", `{"method": "GET", "url": "/", "headers": {"": "b"}}`, `r.txt:1:1: ": b" is no header; write 'Name: value'` + hint},
		{"JSON twice", "r.txt", `{"method": "GET", "url": "/"}{}`, "r.txt:1:1: something follows the JSON object" + hint},
		{"JSON key twice", "r.txt", "GET /\n" + ` {"method": "GET", "url": "/a", "method": "POST"}`, "r.txt:2:33: key method is set twice; keep one of them"},
		{"JSON key twice in two letter cases", "r.txt", `{"method": "GET", "url": "/a", "URL": "/b"}`, "r.txt:1:32: key URL is set twice; keep one of them"},
		{"JSON key twice, one with a long s", "r.txt", `{"method": "GET", "url": "/a", "scheme": "http", "ſcheme": "https"}`, "r.txt:1:50: key ſcheme is set twice; keep one of them"},
		{"JSON header twice", "r.txt", `{"method": "GET", "url": "/a", "headers": {"A": "1", "B": "é", "A": "2"}}`, "r.txt:1:64: key A is set twice; keep one of them"},
		{"JSON expectation twice", "r.txt", `{"method": "GET", "url": "/a", "expect": {"status": 200, "status": 404}}`, "r.txt:1:58: key status is set twice; keep one of them"},
		{"JSON key twice in a step", "r.txt", `{"publish": {"handle": "/x", "handle": "/y"}}`, "r.txt:1:30: key handle is set twice; keep one of them"},
		{"JSON step twice", "r.txt", `{"advance": "1s", "advance": "2s"}`, "r.txt:1:19: key advance is set twice; keep one of them"},
		{"JSON key twice after a mistake", "r.txt", `{"verb": "GET", "verb": "GET"}`, "r.txt:1:17: key verb is set twice; keep one of them"},
		{"JSON client", "r.txt", `{"method": "GET", "url": "/", "client": "x"}`, `r.txt:1:1: "x" is no IP address` + hint},
		{"JSON proto", "r.txt", `{"method": "GET", "url": "/", "proto": "x"}`, `r.txt:1:1: "x" is no protocol such as HTTP/1.0` + hint},
		{"JSON expect", "r.txt", `{"method": "GET", "url": "/", "expect": {"a": [1]}}`, `r.txt:1:47: a is a list, not a text; write "" for an empty one`},
		{"JSON time", "r.txt", "GET /\n" + `  {"advance": "-10s"}`, "r.txt:2:15: advance is -10s: time does not go back"},
		{"JSON publish", "r.txt", `{"publish": {"handel": "/x"}}`, "r.txt:1:13: publish lacks key handle\nr.txt:1:14: key handel is not known; did you mean handle?"},

		{"YAML", "r.yaml", "a: [", "r.yaml:1:1: the text is not YAML: did not find expected node content"},
		{"YAML from stdin", "stdin", "name: x\nstep: []\n", "stdin:1:1: the scenario lacks key steps\nstdin:2:1: key step is not known; did you mean steps?"},
		{"no steps", "r.yaml", "steps: []\n", "r.yaml:1:8: steps is an empty list"},
		{"a scalar", "r.yaml", "5\n", "r.yaml:1:1: the scenario is a number, not a mapping; known are name, at, defaults, cookies, files, vanity, sessions, mock, renders, default, steps"},
		{"step word", "r.yaml", "- GET\n", "r.yaml:1:3: the step has 1 word, and a request two or three" + step},
		{"step URL", "r.yaml", "- GET x\n", `r.yaml:1:3: URL "x" is neither a path that starts with / nor an absolute URL`},
		{"step number", "r.yaml", "- 5\n", "r.yaml:1:3: the step is a number, not a text or a mapping" + step},
		{"unknown step", "r.yaml", "- adance: 10s\n", "r.yaml:1:3: key adance is not known; did you mean advance?"},
		{"time goes back", "r.yaml", "- advance: -10s\n", "r.yaml:1:12: advance is -10s: time does not go back"},
		{"time without unit", "r.yaml", "- advance: 10\n", `r.yaml:1:12: advance: "10" is no length of time; it has no unit: write 10s or 10ms`},
		{"two in one", "r.yaml", "- advance: 10s\n  down: rend01\n", "r.yaml:2:3: the step has key down beside advance; put a dash before it; one step is one entry of the list"},
		{"not indented", "r.yaml", "- GET /x:\n  host: h\n", "r.yaml:2:3: the step has key host beside GET /x; indent it more, if it belongs to the request"},
		{"option", "r.yaml", "- GET /x: {hots: h}\n", "r.yaml:1:12: key hots is not known; did you mean host?"},
		{"header", "r.yaml", "- GET /x: {headers: {\"a\\nb\": c}}\n", `r.yaml:1:22: headers: "a\nb" is no name of a header: letters, digits and - make one`},
		{"header value", "r.yaml", "- GET /x: {headers: {a: \"b\\nc: d\"}}\n", `r.yaml:1:25: header a: "b\nc: d" holds a control character, which no header may`},
		{"client", "r.yaml", "- GET /x: {client: 1.2.3}\n", `r.yaml:1:20: client "1.2.3" is no IP address`},
		{"scheme", "r.yaml", "- GET /x: {scheme: htps}\n", `r.yaml:1:20: scheme "htps" is not known; did you mean https?`},
		{"handle", "r.yaml", "- publish: \"a\\r\\nb\"\n", `r.yaml:1:3: publish: header CQ-Handle: "a\r\nb" holds a control character, which no header may`},
		{"no handle", "r.yaml", "- publish: {action: Delete}\n", "r.yaml:1:12: publish lacks key handle"},
		{"no label", "r.yaml", "- down: /\n", "r.yaml:1:9: down names no render; write the label of a render, or *"},
		{"remove", "r.yaml", "- remove: x\n", `r.yaml:1:11: remove is "x", not a name from the document root, such as /content/a.html`},
		{"remove outside", "r.yaml", "- remove: /a/../../b\n", `r.yaml:1:11: "/a/../../b" is not the name of a file as the cache has it; write it without . and .. and NUL`},
		{"file name", "r.yaml", "files: {x: }\nsteps: [GET /]\n", `r.yaml:1:9: files: "x" is no name from the document root, such as /content/a.html`},
		{"file outside", "r.yaml", "files: {/../x: }\nsteps: [GET /]\n", `r.yaml:1:9: "/../x" is not the name of a file as the cache has it; write it without . and .. and NUL`},
		{"two times", "r.yaml", "files: {/x: {age: 1s, modified: 5}}\nsteps: [GET /]\n", "r.yaml:1:19: file /x has modified and age; keep one of them"},
		{"at", "r.yaml", "at: yesterday\nsteps: [GET /]\n", `r.yaml:1:5: at is "yesterday", not a time; write RFC 3339, such as 2025-11-20T08:00:00Z, or Unix seconds, from 1970 on`},
		{"mock outside", "r.yaml", "mock: ../x\nsteps: [GET /]\n", "r.yaml:1:7: file ../x lies outside of the folder of the file that names it"},
		{"mock through a link", "r.yaml", "mock: out\nsteps: [GET /]\n", "r.yaml:1:7: file out lies outside of the folder of the file that names it"},
		{"broken mock", "r.yaml", "mock: broken.yaml\nsteps: [GET /]\n", `broken.yaml:1:19: render rend01 is "donw", which is no answer; did you mean down?`},
		{"two mocks", "r.yaml", "mock: renders.yaml\ndefault: 200\nsteps: [GET /]\n", "r.yaml:1:7: the scenario has mock and answers of its own; keep one of them"},
		{"answers", "r.yaml", "renders: {a: [{respond: {fail: reset, body: x}}]}\nsteps: [GET /]\n", "r.yaml:1:45: body counts for nothing with fail: reset: no answer comes; remove one of them"},
		{"hosts", "r.yaml", "defaults: {host: a, headers: {Host: b}}\nsteps: [GET /]\n", "r.yaml:1:31: defaults have host and a header Host; keep one of them"},
		{"several", "r.yaml", "at: x\nsteps: [GET]\n", `r.yaml:1:5: at is "x", not a time; write RFC 3339, such as 2025-11-20T08:00:00Z, or Unix seconds, from 1970 on` + "\nr.yaml:2:9: the step has 1 word, and a request two or three" + step},

		{"unknown variable", "r.http", "@hots = x\n\nGET https://{{host}}/a\n", "r.http:3:13: variable host is not defined; did you mean hots?"},
		{"variable of an editor", "r.http", "GET /a?{{$guid}}\n", "r.http:1:8: variable $guid is not defined; values that an editor makes up are not known here; write @name = value"},
		{"variable below", "r.http", "GET {{host}}\n###\n@host = /x\n", "r.http:1:5: variable host is defined further down, in line 3; put its line above"},
		{"variable in a body", "r.http", "POST /a\n\nä {{x}}\n", "r.http:3:3: variable x is not defined; write @x = value above"},
		{"variable in a header", "r.http", "POST /a\nA: {{x}}\n", "r.http:2:4: variable x is not defined; write @x = value above"},
		{"variable in a variable", "r.http", "@a = {{b}}\n", "r.http:1:6: variable b is not defined; write @b = value above"},
		{"variable in a file", "r.http", "POST /a\n\n<@ bad.json\n", "r.http:3:1: file bad.json: bad.json:1:1: variable nobody is not defined; write @nobody = value above"},
		{"no variable", "r.http", "@x\n", `r.http:1:1: "@x" defines no variable; write @name = value`},
		{"no header", "r.http", "GET /a\nbody\n", `r.http:2:1: "body" is no header; write 'Name: value'; an empty line stands before the body`},
		{"header name", "r.http", "GET /a\nA b: c\n", `r.http:2:1: "A b: c" is no header; write 'Name: value'`},
		{"indented", "r.http", "GET /a\n  x: y\n", "r.http:2:1: the line is indented and belongs to nothing; more of the URL starts with ?, & or /; a header starts its line"},
		{"words", "r.http", "GET /a b c\n", "r.http:1:1: the request line has 4 words; write METHOD URL, or a URL alone for GET"},
		{"URL of .http", "r.http", "GET x\n", `r.http:1:1: URL "x" is neither a path that starts with / nor an absolute URL; write METHOD URL, or a URL alone for GET`},
		{"body outside", "r.http", "POST /a\n\n< ../secret\n", "r.http:3:1: file ../secret lies outside of the folder of the file that names it"},
		{"body through a link", "r.http", "POST /a\n\n< ./out\n", "r.http:3:1: file ./out lies outside of the folder of the file that names it"},
		{"missing body", "r.http", "POST /a\n\n< ./none\n", "r.http:3:1: file ./none is not there"},
		{"not text", "r.http", "GET /\xff\n", "r.http:1:6: byte 0xff is not text; save the file as UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := parse(tt.file, tt.text)
			if err == nil {
				t.Fatalf("no error, but\n%s", steps(t, s))
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			var y *yamltext.Error
			var empty *EmptyError
			if !errors.As(err, &y) && !errors.As(err, &empty) {
				t.Errorf("a %T has no place", err)
			}
		})
	}
}

func TestNotationOf(t *testing.T) {
	tests := []struct {
		name, text string
		want       Notation
	}{
		{"a.yaml", "GET /", YAML},
		{"a.YML", "", YAML},
		{"a.http", "steps: []", HTTP},
		{"a.rest", "", HTTP},
		{"a.txt", "GET /", Lines},
		{"a.txt", "# x\n\nsteps:\n", YAML},
		{"stdin", "\xef\xbb\xbfname: x", YAML},
		{"stdin", "---\nname: x", YAML},
		{"stdin", "- GET /x", YAML},
		{"stdin", `{"method": "GET", "url": "/"}`, Lines},
		{"stdin", `{"steps":`, Lines},
		{"stdin", `{"steps": []}`, Lines},
		{"stdin", "GET http://a: b", Lines},
		{"stdin", "", Lines},
		{"stdin", "# only\n", Lines},
	}
	for _, tt := range tests {
		if got := NotationOf(tt.name, []byte(tt.text)); got != tt.want {
			t.Errorf("%s %q: got %d, want %d", tt.name, tt.text, got, tt.want)
		}
	}
}

// TestBase: flags count more than defaults of the file, steps more than both.
func TestBase(t *testing.T) {
	host := "flag"
	base := Base{
		Header: simulate.Header{{Name: "A", Value: "flag"}}, Host: &host, Client: netip.MustParseAddr("10.1.1.1"), Proto: "HTTP/1.0", Farm: "publish", Body: []byte("flag"),
	}
	text := "defaults: {host: file, client: 10.2.2.2, proto: HTTP/1.1, headers: {a: file, b: file, c: file}}\n" +
		"steps:\n- GET https://url/\n- GET /: {host: step, client: 10.3.3.3, proto: HTTP/0.9, body: '', headers: {A: step, B: step}}\n- publish: /x\n"
	s, err := Parse(source.NewFile("s.yaml", []byte(text)), Options{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	want := `s.yaml:3: request GET / HTTP/1.0 host="flag" tls=true from=10.1.1.1 b="file" c="file" A="flag" body="flag"
s.yaml:4: request GET / HTTP/0.9 host="step" tls=false from=10.3.3.3 c="file" A="flag" A="step" B="step" body=""
s.yaml:5: publish GET /dispatcher/invalidate.cache HTTP/1.0 host="flag" tls=false from=10.1.1.1 CQ-Action="Activate" CQ-Handle="/x"`
	if diff := cmp.Diff(want, steps(t, s)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if got := s.Steps[0].Request.Farm; got != "publish" {
		t.Errorf("farm %q", got)
	}
	one, err := One("GET", "/a#b", Base{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tell(t, one), `: request GET /a HTTP/1.1 host="localhost" tls=false from=127.0.0.1 (no host is given: localhost is taken) (fragment #b of the URL is left out: no client sends it)`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, err := One("GET", "x", Base{}); err == nil {
		t.Error("a URL that is none is taken")
	}
}

func TestBounds(t *testing.T) {
	if _, err := parse("r.txt", strings.Repeat("#", MaxSize+1)); err == nil || !strings.HasPrefix(err.Error(), "r.txt:1:1: the file has 16777217 bytes") {
		t.Errorf("got %v", err)
	}
	if _, err := parse("r.txt", strings.Repeat("G /\n", MaxSteps+1)); err == nil || err.Error() != "r.txt:1000001:1: more than 1000000 steps; split the scenario" {
		t.Errorf("got %v", err)
	}
	// Each variable doubles the one before.
	var b strings.Builder
	b.WriteString("@v0 = 0123456789\n")
	for i := range 40 {
		fmt.Fprintf(&b, "@v%d = {{v%d}}{{v%d}}\n", i+1, i, i)
	}
	if _, err := parse("r.http", b.String()+"GET /{{v40}}\n"); err == nil || !strings.Contains(err.Error(), "put in more than") {
		t.Errorf("got %v", err)
	}
}

// samples are texts for values and names of a scenario.
var samples = []string{
	"200ms", "1d12h", "0", "-5m", "GET /x", "POST /y h", "/content/*", "/content/x.html", "/.stat", "X-A", "Content-Type", "rend01", "*", "text",
	"10.0.0.1", "2001:db8::1", "HTTP/1.0",
}

// TestSchemaAgrees: what the schema allows the tables read, and nothing else.
func TestSchemaAgrees(t *testing.T) {
	formtest.Agree(t, Schema(), samples, func(root *yamltext.Node) error {
		var r form.Reader
		if root.Kind == yamltext.List {
			form.List(tables().step).Read(&r, "the scenario", root)
		} else {
			tables().root.Read(&r, root, &scenarioForm{})
		}
		return r.Err()
	})
}

// TestDocumented: docs/simulate/scenarios.md has every key, and its examples can be read.
func TestDocumented(t *testing.T) {
	page := func(name string) string {
		text, err := os.ReadFile(filepath.Join(testkit.Root(t), "docs", "simulate", name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	scenarios := page("scenarios.md")
	both := scenarios + page("mocks.md")
	formtest.New(t, Schema()).EveryKey(func(keys []string) {
		for _, k := range keys {
			if !strings.Contains(both, "`"+k+"`") {
				t.Errorf("the pages do not name the key %s", k)
			}
		}
	})
	read := 0
	for _, m := range regexp.MustCompile("(?s)```(yaml|http|text)\n(.*?)```").FindAllStringSubmatch(scenarios, -1) {
		read++
		if _, err := parse("scenarios."+m[1], m[2]); err != nil {
			t.Errorf("%v\n%s", err, m[2])
		}
	}
	if read < 5 {
		t.Errorf("the page has %d examples", read)
	}
}

// placed checks that an error says something about a place.
func placed(t *testing.T, err error) {
	t.Helper()
	var empty *EmptyError
	if errors.As(err, &empty) {
		return
	}
	list, ok := err.(form.Errors)
	if !ok {
		one, ok := err.(*yamltext.Error)
		if !ok {
			t.Fatalf("a %T has no place: %v", err, err)
		}
		list = form.Errors{one}
	}
	for _, e := range list {
		s := e.Span
		if s.File == nil || s.Start < 0 || s.End < s.Start || int(s.End) > len(s.File.Text) || strings.TrimSpace(e.Message) == "" {
			t.Fatalf("place [%d, %d), message %q", s.Start, s.End, e.Message)
		}
	}
}

// whole checks what every scenario keeps to.
func whole(t *testing.T, s *Scenario, err error) {
	t.Helper()
	if err != nil {
		placed(t, err)
		return
	}
	for i := range s.Steps {
		p := &s.Steps[i]
		if p.Kind < Ask || p.Kind > Remove || p.Name == "" || p.Span.File == nil {
			t.Fatalf("step %+v", p)
		}
		switch p.Kind {
		case Ask, Publish:
			r := p.NewRequest(NewJar(func() time.Time { return time.Time{} }))
			if r.Method == "" || r.Target == "" || !r.Client.IsValid() {
				t.Fatalf("request %+v", r)
			}
			for _, h := range r.Header {
				if strings.ContainsAny(h.Name+h.Value, "\r\n") || h.Name == "" {
					t.Fatalf("header %q", h)
				}
			}
		case Advance:
			if p.Advance < 0 {
				t.Fatalf("time goes back: %v", p.Advance)
			}
		case Up, Down:
			if p.Render == "" {
				t.Fatal("no render")
			}
		case Remove:
			if !strings.HasPrefix(p.File, "/") || strings.Contains(p.File, "/../") {
				t.Fatalf("file %q", p.File)
			}
		}
	}
	if err := s.Check([]string{"rend01"}); err != nil {
		placed(t, err)
	}
}

// FuzzScenario: no text breaks the reader, and every mistake has a place.
func FuzzScenario(f *testing.F) {
	for _, s := range []string{
		"GET /a", "GET /a host", "GET", "POST https://u@h:1/x?y#z", `{"method":"GET","url":"/a"}`, `{"method":"GET","url":"/a","headers":{"A":["b"]},"expect":{"a":1}}`,
		`{"method":`, `{"method":1,"url":[]}`, `{}{}`, `{"method":"GET","url":"/","headers":{"":"x"}}`, "{", "\x00 \xff", `{"publish":{"handle":"/x"}}`, `{"advance":"1s"}`, `{"advance":"1s","advance":"2s"}`,
		"steps:\n- GET /a\n- publish: /x\n- advance: 1d\n- down: rend01\n- remove: /a\n", "- {method: GET, url: /a}\n", "- GET /a: {headers: {a: [b, c]}, expect: {a: ~}}\n",
		"files: {/a: {age: 1s, ttl: -1s, headers: {A: b}}}\nsteps: [GET /]\n", "mock: renders.yaml\nsteps: [GET /]\n", "renders: {a: 503}\nsteps: [GET /]\n", "defaults: {headers: {host: x}}\nsteps: [GET /]\n",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, yaml bool) {
		name := "s.txt"
		if yaml {
			name = "s.yaml"
		}
		s, err := parse(name, string(text))
		whole(t, s, err)
	})
}

// FuzzHTTPFile: no .http file breaks the reader, and every mistake has a place.
func FuzzHTTPFile(f *testing.F) {
	for _, s := range []string{
		"GET /a", "@a = b\nGET /{{a}}\nA: b\n\nbody\n### n\nPOST https://h/x HTTP/1.0\n  ?a\n  &b\n\n< ./body.json\n", "# @name x\n// y\nGET /\n\n<@ body.json", "< {% a\n %}\nGET /\n\n> {% b",
		"@a = {{a}}", "GET /{{", "GET /a\n A: b", "\ufeffGET /a\r\n\r\nx\r\n", "###\n###", "GET /a\nContent-Type: application/x-www-form-urlencoded\n\na\n&b", "@\n@=\n@ =",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parse("s.http", string(text))
		whole(t, s, err)
	})
}
