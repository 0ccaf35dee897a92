package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/audit"
)

// TestClassNames: completion and checks know the classes of the data.
func TestClassNames(t *testing.T) {
	var names []string
	for _, c := range audit.Classes() {
		names = append(names, c.Name)
	}
	if !slices.Equal(names, classNames()) {
		t.Errorf("the data has the classes\n%q, the command\n%q", names, classNames())
	}
}

// auditJSON runs the command and returns what it prints.
func auditJSON(t testing.TB, args ...string) (out struct {
	Summary struct{ Probes, Requests, Exposed int }
}) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := Main(append([]string{"dispcheck", "audit", "--format", "json", "--no-project-config"}, args...), strings.NewReader(""), &stdout, &stderr)
	if code > 1 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// BenchmarkAudit audits the cloud example: through httpd, and the Dispatcher alone. The ratio of the two is what httpd costs.
func BenchmarkAudit(b *testing.B) {
	for _, bb := range []struct {
		name string
		args []string
	}{{"site", nil}, {"dispatcher", []string{"--no-httpd"}}} {
		b.Run(bb.name, func(b *testing.B) {
			args := append([]string{"-c", "example:cloud"}, bb.args...)
			requests := auditJSON(b, args...).Summary.Requests
			b.ResetTimer()
			for b.Loop() {
				if code := Main(append([]string{"dispcheck", "audit", "--no-project-config"}, args...), strings.NewReader(""), io.Discard, io.Discard); code != 0 {
					b.Fatalf("exit code %d", code)
				}
			}
			b.ReportMetric(float64(requests)*float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
