package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

// ruleBook are the rules of the tests.
var ruleBook = map[string]*lint.Rule{
	"DSP007": {ID: "DSP007", Name: "missing-value", Severity: diag.Error, Doc: lint.Doc{
		Title: "a property has no value", Why: "Dispatcher takes the default, and says nothing.", Bad: "/url", Good: "/url \"*\"\n", Note: "Milder in /filter."}},
	"DSP155": {ID: "DSP155", Name: "filter-allow-glob", Severity: diag.Warning, Security: true, Off: true,
		Options: []lint.Option{{Name: "minimum", Default: 2, Doc: "The least."}, {Name: "folders", Default: []string{"/a"}, Doc: "Some."}}, Doc: lint.Doc{
			Title: "an allow rule uses /glob", Why: "A request line has more than a path: {0} and [x](y) | `z`.", Bad: "# ```` \xff\n/glob \"*\"", Good: "/url \"*\"",
			Sources: []string{"AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md"}}},
	"DSP102": {ID: "DSP102", Name: "long", Severity: diag.Hint},
}

// rich returns findings with everything that can be in one.
func rich(t *testing.T) *Findings {
	ds := findings(t)
	main := source.NewFile("dispatcher.any", []byte("/farms {\n\t$include \"farms d/*.farm\"\n}\n"))
	odd := source.NewFile("farms d/a#1 50%|`ü`,b:c.farm", []byte("/filter {\n\t/1 { /type \"allow\" /glob \"größe 𝄞*\" }\r\n\t/2 { /glob '\xff\xfe' }\n}\n\n"))
	inner := source.NewFile("=cmd.any", []byte("$include \"x\"\r/a\r/b"))
	glob := find(t, odd, `/glob "größe 𝄞*"`)
	ds = append(ds,
		diag.Diagnostic{
			Rule: "DSP155", Severity: diag.Warning, Span: glob, Message: "/glob \"größe*\" | `all` <b>]]> ::error:: 100% @team #1 [a](1) {3}\r\nhttps://x.y/_z_",
			Why: "a pattern, of the whole request line: all of it", Hint: "write /url \"größe*\"",
			Included: []source.Span{find(t, main, `$include "farms d/*.farm"`), find(t, inner, `$include "x"`)},
			Related:  []diag.Related{{Span: find(t, odd, "/2"), Message: "allows | as well"}, {Message: "a place nobody knows"}},
			Fixes: []diag.Fix{
				{Title: "use /url", Safe: true, Edits: []diag.Edit{{Span: find(t, odd, "𝄞*"), New: "𝄞/*\n"}, {Span: find(t, odd, "/glob"), New: "/url"}}},
				{Title: "remove the rule | `1`", Edits: []diag.Edit{{Span: find(t, odd, "\t/1 { /type \"allow\" /glob \"größe 𝄞*\" }\r\n")}}},
				{Title: "change both files", Edits: []diag.Edit{{Span: find(t, odd, "/1"), New: "/one"}, {Span: find(t, main, "/farms"), New: "/f"}}},
				{Title: "nothing to do"},
			}},
		diag.Diagnostic{Rule: "DSP155", Severity: diag.Warning, Span: find(t, odd, "\xff\xfe"), Message: "bytes \xff\xfe are no text",
			Fixes: []diag.Fix{{Title: "turn them round", Edits: []diag.Edit{{Span: find(t, odd, "\xff\xfe"), New: "\xfe\xff"}}}}},
		diag.Diagnostic{Rule: "DSP155", Severity: diag.Warning, Span: find(t, odd, "\xff\xfe"), Message: "another thing about the same bytes"},
		diag.Diagnostic{Rule: "DSP155", Severity: diag.Error, Span: odd.Span(len(odd.Text)-1, len(odd.Text)-1), Message: "an empty line"},
		diag.Diagnostic{Rule: "DSP999", Severity: diag.Info, Span: find(t, inner, "/b"), Message: "=HYPERLINK(\"http://x\";\"y\")", Hint: "@SUM(1)",
			Fixes: []diag.Fix{{Title: "add /c", Safe: true, Edits: []diag.Edit{{Span: inner.Span(len(inner.Text), len(inner.Text)), New: "\n/c"}}}}},
	)
	return &Findings{
		List: ds, Files: 12, Version: "1.2.3", Base: "https://example.com/docs/rules/", Subject: "dispatcher.any",
		Rules: func(id string) *lint.Rule { return ruleBook[id] },
		Area:  func(r *lint.Rule) string { return map[string]string{"DSP155": "filter", "DSP007": "syntax"}[r.ID] },
	}
}

// written returns the findings in a format.
func written(t testing.TB, name string, f *Findings) []byte {
	t.Helper()
	write := FormatOf(name)
	if write == nil {
		t.Fatalf("there is no format %s", name)
	}
	var b bytes.Buffer
	if err := write(new(Printer), &b, f); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b.Bytes()
}

func TestFormats(t *testing.T) {
	for _, name := range FormatNames() {
		t.Run(name, func(t *testing.T) {
			f := rich(t)
			got := written(t, name, f)
			golden(t, "lint/"+name+".golden", got)
			if again := written(t, name, rich(t)); !bytes.Equal(got, again) {
				t.Errorf("two runs differ:\n%s", cmp.Diff(string(got), string(again)))
			}
			f.List = nil
			golden(t, "lint/"+name+"-empty.golden", written(t, name, f))
			wellFormed(t, name, written(t, name, f))
			wellFormed(t, name, got)
		})
	}
	if FormatOf("xml") != nil {
		t.Error("a format nobody knows is there")
	}
}

// The printer's prefix stands before every path.
func TestFormatsPrefix(t *testing.T) {
	for _, name := range FormatNames() {
		t.Run(name, func(t *testing.T) {
			f := rich(t)
			var b bytes.Buffer
			if err := FormatOf(name)(&Printer{Prefix: "pre fix"}, &b, f); err != nil {
				t.Fatal(err)
			}
			want := "pre fix/farms/a.farm"
			if name == "sarif" {
				want = "pre%20fix/farms/a.farm"
			}
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s is not in the output:\n%s", want, b.String())
			}
		})
	}
}

// Whatever cannot be written is an error.
func TestFormatsWriteError(t *testing.T) {
	for _, name := range FormatNames() {
		if err := FormatOf(name)(new(Printer), brokenPipe{}, rich(t)); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: error is %v, want %v", name, err, io.ErrClosedPipe)
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Findings that nobody tells anything about the rules have output all the same.
func TestFormatsBare(t *testing.T) {
	for _, name := range FormatNames() {
		f := &Findings{List: rich(t).List}
		wellFormed(t, name, written(t, name, f))
	}
}

// wellFormed checks that readers of a format can read an output.
func wellFormed(t testing.TB, name string, out []byte) {
	t.Helper()
	if !bytes.Equal(out, bytes.ToValidUTF8(out, nil)) {
		t.Errorf("%s: output is no UTF-8", name)
	}
	switch name {
	case "json", "rdjson", "gitlab", "sonar", "sarif":
		if !json.Valid(out) {
			t.Errorf("%s: output is no JSON:\n%s", name, out)
		}
		if name == "sarif" {
			validSARIF(t, out)
		}
	case "jsonl":
		for l := range strings.Lines(string(out)) {
			if !json.Valid([]byte(l)) {
				t.Errorf("jsonl: line is no JSON: %s", l)
			}
		}
	case "checkstyle", "junit":
		dec := xml.NewDecoder(bytes.NewReader(out))
		for {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v:\n%s", name, err, out)
			}
		}
	case "csv":
		rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
		if err != nil {
			t.Fatalf("csv: %v:\n%s", err, out)
		}
		if got, want := strings.Count(string(out), "\r\n"), len(rows); got != want || strings.Count(string(out), "\n") != want {
			t.Errorf("csv has %d line ends, want %d of CR LF", got, want)
		}
		for _, row := range rows {
			for _, cell := range row {
				if trimmed := strings.TrimLeft(cell, " \t\r\n"); trimmed != "" && strings.ContainsRune("=+-@", rune(trimmed[0])) {
					t.Errorf("csv: a spreadsheet runs %q", cell)
				}
			}
		}
	case "github":
		for l := range strings.Lines(string(out)) {
			if _, err := runnerCommand(strings.TrimSuffix(l, "\n")); err != nil {
				t.Errorf("github: %v in %q", err, l)
			}
		}
	case "markdown", "github-summary":
		for i, l := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
			if pipes := strings.Count(strings.ReplaceAll(strings.ReplaceAll(l, `\\`, ""), `\|`, ""), "|"); i >= 2 && pipes != 5 {
				t.Errorf("%s: row has %d bars, want 5: %s", name, pipes, l)
			}
		}
	}
}

func TestSummary(t *testing.T) {
	of := func(files int, severities ...diag.Severity) *Findings {
		f := &Findings{Files: files}
		for _, s := range severities {
			f.List = append(f.List, diag.Diagnostic{Severity: s})
		}
		return f
	}
	for _, tt := range []struct {
		name string
		f    *Findings
		want string
	}{
		{"none", of(12), "no findings in 12 files"},
		{"none, one file", of(1), "no findings in 1 file"},
		{"no files", of(0, diag.Error), "1 error"},
		{"some", of(12, diag.Error, diag.Warning, diag.Error), "2 errors, 1 warning in 12 files"},
		{"all", of(3, diag.Hint, diag.Info, diag.Info, diag.Warning, diag.Warning, diag.Error), "1 error, 2 warnings, 2 infos, 1 hint in 3 files"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Summary(tt.f); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLintJSON(t *testing.T) {
	f := rich(t)
	var got LintJSON
	dec := json.NewDecoder(bytes.NewReader(written(t, "json", f)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if want := (LintSummary{Error: 5, Warning: 4, Info: 2, Hint: 1, Files: 12}); got.Summary != want {
		t.Errorf("summary is %+v, want %+v", got.Summary, want)
	}
	if got.Schema != "dispcheck.lint/v1" || len(got.Findings) != len(f.List) {
		t.Fatalf("schema is %q with %d findings, want %d", got.Schema, len(got.Findings), len(f.List))
	}
	first := got.Findings[0]
	if first.Name != "missing-value" || first.URL != "https://example.com/docs/rules/DSP007.md" {
		t.Errorf("name and URL of the first are %q and %q", first.Name, first.URL)
	}
	lines := strings.Split(strings.TrimSuffix(string(written(t, "jsonl", f)), "\n"), "\n")
	if len(lines) != len(got.Findings) {
		t.Fatalf("jsonl has %d lines, want %d", len(lines), len(got.Findings))
	}
	for i, l := range lines {
		var one Finding
		if err := json.Unmarshal([]byte(l), &one); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got.Findings[i], one); diff != "" {
			t.Errorf("line %d of jsonl (-json +jsonl):\n%s", i+1, diff)
		}
	}
	for i, d := range f.List {
		fix := got.Findings[i].Fix
		switch {
		case len(d.Fixes) == 0:
			if fix != nil {
				t.Errorf("finding %d has a fix", i)
			}
		case strings.Contains(d.Fixes[0].Title, "turn them round"):
			if fix != nil {
				t.Errorf("a fix with bytes that JSON cannot hold is told: %+v", fix)
			}
		case len(d.Fixes[0].Edits) > 0:
			text := d.Span.File.Text
			for j := range fix.Edits { // the edits of the test stand last first
				e := fix.Edits[j]
				text = append(append(bytes.Clone(text[:e.Start]), e.Text...), text[e.End:]...)
			}
			if want, err := diag.Apply(d.Span.File, d.Fixes[0].Edits); err != nil || !bytes.Equal(text, want) {
				t.Errorf("the edits of finding %d give %q, want %q (%v)", i, text, want, err)
			}
		}
	}
	f.List = slices.DeleteFunc(f.List, func(d diag.Diagnostic) bool { return !utf8.ValidString(d.Message) })
	got = LintJSON{}
	if err := json.Unmarshal(written(t, "json", f), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(new(Printer).lintJSON(f), &got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestCheckstyleReadBack(t *testing.T) {
	f := rich(t)
	var got checkstyle
	if err := xml.Unmarshal(written(t, "checkstyle", f), &got); err != nil {
		t.Fatal(err)
	}
	n, places := 0, map[string]bool{}
	for _, file := range got.Files {
		if places[file.Name] {
			t.Errorf("file %s stands there twice", file.Name)
		}
		places[file.Name] = true
		for _, e := range file.Errors {
			n++
			if e.Severity == "hint" || e.Message == "" || !strings.HasPrefix(e.Source, "dispcheck") {
				t.Errorf("error is %+v", e)
			}
		}
	}
	if n != len(f.List) || !places["farms d/a#1 50%|`ü`,b:c.farm"] || !places["dispatcher.any"] {
		t.Errorf("%d errors, want %d; files are %v", n, len(f.List), places)
	}
}

func TestJUnitReadBack(t *testing.T) {
	f := rich(t)
	var got junit
	if err := xml.Unmarshal(written(t, "junit", f), &got); err != nil {
		t.Fatal(err)
	}
	cases, failures := 0, 0
	for _, s := range got.Suites {
		names := map[string]bool{}
		failed := 0
		for _, c := range s.Cases {
			if names[c.Name] {
				t.Errorf("case %q stands twice in %s", c.Name, s.Name)
			}
			names[c.Name] = true
			if c.Failure != nil {
				failed++
			} else if c.Out == "" {
				t.Errorf("case %q passed and says nothing", c.Name)
			}
		}
		if s.Tests != len(s.Cases) || s.Failures != failed {
			t.Errorf("suite %s counts %d and %d, want %d and %d", s.Name, s.Tests, s.Failures, len(s.Cases), failed)
		}
		cases += len(s.Cases)
		failures += failed
	}
	if cases != len(f.List) || got.Tests != cases || got.Failures != failures || failures != 9 {
		t.Errorf("%d cases, %d failures; the head says %d and %d", cases, failures, got.Tests, got.Failures)
	}
}

func TestCSVReadBack(t *testing.T) {
	f := rich(t)
	rows, err := csv.NewReader(bytes.NewReader(written(t, "csv", f))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+len(f.List) {
		t.Fatalf("%d rows, want %d", len(rows), 1+len(f.List))
	}
	last := rows[len(rows)-1]
	want := []string{"DSP999", "", "info", "'=cmd.any", "1", "17", "1", "19", "'=HYPERLINK(\"http://x\";\"y\")", "'@SUM(1)", "", "", "safe"}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("last row (-want +got):\n%s", diff)
	}
}

// A runner's way to read a workflow command: properties up to the second ::, each undone on its own.
type runnerCommandRead struct {
	name, message string
	properties    map[string]string
}

func runnerCommand(l string) (*runnerCommandRead, error) {
	head, message, ok := strings.Cut(strings.TrimPrefix(l, "::"), "::")
	if !ok || !strings.HasPrefix(l, "::") {
		return nil, errors.New("no command")
	}
	undo := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	c := &runnerCommandRead{properties: map[string]string{}, message: undo.Replace(message)}
	var properties string
	c.name, properties, _ = strings.Cut(head, " ")
	for p := range strings.SplitSeq(properties, ",") {
		k, v, ok := strings.Cut(p, "=")
		if !ok {
			return nil, fmt.Errorf("property %q has no value", p)
		}
		c.properties[k] = undo.Replace(v)
	}
	return c, nil
}

func TestGitHubReadBack(t *testing.T) {
	f := rich(t)
	lines := strings.Split(strings.TrimSuffix(string(written(t, "github", f)), "\n"), "\n")
	if len(lines) != len(f.List) {
		t.Fatalf("%d lines, want %d", len(lines), len(f.List))
	}
	for i, l := range lines {
		c, err := runnerCommand(l)
		if err != nil {
			t.Fatalf("%v in %s", err, l)
		}
		d := &f.List[i]
		if want := strings.Join(told(d), "\n"); c.message != want {
			t.Errorf("message is %q, want %q", c.message, want)
		}
		if want := githubCommand(d.Severity); c.name != want {
			t.Errorf("command is %s, want %s", c.name, want)
		}
		if d.Span.IsZero() {
			if _, has := c.properties["file"]; has {
				t.Errorf("a finding without a place has a file: %s", l)
			}
			continue
		}
		if got, want := c.properties["file"], d.Span.File.Name; got != want {
			t.Errorf("file is %q, want %q", got, want)
		}
	}
}

func TestGitHubSummaryFits(t *testing.T) {
	f := &Findings{Files: 1}
	for range 20_000 {
		f.List = append(f.List, diag.Diagnostic{Severity: diag.Error, Message: strings.Repeat("m", 100)})
	}
	out := written(t, "github-summary", f)
	if len(out) > maxSummary {
		t.Errorf("summary has %d bytes, want %d at most", len(out), maxSummary)
	}
	rows := strings.Count(string(out), "| error |")
	if want := fmt.Sprintf("\n%d more of 20000 not shown\n", 20_000-rows); !strings.HasSuffix(string(out), want) {
		t.Errorf("summary with %d rows ends with %q, want %q", rows, out[len(out)-60:], want)
	}
	if all := written(t, "markdown", f); strings.Count(string(all), "| error |") != 20_000 {
		t.Error("markdown leaves findings out")
	}
}

func TestFingerprints(t *testing.T) {
	at := func(text, fault, message string) diag.Diagnostic {
		return diag.Diagnostic{Rule: "DSP155", Span: find(t, source.NewFile("a.any", []byte(text)), fault), Message: message}
	}
	base := lint.Fingerprints([]diag.Diagnostic{at("/a \"b\" x\n", "x", "m")}, nil)[0]
	for _, tt := range []struct {
		name string
		d    diag.Diagnostic
		same bool
	}{
		{"lines moved", at("\n# c\n\n/a \"b\" x\n", "x", "m"), true},
		{"indented", at("\t/a  \"b\"\tx\n", "x", "m"), true},
		{"other words", at("/a \"b\" x\n", "x", "n, at line 7"), true},
		{"other line", at("/a \"c\" x\n", "x", "m"), false},
		{"other text at fault", at("/a \"b\" x\n", "b", "m"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := lint.Fingerprints([]diag.Diagnostic{tt.d}, nil)[0] == base; got != tt.same {
				t.Errorf("the fingerprint is the same: %v, want %v", got, tt.same)
			}
		})
	}
	d := at("/a x\n/a x\n", "x", "m")
	seen := map[string]bool{}
	for _, p := range lint.Fingerprints([]diag.Diagnostic{d, d, {Message: "m"}, {Message: "n"}, {Message: "m"}}, nil) {
		if seen[p] || len(p) != 32 {
			t.Errorf("fingerprint %q is given twice or has not 32 characters", p)
		}
		seen[p] = true
	}
}

func TestGitLab(t *testing.T) {
	f := rich(t)
	f.List[6].Span = source.Span{}
	f.Subject = "./conf/dispatcher.any"
	var got []gitlabIssue
	if err := json.Unmarshal(written(t, "gitlab", f), &got); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, issue := range got {
		if seen[issue.Fingerprint] || issue.Fingerprint == "" {
			t.Errorf("fingerprint %q is given twice, or empty", issue.Fingerprint)
		}
		seen[issue.Fingerprint] = true
		if issue.Check == "" || issue.Description == "" || issue.Location.Lines.Begin < 1 || strings.HasPrefix(issue.Location.Path, "./") || issue.Location.Path == "" {
			t.Errorf("issue %d is %+v", i, issue)
		}
		if !strings.Contains("info minor major critical blocker", issue.Severity) {
			t.Errorf("severity is %q", issue.Severity)
		}
	}
	if len(got) != len(f.List) {
		t.Errorf("%d issues, want %d", len(got), len(f.List))
	}
}

func TestMarkdownText(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"plain", "property /url has no value", "property /url has no value"},
		{"bar and backtick", "a|b `c`", "a\\|b \\`c\\`"},
		{"backslash before a bar", `\|`, `\\\|`},
		{"markup", "<b>&amp;", "&#60;b&#62;&#38;amp;"},
		{"mention and issue", "@team #12", "&#64;team &#35;12"},
		{"address", "http://x.y", "http&#58;//x.y"},
		{"link", "[a](b)", `\[a\]\(b\)`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := markdownText(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzFormats writes a finding about any text in every format and reads it back.
func FuzzFormats(f *testing.F) {
	f.Add("a/b c.any", []byte("/a {\n\t/b \"日本\" x\r\n}"), 5, 9, "message", "hint")
	f.Add("=x#%|`.any", []byte("\xff\x1b[31m\u202e\t\x00\r\r\n\ufeff"), 0, 3, "=1|`]]>\r\n{0}[a](b)", "@x,y:z%")
	f.Add("../<x>", []byte("\ufeff"), 0, 0, "\xff\x00\u2028", "")
	f.Add("", []byte{}, 0, 0, "", "-1")
	f.Fuzz(func(t *testing.T, name string, text []byte, start, end int, message, hint string) {
		src := source.NewFile(name, text)
		start = min(max(start, 0), len(text))
		end = min(max(end, start), len(text))
		at := src.Span(start, end)
		ds := []diag.Diagnostic{{Rule: "DSP155", Severity: diag.Error, Span: at, Message: message, Hint: hint, Why: hint,
			Related: []diag.Related{{Span: at, Message: message}, {Message: hint}}, Included: []source.Span{at},
			Fixes: []diag.Fix{{Title: message, Edits: []diag.Edit{{Span: at, New: hint}}}}},
			{Severity: diag.Hint, Message: message}}
		fs := &Findings{List: ds, Files: 1, Base: "https://example.com/a b|(c)", Subject: name, Rules: func(id string) *lint.Rule { return ruleBook[id] }}
		for _, format := range FormatNames() {
			wellFormed(t, format, written(t, format, fs))
		}
		sonarTakes(t, fs)
		sarifFixes(t, fs)
		rdjsonFixes(t, fs)
	})
}

func BenchmarkFormats(b *testing.B) {
	text := []byte(strings.Repeat("\t/0001 { /type \"allow\" /glob \"größe*\" }\n", 10_000))
	src := source.NewFile("conf/filter.any", text)
	fs := &Findings{Files: 1, Rules: func(id string) *lint.Rule { return ruleBook[id] }, Base: "https://example.com"}
	for i := range 10_000 {
		row := src.Line(i + 1)
		fs.List = append(fs.List, diag.Diagnostic{Rule: "DSP155", Severity: diag.Warning, Span: src.Span(int(row.Start)+8, int(row.End)-2), Message: "the rule allows more than it says", Why: "why", Hint: "hint",
			Fixes: []diag.Fix{{Title: "use /url", Edits: []diag.Edit{{Span: src.Span(int(row.Start)+8, int(row.Start)+9), New: "x"}}}}})
	}
	for _, name := range FormatNames() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				written(b, name, fs)
			}
		})
	}
}

// One long line with many findings must not cost its square in memory.
func TestFingerprintsOfLongLine(t *testing.T) {
	src := source.NewFile("a.any", []byte(strings.Repeat("/a x ", 20_000)))
	var ds []diag.Diagnostic
	for i := range 2_000 {
		ds = append(ds, diag.Diagnostic{Rule: "DSP155", Span: src.Span(i*50, len(src.Text))})
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	lint.Fingerprints(ds, nil)
	runtime.ReadMemStats(&after)
	bytesPer := (after.TotalAlloc - before.TotalAlloc) / uint64(len(ds))
	if bytesPer > 64<<10 {
		t.Errorf("a fingerprint takes %d bytes of memory, want 64 KiB at most", bytesPer)
	}
}
