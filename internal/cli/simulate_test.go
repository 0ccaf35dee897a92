package cli

import (
	"testing"
	"time"
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
		{"-1", time.Time{}, false},
		{"1969-12-31T23:59:59Z", time.Time{}, false},
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
