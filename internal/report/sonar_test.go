package report

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/source"
)

// sonarTakes checks a report as SonarQube does on import: every rule known, every range inside its lines and
// not empty.
func sonarTakes(t *testing.T, f *Findings) {
	t.Helper()
	var got sonarReport
	if err := json.Unmarshal(written(t, "sonar", f), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Issues) != len(f.List) {
		t.Errorf("%d issues, want %d", len(got.Issues), len(f.List))
	}
	ends := regexp.MustCompile("\r\n|\r|\n")
	for i, issue := range got.Issues {
		if !slices.ContainsFunc(got.Rules, func(r sonarRule) bool { return r.ID == issue.Rule }) {
			t.Errorf("nobody describes rule %q", issue.Rule)
		}
		d := f.List[i]
		r := issue.Primary.Range
		if (r == nil) != d.Span.IsZero() {
			t.Errorf("range of issue %d is %+v", i, r)
		}
		if r == nil {
			continue
		}
		lines := ends.Split(strings.TrimPrefix(string(d.Span.File.Text), "\ufeff"), -1)
		length := func(line int) int {
			if line < 1 || line > len(lines) {
				t.Fatalf("issue %d is in line %d of %d", i, line, len(lines))
			}
			return len(utf16.Encode([]rune(lines[line-1])))
		}
		length(r.StartLine)
		if r.StartColumn == nil {
			continue
		}
		from, to := *r.StartColumn, *r.EndColumn
		if from < 0 || from > length(r.StartLine) || to > length(r.EndLine) || r.EndLine < r.StartLine || r.EndLine == r.StartLine && from >= to {
			t.Errorf("issue %d has the range %d:%d to %d:%d in %q", i, r.StartLine, from, r.EndLine, to, d.Span.File.Text)
		}
	}
	for _, r := range got.Rules {
		if r.ID == "" || r.Name == "" || r.Description == "" || r.Attribute == "" || r.Engine != "dispcheck" || len(r.Impacts) != 1 ||
			!slices.Contains([]string{"HIGH", "MEDIUM", "LOW"}, r.Impacts[0].Severity) ||
			!slices.Contains([]string{"SECURITY", "RELIABILITY", "MAINTAINABILITY"}, r.Impacts[0].Quality) {
			t.Errorf("rule is %+v", r)
		}
	}
}

func TestSonar(t *testing.T) { sonarTakes(t, rich(t)) }

func TestSonarRange(t *testing.T) {
	span := func(text string, start, end int) source.Span {
		return source.NewFile("a.any", []byte(text)).Span(start, end)
	}
	at := func(line, endLine, column, endColumn int) *sonarRange {
		return &sonarRange{line, endLine, &column, &endColumn}
	}
	for _, tt := range []struct {
		name string
		span source.Span
		want *sonarRange
	}{
		{"none", source.Span{}, nil},
		{"plain", span("ab cd", 3, 5), at(1, 1, 3, 5)},
		{"wide characters", span("𝄞é x", 7, 8), at(1, 1, 4, 5)},
		{"empty takes the next character", span("a𝄞", 1, 1), at(1, 1, 1, 3)},
		{"empty at the end takes the last", span("a𝄞\r\n", 5, 5), at(1, 1, 1, 3)},
		{"line end only", span("ab\r\ncd", 2, 4), at(1, 2, 2, 0)},
		{"empty line", span("a\n\nb", 2, 2), &sonarRange{StartLine: 2}},
		{"empty text", span("", 0, 0), &sonarRange{StartLine: 1}},
		{"mark alone", span("\ufeff\n", 0, 3), &sonarRange{StartLine: 1}},
		{"after a mark", span("\ufeffab", 3, 5), at(1, 1, 0, 2)},
		{"carriage returns alone", span("a\rbc\rd", 2, 4), at(2, 2, 0, 2)},
		{"not UTF-8", span("\xff\xfex", 2, 3), at(1, 1, 2, 3)},
		{"lines", span("ab\ncd\n", 1, 5), at(1, 2, 1, 2)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, sonarRanges{}.of(tt.span)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
