package spelling

import "testing"

func TestNearest(t *testing.T) {
	names := []string{"format", "output", "color", "config", "env", "env-file"}
	tests := []struct{ word, want string }{
		{"formt", "format"}, {"fromat", "format"}, {"formats", "format"}, {"outptu", "output"}, {"colour", "color"}, {"confg", "config"},
		{"evn", "env"}, {"env-", "env"}, {"out", "output"}, {"xyz", ""}, {"", ""}, {"co", ""}, {"banana", ""},
	}
	for _, tt := range tests {
		t.Run(tt.word, func(t *testing.T) {
			if got := Nearest(tt.word, names); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	for word, want := range map[string]string{"FORMAT": "", "Format": "format"} {
		if got := Nearest(word, names); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
	for _, word := range []string{"FORMAT", "FORMT"} {
		if got := NearestFold(word, names); got != "format" {
			t.Errorf("%s in any case: got %q", word, got)
		}
	}
}
