package page

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/dispcheck/dispcheck/internal/testkit"
)

// TestCorpus shows requests to each project of the corpus: every place that decided has its text, and every view is told.
func TestCorpus(t *testing.T) {
	dir, folders := testkit.CorpusSites(t)
	shown := 0
	for _, folder := range folders {
		s, err := loadTestSite(t.Context(), folder, dir)
		if err != nil {
			continue // a folder that is no project, or one that does not start
		}
		shown++
		name, err := filepath.Rel(dir, folder)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			h := newHandler(s, Options{Listen: "127.0.0.1:8081"})
			hosts := []string{"unknown.example"}
			if host := s.apache.UsualHost(); host != "" {
				hosts = append(hosts, host)
			}
			for _, host := range hosts {
				for _, url := range []string{"/", "/content/site/en.html", "/content/site/en.html?q=1", "/content/dam/a.png", "/bin/querybuilder.json", "/etc.clientlibs/a.min.css"} {
					id, err := s.Send(t.Context(), Request{Method: "GET", URL: url, Host: host, Header: [][2]string{{"X-Forwarded-Proto", "https"}}})
					if err != nil {
						t.Errorf("%s%s: %v", host, url, err)
						continue
					}
					x := decoded[explanationJSON](t, asked(h, "GET", fmt.Sprintf("/api/request?id=%d", id), ""))
					everyPlaceHasText(t, &x)
				}
			}
			decoded[cacheJSON](t, asked(h, "GET", "/api/cache", ""))
			for _, r := range decoded[[]ruleJSON](t, asked(h, "GET", "/api/rules", "")) {
				if r.Text == "" || r.At == nil {
					t.Errorf("%+v has no text", r)
				}
			}
			for _, f := range decoded[[]fileJSON](t, asked(h, "GET", "/api/files", "")) {
				if f.Name == "" || f.Lines == 0 {
					t.Errorf("got %+v", f)
				}
			}
		})
	}
	if shown < 10 {
		t.Errorf("%d projects only", shown)
	}
	t.Logf("%d projects", shown)
}
