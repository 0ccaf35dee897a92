package scenario

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/expand"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

var playStart = time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC)

// configOf reads a configuration, or a part of one.
func configOf(t *testing.T, text string) *model.Config {
	t.Helper()
	tree, err := expand.Source(source.NewFile("config.any", []byte(text)), ".", expand.Options{
		FS: fstest.MapFS{}, Lookup: func(string) (expand.Variable, bool) { return expand.Variable{}, false },
	})
	if err != nil {
		t.Fatal(err)
	}
	c, _ := model.Decode(tree.Items, model.Options{Fragment: true})
	return c
}

// A played is a scenario on its stage, in simulated time and with a cache in memory.
type played struct {
	scenario *Scenario
	config   *model.Config
	options  simulate.Options
	store    *docroot.Memory
	line     *simulate.Timeline
	stage    Stage
}

// setUp reads a scenario, lays its files and sets its stage.
func setUp(t *testing.T, config, text string) *played {
	t.Helper()
	s, err := parse("s.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	p := &played{scenario: s, config: configOf(t, config), store: new(docroot.Memory), line: simulate.NewTimeline(playStart)}
	o := &p.options
	o.Now, o.Sleep, o.Store = p.line.Now, p.line.Sleep, p.store
	if s.Mock != nil {
		s.Mock.SetSleep(p.line.Sleep)
		o.Backend = s.Mock
	}
	s.Options(o, p.config, playStart)
	if err := s.Lay(p.store, p.config, playStart); err != nil {
		t.Fatal(err)
	}
	p.stage = Stage{Engine: simulate.New(p.config, *o), Store: p.store, Advance: p.line.Advance, Mock: s.Mock, Now: p.line.Now}
	return p
}

// play returns a line for each answer: when, the step, what became of it, and the headers that it is about.
func (p *played) play(ctx context.Context) ([]string, error) {
	var lines []string
	err := p.scenario.Play(ctx, &p.stage, func(a *Played) error {
		d := a.Decision
		line := fmt.Sprintf("%s %d %s: %s, %s, %d", p.line.Now().Sub(playStart), a.Index, a.Step.Name, d.Outcome, d.Reason, d.Response.Status)
		if v, ok := a.Request.Header.Value("Cookie"); ok {
			line += fmt.Sprintf(" cookie=%q", v)
		}
		for _, f := range d.Response.Header {
			if f.Name == "X-Kept" || f.Name == "Set-Cookie" {
				line += fmt.Sprintf(" %s=%q", f.Name, f.Value)
			}
		}
		if r := d.Render.Render; r != nil && d.Response.From == "render" {
			line += " by " + r.Name
		}
		lines = append(lines, line)
		return nil
	})
	return lines, err
}

const playFarm = `
/renders { /rend01 { /hostname "a" /port "4503" } /rend02 { /hostname "b" /port "4503" } }
/numberOfRetries "1"
/stickyConnectionsFor "/sticky"
/sessionmanagement { /directory "/var/sessions" /header "HTTP:X-Token" /timeout "60" }
/filter { /0 { /type "allow" /url "*" } /1 { /type "deny" /url "/denied*" } }
/vanity_urls { /url "/vanity" /file "/tmp/vanity" /delay "300" }
/cache {
	/docroot "/var/www/html/"
	/enableTTL "1"
	/headers { "X-Kept" }
	/rules { /0 { /glob "*" /type "allow" } }
	/invalidate { /0 { /glob "*" /type "allow" } }
}`

// plainFarm has no sessions, which keep answers from the cache.
var plainFarm = strings.Replace(playFarm, "/sessionmanagement", "/unknown", 1)

func TestPlay(t *testing.T) {
	tests := []struct {
		name, config, text string
		want               []string
		err                string
	}{
		{"a file is there, goes stale and is fetched", plainFarm, `
files:
  /a.html: {age: 1h, headers: {X-Kept: [one, two]}, body: x}
renders: {rend01: [{respond: {body: y}}]}
steps:
  - GET /a.html
  - publish: /other
  - GET /a.html
  - GET /a.html
`, []string{
			`0s 0 s.yaml:6: delivered, no-statfile, 200 X-Kept="one" X-Kept="two"`,
			`0s 1 s.yaml:7: invalidation, flush-done, 200`,
			`0s 2 s.yaml:8: answered, render-answered, 200 by rend01`,
			`0s 3 s.yaml:9: delivered, newer-than-statfile, 200`,
		}, ""},
		{"a statfile that is there", plainFarm, `
files:
  /a.html: {age: 1h}
  /b.html: {modified: 2025-11-20T07:45:00Z}
  /.stat: {age: 30m}
renders: {rend01: 404}
steps: [GET /a.html, GET /b.html]
`, []string{
			`0s 0 s.yaml:7: answered, render-answered, 404 by rend01`,
			`0s 1 s.yaml:7: delivered, newer-than-statfile, 200`,
		}, ""},
		{"times to live", plainFarm, `
files:
  /over.html: {age: 1h, ttl: -1s}
  /last.html: {age: 1h, ttl: 0s}
  /good.html: {age: 1h, ttl: 10s}
renders: {rend01: 404}
steps:
  - GET /over.html
  - GET /last.html
  - advance: 10s
  - GET /good.html
  - advance: 1s
  - GET /good.html
`, []string{
			`0s 0 s.yaml:8: answered, render-answered, 404 by rend01`,
			`0s 1 s.yaml:9: delivered, no-statfile, 200`,
			`10s 3 s.yaml:11: delivered, no-statfile, 200`,
			`11s 5 s.yaml:13: answered, render-answered, 404 by rend01`,
		}, ""},
		{"renders go and come", plainFarm, `
renders: {rend01: 404, rend02: 403}
steps:
  - down: rend01
  - GET /a.html
  - down: "*"
  - GET /a.html
  - up: rend01
  - GET /a.html
  - down: rend01
  - up: /rend02
  - GET /a.html
`, []string{
			`0s 1 s.yaml:5: answered, render-answered, 403 by rend02`,
			`0s 3 s.yaml:7: failed, no-render, 502`,
			`0s 5 s.yaml:9: answered, render-answered, 404 by rend01`,
			`0s 8 s.yaml:12: answered, render-answered, 403 by rend02`,
		}, ""},
		{"a file vanishes", plainFarm, `
files: {/a.html: {}, /b/c.html: {}}
renders: {rend01: 404}
steps:
  - remove: /a.html
  - GET /a.html
  - remove: /a.html
  - remove: /b/c.html
  - remove: /b
  - GET /b/c.html
`, []string{
			`0s 1 s.yaml:6: answered, render-answered, 404 by rend01`,
			`0s 5 s.yaml:10: answered, render-answered, 404 by rend01`,
		}, ""},
		{"sessions", playFarm, `
sessions: {abc: 59s, old: 61s}
renders: {rend01: [{respond: {body: x}}]}
steps:
  - GET /a.html: {headers: {X-Token: abc}}
  - GET /a.html: {headers: {X-Token: abc}}
  - GET /a.html: {headers: {X-Token: old}}
`, []string{
			`0s 0 s.yaml:5: answered, render-answered, 200 by rend01`,
			`0s 1 s.yaml:6: delivered, no-statfile, 200`,
			`0s 2 s.yaml:7: answered, render-answered, 200 by rend01`,
		}, ""},
		{"vanity URLs", plainFarm, `
vanity: [/denied-short]
renders: {rend01: 404}
steps: [GET /denied-short, GET /denied-long]
`, []string{
			`0s 0 s.yaml:4: answered, render-answered, 404 by rend01`,
			`0s 1 s.yaml:4: denied, filter-denied, 404`,
		}, ""},
		{"no vanity URLs, and that is known", plainFarm, `
vanity: []
renders: {rend01: [{respond: {body: "/denied-short\n"}}]}
steps: [GET /denied-short]
`, []string{`0s 0 s.yaml:4: denied, filter-denied, 404`}, ""},
		{"nothing is said of vanity URLs", plainFarm, `
renders: {rend01: [{respond: {body: "/denied-short\n"}}]}
steps: [GET /denied-short]
`, []string{`0s 0 s.yaml:3: answered, render-answered, 200 by rend01`}, ""},
		{"cookies", plainFarm, `
cookies: true
renders: {rend01: 404, rend02: 403}
steps:
  - GET http://h/sticky/a.html
  - GET http://h/sticky/a.html
  - GET http://other/sticky/a.html
  - publish: {handle: /x, host: h}
  - GET http://h/a.html: {headers: {Cookie: renderid=rend02}}
`, []string{
			`0s 0 s.yaml:5: answered, render-answered, 404 Set-Cookie="renderid=rend01; Path=/" by rend01`,
			`0s 1 s.yaml:6: answered, render-answered, 404 cookie="renderid=rend01" by rend01`,
			`0s 2 s.yaml:7: answered, render-answered, 404 Set-Cookie="renderid=rend01; Path=/" by rend01`,
			`0s 3 s.yaml:8: invalidation, flush-done, 200`,
			`0s 4 s.yaml:9: answered, render-answered, 403 cookie="renderid=rend02" by rend02`,
		}, ""},
		{"cookies expire by simulated time", plainFarm, `
cookies: true
renders: {rend01: [{respond: {status: 404, headers: {Set-Cookie: a=b; Max-Age=5}}}]}
steps:
  - GET http://h/a
  - advance: 4s
  - GET http://h/b
  - advance: 10s
  - GET http://h/c
`, []string{
			`0s 0 s.yaml:5: answered, render-answered, 404 Set-Cookie="a=b; Max-Age=5" by rend01`,
			`4s 2 s.yaml:7: answered, render-answered, 404 cookie="a=b" Set-Cookie="a=b; Max-Age=5" by rend01`,
			`14s 4 s.yaml:9: answered, render-answered, 404 Set-Cookie="a=b; Max-Age=5" by rend01`,
		}, ""},
		{"cookies are not kept unasked", plainFarm, `
renders: {rend01: 404}
steps: [GET http://h/sticky/a.html, GET http://h/sticky/a.html]
`, []string{
			`0s 0 s.yaml:3: answered, render-answered, 404 Set-Cookie="renderid=rend01; Path=/" by rend01`,
			`0s 1 s.yaml:3: answered, render-answered, 404 Set-Cookie="renderid=rend01; Path=/" by rend01`,
		}, ""},
		{"without renders", plainFarm, `
steps:
  - GET /a.html
`, []string{`0s 0 s.yaml:3: forwarded, filter-allowed, 0`}, ""},
		{"a folder that is not empty does not vanish", plainFarm, `
files: {/b/c.html: {}}
steps:
  - GET /b/c.html
  - remove: /b
  - GET /b/c.html
`, []string{`0s 0 s.yaml:4: delivered, no-statfile, 200`}, "s.yaml:5: the folder is not empty"},
		{"a render goes that nobody mocks", plainFarm, "\n- GET /denied\n- down: rend01\n- GET /denied\n",
			[]string{`0s 0 s.yaml:2: denied, filter-denied, 404`}, "s.yaml:3: the renders are not mocked: a real one cannot be taken down or up"},
		{"a render comes that nobody mocks", plainFarm, "- up: '*'\n- GET /\n", nil, "s.yaml:1: the renders are not mocked: a real one cannot be taken down or up"},
		{"a file vanishes that no document root has", `/renders { /rend01 { /hostname "a" } }`, "- remove: /a.html\n", nil,
			"s.yaml:1: the configuration has no /cache /docroot to put it into"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := setUp(t, tt.config, tt.text).play(context.Background())
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			text := ""
			if err != nil {
				text = err.Error()
				if step := (*StepError)(nil); !errors.As(err, &step) || step.Step.Place() == "" {
					t.Errorf("error %v names no step", err)
				}
			}
			if text != tt.err {
				t.Errorf("got error %q, want %q", text, tt.err)
			}
		})
	}
}

// TestPlayStops: the clock that cannot be put forward, the context, an engine that fails and whoever looks at the answers
// end a scenario.
func TestPlayStops(t *testing.T) {
	const text = "renders: {rend01: 404}\nsteps:\n  - GET /a.html: {name: first}\n  - advance: 1s\n  - GET /b.html\n"
	visited := errors.New("enough")
	tests := []struct {
		name   string
		change func(p *played, cancel context.CancelFunc)
		visit  error
		want   []string
		is     error
		text   string
	}{
		{"no clock", func(p *played, _ context.CancelFunc) { p.stage.Advance = nil }, nil, []string{"first"}, nil, "s.yaml:4: time cannot be put forward here"},
		{"the context has ended", func(_ *played, cancel context.CancelFunc) { cancel() }, nil, nil, context.Canceled, "context canceled"},
		{"the context ends between two steps", func(p *played, cancel context.CancelFunc) { p.stage.Advance = func(time.Duration) { cancel() } }, nil, []string{"first"}, context.Canceled, "context canceled"},
		{"the context ends during a step", func(p *played, cancel context.CancelFunc) {
			p.options.Backend = endsContext(cancel)
			p.stage.Engine = simulate.New(p.config, p.options)
		}, nil, nil, context.Canceled, "first: stage fetch: context canceled"},
		{"the visitor has enough", func(*played, context.CancelFunc) {}, visited, []string{"first"}, visited, "enough"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			p := setUp(t, plainFarm, text)
			tt.change(p, cancel)
			var got []string
			err := p.scenario.Play(ctx, &p.stage, func(a *Played) error {
				got = append(got, a.Step.Name)
				return tt.visit
			})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			if err == nil || err.Error() != tt.text || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got error %v, want %s", err, tt.text)
			}
		})
	}
}

// endsContext is a render during whose answer the client goes away.
type endsContext context.CancelFunc

func (f endsContext) RoundTrip(ctx context.Context, _ *simulate.RenderRequest) (*simulate.Answer, error) {
	f()
	return nil, ctx.Err()
}

// TestPlayAgain: a scenario may be played again, bodies and cookies included; each answer has a trace of its own.
func TestPlayAgain(t *testing.T) {
	p := setUp(t, plainFarm, `
cookies: true
renders: {rend01: 404}
steps:
  - publish: {handle: /x, host: h, refetch: [/a.html]}
  - POST http://h/sticky/a.html: {body: text}
  - GET http://h/sticky/a.html
`)
	var first []string
	for round := range 2 {
		var lines, bodies []string
		err := p.scenario.Play(context.Background(), &p.stage, func(a *Played) error {
			lines = append(lines, fmt.Sprintf("%s %v %s", a.Step.Name, a.Request.Header, a.Decision.Outcome))
			bodies = append(bodies, string(a.Step.Body))
			if a.Request == a.Step.Request {
				t.Error("the step's own request is played")
			}
			flushes := 0
			for _, e := range a.Trace.Events {
				if strings.Contains(e.Message, "Activation detected") {
					flushes++
				}
			}
			if flushed := a.Step.Kind == Publish; (flushes == 1) != flushed || flushes > 1 {
				t.Errorf("step %d: the trace has %d flushes", a.Index, flushes)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"/a.html\n", "text", ""}, bodies); diff != "" {
			t.Errorf("bodies (-want +got):\n%s", diff)
		}
		if round == 0 {
			first = lines
		} else if diff := cmp.Diff(first, lines); diff != "" {
			t.Errorf("the second time (-first +second):\n%s", diff)
		}
	}
}

// TestPlayExplains: the rules that are looked at are in the trace where they are asked for.
func TestPlayExplains(t *testing.T) {
	const text = "- GET /denied\n"
	count := func(explain bool) (n int) {
		p := setUp(t, plainFarm, text)
		p.stage.Explain = explain
		err := p.scenario.Play(context.Background(), &p.stage, func(a *Played) error {
			n = len(a.Trace.Looked)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if with, without := count(true), count(false); with == 0 || without != 0 {
		t.Errorf("%d rules where they are asked for, %d where they are not", with, without)
	}
}

// nestedFarms has a farm in a folder of another's document root, and one of its own.
const nestedFarms = `/farms {
	/outer { /virtualhosts { "outer" } /cache { /docroot "/var/www/html" } }
	/none { /virtualhosts { "none" } }
	/inner { /virtualhosts { "inner" } /cache { /docroot "/var/www/html/content/inner/" } }
	/own { /virtualhosts { "own" } /cache { /docroot "/srv/own" } }
}`

// TestLay: where files are put, which start at a document root or at the first, with which times, and what stands beside
// them.
func TestLay(t *testing.T) {
	at := func(d time.Duration) string { return playStart.Add(d).Format("15:04:05") }
	tests := []struct {
		name, config, files string
		want                map[string][]string // by document root: name, time, text
		err                 string
		is                  error
	}{
		{"times and what stands beside", plainFarm, `
  /a.html: {age: 1h, body: x}
  /b.html: {modified: 2025-11-20T07:30:00Z, headers: {A: [b, c], D: ""}, ttl: -10m, body: y}
  /c.html:
  /d.html: {ttl: 0s, headers: {}}
  /.stat: {age: 1m}
`, map[string][]string{"/var/www/html": {
			"/.stat " + at(-time.Minute) + ` ""`,
			"/a.html " + at(-time.Hour) + ` "x"`,
			"/b.html " + at(-30*time.Minute) + ` "y"`,
			"/b.html.h " + at(-30*time.Minute) + ` "A: b\nA: c\nD: \n"`,
			"/b.html.ttl " + at(-10*time.Minute) + ` ""`,
			"/c.html " + at(0) + ` ""`,
			"/d.html " + at(0) + ` ""`,
			"/d.html.h " + at(0) + ` ""`,
			"/d.html.ttl " + at(0) + ` ""`,
		}}, "", nil},
		{"document roots in each other", nestedFarms, `
  /content/inner/a.html: {body: first}
  /var/www/html/b.html: {body: by path}
  /var/www/html/content/inner/c.html: {body: inner}
  /var/www/html/content/innermost/d.html: {body: outer}
  /srv/own/e.html: {body: own}
  /srv/owner/f.html: {body: first}
  /var/www/html: {body: not the root itself}
`, map[string][]string{
			"/var/www/html": {
				"/b.html " + at(0) + ` "by path"`,
				"/content/inner/a.html " + at(0) + ` "first"`,
				"/content/inner/c.html " + at(0) + ` "inner"`,
				"/content/innermost/d.html " + at(0) + ` "outer"`,
				"/srv/owner/f.html " + at(0) + ` "first"`,
				"/var/www/html " + at(0) + ` "not the root itself"`,
			},
			"/var/www/html/content/inner": {
				"/a.html " + at(0) + ` "first"`,
				"/c.html " + at(0) + ` "inner"`,
			},
			"/srv/own": {"/e.html " + at(0) + ` "own"`},
		}, "", nil},
		{"the root of the file system", `/cache { /docroot "/" }`, "\n  /a.html: {body: x}\n",
			map[string][]string{"/": {"/a.html " + at(0) + ` "x"`}}, "", nil},
		{"no document root", `/farms { /a { /cache { } } /b { } }`, "\n  /a.html: {}\n", nil, "/a.html cannot be put into the cache: the configuration has no /cache /docroot to put it into", nil},
		{"a file where a folder is needed", plainFarm, "\n  /a: {}\n  /a/b.html: {}\n", nil, "/a/b.html cannot be put into the cache: making folder /a: not a directory", simulate.ErrNotFolder},
		{"a folder where a file is to be", plainFarm, "\n  /a/b.html: {}\n  /a: {}\n", nil, "/a cannot be put into the cache: writing /a: is a directory", simulate.ErrIsFolder},
		{"a name that is too long", plainFarm, "\n  /" + strings.Repeat("l", 250) + ": {}\n", nil,
			"/" + strings.Repeat("l", 250) + " cannot be put into the cache: writing /" + strings.Repeat("l", 250) + ": file name too long", simulate.ErrNameTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := parse("s.yaml", "files:"+tt.files+"steps: [GET /]\n")
			if err != nil {
				t.Fatal(err)
			}
			store := new(docroot.Memory)
			err = s.Lay(store, configOf(t, tt.config), playStart)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err || tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("got error %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for path, want := range tt.want {
				root, err := store.Docroot(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, laid(t, root, "")); diff != "" {
					t.Errorf("%s (-want +got):\n%s", path, diff)
				}
			}
		})
	}
}

// laid returns the files below a folder, with time and text.
func laid(t *testing.T, root simulate.Docroot, folder string) (lines []string) {
	t.Helper()
	entries, err := root.List(folder + "/")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := folder + "/" + e.Name
		if e.Kind == simulate.FileFolder {
			lines = append(lines, laid(t, root, name)...)
			continue
		}
		f, err := root.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		text := make([]byte, e.Size)
		if n, err := f.Read(text); int64(n) != e.Size && !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s: %d bytes, %v", name, n, err)
		}
		f.Close()
		lines = append(lines, fmt.Sprintf("%s %s %q", name, e.Mod.UTC().Format("15:04:05"), text))
	}
	return lines
}

// TestOptions: what a scenario says of sessions and vanity lists, and that it leaves alone what it says nothing of.
func TestOptions(t *testing.T) {
	const config = `/farms {
		/a { /virtualhosts { "a" } /vanity_urls { /url "/v" /file "/tmp/a" /delay "300" } }
		/b { /virtualhosts { "b" } /vanity_urls { /url "/v" /file "/tmp/b" /delay "300" } }
		/c { /virtualhosts { "c" } }
	}`
	given := simulate.Options{
		ServerName: "www:80", Vanity: map[string]simulate.VanityList{"/tmp/z": {URLs: []string{"/z"}}},
		Sessions: map[string]time.Time{"z": playStart},
	}
	list := func(urls ...string) map[string]simulate.VanityList {
		l := simulate.VanityList{URLs: urls, Fetched: playStart}
		return map[string]simulate.VanityList{"/tmp/a": l, "/tmp/b": l}
	}
	tests := []struct {
		name, text, config string
		vanity             map[string]simulate.VanityList
		sessions           map[string]time.Time
	}{
		{"nothing", "", config, given.Vanity, given.Sessions},
		{"a list for all farms that have one", "vanity: [/x, /y]\n", config, list("/x", "/y"), given.Sessions},
		{"an empty list", "vanity: []\n", config, list([]string{}...), given.Sessions},
		{"a list, and no farm that has one", "vanity: [/x]\n", `/farms { /c { } }`, map[string]simulate.VanityList{}, given.Sessions},
		{"sessions", "sessions: {a: 10s, 'Basic b': 1h, c: 0s}\n", config, given.Vanity, map[string]time.Time{
			"a": playStart.Add(-10 * time.Second), "Basic b": playStart.Add(-time.Hour), "c": playStart}},
		{"no sessions", "sessions: {}\n", config, given.Vanity, map[string]time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := parse("s.yaml", tt.text+"steps: [GET /]\n")
			if err != nil {
				t.Fatal(err)
			}
			o := given
			s.Options(&o, configOf(t, tt.config), playStart)
			if diff := cmp.Diff(tt.vanity, o.Vanity); diff != "" {
				t.Errorf("vanity lists (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.sessions, o.Sessions); diff != "" {
				t.Errorf("sessions (-want +got):\n%s", diff)
			}
			if o.ServerName != given.ServerName {
				t.Errorf("server name: got %q", o.ServerName)
			}
		})
	}
}
