package serve_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/simulate"
)

// TestAgreesOnCorpus sends requests to each virtual host of each project of the corpus, as simulate asks them and over a
// connection.
func TestAgreesOnCorpus(t *testing.T) {
	dir, folders := testkit.CorpusSites(t)
	projects, compared, left := 0, 0, 0
	step := 1
	if testkit.Race { // other tests have more goroutines
		step = 2
	}
	for i := 0; i < len(folders); i += step {
		folder := folders[i]
		c, err := loaded(t.Context(), project.Options{Path: folder, WorkDir: dir})
		if err != nil || c.Config == nil {
			continue // a folder that is no project, or has no .any side
		}
		hosts := []string{"localhost", "www.example.com"}
		if c.Apache != nil {
			for _, h := range c.Apache.Hosts {
				if h.Name.Set && !strings.ContainsAny(h.Name.Host, "*${}\"") && !slices.Contains(hosts, h.Name.Host) && len(hosts) < 8 {
					hosts = append(hosts, h.Name.Host)
				}
			}
		}
		name, err := filepath.Rel(dir, folder)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			n, l := agree(t, c, corpusScenario(hosts), simulate.Options{}, nil)
			compared, left = compared+n, left+l
		})
		projects++
	}
	t.Logf("%d projects, %d requests compared, %d cannot be sent", projects, compared, left)
	if projects < 20 || compared < 1000 {
		t.Errorf("%d projects and %d requests are too few", projects, compared)
	}
}

// corpusScenario is requests to hosts, with a publish between.
func corpusScenario(hosts []string) string {
	var b strings.Builder
	b.WriteString("at: 2025-11-20T08:00:00Z\nrenders:\n  \"*\":\n    - when: {path: \"*.json\"}\n      respond: {headers: {Content-Type: application/json, Cache-Control: no-store}, body: \"{}\"}\n")
	b.WriteString("    - when: {path: \"*missing*\"}\n      respond: 404\n    - respond: {headers: {Content-Type: text/html, Set-Cookie: [a=1, b=2]}, body: \"" + strings.Repeat("page ", 40) + "\"}\nsteps:\n")
	for round := range 2 {
		for _, host := range hosts {
			for _, r := range []string{
				"GET /", "GET /content/site/en/home.html", "HEAD /content/site/en/home.html", "GET /content/site/en/home.html?utm_source=a", "GET /content/site/en/missing.html", "POST /content/site/en/form.html",
				"GET /etc.clientlibs/site/a.min.css", "GET /content/dam/a%20b.png", "GET /system/console", "GET /content/site/en.infinity.json", "GET /graphql/execute.json/site/a", "GET /%2e%2e/a", "GET //content///a.html",
			} {
				method, url, _ := strings.Cut(r, " ")
				fmt.Fprintf(&b, "  - {method: %s, url: %q, host: %q, headers: {X-Forwarded-Proto: https, Accept-Encoding: gzip, User-Agent: test, Cookie: \"login-token=x\"}}\n", method, url, host)
			}
		}
		if round == 0 {
			b.WriteString("  - advance: 5s\n  - publish: /content/site/en\n")
		}
	}
	return b.String()
}
