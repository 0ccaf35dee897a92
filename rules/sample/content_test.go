package sample

import "testing"

func TestContent(t *testing.T) {
	for path, want := range map[string]bool{"/content/x": true, "/us/en": true, "/bin/x": false, "/etc": false, "/binary/x": true, "/": true} {
		if got := Content(path); got != want {
			t.Errorf("%s: got %t, want %t", path, got, want)
		}
	}
}
