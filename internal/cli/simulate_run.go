package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/displog"
	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/mock"
	"github.com/dispcheck/dispcheck/internal/mock/folder"
	"github.com/dispcheck/dispcheck/internal/renderio"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// A simulation is one run of simulate: a scenario, and what it is played on.
type simulation struct {
	in       *invocation
	scenario *scenario.Scenario
	many     bool // the requests are those of a file
	wants    []report.Expectation
	notes    []string // what was assumed for all requests
	stage    scenario.Stage
	dated    bool // the run has a time that was asked for
	surveys  bool // a flush finds a cache to look at
	logForm  *displog.Form
	missed   bool // an expectation was not met

	// startup is what the Dispatcher says when it starts, until the first answer has it.
	startup *simulate.Trace

	closers []io.Closer
}

func (s *simulation) close() {
	for _, c := range s.closers {
		c.Close()
	}
}

// prepare makes the engine and what is around it.
func (s *simulation) prepare(ctx context.Context, c *configuration) error {
	in := s.in
	s.notes = c.notes
	o, err := in.engineOptions()
	if err != nil {
		return err
	}
	if o.Readings, err = in.readings(); err != nil {
		return err
	}
	if in.text("wording") == "docs" {
		o.Readings.Wording = simulate.WordsOfDocs
	}
	for _, d := range in.list("directive") {
		if err := simulate.ParseDirective(&o.Directives, d); err != nil {
			return usagef("", "--directive: %v", err)
		}
	}
	if file := o.Directives.EdgeKeyFile; file != "" {
		const most = 4 << 10
		key, err := readBounded(file, most)
		if err != nil {
			return err
		}
		o.Directives.EdgeKey = strings.TrimSpace(string(key))
		if o.Directives.EdgeKey == "" {
			return &fileError{display(file), errors.New("holds no key for X-Edge-Key")}
		}
	}
	if in.yes("run-handlers") {
		o.RunHandler = runHandler
	}
	if form := in.text("log-format"); form != "" {
		f := displog.Module
		if form == "cloud" {
			f = displog.Cloud
		}
		s.logForm = &f
	}
	start := time.Now()
	switch {
	case o.Now != nil:
		start, s.dated = o.Now(), true
	case !s.scenario.At.IsZero():
		start, s.dated = s.scenario.At, true
	}
	if err := s.setRenders(&o, c.Config, start); err != nil {
		return err
	}
	if err := s.setStore(&o, c.Config); err != nil {
		return err
	}
	if err := s.scenario.Lay(o.Store, c.Config, start); err != nil {
		return usagef("", "putting files into the cache: %v", err)
	}
	s.scenario.Options(&o, c.Config, start)
	if in.yes("cookies") {
		s.scenario.Cookies = true
	}
	engine := simulate.New(c.Config, o)
	if in.yes("startup") {
		s.startup = new(simulate.Trace)
		if err := engine.Start(ctx, s.startup); err != nil {
			return err
		}
	}
	s.stage.Engine, s.stage.Store, s.stage.Now, s.stage.Explain = engine, o.Store, o.Now, in.yes("explain")
	return nil
}

// setRenders makes what answers for the renders, and the clock: simulated time, unless the renders are real.
func (s *simulation) setRenders(o *simulate.Options, config *model.Config, start time.Time) error {
	in := s.in
	labels := renderLabels(config)
	if err := s.scenario.Check(labels); err != nil {
		return err
	}
	r, err := in.renderFlags()
	if err != nil {
		return err
	}
	for name := range r.urls {
		if !contains(labels, name) {
			return usagef(didYouMean(name, labels, "", "they are "+strings.Join(labels, ", ")), "--render: the configuration has no render %s", name)
		}
	}
	canned := r.mock
	if canned == nil && !in.given("render") {
		canned = s.scenario.Mock
	}
	if canned != nil {
		if err := canned.Check(labels); err != nil {
			return err
		}
		s.stage.Mock, o.Backend = canned, canned
	}
	if !r.real && len(r.urls) == 0 {
		line := simulate.NewTimeline(start)
		o.Now, o.Sleep, s.stage.Advance = line.Now, line.Sleep, line.Advance
		if canned != nil {
			canned.SetSleep(line.Sleep)
		}
		return nil
	}
	real, err := renderio.New(renderio.Options{
		Override: r.urls, CAFile: in.text("ca-file"), CertFile: in.text("cert-file"), CheckPeerCN: in.yes("check-peer-cn"),
		KeepAlive: o.Directives.KeepAlive, Implicit10Min: simulate.ImplicitTimeout(o.Version),
	})
	if err != nil {
		return usagef("", "%v", err)
	}
	s.closers = append(s.closers, real)
	clock := simulate.NewShiftedClock(start)
	o.Now, s.stage.Advance = clock.Now, clock.Advance
	o.Backend = real
	if canned != nil {
		o.Backend = &mixed{named: r.urls, real: real, other: canned}
	}
	return nil
}

// mixed asks real renders for those that have a URL, and a mock for the others.
type mixed struct {
	named       map[string]string
	real, other simulate.Backend
}

// RoundTrip implements simulate.Backend.
func (m *mixed) RoundTrip(ctx context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
	if _, ok := m.named[q.Render.Name]; ok {
		return m.real.RoundTrip(ctx, q)
	}
	return m.other.RoundTrip(ctx, q)
}

// renderLabels are the labels of all renders.
func renderLabels(c *model.Config) []string {
	var out []string
	for _, f := range c.Farms {
		for _, r := range f.Renders {
			if !contains(out, r.Name) {
				out = append(out, r.Name)
			}
		}
	}
	return out
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// setStore makes the document roots.
func (s *simulation) setStore(o *simulate.Options, config *model.Config) error {
	in := s.in
	dir := in.text("cache-dir")
	if dir == "" {
		if in.yes("no-write") {
			return usagef("give it with --cache-dir", "--no-write has no folder to keep")
		}
		o.Store = new(docroot.Memory)
		s.surveys = true
		return nil
	}
	disk, err := docroot.NewDisk(dir, docroots(config))
	if err != nil {
		return usagef("", "--cache-dir: %v", err)
	}
	s.closers = append(s.closers, disk)
	o.Store, s.surveys = disk, true
	if in.yes("no-write") {
		o.Store = &docroot.Overlay{Base: disk}
	}
	return nil
}

// A renderFlag is what --render says, put together.
type renderFlag struct {
	real bool // auto
	mock *mock.Mock
	urls map[string]string // by render
}

// renderFlags reads --render. One of none, auto, respond and mock may be given, and a URL for any render besides.
func (in *invocation) renderFlags() (renderFlag, error) {
	r := renderFlag{urls: map[string]string{}}
	base := ""
	for _, s := range in.list("render") {
		name, value, isURL := strings.Cut(s, "=")
		if isURL && isRenderURL(value) {
			r.urls[strings.TrimPrefix(name, "/")] = value
			continue
		}
		if base != "" && base != s {
			return r, usagef("give one of them, and NAME=URL for single renders", "--render: %s and %s both answer for the renders", base, s)
		}
		base = s
		var err error
		switch kind, rest, _ := strings.Cut(s, ":"); {
		case s == "none":
		case s == "auto":
			r.real = true
		case kind == "respond":
			var status int
			var contentType string
			if status, contentType, err = parseRespond(rest); err == nil {
				r.mock = mock.Respond(status, contentType)
			}
		case kind == "mock":
			r.mock, err = loadMock(rest)
		default:
			r.mock, err = loadMock(s)
		}
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

func isRenderURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// parseRespond reads STATUS[:CONTENT-TYPE].
func parseRespond(s string) (status int, contentType string, err error) {
	code, contentType, _ := strings.Cut(s, ":")
	status, err = strconv.Atoi(code)
	if err != nil || status < 100 || status > 599 {
		return 0, "", fmt.Errorf("respond:%s has no status from 100 to 599; write respond:200 or respond:200:text/html", s)
	}
	return status, contentType, checkHeaderValue(contentType)
}

// loadMock reads a file of canned answers.
func loadMock(path string) (*mock.Mock, error) {
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, newFileError(display(path), err)
	}
	// The mock opens files beside it as long as it answers: the root is closed with the process.
	m, err := mock.Load(root.FS(), name, mock.Options{Shown: display(path)})
	if err != nil {
		return nil, err
	}
	return m, nil
}

func checkRender(s string) error {
	switch kind, rest, _ := strings.Cut(s, ":"); {
	case s == "none", s == "auto":
		return nil
	case kind == "respond":
		_, _, err := parseRespond(rest)
		return err
	case kind == "mock":
		if rest == "" {
			return errors.New("mock: names no file")
		}
		return nil
	}
	if _, value, ok := strings.Cut(s, "="); ok && isRenderURL(value) {
		return nil
	}
	if ext := filepath.Ext(s); ext == ".yaml" || ext == ".yml" {
		return nil // as mock:FILE
	}
	return fmt.Errorf("%q is none of none, auto, respond:STATUS[:TYPE], mock:FILE and NAME=URL", s)
}

// readScenario reads the steps of a file. All are read before the first is carried out, so that a mistake in the last one
// is found at once.
func (in *invocation) readScenario(ctx context.Context, path string, base scenario.Base) (*scenario.Scenario, error) {
	o := scenario.Options{Base: base}
	name := stdinName
	var text []byte
	var err error
	if path == "-" {
		text, err = in.readStdin(ctx, scenario.MaxSize)
	} else {
		name = display(path)
		text, err = readBounded(path, scenario.MaxSize)
	}
	if err != nil {
		return nil, err
	}
	if path != "-" {
		root, err := os.OpenRoot(filepath.Dir(path))
		if err != nil {
			return nil, newFileError(name, err)
		}
		o.Files = folder.Of(root.FS(), filepath.Base(path))
	}
	return scenario.Parse(source.NewFile(name, text), o)
}

// runHandler runs the program of /invalidateHandler.
func runHandler(ctx context.Context, args []string) error {
	const most = time.Minute
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.WaitDelay = time.Second
	return cmd.Run()
}
