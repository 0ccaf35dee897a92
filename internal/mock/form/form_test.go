package form

import (
	"errors"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

func TestParseDuration(t *testing.T) {
	tests := []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"0", 0, true}, {"200ms", 200 * time.Millisecond, true}, {"1.5s", 1500 * time.Millisecond, true}, {"2h30m", 150 * time.Minute, true},
		{"7d", 7 * 24 * time.Hour, true}, {"1d12h", 36 * time.Hour, true}, {"-10m", -10 * time.Minute, true}, {"-1d1h", -25 * time.Hour, true}, {"3650d", maxDuration, true},
		{"", 0, false}, {"-", 0, false}, {"10", 0, false}, {"00", 0, false}, {"s", 0, false}, {"d", 0, false}, {".5s", 0, false}, {"1.s", 0, false}, {"1.5d", 0, false}, {"1d0", 0, false},
		{"+1s", 0, false}, {"--1s", 0, false}, {"1d-1h", 0, false}, {"1h1d", 0, false}, {"1s ", 0, false}, {"3651d", 0, false}, {"3650d1s", 0, false}, {"99999999999999h", 0, false}, {"99999999999d", 0, false},
	}
	for _, tt := range tests {
		got, err := ParseDuration(tt.text)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q: got %v, %v; want %v, ok %v", tt.text, got, err, tt.want, tt.ok)
		}
	}
}

func TestParseTime(t *testing.T) {
	tests := []struct {
		text string
		want time.Time
		ok   bool
	}{
		{"2025-11-20T08:00:00Z", time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC), true},
		{"2025-11-20T08:00:00.5+01:00", time.Date(2025, 11, 20, 7, 0, 0, 5e8, time.UTC), true},
		{"1763625600", time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC), true},
		{"-1", time.Time{}, false}, {"1969-12-31T23:59:59Z", time.Time{}, false}, {"0", time.Unix(0, 0), true},
		{"1763625600000", time.Time{}, false}, {"+5", time.Time{}, false}, {"2025-11-20", time.Time{}, false}, {"", time.Time{}, false},
	}
	for _, tt := range tests {
		got, ok := ParseTime(tt.text)
		if ok != tt.ok || ok && !got.Equal(tt.want) {
			t.Errorf("%q: got %v, %v; want %v, %v", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	names := []string{"status", "headers", "body", "body-delay", "delay"}
	for word, want := range map[string]string{
		"stauts": "did you mean status?", "Status": "did you mean status?", "heade": "did you mean headers?", "xyz": "known are status, headers, body, body-delay, delay", "bdy": "did you mean body?",
	} {
		if got := DidYouMean(word, names); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
}

// TestErrors: all mistakes are told, in the order of the text, and not without end.
func TestErrors(t *testing.T) {
	root, err := yamltext.Parse(source.NewFile("t.yaml", []byte("b: 1\na: 2\n")))
	if err != nil {
		t.Fatal(err)
	}
	var r Reader
	if r.Err() != nil || r.Failed() {
		t.Error("mistakes before any")
	}
	r.Failf(root.Entries[1].Key, "", "second")
	r.Failf(root.Entries[0].Key, "do this", "first")
	r.Merge(root, errors.New("of others"))
	got := r.Err()
	if want := "t.yaml:1:1: first; do this\nt.yaml:1:1: of others\nt.yaml:2:1: second"; got.Error() != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
	var one *yamltext.Error
	if !errors.As(got, &one) || one.Message != "first" {
		t.Errorf("errors.As gives %v", one)
	}
	for range 1000 {
		r.Failf(root, "", "again")
	}
	if n := len(r.Err().(Errors)); n != maxErrors {
		t.Errorf("%d mistakes are kept", n)
	}
}
