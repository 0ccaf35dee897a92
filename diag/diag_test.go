package diag

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/source"
)

func TestSeverityNames(t *testing.T) {
	for _, s := range []Severity{Hint, Info, Warning, Error} {
		if got, ok := ParseSeverity(s.String()); !ok || got != s {
			t.Errorf("%v is read back as %v, %v", s, got, ok)
		}
	}
	for _, name := range []string{"", "fatal", "ERROR"} {
		if s, ok := ParseSeverity(name); ok {
			t.Errorf("%q is read as %v", name, s)
		}
	}
	if got := Severity(0).String(); got != "severity(0)" {
		t.Errorf("no severity is called %s", got)
	}
}

func TestSort(t *testing.T) {
	a := source.NewFile("a.any", []byte("0123456789"))
	b := source.NewFile("b.any", []byte("0123456789"))
	ds := Sort([]Diagnostic{
		{Rule: "DSP002", Severity: Warning, Span: b.Span(0, 1), Message: "m"},
		{Rule: "DSP002", Severity: Warning, Span: a.Span(5, 6), Message: "m"},
		{Rule: "DSP001", Severity: Error, Span: a.Span(5, 6), Message: "m"},
		{Rule: "DSP003", Severity: Error, Span: a.Span(0, 1), Message: "m"},
		{Rule: "DSP002", Severity: Warning, Span: a.Span(5, 6), Message: "m", Included: []source.Span{b.Span(0, 1)}},
		{Rule: "DSP002", Severity: Warning, Span: a.Span(5, 6), Message: "another"},
	})
	var got []string
	for _, d := range ds {
		got = append(got, d.Span.File.Name+" "+d.Rule+" "+d.Message)
	}
	want := []string{"a.any DSP003 m", "a.any DSP001 m", "a.any DSP002 another", "a.any DSP002 m", "b.any DSP002 m"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if Worst(ds) != Error || Worst(nil) != 0 {
		t.Errorf("the worst is %v, of nothing %v", Worst(ds), Worst(nil))
	}
}

func TestApply(t *testing.T) {
	f := source.NewFile("a.any", []byte("0123456789"))
	other := source.NewFile("b.any", []byte("x"))
	tests := []struct {
		name  string
		edits []Edit
		want  string
		err   string
	}{
		{"nothing", nil, "0123456789", ""},
		{"in any order", []Edit{{f.Span(8, 10), "Z"}, {f.Span(0, 1), ""}, {f.Span(4, 4), "++"}}, "123++4567Z", ""},
		{"side by side", []Edit{{f.Span(2, 4), "a"}, {f.Span(4, 6), "b"}}, "01ab6789", ""},
		{"of another file", []Edit{{other.Span(0, 1), "y"}}, "0123456789", ""},
		{"overlapping", []Edit{{f.Span(2, 5), "a"}, {f.Span(4, 6), "b"}}, "", "a.any:1:5"},
		{"outside", []Edit{{f.Span(8, 11), "a"}}, "", "outside a.any"},
		{"backwards", []Edit{{f.Span(5, 4), "a"}}, "", "outside a.any"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Apply(f, tt.edits)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got error %v, want one with %q", err, tt.err)
				}
				return
			}
			if err != nil || string(got) != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}
