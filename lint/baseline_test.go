package lint_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

// marked returns a finding for each ! of a text, by the rule whose last digit follows it.
func marked(name, text string) []diag.Diagnostic {
	f := source.NewFile(name, []byte(text))
	var ds []diag.Diagnostic
	for i := range len(text) - 1 {
		if text[i] == '!' {
			ds = append(ds, diag.Diagnostic{Rule: "DSP80" + text[i+1:i+2], Span: f.Span(i, i+2), Message: "message " + text[i+1:i+2], Severity: diag.Error})
		}
	}
	return ds
}

func TestBaseline(t *testing.T) {
	const before = "/a !1\n/b !1\n\t/c  !1\n/same !2\n/same !2\n/x !3 !3\n"
	for _, tt := range []struct {
		name, file, after string
		fresh             []string // places
		gone              int
	}{
		{"nothing changed", "a.any", before, nil, 0},
		{"lines moved", "a.any", "\n# new\n/same !2\n/b !1\n/x !3 !3\n/a !1\n\n/same !2\n/c !1\n", nil, 0},
		{"blanks changed", "a.any", strings.ReplaceAll(before, " ", "  \t"), nil, 0},
		{"line ends changed", "a.any", strings.ReplaceAll(before, "\n", "\r\n"), nil, 0},
		{"one more of the same", "a.any", before + "/same !2\n", []string{"a.any:7:7"}, 0},
		{"one more on the line", "a.any", strings.Replace(before, "!3 !3", "!3 !3 ", 1) + "/y !3", []string{"a.any:7:4"}, 0},
		{"one of the same is gone", "a.any", strings.Replace(before, "/same !2\n", "", 1), nil, 1},
		{"line changed", "a.any", strings.Replace(before, "/b !1", "/b !1 x", 1), []string{"a.any:2:4"}, 1},
		{"another rule", "a.any", strings.Replace(before, "/a !1", "/a !4", 1), []string{"a.any:1:4"}, 1},
		{"another file", "b.any", "/a !1\n", []string{"b.any:1:4"}, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fresh, known, gone := lint.NewBaseline(marked("a.any", before), nil).Split(marked(tt.file, tt.after), nil)
			var places []string
			for _, d := range fresh {
				places = append(places, placeOf(d.Span))
			}
			if diff := cmp.Diff(tt.fresh, places); diff != "" {
				t.Error(diff)
			}
			if n := len(marked(tt.file, tt.after)); len(known)+len(fresh) != n || len(gone) != tt.gone {
				t.Errorf("%d known, %d fresh of %d; %d gone, want %d", len(known), len(fresh), n, len(gone), tt.gone)
			}
		})
	}
	t.Run("in any order", func(t *testing.T) {
		ds := marked("a.any", before+"/same !2\n")
		reversed := []diag.Diagnostic{}
		for _, d := range ds {
			reversed = append([]diag.Diagnostic{d}, reversed...)
		}
		fresh, _, _ := lint.NewBaseline(marked("a.any", before), nil).Split(reversed, nil)
		if len(fresh) != 1 || placeOf(fresh[0].Span) != "a.any:7:7" {
			t.Errorf("fresh is %s", said(fresh))
		}
	})
}

func TestFingerprints(t *testing.T) {
	ds := append(marked("a.any", "/a !1\n/a !1\n/b !1\n"), diag.Diagnostic{Rule: "DSP801"})
	prints := lint.Fingerprints(ds, nil)
	seen := map[string]bool{}
	for _, p := range prints {
		if len(p) != 32 || seen[p] {
			t.Errorf("fingerprint %q is short or there twice", p)
		}
		seen[p] = true
	}
	alone := func(d diag.Diagnostic) string { return lint.Fingerprints([]diag.Diagnostic{d}, nil)[0] }
	if alone(ds[0]) != prints[0] || alone(ds[1]) != prints[0] || alone(ds[3]) != prints[3] {
		t.Error("the first of equal findings has another fingerprint when it is alone")
	}
	if got, want := prints[0], "575933c3509a7c6e3cfe81d42f7b24bf"; got != want {
		t.Errorf("got %s, want %s: baselines that were written before are void", got, want)
	}
}

// TestBaselineNames: with names of their own, findings are known whatever is shown; a baseline of before is read as it was
// written.
func TestBaselineNames(t *testing.T) {
	const text = "/a !1\n/b !2\n"
	inRoot := func(f *source.File) string { return strings.TrimPrefix(f.Name, "site/") }
	b := lint.NewBaseline(marked("site/a.any", text), inRoot)
	if b.Entries[0].File != "a.any" {
		t.Errorf("the entry is of %s", b.Entries[0].File)
	}
	if fresh, known, gone := b.Split(marked("a.any", text), inRoot); len(fresh) > 0 || len(known) != 2 || len(gone) > 0 {
		t.Errorf("from another folder: %d fresh, %d known, %d gone", len(fresh), len(known), len(gone))
	}
	if fresh, _, _ := b.Split(marked("other/a.any", text), inRoot); len(fresh) != 2 {
		t.Errorf("another file: %d fresh", len(fresh))
	}
	unnamed := func(*source.File) string { return "" }
	if fresh, _, _ := lint.NewBaseline(marked("x.any", text), nil).Split(marked("x.any", text), unnamed); len(fresh) > 0 {
		t.Errorf("without a name of its own: %d fresh", len(fresh))
	}
	old := lint.NewBaseline(marked("site/a.any", text), nil)
	old.Shown = true
	var out bytes.Buffer
	if err := old.Write(&out); err != nil || !strings.Contains(out.String(), `"dispcheck.baseline/v1"`) {
		t.Fatalf("%v in\n%s", err, out.String())
	}
	read, err := lint.ReadBaseline("b.json", &out)
	if err != nil || !read.Shown {
		t.Fatalf("read %+v, %v", read, err)
	}
	if fresh, known, _ := read.Split(marked("site/a.any", text), inRoot); len(fresh) > 0 || len(known) != 2 {
		t.Errorf("a baseline of before: %d fresh, %d known", len(fresh), len(known))
	}
	if fresh, _, _ := read.Split(marked("a.any", text), inRoot); len(fresh) != 2 {
		t.Errorf("a baseline of before, from another folder: %d fresh", len(fresh))
	}
}

func TestBaselineFile(t *testing.T) {
	ds := append(marked("b.any", "/ü <!1>\n"), marked("a.any", "/a !2\n/a !1\n/a !1\n")...)
	for name, list := range map[string][]diag.Diagnostic{"some": ds, "none": nil} {
		t.Run(name, func(t *testing.T) {
			b := lint.NewBaseline(list, nil)
			var out bytes.Buffer
			if err := b.Write(&out); err != nil {
				t.Fatal(err)
			}
			if lines := strings.Count(out.String(), "\n"); len(list) > 0 && lines != len(list)+5 {
				t.Errorf("%d lines for %d findings:\n%s", lines, len(list), out.String())
			}
			for _, text := range []string{out.String(), "\ufeff" + out.String(), strings.Replace(out.String(), "{", `{"later": [{"a": 1}],`, 1)} {
				got, err := lint.ReadBaseline("baseline.json", strings.NewReader(text))
				if err != nil {
					t.Fatalf("%v in\n%s", err, text)
				}
				if diff := cmp.Diff(b.Entries, got.Entries); diff != "" {
					t.Error(diff)
				}
				if fresh, known, gone := got.Split(list, nil); len(fresh) > 0 || len(gone) > 0 || len(known) != len(list) {
					t.Errorf("%d fresh, %d gone", len(fresh), len(gone))
				}
			}
		})
	}
	if err := lint.NewBaseline(ds, nil).Write(brokenWriter{}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("writing ended with %v", err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestReadBaselineErrors(t *testing.T) {
	const head = "{\n  \"schema\": \"dispcheck.baseline/v2\",\n  \"findings\": "
	const print = "00112233445566778899aabbccddeeff"
	entry := `{"fingerprint": "` + print + `", "rule": "DSP801", "file": "a.any", "message": "m"}`
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "b.json:1:1: baseline ends before it is complete"},
		{"no JSON", "hello", "b.json:1:1: baseline is not JSON here: invalid character 'h' looking for beginning of value"},
		{"a list", "[]", "b.json:1:1: baseline is no object; make it anew with --write-baseline"},
		{"no schema", `{"findings": []}`, "b.json:1:1: baseline has no schema; make it anew with --write-baseline"},
		{"no findings", `{"schema": "dispcheck.baseline/v2"}`, "b.json:1:1: baseline has no findings; make it anew with --write-baseline"},
		{"another version", "{\n \"schema\": \"dispcheck.baseline/v9\"}", `b.json:2:12: schema is "dispcheck.baseline/v9", and "dispcheck.baseline/v2" is read here; make it anew with --write-baseline`},
		{"schema is a number", `{"schema": 1}`, "b.json:1:12: schema is no text; make it anew with --write-baseline"},
		{"findings are an object", head + "{}}", "b.json:3:15: findings are no list; make it anew with --write-baseline"},
		{"entry is a text", head + `["x"]}`, "b.json:3:16: entry is string and no object; make it anew with --write-baseline"},
		{"rule is a number", head + "[\n" + `{"fingerprint": "` + print + `", "rule": 1}]}`, "b.json:4:1: rule of the entry is number and no text"},
		{"fingerprint is short", head + "[\n" + `{"fingerprint": "00", "rule": "DSP801"}]}`, "b.json:4:1: fingerprint of the entry is not 32 hexadecimal digits; make it anew with --write-baseline"},
		{"fingerprint is no number", head + "[\n" + `{"fingerprint": "` + strings.Repeat("xy", 16) + `", "rule": "DSP801"}]}`, "b.json:4:1: fingerprint of the entry is not 32 hexadecimal digits; make it anew with --write-baseline"},
		{"no rule", head + "[\n" + `{"fingerprint": "` + print + `"}]}`, "b.json:4:1: entry names no rule; make it anew with --write-baseline"},
		{"twice", head + "[\n" + entry + ",\n" + entry + "]}", "b.json:5:1: entry is there twice, first on line 4; remove one of them"},
		{"cut off", head + "[\n" + entry + ",\n", "b.json:5:1: baseline ends before it is complete"},
		{"cut off in an entry", head + "[\n" + entry[:20], "b.json:4:21: baseline ends before it is complete"},
		{"merge conflict", head + "[\n<<<<<<< ours\n" + entry, "b.json:4:1: baseline is not JSON here: invalid character '<' looking for beginning of value"},
		{"text behind", head + "[]}\nx", "b.json:4:1: baseline is not JSON here: invalid character 'x' after top-level value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := lint.ReadBaseline("b.json", strings.NewReader(tt.text))
			var b *lint.BaselineError
			if !errors.As(err, &b) || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	if _, err := lint.ReadBaseline("b.json", iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
	if _, err := lint.ReadBaseline("b.json", endless{}); err == nil || !strings.Contains(err.Error(), "larger than 32 MiB") {
		t.Errorf("endless: %v", err)
	}
}

// endless is a text without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
