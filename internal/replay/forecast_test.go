package replay_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/replay"
)

// logAt writes lines of dispatcher.log and of the CDN from short ones: SECOND URL [STATUS], or SECOND flush HANDLE.
func cdnLog(lines ...string) string {
	var b strings.Builder
	for _, l := range lines {
		var second, status int
		var url string
		n, _ := fmt.Sscan(l, &second, &url, &status)
		if n < 3 {
			status = 200
		}
		at := time.Date(2026, 5, 26, 9, 0, 0, 0, time.UTC).Add(time.Duration(second) * time.Second)
		fmt.Fprintf(&b, `{"timestamp":"%s","host":"www.example.com","url":"%s","method":"GET","status":%d}`+"\n", at.Format("2006-01-02T15:04:05-0700"), url, status)
	}
	return b.String()
}

func dispatcherLog(lines ...string) string {
	var b strings.Builder
	for _, l := range lines {
		var second int
		var url, handle string
		n, _ := fmt.Sscan(l, &second, &url, &handle)
		at := time.Date(2026, 5, 26, 9, 0, 0, 0, time.UTC).Add(time.Duration(second) * time.Second).Format("02/Jan/2006:15:04:05 -0700")
		if n == 3 && url == "flush" {
			fmt.Fprintf(&b, "[%s] [I] [pod-1] Activation detected: action=Activate [%s]\n", at, handle)
			fmt.Fprintf(&b, `[%s] [I] [pod-1] "GET /dispatcher/invalidate.cache" 200 purge [site/-] 3ms`+"\n", at)
			continue
		}
		fmt.Fprintf(&b, `[%s] [I] [pod-1] "GET %s" - 5ms [site/0] [action %s] "www.example.com"`+"\n", at, url, cmpOr(handle, "miss"))
	}
	return b.String()
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func TestForecast(t *testing.T) {
	cache := strings.Replace(farm, `/rules {`, `/statfileslevel "2" /enableTTL "1" /invalidate { /0000 { /glob "*.html" /type "allow" } } /rules {`, 1)
	for _, tt := range []struct {
		name string
		log  string
		ttl  time.Duration
		want replay.Forecast
	}{
		{"the first is a miss", cdnLog("0 /content/a.html", "1 /content/a.html", "2 /content/b.html", "3 /content/a.html"), 0,
			replay.Forecast{Requests: 4, Hits: 2, Misses: 2}},
		{"what was answered with an error is not stored", cdnLog("0 /content/a.html 500", "1 /content/a.html 404", "2 /content/a.html", "3 /content/a.html"), 0,
			replay.Forecast{Requests: 4, Hits: 1, Misses: 3}},
		{"queries and denied ones do not come to the cache", cdnLog("0 /content/a.html?x=1", "1 /bin/a.html", "2 /content/a.html"), 0,
			replay.Forecast{Requests: 1, Misses: 1, Uncacheable: 1}},
		{"a time to live", cdnLog("0 /content/a.html", "10 /content/a.html", "70 /content/a.html", "80 /content/a.html"), time.Minute,
			replay.Forecast{Requests: 4, Hits: 2, Misses: 1, Expired: 1}},
		{"a flush", dispatcherLog("0 /content/a/b.html", "1 /content/a/c.png", "2 /content/a/b.html", "10 flush /content/a/x", "20 /content/a/b.html", "21 /content/a/c.png", "22 /content/a/b.html"), 0,
			replay.Forecast{Requests: 6, Hits: 3, Misses: 2, Stale: 1, Flushes: 1, Surveyed: 1, Fanout: 1, FanoutOf: 2, FanoutFarm: "site"}},
		{"a flush elsewhere, where the page's folder has a statfile of its own", dispatcherLog("0 /content/a/b.html", "1 flush /content/a/x", "2 /content/a/b.html", "10 flush /content/b/x", "20 /content/a/b.html"), 0,
			replay.Forecast{Requests: 3, Hits: 1, Misses: 1, Stale: 1, Flushes: 2, Surveyed: 2, Fanout: 1, FanoutOf: 2, FanoutFarm: "site"}},
		{"a flush of which nothing is known", cdnLog("0 /content/a.html", "1 /dispatcher/invalidate.cache", "2 /content/a.html"), 0,
			replay.Forecast{Requests: 2, Hits: 1, Misses: 1, FlushesUnknown: 1}},
		{"time goes back", cdnLog("5 /content/a.html", "1 /content/a.html"), 0, replay.Forecast{Requests: 2, Hits: 1, Misses: 1, Back: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := unitOf(t, fmt.Sprintf(vhost, ""), fmt.Sprintf(cache, "", "", ""))
			o := p.options()
			o.Forecast, o.TTL, o.Log.Flushes, o.Jobs = true, tt.ttl, true, 2
			got := run(t, o, textInput("log", tt.log, o.Log)).Summary(3)
			if diff := cmp.Diff(&tt.want, got.Forecast); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

// TestCalibrate: what the log says of farm and cache is held against what is decided.
func TestCalibrate(t *testing.T) {
	p := unitOf(t, fmt.Sprintf(vhost, ""), fmt.Sprintf(farm, "", "", ""))
	o := p.options()
	o.Calibrate = true
	log := dispatcherLog("0 /content/a.html miss", "1 /content/a.html hit", "2 /bin/x blocked", "3 /content/b blocked", "4 /content/c none", "5 /bin/y miss") +
		strings.ReplaceAll(dispatcherLog("6 /content/a.html hit"), "[site/0]", "[other/0]")
	a := run(t, o, textInput("log", log, o.Log)).Summary(3).Agreement
	var farms, farmsAgree, actions, actionsAgree int64
	for i := range a.Cells {
		c := &a.Cells[i]
		if c.HasFarm() {
			farms += c.Lines
			if c.FarmAgrees() {
				farmsAgree += c.Lines
			}
		}
		if c.HasAction() {
			actions += c.Lines
			if c.ActionAgrees() {
				actionsAgree += c.Lines
			}
		}
	}
	if farms != 7 || farmsAgree != 6 || actions != 7 || actionsAgree != 5 {
		t.Errorf("farms %d of %d, actions %d of %d agree", farmsAgree, farms, actionsAgree, actions)
	}
}

func TestFindings(t *testing.T) {
	p := unitOf(t, fmt.Sprintf(vhost, ""), fmt.Sprintf(farm, "", "", ""))
	o := p.options()
	o.Host = "www.example.com"
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "/content/%d.html\n/content/%d.html?fbclid=%d\n/content/%d\n", i, i, i, i)
	}
	var got []string
	for _, f := range run(t, o, textInput("log", b.String(), o.Log)).Summary(3).Findings {
		got = append(got, fmt.Sprintf("%s %s %d", f.Rule, f.Message, f.At.Line))
	}
	want := []string{
		"DSP950 66 % of the requests that /filter lets through are never cacheable 0",
		"DSP960 parameter fbclid alone keeps 100 requests out of the cache 9",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}
