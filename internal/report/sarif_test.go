package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

var sarifChecker = sync.OnceValues(func() (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	return c.Compile("testdata/sarif-schema-2.1.0.json")
})

// validSARIF checks a log against the standard's schema.
func validSARIF(t testing.TB, out []byte) {
	t.Helper()
	schema, err := sarifChecker()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The checker must not take everything.
func TestSARIFSchemaChecks(t *testing.T) {
	schema, err := sarifChecker()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{`{}`, `{"version":"2.1.0"}`, `{"version":"2.0.0","runs":[]}`, `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x","informationUri":"a b"}}}]}`,
		`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{"message":{"text":"m"},"level":"hint"}]}]}`} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(doc) == nil {
			t.Errorf("the schema takes %s", bad)
		}
	}
}

func TestSARIF(t *testing.T) {
	f := rich(t)
	var log sarifLog
	if err := json.Unmarshal(written(t, "sarif", f), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if len(run.Results) != len(f.List) {
		t.Fatalf("%d results, want %d", len(run.Results), len(f.List))
	}
	for i, r := range run.Results {
		d := f.List[i]
		if (r.RuleIndex == nil) != (d.Rule == "") {
			t.Fatalf("result %d of rule %q has index %v", i, d.Rule, r.RuleIndex)
		}
		if r.RuleIndex != nil && run.Tool.Driver.Rules[*r.RuleIndex].ID != r.RuleID {
			t.Errorf("index of %s is that of %s", r.RuleID, run.Tool.Driver.Rules[*r.RuleIndex].ID)
		}
		if len(r.Locations) != 1 {
			t.Errorf("result %d has %d locations", i, len(r.Locations))
			continue
		}
		at := r.Locations[0].Physical
		if d.Span.IsZero() {
			if at.Region != nil || at.Artifact.URI != "dispatcher.any" {
				t.Errorf("a finding without a place has %+v", at)
			}
			continue
		}
		if path, err := url.PathUnescape(at.Artifact.URI); err != nil || path != d.Span.File.Name || at.Artifact.Base != "%SRCROOT%" {
			t.Errorf("file is %+v, want %s", at.Artifact, d.Span.File.Name)
		}
		if got, want := len(r.CodeFlows), min(1, len(d.Included)); got != want {
			t.Errorf("result %d has %d code flows, want %d", i, got, want)
		} else if want == 1 {
			if steps := r.CodeFlows[0].Threads[0].Locations; len(steps) != len(d.Included)+1 || cmp.Diff(steps[len(steps)-1].Location.Physical, at) != "" {
				t.Errorf("the code flow of result %d does not end at the finding: %+v", i, steps)
			}
		}
	}
	rule := run.Tool.Driver.Rules[slices.IndexFunc(run.Tool.Driver.Rules, func(r sarifRule) bool { return r.ID == "DSP155" })]
	if diff := cmp.Diff(&sarifRuleProperties{Tags: []string{"filter", "security"}, Security: "5.5"}, rule.Properties); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
	off := false
	if diff := cmp.Diff(&sarifRuleDefault{"warning", &off, map[string]any{"minimum": 2.0, "folders": []any{"/a"}}}, rule.Default); diff != "" {
		t.Errorf("default configuration (-want +got):\n%s", diff)
	}
	if rule.HelpURI != "https://example.com/docs/rules/DSP155.md" {
		t.Errorf("the page of the rule is %s", rule.HelpURI)
	}
	if !slices.IsSortedFunc(run.Tool.Driver.Rules, func(a, b sarifRule) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("the rules are out of order")
	}
	sarifFixes(t, f)
	f.Subject = ""
	if err := json.Unmarshal(written(t, "sarif", f), &log); err != nil {
		t.Fatal(err)
	}
	validSARIF(t, written(t, "sarif", f))
}

// sarifFixes applies the fixes of a log as a reader would, by lines and columns, and compares.
func sarifFixes(t *testing.T, f *Findings) {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal(written(t, "sarif", f), &log); err != nil {
		t.Fatal(err)
	}
	for i, r := range log.Runs[0].Results {
		at := 0
		for _, fix := range f.List[i].Fixes {
			if len(fix.Edits) == 0 {
				continue
			}
			if at >= len(r.Fixes) {
				t.Fatalf("fix %q of result %d is not there", fix.Title, i)
			}
			told := r.Fixes[at]
			at++
			if told.Properties.Safe != fix.Safe {
				t.Errorf("fix %q is safe: %v", fix.Title, told.Properties.Safe)
			}
			files := map[string]*source.File{}
			for _, e := range fix.Edits {
				files[uriOf(e.Span.File.Name).text] = e.Span.File
			}
			for _, c := range told.Changes {
				src := files[c.Artifact.URI]
				var edits []diag.Edit
				for _, p := range c.Replacements {
					edits = append(edits, readReplacement(t, src, p))
				}
				got, err := diag.Apply(src, edits)
				if err != nil {
					t.Fatal(err)
				}
				if want, err := diag.Apply(src, fix.Edits); err != nil || !bytes.Equal(got, want) {
					t.Errorf("fix %q gives %q, want %q (%v)", fix.Title, got, want, err)
				}
			}
			if len(told.Changes) != len(files) {
				t.Errorf("fix %q changes %d files, want %d", fix.Title, len(told.Changes), len(files))
			}
		}
	}
}

func readReplacement(t *testing.T, src *source.File, p sarifReplacement) diag.Edit {
	var e diag.Edit
	if d := p.Deleted; d.ByteOffset != nil {
		e.Span = src.Span(*d.ByteOffset, *d.ByteOffset+*d.ByteLength)
	} else {
		e.Span = src.Span(codePointOffset(src.Text, d.StartLine, d.StartColumn), codePointOffset(src.Text, d.EndLine, d.EndColumn))
	}
	switch {
	case p.Inserted == nil:
	case p.Inserted.Text != nil:
		e.New = *p.Inserted.Text
	default:
		raw, err := base64.StdEncoding.DecodeString(p.Inserted.Binary)
		if err != nil {
			t.Fatal(err)
		}
		e.New = string(raw)
	}
	return e
}

// codePointOffset finds a byte by line and column, counted anew from the start of the text.
func codePointOffset(text []byte, line, column int) int {
	i := 0
	for ; line > 1; line-- {
		i += bytes.IndexByte(text[i:], '\n') + 1
	}
	for ; column > 1; column-- {
		_, n := utf8.DecodeRune(text[i:])
		i += n
	}
	return i
}

func TestSARIFMessage(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"plain", "section /filter has no }", "section /filter has no }"},
		{"brace alone", "block { is open", "block { is open"},
		{"placeholder", "[0-9]{3} and {12}x", "[0-9]{{3}} and {{12}}x"},
		{"no placeholder", "{1,2} {} {x} {1", "{1,2} {} {x} {1"},
		{"link", "see [a](1)", `see \[a\](1)`},
		{"class", "[a-z]+", "[a-z]+"},
		{"bytes", "{\xff", "{\xff"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := sarifMessage(tt.text).Text; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestURI(t *testing.T) {
	for _, tt := range []struct {
		name, file, want string
		relative         bool
	}{
		{"plain", "conf/dispatcher.any", "conf/dispatcher.any", true},
		{"blank, hash, per cent, question", "a b/c#d%20?.any", "a%20b/c%23d%2520%3F.any", true},
		{"letters", "größe.any", "gr%C3%B6%C3%9Fe.any", true},
		{"no UTF-8", "\xff.any", "%FF.any", true},
		{"colon in the first part", "a:b/c.any", "a%3Ab/c.any", true},
		{"above the folder", "../x.any", "../x.any", false},
		{"dots in the way", "./a/../b.any", "b.any", true},
		{"name like dots", "..a/b.any", "..a/b.any", true},
		{"absolute", "/etc/x y.any", "file:///etc/x%20y.any", false},
		{"drive", "C:/x y.any", "file:///C:/x%20y.any", false},
		{"share", "//host/x", "file://host/x", false},
		{"standard input", "<stdin>", "%3Cstdin%3E", false},
		{"inside the program", "example:cloud/a b.any", "example:cloud/a%20b.any", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := uriOf(tt.file)
			if got.text != tt.want || got.relative != tt.relative {
				t.Errorf("got %+v, want %s, relative: %v", got, tt.want, tt.relative)
			}
			if _, err := url.Parse(got.text); err != nil {
				t.Error(err)
			}
		})
	}
}

// rdjsonFixes applies suggestions by lines and byte columns, and compares.
func rdjsonFixes(t *testing.T, f *Findings) {
	t.Helper()
	var got rdResult
	if err := json.Unmarshal(written(t, "rdjson", f), &got); err != nil {
		t.Fatal(err)
	}
	for i, d := range f.List {
		var want [][]byte
		for _, fix := range d.Fixes {
			if len(fix.Edits) == 0 || slices.ContainsFunc(fix.Edits, func(e diag.Edit) bool { return e.Span.File != d.Span.File }) {
				continue
			}
			text, err := diag.Apply(d.Span.File, fix.Edits)
			if err != nil {
				t.Fatal(err)
			}
			if !textOnly(fix.Edits) {
				continue
			}
			want = append(want, text)
		}
		suggestions := got.Diagnostics[i].Suggestions
		if len(suggestions) != len(want) {
			t.Fatalf("finding %d has %d suggestions, want %d", i, len(suggestions), len(want))
		}
		for j, s := range suggestions {
			text := d.Span.File.Text
			from, to := byteOffset(text, s.Range.Start), byteOffset(text, s.Range.End)
			if changed := append(append(bytes.Clone(text[:from]), s.Text...), text[to:]...); !bytes.Equal(changed, want[j]) {
				t.Errorf("suggestion %d of finding %d gives %q, want %q", j, i, changed, want[j])
			}
		}
	}
}

func byteOffset(text []byte, p rdPosition) int {
	i := 0
	for line := 1; line < p.Line; line++ {
		i += bytes.IndexByte(text[i:], '\n') + 1
	}
	return i + p.Column - 1
}

func TestRDJSON(t *testing.T) {
	f := rich(t)
	rdjsonFixes(t, f)
	var got rdResult
	if err := json.Unmarshal(written(t, "rdjson", f), &got); err != nil {
		t.Fatal(err)
	}
	for i, d := range got.Diagnostics {
		if !slices.Contains([]string{"ERROR", "WARNING", "INFO"}, d.Severity) || d.Location.Path == "" || (d.Location.Range == nil) != f.List[i].Span.IsZero() {
			t.Errorf("diagnostic %d is %+v", i, d)
		}
	}
}
