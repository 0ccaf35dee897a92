package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/simulate"
)

func simulateCommand() *command {
	return &command{
		name:  "simulate",
		usage: "say what becomes of a request, and why",
		args:  "METHOD URL",
		about: "Answers a request as the Dispatcher would, up to the render: which farm takes it, which filter rule lets it through or " +
			"not, whether its answer may be cached and as which file. METHOD is taken as it is written; URL is a path, an absolute URL " +
			"or *. The configuration may be a whole project, one file, or a fragment such as a bare /filter. What is wrong with it " +
			"goes to standard error and hides no answer. What is not simulated yet says so.",
		flags: []*flag{
			{name: "header", short: "H", kind: list, arg: "'NAME: VALUE'", check: checkHeader, meaning: "header of the request; may be given several times"},
			{name: "host", arg: "HOST", defWords: "that of the URL, else localhost", meaning: "Host header, with a port if it has one; '' for none"},
			{name: "client-ip", arg: "ADDRESS", def: "127.0.0.1", check: checkAddress, meaning: "address of the client"},
			{name: "body", short: "d", arg: "TEXT|@FILE", meaning: "body of the request"},
			{name: "proto", arg: "PROTOCOL", def: "HTTP/1.1", check: checkProto, meaning: "protocol of the request"},
			{name: "farm", arg: "NAME", meaning: "farm that answers, whatever the virtual hosts say"},
			{name: "no-httpd", kind: boolean, meaning: "leave out what httpd would do with its own files; they are not simulated yet in any case"},
			{name: "define", kind: list, arg: "NAME[=VALUE]", check: checkDefine, meaning: "define a variable as httpd's -D and Define do; may be given several times"},
			{name: "render", arg: "none", def: "none", check: checkRender, meaning: "what answers for the renders; none stops the decision there"},
			{name: "at", arg: "TIME", check: checkTime, defWords: "no time", meaning: "time of the request, RFC 3339 or Unix seconds"},
			{name: "trace", kind: boolean, meaning: "print the lines that the Dispatcher would log at trace level"},
			{name: "explain", kind: boolean, meaning: "print every rule that was looked at, pattern by pattern"},
			{name: "requests", arg: "FILE|-", completeFrom: completeFiles, meaning: "answer the requests of a file, in their order: METHOD URL [HOST] or a JSON object on each line"},
			{name: "expect", kind: list, arg: "PATH=VALUE", check: checkExpectation,
				meaning: "what the answer must say, filter=deny for one; filter, cache, farm, status, file or a path into the JSON"},
		},
		formats: []string{"text", "json"},
		minArgs: 0, maxArgs: 2,
		exits: []exit{
			{exitClean, "the request was answered, whatever the answer is"},
			{exitFindings, "the answer is not what --expect says"},
			{exitUnusable, "wrong usage, or a file that cannot be read"},
		},
		example: example{"dispcheck simulate GET /system/console -c example:cloud --trace", "which rule denies the console?"},
		run:     runSimulate,
	}
}

func runSimulate(ctx context.Context, in *invocation) error {
	wants := in.expectations()
	requests, err := in.simulatedRequests(ctx)
	if err != nil {
		return err
	}
	c, err := in.loadConfiguration(ctx)
	if err != nil {
		return err
	}
	if name := in.farmName(); name != "" && c.Config.Farm(name) == nil {
		var names []string
		for _, f := range c.Config.Farms {
			names = append(names, f.Name)
		}
		return usagef(didYouMean(name, names, "", "it has "+strings.Join(names, ", ")), "--farm: the configuration has no farm %s", name)
	}
	options, err := in.engineOptions()
	if err != nil {
		return err
	}
	q := questions{
		engine: simulate.New(c.Config, options), now: options.Now, requests: requests, notes: c.notes,
		trace: in.yes("trace"), explain: in.yes("explain"),
	}
	if err := in.emit(func(o *output) error { return in.writeSimulations(ctx, o, &q) }); err != nil {
		return err
	}
	met, err := in.meetExpectations(ctx, wants, &q)
	if err != nil {
		return err
	}
	if err := in.unread(c.project); err != nil {
		return err
	}
	if !met {
		return errFindings
	}
	return nil
}

// farmName is what --farm names, with or without its slash.
func (in *invocation) farmName() string { return strings.TrimPrefix(in.text("farm"), "/") }

// engineOptions are the options of the engine that flags ask for.
func (in *invocation) engineOptions() (simulate.Options, error) {
	var o simulate.Options
	if s := in.text("dispatcher-version"); s != "" {
		v, err := simulate.ParseVersion(s)
		if err != nil {
			return o, usagef("", "--dispatcher-version: %v", err)
		}
		o.Version = v
	}
	if s := in.text("at"); s != "" {
		at, err := parseTime(s)
		if err != nil {
			return o, usagef("", "--at: %v", err)
		}
		o.Now = func() time.Time { return at }
	}
	return o, nil
}

// questions are the requests of one run and what answers them.
type questions struct {
	engine         *simulate.Engine
	now            simulate.Clock
	requests       []scenarioRequest
	notes          []string // what was assumed for all of them
	trace, explain bool
}

// A simulated is a request with its answer.
type simulated struct {
	asked *scenarioRequest
	report.Simulation
}

// each answers the requests one after the other. What it passes to visit is good until visit returns: the answers of
// a long scenario need not fit in memory.
func (q *questions) each(ctx context.Context, visit func(i int, s *simulated) error) error {
	var at time.Time
	if q.now != nil {
		at = q.now()
	}
	trace := &simulate.Trace{Explain: q.explain}
	s := simulated{Simulation: report.Simulation{Decision: new(simulate.Decision), Trace: trace, ShowTrace: q.trace, Explain: q.explain}}
	for i := range q.requests {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.asked, s.Request = &q.requests[i], q.requests[i].request
		trace.Reset()
		for _, note := range slices.Concat(q.notes, s.asked.notes) {
			trace.Events = append(trace.Events, simulate.Event{Stage: "request", Level: simulate.LevelNote, Message: note, At: at})
		}
		if err := q.engine.Decide(ctx, s.Request, s.Decision, trace); err != nil {
			return err
		}
		if err := visit(i, &s); err != nil {
			return err
		}
	}
	return nil
}

// writeSimulations writes one answer as an object of several lines, those of a scenario as one line each.
func (in *invocation) writeSimulations(ctx context.Context, o *output, q *questions) error {
	many := in.given("requests")
	w := bufio.NewWriter(o)
	bar := &progress{}
	if !isTerminal(o.Writer) { // or both would write to one screen
		bar = in.progress(len(q.requests), "requests")
	}
	defer bar.clear()
	err := q.each(ctx, func(i int, s *simulated) error {
		bar.done(i)
		switch {
		case o.format == "json" && many:
			return report.JSONLine(w, report.NewSimulationJSON(&s.Simulation, o.Prefix))
		case o.format == "json":
			return report.JSON(w, report.NewSimulationJSON(&s.Simulation, o.Prefix))
		}
		if i > 0 {
			w.WriteByte('\n')
		}
		return o.Simulation(w, &s.Simulation)
	})
	if err != nil {
		return err
	}
	return w.Flush()
}

func checkHeader(s string) error {
	name, _, ok := strings.Cut(s, ":")
	if !ok || strings.TrimSpace(name) == "" || strings.ContainsAny(s, "\r\n") {
		return fmt.Errorf("%q is no header; write 'Name: value'", s)
	}
	return nil
}

func checkDefine(s string) error {
	name, _, _ := strings.Cut(s, "=")
	if name == "" || strings.ContainsFunc(name, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(":${}", r)
	}) {
		return fmt.Errorf("%q names no variable; write NAME or NAME=VALUE", s)
	}
	return nil
}

func checkAddress(s string) error {
	if _, err := netip.ParseAddr(s); err != nil {
		return fmt.Errorf("%q is no IP address", s)
	}
	return nil
}

func checkProto(s string) error {
	if rest, ok := strings.CutPrefix(s, "HTTP/"); !ok || rest == "" || strings.ContainsAny(rest, " \t\r\n") {
		return fmt.Errorf("%q is no protocol such as HTTP/1.0", s)
	}
	return nil
}

func checkRender(s string) error {
	if s != "none" {
		return fmt.Errorf("%q is not simulated yet; the answer of a render is needed for none of what is", s)
	}
	return nil
}

func checkTime(s string) error {
	_, err := parseTime(s)
	return err
}

func parseTime(s string) (time.Time, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) <= 12 {
		return time.Unix(n, 0).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, fmt.Errorf("%q is neither RFC 3339, such as 2025-11-20T08:00:00Z, nor Unix seconds", s)
	}
	return t, nil
}

// bodyOf returns what --body gives: a text, or the contents of a file.
func (in *invocation) bodyOf() ([]byte, error) {
	s := in.text("body")
	name, ok := strings.CutPrefix(s, "@")
	if !ok {
		return []byte(s), nil
	}
	const limit = 16 << 20
	return readBounded(name, limit)
}

// newRequest makes a request of a method and a URL, with what the flags say of every request.
func (in *invocation) newRequest(method, url string) (scenarioRequest, error) {
	r, err := simulate.NewRequest(method, url)
	if err != nil {
		return scenarioRequest{}, err
	}
	out := scenarioRequest{request: r}
	for _, h := range in.list("header") {
		name, value, _ := strings.Cut(h, ":")
		out.add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	r.Proto, r.Farm = in.text("proto"), in.farmName()
	if r.Client, err = netip.ParseAddr(in.text("client-ip")); err != nil {
		return out, err
	}
	if in.given("host") {
		r.Host, out.hostGiven = in.text("host"), true
	}
	return out, nil
}

// add gives the request a header. Host has a field of its own.
func (s *scenarioRequest) add(name, value string) {
	if strings.EqualFold(name, "Host") {
		s.request.Host, s.hostGiven = value, true
		return
	}
	s.request.Header = append(s.request.Header, simulate.Field{Name: name, Value: value})
}

// complete fills in what nothing was said about.
func (s *scenarioRequest) complete(body []byte) {
	if len(body) > 0 {
		s.request.Body = bytes.NewReader(body)
	}
	if s.request.Host == "" && !s.hostGiven {
		s.request.Host = "localhost"
		s.notes = append(s.notes, "no host is given: localhost is taken")
	}
	if i := strings.IndexByte(s.request.Target, '#'); i >= 0 {
		s.notes = append(s.notes, fmt.Sprintf("fragment %s of the URL is left out: no client sends it", s.request.Target[i:]))
		s.request.Target = s.request.Target[:i]
	}
}

// errNoRequest says that there is nothing to simulate.
var errNoRequest = errors.New("simulate needs METHOD and URL")

// simulatedRequests returns the request of the arguments or those of --requests.
func (in *invocation) simulatedRequests(ctx context.Context) ([]scenarioRequest, error) {
	const usage = "usage: dispcheck simulate METHOD URL, or dispcheck simulate --requests FILE"
	body, err := in.bodyOf()
	if err != nil {
		return nil, err
	}
	if in.given("requests") {
		if len(in.args) > 0 {
			return nil, usagef(usage, "simulate takes either METHOD and URL or --requests, and has both")
		}
		return in.readScenario(ctx, in.text("requests"), body)
	}
	if len(in.args) != 2 {
		hint := usage
		if len(in.args) == 1 && strings.HasPrefix(in.args[0], "/") {
			hint = fmt.Sprintf("did you mean dispcheck simulate GET %s?", in.args[0])
		}
		return nil, usagef(hint, "%v, and has %d of the two", errNoRequest, len(in.args))
	}
	s, err := in.newRequest(in.args[0], in.args[1])
	if err != nil {
		return nil, usagef(usage, "%v", err)
	}
	s.complete(body)
	return []scenarioRequest{s}, nil
}
