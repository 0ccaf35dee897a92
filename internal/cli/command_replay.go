package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/internal/replay"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// keeps are what --keep keeps of a log.
var keeps = []string{"query", "user-agent", "headers", "lines"}

func replayCommand() *command {
	return &command{
		name:  "replay",
		usage: "say what becomes of the requests of access logs",
		args:  "LOG…|-",
		about: "Sends the requests of access logs through the configuration and counts: which are denied and by which rule, which are not " +
			"cacheable and why, which parameters keep pages out of the cache, which rules never decide anything. LOG is a file, a folder, a " +
			"pattern or - for standard input; plain, gzip, bzip2 or zstd; logs of AEM's CDN, dispatcher.log, those of httpd in any LogFormat, " +
			"lists of URLs, HAR. Each distinct request is decided once. Where a log does not say what a decision needs, the verdict is " +
			"depends, with what it depends on. Addresses, users, agents and values of queries are dropped while a line is read. docs/replay.md " +
			"has more.",
		flags: []*flag{
			{name: "input-format", arg: "NAME|LOGFORMAT", check: checkInputFormat, values: inputFormats(), defWords: "found out", meaning: "format of the logs: a name, or httpd's LogFormat"},
			{name: "host", arg: "HOST", check: checkHost, meaning: "host of requests whose log does not say one"},
			{name: "scheme", kind: choice, values: []string{"http", "https"}, defWords: "both are tried", meaning: "scheme of requests whose log does not say one"},
			{name: "header", short: "H", kind: list, free: true, arg: "'NAME: VALUE'", check: checkHeader, meaning: "header of requests whose log does not say what it was, nothing behind the colon for none; may be given several times"},
			{name: "farm", arg: "NAME", meaning: "farm that answers, whatever the virtual hosts say"},
			{name: "no-httpd", kind: boolean, meaning: "leave out the httpd side: no virtual hosts, rewrite rules and headers"},
			{name: "define", kind: list, arg: "NAME[=VALUE]", check: checkDefine, meaning: "define a variable as httpd's -D and Define do; may be given several times"},
			{name: "directive", kind: list, free: true, arg: "'NAME VALUE'", check: checkDirective, meaning: "directive of the Dispatcher in httpd's configuration; may be given several times"},
			{name: "reading", kind: list, arg: "KEY=VALUE", check: checkReading, meaning: "another reading of what is not published; may be given several times"},
			{name: "keep", kind: list, arg: "WHAT,…", values: keeps, check: checkKeep, meaning: "keep what may be personal: query (values), user-agent, headers, lines (those that cannot be read)"},
			{name: "calibrate", kind: boolean, meaning: "hold what is decided against the log's own columns for farm and cache action"},
			{name: "forecast", kind: boolean, meaning: "play the log, with its flushes, on a cache that is empty at first"},
			{name: "ttl", arg: "DURATION", check: checkTTL, meaning: "with --forecast, how long answers say that they are good: 300s, 1h"},
			topFlag(),
			{name: "jobs", kind: number, defWords: "as many as there are processors", meaning: "how many blocks of a log are read at the same time"},
			{name: "max-distinct", kind: number, def: strconv.Itoa(replay.DefaultMaxDistinct), meaning: "distinct requests to keep, at some 200 bytes each; sums are exact beyond it, lists are not"},
			{name: "max-line", kind: number, def: "131072", meaning: "bytes that a line may have; longer ones are counted as not read"},
			{name: "shard", arg: "I/N", check: checkShard, meaning: "read one of N shares of the lines, counted from 0; every share is given the same logs"},
			{name: "partial", arg: "FILE|-", completeFrom: completeFiles, meaning: "write the result to be joined by merge, and print nothing"},
			{name: "resume", arg: "FILE", completeFrom: completeFiles, meaning: "keep what was done in FILE, and go on from there if it exists"},
		},
		formats: []string{"text", "json"},
		minArgs: 1, maxArgs: -1,
		completeFrom: completeFiles,
		exits: []exit{
			{exitClean, "the logs were replayed, whatever came of it"},
			{exitFindings, "there are findings from --fail-on up; those of replay are of severity info"},
			{exitUnusable, "wrong usage, or a log that cannot be read or recognised; the others are replayed all the same"},
		},
		example: example{"dispcheck replay access.log.gz -c example:cloud --host www.wknd.example", "what does the filter deny?"},
		run:     runReplay,
	}
}

func topFlag() *flag {
	return &flag{name: "top", kind: number, def: "10", check: checkTop, meaning: "how many requests and parameters to list"}
}

func checkTop(s string) error {
	if n, err := strconv.Atoi(s); err != nil || n > maxTop {
		return fmt.Errorf("%s is more than %d", s, maxTop)
	}
	return nil
}

func inputFormats() []string {
	var names []string
	for _, f := range accesslog.Formats() {
		names = append(names, f.Name)
	}
	return names
}

func checkInputFormat(s string) error {
	_, err := accesslog.New(accesslog.Options{Format: s})
	return err
}

func checkKeep(s string) error {
	for word := range strings.SplitSeq(s, ",") {
		if !slices.Contains(keeps, strings.TrimSpace(word)) {
			return notOneOf(strings.TrimSpace(word), keeps)
		}
	}
	return nil
}

func checkTTL(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Second {
		return fmt.Errorf("%q is no duration from one second, such as 300s or 1h", s)
	}
	return nil
}

func checkShard(s string) error {
	_, _, err := parseShard(s)
	return err
}

// Bounds of flags: what is beyond takes memory and gains nothing.
const (
	maxJobs       = 1024
	maxLineLength = 64 << 20
	maxTop        = 10_000
)

// maxShards bounds the N of --shard.
const maxShards = 1 << 16

func parseShard(s string) (i, n int, err error) {
	a, b, ok := strings.Cut(s, "/")
	first, err1 := strconv.ParseUint(a, 10, 31)
	second, err2 := strconv.ParseUint(b, 10, 31)
	if !ok || err1 != nil || err2 != nil || second == 0 || second > maxShards || first >= second {
		return 0, 0, fmt.Errorf("%q is no share such as 0/4: the first number counts from 0 and is below the second, which is at most %d", s, maxShards)
	}
	return int(first), int(second), nil
}

func runReplay(ctx context.Context, in *invocation) error {
	if in.text("ttl") != "" && !in.yes("forecast") {
		return usagef("add it, or leave --ttl out", "--ttl is for --forecast")
	}
	if in.given("partial") && in.text("partial") == "" {
		return usagef("name a file, or - for standard output", "--partial names no file")
	}
	if in.number("max-distinct") < 1 || in.number("max-line") < 1 || in.given("jobs") && in.number("jobs") < 1 {
		return usagef("give 1 or more", "--jobs, --max-distinct and --max-line are at least 1")
	}
	switch {
	case in.number("jobs") > maxJobs:
		return usagef("", "--jobs is at most %d", maxJobs)
	case in.number("max-line") > maxLineLength:
		return usagef("", "--max-line is at most %d", maxLineLength)
	}
	logs, err := accesslog.Expand(in.args)
	var missing *fs.PathError
	if errors.As(err, &missing) {
		return newFileError(display(missing.Path), err)
	}
	if err != nil {
		return usagef("", "%v", err)
	}
	c, err := in.loadConfiguration(ctx, !in.yes("no-httpd"))
	if err != nil {
		return err
	}
	if err := in.checkFarm(c.Config); err != nil {
		return err
	}
	r := &replaying{in: in, c: c}
	o, err := r.options()
	if err != nil {
		return err
	}
	// The table has no pointers in it: collecting often costs little, and keeps memory near what is in use.
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	bar := in.progress(0, "MB read")
	o.Progress = bar.read
	if err := r.resume(&o); err != nil {
		return err
	}
	res, err := r.run(ctx, logs, o)
	bar.clear()
	var crash *replay.Panic
	switch {
	case errors.As(err, &crash):
		if in.yes("verbose") {
			_, _ = in.stderr.Write(crash.Stack)
		}
		return &internalError{crash}
	case err != nil:
		return err
	}
	if file := in.text("partial"); file != "" {
		err = in.writePartial(file, res)
	} else {
		err = in.writeReplay(res)
	}
	if err != nil {
		return err
	}
	if err := in.unread(c.project); err != nil {
		return err
	}
	if r.failed {
		return errUnusable
	}
	return nil
}

// A replaying is one run of the command.
type replaying struct {
	in     *invocation
	c      *configuration
	failed bool // a log could not be read
}

// options are what flags say.
func (r *replaying) options() (replay.Options, error) {
	in, c := r.in, r.c
	engine, err := in.engineOptions()
	if err != nil {
		return replay.Options{}, err
	}
	if engine.Readings, err = in.readings(); err != nil {
		return replay.Options{}, err
	}
	for _, d := range in.list("directive") {
		if err := simulate.ParseDirective(&engine.Directives, d); err != nil {
			return replay.Options{}, usagef("", "--directive: %v", err)
		}
	}
	config := c.Config
	if in.yes("forecast") { // which asks renders
		var notes []string
		config, notes = completed(config)
		for _, n := range notes {
			in.remark("dispcheck: %s", n)
		}
	}
	o := replay.Options{
		Config: config, Engine: engine, Directives: engine.Directives, Host: in.text("host"), UsualHost: "localhost", Scheme: in.text("scheme"), Farm: in.farmName(),
		Jobs: in.number("jobs"), MaxDistinct: in.number("max-distinct"), Calibrate: in.yes("calibrate"), Forecast: in.yes("forecast"), Release: build().Version,
		Log: accesslog.Options{Format: in.text("input-format"), MaxLine: in.number("max-line"), SampleText: 100, Flushes: in.yes("forecast")},
		Failed: func(log string, err error) {
			r.failed = true
			in.complain(newFileError(log, err))
		},
	}
	if o.Jobs == 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	for _, list := range in.list("keep") {
		for word := range strings.SplitSeq(list, ",") {
			switch strings.TrimSpace(word) {
			case "query":
				o.Log.KeepQuery = true
			case "user-agent":
				o.Log.KeepUserAgent = true
			case "headers":
				o.Log.KeepHeaders = true
			case "lines":
				o.Log.Whole = true
			}
		}
	}
	for _, h := range in.list("header") {
		name, value, _ := strings.Cut(h, ":")
		o.Headers = append(o.Headers, simulate.Field{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	if s := in.text("shard"); s != "" {
		if o.Shard, o.Shards, err = parseShard(s); err != nil {
			return o, usagef("", "--shard: %v", err)
		}
	}
	if s := in.text("ttl"); s != "" {
		if o.TTL, err = time.ParseDuration(s); err != nil {
			return o, usagef("", "--ttl: %v", err)
		}
	}
	if c.apache == nil {
		return o, nil
	}
	if host := c.apache.UsualHost(); host != "" {
		o.UsualHost = host
	}
	o.Server, o.Owned = c.apache.Server, func(f *source.File) bool { return c.apache.Owned(f) }
	o.NewSite = func(e *simulate.Engine, now simulate.Clock) *site.Site {
		return site.New(&site.Site{
			Server: c.apache.Server, Files: c.apache.Files(), Getenv: c.apache.Getenv, Dispatcher: e, Directives: in.list("directive"), Open: c.open, Now: now,
		})
	}
	return o, nil
}

// resume goes on with what --resume has kept, and keeps what is done there.
func (r *replaying) resume(o *replay.Options) error {
	in := r.in
	file := in.text("resume")
	if file == "" {
		return nil
	}
	switch {
	case slices.Contains(in.args, "-"):
		return usagef("give files", "--resume: standard input cannot be gone on with")
	case o.Forecast:
		return usagef("leave one of them out", "--resume keeps no cache, which --forecast needs")
	}
	o.Checkpoint = func(res *replay.Result) error {
		return in.writeFile(file, func(w io.Writer) error { return res.Encode(w) })
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var err error
	o.Resume, err = in.readPartial(file)
	return err
}

// run replays the logs.
func (r *replaying) run(ctx context.Context, logs []string, o replay.Options) (*replay.Result, error) {
	var inputs []replay.Input
	reading := o.Reading()
	for _, name := range logs {
		if name == "-" {
			inputs = append(inputs, replay.Input{Name: stdinName, Size: -1, Open: func() (*accesslog.Blocks, error) {
				return accesslog.StreamBlocks(r.in.stdin, reading)
			}})
			continue
		}
		size := int64(-1)
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
		inputs = append(inputs, replay.Input{Name: display(name), Size: size, Open: func() (*accesslog.Blocks, error) { return openLog(name, reading) }})
	}
	for i := range inputs {
		open := inputs[i].Open
		inputs[i].Open = func() (*accesslog.Blocks, error) {
			b, err := open()
			var unknown *accesslog.UnknownFormatError
			if errors.As(err, &unknown) && unknown.Lines > 0 {
				return nil, errors.New("log format is not recognised from the first lines; name it with --input-format, or give the LogFormat of the server")
			}
			return b, err
		}
	}
	res, err := replay.Run(ctx, inputs, o)
	if err != nil && o.Resume != nil && ctx.Err() == nil && strings.HasPrefix(err.Error(), "cannot be gone on with") {
		err = &fileError{display(r.in.text("resume")), err}
	}
	return res, err
}

// openLog begins to read a file. One without any line has nothing to read.
func openLog(name string, o accesslog.Options) (*accesslog.Blocks, error) {
	f, err := accesslog.Open(name, o)
	var unknown *accesslog.UnknownFormatError
	if errors.As(err, &unknown) && unknown.Lines == 0 {
		o.Format = "urls"
		f, err = accesslog.Open(name, o)
	}
	if err != nil {
		return nil, shortLogError(name, err)
	}
	return f.Blocks()
}

// shortLogError takes the name off an error, which will be put before it again.
func shortLogError(name string, err error) error {
	var pe *os.PathError
	var unknown *accesslog.UnknownFormatError
	if errors.As(err, &pe) || errors.As(err, &unknown) {
		return err
	}
	if text, ok := strings.CutPrefix(err.Error(), name); ok {
		return errors.New(strings.TrimLeft(text, ": "))
	}
	return err
}

// writeReplay prints what became of the requests, and says with which exit code that ends.
func (in *invocation) writeReplay(res *replay.Result) error {
	s := res.Summary(in.number("top"))
	text := false
	err := in.emit(func(o *output) error {
		if o.format == "json" {
			return report.JSON(o, report.NewReplayJSON(s, o.Prefix))
		}
		text = true
		return o.Replay(o, s)
	})
	if err != nil {
		return err
	}
	if !text {
		in.remark("dispcheck: %d requests: %d allowed, %d denied, %d depend; %d lines not read", s.Parsed, s.Allow, s.Deny, s.Depends, s.Unparsed)
	}
	if len(s.Findings) > 0 && in.failsOnInfo() {
		return errFindings
	}
	return nil
}

// failsOnInfo reports whether findings of severity info make the exit code 1.
func (in *invocation) failsOnInfo() bool {
	return (in.text("fail-on") == "info" || in.text("fail-on") == "hint") && !in.yes("exit-zero")
}

// writePartial writes a partial result.
func (in *invocation) writePartial(file string, res *replay.Result) error {
	if file == "-" {
		return res.Encode(in.stdout)
	}
	return in.writeFile(file, func(w io.Writer) error { return res.Encode(w) })
}
