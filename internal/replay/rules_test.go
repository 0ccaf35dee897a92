package replay_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/rules"
)

// logsOfRules are logs that show what a rule is about.
func logsOfRules() map[string]string {
	var pages, campaign strings.Builder
	for i := range 200 {
		fmt.Fprintf(&pages, "/content/site/%d.html\n", i)
		fmt.Fprintf(&campaign, "/content/site/%d.html?fbclid=%d\n", i%7, i)
	}
	// Each site is visited and published, so that it has its statfile, then the cache fills, and one is published again: the eighth
	// flush is one of those after which the cache is looked at.
	publishes := []string{"0 flush /content/s0/en/0"}
	for site := range 6 {
		publishes = append(publishes, fmt.Sprintf("1 /content/s%d/en/0.html", site), fmt.Sprintf("2 flush /content/s%d/en/0", site))
	}
	for site := range 6 {
		for page := range 20 {
			publishes = append(publishes, fmt.Sprintf("10 /content/s%d/en/%d.html", site, page))
		}
	}
	publishes = append(publishes, "60 flush /content/s0/en/1", "61 /content/s0/en/1.html")
	return map[string]string{"DSP950": pages.String(), "DSP959": dispatcherLog(publishes...), "DSP960": campaign.String()}
}

// TestRulesOfLogs: of each rule that needs a log the bad example is reported, under its name and severity, and the good one is not.
func TestRulesOfLogs(t *testing.T) {
	logs := logsOfRules()
	tried := 0
	for _, r := range rules.All() {
		if r.Reported != lint.ByLog {
			continue
		}
		tried++
		t.Run(r.ID, func(t *testing.T) {
			for good, want := range map[bool]int{false: 1, true: 0} {
				text := r.Doc.Examples(good)[0].Text + `/renders { /0 { /hostname "localhost" /port "4503" } }`
				files := fstest.MapFS{"dispatcher.any": {Data: []byte(text)}}
				o := load(t, project.Options{FS: files, Path: "dispatcher.any"}, false).options()
				o.Host, o.Forecast, o.Log.Flushes = "www.example.com", true, true
				found := 0
				for _, f := range run(t, o, textInput("log", logs[r.ID], o.Log)).Summary(3).Findings {
					if f.Rule == r.ID {
						found++
						if f.Name != r.Name || f.Message == "" || f.Help == "" {
							t.Errorf("got %+v, of rule %s", f, r.Name)
						}
					}
				}
				if found != want {
					t.Errorf("good example %t: got %d findings, want %d", good, found, want)
				}
			}
		})
	}
	if tried != len(logs) {
		t.Errorf("%d rules need a log, and there are logs for %d", tried, len(logs))
	}
}
