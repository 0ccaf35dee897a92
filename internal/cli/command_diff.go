package cli

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/decisiondiff"
	"github.com/dispcheck/dispcheck/internal/report"
)

func diffCommand() *command {
	return &command{
		name:  "diff",
		usage: "say which decisions change between two configurations",
		args:  "OLD NEW",
		about: "OLD and NEW are files or folders of configuration, example:NAME, or git:REV or git:REV:PATH for what is in a revision (git:: " +
			"for what is staged). Both answer the same requests, and what differs is shown: virtual host, redirect, rewriting, farm, filter, cache, " +
			"render, headers; what lets more in comes first. Without a source of requests they are made of both configurations' patterns, so that " +
			"each place where the two part has a request in it. Names of rules, order that does not matter and the files that something stands " +
			"in make no difference. docs/diff.md describes the result.",
		flags: []*flag{
			{name: "log", kind: list, arg: "FILE|-", completeFrom: completeFiles, meaning: "compare the requests of an access log; may be given several times"},
			{name: "input-format", arg: "NAME|LOGFORMAT", defWords: "found out from the first lines", meaning: "format of --log, as in docs/diff.md"},
			{name: "urls", kind: list, arg: "FILE|-", completeFrom: completeFiles, meaning: "compare URLs, one to a line, with METHOD before or HOST behind if you like"},
			{name: "sitemap", kind: list, arg: "FILE|-", completeFrom: completeFiles, meaning: "compare the URLs of a sitemap"},
			{name: "suite", kind: list, arg: "FILE", completeFrom: completeFiles, meaning: "compare the requests of a suite of dispcheck test"},
			{name: "audit", kind: boolean, meaning: "compare the probes of dispcheck audit, for the hosts of both"},
			{name: "generate", kind: boolean, meaning: "make requests of the patterns beside those of a source, too"},
			{name: "max-requests", kind: number, arg: "N", def: strconv.Itoa(decisiondiff.DefaultRequests), check: checkMaxRequests, meaning: "how many requests are made at most"},
			{name: "host", arg: "HOST", check: checkHost, defWords: "the first virtual host's", meaning: "host of requests of a source that says none"},
			{name: "scheme", kind: choice, values: []string{"https", "http"}, def: "https", meaning: "scheme of requests of a source that says none"},
			{name: "keep-query", kind: boolean, meaning: "keep values of parameters in logs; without it they are dropped, as they may be personal"},
			{name: "client-ip", arg: "ADDRESS", check: checkAddress, defWords: "127.0.0.1", meaning: "address that requests of a source come from"},
			{name: "new-environment", kind: choice, values: []string{"dev", "stage", "prod", "local"}, defWords: "that of --environment", meaning: "environment of NEW, where it is another than that of OLD"},
			{name: "no-httpd", kind: boolean, meaning: "leave out the httpd side"},
			{name: "define", kind: list, arg: "NAME[=VALUE]", check: checkDefine, meaning: "define a variable as httpd's -D and Define do; may be given several times"},
			{name: "directive", kind: list, free: true, arg: "'NAME VALUE'", check: checkDirective, meaning: "directive of the Dispatcher in httpd's configuration; may be given several times"},
		},
		formats: []string{"text", "json", "markdown"},
		minArgs: 2, maxArgs: 2,
		argValues: exampleProjects, completeFrom: completeFiles,
		exits: []exit{
			{exitClean, "no request is answered differently"},
			{exitFindings, "something changes"},
			{exitUnusable, "wrong usage, or a configuration, revision, log or suite that cannot be read"},
		},
		example: example{"dispcheck diff git:main dispatcher/src --format markdown", "what changes for visitors if this is merged?"},
		run:     runDiff,
	}
}

func checkMaxRequests(s string) error {
	const most = 1_000_000
	if n, err := strconv.Atoi(s); err != nil || n < 100 || n > most {
		return fmt.Errorf("%s is not between 100 and %d", s, most)
	}
	return nil
}

func runDiff(ctx context.Context, in *invocation) error {
	d := differ{in: in}
	defer d.close()
	if err := d.checkStreams(); err != nil {
		return err
	}
	old, err := d.side(ctx, 0)
	if err != nil {
		return err
	}
	new, err := d.side(ctx, 1)
	if err != nil {
		return err
	}
	o := decisiondiff.Options{MaxRequests: in.number("max-requests")}
	if o.Sources, err = d.sources(ctx, old, new); err != nil {
		return err
	}
	o.Generate = len(o.Sources) == 0 || in.yes("generate")
	bar := in.progress(o.MaxRequests, "requests")
	o.Done = func(n, total int) { // from one goroutine at a time
		bar.total = total
		bar.done(n)
	}
	res, err := decisiondiff.Compare(ctx, &old.Side, &new.Side, o)
	bar.clear()
	if err != nil {
		return d.sourceError(err)
	}
	if err := d.write(res); err != nil {
		return err
	}
	for _, s := range []*diffSide{old, new} {
		if err := in.unread(s.project); err != nil {
			return err
		}
		if incomplete(s.apache) {
			return errUnusable
		}
	}
	if len(res.Changes) > 0 {
		return errFindings
	}
	return nil
}

// write writes the result in all formats that are asked for.
func (d *differ) write(res *decisiondiff.Result) error {
	text := false
	err := d.in.emit(func(o *output) error {
		switch o.format {
		case "json":
			return report.JSON(o, report.NewDiffJSON(res, o.Prefix))
		case "markdown":
			return o.DiffMarkdown(o, res)
		}
		text = true
		return o.DecisionDiff(o, res)
	})
	if err == nil && !text {
		d.in.remark("dispcheck diff: %s", report.DiffSummary(res))
	}
	for _, l := range d.logs {
		if l.Skipped > 0 {
			d.in.remark("dispcheck diff: %s: %s passed over that is no request", l.Name, count(int(l.Skipped), "line"))
		}
	}
	return err
}

// A diffSide is one side with what it was loaded from.
type diffSide struct {
	decisiondiff.Side
	*configuration
}

// side loads OLD (0) or NEW (1).
func (d *differ) side(ctx context.Context, n int) (*diffSide, error) {
	in := d.in
	o, err := d.options(ctx, in.args[n], in.args[1-n])
	if err != nil {
		return nil, err
	}
	if n == 1 && in.given("new-environment") {
		o.Environment = in.text("new-environment")
	}
	p, err := loadProject(ctx, o)
	if err != nil {
		return nil, err
	}
	c, err := configurationOf(ctx, p, !in.yes("no-httpd"))
	if err != nil {
		return nil, err
	}
	if err := d.report(p, c); err != nil {
		return nil, err
	}
	s := &diffSide{configuration: c, Side: decisiondiff.Side{Name: in.args[n], Config: c.Config, Open: c.open, Directives: in.list("directive")}}
	if in.given("new-environment") {
		s.Name += " (" + o.Environment + ")"
	}
	if s.Options, err = in.engineOptions(); err != nil {
		return nil, err
	}
	for _, text := range in.list("directive") {
		if err := checkDirective(text); err != nil {
			return nil, usagef("", "--directive: %v", err)
		}
	}
	if a := c.apache; a != nil {
		s.Server, s.Files, s.Getenv, s.Owned = a.Server, a.Files(), a.Getenv, a.Owned
	}
	return s, nil
}

// defaults are what requests of a source have that say nothing of it.
func (d *differ) defaults(s *diffSide) (decisiondiff.Defaults, error) {
	def := decisiondiff.Defaults{Host: d.in.text("host"), TLS: d.in.text("scheme") == "https"}
	if def.Host == "" && s.apache != nil {
		def.Host = s.apache.UsualHost()
	}
	if def.Host == "" {
		def.Host = "localhost"
	}
	if d.in.given("client-ip") {
		addr, err := netip.ParseAddr(d.in.text("client-ip"))
		if err != nil {
			return def, usagef("", "--client-ip: %v", err)
		}
		def.Client = addr
	}
	return def, nil
}

// gitPrefix is what names of revisions start with.
const gitPrefix = "git:"

// revision splits git:REV[:PATH]; git:: is what is staged.
func revision(arg string) (rev, path string, ok bool) {
	rest, ok := strings.CutPrefix(arg, gitPrefix)
	if !ok {
		return "", "", false
	}
	if after, staged := strings.CutPrefix(rest, ":"); staged {
		return ":", strings.TrimPrefix(after, ":"), true
	}
	rev, path, _ = strings.Cut(rest, ":")
	return rev, path, true
}
