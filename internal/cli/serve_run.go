package cli

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/displog"
	"github.com/dispcheck/dispcheck/internal/renderio"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/serve"
	"github.com/dispcheck/dispcheck/internal/serve/page"
	"github.com/dispcheck/dispcheck/internal/watch"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/rules"
	"github.com/dispcheck/dispcheck/simulate"
)

// A serving is one run of serve.
type serving struct {
	in      *invocation
	options serve.Options
	server  *serve.Server
	screen  *serve.Screen

	urls    map[string]string // base URLs by render, "" for all
	mock    string            // a file of canned answers
	example bool
	made    bool   // the cache folder is a temporary one
	dir     string // of the configuration on disk; "" where it is not on disk

	mu      sync.Mutex // of standard error and output
	closers []func()
}

func (s *serving) close() {
	if s.server != nil {
		s.server.Close()
	}
	if s.screen != nil {
		s.screen.Close()
	}
	for _, f := range slices.Backward(s.closers) {
		f()
	}
}

// prepare makes the options of flags.
func (s *serving) prepare() error {
	in, o := s.in, &s.options
	if err := s.readPublish(); err != nil {
		return err
	}
	engine, err := in.engineOptions()
	if err != nil {
		return err
	}
	if engine.Readings, err = in.readings(); err != nil {
		return err
	}
	if in.text("wording") == "docs" {
		engine.Readings.Wording = simulate.WordsOfDocs
	}
	for _, d := range in.list("directive") {
		if err := simulate.ParseDirective(&engine.Directives, d); err != nil {
			return usagef("", "--directive: %v", err)
		}
	}
	if in.yes("run-handlers") {
		engine.RunHandler = runHandler
	}
	o.Engine, o.Directives, o.Limits, o.Once = engine, in.list("directive"), in.limits(), int64(in.number("once"))
	o.Prefix, o.Watched = in.text("path-prefix"), !in.yes("no-page")
	o.Load, o.Lint, o.Publish, o.Notice = s.load, s.lint, s.publish, s.notice
	for _, name := range []string{"ca-file", "cert-file"} {
		if file := in.text(name); file != "" {
			const most = 16 << 20
			if _, err := readBounded(file, most); err != nil { // what is no regular file may never end
				return err
			}
		}
	}
	if s.asksReal() {
		others, err := s.real(nil)
		if err != nil {
			return err
		}
		o.Others = others
		s.closers = append(s.closers, func() { others.Close() })
	}
	if n := in.number("max-open-files"); n > 0 {
		if err := limitOpenFiles(uint64(n)); err != nil {
			return usagef("leave it out", "--max-open-files: %v", err)
		}
	}
	if err := s.setTLS(); err != nil {
		return err
	}
	if err := s.setCache(); err != nil {
		return err
	}
	return s.setLogs()
}

// readPublish reads --publish.
func (s *serving) readPublish() error {
	s.urls = map[string]string{}
	list := s.in.list("publish")
	if !s.in.given("publish") {
		if strings.HasPrefix(s.in.text("config"), "example:") {
			list = []string{"example"}
		} else {
			list = []string{"localhost:4503"}
		}
	}
	base := ""
	for _, v := range list {
		if v == "" {
			return usagef("write --publish localhost:4503", "--publish names nothing")
		}
		name, url, err := publishOf(v)
		if err == nil && name != "" {
			s.urls[name] = url
			continue
		}
		if base != "" && base != v {
			return usagef("give one of them, and NAME=HOST:PORT for single renders", "--publish: %s and %s both answer for the renders", base, v)
		}
		base = v
		file, mocked := strings.CutPrefix(v, "mock:")
		switch {
		case v == "example":
			s.example = true
		case v == "configured":
		case mocked:
			s.mock = file
		default:
			s.urls[""] = url
		}
	}
	s.options.About.Publish = strings.Join(list, " ")
	return nil
}

// asksReal reports whether anything real is asked.
func (s *serving) asksReal() bool { return !s.example && s.mock == "" || len(s.urls) > 0 }

// real makes what asks real renders. override are base URLs by render.
func (s *serving) real(override map[string]string) (*renderio.Backend, error) {
	in := s.in
	b, err := renderio.New(renderio.Options{
		Override: override, CAFile: in.text("ca-file"), CertFile: in.text("cert-file"), CheckPeerCN: in.yes("check-peer-cn"),
		KeepAlive: s.options.Engine.Directives.KeepAlive, Implicit10Min: simulate.ImplicitTimeout(s.options.Engine.Version),
	})
	if err != nil {
		return nil, usagef("", "%v", err)
	}
	return b, nil
}

// publish is serve.Options.Publish.
func (s *serving) publish(c *serve.Configuration) (simulate.Backend, error) {
	labels := renderLabels(c.Config)
	override := map[string]string{}
	for name, url := range s.urls {
		if name != "" && !contains(labels, name) {
			return nil, usagef(didYouMean(name, labels, "", "they are "+strings.Join(labels, ", ")), "--publish: the configuration has no render %s", name)
		}
		override[name] = url
	}
	if url, all := s.urls[""]; all {
		delete(override, "")
		for _, name := range append(labels, serve.AEM) {
			if override[name] == "" {
				override[name] = url
			}
		}
	}
	var other simulate.Backend
	switch {
	case s.example:
		other = serve.ExamplePages(c.Config)
	case s.mock != "":
		m, err := loadMock(s.mock)
		if err != nil {
			return nil, err
		}
		if err := m.Check(labels); err != nil {
			return nil, err
		}
		other = m
	}
	if other != nil && len(override) == 0 {
		return other, nil
	}
	real, err := s.real(override)
	if err != nil || other == nil {
		return real, err
	}
	return &mixedClosing{mixed{named: override, real: real, other: other}, real}, nil
}

// mixedClosing is a mixed backend that closes the connections of its real one.
type mixedClosing struct {
	mixed
	io.Closer
}

// load is serve.Options.Load.
func (s *serving) load(ctx context.Context) (*serve.Configuration, error) {
	o := s.in.projectOptions()
	if url, ok := s.urls[""]; ok {
		_, address, _ := strings.Cut(url, "://")
		host, port, err := net.SplitHostPort(address)
		if err == nil {
			for name, value := range map[string]string{"AEM_HOST": host, "AEM_PORT": port} {
				if _, given := o.Env[name]; !given {
					o.Env[name] = value
				}
			}
			if _, given := o.Env["AEM_IP"]; !given && isLoopback(address) {
				o.Env["AEM_IP"] = "127.0.0.1"
			}
		}
	}
	p, err := loadProject(ctx, o)
	if err != nil {
		return nil, err
	}
	c, err := configurationOf(ctx, p, !s.in.yes("no-httpd"))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.dir = p.Dir
	s.mu.Unlock()
	found := slices.Clone(p.Findings)
	if c.apache != nil {
		found = append(found, c.apache.Findings...)
	}
	config, notes := completed(c.Config) // --publish stands for the render of a fragment
	out := &serve.Configuration{Project: p, Config: config, Apache: c.apache, Open: c.open, Notes: slices.Concat(c.notes, notes)}
	out.Findings = &report.Findings{List: diag.Sort(found), Rules: rules.Find, Names: p.FromRoot, Version: build().Version, Base: rulePages}
	return out, nil
}

// lint is serve.Options.Lint.
func (s *serving) lint(ctx context.Context, c *serve.Configuration) (*report.Findings, error) {
	subject, err := c.Project.Subject(ctx)
	if err != nil {
		return nil, err
	}
	subject.Version = s.in.text("dispatcher-version")
	r := lint.Run(ctx, subject, rules.All(), lintSettings(s.in), lint.RunOptions{})
	return &report.Findings{
		List: diag.Sort(r.Findings), Names: c.Project.FromRoot, Files: len(subject.Files) + len(subject.ServerFiles), Version: build().Version, Base: rulePages,
		Rules: rules.Find, Area: func(r *lint.Rule) string { return rules.AreaOf(r).Name },
	}, ctx.Err()
}

// notice is serve.Options.Notice.
func (s *serving) notice(n serve.Notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.Findings != nil {
		s.say(n.Findings)
	}
	at := time.Now().Format("15:04:05")
	switch {
	case n.Err != nil:
		fmt.Fprintln(s.in.stderr, report.Line(fmt.Sprintf("%s not loaded: %v; the last good configuration goes on serving", at, n.Err)))
	case n.Reopened:
		s.in.remark("%s the cache folder was removed; it is made again", at)
	default:
		s.in.remark("%s configuration %d serves", at, n.Reloaded)
	}
}

// say prints what is wrong with a configuration, from warnings up.
func (s *serving) say(f *report.Findings) {
	var shown []diag.Diagnostic
	for _, d := range f.List {
		if d.Severity >= diag.Warning || s.in.yes("verbose") {
			shown = append(shown, d)
		}
	}
	_ = s.in.printer().Compact(s.in.stderr, shown) // a screen that is gone ends nothing
}

// setTLS makes the certificate.
func (s *serving) setTLS() error {
	in := s.in
	cert, key := in.text("tls-cert"), in.text("tls-key")
	switch {
	case cert == "" && key == "" && !in.yes("tls"):
		return nil
	case (cert == "") != (key == ""):
		return usagef("give both, or --tls alone for a certificate that is made for this run", "--tls-cert and --tls-key go together")
	case cert == "":
		s.options.TLS = &tls.Config{MinVersion: tls.VersionTLS12} // the certificate needs the names of the site
		return nil
	}
	const most = 16 << 20
	for _, file := range []string{cert, key} {
		if _, err := readBounded(file, most); err != nil {
			return err
		}
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return usagef("", "--tls-cert: %v", err)
	}
	s.options.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	return nil
}

// setCache makes the folder of the cache.
func (s *serving) setCache() error {
	dir := s.in.text("cache-dir")
	if s.in.given("cache-dir") {
		if dir == "" {
			return usagef("leave it out for a temporary folder", "--cache-dir names no folder")
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return newFileError(display(dir), err)
		}
		s.options.CacheDir = dir
		return nil
	}
	dir, err := os.MkdirTemp("", "dispcheck-cache-")
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() { os.RemoveAll(dir) })
	s.options.CacheDir, s.made = dir, true
	return nil
}

// setLogs opens the logs and says who hears of requests.
func (s *serving) setLogs() error {
	in, o := s.in, &s.options
	o.Level = map[string]simulate.Level{
		"error": simulate.LevelError, "warn": simulate.LevelWarning, "info": simulate.LevelInfo, "debug": simulate.LevelDebug, "trace": simulate.LevelTrace,
	}[in.text("log-level")]
	if in.text("log-format") == "cloud" {
		o.Form = displog.Cloud
	}
	if in.text("access-log") == "cdn" {
		o.AccessForm = serve.CDN
	}
	if dir := in.text("log-dir"); dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return newFileError(display(dir), err)
		}
		open := func(name string) (io.Writer, error) {
			path := filepath.Join(dir, name)
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
			if err != nil {
				return nil, newFileError(display(path), err)
			}
			s.closers = append(s.closers, func() { f.Close() })
			return f, nil
		}
		var err error
		if o.Log, err = open("dispatcher.log"); err != nil {
			return err
		}
		if o.Access, err = open("access.log"); err != nil {
			return err
		}
	} else if in.given("log-level") {
		o.Log = s.stderr()
	}
	return nil
}

// stderr is standard error for more than one goroutine.
func (s *serving) stderr() io.Writer { return &locked{mu: &s.mu, w: s.in.stderr} }

type locked struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// collectAt is how much the memory of a server may grow between collections, in per cent of what is in use. Answers make little
// garbage, so that collecting twice as often as usual costs some hundredths of the time, and saves some megabytes.
const collectAt = 50

// run serves until it is ended.
func (s *serving) run(ctx context.Context) error {
	defer debug.SetGCPercent(debug.SetGCPercent(collectAt))
	return s.in.emitTogether(func(outs []*output) error {
		in, o := s.in, &s.options
		text := false
		var written []*bufio.Writer
		for _, out := range outs {
			if out.format == "text" {
				text = true
				if !in.yes("quiet") {
					s.screen = serve.NewScreen(&locked{mu: &s.mu, w: out}, in.colored(out.Writer), in.text("path-prefix"))
					o.Screen = s.screen
				}
				continue
			}
			written = append(written, bufio.NewWriter(out))
		}
		if len(written) > 0 {
			o.Each = func(sim *report.Simulation) {
				for _, w := range written {
					_ = report.JSONLine(w, report.NewSimulationJSON(sim, in.text("path-prefix"))) // a reader that is gone ends nothing
					_ = w.Flush()
				}
			}
		}
		banner := in.stderr
		if text && len(outs) > 0 {
			for _, out := range outs {
				if out.format == "text" {
					banner = out
				}
			}
		}
		return s.listen(ctx, banner)
	})
}

// listen opens the ports, says where they are, and serves.
func (s *serving) listen(ctx context.Context, banner io.Writer) (err error) {
	in, o := s.in, &s.options
	o.About.Version, o.About.Config, o.About.Watch = build().Version, in.text("config"), in.yes("watch")
	l, err := net.Listen("tcp", in.text("listen"))
	if err != nil {
		return usagef("name another with --listen, 127.0.0.1:0 for any that is free", "--listen: %v", err)
	}
	defer l.Close()
	var pl net.Listener
	if !in.yes("no-page") {
		if pl, err = net.Listen("tcp", in.text("page")); err != nil {
			return usagef("name another with --page, or leave it out with --no-page", "--page: %v", err)
		}
		defer pl.Close()
	}
	o.Hurry = func() bool { return ctx.Err() != nil && context.Cause(ctx) != errTerminated }
	s.server, err = serve.New(ctx, *o)
	if err != nil {
		return err
	}
	if o.TLS != nil && !in.given("tls-cert") {
		var names []string
		for _, h := range s.server.Addresses() {
			names = append(names, h.Name)
		}
		if o.TLS.Certificates, err = serve.SelfSigned(time.Now(), names); err != nil {
			return err
		}
	}
	s.mu.Lock()
	dir := s.dir
	s.mu.Unlock()
	if in.yes("watch") && dir == "" {
		return usagef("name a folder with -c", "--watch: %s is not on the disk, and does not change", in.text("config"))
	}
	var changes *watch.Watcher
	if in.yes("watch") {
		changes = s.watcher(dir) // before anybody is told that it serves: what is saved from then on is seen
	}
	s.server.Listening(l.Addr())
	s.greet(banner, l, pl)

	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	if pl != nil {
		h := &http.Server{Handler: page.Handler(s.server, page.Options{Listen: in.text("page"), Prefix: in.text("path-prefix")}), ReadHeaderTimeout: 10 * time.Second}
		beside.Go(func() { _ = h.Serve(pl) })
		context.AfterFunc(inner, func() { h.Close() })
	}
	beside.Go(func() { s.hangUps(inner) })
	if changes != nil {
		beside.Go(func() { s.watch(inner, changes) })
	}
	giveBack()
	if err := s.server.Run(ctx, l); err != nil {
		return err
	}
	if context.Cause(ctx) == errTerminated {
		return nil
	}
	return ctx.Err()
}

// greet says where everything is.
func (s *serving) greet(w io.Writer, l, pl net.Listener) {
	in := s.in
	if in.yes("quiet") {
		return
	}
	st := s.server.State()
	scheme := "http://"
	if s.options.TLS != nil {
		scheme = "https://"
	}
	line := func(name, format string, args ...any) {
		fmt.Fprintln(w, report.Line(fmt.Sprintf("%-8s ", name)+fmt.Sprintf(format, args...)))
	}
	where := "this machine alone reaches it"
	if !isLoopback(l.Addr().String()) {
		where = "EVERY MACHINE THAT REACHES THIS ONE MAY ASK"
	}
	line("serve", "%s%s  (Dispatcher %s; %s)", scheme, l.Addr(), st.Dispatcher, where)
	if len(st.Hosts) > 0 {
		width := 0
		for _, h := range st.Hosts {
			width = max(width, len(h.Name))
		}
		for _, h := range st.Hosts {
			line("", "%-*s  %s", width, h.Name, h.URL)
		}
	}
	line("publish", "%s", s.options.About.Publish)
	note := ""
	if s.made {
		note = "  (removed at the end; --cache-dir keeps one)"
	}
	places := s.server.Places()
	if len(places) == 0 {
		line("cache", "%s%s", s.options.CacheDir, note)
	}
	for _, p := range places {
		line("cache", "%s for %s%s", filepath.ToSlash(p.Folder), p.Docroot, note)
	}
	if pl != nil {
		note := ""
		if !isLoopback(pl.Addr().String()) {
			note = "  (EVERY MACHINE THAT REACHES THIS ONE MAY READ IT AND SEND)"
		}
		line("page", "http://%s%s", pl.Addr(), note)
	}
	line("flush", "curl -X POST -H 'CQ-Action: Activate' -H 'CQ-Handle: /content/…' %s%s/dispatcher/invalidate.cache", scheme, l.Addr())
	if in.yes("watch") {
		line("watch", "%s", display(s.dir))
	}
	if g := s.server.Configuration(); g.Findings != nil {
		s.mu.Lock()
		s.say(g.Findings)
		s.mu.Unlock()
		for _, n := range g.Notes {
			in.remark("%s", n)
		}
	}
}

// hangUps loads the configuration again at each SIGHUP.
func (s *serving) hangUps(ctx context.Context) {
	signals := make(chan os.Signal, 1)
	if !notifyHangUp(signals) {
		return
	}
	defer signal.Stop(signals)
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			_ = s.server.Reload(ctx) // which says by itself why
		}
	}
}

// watcher notes how the files are that the configuration rests on.
func (s *serving) watcher(dir string) *watch.Watcher {
	return watch.New(func() []string {
		paths := []string{dir}
		if s.mock != "" {
			paths = append(paths, s.mock)
		}
		if f := s.in.text("env-file"); f != "" {
			paths = append(paths, f)
		}
		return paths
	}, nil, nil)
}

// watch loads the configuration again when a file of it is saved.
func (s *serving) watch(ctx context.Context, w *watch.Watcher) {
	for {
		if _, err := w.Wait(ctx); err != nil {
			if ctx.Err() == nil {
				s.mu.Lock()
				fmt.Fprintln(s.in.stderr, report.Line("--watch: "+err.Error()+"; saved files are not loaded any more"))
				s.mu.Unlock()
			}
			return
		}
		_ = s.server.Reload(ctx) // which says by itself why
	}
}
