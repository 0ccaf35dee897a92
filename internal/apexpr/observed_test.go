package apexpr

import (
	_ "embed"
	"errors"
	"strconv"
	"strings"
	"testing"
)

//go:embed testdata/httpd-2.4.71.txt
var observedText string

// A fakeSource is a request for tests. Maps have names in lower case.
type fakeSource struct {
	variables map[string]string
	tables    map[Table]map[string]string
	unknown   map[string]bool // variables, and "table:name" of entries, that are not known
	files     map[string]FileInfo
	texts     map[string]string
}

func (f *fakeSource) Variable(name string) (string, bool) {
	return f.variables[name], !f.unknown[name]
}

func (f *fakeSource) Table(t Table, name string) (string, bool, bool) {
	name = strings.ToLower(name)
	value, set := f.tables[t][name]
	return value, set, !f.unknown[strconv.Itoa(int(t))+":"+name]
}

func (f *fakeSource) Stat(path string) (FileInfo, bool) { return f.files[path], !f.unknown[path] }

func (f *fakeSource) ReadFile(path string) (string, bool) { return f.texts[path], !f.unknown[path] }

// observed is the request that httpd was asked with.
func observed() *fakeSource {
	return &fakeSource{
		variables: map[string]string{
			"REQUEST_URI": "/re/a b", "QUERY_STRING": "q=1", "REQUEST_METHOD": "GET", "THE_REQUEST": "GET /re/a%20b?q=1 HTTP/1.1",
			"REMOTE_ADDR": "127.0.0.1", "CONN_REMOTE_ADDR": "127.0.0.1", "HTTPS": "off", "IPV6": "off", "IS_SUBREQ": "false",
			"DOCUMENT_ROOT": "/srv/docroot", "CONTEXT_DOCUMENT_ROOT": "/srv/docroot", "REQUEST_FILENAME": "/srv/docroot/re",
			"SCRIPT_FILENAME": "/srv/docroot/re", "PATH_INFO": "/a b", "DOCUMENT_URI": "/re/a b", "REQUEST_STATUS": "404",
			"SERVER_NAME": "www.example.com", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_SCHEME": "http",
			"SERVER_SOFTWARE": "Apache/2.4.71 (Debian)", "CONTENT_TYPE": "text/html; charset=iso-8859-1",
		},
		tables: map[Table]map[string]string{
			RequestHeader:  {"host": "www.Example.com", "user-agent": "My Bot", "x-a": "v", "cookie": "c=1"},
			Environment:    {"sei": "1", "sempty": "1"},
			ResponseHeader: {"x-0": "1"},
		},
		files: map[string]FileInfo{
			"/etc": {Exists: true, Dir: true, Executable: true}, "/etc/passwd": {Exists: true, Regular: true, Size: 1000},
			"/bin": {Exists: true, Dir: true, Link: true, Executable: true}, "/bin/sh": {Exists: true, Regular: true, Size: 1, Executable: true},
		},
	}
}

// TestObserved holds reading and evaluating against what httpd was seen to do.
func TestObserved(t *testing.T) {
	lines := 0
	for line := range strings.Lines(observedText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 3 {
			t.Fatalf("line %q has %d fields", line, len(fields))
		}
		text, err := strconv.Unquote(fields[1])
		if err != nil {
			t.Fatalf("%s: %v", fields[1], err)
		}
		lines++
		if got := outcome(t, fields[0], text); got != fields[2] {
			t.Errorf("%s %s: got %s, want %s", fields[0], fields[1], got, fields[2])
		}
	}
	if lines < 500 {
		t.Errorf("only %d lines", lines)
	}
}

// outcome says what we make of an expression in the words of the file.
func outcome(t *testing.T, kind, text string) string {
	t.Helper()
	read := Parse
	if kind == "text" {
		read = ParseText
	}
	e, err := read(text)
	var refused *SyntaxError
	if errors.As(err, &refused) {
		if refused.Message == "" || refused.Hint == "" || refused.Offset < 0 || refused.End < refused.Offset || refused.End > len(text) {
			t.Errorf("%q: refused with %+v", text, refused)
		}
		return "refused"
	}
	if err != nil {
		return err.Error()
	}
	var s State
	if kind == "text" {
		value, err := e.Value(observed(), &s)
		if err != nil {
			return err.Error()
		}
		return quoteBytes(value)
	}
	ok, err := e.Condition(observed(), &s)
	if err != nil {
		return err.Error()
	}
	return strconv.FormatBool(ok)
}

// quoteBytes writes a text as the file has it: bytes that are no ASCII one by one.
func quoteBytes(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] < 0x80 {
			quoted := strconv.Quote(s[i : i+1])
			out.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		out.WriteString("\\x" + strconv.FormatInt(int64(s[i]), 16))
	}
	return "\"" + out.String() + "\""
}
