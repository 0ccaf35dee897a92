package apexpr

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/testkit"
)

func mustParse(t testing.TB, text string) *Expr {
	t.Helper()
	e, err := Parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return e
}

func TestSyntaxErrors(t *testing.T) {
	for _, tt := range []struct {
		text        string
		offset, end int
		message     string
	}{
		{"", 0, 0, "expression is empty"},
		{"%{HTTP_HOST} = = 1", 15, 16, "'=' stands where a value is needed"},
		{"%{HTTP_HOST}", 0, 12, "a value stands where a condition is needed"},
		{"'a' == 'a' && %{HTTPS}", 14, 22, "a value stands where a condition is needed"},
		{"%{REQUEST_URI} =~ /^\\/re/", 20, 21, "'\\' ends the pattern"},
		{"%{REQUEST_URI} =~ /a(b/", 20, 21, "'(' is not closed"},
		{"%{REQUEST_URI} =~ '^/a'", 18, 19, "''' follows '=~' and is no regular expression"},
		{"%{REQUEST_URI} =~ /a/x", 21, 22, "'x' is no flag of a regular expression"},
		{"%{REQUEST_URI} =~ /a", 18, 19, "regular expression is not closed"},
		{"%{HTTP_ACCEPT_LANGUAGE} == 'de'", 2, 22, "there is no variable HTTP_ACCEPT_LANGUAGE"},
		{"%{HTTP-HOST} == 'x'", 6, 7, "'-' cannot stand in the name of a variable"},
		{"request('X') == 'x'", 0, 7, "there is no function request"},
		{"req() == 'x'", 0, 5, "function req has no argument"},
		{"req('X' == 'x'", 3, 4, "'(' is not closed in front of '=='"},
		{"host == 'x'", 0, 4, "host is no value"},
		{"(true", 0, 1, "'(' is not closed in front of the end"},
		{"true)", 4, 5, "')' closes no parenthesis"},
		{"true true", 5, 9, "'true' follows a whole condition"},
		{"'a' == 'b' == 'c'", 11, 13, "'==' follows a comparison"},
		{"true &&", 7, 7, "expression ends where a condition should follow"},
		{"'a' == 'a", 7, 8, "' is not closed"},
		{"'a' in 'a'", 7, 8, "''' follows 'in' and is no list"},
		{"'a' in {'a',}", 12, 13, "a value is missing in a list"},
		{"-Z 'a'", 0, 2, "there is no test '-Z'"},
		{"'a' -like 'b'", 4, 9, "there is no operator '-like'"},
		{"-R req('X')", 3, 11, "'-R' is followed by no plain text in quotes"},
		{"-R 'example.com'", 3, 16, "'example.com' is no network"},
		{"'\\8' == 'x'", 1, 3, "'\\8' is the code of no byte"},
		{"%{HTTP:X-A", 7, 10, "'%{' is not closed"},
		{"%{HTTP:} == ''", 0, 8, "nothing follows ':' in '%{HTTP:}'"},
		{"%{HTTP:'X'} == ''", 7, 8, "a quote stands inside '%{…:…}', which stops httpd"},
		{"1 == (1)", 5, 6, "'(' stands where a value is needed"},
		{"'a' == 'a' # c", 11, 12, "'#' follows a whole condition"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			_, err := Parse(tt.text)
			var refused *SyntaxError
			if !errors.As(err, &refused) {
				t.Fatalf("got %v, want a mistake", err)
			}
			want := SyntaxError{Offset: tt.offset, End: tt.end, Message: tt.message, Hint: refused.Hint}
			if diff := cmp.Diff(want, *refused); diff != "" || refused.Hint == "" {
				t.Errorf("hint %q, want -, got +:\n%s", refused.Hint, diff)
			}
		})
	}
}

// TestNotSimulated: what is not known is said with its place, unless the rest of the expression settles the matter.
func TestNotSimulated(t *testing.T) {
	src := observed()
	src.unknown = map[string]bool{"TIME_HOUR": true, "0:x-unknown": true, "2:late": true, "/unknown": true, "REMOTE_ADDR": true}
	for _, tt := range []struct {
		text, construct string // construct is empty if the value is known
		offset, end     int
		value           bool
	}{
		{"%{TIME_HOUR} -lt 8", "%{TIME_HOUR}", 0, 12, false},
		{"true && %{TIME_HOUR} -lt 8", "%{TIME_HOUR}", 8, 20, false},
		{"false && %{TIME_HOUR} -lt 8", "", 0, 0, false},
		{"%{TIME_HOUR} -lt 8 && false", "", 0, 0, false},
		{"%{TIME_HOUR} -lt 8 || true", "", 0, 0, true},
		{"!(%{TIME_HOUR} -lt 8 || true)", "", 0, 0, false},
		{"%{TIME_HOUR} -lt 8 || false", "%{TIME_HOUR}", 0, 12, false},
		// The header would stand in Vary only if httpd came that far.
		{"%{TIME_HOUR} -lt 8 || req('X-A') == 'v'", "%{TIME_HOUR}", 0, 12, false},
		{"%{TIME_HOUR} -lt 8 || req_novary('X-A') == 'v'", "", 0, 0, true},
		{"%{TIME_HOUR} == req('X-A') || true", "%{TIME_HOUR}", 0, 12, false},
		{"%{TIME_HOUR} -lt 8 || 'a' =~ /(a)/", "%{TIME_HOUR}", 0, 12, false},
		{"%{TIME_HOUR} -lt 8 || 'a' =~ /a/", "", 0, 0, true},
		{"req('X-Unknown') == 'a'", "req('X-Unknown')", 0, 16, false},
		{"env('late') == 'a'", "env('late')", 0, 11, false},
		{"reqenv('SEI') == '1' && %{ENV:late} == ''", "%{ENV:late}", 24, 35, false},
		{"-f '/unknown'", "-f '/unknown'", 0, 13, false},
		{"file('/unknown') == ''", "file('/unknown')", 0, 16, false},
		{"-U '/a'", "-U", 0, 2, false},
		{"-F '/a' || true", "", 0, 0, true},
		{"-R '10.0.0.0/8'", "-R '10.0.0.0/8'", 0, 15, false},
		{"'www.example.com' -ipmatch '10.0.0.0/8'", "'www.example.com' -ipmatch '10.0.0.0/8'", 0, 39, false},
		{"%{SSL_PROTOCOL} == ''", "%{SSL_PROTOCOL}", 0, 15, false},
		{"%{SSL:SSL_CIPHER} == ''", "%{SSL:SSL_CIPHER}", 0, 17, false},
		{"'a' =~ /(a)(?1)/", "'a' =~ /(a)(?1)/", 0, 16, false},
	} {
		t.Run(tt.text, func(t *testing.T) {
			var s State
			got, err := mustParse(t, tt.text).Condition(src, &s)
			var not *NotSimulated
			if !errors.As(err, &not) {
				if tt.construct != "" || got != tt.value || err != nil {
					t.Errorf("got %t and %v, want %t, not simulated: %q", got, err, tt.value, tt.construct)
				}
				return
			}
			want := NotSimulated{Offset: tt.offset, End: tt.end, Construct: tt.construct, Message: not.Message}
			if diff := cmp.Diff(want, *not); diff != "" || not.Message == "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

// TestVary: headers that were looked up are named once, and only as far as the evaluation went.
func TestVary(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"%{HTTP_HOST} == 'x'", nil},
		{"%{HTTP:Host} == 'x'", nil},
		{"%{HTTP_USER_AGENT} =~ /bot/", []string{"User-Agent"}},
		{"req('X-A') == 'v' && http('X-B') == ''", []string{"X-A", "X-B"}},
		{"req('X-A') == 'no' && http('X-B') == ''", []string{"X-A"}},
		{"req('X-A') == 'v' || http('X-B') == ''", []string{"X-A"}},
		{"req('X-A') == req('x-a')", []string{"x-a"}},
		{"req('X-1') == req('X-2')", []string{"X-2", "X-1"}},
		{"req('X-1') -strmatch req('X-2')", []string{"X-2", "X-1"}},
		{"req('X-1') in {req('X-2'),req('X-3')}", []string{"X-1", "X-3"}},
		{"req('X-1').req('X-2').req('X-3') == req('X-4').req('X-5')", []string{"X-4", "X-5", "X-1", "X-2", "X-3"}},
		{"'%{req:X-1}%{req:X-2}%{req:X-3}' == ''", []string{"X-3", "X-2", "X-1"}},
		{"req(req('X-1').'X-2') == ''", []string{"X-1", "X-2"}},
		{"req_novary('X-A') == 'v'", nil},
		{"%{resp:X-A} == 'v'", nil},
		{"'%{HTTP:X-A}%{HTTP_COOKIE}' == ''", []string{"X-A", "Cookie"}}, // two parts
	} {
		t.Run(tt.text, func(t *testing.T) {
			var s State
			if _, err := mustParse(t, tt.text).Condition(observed(), &s); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, s.Vary); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

// TestGroups: groups outlive the expression, and a later match that fails forgets them.
func TestGroups(t *testing.T) {
	var s State
	src := observed()
	for _, step := range []struct {
		text string
		want [3]string
	}{
		{"%{REQUEST_URI} =~ m#^/(re)/(.*)$#", [3]string{"/re/a b", "re", "a b"}},
		{"%{REQUEST_URI} =~ /re/", [3]string{"/re/a b", "re", "a b"}},
		{"$2 == 'a b'", [3]string{"/re/a b", "re", "a b"}},
		{"'x' =~ /(y)/", [3]string{}},
		{"'x' !~ /(y)?x/", [3]string{"x", "", ""}},
	} {
		if _, err := mustParse(t, step.text).Condition(src, &s); err != nil {
			t.Fatal(err)
		}
		if got := [3]string{s.Group(0), s.Group(1), s.Group(2)}; got != step.want {
			t.Errorf("after %s: got %q, want %q", step.text, got, step.want)
		}
	}
	s.Reset()
	if got := s.Group(0); got != "" {
		t.Errorf("after Reset: got %q, want nothing", got)
	}
}

func TestReferences(t *testing.T) {
	e, err := ParseText("a%{http_host}b%{HTTP:X-A}%{tolower:%{ENV:N$1}}")
	if err != nil {
		t.Fatal(err)
	}
	want := []Reference{
		{Offset: 1, End: 13, Variable: "HTTP_HOST"},
		{Offset: 14, End: 25, Function: "http", Argument: "X-A", Plain: true},
		{Offset: 25, End: 46, Function: "tolower"},
		{Offset: 35, End: 45, Function: "env"},
	}
	if diff := cmp.Diff(want, e.References()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	var patterns []string
	for _, re := range mustParse(t, "'a' =~ /a/ && !('b' !~ m#b#i)").Patterns() {
		patterns = append(patterns, re.Text())
	}
	if diff := cmp.Diff([]string{"a", "b"}, patterns); diff != "" {
		t.Errorf("patterns: want -, got +:\n%s", diff)
	}
}

func TestConstant(t *testing.T) {
	for text, want := range map[string]bool{"plain text": true, "": true, "100%": true, "%{HTTP_HOST}": false, "$1": false} {
		e, err := ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		if value, got := e.Constant(); got != want || got && value != text {
			t.Errorf("%q: got %q, %t, want %t", text, value, got, want)
		}
	}
}

// TestDeep: what is nested too deep for us is not simulated, and takes no stack.
func TestDeep(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("(", 100_000), strings.Repeat("(", 600) + "true" + strings.Repeat(")", 600),
		strings.Repeat("tolower(", 10_000), strings.Repeat("%{tolower:", 10_000), strings.Repeat("a", maxText+1),
	} {
		_, err := Parse(text)
		var not *NotSimulated
		if !errors.As(err, &not) {
			t.Errorf("%.20q: got %v, want not simulated", text, err)
		}
	}
	e := mustParse(t, strings.Repeat("!", 10_001)+"true || "+strings.Repeat("false || ", 10_000)+"false")
	if got, err := e.Condition(observed(), new(State)); got || err != nil {
		t.Errorf("got %t and %v", got, err)
	}
}

// TestDoesNotAllocate: usual conditions do not, with a State that is used again.
func TestDoesNotAllocate(t *testing.T) {
	if testkit.Race {
		t.Skip("pools drop what they are given")
	}
	src := observed()
	for _, text := range []string{"%{REQUEST_URI} =~ m#^/re/(.*)$#", "%{REQUEST_METHOD} == 'POST' || -z %{QUERY_STRING}", "%{REQUEST_URI} -strmatch '/re/*'"} {
		e := mustParse(t, text)
		var s State
		if got := testing.AllocsPerRun(50, func() {
			s.Reset()
			if _, err := e.Condition(src, &s); err != nil {
				t.Fatal(err)
			}
		}); got != 0 {
			t.Errorf("%s: %v allocations", text, got)
		}
	}
}

// corpusExprs finds expressions in httpd's texts, with room for mistakes: it is no parser.
var corpusExprs = regexp.MustCompile(`(?im)^[ \t]*(?:<(?:Else)?If[ \t]+"((?:[^"\\\n]|\\.)*)"|(?:SetEnvIfExpr|RewriteCond[ \t]+expr|Require[ \t]+expr)[ \t]+"((?:[^"\\\n]|\\.)*)"|Header[ \t].*"expr=((?:[^"\\\n]|\\.)*)")`)

// TestCorpus: the expressions of real configurations are read and evaluated.
func TestCorpus(t *testing.T) {
	dir := testkit.CorpusDir(t)
	seen := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range corpusExprs.FindAllStringSubmatch(string(text), -1) {
			expr := strings.ReplaceAll(m[1]+m[2]+m[3], `\"`, `"`)
			if seen[expr] || strings.Contains(expr, "${") && !strings.Contains(expr, "'${") {
				continue
			}
			seen[expr] = true
			e, err := Parse(expr)
			if err != nil {
				t.Errorf("%s: %q: %v", strings.TrimPrefix(path, dir), expr, err)
				continue
			}
			if _, err := e.Condition(observed(), new(State)); err != nil {
				t.Errorf("%q: %v", expr, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) < 20 {
		t.Errorf("only %d expressions found", len(seen))
	}
	t.Logf("%d different expressions", len(seen))
}

// FuzzExpr looks for texts that make reading or evaluating fail.
func FuzzExpr(f *testing.F) {
	for line := range strings.Lines(observedText) {
		if fields := strings.Split(line, "\t"); len(fields) == 3 {
			f.Add(strings.Trim(fields[1], `"`), "/re/a b")
		}
	}
	f.Fuzz(func(t *testing.T, text, uri string) {
		src := observed()
		src.variables["REQUEST_URI"] = uri
		for _, read := range []func(string) (*Expr, error){Parse, ParseText} {
			e, err := read(text)
			if err != nil {
				checkPlace(t, text, err)
				continue
			}
			if e.Text() != text {
				t.Errorf("text of %q is %q", text, e.Text())
			}
			for _, r := range e.References() {
				if r.Offset < 0 || r.End <= r.Offset || r.End > len(text) {
					t.Errorf("%q: reference %+v", text, r)
				}
			}
			var s State
			if e.mode == modeText {
				_, err = e.Value(src, &s)
			} else {
				var first, second bool
				first, err = e.Condition(src, &s)
				again := State{}
				second, _ = e.Condition(src, &again)
				if first != second {
					t.Errorf("%q is %t, then %t", text, first, second)
				}
			}
			if err != nil {
				checkPlace(t, text, err)
			}
		}
	})
}

// checkPlace holds an error against the text: what it says, and that its place is there.
func checkPlace(t *testing.T, text string, err error) {
	t.Helper()
	var refused *SyntaxError
	var not *NotSimulated
	switch {
	case errors.As(err, &refused):
		if refused.Offset < 0 || refused.End < refused.Offset || refused.End > len(text) || refused.Message == "" || refused.Hint == "" {
			t.Errorf("%q: %+v", text, refused)
		}
	case errors.As(err, &not):
		if not.Offset < 0 || not.End < not.Offset || not.End > len(text) || not.Message == "" || not.Construct == "" {
			t.Errorf("%q: %+v", text, not)
		}
	default:
		t.Errorf("%q: error of no known kind: %v", text, err)
	}
}

func BenchmarkCondition(b *testing.B) {
	for name, text := range map[string]string{
		"equal": "%{HTTP_HOST} == 'www.example.com'", "regex": "%{REQUEST_URI} =~ m#^/content/(.*)\\.html$#",
		"env": "reqenv('CORSProcessing') == 'true' && reqenv('CORSTrusted') == 'false'",
	} {
		b.Run(name, func(b *testing.B) {
			e, src := mustParse(b, text), observed()
			var s State
			b.ReportAllocs()
			for b.Loop() {
				s.Reset()
				if _, err := e.Condition(src, &s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			mustParse(b, "reqenv('CORSProcessing') == 'true' && %{REQUEST_URI} =~ m#^/content/(.*)\\.html$#")
		}
	})
}
