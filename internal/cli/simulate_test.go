package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

func TestParseTime(t *testing.T) {
	tests := []struct {
		text string
		want time.Time
		ok   bool
	}{
		{"2025-11-20T08:00:00Z", time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC), true},
		{"2025-11-20T08:00:00.5+01:00", time.Date(2025, 11, 20, 7, 0, 0, 5e8, time.UTC), true},
		{"1763625600", time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC), true},
		{"0", time.Unix(0, 0), true},
		{"-1", time.Unix(-1, 0), true},
		{"1763625600000000", time.Time{}, false},
		{"2025-11-20", time.Time{}, false},
		{"", time.Time{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := parseTime(tt.text)
			if (err == nil) != tt.ok {
				t.Fatalf("got error %v, want ok %v", err, tt.ok)
			}
			if tt.ok && !got.Equal(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestCompleteRequest(t *testing.T) {
	tests := []struct {
		name, url, host string
		given           bool
		wantHost, want  string
		notes           int
	}{
		{"path", "/a", "", false, "localhost", "/a", 1},
		{"absolute", "https://h:8443/a?b#c", "", false, "h:8443", "/a?b", 1},
		{"no host", "/a", "", true, "", "/a", 0},
		{"host", "/a#", "x", true, "x", "/a", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := simulate.NewRequest("GET", tt.url)
			if err != nil {
				t.Fatal(err)
			}
			s := scenarioRequest{request: r}
			if tt.given {
				s.add("hOST", tt.host)
			}
			s.complete(nil)
			if r.Host != tt.wantHost || r.Target != tt.want || len(s.notes) != tt.notes {
				t.Errorf("got host %q, target %q, notes %q; want %q, %q and %d notes", r.Host, r.Target, s.notes, tt.wantHost, tt.want, tt.notes)
			}
		})
	}
}

func TestLookUp(t *testing.T) {
	answer := map[string]any{"filter": map[string]any{"action": "deny", "matched": []any{map[string]any{"rule": "/1"}}}, "cache": nil}
	tests := []struct {
		path string
		want any
		err  string
	}{
		{"filter.action", "deny", ""},
		{"filter.matched.0.rule", "/1", ""},
		{"cache.file", nil, ""},
		{"cache.no.such", nil, ""},
		{"filter.acton", nil, "filter has no acton; did you mean action?"},
		{"fliter", nil, "the answer has no fliter; did you mean filter?"},
		{"filter.matched.1", nil, "filter.matched has 1 entries and no 1"},
		{"filter.action.x", nil, "filter.action is a value and has no x"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			got, err := lookUp(answer, tt.path)
			switch {
			case tt.err == "" && err != nil:
				t.Fatal(err)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Fatalf("got error %v, want one with %q", err, tt.err)
			case got != tt.want:
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// FuzzScenarioLine: no line of a scenario breaks anything, and one that is taken is a whole request.
func FuzzScenarioLine(f *testing.F) {
	for _, s := range []string{
		"GET /a", "GET /a host", "GET", "POST https://u@h:1/x?y#z", `{"method":"GET","url":"/a"}`, `{"method":"GET","url":"/a","headers":{"A":["b"]}}`,
		`{"method":`, `{"method":1,"url":[]}`, `{}{}`, `{"method":"GET","url":"/","headers":{"":"x"}}`, "{", "\x00 \xff",
	} {
		f.Add(s)
	}
	in := &invocation{values: values{"client-ip": {{value: "127.0.0.1"}}}}
	f.Fuzz(func(t *testing.T, row string) {
		row = strings.TrimSpace(row)
		if row == "" || strings.ContainsAny(row, "\r\n") {
			return
		}
		var s scenarioRequest
		var err error
		if row[0] == '{' {
			s, err = in.jsonRequest([]byte(row))
		} else {
			s, err = in.wordRequest(row)
		}
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: the error is %q", row, err)
			}
			return
		}
		s.complete(nil)
		if s.request.Method == "" || s.request.Target == "" {
			t.Errorf("%q: taken as %+v", row, s.request)
		}
	})
}
