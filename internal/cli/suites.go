package cli

import (
	"context"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/source"
	"github.com/dispcheck/dispcheck/suite"
)

func testCommand() *command {
	return &command{
		name:  "test",
		usage: "check suites of requests with what is expected of their answers",
		args:  "[SUITE…]",
		about: "Plays the cases of suites, YAML files of requests with what is expected of each answer, and says what is not as expected " +
			"and which line of the configuration decided. Without SUITE it takes the files *.dispcheck.yaml beside the configuration, and in " +
			"folders test and tests there; a folder stands for those in it and below. The clock stands at 2025-01-01T00:00:00Z, unless a case or " +
			"--at says otherwise. docs/test.md describes suites.",
		flags: []*flag{
			{name: "run", arg: "REGEX", check: checkRegexp, meaning: "run the cases that this is found in, as SUITE: CASE"},
			{name: "tag", kind: list, arg: "TAG,…", meaning: "run the cases that have one of these tags; !TAG leaves cases out"},
			{name: "fail-fast", kind: boolean, meaning: "stop at the first case that fails"},
			{name: "watch", kind: boolean, meaning: "run again whenever the configuration, a suite or a file that one names changes, until Ctrl-C"},
			{name: "coverage", kind: boolean, meaning: "count which rules, farms and virtual hosts decided something"},
			{name: "uncovered", kind: boolean, meaning: "with --coverage, name those that decided nothing in text, too"},
			{name: "fail-under", kind: list, arg: "PCT|KIND=PCT", check: checkFailUnder, meaning: "fail where less of everything, or of a kind such as filter, decided something; counts coverage"},
			{name: "record", arg: "FILE|-", completeFrom: completeFiles, meaning: "write a suite of what is decided today for URLs, one to a line, with METHOD before or HOST behind if you like; to standard output, or to the SUITE that is named and is not there yet"},
			{name: "update", kind: boolean, meaning: "write into the suites what is decided today, where an expectation that is one text is not met"},
			{name: "header", short: "H", kind: list, free: true, arg: "'NAME: VALUE'", check: checkHeader, meaning: "header of all requests; may be given several times"},
			{name: "host", arg: "HOST", check: checkHost, meaning: "Host header where a case names none, whatever the defaults of its suite say"},
			{name: "client-ip", arg: "ADDRESS", check: checkAddress, meaning: "address of the client where a case names none"},
			{name: "no-httpd", kind: boolean, meaning: "leave out the httpd side"},
			{name: "define", kind: list, arg: "NAME[=VALUE]", check: checkDefine, meaning: "define a variable as httpd's -D and Define do; may be given several times"},
			{name: "directive", kind: list, free: true, arg: "'NAME VALUE'", check: checkDirective, meaning: "directive of the Dispatcher in httpd's configuration; may be given several times"},
			{name: "render", kind: list, arg: "none|respond:STATUS[:TYPE]|mock:FILE", check: checkRender, completeFrom: completeFiles,
				defWords: "what the case says, or none", meaning: "what answers for the renders, in place of what suites say"},
			{name: "at", arg: "TIME", check: checkTime, meaning: "time of the requests, RFC 3339 or Unix seconds"},
			{name: "reading", kind: list, arg: "KEY=VALUE", check: checkReading, meaning: "another reading of what is not published; may be given several times"},
			{name: "wording", kind: choice, values: []string{"log", "docs"}, def: "log", meaning: "words of X-Cache-Info: those of real logs, or those of today's documentation"},
		},
		formats: []string{"text", "json", "junit", "github", "lcov", "html"},
		minArgs: 0, maxArgs: -1,
		completeFrom: completeFiles,
		exits: []exit{
			{exitClean, "all is as expected"},
			{exitFindings, "an expectation was not met, or less than --fail-under decided something"},
			{exitUnusable, "wrong usage, or a suite that cannot be read, asks for what no answer has, or has no case to run"},
		},
		example: example{"dispcheck test -c example:cloud --coverage", "does the example do what its suite says?"},
		run:     runTest,
	}
}

func checkRegexp(s string) error {
	_, err := regexp.Compile(s)
	return err
}

func checkFailUnder(s string) error {
	_, _, err := parseFailUnder(s)
	return err
}

// parseFailUnder reads PCT, or KIND=PCT; no kind is everything.
func parseFailUnder(s string) (suite.CoverageKind, float64, error) {
	kind, pct, named := strings.Cut(s, "=")
	if !named {
		kind, pct = "", s
	}
	var kinds []string
	for _, k := range suite.CoverageKinds() {
		kinds = append(kinds, string(k))
	}
	if named && !slices.Contains(kinds, kind) {
		return "", 0, notOneOf(kind, kinds)
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(pct, "%"), 64)
	if err != nil || math.IsNaN(n) || n < 0 || n > 100 {
		return "", 0, fmt.Errorf("%q is no number from 0 to 100", pct)
	}
	return suite.CoverageKind(kind), n, nil
}

func runTest(ctx context.Context, in *invocation) error {
	for _, s := range in.list("render") {
		if name, value, ok := strings.Cut(s, "="); s == "auto" || ok && isRenderURL(value) {
			return usagef("give none, respond:STATUS or mock:FILE; simulate asks real renders", "--render %s asks a real render, and tests do not", firstOf(name, s))
		}
	}
	if in.yes("watch") {
		return watchTests(ctx, in)
	}
	return newTestRun(in).run(ctx)
}

func firstOf(name, whole string) string {
	if name == "auto" {
		return name
	}
	return whole
}

// write writes the report in all formats that are asked for.
func (t *testRun) write(run *report.TestRun) error {
	text := false
	err := t.in.emit(func(o *output) error {
		switch o.format {
		case "json":
			if t.watching { // one of many
				return report.JSONLine(o, report.NewTestJSON(run, o.Prefix))
			}
			return report.JSON(o, report.NewTestJSON(run, o.Prefix))
		case "junit":
			return o.TestJUnit(o, run)
		case "github":
			return o.TestGitHub(o, run)
		case "lcov":
			return o.TestLCOV(o, run)
		case "html":
			return o.CoverageHTML(o, run)
		}
		text = true
		return o.Test(o, run)
	})
	if err == nil && !text {
		t.in.remark("dispcheck: %d passed, %d failed, %d skipped", run.Passed, run.Failed, run.Skipped)
		for _, s := range run.Below {
			t.in.remark("dispcheck: %s", s)
		}
	}
	return err
}

// below says which coverage is too low.
func (t *testRun) below() ([]string, error) {
	var out []string
	for _, s := range t.in.list("fail-under") {
		kind, least, err := parseFailUnder(s)
		if err != nil {
			return nil, usagef("", "--fail-under: %v", err)
		}
		total, name := t.coverage.Total(), "coverage"
		if kind != "" {
			total, name = t.coverage.Of(kind), "coverage of "+report.CoverageName(kind)
		}
		if total.Percent() < least {
			out = append(out, fmt.Sprintf("%s is %.1f %%, below %s %%", name, math.Floor(total.Percent()*10)/10, strconv.FormatFloat(least, 'f', -1, 64)))
		}
	}
	return out, nil
}

// update writes what is decided today into the suites, and reports whether anything is left that failed.
func (t *testRun) update(rep *suite.Report) (left bool, err error) {
	edits, kept := suite.Updates(rep)
	for _, src := range slices.SortedFunc(maps.Keys(edits), func(a, b *source.File) int { return strings.Compare(a.Name, b.Name) }) {
		list := edits[src]
		path, ok := t.paths[src.Name]
		if !ok {
			kept += len(list)
			continue
		}
		after, err := diag.Apply(src, list)
		if err != nil {
			return false, &internalError{err}
		}
		if err := t.in.rewriteUnchanged(path, src.Text, after); err != nil {
			return false, err
		}
		t.in.remark("%s: %s updated", t.in.name(src.Name), count(len(list), "expectation"))
	}
	if kept > 0 {
		t.in.remark("dispcheck: %s cannot be updated: they are patterns, come from variables, or are shared by cases that differ", count(kept, "expectation"))
	}
	return kept > 0, nil
}
