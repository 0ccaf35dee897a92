package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/displog"
	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/mock"
	"github.com/dispcheck/dispcheck/internal/mock/folder"
	"github.com/dispcheck/dispcheck/internal/renderio"
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
	"github.com/dispcheck/dispcheck/suite"
)

// A simulation is one run of simulate: a scenario, and what it is played on.
type simulation struct {
	in       *invocation
	scenario *scenario.Scenario
	many     bool // the requests are those of a file
	wants    []suite.Expectation
	notes    []string // what was assumed for all requests
	stage    scenario.Stage
	dated    bool // the run has a time that was asked for
	surveys  bool // a flush finds a cache to look at
	logForm  *displog.Form
	follow   int
	missed   bool // an expectation was not met

	// passage is what httpd did with the request at hand; nil without an httpd side.
	passage *site.Passage

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
	s.notes = slices.Clip(c.notes) // which others have, too
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
	s.logForm = in.logForm()
	start := time.Now()
	switch {
	case o.Now != nil:
		start, s.dated = o.Now(), true
	case !s.scenario.At.IsZero():
		start, s.dated = s.scenario.At, true
	}
	config, err := s.setRenders(&o, c.Config, start)
	if err != nil {
		return err
	}
	if err := s.setStore(ctx, &o, config); err != nil {
		return err
	}
	var file *scenario.FileError
	if err := s.scenario.Lay(o.Store, config, start); errors.As(err, &file) {
		return &placedError{file.File.Span, err.Error(), ""}
	} else if err != nil {
		return err
	}
	s.scenario.Options(&o, config, start)
	if in.yes("cookies") {
		s.scenario.Cookies = true
	}
	engine := simulate.New(config, o)
	if in.yes("startup") {
		s.startup = new(simulate.Trace)
		if err := engine.Start(ctx, s.startup); err != nil {
			return err
		}
	}
	if c.apache != nil {
		if host := c.apache.UsualHost(); host != "" {
			s.scenario.AssumeHost(host, "which the first virtual host of the project answers")
		}
		front := site.New(&site.Site{
			Server: c.apache.Server, Files: c.apache.Files(), Getenv: c.apache.Getenv, Dispatcher: engine, Directives: in.list("directive"),
			Open: c.open, Now: o.Now, Follow: s.follow,
		})
		s.stage.Decide = func(ctx context.Context, r *simulate.Request, d *simulate.Decision, t *simulate.Trace) error {
			s.passage = new(site.Passage)
			return front.Decide(ctx, r, d, t, s.passage)
		}
	}
	s.stage.Engine, s.stage.Store, s.stage.Now, s.stage.Explain = engine, o.Store, o.Now, in.yes("explain")
	return nil
}

// setRenders makes what answers for the renders, and the clock: simulated time, unless the renders are real.
// It returns the configuration with a render where a fragment has none and a mock stands for it.
func (s *simulation) setRenders(o *simulate.Options, config *model.Config, start time.Time) (*model.Config, error) {
	in := s.in
	labels := renderLabels(config)
	if err := s.scenario.Check(labels); err != nil {
		return nil, err
	}
	r, err := in.renderFlags()
	if err != nil {
		return nil, err
	}
	for name := range r.urls {
		if !contains(labels, name) {
			return nil, usagef(didYouMean(name, labels, "", "they are "+strings.Join(labels, ", ")), "--render: the configuration has no render %s", name)
		}
	}
	canned := r.mock
	if canned == nil && !r.based {
		canned = s.scenario.Mock
	}
	if err := s.checkRenderSteps(canned); err != nil {
		return nil, err
	}
	if canned != nil {
		var notes []string
		config, notes = completed(config)
		s.notes = append(s.notes, notes...)
		if err := canned.Check(labels); err != nil {
			return nil, err
		}
		s.stage.Mock, o.Backend = canned, canned
	}
	if !r.real && len(r.urls) == 0 {
		for _, name := range []string{"ca-file", "cert-file", "check-peer-cn"} {
			if in.given(name) {
				return nil, usagef("give --render auto or NAME=URL, or leave it out", "--%s is for real renders, and none is asked", name)
			}
		}
		line := simulate.NewTimeline(start)
		o.Now, o.Sleep, s.stage.Advance = line.Now, line.Sleep, line.Advance
		if canned != nil {
			canned.SetSleep(line.Sleep)
		}
		return config, nil
	}
	for _, name := range []string{"ca-file", "cert-file"} {
		if file := in.text(name); file != "" {
			const most = 16 << 20
			if err := checkFile(file, most); err != nil {
				return nil, err
			}
		}
	}
	real, err := renderio.New(renderio.Options{
		Override: r.urls, CAFile: in.text("ca-file"), CertFile: in.text("cert-file"), CheckPeerCN: in.yes("check-peer-cn"),
		KeepAlive: o.Directives.KeepAlive, Implicit10Min: simulate.ImplicitTimeout(o.Version),
	})
	if err != nil {
		return nil, usagef("", "%v", err)
	}
	s.closers = append(s.closers, real)
	clock := simulate.NewShiftedClock(start)
	o.Now, s.stage.Advance = clock.Now, clock.Advance
	o.Backend = real
	if canned != nil {
		o.Backend = &mixed{named: r.urls, real: real, other: canned}
		canned.SetSleep(func(ctx context.Context, d time.Duration) error {
			clock.Advance(d)
			return ctx.Err()
		})
	}
	return config, nil
}

// checkRenderSteps says that a step takes a render down or up that is not mocked.
func (s *simulation) checkRenderSteps(canned *mock.Mock) error {
	for i := range s.scenario.Steps {
		if step := &s.scenario.Steps[i]; canned == nil && (step.Kind == scenario.Down || step.Kind == scenario.Up) {
			return &placedError{step.Span, fmt.Sprintf("the renders are not mocked: render %s cannot be taken %s", step.Render, step.Kind), "give renders: in the scenario, or --render mock:FILE"}
		}
	}
	return nil
}

// completed returns a configuration in which the farms of a fragment have renders, which something else can stand for, and
// what is to be said about that. The one that it is given may be in use elsewhere, and stays as it is.
func completed(config *model.Config) (*model.Config, []string) {
	if len(config.Wrapped) == 0 {
		return config, nil
	}
	out := *config
	out.Farms = slices.Clone(config.Farms)
	var notes []string
	for i, f := range out.Farms {
		if len(f.Renders) > 0 {
			continue
		}
		with := *f
		with.Renders = []*model.Render{{
			Name: "fragment", Hostname: model.Setting[string]{Value: "localhost"}, Port: model.Setting[int]{Value: 4503}, ReceiveTimeout: model.Setting[int]{Value: 600_000},
		}}
		out.Farms[i] = &with
		notes = append(notes, "the fragment has no /renders: one is made for it, localhost:4503")
	}
	return &out, notes
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

// maxMemory bounds what a cache in memory holds. What goes beyond is passed on and not stored.
const maxMemory = 128 << 20

// setStore makes the document roots.
func (s *simulation) setStore(ctx context.Context, o *simulate.Options, config *model.Config) error {
	in := s.in
	s.surveys = true
	memory := &docroot.Memory{MaxBytes: maxMemory}
	if !in.given("cache-dir") {
		if in.yes("no-write") {
			return usagef("give it with --cache-dir", "--no-write has no folder to keep")
		}
		o.Store = memory
		return s.assumeFolders(memory, config)
	}
	dir := in.text("cache-dir")
	if dir == "" {
		return usagef("leave it out for a cache in memory", "--cache-dir names no folder")
	}
	top, others, err := s.docrootOfFirst(ctx, config)
	if err != nil {
		return err
	}
	disk, err := docroot.NewDisk(dir, top)
	if err != nil {
		return usagef("", "--cache-dir: %v", err)
	}
	s.closers = append(s.closers, disk)
	o.Store = disk
	if in.yes("no-write") {
		o.Store = &docroot.Overlay{Base: disk, MaxBytes: maxMemory}
	}
	if len(others) > 0 {
		o.Store = &splitStore{disk: o.Store, memory: memory, inMemory: others}
		in.remark("--cache-dir stands for %s; other document roots are in memory", top[0])
	}
	return nil
}

// docrootOfFirst finds the document root that --cache-dir stands for: the one of the farm that answers the first request,
// or an outer one, with those that lie in it. Others are those that lie elsewhere.
func (s *simulation) docrootOfFirst(ctx context.Context, config *model.Config) (top, others []string, err error) {
	roots := docroots(config)
	first := ""
	for i := range s.scenario.Steps {
		if step := &s.scenario.Steps[i]; step.Request != nil {
			var d simulate.Decision
			r := *step.Request
			r.Method, r.Header = "HEAD", nil
			if err := simulate.New(config, simulate.Options{}).Decide(ctx, &r, &d, nil); err != nil {
				return nil, nil, err
			}
			if f := d.Farm.Farm; f != nil && f.Cache != nil {
				first = strings.TrimRight(f.Cache.Docroot.Value, "/")
			}
			break
		}
	}
	for _, root := range roots {
		if root = strings.TrimRight(root, "/"); root != "" && strings.HasPrefix(first, root+"/") {
			first = root
		}
	}
	for _, root := range roots {
		switch root = strings.TrimRight(root, "/"); {
		case first == "", root == first:
		case strings.HasPrefix(root, first+"/"):
			top = append(top, root)
		default:
			others = append(others, root)
		}
	}
	if first == "" {
		return roots, nil, nil
	}
	return append([]string{first}, top...), others, nil
}

// A splitStore has some document roots on the disk and others in memory.
type splitStore struct {
	disk, memory simulate.Store
	inMemory     []string
}

// Docroot implements simulate.Store.
func (s *splitStore) Docroot(path string) (simulate.Docroot, error) {
	if contains(s.inMemory, path) {
		return s.memory.Docroot(path)
	}
	return s.disk.Docroot(path)
}

// assumeFolders makes the folders on the path of a flush that is the only step: without a cache, they are taken to exist.
func (s *simulation) assumeFolders(m *docroot.Memory, config *model.Config) error {
	if len(s.scenario.Steps) != 1 || len(s.scenario.Files) > 0 || s.scenario.Steps[0].Request == nil {
		return nil
	}
	handle, ok := s.scenario.Steps[0].Request.Header.Value("CQ-Handle")
	if !ok || !strings.HasPrefix(handle, "/") {
		return nil
	}
	for _, root := range docroots(config) {
		if err := m.PutFolder(root, path.Dir(path.Clean(handle))); err != nil {
			return nil // the flush will say what is wrong with the handle
		}
	}
	s.notes = append(s.notes, "no cache is given: the folders on the path of the handle are taken to exist")
	return nil
}

// A renderFlag is what --render says, put together.
type renderFlag struct {
	based bool // something is said of all renders
	real  bool // auto
	mock  *mock.Mock
	urls  map[string]string // by render
}

// renderFlags reads --render. One of none, auto, respond and mock may be given, and a URL for any render besides.
func (in *invocation) renderFlags() (renderFlag, error) {
	r := renderFlag{urls: map[string]string{}}
	base := ""
	if !in.given("render") {
		return r, nil
	}
	for _, s := range in.list("render") {
		name, value, isURL := strings.Cut(s, "=")
		if isURL && isRenderURL(value) {
			r.urls[strings.TrimPrefix(name, "/")] = value
			continue
		}
		if base != "" && base != s {
			return r, usagef("give one of them, and NAME=URL for single renders", "--render: %s and %s both answer for the renders", base, s)
		}
		if base == s {
			continue
		}
		base, r.based = s, true
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
	if base == "none" && len(r.urls) > 0 {
		return r, usagef("leave none out, or give a mock for the others", "--render: none asks nobody, and a URL asks a render")
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
	const most = 16 << 20
	if err := checkFile(path, most); err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, newFileError(display(path), err)
	}
	dir, name := filepath.Split(real)
	if dir == "" {
		dir = "."
	}
	return mock.Load(rootedFiles(dir), name, mock.Options{Shown: display(path)})
}

// mockFile is the file of answers that a value of --render names; "" for none.
func mockFile(s string) string {
	if rest, ok := strings.CutPrefix(s, "mock:"); ok {
		return rest
	}
	if ext := filepath.Ext(s); !strings.Contains(s, "://") && (ext == ".yaml" || ext == ".yml") {
		return s
	}
	return ""
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
		o.Files = folder.Of(rootedFiles(filepath.Dir(path)), filepath.Base(path))
	}
	return scenario.Parse(source.NewFile(name, text), o)
}

// logFormatFlag is --log-format of commands that have --trace.
func logFormatFlag() *flag {
	return &flag{
		name: "log-format", kind: choice, values: []string{"module", "cloud"}, defWords: "lines without date and process",
		meaning: "with --trace, print the lines as in dispatcher.log, or as in the log of AEM as a Cloud Service",
	}
}

// logForm is how the lines of a trace are written; nil is without date and process.
func (in *invocation) logForm() *displog.Form {
	form := displog.Module
	switch in.text("log-format") {
	case "":
		return nil
	case "cloud":
		form = displog.Cloud
	}
	return &form
}
