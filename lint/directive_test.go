package lint

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/source"
)

func TestParseDirective(t *testing.T) {
	type read struct {
		Kind      directiveKind
		Word      string
		Names     []string
		Separated bool
		Reason    string
	}
	for _, tt := range []struct {
		text string
		want *read // nil: for people
	}{
		{"#", nil},
		{"# a comment", nil},
		{"# see dispcheck:ignore", nil},
		{"# dispcheck", nil},
		{"# dispcheck is a program", nil},
		{"# dispcheck ignores DSP155", nil},
		{"# dispcheck ignore that", nil},
		{"# dispchecker: no", nil},
		{"# dispatcher:ignore this", nil},
		{"# dispchek:ignore a", &read{Word: "ignore"}},
		{"# Disp-check: ignore-file a", &read{Word: "ignore-file"}},
		{"# dispcheck:", &read{}},
		{"#dispcheck:ignore DSP155 -- why", &read{ignoreLine, "ignore", []string{"DSP155"}, true, "why"}},
		{"### Dispcheck : Ignore-Start a,b ,c,,d", &read{ignoreStart, "Ignore-Start", []string{"a", "b", "c", "d"}, false, ""}},
		{"# dispcheck:ignore-file: a -- b -- c", &read{ignoreFile, "ignore-file", []string{"a"}, true, "b -- c"}},
		{"# dispcheck:ignore-end", &read{ignoreEnd, "ignore-end", nil, false, ""}},
		{"# dispcheck:ignore a --", &read{ignoreLine, "ignore", []string{"a"}, true, ""}},
		{"# dispcheck:ignore a ----- b", &read{ignoreLine, "ignore", []string{"a"}, true, "b"}},
		{"# dispcheck:ignore a--b", &read{ignoreLine, "ignore", []string{"a"}, true, "b"}},
		{"# dispcheck:ignore -- b", &read{ignoreLine, "ignore", nil, true, "b"}},
		{"# dispcheck:ignore a – b\r", &read{ignoreLine, "ignore", []string{"a"}, true, "b"}},
		{"# dispcheck:ingore a", &read{ignoreOther, "ingore", []string{"a"}, false, ""}},
		{"# dispcheck_ignore DSP155", &read{Word: "_ignore"}},
		{"# dispcheck ignore-file dsp155", &read{Word: " ignore-file"}},
	} {
		f := source.NewFile("a.any", []byte("x "+tt.text+"\n"))
		d, ok := parseDirective(f.Span(2, 2+len(tt.text)))
		if !ok {
			if tt.want != nil {
				t.Errorf("%q is taken as for people", tt.text)
			}
			continue
		}
		got := &read{d.kind, d.word.Text(), nil, d.separated, d.reason}
		for _, n := range d.names {
			got.Names = append(got.Names, n.Text())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q: %s", tt.text, diff)
		}
	}
}

func TestManyNames(t *testing.T) {
	text := "# dispcheck:ignore" + strings.Repeat(" a", maxNames+1) + " -- b"
	d, ok := parseDirective(source.NewFile("a.any", []byte(text)).Span(0, len(text)))
	if !ok || len(d.names) != maxNames || !d.more || d.reason != "b" {
		t.Errorf("%d names, more: %t, reason %q", len(d.names), d.more, d.reason)
	}
}

// FuzzParseDirective: whatever a comment says, its parts lie inside it, in order, and hold no blanks.
func FuzzParseDirective(f *testing.F) {
	for _, s := range []string{
		"# dispcheck:ignore DSP155, unknown-property -- reason", "# dispcheck:ignore-start a", "#dispcheck:ignore-end", "## Dispcheck : ignore-file: x--y",
		"# dispcheck-ignore DSP1", "# dispcheck:ingore", "# dispcheck: —", "# dispcheck:ignore a \xe2\x80", "#",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := source.NewFile("a.any", []byte("/a \"1\" "+text))
		at := file.Span(7, len(file.Text))
		d, ok := parseDirective(at)
		if !ok {
			return
		}
		last := d.word
		if !at.Contains(last) {
			t.Fatalf("word %v lies outside", last)
		}
		for _, n := range d.names {
			if !at.Contains(n) || n.Start < last.End || n.Len() == 0 || strings.ContainsAny(n.Text(), blanks+",") {
				t.Fatalf("name %q behind %q", n.Text(), last.Text())
			}
			last = n
		}
		if !strings.Contains(text, d.reason) || strings.Trim(d.reason, blanks) != d.reason || d.reason != "" && !d.separated {
			t.Fatalf("reason %q", d.reason)
		}
		if cut := without(at); cut.Start > at.Start || cut.End < at.End {
			t.Fatalf("%v does not cover the comment", cut)
		}
		d.proseAt(func(name string) bool { return name == "a" })
		d.label()
	})
}
