package mock

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/mock/folder"
	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/mock/formtest"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

// samples are texts for values and names of a file of answers.
var samples = []string{"200ms", "1d12h", "0", "GET", "/content/*", "X-A", "Content-Type", "rend01", "*", "text"}

// TestSchemaAgrees: what the schema allows the tables read, and nothing else.
func TestSchemaAgrees(t *testing.T) {
	formtest.Agree(t, Schema(), samples, func(root *yamltext.Node) error {
		var r form.Reader
		fileTable().Read(&r, root, &Source{})
		return r.Err()
	})
}

// TestDocumented: docs/simulate/mocks.md has every key, and its examples can be read.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(testkit.Root(t), "docs", "simulate", "mocks.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(text), "\r\n", "\n")
	formtest.New(t, Schema()).EveryKey(func(keys []string) {
		for _, k := range keys {
			if !strings.Contains(page, "`"+k+"`") {
				t.Errorf("the page does not name the key %s", k)
			}
		}
	})
	for _, word := range slices.Concat(failures[refused:], purposes[:]) {
		if !strings.Contains(page, "`"+word+"`") {
			t.Errorf("the page does not name the word %s", word)
		}
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page, -1)
	if len(examples) < 3 {
		t.Fatalf("the page has %d examples", len(examples))
	}
	files := fstest.MapFS{"pages/home.html": {Data: []byte("<html>home</html>")}}
	for _, m := range examples {
		if _, err := Parse(source.NewFile("mocks.md", []byte(m[1])), folder.Folder{FS: files}, Options{}); err != nil {
			t.Errorf("%v\n%s", err, m[1])
		}
	}
}

func TestMistakes(t *testing.T) {
	link := &fstest.MapFile{Data: []byte("../secret"), Mode: fs.ModeSymlink | 0o777}
	files := fstest.MapFS{"in/a.html": {Data: []byte("a")}, "in/out": link, "secret": {Data: []byte("s")}}
	tests := []struct{ name, text, want string }{
		{"nothing", "", "m.yaml:1:1: the file says nothing; write renders: or default:"},
		{"a list", "- 503\n", "m.yaml:1:1: the file is a list, not a mapping; known are renders, default"},
		{"no YAML", "renders: [\n", "m.yaml:1:1: the text is not YAML: did not find expected node content"},
		{"unknown key", "render:\n  a: down\n", "m.yaml:1:1: key render is not known; did you mean renders?"},
		{"key twice", "default: 404\ndefault: 200\n", "m.yaml:2:1: key default is set twice; it is set first in line 1"},
		{"label twice", "renders:\n  rend01: down\n  /rend01: down\n", "m.yaml:3:3: render rend01 is named twice"},
		{"not down", "renders:\n  rend01: donw\n", `m.yaml:2:11: render rend01 is "donw", which is no answer; did you mean down?`},
		{"down in a list", "renders:\n  rend01: [down]\n", `m.yaml:2:12: the entry is "down", not a mapping or a status; write rend01: down, not in a list`},
		{"no entries", "renders:\n  rend01: []\n", "m.yaml:2:11: rend01 is an empty list"},
		{"an empty entry", "renders:\n  rend01:\n    -\n", "m.yaml:3:6: an entry of rend01 is empty; remove the dash, or write what belongs behind it"},
		{"no value", "renders:\n  rend01:\n", `m.yaml:2:3: renders: rend01 has no value; write "" for an empty one`},
		{"no answer", "renders:\n  a: [{when: {path: /x}}]\n", "m.yaml:2:7: the entry has no answer; write respond or sequence"},
		{"two answers", "renders:\n  a: [{respond: 200, sequence: [200]}]\n", "m.yaml:2:32: the entry has respond and sequence; keep one of them"},
		{"cycle alone", "renders:\n  a: [{respond: 200, cycle: true}]\n", "m.yaml:2:29: cycle has nothing to repeat; it stands beside a sequence"},
		{"cycle is a text", "renders:\n  a: [{sequence: [200], cycle: yes}]\n", `m.yaml:2:32: cycle is "yes", not true or false`},
		{"sequence of none", "renders:\n  a: [{sequence: []}]\n", "m.yaml:2:18: sequence is an empty list"},
		{"status", "default: 99\n", "m.yaml:1:10: status 99 is not between 100 and 599"},
		{"large status", "default: {status: 99999999999999999999}\n", "m.yaml:1:19: status 99999999999999999999 is not between 100 and 599"},
		{"status is a text", "default: {status: ok}\n", `m.yaml:1:19: status is "ok", not a whole number`},
		{"key of an answer", "default: {stauts: 200}\n", "m.yaml:1:11: key stauts is not known; did you mean status?"},
		{"duration without unit", "default: {delay: 200}\n", `m.yaml:1:18: delay: "200" is no length of time; it has no unit: write 200s or 200ms`},
		{"negative duration", "default: {delay: -2s}\n", "m.yaml:1:18: delay: -2s is below zero; write 200ms, 10s, 5m, 2h or 7d"},
		{"very long", "default: {delay: 99999999999h}\n", `m.yaml:1:18: delay: "99999999999h" is no length of time; write 200ms, 10s, 5m, 2h or 7d`},
		{"longer than ten years", "default: {delay: 4000d}\n", "m.yaml:1:18: delay: 4000d is longer than 3650 days; write 200ms, 10s, 5m, 2h or 7d"},
		{"header name", "default: {headers: {'a b': c}}\n", `m.yaml:1:21: headers: "a b" is no name of a header: letters, digits and - make one`},
		{"header value", "default: {headers: {a: \"b\\r\\nc: d\"}}\n", `m.yaml:1:24: header a: "b\r\nc: d" holds a control character, which no header may`},
		{"two bodies", "default: {body: a, body-size: 5}\n", "m.yaml:1:31: the answer has body and body-size; keep one of them"},
		{"base64", "default: {body-base64: 'YQ=a'}\n", "m.yaml:1:24: body-base64 is no base64 at character 3"},
		{"body of 304", "default: {status: 304, body: a}\n", "m.yaml:1:30: an answer with status 304 has no body"},
		{"file outside", "default: {file: ../secret}\n", "m.yaml:1:17: file ../secret lies outside of the folder of the file that names it"},
		{"file through a link", "default: {file: out}\n", "m.yaml:1:17: file out lies outside of the folder of the file that names it"},
		{"absolute file", "default: {file: /etc/passwd}\n", "m.yaml:1:17: file /etc/passwd is an absolute path; name a file of this folder or of one below"},
		{"missing file", "default: {file: b.html}\n", "m.yaml:1:17: file b.html is not there"},
		{"body-size below zero", "default: {body-size: -1}\n", "m.yaml:1:22: body-size -1 is too small or too large"},
		{"cut behind the end", "default: {body: abc, cut: 3}\n", "m.yaml:1:27: cut 3 is not inside the body, which has 3 bytes"},
		{"cut of nothing", "default: {cut: 3}\n", "m.yaml:1:16: there is no body to cut; write body, file or body-size"},
		{"length twice", "default: {body: a, content-length: 3, headers: {content-length: 4}}\n", "m.yaml:1:36: the length is announced by content-length and by the header Content-Length; keep one of them"},
		{"fail", "default: {fail: refuse}\n", `m.yaml:1:17: fail "refuse" is not known; did you mean refused?`},
		{"fail with a status", "default: {fail: refused, status: 200}\n", "m.yaml:1:34: status counts for nothing with fail: refused: no answer comes; remove one of them"},
		{"stall with a body", "default: {stall: headers, body: x}\n", "m.yaml:1:33: body counts for nothing with stall: headers: no answer comes; remove one of them"},
		{"fail and stall", "default: {fail: reset, stall: body}\n", "m.yaml:1:31: the answer has fail and stall; keep one of them"},
		{"method is a mapping", "renders: {a: {when: {method: {}}, respond: 200}}\n", `m.yaml:1:30: method is a mapping, not a text; write "" for an empty one`},
		{"purpose", "renders: {a: {when: {purpose: refetch}, respond: 200}}\n", `m.yaml:1:31: purpose "refetch" is not known; did you mean re-fetch?`},
		{"glob", "renders: {a: {when: {path: '/a[b'}, respond: 200}}\n", `m.yaml:1:28: the glob "/a[b" matches nothing; close the [`},
		{"several", "default: {stauts: 1}\nrenders: {a: {respond: 1}}\n", "m.yaml:1:11: key stauts is not known; did you mean status?\nm.yaml:2:24: status 1 is not between 100 and 599"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Parse(source.NewFile("m.yaml", []byte(tt.text)), folder.Folder{FS: files, Dir: "in"}, Options{})
			if err == nil {
				t.Fatal("no error")
			}
			if m != nil {
				t.Error("a Mock beside an error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			var y *yamltext.Error
			if !errors.As(err, &y) {
				t.Errorf("a %T is no *yamltext.Error", err)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	files := fstest.MapFS{"in/m.yaml": {Data: []byte("renders: {rend01: down, '*': 200, /rnd02: 503}\n")}, "in/folder/x": {}, "in/large.yaml": {Data: make([]byte, yamltext.MaxSize+1)}}
	m, err := Load(files, "in/m.yaml", Options{Shown: "../m.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	want := "../m.yaml:1:35: the configuration has no render rnd02; did you mean rend02?"
	if err := m.Check([]string{"/rend01", "rend02"}); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := m.Check([]string{"rend01", "rnd02", "rend02"}); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{
		"in/none.yaml":  "in/none.yaml: is not there",
		"in/folder":     "in/folder: is a folder; give a file",
		"in/large.yaml": "in/large.yaml:1:1: the file has 1048577 bytes, more than the 1048576 that are read",
	} {
		if _, err := Load(files, name, Options{}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

// FuzzMock: no text breaks the reader, and every mistake has a place in the text and words.
func FuzzMock(f *testing.F) {
	for _, seed := range []string{
		"", "renders: {rend01: down}\n", "renders:\n  \"*\":\n    - when: {method: [GET, HEAD], path: \"/content/*\", query: \"*a=b*\", headers: {Cookie: \"*x*\"}, purpose: request}\n      respond: {status: 200, headers: {Set-Cookie: [a=1, b=2]}, body: x, delay: 200ms}\n    - sequence: [503, {status: 200, body: ok}]\n      cycle: true\n    - 404\n",
		"default: {fail: refused}\n", "default: {stall: body, cut: 1, body-size: 100}\n", "default: {body-base64: YQ==, content-length: none}\n", "- 1\n", "renders: []\n", "default: {delay: 1d}\n", "renders: {? [a] : 1}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := Parse(source.NewFile("m.yaml", text), folder.Folder{}, Options{})
		if (m == nil) != (err != nil) {
			t.Fatalf("Mock %v beside error %v", m, err)
		}
		if err == nil {
			if err := m.Check([]string{"rend01"}); err != nil {
				placed(t, err, len(text))
			}
			return
		}
		placed(t, err, len(text))
	})
}

// placed checks that an error says something about a place of the text.
func placed(t *testing.T, err error, size int) {
	t.Helper()
	list, ok := err.(form.Errors)
	if !ok {
		var one *yamltext.Error
		if !errors.As(err, &one) {
			t.Fatalf("a %T has no place: %v", err, err)
		}
		list = form.Errors{one}
	}
	for _, e := range list {
		if e.Span.File == nil || e.Span.Start < 0 || e.Span.End < e.Span.Start || int(e.Span.End) > size || strings.TrimSpace(e.Message) == "" {
			t.Fatalf("place [%d, %d) of %d bytes, message %q", e.Span.Start, e.Span.End, size, e.Message)
		}
	}
}
