package simulate

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/match"
)

// TestRecordedCases reads a file of recorded and documented behaviour, engine.jsonl, from the folder that
// DISPCHECK_CASES names. Every field of every case is either checked, or its case or field is listed below with the
// stage that it waits for: what is neither fails.
func TestRecordedCases(t *testing.T) {
	f := openCases(t, "engine.jsonl")
	defer f.Close()
	checked, waiting := map[string]int{}, map[string]int{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c recordedCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		c.waiting = waiting
		t.Run(c.ID, func(t *testing.T) {
			if c.check(t) {
				checked[c.Area]++
			}
		})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	for _, area := range slices.Sorted(maps.Keys(checked)) {
		t.Logf("checked %d cases of %s", checked[area], area)
	}
	for _, why := range slices.Sorted(maps.Keys(waiting)) {
		t.Logf("waiting: %s (%d)", why, waiting[why])
	}
	if len(checked) == 0 {
		t.Errorf("no case of %s was checked", f.Name())
	}
}

// openCases opens a file of recorded cases, and skips the test where there are none.
func openCases(t *testing.T, name string) *os.File {
	t.Helper()
	dir := os.Getenv("DISPCHECK_CASES")
	if dir == "" {
		t.Skip("DISPCHECK_CASES names no folder of recorded cases")
	}
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// laterAreas are the areas of cases that other stages, or other packages, will check.
var laterAreas = map[string]string{
	"statlevel":  "stage invalidate: statfiles",
	"invalidate": "stage invalidate",
	"validity":   "stage lookup: validity of cache files",
	"lb":         "stage render: choice of a render, failover, cookies",
	"syntax":     "packages grammar, internal/expand and model",
	"apache":     "stage rewrite: httpd directives of the module",
	"log":        "reading dispatcher.log",
}

// laterFields are expectations of checked areas that other stages will check.
var laterFields = map[string]string{
	"stored":            "stage store: what the answer decides",
	"creates_directory": "stage store: folders",
	"checker_request":   "stage lookup: auth_checker",
	"delivered_from":    "stage lookup: auth_checker",
	"passes_headers":    "stage lookup: auth_checker",
	"fetches_vanity":    "stage vanity: fetching the list",
	"diagnostic":        "package rules: findings about a configuration",
}

// laterStates are states of the world that make a case one of another stage.
var laterStates = map[string]string{
	"vanity_file":    "stage vanity: the list",
	"fetch_status":   "stage vanity: the list",
	"cached":         "stage lookup: auth_checker",
	"checker_status": "stage lookup: auth_checker",
}

type recordedCase struct {
	ID             string          `json:"id"`
	Area           string          `json:"area"`
	Config         string          `json:"config"`
	Request        recordedRequest `json:"request"`
	Expect         map[string]any  `json:"expect"`
	State          map[string]any  `json:"state"`
	RenderResponse map[string]any  `json:"render_response"`

	waiting map[string]int
}

type recordedRequest struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Subject string            `json:"subject"`
	Headers map[string]string `json:"headers"`
}

// check checks what can be checked and reports whether that was anything.
func (c *recordedCase) check(t *testing.T) bool {
	if why, ok := laterAreas[c.Area]; ok {
		c.waiting[why]++
		return false
	}
	if c.Area == "glob" || c.Area == "regex" {
		c.checkPattern(t)
		return true
	}
	later := ""
	for key := range c.State {
		why, ok := laterStates[key]
		if !ok {
			t.Errorf("nothing is known of state %s", key)
		}
		later = why
	}
	fields := c.fields()
	for key := range c.Expect {
		_, known := fields[key]
		why, waits := laterFields[key]
		switch {
		case known == waits:
			t.Errorf("field %s is neither checked nor said to be another's", key)
		case waits:
			c.waiting[why]++
		}
	}
	if c.Request.URL == "" { // a case about the configuration alone
		for key := range c.Expect {
			if _, waits := laterFields[key]; waits {
				return false
			}
		}
		t.Error("the case has no request")
		return false
	}
	d, trace := c.decide(t)
	checked := false
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		want, ok := c.Expect[key]
		if !ok || later != "" && key == "log" {
			continue
		}
		checked = true
		if err := fields[key](d, trace, want); err != nil {
			t.Errorf("%s: %v\nconfig: %s\nrequest: %+v", key, err, c.Config, c.Request)
		}
	}
	if later != "" {
		c.waiting[later]++
	}
	return checked
}

// checkPattern compares the last pattern of the configuration with the subject.
func (c *recordedCase) checkPattern(t *testing.T) {
	var got bool
	switch {
	case strings.HasPrefix(c.Config, "'"):
		p, err := match.ERE(strings.TrimSuffix(c.Config[1:], "'"))
		if err != nil {
			t.Fatal(err)
		}
		got = p.Match(c.Request.Subject)
	case strings.HasPrefix(c.Config, "/glob"):
		config := decode(t, "/filter { /0001 { /type \"allow\" "+c.Config+" } }", Version{}, nil)
		got = config.Farms[0].Filter.Rules[0].Glob.Match(c.Request.Subject)
	default:
		config := decode(t, c.Config, Version{}, nil)
		got = config.Farms[0].Cache.Rules.Rules[0].Glob.Match(c.Request.Subject)
	}
	if want := c.Expect["match"].(bool); got != want {
		t.Errorf("match of %s and %q: got %v, want %v", c.Config, c.Request.Subject, got, want)
	}
	if len(c.Expect) != 1 {
		t.Errorf("more is expected than a match: %v", c.Expect)
	}
}

// completed is the configuration with what a snippet leaves out: a cache without /rules takes everything.
func (c *recordedCase) completed() string {
	text := c.Config
	if c.Area == "ignoreUrlParams" {
		text = "/cache { /docroot \"/d\" " + text + " }"
	}
	if i := strings.Index(text, "/cache {"); i >= 0 && !strings.Contains(text, "/rules") {
		i += len("/cache {")
		text = text[:i] + " /rules { /0000 { /glob \"*\" /type \"allow\" } }" + text[i:]
	}
	return text
}

func (c *recordedCase) decide(t *testing.T) (*Decision, *Trace) {
	t.Helper()
	method := c.Request.Method
	if method == "" {
		method = "GET"
	}
	r, err := NewRequest(method, c.Request.URL)
	if err != nil {
		t.Fatal(err)
	}
	if r.Host == "" {
		r.Host = "localhost"
	}
	for _, name := range slices.Sorted(maps.Keys(c.Request.Headers)) {
		r.Header = append(r.Header, Field{name, c.Request.Headers[name]})
	}
	e := New(decode(t, c.completed(), Version{}, nil), Options{})
	d, trace := new(Decision), new(Trace)
	if err := e.Decide(context.Background(), r, d, trace); err != nil {
		t.Fatal(err)
	}
	return d, trace
}

// fields are the expectations that are understood; the error says what is there instead.
func (c *recordedCase) fields() map[string]func(*Decision, *Trace, any) error {
	same := func(got, want any) error {
		if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
			return fmt.Errorf("got %s, want %s", g, w)
		}
		return nil
	}
	nothing := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	f := map[string]func(*Decision, *Trace, any) error{
		"path":      func(d *Decision, _ *Trace, want any) error { return same(d.Parts.Path, want) },
		"selectors": func(d *Decision, _ *Trace, want any) error { return same(d.Parts.Selectors(), want) },
		"extension": func(d *Decision, _ *Trace, want any) error { return same(nothing(d.Parts.Extension), want) },
		"suffix":    func(d *Decision, _ *Trace, want any) error { return same(nothing(d.Parts.Suffix), want) },
		"decision": func(d *Decision, _ *Trace, want any) error {
			return same(map[bool]string{true: "allow", false: "deny"}[d.Filter.Allow], want)
		},
		"rule": func(d *Decision, _ *Trace, want any) error {
			if d.Filter.Rule == nil {
				return same(nil, want)
			}
			return same(d.Filter.Rule.Label, want)
		},
		"status":  func(d *Decision, _ *Trace, want any) error { return same(d.Response.Status, want) },
		"farm":    func(d *Decision, _ *Trace, want any) error { return same(d.Farm.Farm.Name, want) },
		"matched": func(d *Decision, _ *Trace, want any) error { return same(d.Farm.Reason == FarmMatched, want) },
		"cacheable": func(d *Decision, _ *Trace, want any) error {
			return same(d.Cache.Cacheable, want)
		},
		"reason": func(d *Decision, _ *Trace, want any) error { return same(d.Cache.Log(), want) },
		"file":   func(d *Decision, _ *Trace, want any) error { return same(d.Cache.File(), want) },
		"cache_action": func(d *Decision, trace *Trace, want any) error {
			return hasLine(trace, fmt.Sprintf("cache-action for [%s]: %s", d.URI, want))
		},
		"query_ignored": func(d *Decision, trace *Trace, want any) error {
			return same(hasLine(trace, "Query string ignored: "+d.Query) == nil, want)
		},
		"vanity_list_consulted": func(_ *Decision, trace *Trace, want any) error {
			return same(hasLine(trace, "Checking vanity URLs") == nil, want)
		},
		"log": func(_ *Decision, trace *Trace, want any) error {
			for _, line := range want.([]any) {
				if err := hasLine(trace, line.(string)); err != nil {
					return err
				}
			}
			return nil
		},
		// since is the release that the other expectations hold from: the newest is what is asked here.
		"since": func(*Decision, *Trace, any) error { return nil },
		"level": func(*Decision, *Trace, any) error { return nil },
		"at":    func(*Decision, *Trace, any) error { return nil },
	}
	f["x_cache_info"] = func(d *Decision, _ *Trace, want any) error { return c.checkInfo(d, want) }
	f["x_cache_info_doc"] = func(*Decision, *Trace, any) error { return nil } // today's wording of x_cache_info
	if c.RenderResponse != nil {
		f["x_cache_info"] = func(*Decision, *Trace, any) error { c.waiting[laterFields["stored"]]++; return nil }
	}
	return f
}

// checkInfo compares X-Cache-Info: what is sent where the case asks for it with X-Dispatcher-Info, else what the
// module would say.
func (c *recordedCase) checkInfo(d *Decision, want any) error {
	got := d.Cache.Header()
	if _, asked := c.Request.Headers["X-Dispatcher-Info"]; !asked {
		got = d.Cache.Info()
		if !d.Cache.Cacheable {
			got = "not cacheable: " + got
		}
	}
	if w, _ := want.(string); got != w {
		return fmt.Errorf("got %q, want %v", got, want)
	}
	return nil
}

// hasLine looks for a line of the log, with or without its level.
func hasLine(trace *Trace, line string) error {
	for _, e := range trace.Events {
		if e.Message == line || fmt.Sprintf("[%s] %s", e.Level, e.Message) == line {
			return nil
		}
	}
	var b strings.Builder
	for _, e := range trace.Events {
		fmt.Fprintf(&b, "\n[%s] %s", e.Level, e.Message)
	}
	return fmt.Errorf("no line %q in the trace:%s", line, b.String())
}
