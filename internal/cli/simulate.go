package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/dispcheck/dispcheck/internal/mock"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

func simulateCommand() *command {
	return &command{
		name:  "simulate",
		usage: "say what becomes of a request, and why",
		args:  "METHOD URL",
		about: "Answers a request as the Dispatcher would: which farm takes it, which filter rule lets it through or not, whether the cache " +
			"has the answer and may keep it, which render is asked and what it says. METHOD is taken as it is written; URL is a path, an " +
			"absolute URL or *. The configuration may be a whole project, one file, or a fragment such as a bare /filter. What is wrong " +
			"with it goes to standard error and hides no answer. Without --render the decision ends at the render; without --cache-dir " +
			"the cache is empty, and in memory. --requests plays a scenario: requests in their order on one cache.",
		flags: []*flag{
			{name: "header", short: "H", kind: list, free: true, arg: "'NAME: VALUE'", check: checkHeader, meaning: "header of the request; may be given several times"},
			{name: "host", arg: "HOST", defWords: "that of the URL, else localhost", check: checkHost, meaning: "Host header, with a port if it has one; '' for none"},
			{name: "client-ip", arg: "ADDRESS", def: "127.0.0.1", check: checkAddress, meaning: "address of the client"},
			{name: "body", short: "d", arg: "TEXT|@FILE", meaning: "body of the request"},
			{name: "proto", arg: "PROTOCOL", def: "HTTP/1.1", check: checkProto, meaning: "protocol of the request"},
			{name: "farm", arg: "NAME", meaning: "farm that answers, whatever the virtual hosts say"},
			{name: "no-httpd", kind: boolean, meaning: "leave out the httpd side: no virtual hosts, rewrite rules and headers, and the URL is taken as it was sent"},
			{name: "follow", kind: number, arg: "N", def: "0", meaning: "follow up to N redirects that lead to a host of the site"},
			{name: "define", kind: list, arg: "NAME[=VALUE]", check: checkDefine, meaning: "define a variable as httpd's -D and Define do; may be given several times"},
			{name: "directive", kind: list, free: true, arg: "'NAME VALUE'", check: checkDirective, meaning: "directive of the Dispatcher in httpd's configuration, 'DispatcherPassError 1' for one; may be given several times"},
			{name: "render", kind: list, arg: "none|auto|respond:STATUS[:TYPE]|mock:FILE|NAME=URL", def: "none", check: checkRender, completeFrom: completeFiles,
				meaning: "what answers for the renders: nobody, those that are configured, one answer, a mock file, or a URL for one of them"},
			{name: "ca-file", arg: "FILE", completeFrom: completeFiles, meaning: "certificates that renders with /secure are checked with, as DispatcherCACertificateFile; without it they are not"},
			{name: "cert-file", arg: "FILE", completeFrom: completeFiles, meaning: "certificate and key to show to renders, as DispatcherCertificateFile"},
			{name: "check-peer-cn", kind: boolean, meaning: "check the name in a render's certificate, as DispatcherCheckPeerCN On"},
			{name: "cache-dir", arg: "DIR", completeFrom: completeFolders, meaning: "real folder that is the document root: read, and written to as the Dispatcher would"},
			{name: "no-write", kind: boolean, meaning: "leave --cache-dir as it is: what is written stays in memory"},
			{name: "at", arg: "TIME", check: checkTime, defWords: "now", meaning: "time of the request, RFC 3339 or Unix seconds"},
			{name: "reading", kind: list, arg: "KEY=VALUE", check: checkReading, meaning: "another reading of what is not published, stat-lookup=exact for one; may be given several times"},
			{name: "wording", kind: choice, values: []string{"log", "docs"}, def: "log", meaning: "words of X-Cache-Info: those of real logs, or those of today's documentation"},
			{name: "startup", kind: boolean, meaning: "start the Dispatcher before the first request: its first lines, and the vanity lists that it loads then"},
			{name: "run-handlers", kind: boolean, meaning: "run the program of /invalidateHandler for a flush"},
			{name: "trace", kind: boolean, meaning: "print the lines that the Dispatcher would log at trace level"},
			logFormatFlag(),
			{name: "explain", kind: boolean, meaning: "print every rule that was looked at, pattern by pattern"},
			{name: "requests", arg: "FILE|-", completeFrom: completeFiles, meaning: "play the requests of a file, in their order: YAML, .http, or METHOD URL [HOST] or a JSON object on each line"},
			{name: "cookies", kind: boolean, meaning: "keep the cookies of answers and send them with the requests that follow"},
			{name: "expect", kind: list, free: true, arg: "PATH=VALUE", check: checkExpectation,
				meaning: "what the answer must say, filter=deny for one; filter, cache, farm, status, file or a path into the JSON"},
		},
		formats: []string{"text", "json"},
		minArgs: 0, maxArgs: 2,
		exits: []exit{
			{exitClean, "the request was answered, whatever the answer is"},
			{exitFindings, "the answer is not what --expect or the scenario says"},
			{exitUnusable, "wrong usage, or a file that cannot be read"},
		},
		example: example{"dispcheck simulate GET /system/console -c example:cloud --trace", "which rule denies the console?"},
		run:     runSimulate,
	}
}

func runSimulate(ctx context.Context, in *invocation) error {
	s := simulation{in: in, wants: in.expectations(), follow: in.number("follow")}
	defer s.close()
	if err := s.readRequests(ctx); err != nil {
		return err
	}
	c, err := in.loadConfiguration(ctx, !in.yes("no-httpd"))
	if err != nil {
		return err
	}
	if err := in.checkFarm(c.Config); err != nil {
		return err
	}
	if err := s.prepare(ctx, c); err != nil {
		return err
	}
	if err := in.emitTogether(func(outs []*output) error { return s.play(ctx, outs) }); err != nil {
		return err
	}
	if err := in.unread(c.project); err != nil {
		return err
	}
	if s.missed {
		return errFindings
	}
	return nil
}

// checkFarm says that --farm names no farm.
func (in *invocation) checkFarm(c *model.Config) error {
	name := in.farmName()
	if name == "" || c.Farm(name) != nil {
		return nil
	}
	var names []string
	for _, f := range c.Farms {
		names = append(names, f.Name)
	}
	return usagef(didYouMean(name, names, "", "it has "+strings.Join(names, ", ")), "--farm: the configuration has no farm %s", name)
}

// farmName is what --farm names, with or without its slash.
func (in *invocation) farmName() string { return strings.TrimPrefix(in.text("farm"), "/") }

// engineOptions are the options of the engine that flags ask for. Now is set where --at is given.
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

// readings are those that --reading asks for.
func (in *invocation) readings() (simulate.Readings, error) {
	var r simulate.Readings
	for _, s := range in.list("reading") {
		if err := r.Set(s); err != nil {
			return r, usagef("", "--reading: %v", err)
		}
	}
	return r, nil
}

// readRequests reads the request of the arguments or those of --requests.
func (s *simulation) readRequests(ctx context.Context) error {
	const usage = "usage: dispcheck simulate METHOD URL, or dispcheck simulate --requests FILE"
	in := s.in
	base, err := in.base()
	if err != nil {
		return err
	}
	if in.given("requests") {
		if len(in.args) > 0 {
			return usagef(usage, "simulate takes either METHOD and URL or --requests, and has both")
		}
		s.many = true
		if in.text("requests") == "" {
			return usagef(usage, "--requests names no file")
		}
		s.scenario, err = in.readScenario(ctx, in.text("requests"), base)
		return err
	}
	if len(in.args) != 2 {
		hint := usage
		if len(in.args) == 1 && strings.HasPrefix(in.args[0], "/") {
			hint = fmt.Sprintf("did you mean dispcheck simulate GET %s?", in.args[0])
		}
		return usagef(hint, "%v, and has %d of the two", errNoRequest, len(in.args))
	}
	step, err := scenario.One(in.args[0], in.args[1], base)
	if err != nil {
		return usagef(usage, "%v", err)
	}
	s.scenario = &scenario.Scenario{Steps: []scenario.Step{*step}}
	return nil
}

// errNoRequest says that there is nothing to simulate.
var errNoRequest = errors.New("simulate needs METHOD and URL")

// base is what flags say of every request.
func (in *invocation) base() (scenario.Base, error) {
	var b scenario.Base
	var err error
	if b.Body, err = in.bodyOf(); err != nil {
		return b, err
	}
	if in.given("client-ip") {
		if b.Client, err = netip.ParseAddr(in.text("client-ip")); err != nil {
			return b, err
		}
	}
	if in.given("proto") {
		b.Proto = in.text("proto")
	}
	b.Farm = in.farmName()
	if in.given("host") {
		host := in.text("host")
		b.Host = &host
	}
	for _, h := range in.list("header") {
		name, value, _ := strings.Cut(h, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if strings.EqualFold(name, "Host") {
			b.Host = &value
			continue
		}
		b.Header = append(b.Header, simulate.Field{Name: name, Value: value})
	}
	return b, nil
}

// play carries the scenario out and writes each answer to all outputs.
func (s *simulation) play(ctx context.Context, outs []*output) error {
	writers := make([]*bufio.Writer, len(outs))
	toTerminal := false
	for i, o := range outs {
		writers[i] = bufio.NewWriter(o)
		toTerminal = toTerminal || isTerminal(o.Writer)
	}
	bar := &progress{}
	if !toTerminal { // or both would write to one screen
		bar = s.in.progress(len(s.scenario.Steps), "steps")
	}
	defer bar.clear()
	first := true
	err := s.scenario.Play(ctx, &s.stage, func(p *scenario.Played) error {
		bar.done(p.Index)
		sim, err := s.simulation(ctx, p)
		if err != nil {
			return err
		}
		for i, o := range outs {
			if o.format != "json" && !first {
				writers[i].WriteByte('\n')
			}
			if err := s.write(o, writers[i], sim); err != nil {
				return err
			}
		}
		first = false
		return s.meet(p, sim)
	})
	for _, w := range writers { // what came before an error is worth having
		if e := w.Flush(); err == nil {
			err = e
		}
	}
	var step *scenario.StepError
	if errors.As(err, &step) && !step.Step.Span.IsZero() && ctx.Err() == nil {
		return &placedError{step.Step.Span, step.Err.Error(), ""}
	}
	return err
}

func (s *simulation) write(o *output, w *bufio.Writer, sim *report.Simulation) error {
	switch {
	case o.format == "json" && s.many:
		return report.JSONLine(w, report.NewSimulationJSON(sim, o.Prefix))
	case o.format == "json":
		return report.JSON(w, report.NewSimulationJSON(sim, o.Prefix))
	}
	return o.Simulation(w, sim)
}

// simulation is an answer as it is reported.
func (s *simulation) simulation(ctx context.Context, p *scenario.Played) (*report.Simulation, error) {
	sim := &report.Simulation{
		Request: p.Request, Decision: p.Decision, Trace: p.Trace, Version: s.stage.Engine.Version(),
		Passage: s.passage, ShowTrace: s.in.yes("trace"), Explain: s.in.yes("explain"), LogForm: s.logForm,
	}
	if step := p.Step; s.many && step.Name != step.Place() {
		sim.Name = step.Name
	}
	at := s.stage.Now()
	notes := append(s.notes[:len(s.notes):len(s.notes)], p.Step.Notes...)
	events := make([]simulate.Event, 0, len(notes)+len(p.Trace.Events))
	for _, note := range notes {
		events = append(events, simulate.Event{Stage: "request", Level: simulate.LevelNote, Message: note, At: at})
	}
	if s.startup != nil {
		events = append(events, s.startup.Events...)
		s.startup = nil
	}
	p.Trace.Events = append(events, p.Trace.Events...)
	if !s.dated && s.logForm == nil {
		for i := range p.Trace.Events {
			p.Trace.Events[i].At = time.Time{}
		}
	}
	if f := p.Decision.Farm.Farm; p.Decision.Invalidation.Allowed && f != nil && s.surveys {
		var err error
		if sim.Survey, err = report.SurveyAfter(ctx, s.stage.Engine, p.Decision, nil); err != nil {
			return nil, err
		}
	}
	return sim, nil
}

func checkHeader(s string) error {
	name, value, ok := strings.Cut(s, ":")
	name = strings.TrimSpace(name)
	if !ok || name == "" || strings.ContainsAny(s, "\r\n\x00") || mock.CheckHeaderName(name) != nil {
		return fmt.Errorf("%q is no header; write 'Name: value'", s)
	}
	if strings.EqualFold(name, "Host") {
		return checkHost(strings.TrimSpace(value))
	}
	return nil
}

func checkHost(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) || strings.ContainsAny(s, "/?#@") {
		return fmt.Errorf("%q is no host such as www.example.com or localhost:8080", s)
	}
	return nil
}

func checkDirective(s string) error { return simulate.ParseDirective(new(simulate.Directives), s) }

func checkReading(s string) error { return new(simulate.Readings).Set(s) }

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

func checkTime(s string) error {
	_, err := parseTime(s)
	return err
}

func parseTime(s string) (time.Time, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) <= 12 {
		if n < 0 {
			return time.Time{}, fmt.Errorf("%q is before 1970, and no file is that old", s)
		}
		return time.Unix(n, 0).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, fmt.Errorf("%q is neither RFC 3339, such as 2025-11-20T08:00:00Z, nor Unix seconds", s)
	}
	if t.Before(time.Unix(0, 0)) {
		return time.Time{}, fmt.Errorf("%q is before 1970, and no file is that old", s)
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
	if name == "" {
		return nil, usagef("write --body @FILE", "--body: @ names no file")
	}
	return readBounded(name, limit)
}
