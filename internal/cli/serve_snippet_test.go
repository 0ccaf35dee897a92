package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// TestServeSnippet: a snippet has no renders; what --publish names stands for one.
func TestServeSnippet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "filter.any")
	if err := os.WriteFile(file, []byte(`/filter { /0001 { /type "deny" /url "*" } /0002 { /type "allow" /url "/content/*" } }`), 0o644); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, "-c", file, "--publish", "example")
	waitFor(t, s.errs, "the fragment has no /renders: one is made for it")
	for path, want := range map[string]int{"/content/a.html": 200, "/bin/a": 404} {
		if got := s.get(t, path, "localhost"); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}

// TestServeOpenPage: a page that other machines reach is said to be one.
func TestServeOpenPage(t *testing.T) {
	s := startServe(t, "-c", "example:cloud", "--publish", "example", "--no-page=false", "--page", "0.0.0.0:0")
	waitFor(t, s.out, "EVERY MACHINE THAT REACHES THIS ONE MAY READ IT AND SEND")
}
