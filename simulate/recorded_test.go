package simulate_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/displog"
	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/expand"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// TestRecordedExchanges reads recorded and documented behaviour, engine.jsonl, from the folder that DISPCHECK_CASES
// names: the cases with a cache, renders or more than one request, which TestRecordedCases leaves out. A field that is not
// known fails.
func TestRecordedExchanges(t *testing.T) {
	dir := os.Getenv("DISPCHECK_CASES")
	if dir == "" {
		t.Skip("DISPCHECK_CASES names no folder of recorded cases")
	}
	f, err := os.Open(filepath.Join(dir, "engine.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	checked := map[string]int{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c exchange
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if !c.mine() {
			continue
		}
		checked[c.Area]++
		t.Run(c.ID, func(t *testing.T) { c.check(t) })
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	for _, area := range slices.Sorted(maps.Keys(checked)) {
		t.Logf("checked %d cases of %s", checked[area], area)
	}
	if len(checked) == 0 {
		t.Error("no case was checked")
	}
}

// An exchange is one recorded case.
type exchange struct {
	ID       string            `json:"id"`
	Area     string            `json:"area"`
	Config   string            `json:"config"`
	Files    map[string]string `json:"files"`
	Env      map[string]string `json:"env"`
	Expect   map[string]any    `json:"expect"`
	State    map[string]any    `json:"state"`
	Response map[string]any    `json:"render_response"`
	Request  struct {
		Method    string            `json:"method"`
		URL       string            `json:"url"`
		Headers   map[string]string `json:"headers"`
		Body      string            `json:"body"`
		ClientIP  string            `json:"clientIp"`
		TLS       bool              `json:"tls"`
		Event     string            `json:"event"`
		Line      string            `json:"line"`
		Status    int               `json:"render_status"`
		Original  string            `json:"original"`
		Rewritten string            `json:"rewritten"`
		RawURL    string            `json:"raw_url"`
	} `json:"request"`
}

// mine reports whether the case is one of this test.
func (c *exchange) mine() bool {
	switch c.Area {
	case "statlevel", "validity", "invalidate", "lb", "auth_checker", "apache", "log", "syntax":
		return true
	case "cacheable", "vanity", "filter":
		for _, key := range []string{"creates_directory", "diagnostic", "fetches_vanity"} {
			if c.Expect[key] != nil {
				return true
			}
		}
		return c.Response != nil || len(c.State) > 0
	}
	return false
}

func (c *exchange) check(t *testing.T) {
	switch c.Area {
	case "log":
		c.checkLine(t)
		return
	case "syntax":
		c.checkSyntax(t)
		return
	}
	w := c.world(t)
	for key, want := range c.Expect {
		check, ok := exchangeFields[key]
		if !ok {
			t.Errorf("nothing is known of field %s", key)
			continue
		}
		if err := check(w, want); err != nil {
			t.Errorf("%s: %v\nconfig: %s\nrequest: %+v\nstate: %v\ntrace:%s", key, err, c.Config, c.Request, c.State, w.lines())
		}
	}
}

// A world is a case that was run.
type world struct {
	c        *exchange
	t        *testing.T
	engine   *simulate.Engine
	time     *simulate.Timeline
	begin    time.Time
	store    *docroot.Memory
	root     simulate.Docroot
	before   []string // files before the request
	version  simulate.Version
	asked    []simulate.RenderRequest
	decision simulate.Decision
	trace    simulate.Trace
}

// farmName is what the case calls the farm, where it does.
var farmName = regexp.MustCompile(`\[([a-z]+)/[^\]]*\] \d+ms|in farm ([a-z]+)`)

var logAddress = regexp.MustCompile(`(\d+\.\d+\.\d+\.\d+):(\d+)`)

// said is all texts of the expectations.
func (c *exchange) said() string {
	text, _ := json.Marshal(c.Expect)
	return string(text)
}

// completed is the configuration with what the snippet leaves out: a cache without /rules takes everything, a farm
// without /renders has one.
func (c *exchange) completed() string {
	text := c.Config
	if c.Area == "apache" {
		text = `/cache { /docroot "/d" }`
	}
	if !strings.Contains(text, "/docroot") && (strings.Contains(text, "/propagateSyndPost") || c.Area == "invalidate") {
		text += "\n/cache { /docroot \"/d\" }"
	}
	if i := strings.Index(text, "/cache {"); i >= 0 && !strings.Contains(text, "/rules") {
		i += len("/cache {")
		text = text[:i] + ` /rules { /0000 { /glob "*" /type "allow" } }` + text[i:]
	}
	if !strings.Contains(text, "/renders") {
		text += "\n/renders { /r { /hostname \"localhost\" /port \"4503\" } }"
	}
	name := "publish"
	if m := farmName.FindStringSubmatch(c.said()); m != nil {
		name = m[1] + m[2]
	}
	return "/farms { /" + name + " { /virtualhosts { \"*\" }\n" + text + "\n} }"
}

// world sets the stage and sends the request.
func (c *exchange) world(t *testing.T) *world {
	w := &world{c: c, t: t, begin: time.Unix(1_700_000_000, 0)}
	if now, ok := c.State["now"]; ok {
		w.begin = moment(t, now)
	} else if stat, ok := c.State["nearest_stat"]; ok {
		w.begin = moment(t, stat).Add(24 * time.Hour)
	}
	w.time = simulate.NewTimeline(w.begin)
	o := simulate.Options{Now: w.time.Now, Sleep: w.time.Sleep, Backend: w}
	for _, key := range []any{c.State["dispatcherVersion"], c.Expect["since"]} {
		if v, ok := key.(string); ok {
			var err error
			if o.Version, err = simulate.ParseVersion(v); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	w.version = o.Version
	target, processed := c.Request.URL, ""
	if c.Area == "apache" && !strings.HasPrefix(c.Config, "LogFormat") {
		if err := simulate.ParseDirective(&o.Directives, c.Config); err != nil {
			t.Fatal(err)
		}
		if c.Request.RawURL != "" {
			target = c.Request.RawURL
		}
		if c.Request.Original != "" {
			target, processed = c.Request.Original, c.Request.Rewritten
		}
	}
	if target == "" {
		target = "/x.html"
		if c.Request.Headers["CQ-Handle"] != "" {
			target = "/dispatcher/invalidate.cache"
		}
	}
	config := decodeText(t, c.completed(), o.Version, c.Env)
	w.store = new(docroot.Memory)
	o.Store = w.store
	w.fill(config)
	w.engine = simulate.New(config, o)
	if c.Request.Event == "startup" {
		if err := w.engine.Start(context.Background(), &w.trace); err != nil {
			t.Fatal(err)
		}
		return w
	}
	w.warmUp(config)
	method := c.Request.Method
	if method == "" {
		method = "GET"
	}
	r, err := simulate.NewRequest(method, target)
	if err != nil {
		t.Fatal(err)
	}
	r.Processed = processed
	if c.Request.TLS {
		r.TLS = true
	}
	if r.Host == "" {
		r.Host = "localhost"
	}
	r.Client = netip.MustParseAddr("127.0.0.1")
	if c.Request.ClientIP != "" {
		r.Client = netip.MustParseAddr(c.Request.ClientIP)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Request.Headers)) {
		if name != "Host" {
			r.Header = append(r.Header, simulate.Field{Name: name, Value: c.Request.Headers[name]})
		}
	}
	if c.Request.Body != "" {
		r.Body, r.Length = strings.NewReader(c.Request.Body), int64(len(c.Request.Body))
	}
	w.before = w.files()
	w.begin = w.time.Now()
	w.asked = nil
	if err := w.engine.Decide(context.Background(), r, &w.decision, &w.trace); err != nil {
		t.Fatal(err)
	}
	return w
}

// moment reads an epoch number or RFC 3339.
func moment(t *testing.T, v any) time.Time {
	t.Helper()
	switch v := v.(type) {
	case float64:
		return time.Unix(int64(v), 0)
	case string:
		at, err := time.Parse(time.RFC3339, v)
		if err == nil {
			return at
		}
	}
	t.Fatalf("%v is no time", v)
	return time.Time{}
}

// fill puts into the cache what the case says, and the folders on the handle's path.
func (w *world) fill(config *model.Config) {
	w.t.Helper()
	cache := config.Farms[0].Cache
	if cache == nil {
		return
	}
	dir := strings.TrimRight(cache.Docroot.Value, "/")
	put := func(name string, at time.Time) {
		if err := w.store.Put(dir, name, []byte("body"), at); err != nil {
			w.t.Fatal(err)
		}
	}
	old := w.begin.Add(-time.Hour)
	switch files := w.c.State["files"].(type) {
	case map[string]any:
		for name, at := range files {
			put(name, moment(w.t, at))
		}
	case []any:
		for _, name := range files {
			put(name.(string), old)
		}
	}
	if stat, ok := w.c.State["stat"].(map[string]any); ok {
		for name, at := range stat {
			put(name, moment(w.t, at))
		}
	}
	if at, ok := w.c.State["nearest_stat"]; ok {
		put(path.Dir(w.c.Request.URL)+"/.stat", moment(w.t, at))
	}
	if w.c.State["cached"] == true {
		put(w.c.Request.URL, old)
	}
	if h := w.c.Request.Headers["CQ-Handle"]; h != "" && w.c.State["files"] == nil {
		if err := w.store.PutFolder(dir, path.Dir(h)); err != nil {
			w.t.Fatal(err)
		}
		for _, p := range []string{".html", ".print.html", ".html.h", "/_jcr_content/x.png", "/child.html"} {
			put(h+p, old)
		}
		put(h+"es.html", old)
	}
	if refetched := strings.TrimSpace(w.c.Request.Body); strings.HasPrefix(refetched, "/") {
		put(refetched, old)
	}
	var err error
	if w.root, err = w.store.Docroot(dir); err != nil {
		w.t.Fatal(err)
	}
}

// warmUp gives the renders scores in the order that the case has, by letting them answer slowly.
func (w *world) warmUp(config *model.Config) {
	scores, ok := w.c.State["scores"].(map[string]any)
	if !ok {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(scores)) {
		for category, score := range scores[name].(map[string]any) {
			url := map[string]string{"html": "/warm.html", "search": "/warm-search.html", "others": "/warm.png"}[category]
			r := simulate.Request{Method: "POST", Target: url, Host: "localhost", Header: simulate.Header{{Name: "Cookie", Value: "renderid=" + name}, {Name: "X-Delay", Value: fmt.Sprint(score)}}}
			var d simulate.Decision
			if err := w.engine.Decide(context.Background(), &r, &d, nil); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// RoundTrip answers as the case says.
func (w *world) RoundTrip(ctx context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
	w.asked = append(w.asked, *q)
	c := w.c
	addr := simulate.RenderAddr(q.Render)
	if m := logAddress.FindString(c.said()); m != "" {
		addr = m
	}
	if v, ok := q.Header.Value("X-Delay"); ok {
		n, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return nil, err
		}
		return answer(200, nil, "slow"), w.time.Sleep(ctx, time.Duration(n*float64(100*time.Millisecond)))
	}
	if c.State["every_connect"] == "times out" || strings.Contains(c.said(), "Unable to connect") {
		err := w.time.Sleep(ctx, time.Duration(q.Render.Timeout.Value)*time.Millisecond)
		return nil, errors.Join(err, &simulate.ConnectError{Addr: addr, Err: strerror{syscall.ETIMEDOUT, "Connection timed out"}})
	}
	if s, _ := c.State["render"].(string); strings.HasPrefix(s, "stalls before") {
		return nil, errors.Join(w.time.Sleep(ctx, time.Duration(q.Render.ReceiveTimeout.Value)*time.Millisecond), simulate.ErrReceiveTimeout)
	}
	number := func(m map[string]any, key string, otherwise int) int {
		if n, ok := m[key].(float64); ok {
			return int(n)
		}
		return otherwise
	}
	switch q.Purpose {
	case simulate.ForHealth:
		return answer(number(c.Response, "health_check_status", 200), nil, "health"), nil
	case simulate.ForPermission:
		return answer(number(c.State, "checker_status", 200), simulate.Header{{Name: "Set-Cookie", Value: "a=b"}, {Name: "X-Other", Value: "c"}}, ""), nil
	case simulate.ForVanityList:
		list := ""
		for i := range 18 {
			list += fmt.Sprintf("/vanity%d\n", i)
		}
		a := answer(number(c.State, "fetch_status", 200), nil, list)
		a.Addr = addr
		return a, nil
	}
	status := number(c.Response, "status", 200)
	if c.Request.Status != 0 {
		status = c.Request.Status
	}
	var h simulate.Header
	if headers, ok := c.Response["headers"].(map[string]any); ok {
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			h = append(h, simulate.Field{Name: name, Value: fmt.Sprint(headers[name])})
		}
	}
	body := "<html>"
	if v, ok := h.Value("Content-Length"); ok && v == "0" {
		body = ""
	}
	return answer(status, h, body), nil
}

// strerror is an error of the system with the words that the C library has for it.
type strerror struct {
	syscall.Errno
	text string
}

func (e strerror) Error() string { return e.text }
func (e strerror) Unwrap() error { return e.Errno }

func answer(status int, h simulate.Header, body string) *simulate.Answer {
	return &simulate.Answer{Status: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// files are the names in the cache.
func (w *world) files() []string {
	if w.root == nil {
		return nil
	}
	var out []string
	var walk func(dir string)
	walk = func(dir string) {
		list, err := w.root.List(dir)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range list {
			name := path.Join(dir, e.Name)
			out = append(out, name)
			if e.Kind == simulate.FileFolder {
				walk(name)
			}
		}
	}
	walk("/")
	return out
}

func (w *world) lines() string {
	var b strings.Builder
	for _, e := range w.trace.Events {
		fmt.Fprintf(&b, "\n[%s] %s", e.Level, e.Message)
	}
	return b.String()
}

// hasLine looks for a line of the log, with or without its level. Of a summary the milliseconds may differ.
func (w *world) hasLine(line string) error {
	for _, e := range w.trace.Events {
		with := fmt.Sprintf("[%s] %s", e.Level, e.Message)
		if e.Message == line || with == line {
			return nil
		}
		got, ok := displog.ParseSummary(e.Message)
		want, also := displog.ParseSummary(strings.TrimPrefix(line, "[I] "))
		if ok && also {
			got.Millis, got.Render = want.Millis, want.Render
			if got == want {
				return nil
			}
		}
	}
	return fmt.Errorf("no line %q", line)
}

func same(got, want any) error {
	if fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}

// list gives a list of texts.
func list(v any) []string {
	out := []string{}
	if v, ok := v.([]any); ok {
		for _, e := range v {
			out = append(out, fmt.Sprint(e))
		}
	}
	return out
}

func (w *world) renderNames(p simulate.Purpose) []string {
	var out []string
	for _, q := range w.asked {
		if q.Purpose == p {
			out = append(out, q.Render.Name)
		}
	}
	return out
}

// info is what X-Cache-Info says, or would say.
func (w *world) info() string {
	v := &w.decision.Cache
	if got, ok := w.decision.Response.Header.Value("X-Cache-Info"); ok {
		return got
	}
	return v.Header()
}

// deleted reports whether a name, and all below it, has gone.
func (w *world) deleted(name string) bool {
	for _, f := range w.files() {
		if f == name || strings.HasPrefix(f, name+"/") {
			return false
		}
	}
	return true
}

// exchangeFields are the expectations that are understood.
var exchangeFields = map[string]func(*world, any) error{
	"since":            func(*world, any) error { return nil },
	"x_cache_info_doc": func(*world, any) error { return nil },
	"x_cache_info":     func(w *world, want any) error { return same(w.info(), want) },
	"stored":           func(w *world, want any) error { return same(w.decision.Cache.Stored, want) },
	"reason":           func(w *world, want any) error { return same(w.decision.Cache.Log(), want) },
	"cacheable":        func(w *world, want any) error { return same(w.decision.Cache.Cacheable, want) },
	"file":             func(w *world, want any) error { return same(w.decision.Cache.File(), want) },
	"creates_directory": func(w *world, want any) error {
		info, err := w.root.Stat(strings.TrimPrefix(fmt.Sprint(want), w.docroot()))
		if err != nil || info.Kind != simulate.FileFolder {
			return fmt.Errorf("got %v (%v), want folder %v", info.Kind, err, want)
		}
		return nil
	},
	"touched": func(w *world, want any) error { return same(w.decision.Invalidation.Touched, list(want)) },
	"touched_absolute": func(w *world, want any) error {
		return same(w.decision.Invalidation.TouchedOutside, list(want))
	},
	"not_touched": func(w *world, want any) error {
		for _, name := range list(want) {
			if slices.Contains(w.decision.Invalidation.Touched, name) {
				return fmt.Errorf("%s was touched", name)
			}
		}
		return nil
	},
	"levels": func(w *world, want any) error {
		got := []any{}
		for _, name := range w.decision.Invalidation.Touched {
			got = append(got, strings.Count(name, "/")-1)
		}
		return same(got, want)
	},
	"statfile_ignored": func(w *world, want any) error {
		return same(len(w.decision.Invalidation.TouchedOutside) == 0, want)
	},
	"status": func(w *world, want any) error { return same(w.decision.Response.Status, want) },
	"log": func(w *world, want any) error {
		for _, line := range list(want) {
			if err := w.hasLine(line); err != nil {
				return err
			}
		}
		return nil
	},
	"level": func(w *world, want any) error {
		for _, line := range list(w.c.Expect["log"]) {
			if err := w.hasLine(fmt.Sprintf("[%v] %s", want, line)); err != nil {
				return err
			}
		}
		if text, ok := w.c.Expect["diagnostic"]; ok {
			return w.warned(fmt.Sprint(text))
		}
		return nil
	},
	"diagnostic": func(w *world, want any) error { return w.warned(fmt.Sprint(want)) },
	"at":         func(*world, any) error { return nil }, // warned looks for it
	"summary":    func(w *world, want any) error { return w.hasLine(fmt.Sprint(want)) },
	"action": func(w *world, want any) error {
		return w.hasLine(fmt.Sprintf("cache-action for [%s]: %s", w.c.Request.URL, want))
	},
	"serves_stale": func(w *world, want any) error { return same(w.decision.Cache.ServedStale, want) },
	"creates": func(w *world, want any) error {
		files := w.files()
		for _, name := range list(want) {
			if !slices.Contains(files, strings.TrimPrefix(name, w.docroot())) {
				return fmt.Errorf("no %s in %v", name, files)
			}
		}
		return nil
	},
	"ttl_mtime": func(w *world, want any) error {
		info, err := w.root.Stat(w.c.Request.URL + ".ttl")
		if err != nil {
			return err
		}
		return same("now+"+strconv.FormatInt(int64(info.Mod.Sub(w.begin)/time.Second), 10)+"s", want)
	},
	"deleted": func(w *world, want any) error {
		for _, name := range list(want) {
			if !w.deleted(name) {
				return fmt.Errorf("%s is still there", name)
			}
			if v := &w.decision.Invalidation; !slices.Contains(slices.Concat(v.Deleted, v.Folders), name) {
				return fmt.Errorf("%s is not in %v or %v", name, v.Deleted, v.Folders)
			}
		}
		return nil
	},
	"kept": func(w *world, want any) error {
		for _, name := range list(want) {
			if w.deleted(name) {
				return fmt.Errorf("%s has gone", name)
			}
		}
		return nil
	},
	"stale": func(w *world, want any) error {
		var got []string
		w.time.Advance(time.Second)
		err := w.engine.Survey(context.Background(), w.engine.Config().Farms[0], simulate.AfterGrace, func(f simulate.CachedFile) error {
			if !f.Validity.Fresh {
				got = append(got, f.Name)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return same(got, list(want))
	},
	"deleted_patterns": func(w *world, want any) error {
		after := w.files()
		for _, p := range list(want) {
			for _, f := range w.before {
				ok, err := path.Match(p, f)
				if err != nil {
					return err
				}
				if ok = ok || strings.HasPrefix(f, strings.TrimSuffix(p, "/")+"/"); ok && slices.Contains(after, f) {
					return fmt.Errorf("%s matches %s and is still there", f, p)
				}
			}
		}
		for _, f := range after {
			if f == w.c.Request.Headers["CQ-Handle"]+"es.html" {
				return nil
			}
		}
		return fmt.Errorf("too much was deleted: %v is left", after)
	},
	"directory_en_deleted": func(w *world, want any) error {
		return same(w.deleted(w.c.Request.Headers["CQ-Handle"]), want)
	},
	"refetch": func(w *world, want any) error {
		var got []string
		for _, r := range w.decision.Invalidation.Refetched {
			got = append(got, r.URL)
			if !r.Stored || r.Status != 200 {
				return fmt.Errorf("%+v was not stored", r)
			}
		}
		return same(got, list(want))
	},
	"handler_args": func(w *world, want any) error { return same(w.decision.Invalidation.Handler[1:], list(want)) },
	"body_length":  func(w *world, want any) error { return same(w.decision.Response.Length, want) },
	"forwarded_to_render": func(w *world, want any) error {
		return same(len(w.renderNames(simulate.ForFlush)) > 0, want)
	},
	"category": func(w *world, want any) error {
		if c := w.decision.Render.Category; c != nil {
			return same(c.Name, want)
		}
		return same("none", want)
	},
	"render": func(w *world, want any) error { return same(w.decision.Render.Render.Name, want) },
	"retry_on_other_render": func(w *world, want any) error {
		return same(len(w.renderNames(simulate.ForClient)) > 1, want)
	},
	"health_check_called": func(w *world, want any) error {
		return same(len(w.renderNames(simulate.ForHealth)) > 0, want)
	},
	"client_status": func(w *world, want any) error { return same(w.decision.Response.Status, want) },
	"client_status_one_of": func(w *world, want any) error {
		if !slices.Contains(list(want), fmt.Sprint(w.decision.Response.Status)) {
			return fmt.Errorf("got %d, want one of %v", w.decision.Response.Status, want)
		}
		return nil
	},
	"elapsed_ms_between": func(w *world, want any) error {
		bounds := want.([]any)
		if ms := float64(w.decision.Took.Milliseconds()); ms < bounds[0].(float64) || ms > bounds[1].(float64) {
			return fmt.Errorf("got %v ms, want %v", ms, want)
		}
		return nil
	},
	"sets_cookie_renderid": func(w *world, want any) error { return same(w.cookie() != "", want) },
	"cookie":               func(w *world, want any) error { return same(strings.SplitN(w.cookie(), "=", 2)[0], want) },
	"attributes": func(w *world, want any) error {
		for _, a := range list(want) {
			if !strings.Contains(w.cookie()+";", "; "+a+";") {
				return fmt.Errorf("no %s in %q", a, w.cookie())
			}
		}
		return nil
	},
	"checker_request": func(w *world, want any) error {
		for _, q := range w.asked {
			if q.Purpose == simulate.ForPermission {
				return same(q.Method+" "+q.Target, want)
			}
		}
		return errors.New("the checker was not asked")
	},
	"delivered_from": func(w *world, want any) error { return same(w.decision.Response.From, want) },
	"passes_headers": func(w *world, want any) error {
		for _, name := range list(want) {
			if !w.decision.Response.Header.Has(name) {
				return fmt.Errorf("no %s in %v", name, w.decision.Response.Header)
			}
		}
		if w.decision.Response.Header.Has("X-Other") {
			return errors.New("X-Other was passed on, too")
		}
		return nil
	},
	"decision": func(w *world, want any) error {
		return same(map[bool]string{true: "allow", false: "deny"}[w.decision.Filter.Allow], want)
	},
	"vanity_list_consulted": func(w *world, want any) error { return same(w.hasLine("Checking vanity URLs") == nil, want) },
	"fetches_vanity":        func(w *world, want any) error { return same(len(w.asked) > 0, want) },
	"handed_to_apache":      func(w *world, want any) error { return same(w.decision.Response.ByHTTPD, want) },
	"handled":               func(w *world, want any) error { return same(w.decision.Outcome != simulate.Declined, want) },
	"filter_url": func(w *world, want any) error {
		if want == "sanitized" {
			want = path.Clean(w.c.Request.RawURL)
		}
		return same(w.decision.URI, want)
	},
	"cache_uri": func(w *world, want any) error { return same(w.decision.Cache.File(), "/d"+fmt.Sprint(want)) },
	"backend_url": func(w *world, want any) error {
		if want == "raw" {
			want = w.c.Request.RawURL
		}
		return same(w.asked[0].Target, want)
	},
	"env": func(w *world, want any) error {
		var got []string
		for _, f := range w.decision.Env(w.engine.Version()) {
			got = append(got, f.Name)
		}
		return same(got, list(want))
	},
}

func (w *world) docroot() string { return w.engine.Config().Farms[0].Cache.Docroot.Value }

// cookie is the renderid that was set, "" for none.
func (w *world) cookie() string {
	for _, f := range w.decision.Response.Header {
		if strings.EqualFold(f.Name, "Set-Cookie") && strings.HasPrefix(f.Value, "renderid=") {
			return f.Value
		}
	}
	return ""
}

// warned looks for a warning of the module about a rule, with its file and line.
func (w *world) warned(text string) error {
	w.trace.Reset()
	r := simulate.Request{Method: "GET", Target: "/x.css", Host: "localhost"}
	if err := w.engine.Decide(context.Background(), &r, &w.decision, &w.trace); err != nil {
		return err
	}
	for _, e := range w.trace.Events {
		if e.Level == simulate.LevelWarning && regexp.MustCompile(`^\S+:\d+: `+regexp.QuoteMeta(text)+"$").MatchString(e.Message) {
			return nil
		}
	}
	return fmt.Errorf("no warning %q", text)
}

// checkLine reads a line of dispatcher.log.
func (c *exchange) checkLine(t *testing.T) {
	l, ok := displog.Parse(c.Request.Line)
	if !ok {
		t.Fatalf("%s is not read", c.Request.Line)
	}
	_, fields := l.Fields()
	for key, want := range c.Expect {
		got := fields[key]
		if key == "level" {
			got = string(l.Level)
		}
		if got != fmt.Sprint(want) {
			t.Errorf("%s: got %q, want %v", key, got, want)
		}
	}
}

// decodeText makes a configuration of a text, which may be a fragment.
func decodeText(tb testing.TB, text string, v simulate.Version, env map[string]string) *model.Config {
	tb.Helper()
	c, _, _ := decodeFiles(tb, text, v, env, nil)
	return c
}

func decodeFiles(tb testing.TB, text string, v simulate.Version, env, files map[string]string) (*model.Config, *expand.Tree, []string) {
	tb.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	tree, err := expand.Source(source.NewFile("config.any", []byte(text)), ".", expand.Options{
		FS: fsys,
		Lookup: func(name string) (expand.Variable, bool) {
			v, ok := env[name]
			return expand.Variable{Value: v}, ok
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	o := model.Options{Fragment: true}
	if v != (simulate.Version{}) {
		o.DispatcherVersion = v.String()
	}
	c, found := model.Decode(tree.Items, o)
	var rules []string
	for _, d := range slices.Concat(tree.Findings, found) {
		rules = append(rules, d.Rule)
	}
	for _, d := range grammar.Check(grammar.Parse(source.NewFile("config.any", []byte(text)))) {
		rules = append(rules, d.Rule)
	}
	return c, tree, rules
}

// checkSyntax reads a configuration.
func (c *exchange) checkSyntax(t *testing.T) {
	config, tree, rules := decodeFiles(t, c.Config, simulate.Version{}, c.Env, c.Files)
	var farm *model.Farm
	if len(config.Farms) > 0 {
		farm = config.Farms[0]
	}
	text := func(name string) string { // the value of a property, wherever it is
		var find func(items []grammar.Item) string
		find = func(items []grammar.Item) string {
			for _, it := range items {
				p, ok := it.(*grammar.Property)
				if !ok {
					continue
				}
				if p.Name.Text() == "/"+name && p.Value != nil {
					return p.Value.Text()
				}
				if p.Block != nil {
					if v := find(p.Block.Items); v != "" {
						return v
					}
				}
			}
			return ""
		}
		return find(tree.Items)
	}
	for key, want := range c.Expect {
		var err error
		switch key {
		case "includes":
			err = same(config.Farms[0].At.Span.File.Name, list(want)[0])
		case "hostname":
			err = same(farm.Renders[0].Hostname.Value, want)
		case "properties":
			for name, value := range want.(map[string]any) {
				err = errors.Join(err, same(text(name), value))
			}
		case "unlabeled_strings":
			err = same(slices.Contains(rules, "DSP009") || slices.Contains(rules, "DSP005") || slices.Contains(rules, "DSP006"), true)
		case "warning", "since":
		case "expanded":
			err = same(strings.Contains(farm.Cache.StatfilesLevel.Text, "2"), want)
		case "lint":
			err = same(len(rules) > 0, true)
		case "order", "filter_rules":
			var got []string
			for _, r := range farm.Filter.Rules {
				got = append(got, r.Label)
			}
			err = same(got, list(want))
		case "unknown_farm_properties":
			var got []string
			for _, u := range farm.Unknown {
				got = append(got, u.Name)
			}
			err = same(got, list(want))
		default:
			err = errors.New("nothing is known of it")
		}
		if err != nil {
			t.Errorf("%s: %v (findings %v)", key, err, rules)
		}
	}
}
