package report

import (
	"slices"
	"testing"
)

func TestLookUp(t *testing.T) {
	answer := map[string]any{"filter": map[string]any{"action": "deny", "matched": []any{map[string]any{"rule": "/1"}}}, "cache": nil}
	tests := []struct {
		path  string
		want  any
		err   string
		known string
	}{
		{"filter.action", "deny", "", ""},
		{"filter.matched.0.rule", "/1", "", ""},
		{"cache.file", nil, "", ""},
		{"cache.no.such", nil, "", ""},
		{"filter.acton", nil, "filter has no acton", "action"},
		{"fliter", nil, "the answer has no fliter", "filter"},
		{"filter.matched.1", nil, "filter.matched has 1 entries and no 1", ""},
		{"filter.action.x", nil, "filter.action is a value and has no x", ""},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			got, err := Answer(answer).LookUp(tt.path)
			if tt.err == "" {
				if err != nil || got != tt.want {
					t.Errorf("got %v and error %v, want %v", got, err, tt.want)
				}
				return
			}
			path, ok := err.(*PathError)
			if !ok || path.Message != tt.err || tt.known != "" && !slices.Contains(path.Known, tt.known) {
				t.Errorf("got error %v, want %q that knows %q", err, tt.err, tt.known)
			}
		})
	}
}

func TestCompareLog(t *testing.T) {
	answer := Answer{"trace": []any{map[string]any{"message": "request declined"}}}
	for line, want := range map[string]bool{"request declined": true, "request": false} {
		if _, got, err := (Expectation{"log", line}).Compare(answer); err != nil || got != want {
			t.Errorf("log=%s: got %v and error %v, want %v", line, got, err, want)
		}
	}
}
