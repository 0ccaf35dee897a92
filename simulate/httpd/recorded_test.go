package httpd

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/apachebase"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/internal/apachetest"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

var showCases = flag.String("cases", "", "print the cases whose id begins with this, and what was found")

// now is the time of all recorded cases.
var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// disk is the file system of a recorded server.
type disk struct{ fs *apachebase.FS }

func (d disk) Stat(path string) rewrite.FileKind {
	fi, err := d.fs.Stat(path)
	switch {
	case err != nil:
		return rewrite.Missing
	case fi.IsDir():
		return rewrite.Folder
	case fi.Mode()&fs.ModeSymlink != 0:
		return rewrite.Link
	case fi.Size() == 0:
		return rewrite.Empty
	case fi.Mode()&0o111 != 0:
		return rewrite.Executable
	}
	return rewrite.Plain
}

func (d disk) Size(path string) int64 {
	fi, err := d.fs.Stat(path)
	if err != nil {
		return -1
	}
	return fi.Size()
}

func (disk) Modified(string) time.Time { return time.Time{} }

func fixed() time.Time { return now }

func (caseDisk) Modified(string) time.Time { return now.Add(-time.Hour) }

// standIn answers as the stand-in for the module does in the recordings.
func standIn(c *apachetest.Case) HandlerFunc {
	up := &c.Request.Upstream
	status := up.Status
	if status == 0 {
		status = 200
	}
	return func(_ context.Context, h *Handled) (Answer, error) {
		if h.Handler == "dispatcher-handler" && directiveOf(h, "DispatcherDeclineRoot") == "on" && h.URI == "/" {
			return Answer{Declined: true}, nil
		}
		a := Answer{Status: status, ContentType: "", Bytes: 100}
		for _, f := range up.Headers {
			a.Header = append(a.Header, Field{f[0], f[1]})
		}
		if h.ErrorOf == 0 {
			a.ContentType = up.Type
			if h.Handler == "dispatcher-handler" && passes(directiveOf(h, "DispatcherPassError"), status) {
				a.ToHTTPD = true
			}
		}
		if a.ContentType == "" {
			a.ContentType = h.ContentType
		}
		if a.ContentType == "" {
			a.ContentType = "text/html"
		}
		if h.Method == "HEAD" || status == 204 || status == 304 {
			a.Bytes = 0
		}
		return a, nil
	}
}

func directiveOf(h *Handled, name string) string {
	value := ""
	for _, d := range h.Dispatcher {
		if strings.EqualFold(d.Name, name) {
			value = strings.ToLower(strings.Trim(strings.ReplaceAll(d.Args, " ", ","), `"`))
		}
	}
	if value == "1" && name != "DispatcherPassError" {
		return "on"
	}
	return value
}

func passes(spec string, status int) bool {
	switch spec {
	case "", "0", "off":
		return false
	case "1", "on":
		return status >= 400
	}
	for _, w := range strings.FieldsFunc(spec, func(r rune) bool { return r == ',' || r == ' ' }) {
		lo, hi, ok := strings.Cut(w, "-")
		if !ok {
			hi = lo
		}
		a, _ := strconv.Atoi(lo)
		b, _ := strconv.Atoi(hi)
		if a <= status && status <= b {
			return true
		}
	}
	return false
}

// engineOf compiles a recorded configuration, once.
func engineOf(t testing.TB, c *apachetest.Config, cache map[string]*Engine) *Engine {
	if e := cache[c.ID]; e != nil {
		return e
	}
	s, o := c.Load(t)
	tree, err := apacheconf.Read(t.Context(), s.Read)
	if err != nil {
		t.Fatalf("%s: %v", c.ID, err)
	}
	srv := server.Decode(t.Context(), tree, server.DecodeOptions{Stat: s.FS.Stat, Env: o.Env, ReadFile: func(name string) ([]byte, error) {
		f, err := s.FS.ReadFile(name)
		if err != nil {
			return nil, err
		}
		return f.Text, nil
	}})
	e := New(srv, Options{
		Handlers: map[string]Handler{}, Files: disk{s.FS}, Now: func() time.Time { return now }, Getenv: o.Env,
	})
	cache[c.ID] = e
	return e
}

// ask asks the engine a recorded request.
func ask(t testing.TB, e *Engine, c *apachetest.Case) *Result {
	h := standIn(c)
	e.o.Handlers = map[string]Handler{"dispatcher-handler": h, "proxy-server": h}
	res := new(Result)
	x := new(exchange)
	x.begin(t.Context(), e, requestOf(c), res, nil)
	if err := x.run(); err != nil {
		t.Fatal(err)
	}
	return res
}

// requestOf is a recorded request.
func requestOf(c *apachetest.Case) *Request {
	r := &Request{Method: c.Request.Method, Target: latin(c.Request.Target), HasBody: c.Request.Body != ""}
	r.Local = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if c.Request.Version != "" {
		r.Proto = "HTTP/" + c.Request.Version
	}
	if c.Request.Host == nil {
		r.NoHost = true
	} else {
		r.Host = latin(*c.Request.Host)
	}
	for _, f := range c.Request.Headers {
		r.Header = append(r.Header, Field{f[0], latin(f[1])})
	}
	return r
}

// latin turns the Latin-1 characters that stand for bytes in the recordings into these bytes.
func latin(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			b = append(b, string(r)...)
			continue
		}
		b = append(b, byte(r))
	}
	return string(b)
}

type difference struct{ tier, field, got, want string }

func str(p *string) string {
	if p == nil {
		return "<none>"
	}
	return latin(apachetest.Place(*p))
}

func orNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}

// compare returns where a result differs from a record.
func compare(c *apachetest.Case, r *Result) []difference {
	var out []difference
	o := &c.Observed
	add := func(tier, field, got, want string) {
		if got != want {
			out = append(out, difference{tier, field, got, want})
		}
	}
	add("B", "status", fmt.Sprint(r.Status), fmt.Sprint(o.Status))
	add("B", "location", orNone(r.Location), str(o.Location))
	if !o.NoRecord {
		add("B", "vhost", orNone(r.Host.Name.Host), str(o.VHost))
		handler := str(o.HandledBy)
		if handler == "" { // SetHandler None
			handler = "default-handler"
		}
		add("B", "handled_by", orNone(r.HandledBy), handler)
		add("B", "uri", orNone(r.URI), str(o.URI))
		args := "<none>"
		if r.HasArgs {
			args = r.Args
		}
		add("B", "args", args, str(o.Args))
		add("B", "proxy", orNone(r.Proxy), str(o.Proxy))
		if o.VHostAt != nil && r.Host.Virtual && c.Config.Path == "" {
			file, line, _ := strings.Cut(*o.VHostAt, ":")
			_ = file
			add("D", "vhost_at", fmt.Sprint(r.Host.At.Position().Line), line)
		}
		add("D", "filename", orNone(r.Filename), str(o.Filename))
		add("D", "path_info", orNone(r.PathInfo), str(o.PathInfo))
		add("D", "type", orNone(r.ContentType), str(o.ContentType))
		add("C", "env", show(envOf(r.Env)), show(recordedEnv(o.Env)))
		changed := map[string]string{}
		for _, f := range r.Changed() {
			changed[strings.ToLower(f.Name)] = fmt.Sprint(f.Values)
		}
		want := map[string]string{}
		for k, v := range o.Changed {
			want[k] = listOf(v)
		}
		add("C", "request_headers", show(changed), show(want))
		if o.ClientIP != nil {
			add("D", "client_ip", r.Client.String(), *o.ClientIP)
		}
	}
	got := map[string]string{}
	for _, f := range r.Header {
		name, value := strings.ToLower(f.Name), f.Value
		switch name {
		case "date", "server", "connection", "keep-alive", "transfer-encoding", "content-length", "last-modified", "etag", "accept-ranges":
			continue
		case "expires":
			if !slices.ContainsFunc(c.Request.Upstream.Headers, func(h [2]string) bool { return h[1] == value }) {
				value = relative(value)
			}
		case "set-cookie":
			if before, after, ok := strings.Cut(value, "expires="); ok {
				at, rest, more := strings.Cut(after, ";")
				value = before + "expires=" + relative(at)
				if more {
					value += ";" + rest
				}
			}
		}
		if old, ok := got[name]; ok {
			value = old + " | " + value
		}
		got[name] = value
	}
	want := map[string]string{}
	for k, v := range o.Headers {
		if list, ok := v.([]any); ok {
			var all []string
			for _, e := range list {
				all = append(all, latin(apachetest.Place(e.(string))))
			}
			want[k] = strings.Join(all, " | ")
			continue
		}
		want[k] = latin(apachetest.Place(v.(string)))
	}
	add("C", "headers", show(got), show(want))
	return out
}

func relative(date string) string {
	for _, layout := range []string{http.TimeFormat, "Mon, 02-Jan-2006 15:04:05 GMT"} {
		if at, err := time.Parse(layout, date); err == nil {
			return fmt.Sprintf("date%+ds", int(at.Sub(now).Seconds()))
		}
	}
	return date
}

func listOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "[]"
	case string:
		return fmt.Sprint([]string{latin(apachetest.Place(v))})
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, latin(apachetest.Place(fmt.Sprint(e))))
		}
		return fmt.Sprint(all)
	}
	return fmt.Sprint(v)
}

func counted(name string) bool {
	return !strings.HasPrefix(name, "SCRIPT_") && !strings.HasPrefix(name, "REDIRECT_") && name != "UNIQUE_ID"
}

func envOf(list []Field) map[string]string {
	out := map[string]string{}
	for _, f := range list {
		if counted(f.Name) {
			out[f.Name] = f.Value
		}
	}
	return out
}

func recordedEnv(env map[string]any) map[string]string {
	out := map[string]string{}
	for k, v := range env {
		if counted(k) {
			out[k] = strings.TrimSuffix(strings.TrimPrefix(listOf(v), "["), "]")
		}
	}
	return out
}

func show(m map[string]string) string {
	var b bytes.Buffer
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "%s=%s; ", k, m[k])
	}
	return b.String()
}

// known reads testdata/recorded-differences.txt: for a configuration, how many of its cases may differ, and why.
func known(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile("testdata/recorded-differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for line := range strings.Lines(string(text)) {
		w := strings.SplitN(strings.TrimSpace(line), " ", 3)
		if line[0] == '#' || len(w) == 1 {
			continue
		}
		n, err := strconv.Atoi(w[1])
		if err != nil || len(w) != 3 {
			t.Fatalf("testdata/recorded-differences.txt: %q is not a configuration, a number and a reason", line)
		}
		out[w[0]] = n
	}
	return out
}

// TestRecorded holds the engine against what the real httpd did. Tier B is where a request goes; tier C are headers and
// environment. What differs is known, and may become less only.
func TestRecorded(t *testing.T) {
	allowed := known(t)
	for _, tt := range []struct {
		name string
		b, c float64 // percent
	}{{"httpd.jsonl", 100, 100}, {"httpd-trees.jsonl", 99.7, 100}} {
		t.Run(tt.name, func(t *testing.T) {
			engines := map[string]*Engine{}
			cases, wrongB, wrongC, uncertain := 0, 0, 0, 0
			differ := map[string]int{}
			fields, topics := map[string]int{}, map[string]int{}
			var lines []string
			apachetest.Each(t, tt.name, func(c *apachetest.Case) {
				r := ask(t, engineOf(t, &c.Config, engines), c)
				cases++
				diffs := compare(c, r)
				if *showCases != "" && strings.HasPrefix(c.ID, *showCases) {
					t.Logf("%s %s %s %q\n  %+v\n  %v", c.ID, c.Request.Method, c.Request.Target, c.Request.Headers, *r, diffs)
				}
				b, cc := false, false
				for _, d := range diffs {
					fields[d.tier+" "+d.field]++
					b = b || d.tier == "B"
					cc = cc || d.tier == "C"
				}
				if len(r.NotSimulated) > 0 && (b || cc) {
					uncertain++
					b, cc = false, false
				}
				if b {
					wrongB++
					topics["B "+c.Topic]++
				}
				if cc {
					wrongC++
					topics["C "+c.Topic]++
				}
				if b || cc {
					differ[c.Config.ID]++
				}
				for _, d := range diffs {
					if d.tier != "D" {
						lines = append(lines, fmt.Sprintf("%s [%s] %s %s: %s: got %s, want %s", c.ID, c.Topic, c.Request.Method, c.Request.Target, d.tier+" "+d.field, d.got, d.want))
					}
				}
			})
			percent := func(wrong int) float64 { return 100 - 100*float64(wrong)/float64(cases) }
			t.Logf("%d cases: tier B %.2f %% right (%d wrong), tier C %.2f %% right (%d wrong), %d differ and say that they are not sure", cases,
				percent(wrongB), wrongB, percent(wrongC), wrongC, uncertain)
			if cases < 500 || percent(wrongB) < tt.b || percent(wrongC) < tt.c {
				t.Errorf("want at least %.1f %% of tier B and %.1f %% of tier C", tt.b, tt.c)
			}
			for id, n := range differ {
				if n > allowed[id] {
					t.Errorf("%s: %d cases differ, and testdata/recorded-differences.txt knows of %d", id, n, allowed[id])
				}
			}
			for id, n := range allowed {
				if e := engines[id]; e != nil && differ[id] < n {
					t.Errorf("%s: %d cases differ, and testdata/recorded-differences.txt still allows %d: lower it", id, differ[id], n)
				}
			}
			for _, m := range []map[string]int{fields, topics} {
				for _, k := range slices.Sorted(maps.Keys(m)) {
					t.Logf("%s: %d", k, m[k])
				}
			}
			if out := os.Getenv("DISPCHECK_DIFFERENCES"); out != "" {
				if err := os.WriteFile(out+"."+tt.name, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
