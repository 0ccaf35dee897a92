package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// maxCacheList is how many bytes of a list of cached URLs are read.
const maxCacheList = 64 << 20

func invalidateCommand() *command {
	return &command{
		name:  "invalidate",
		usage: "say what one publish deletes, touches and makes stale",
		args:  "HANDLE…",
		about: "Sends a flush for each HANDLE, a repository path such as /content/site/en, to the configuration, and says which files it " +
			"deletes, which statfiles it touches and, of the cache that --cache-list or --cache-dir gives, which pages are stale " +
			"afterwards and why. Nothing on the disk is changed without --apply. With several handles, each finds the cache as the one " +
			"before has left it.",
		flags: []*flag{
			{name: "action", arg: "ACTION", def: "Activate", values: []string{"Activate", "Deactivate", "Delete", "Test"}, check: checkHeaderValue, meaning: "CQ-Action of the flush"},
			{name: "scope", arg: "SCOPE", values: []string{"ResourceOnly"}, check: checkHeaderValue, meaning: "CQ-Action-Scope of the flush; ResourceOnly touches no statfile"},
			{name: "cache-list", arg: "FILE|DIR|-", completeFrom: completeFiles, meaning: "what the cache holds: URLs or paths, one to a line, or a folder to list"},
			{name: "cache-dir", arg: "DIR", completeFrom: completeFolders, meaning: "a real document root, with its statfiles"},
			{name: "apply", kind: boolean, meaning: "delete and touch in --cache-dir"},
			{name: "what-if", arg: "statfileslevel=N..M", check: checkWhatIf, meaning: "which share of the cache would be stale at other values of /statfileslevel"},
			{name: "farm", arg: "NAME", meaning: "farm whose cache is flushed, whatever the virtual hosts say"},
			{name: "host", arg: "HOST", def: "localhost", check: checkHost, meaning: "Host header of the flush"},
			{name: "client-ip", arg: "ADDRESS", def: "127.0.0.1", check: checkAddress, meaning: "address that the flush comes from"},
			{name: "header", short: "H", kind: list, free: true, arg: "'NAME: VALUE'", check: checkHeader, meaning: "header of the flush beside those; may be given several times"},
			{name: "define", kind: list, arg: "NAME[=VALUE]", check: checkDefine, meaning: "define a variable as httpd's -D and Define do; may be given several times"},
			{name: "at", arg: "TIME", check: checkTime, defWords: "now", meaning: "time of the flush, RFC 3339 or Unix seconds"},
			{name: "reading", kind: list, arg: "KEY=VALUE", check: checkReading, meaning: "another reading of what is not published; may be given several times"},
			{name: "run-handlers", kind: boolean, meaning: "run the program of /invalidateHandler"},
			{name: "trace", kind: boolean, meaning: "print the lines that the Dispatcher would log"},
			logFormatFlag(),
		},
		formats: []string{"text", "json"},
		minArgs: 1, maxArgs: -1,
		exits: []exit{
			{exitClean, "the flush was simulated, whether it is allowed or not"},
			{exitUnusable, "wrong usage, a file or folder that cannot be read, or one that could not be deleted or touched"},
		},
		example: example{"dispcheck invalidate /content/wknd/us/en -c example:cloud --cache-list urls.txt --what-if statfileslevel=0..6", "what does one publish cost?"},
		run:     runInvalidate,
	}
}

func runInvalidate(ctx context.Context, in *invocation) error {
	for _, handle := range in.args {
		if err := checkHandle(handle); err != nil {
			return usagef("a handle is a repository path, such as /content/site/en", "%v", err)
		}
	}
	c, err := in.loadConfiguration(ctx, false)
	if err != nil {
		return err
	}
	if err := in.checkFarm(c.Config); err != nil {
		return err
	}
	f := flushing{in: in, config: c.Config}
	if f.options, err = in.engineOptions(); err != nil {
		return err
	}
	defer f.close()
	if err := f.prepare(ctx); err != nil {
		return err
	}
	err = in.emitTogether(func(outs []*output) error {
		for _, handle := range in.args {
			flush, err := f.flush(ctx, handle)
			if err != nil {
				return err
			}
			for _, o := range outs {
				if err := in.writeFlush(o, flush); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := in.unread(c.project); err != nil {
		return err
	}
	if f.failed {
		return errUnusable
	}
	return nil
}

func (in *invocation) writeFlush(o *output, f *report.Flush) error {
	w := bufio.NewWriter(o)
	switch {
	case o.format != "json":
		if err := o.Flush(w, f); err != nil {
			return err
		}
	case len(in.args) > 1:
		if err := report.JSONLine(w, report.NewFlushJSON(f, o.Prefix)); err != nil {
			return err
		}
	default:
		if err := report.JSON(w, report.NewFlushJSON(f, o.Prefix)); err != nil {
			return err
		}
	}
	return w.Flush()
}

// flushing is one run of the command.
type flushing struct {
	in      *invocation
	config  *model.Config
	options simulate.Options
	time    *simulate.Timeline
	engine  *simulate.Engine
	farm    *model.Farm
	disk    *docroot.Disk
	hasList bool // there is a cache to survey
	failed  bool // something could not be done
	notes   []string
}

func (f *flushing) close() {
	if f.disk != nil {
		f.disk.Close()
	}
}

// prepare finds the farm and lays out the cache.
func (f *flushing) prepare(ctx context.Context) error {
	in := f.in
	start := time.Now()
	if f.options.Now != nil {
		start = f.options.Now()
	}
	f.time = simulate.NewTimeline(start)
	f.options.Now, f.options.Sleep = f.time.Now, f.time.Sleep
	var err error
	if f.options.Readings, err = in.readings(); err != nil {
		return err
	}
	if in.yes("run-handlers") {
		f.options.RunHandler = runHandler
	}
	var d simulate.Decision
	r, err := f.request("/")
	if err != nil {
		return err
	}
	r.Method, r.Target, r.Header = "HEAD", "/", nil // what is no flush has the same farm, and does nothing
	if err := simulate.New(f.config, simulate.Options{Version: f.options.Version}).Decide(ctx, r, &d, nil); err != nil {
		return err
	}
	f.farm = d.Farm.Farm
	if err := f.openCache(ctx); err != nil {
		return err
	}
	f.engine = simulate.New(f.config, f.options)
	return nil
}

// openCache makes the store that flags ask for.
func (f *flushing) openCache(ctx context.Context) error {
	in := f.in
	dir, list := in.text("cache-dir"), in.text("cache-list")
	switch {
	case dir != "" && list != "":
		return usagef("give one of them", "--cache-dir and --cache-list both say what the cache holds")
	case in.yes("apply") && dir == "":
		return usagef("name the folder with --cache-dir", "--apply has nothing to change")
	case in.text("what-if") != "" && dir == "" && list == "":
		return usagef("name it with --cache-list or --cache-dir", "--what-if needs a cache to look at")
	case dir == "" && list == "":
		f.notes = append(f.notes, "give --cache-list or --cache-dir to see which pages become stale")
		return nil
	case f.farm == nil || f.farm.Cache == nil || f.farm.Cache.Docroot.Value == "":
		return usagef("name another with --farm", "the farm that the flush goes to has no /cache /docroot")
	}
	f.hasList = true
	if list != "" && list != "-" {
		if info, err := os.Stat(list); err == nil && info.IsDir() {
			dir, list = list, ""
		}
	}
	if dir != "" {
		var err error
		if f.disk, err = docroot.NewDisk(dir, docroots(f.config)); err != nil {
			return usagef("", "--cache-dir: %v", err)
		}
		f.options.Store = f.disk
		if !in.yes("apply") {
			f.options.Store = &docroot.Overlay{Base: f.disk}
			f.notes = append(f.notes, "nothing on the disk was changed; --apply does it")
		}
		return nil
	}
	return f.readList(ctx, list)
}

// readList makes a cache of a list of URLs. All pages are as old as each other, and older than the flush; each folder down
// to /statfileslevel has a statfile that is older still, as after some time of use.
func (f *flushing) readList(ctx context.Context, path string) error {
	name, text := stdinName, []byte(nil)
	var err error
	if path == "-" {
		text, err = f.in.readStdin(ctx, maxCacheList)
	} else {
		name = display(path)
		text, err = readBounded(path, maxCacheList)
	}
	if err != nil {
		return err
	}
	m := new(docroot.Memory)
	root := f.farm.Cache.Docroot.Value
	n, err := m.PutList(root, bytes.NewReader(text), f.time.Now().Add(-time.Hour))
	if l := (*docroot.ListError)(nil); errors.As(err, &l) {
		src := source.NewFile(name, text)
		return &placedError{src.Line(l.Line), l.Err.Error(), ""}
	}
	if err != nil {
		return &fileError{name, err}
	}
	if n == 0 {
		return &fileError{name, errors.New("names no cached URL")}
	}
	if f.farm.Cache.StatfilesLevel.Value > 0 {
		if err := f.putStatfiles(m, root, "/", 0); err != nil {
			return &fileError{name, err}
		}
		f.notes = append(f.notes, "each folder of the list, down to /statfileslevel, is taken to have a statfile")
	}
	f.options.Store = m
	return nil
}

// putStatfiles gives a folder and those below it their statfiles.
func (f *flushing) putStatfiles(m *docroot.Memory, root, folder string, depth int) error {
	d, err := m.Docroot(root)
	if err != nil {
		return err
	}
	entries, err := d.List(folder)
	if err != nil {
		return err
	}
	prefix := strings.TrimSuffix(folder, "/") + "/"
	if err := m.Put(root, prefix+".stat", nil, f.time.Now().Add(-2*time.Hour)); err != nil {
		return err
	}
	if depth >= f.farm.Cache.StatfilesLevel.Value {
		return nil
	}
	for _, e := range entries {
		if e.Kind == simulate.FileFolder {
			if err := f.putStatfiles(m, root, prefix+e.Name, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// request is the flush of a handle.
func (f *flushing) request(handle string) (*simulate.Request, error) {
	in := f.in
	r, err := simulate.NewRequest("GET", "/dispatcher/invalidate.cache")
	if err != nil {
		return nil, err
	}
	host := in.text("host")
	r.Header = simulate.Header{{Name: "CQ-Action", Value: in.text("action")}, {Name: "CQ-Handle", Value: handle}}
	if scope := in.text("scope"); scope != "" {
		r.Header = append(r.Header, simulate.Field{Name: "CQ-Action-Scope", Value: scope})
	}
	for _, h := range in.list("header") {
		name, value, _ := strings.Cut(h, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if strings.EqualFold(name, "Host") {
			host = value
			continue
		}
		r.Header = append(r.Header, simulate.Field{Name: name, Value: value})
	}
	r.Host, r.Farm = host, in.farmName()
	r.Client, err = netip.ParseAddr(in.text("client-ip"))
	return r, err
}

// flush sends the flush of one handle.
func (f *flushing) flush(ctx context.Context, handle string) (*report.Flush, error) {
	out := &report.Flush{
		Decision: new(simulate.Decision), Trace: new(simulate.Trace), ShowTrace: f.in.yes("trace"), LogForm: f.in.logForm(), Notes: f.notes,
		Handle: handle, Action: f.in.text("action"),
	}
	before, err := f.surveyBefore(ctx)
	if err != nil {
		return nil, err
	}
	if out.WhatIf, err = f.whatIf(handle, before.names); err != nil {
		return nil, err
	}
	r, err := f.request(handle)
	if err != nil {
		return nil, err
	}
	if err := f.engine.Decide(ctx, r, out.Decision, out.Trace); err != nil {
		return nil, err
	}
	if !f.in.given("at") && out.LogForm == nil {
		for i := range out.Trace.Events {
			out.Trace.Events[i].At = time.Time{}
		}
	}
	f.complain(&out.Decision.Invalidation)
	if !out.Decision.Invalidation.Allowed && len(out.WhatIf) > 0 {
		out.WhatIf = nil
		out.Notes = append(slices.Clone(out.Notes), "the client may not flush: there is nothing to compare")
	}
	if !f.hasList {
		return out, nil
	}
	out.Survey, err = report.SurveyAfter(ctx, f.engine, out.Decision, before.stale)
	if err != nil {
		return nil, err
	}
	if grace := f.farm.Cache.GracePeriod.Value; grace > 0 && len(out.Survey.Stale) > 0 {
		out.Notes = append(slices.Clone(out.Notes), fmt.Sprintf("stale pages are still delivered for %d s: /gracePeriod", grace))
	}
	f.time.Advance(time.Second)
	return out, nil
}

// A surveyed is what a cache holds before a flush.
type surveyed struct {
	names []string
	stale map[string]bool
}

// surveyBefore looks what the cache holds, and what of it is stale already.
func (f *flushing) surveyBefore(ctx context.Context) (surveyed, error) {
	s := surveyed{stale: map[string]bool{}}
	if !f.hasList {
		return s, nil
	}
	err := f.engine.Survey(ctx, f.farm, simulate.AfterGrace, func(c simulate.CachedFile) error {
		s.names = append(s.names, c.Name)
		if !c.Validity.Fresh {
			s.stale[c.Name] = true
		}
		return nil
	})
	return s, err
}

// complain says on standard error what could not be done.
func (f *flushing) complain(v *simulate.Invalidation) {
	for _, name := range v.Failed {
		f.in.complain(fmt.Errorf("%s could not be deleted or touched; see --trace for the reason", name))
		f.failed = true
	}
	if v.HandlerError != "" {
		f.in.complain(fmt.Errorf("/invalidateHandler %s: %s", v.Handler[0], v.HandlerError))
		f.failed = true
	}
}

// whatIf compares levels for a cache that holds some pages.
func (f *flushing) whatIf(handle string, names []string) ([]report.WhatIfLevel, error) {
	text := f.in.text("what-if")
	if text == "" {
		return nil, nil
	}
	levels, err := parseWhatIf(text)
	if err != nil {
		return nil, err
	}
	flush := simulate.FlushRequest{Handle: handle, Action: f.in.text("action"), Scope: f.in.text("scope")}
	effects, err := f.engine.WhatIf(f.farm, slices.Values(names), flush, levels)
	if err != nil {
		return nil, usagef("", "%v", err)
	}
	var out []report.WhatIfLevel
	for i := range effects {
		e := &effects[i]
		out = append(out, report.WhatIfLevel{
			Level: e.Level, Touched: e.Touched, Deleted: len(e.Deleted), Stale: len(e.Stale), Pages: e.Files, Share: e.Share(),
			Current: e.Level == f.farm.Cache.StatfilesLevel.Value,
		})
	}
	return out, nil
}

// parseWhatIf reads statfileslevel=N, N..M or N,M,….
func parseWhatIf(s string) ([]int, error) {
	name, value, _ := strings.Cut(s, "=")
	wrong := fmt.Errorf("%q is not of the form statfileslevel=0..6", s)
	if name != "statfileslevel" {
		return nil, wrong
	}
	const most = 64
	var levels []int
	for part := range strings.SplitSeq(value, ",") {
		first, last, ranged := strings.Cut(part, "..")
		if !ranged {
			last = first
		}
		from, err := strconv.ParseUint(strings.TrimSpace(first), 10, 8)
		to, err2 := strconv.ParseUint(strings.TrimSpace(last), 10, 8)
		if err != nil || err2 != nil || from > to || to > most {
			return nil, wrong
		}
		for n := from; n <= to; n++ {
			levels = append(levels, int(n))
		}
	}
	if len(levels) > most+1 {
		return nil, wrong
	}
	return levels, nil
}

func checkWhatIf(s string) error {
	_, err := parseWhatIf(s)
	return err
}

func checkHandle(s string) error {
	switch {
	case !strings.HasPrefix(s, "/"):
		return fmt.Errorf("handle %q does not start with a slash", s)
	case strings.ContainsAny(s, "\r\n\x00"):
		return fmt.Errorf("handle %q holds a line end", s)
	}
	return nil
}

func checkHeaderValue(s string) error {
	if strings.ContainsAny(s, "\r\n\x00") {
		return fmt.Errorf("%q holds a line end", s)
	}
	return nil
}

// docroots are all document roots of a configuration.
func docroots(c *model.Config) []string {
	var out []string
	for _, f := range c.Farms {
		if f.Cache != nil && f.Cache.Docroot.Value != "" {
			out = append(out, f.Cache.Docroot.Value)
		}
	}
	return out
}
