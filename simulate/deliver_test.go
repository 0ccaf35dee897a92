package simulate

import (
	"net/http"
	"testing"
	"time"
)

// TestAppendTime: the form is that of http.TimeFormat, for any time.
func TestAppendTime(t *testing.T) {
	east := time.FixedZone("east", 5*60*60+30*60)
	for _, at := range []time.Time{
		{},
		time.Unix(0, 0),
		time.Date(2025, 11, 20, 8, 7, 6, 999_999_999, time.UTC),
		time.Date(2024, 2, 29, 23, 59, 59, 0, east),
		time.Date(2026, 1, 1, 3, 0, 0, 0, east), // still 2025 in UTC
		time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(-1, 6, 5, 4, 3, 2, 0, time.UTC),
	} {
		if got, want := string(appendTime([]byte("x"), at)), "x"+at.UTC().Format(http.TimeFormat); got != want {
			t.Errorf("%v: got %q, want %q", at, got, want)
		}
	}
	// Every month, weekday and two digits.
	for at := time.Date(2023, 12, 28, 0, 0, 0, 0, time.UTC); at.Year() < 2026; at = at.Add(25*time.Hour + 61*time.Second) {
		if got, want := string(appendTime(nil, at)), at.Format(http.TimeFormat); got != want {
			t.Fatalf("%v: got %q, want %q", at, got, want)
		}
	}
}
