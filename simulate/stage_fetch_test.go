package simulate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/internal/testkit"
)

// TestFetch runs the archives of testdata/fetch: config.any; renders, a script; requests, a line as in facts for each,
// and expected, what becomes of them one after the other up to the stage fetch. A section options has lines such as
// "version=4.3.0", "server=host:port" or a directive; "headers" keeps the lines about headers. Beside what facts have, a request may have wait=5s before it,
// client=ADDRESS, body=TEXT, stream=TEXT (a body that cannot be set back) and unread, for an answer that is not read.
func TestFetch(t *testing.T) {
	files, err := filepath.Glob("testdata/fetch/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sections := map[string]string{}
			for _, f := range a.Files {
				sections[f.Name] = strings.ReplaceAll(string(f.Data), "\r\n", "\n")
			}
			got := fetchAll(t, sections)
			if !*testkit.Update {
				if diff := cmp.Diff(sections["expected"], got); diff != "" {
					t.Errorf("expected (-want +got):\n%s", diff)
				}
				return
			}
			kept := a.Files[:0]
			for _, f := range a.Files {
				if f.Name != "expected" {
					kept = append(kept, f)
				}
			}
			a.Files = append(kept, txtar.File{Name: "expected", Data: []byte(got)})
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func fetchAll(t *testing.T, sections map[string]string) string {
	t.Helper()
	e := newRenderTest(t, sections["config.any"], sections["renders"], fetchOptions(t, sections["options"]))
	var b strings.Builder
	for line := range strings.Lines(sections["requests"]) {
		var words []string
		body, stream, client, unread := "", "", "192.0.2.1", false
		for _, w := range splitWords(strings.TrimSpace(line)) {
			key, value, _ := strings.Cut(w, "=")
			switch key {
			case "wait":
				d, err := time.ParseDuration(value)
				if err != nil {
					t.Fatal(err)
				}
				e.timeline.Advance(d)
			case "client":
				client = value
			case "body":
				body = value
			case "stream":
				stream = value
			case "unread":
				unread = true
			default:
				words = append(words, w)
			}
		}
		if len(words) == 0 {
			continue
		}
		r, _ := requestOf(t, words)
		r.Client = addrOf(t, client)
		switch {
		case body != "":
			r.Body, r.Length = strings.NewReader(body), int64(len(body))
		case stream != "":
			r.Body, r.Length = io.MultiReader(strings.NewReader(stream)), int64(len(stream))
		}
		e.script.asked = nil
		x, trace := e.fetch(t, r)
		answer := answerText(x)
		read := finish(t, x, !unread)
		fmt.Fprintf(&b, "> %s\n%s%s", strings.TrimSpace(line), renderLines(trace, strings.Contains(sections["options"], "headers")), answer)
		if read != "" {
			fmt.Fprintf(&b, "body %q\n", read)
		}
		for _, asked := range e.script.asked {
			fmt.Fprintf(&b, "asked %s\n", asked)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func fetchOptions(t *testing.T, text string) Options {
	t.Helper()
	var o Options
	var err error
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, "=")
		switch {
		case strings.HasPrefix(line, "Dispatcher"):
			err = ParseDirective(&o.Directives, line)
		case key == "version":
			o.Version, err = ParseVersion(value)
		case line == "headers": // of renderLines
		case key == "server":
			o.ServerName = value
		case key == "edgekey":
			o.Directives.EdgeKey = value
		case key == "unreachable":
			_, err = fmt.Sscan(value, &o.Readings.UnreachableStatus)
		case key == "refuse":
			_, err = fmt.Sscan(value, &o.Readings.RefuseDispatcher)
		default:
			err = fmt.Errorf("nothing is known of %q", line)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// answerText writes what the stages render and fetch found.
func answerText(x *Exchange) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	d := x.Decision
	c := &d.Render
	if d.Outcome != Undecided {
		line("settled: %s, %s, %d", d.Outcome, d.Reason, d.Response.Status)
	}
	if c.Render != nil {
		category := "none"
		if c.Category != nil {
			category = c.Category.Name
		}
		line("render %s: %s, category %s, sticky %v, %s", c.Render.Name, c.Reason, category, c.Sticky, c.URL())
	}
	for _, a := range c.Attempts {
		result := a.Err
		if result == "" {
			result = fmt.Sprint(a.Status)
		}
		line("attempt %d of %s for a %s: %s in %s", a.Round, a.Render.Name, a.Purpose, result, a.Took)
	}
	if x.answer != nil {
		line("answer %d %s", x.answer.Status, x.failed)
		for _, f := range endToEnd(x.location(x.answer.Header)) {
			line("%s: %s", f.Name, f.Value)
		}
	}
	if f, ok := x.stickyCookie(); ok {
		line("%s: %s", f.Name, f.Value)
	}
	return b.String()
}

const twoRenders = ` /renders { /rend01 { /hostname "a" /port "4503" } /rend02 { /hostname "b" /port "4503" } }`

// TestUnreachable: five rounds of ten seconds each and four pauses of one are 54 seconds, as in a published log
// (AdobeDocs/experience-manager-learn.en, common-logs.md).
func TestUnreachable(t *testing.T) {
	e := newRenderTest(t, `/farms { /authorfarm { /renders { /0 { /hostname "10.43.3.40" /port "4502" /timeout "10000" } } } }`,
		`0 refuses "Connection timed out" took=10s`, Options{})
	x, trace := e.fetch(t, get(t, "/favicon.ico"))
	if got, want := e.timeline.Now().Sub(start), 54*time.Second; got != want {
		t.Errorf("elapsed: got %s, want %s", got, want)
	}
	if x.answer.Status != 502 || x.failed != NoRender {
		t.Errorf("got %d, %s, want 502, %s", x.answer.Status, x.failed, NoRender)
	}
	if got := len(x.Decision.Render.Attempts); got != 5 {
		t.Errorf("attempts: got %d, want 5", got)
	}
	for i, a := range x.Decision.Render.Attempts {
		if a.Round != i+1 || a.Took != 10*time.Second || a.Err != "Connection timed out" || a.Status != 0 {
			t.Errorf("attempt %d: got %+v", i, a)
		}
	}
	for _, want := range []string{
		"[W] Unable to connect socket to 10.43.3.40:4502: Connection timed out",
		"[W] Unable to connect to any backend in farm authorfarm",
	} {
		if err := hasLine(trace, want); err != nil {
			t.Error(err)
		}
	}
}

// TestRounds: /numberOfRetries rounds over all renders, with pauses between them.
func TestRounds(t *testing.T) {
	const script = "rend01 refuses no took=1s\nrend02 refuses no took=1s"
	tests := []struct {
		name, settings string
		attempts       int
		elapsed        time.Duration
	}{
		{"default", "", 10, 14 * time.Second},
		{"none", `/numberOfRetries "0"`, 2, 2 * time.Second},
		{"below none, which is not read", `/numberOfRetries "-3"`, 10, 14 * time.Second},
		{"one", `/numberOfRetries "1"`, 2, 2 * time.Second},
		{"two", `/numberOfRetries "2"`, 4, 5 * time.Second},
		{"three with a pause of ten", `/numberOfRetries "3" /retryDelay "10"`, 6, 26 * time.Second},
		{"without a pause", `/numberOfRetries "3" /retryDelay "0"`, 6, 6 * time.Second},
		{"bounded", `/numberOfRetries "1000000000" /retryDelay "0"`, 2 * maxRounds, 2 * maxRounds * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newRenderTest(t, "/farms { /f { "+tt.settings+twoRenders+" } }", script, Options{})
			x, _ := e.fetch(t, get(t, "/x.html"))
			if got := len(x.Decision.Render.Attempts); got != tt.attempts {
				t.Errorf("attempts: got %d, want %d", got, tt.attempts)
			}
			if got := e.timeline.Now().Sub(start); got != tt.elapsed {
				t.Errorf("elapsed: got %s, want %s", got, tt.elapsed)
			}
			if x.failed != NoRender || x.answer.Status != 502 {
				t.Errorf("got %s, %d", x.failed, x.answer.Status)
			}
		})
	}
}

// TestContextEnds: a client that goes away ends the rounds, and is no failure of a render.
func TestContextEnds(t *testing.T) {
	e := newRenderTest(t, "/farms { /f { "+twoRenders+" } }", "rend01 refuses no\nrend02 refuses no", Options{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	rounds := 0
	e.options.Sleep = func(ctx context.Context, d time.Duration) error {
		if rounds++; rounds == 2 {
			cancel()
		}
		return ctx.Err()
	}
	x := &Exchange{Request: get(t, "/x.html"), Decision: new(Decision), engine: e.Engine}
	if err := x.runTo(ctx, "fetch"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if got := len(x.Decision.Render.Attempts); got != 4 {
		t.Errorf("attempts: got %d, want those of two rounds, 4", got)
	}
}

// TestScores: a score is 0.9 of what it was and 0.1 of the tenths of a second that an answer took; a failed connection
// adds the penalty.
func TestScores(t *testing.T) {
	const config = `/farms { /f { /unavailablePenalty "7" /numberOfRetries "1" /statistics { /categories { /html { /glob "*.html" } /other { /glob "*" } } } ` + twoRenders + ` } }`
	e := newRenderTest(t, config, "rend01 200 took=2s\nrend01 200 took=1s\nrend01 refuses no\nrend02 200 took=3s", Options{})
	f := e.config.Farms[0]
	html, other := f.Statistics.Categories[0], f.Statistics.Categories[1]
	steps := []struct {
		url, render    string
		first, second  float64 // scores for html afterwards
		firstForOthers float64
	}{
		{"/a.html", "rend01", 2, 0, 0},
		{"/b.html", "rend02", 2, 3, 0},
		{"/c.html", "rend01", 0.9*2 + 1, 3, 0},
		{"/d.png", "rend02", 2.8, 3, 7}, // rend01 refuses
		{"/e.html", "rend02", 2.8 + 7, 0.9*3 + 3, 7},
	}
	for _, s := range steps {
		x, _ := e.fetch(t, get(t, s.url))
		if got := x.Decision.Render.Render.Name; got != s.render {
			t.Errorf("%s: got render %s, want %s", s.url, got, s.render)
		}
		m := &e.memory.renders
		got := [3]float64{m.score(scoreKey{f.Renders[0], html}), m.score(scoreKey{f.Renders[1], html}), m.score(scoreKey{f.Renders[0], other})}
		want := [3]float64{s.first, s.second, s.firstForOthers}
		for i := range got {
			if d := got[i] - want[i]; d > 1e-9 || d < -1e-9 {
				t.Errorf("%s: got scores %v, want %v", s.url, got, want)
				break
			}
		}
	}
}

// TestSentBody: a body is sent again where nothing of it was read or it can be set back, and never cut.
func TestSentBody(t *testing.T) {
	const config = `/farms { /f { /failover "1" ` + twoRenders + ` } }`
	const text = "name=value"
	offset := strings.NewReader("before " + text)
	if _, err := offset.Seek(int64(len("before ")), io.SeekStart); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, script string
		body         io.Reader
		status       int
		asked        []string
	}{
		{"seekable", "rend01 503 reads=4\nrend02 200 reads=all", strings.NewReader(text), 200, []string{"rend01 POST /x.html <- name", "rend02 POST /x.html <- name=value"}},
		{"seekable from where it stood", "rend01 503 reads=all\nrend02 200 reads=all", offset, 200, []string{"rend01 POST /x.html <- name=value", "rend02 POST /x.html <- name=value"}},
		{"stream, not read", "rend01 503\nrend02 200 reads=all", io.MultiReader(strings.NewReader(text)), 200, []string{"rend01 POST /x.html", "rend02 POST /x.html <- name=value"}},
		{"stream, half read", "rend01 503 reads=4\nrend02 200 reads=all", io.MultiReader(strings.NewReader(text)), 503, []string{"rend01 POST /x.html <- name"}},
		{"stream, read before the connection failed", "rend01 refuses no reads=4\nrend02 200 reads=all", io.MultiReader(strings.NewReader(text)), 502, []string{"rend01 POST /x.html <- name"}},
		{"stream after a failed connection", "rend01 refuses no\nrend02 200 reads=all", io.MultiReader(strings.NewReader(text)), 200, []string{"rend01 POST /x.html", "rend02 POST /x.html <- name=value"}},
		{"cannot seek", "rend01 503 reads=1\nrend02 200", pipe{strings.NewReader(text)}, 503, []string{"rend01 POST /x.html <- n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newRenderTest(t, config, tt.script, Options{})
			r := get(t, "/x.html")
			r.Method, r.Body, r.Length = "POST", tt.body, int64(len(text))
			x, trace := e.fetch(t, r)
			if x.answer.Status != tt.status {
				t.Errorf("status: got %d, want %d", x.answer.Status, tt.status)
			}
			if diff := cmp.Diff(tt.asked, e.script.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			cut := hasLine(trace, "[N] a part of the request's body was read: the request is not sent again") == nil
			if want := tt.status != 200; cut != want {
				t.Errorf("note about the body: got %v, want %v", cut, want)
			}
		})
	}
}

// A pipe has the method of a Seeker and cannot seek, as a file that is a pipe.
type pipe struct{ io.Reader }

func (pipe) Seek(int64, int) (int64, error) { return 0, errors.New("illegal seek") }

// TestLateBackend: a backend that still reads the body while another render is asked gets nothing of it.
func TestLateBackend(t *testing.T) {
	q := &question{body: newSentBody(strings.NewReader("name=value"))}
	if !q.rewind() {
		t.Fatal("the body cannot be sent")
	}
	first := q.body.handle()
	if _, err := io.CopyN(io.Discard, first, 4); err != nil {
		t.Fatal(err)
	}
	if !q.rewind() {
		t.Fatal("the body cannot be sent again")
	}
	second := q.body.handle()
	if n, err := first.Read(make([]byte, 4)); n != 0 || !errors.Is(err, errBodyGone) {
		t.Errorf("the first reads %d bytes, %v", n, err)
	}
	if b, err := io.ReadAll(second); err != nil || string(b) != "name=value" {
		t.Errorf("the second reads %q, %v", b, err)
	}
}

// TestAskForOthers: what the module asks for itself shares the rounds, needs no headers, and changes no choice.
func TestAskForOthers(t *testing.T) {
	e := newRenderTest(t, `/farms { /f { /failover "1" /numberOfRetries "2" `+twoRenders+` } }`, "rend01 refuses no\nrend02 503\nrend02 200", Options{})
	x := &Exchange{Request: get(t, "/x.html", "Cookie", "renderid=rend01"), Decision: new(Decision), Trace: new(Trace), engine: e.Engine, farm: e.farms.farms[0]}
	purposes := []struct {
		purpose Purpose
		stage   string
	}{{ForPermission, "lookup"}, {ForVanityList, "vanity"}, {ForFlush, "invalidate"}, {ForHealth, "fetch"}}
	statuses := []int{503, 200, 200, 200}
	for i, p := range purposes {
		*x.Trace = Trace{}
		a, r, err := x.ask(context.Background(), p.purpose, "HEAD", "/bin/check?uri=/x.html", nil, nil, 0)
		if err != nil {
			t.Fatalf("%s: %v", p.purpose, err)
		}
		if a.Status != statuses[i] || r.Name != "rend02" {
			t.Errorf("%s: got %d from %s", p.purpose, a.Status, r.Name)
		}
		a.Close()
		x.release(false)
		for _, ev := range x.Trace.Events {
			if ev.Stage != p.stage {
				t.Errorf("%s: line %q is of stage %s, want %s", p.purpose, ev.Message, ev.Stage, p.stage)
			}
		}
		for _, want := range []string{"Adding request header: Host", "Adding request header: Server-Agent", `request.headers[Host] = "b:4503"`, "No socket reuse: response body not fully consumed"} {
			if err := hasLine(x.Trace, want); err != nil {
				t.Errorf("%s: %v", p.purpose, err)
			}
		}
	}
	if c := x.Decision.Render; c.Render != nil || c.Header != nil || len(c.Attempts) != 8 {
		t.Errorf("the client's choice changed: %+v", c)
	}
	if _, _, err := (&Exchange{Request: x.Request, Decision: new(Decision), engine: New(e.config, Options{}), farm: x.farm}).ask(context.Background(), ForVanityList, "GET", "/", nil, nil, 0); !errors.Is(err, errNoRender) {
		t.Errorf("without a backend: got %v, want %v", err, errNoRender)
	}
}

// TestAskTogether: a hundred at once, with the race detector.
func TestAskTogether(t *testing.T) {
	e := newRenderTest(t, `/farms { /f { /failover "1" /health_check { /url "/health" } /numberOfRetries "2" /statistics { /categories { /all { /glob "*" } } } `+twoRenders+` } }`,
		"rend01 500 took=10ms\nrend01 refuses no\nrend01 200 took=30ms\nrend01 503\nrend01 200\nrend01 health 500\nrend02 200 took=20ms\nrend02 500\nrend02 200\nrend02 health 200", Options{})
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			r := get(t, fmt.Sprintf("/%d.html", i))
			x := &Exchange{Request: r, Decision: new(Decision), engine: e.Engine}
			if i%2 == 0 {
				x.Trace = new(Trace)
			}
			if err := x.runTo(context.Background(), "fetch"); err != nil {
				t.Error(err)
				return
			}
			if x.answer == nil || x.failed != "" || x.Decision.Render.Render == nil {
				t.Errorf("%s: no answer: %s", r.Target, x.failed)
				return
			}
			x.answer.Close()
			x.release(true)
		})
	}
	group.Wait()
	idle := 0
	for _, s := range e.memory.renders.idle {
		idle += len(s)
	}
	if idle == 0 || idle > 100 {
		t.Errorf("%d connections are idle", idle)
	}
}

// TestTimeouts: what a backend keeps to. DISP-723: ten minutes where /timeout is 0, before 4.3.1.
func TestTimeouts(t *testing.T) {
	c := decode(t, `/farms { /f { /renders { /a { /hostname "a" } /b { /hostname "b" /timeout "1500" /receiveTimeout "0" } /c { /hostname "c" /timeout "-1" /receiveTimeout "-1" } } } }`, Version{}, nil)
	tests := []struct {
		render        int
		version       Version
		connect, wait time.Duration
	}{
		{0, Newest, 0, 10 * time.Minute},
		{0, Version{4, 3, 1}, 0, 10 * time.Minute},
		{0, Version{4, 3, 0}, 10 * time.Minute, 10 * time.Minute},
		{1, Version{4, 3, 0}, 1500 * time.Millisecond, 0},
		{1, Newest, 1500 * time.Millisecond, 0},
		{2, Newest, 0, 10 * time.Minute}, // negative numbers are not read
	}
	for _, tt := range tests {
		r := c.Farms[0].Renders[tt.render]
		t.Run(r.Name+" "+tt.version.String(), func(t *testing.T) {
			if got := ConnectTimeout(r, tt.version); got != tt.connect {
				t.Errorf("connect: got %s, want %s", got, tt.connect)
			}
			if got := ReceiveTimeout(r); got != tt.wait {
				t.Errorf("receive: got %s, want %s", got, tt.wait)
			}
		})
	}
}
