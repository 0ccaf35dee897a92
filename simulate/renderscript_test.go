package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A renderScript is a Backend whose answers are written down, in simulated time. A line is
//
//	rend01 200 took=300ms body=hello -H "Location: /x"
//	rend01 health 500
//	rend01 refuses "Connection refused" took=10s addr=10.0.0.1:4503
//	rend01 stalls took=1s
//	rend01 breaks "Connection reset by peer"
//
// Lines of one render are its answers one after the other, the last of them for ever. body=none is an answer without a
// body, reads=4 reads four bytes of the request's body first, reads=all all of it.
type renderScript struct {
	timeline *Timeline

	mu    sync.Mutex
	steps map[string][]renderStep
	// asked are the requests, "rend01 GET /x", with " <- body" where one was read.
	asked []string
}

type renderStep struct {
	answer Answer
	body   string
	bare   bool
	err    error
	took   time.Duration
	reads  int
}

func newRenderScript(t *testing.T, timeline *Timeline, text string) *renderScript {
	t.Helper()
	b := &renderScript{timeline: timeline, steps: map[string][]renderStep{}}
	for line := range strings.Lines(text) {
		words := splitWords(strings.TrimSpace(line))
		if len(words) == 0 {
			continue
		}
		key, words := words[0], words[1:]
		if words[0] == "health" {
			key, words = key+" health", words[1:]
		}
		s := renderStep{body: "body of " + key}
		options := words[1:]
		switch words[0] {
		case "refuses":
			s.err = &ConnectError{Addr: "", Err: errors.New(words[1])}
			options = words[2:]
		case "stalls":
			s.err = fmt.Errorf("reading: %w", ErrReceiveTimeout)
		case "breaks":
			s.err = errors.New(words[1])
			options = words[2:]
		default:
			var err error
			if s.answer.Status, err = strconv.Atoi(words[0]); err != nil {
				t.Fatal(err)
			}
		}
		for i := 0; i < len(options); i++ {
			name, value, _ := strings.Cut(options[i], "=")
			var err error
			switch name {
			case "took":
				s.took, err = time.ParseDuration(value)
			case "addr":
				s.answer.Addr = value
				if c := (*ConnectError)(nil); errors.As(s.err, &c) {
					c.Addr = value
				}
			case "body":
				s.body, s.bare = value, value == "none"
			case "proto":
				s.answer.Proto = value
			case "reads":
				if s.reads, err = strconv.Atoi(value); value == "all" {
					s.reads, err = -1, nil
				}
			case "-H":
				i++
				name, value, _ := strings.Cut(options[i], ":")
				s.answer.Header = append(s.answer.Header, Field{name, strings.TrimSpace(value)})
			default:
				err = fmt.Errorf("nothing is known of %q", options[i])
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		b.steps[key] = append(b.steps[key], s)
	}
	return b
}

func (b *renderScript) RoundTrip(ctx context.Context, r *RenderRequest) (*Answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	key := r.Render.Name
	if _, ok := b.steps[key+" health"]; ok && r.Purpose == ForHealth {
		key += " health"
	}
	steps := b.steps[key]
	if len(steps) == 0 {
		return nil, fmt.Errorf("the script has nothing for %q", key)
	}
	s := steps[0]
	if len(steps) > 1 {
		b.steps[key] = steps[1:]
	}
	b.timeline.Advance(s.took)
	asked := r.Render.Name + " " + r.Method + " " + r.Target
	if r.Body != nil && s.reads != 0 {
		from := r.Body
		if s.reads > 0 {
			from = io.LimitReader(from, int64(s.reads))
		}
		sent, err := io.ReadAll(from)
		if err != nil {
			return nil, err
		}
		asked += " <- " + string(sent)
	}
	b.asked = append(b.asked, asked)
	if s.err != nil {
		return nil, s.err
	}
	a := s.answer
	if !s.bare {
		a.Body = io.NopCloser(strings.NewReader(s.body))
	}
	return &a, nil
}

// start is when the simulated time of these tests begins.
var start = time.Date(2025, 11, 20, 12, 0, 0, 0, time.UTC)

// A renderTest is an engine in front of scripted renders.
type renderTest struct {
	*Engine
	script   *renderScript
	timeline *Timeline
}

func newRenderTest(t *testing.T, config, script string, o Options) *renderTest {
	t.Helper()
	r := &renderTest{timeline: NewTimeline(start)}
	r.script = newRenderScript(t, r.timeline, script)
	o.Backend, o.Now, o.Sleep = r.script, r.timeline.Now, r.timeline.Sleep
	r.Engine = New(decode(t, config, o.Version, nil), o)
	return r
}

// fetch runs a request through the stages up to fetch: what the later ones do is theirs to test.
func (e *renderTest) fetch(t *testing.T, r *Request) (*Exchange, *Trace) {
	t.Helper()
	trace := new(Trace)
	x := &Exchange{Request: r, Decision: new(Decision), Trace: trace, engine: e.Engine, state: state{start: e.timeline.Now()}}
	if err := x.runTo(context.Background(), fetchStage{}.Name()); err != nil {
		t.Fatal(err)
	}
	return x, trace
}

// runTo runs the stages up to one, or to the one that settles the request.
func (x *Exchange) runTo(ctx context.Context, last string) error {
	for _, s := range stages {
		done, err := s.Run(ctx, x)
		if err != nil {
			return err
		}
		if done != nil || s.Name() == last {
			return nil
		}
	}
	return nil
}

// finish reads the answer, or not, gives the connection back, and returns the body.
func finish(t *testing.T, x *Exchange, read bool) string {
	t.Helper()
	if x.answer == nil {
		return ""
	}
	body := ""
	if x.answer.Body != nil && read {
		b, err := io.ReadAll(x.answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = string(b)
	}
	x.answer.Close()
	x.release(read || x.answer.Body == nil)
	return body
}

// get makes a request of a URL.
func get(t *testing.T, url string, header ...string) *Request {
	t.Helper()
	r, err := NewRequest("GET", url)
	if err != nil {
		t.Fatal(err)
	}
	if r.Host == "" {
		r.Host = "www.example.com"
	}
	for i := 0; i < len(header); i += 2 {
		r.Header = append(r.Header, Field{header[i], header[i+1]})
	}
	return r
}

// renderLines writes the lines of the trace that are about renders, with or without those about headers.
func renderLines(trace *Trace, headers bool) string {
	var b bytes.Buffer
	for _, e := range trace.Events {
		ofHeader := strings.HasPrefix(e.Message, "Adding request header") || strings.HasPrefix(e.Message, "request.headers")
		if ofHeader && !headers {
			continue
		}
		if e.Stage == "render" || e.Stage == "fetch" {
			fmt.Fprintf(&b, "%s [%s] %s\n", e.At.Format("15:04:05"), e.Level, e.Message)
		}
	}
	return b.String()
}

// addrOf reads an address.
func addrOf(t *testing.T, s string) netip.Addr {
	t.Helper()
	a, err := netip.ParseAddr(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
