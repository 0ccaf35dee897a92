package simulate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A flushCase is a recorded case of a flush.
type flushCase struct {
	ID, Area, Config string
	Request          struct {
		Method, URL, Body, ClientIP string
		Headers                     map[string]string
	}
	State  struct{ Files []string }
	Expect map[string]any
}

// TestRecordedFlushes checks the recorded cases of the areas statlevel and invalidate, from the file of
// [TestRecordedCases]: every field of every case.
func TestRecordedFlushes(t *testing.T) {
	f := openCases(t, "engine.jsonl")
	defer f.Close()
	checked := map[string]int{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var area struct{ Area string }
		if err := json.Unmarshal(lines.Bytes(), &area); err != nil {
			t.Fatal(err)
		}
		if area.Area != "statlevel" && area.Area != "invalidate" {
			continue
		}
		var c flushCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		checked[c.Area]++
		t.Run(c.ID, func(t *testing.T) { c.check(t) })
	}
	if checked["statlevel"] == 0 || checked["invalidate"] == 0 {
		t.Errorf("checked %v", checked)
	}
	t.Logf("checked %v", checked)
}

func (c *flushCase) check(t *testing.T) {
	config := c.Config
	if !strings.HasPrefix(config, "/farms") {
		// The farm's name is that of the lines that are expected.
		config = "/farms { /" + c.farm() + " { /virtualhosts { \"*\" } /renders { /r { /hostname \"127.0.0.1\" } } " + config + " } }"
	}
	docroot := "/d"
	if m := regexp.MustCompile(`/docroot "([^"]*)"`).FindStringSubmatch(config); m != nil {
		docroot = m[1]
	}
	store := &flushStore{}
	root, time := store.root(docroot), NewTimeline(flushTime(1000))
	e := New(decode(t, config, Version{}, nil), Options{Store: store, Now: time.Now})
	handle := c.Request.Headers["CQ-Handle"]
	files := c.State.Files
	for _, p := range c.patterns() { // what a pattern names has to be there to be deleted
		files = append(files, strings.Replace(strings.TrimSuffix(p, "/"), ".*", ".html", 1)+map[bool]string{true: "/x.html"}[!strings.Contains(p, ".*")])
	}
	if strings.Count(handle, "/") > 1 { // folders on a handle's path exist
		files = append(files, handle[:strings.LastIndexByte(handle, '/')]+"/unrelated.png")
	}
	for _, name := range files {
		root.put(name, flushTime(0))
	}
	method, url := c.Request.Method, c.Request.URL
	if method == "" {
		method = "GET"
	}
	if url == "" {
		url = "/dispatcher/invalidate.cache"
	}
	r := &Request{Method: method, Target: url, Host: "flush"}
	for name, value := range c.Request.Headers {
		r.Header = append(r.Header, Field{name, value})
	}
	if c.Request.Body != "" {
		r.Body, r.Length = strings.NewReader(c.Request.Body), int64(len(c.Request.Body))
	}
	if c.Request.ClientIP != "" {
		r.Client = netip.MustParseAddr(c.Request.ClientIP)
	}
	w := &flushWorld{e, root, time}
	var trace Trace
	d := w.decideFlush(t, r, &trace)
	v := &d.Invalidation
	gone := func(name string) bool {
		return !slices.ContainsFunc(root.names(true), func(n string) bool { return n == name || strings.HasPrefix(n, name+"/") })
	}
	for key, want := range c.Expect {
		switch key {
		case "touched":
			sameList(t, key, want, v.Touched)
		case "touched_absolute":
			sameList(t, key, want, v.TouchedOutside)
		case "statfile_ignored":
			sameList(t, key, []any{}, v.TouchedOutside)
		case "levels":
			var got []string
			for _, name := range v.Touched {
				got = append(got, fmt.Sprint(strings.Count(name, "/")-1))
			}
			sameList(t, key, want, got)
		case "not_touched":
			for _, name := range want.([]any) {
				if slices.Contains(v.Touched, name.(string)) {
					t.Errorf("%s was touched", name)
				}
			}
		case "deleted":
			for _, name := range want.([]any) {
				if !gone(name.(string)) || !slices.Contains(append(v.Deleted, v.Folders...), name.(string)) {
					t.Errorf("%s was not deleted: %s, %s", name, v.Deleted, v.Folders)
				}
			}
			if got := len(v.Folders) + len(v.Deleted); got < len(want.([]any)) {
				t.Errorf("only %d were deleted", got)
			}
		case "deleted_patterns":
			for _, p := range c.patterns() {
				name := strings.Replace(strings.TrimSuffix(p, "/"), ".*", ".html", 1)
				if !gone(name) {
					t.Errorf("%s is there", name)
				}
			}
		case "directory_en_deleted":
			if got := slices.Contains(v.Folders, handle); got != want {
				t.Errorf("%s: got %v, want %v", key, got, want)
			}
		case "kept":
			for _, name := range want.([]any) {
				if gone(name.(string)) {
					t.Errorf("%s is gone", name)
				}
			}
		case "stale":
			for _, name := range want.([]any) {
				found := false
				err := e.Survey(t.Context(), e.Config().Farms[0], AtOnce, func(f CachedFile) error {
					if f.Name == name {
						found = true
						if f.Validity.Fresh {
							t.Errorf("%s: %s", name, f.Validity.Why())
						}
					}
					return nil
				})
				if err != nil || !found {
					t.Errorf("%s was not found: %v", name, err)
				}
			}
		case "status":
			if fmt.Sprint(d.Response.Status) != fmt.Sprint(want) {
				t.Errorf("status: got %d", d.Response.Status)
			}
		case "body_length":
			if fmt.Sprint(d.Response.Length) != fmt.Sprint(want) {
				t.Errorf("length: got %d", d.Response.Length)
			}
		case "refetch":
			var got []string
			for _, page := range v.Refetched {
				got = append(got, page.URL)
			}
			sameList(t, key, want, got)
		case "handler_args":
			sameList(t, key, want, v.Handler[1:])
		case "forwarded_to_render":
			if v.Forwarded != want {
				t.Errorf("%s: got %v", key, v.Forwarded)
			}
		case "log":
			for _, line := range want.([]any) {
				// How long it took is the recording's.
				text := regexp.MustCompile(` [0-9]+ms$`).ReplaceAllString(line.(string), " 0ms")
				if err := hasLine(&trace, text); err != nil {
					t.Error(err)
				}
			}
		default:
			t.Errorf("nothing is known of %s", key)
		}
	}
}

// farm returns the name of the farm in the lines that are expected.
func (c *flushCase) farm() string {
	lines, _ := c.Expect["log"].([]any)
	for _, line := range lines {
		if m := regexp.MustCompile(`\[(\w+)/-\]`).FindStringSubmatch(line.(string)); m != nil {
			return m[1]
		}
	}
	return "publish"
}

func (c *flushCase) patterns() []string {
	var list []string
	patterns, _ := c.Expect["deleted_patterns"].([]any)
	for _, p := range patterns {
		list = append(list, p.(string))
	}
	return list
}

func sameList(t *testing.T, key string, want any, got []string) {
	t.Helper()
	list := []string{}
	for _, w := range want.([]any) {
		list = append(list, fmt.Sprint(w))
	}
	if diff := cmp.Diff(list, append([]string{}, got...)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", key, diff)
	}
}
