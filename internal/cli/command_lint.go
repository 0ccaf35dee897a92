package cli

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/rules"
	"github.com/dispcheck/dispcheck/source"
)

func lintCommand() *command {
	return &command{
		name:  "lint",
		usage: "find what goes wrong in a running Dispatcher, and say why",
		args:  "[PATH…]",
		about: "Reads each configuration with its includes and variables, and reports what the rules find: where, why it matters and what to do. " +
			"Without an argument it reads the configuration that --config names or that is found. dispcheck rules lists the rules and " +
			"dispcheck explain RULE tells about one. A comment # dispcheck:ignore RULE -- reason keeps a finding of the same or the next line quiet.",
		flags: []*flag{
			{name: "fix", kind: boolean, meaning: "put right what can be put right without a change of behaviour"},
			{name: "unsafe-fixes", kind: boolean, meaning: "with --fix or --diff: also fixes after which requests may be answered differently"},
			{name: "diff", short: "d", kind: boolean, meaning: "print what --fix would change, and change nothing"},
			{name: "write-baseline", kind: boolean, meaning: "write the findings of today to the baseline, so that later runs report new ones alone"},
			{name: "new-from-rev", arg: "REV", meaning: "report only what the git revision REV does not have"},
			{name: "staged", kind: boolean, meaning: "read what is staged in git, and report only what the last commit does not have"},
			{name: "timing", kind: boolean, meaning: "say on standard error how long each rule took"},
		},
		formats: findingFormats(),
		maxArgs: -1, completeFrom: completeFiles,
		exits: []exit{
			{exitClean, "nothing was found at or above --fail-on; with --diff: nothing would change"},
			{exitFindings, "something was found at or above --fail-on; with --diff: something would change"},
			{exitUnusable, "a file or an include cannot be read, or wrong usage"},
			{exitInternal, "a rule failed: a mistake of dispcheck; the other rules have run"},
		},
		example: example{"dispcheck lint --output sarif=dispcheck.sarif dispatcher/src", "in CI, with a report for code scanning"},
		run:     runLint,
	}
}

func runLint(ctx context.Context, in *invocation) error {
	if err := checkLintFlags(in); err != nil {
		return err
	}
	collectLate()
	l := newLinter(in)
	if in.yes("fix") || in.yes("diff") {
		return l.fix(ctx)
	}
	r, err := l.findings(ctx)
	if err != nil {
		return err
	}
	if in.yes("write-baseline") {
		return l.writeBaseline(r)
	}
	if r.list, err = l.withoutBaseline(r.list, r.name); err != nil {
		return err
	}
	if err := l.print(r); err != nil {
		return err
	}
	return l.verdict(r)
}

// lateCollection is the garbage, in percent of what is in use, that starts the first collection. The heap counts as 4 MB at
// least, so that it is at 12 MB: most projects are linted in less, and collecting would take a fifth of their time.
const lateCollection = 300

// collectLate puts the first garbage collection off. From then on things are as they were, so that what is large takes
// no more memory than before. It does nothing where GOGC asks for something else.
func collectLate() {
	const usual = 100
	if before := debug.SetGCPercent(lateCollection); before != usual {
		debug.SetGCPercent(before)
		return
	}
	runtime.AddCleanup(new([16]byte), func(int) { debug.SetGCPercent(usual) }, 0)
}

// checkLintFlags refuses flags that cannot be followed together.
func checkLintFlags(in *invocation) error {
	repair := in.yes("fix") || in.yes("diff")
	switch {
	case in.yes("fix") && in.yes("diff"):
		return usagef("leave one out", "--diff changes nothing, --fix does")
	case in.yes("unsafe-fixes") && !repair:
		return usagef("add --fix or --diff", "--unsafe-fixes says which fixes are made, and none is")
	case in.yes("staged") && in.text("new-from-rev") != "":
		return usagef("leave one out", "--staged compares with the last commit, --new-from-rev with another")
	case repair && (in.yes("staged") || in.text("new-from-rev") != ""):
		return usagef("fix all, or look at what is new", "fixes are made in the files as they are, not in revisions")
	case repair && in.yes("write-baseline"):
		return usagef("fix first, then write the baseline", "--write-baseline keeps findings, fixes remove them")
	case in.yes("write-baseline") && in.text("baseline") == "":
		return usagef("add --baseline FILE", "--write-baseline does not know which file to write")
	}
	return nil
}

// A linter runs the rules over the configurations that were asked for.
type linter struct {
	in    *invocation
	rules []*lint.Rule
	set   *lint.Settings
	paths []string // as the arguments have them; one "" for the configuration that is found
	// texts are read in place of files, by absolute path: what fixes have made of them.
	texts map[string][]byte
	// silent says that nothing is said about what cannot be read: it is not what was asked for.
	silent bool
}

func newLinter(in *invocation) *linter {
	l := linter{in: in, rules: rules.All(), set: lintSettings(in), paths: in.args}
	if len(l.paths) == 0 {
		l.paths = []string{""}
	}
	return &l
}

// linted is what the rules found in all configurations.
type linted struct {
	list     []diag.Diagnostic
	projects []*project.Project
	files    int
	quiet    int // suppressed in comments
	timing   []lint.Timing
	failures []*lint.Failure
	unread   bool // something could not be read, and was said
}

// name returns the path of a file from the root of its project; "" where none has it.
func (r *linted) name(f *source.File) string {
	for _, p := range r.projects {
		if name := p.FromRoot(f); name != "" {
			return name
		}
	}
	return ""
}

// findings lints everything that was asked for, as it is on disk, in the index or after fixes.
func (l *linter) findings(ctx context.Context) (*linted, error) {
	if rev, staged := l.in.text("new-from-rev"), l.in.yes("staged"); staged || rev != "" {
		return l.fresh(ctx, rev, staged)
	}
	var all linted
	for _, path := range l.paths {
		o := l.in.projectOptions()
		o.Overlay = l.texts
		if path != "" {
			o.Path = path
		}
		if err := l.load(ctx, o, &all); err != nil {
			return nil, err
		}
	}
	all.list = diag.Sort(all.list)
	return &all, nil
}

// load reads one configuration and lints it.
func (l *linter) load(ctx context.Context, o project.Options, all *linted) error {
	p, err := loadProject(ctx, o)
	if err != nil {
		return err
	}
	if !l.silent && l.in.unread(p) != nil {
		all.unread = true
	}
	all.projects = append(all.projects, p)
	if err := l.one(ctx, p, all); err != nil {
		return err
	}
	return ctx.Err()
}

// one lints one configuration.
func (l *linter) one(ctx context.Context, p *project.Project, all *linted) error {
	s, err := p.Subject(ctx)
	if err != nil {
		return err
	}
	s.Version = l.in.text("dispatcher-version")
	var o lint.RunOptions
	if l.in.yes("timing") {
		start := time.Now()
		o.Now = func() time.Duration { return time.Since(start) }
	}
	r := lint.Run(ctx, s, l.rules, l.set, o)
	all.list = append(all.list, r.Findings...)
	all.files += len(s.Files) + len(s.ServerFiles)
	all.quiet += len(r.Suppressed)
	all.failures = append(all.failures, r.Failures...)
	all.timing = append(all.timing, r.Timing...)
	if r.Left > 0 {
		l.in.remark("dispcheck lint: %s more of rules with over %d findings left out", count(r.Left, "finding"), lint.MaxFindings)
	}
	return nil
}

// print writes the findings in every format asked for, and says on standard error how many there are.
func (l *linter) print(r *linted) error {
	in := l.in
	f := report.Findings{
		List: r.list, Names: r.name, Files: r.files, Version: build().Version, Base: rulePages,
		Rules: rules.Find, Area: func(r *lint.Rule) string { return rules.AreaOf(r).Name },
	}
	if err := in.emit(func(o *output) error { return writeFindings(o, &f) }); err != nil {
		return err
	}
	if in.yes("timing") {
		if err := writeTiming(in, r.timing); err != nil {
			return err
		}
	}
	in.remark("dispcheck lint: %s", report.Summary(&f))
	if r.quiet > 0 {
		in.detail("dispcheck lint: %s quiet by a comment", count(r.quiet, "finding"))
	}
	return nil
}

// findingFormats are the formats in which findings can be written. md is markdown's other name.
func findingFormats() []string { return append(report.FormatNames(), "md") }

func writeFindings(o *output, f *report.Findings) error {
	name := o.format
	if name == "md" {
		name = "markdown"
	}
	return report.FormatOf(name)(o.Printer, o, f)
}

// rulePages is where the pages of the rules are published.
const rulePages = "https://github.com/dispcheck/dispcheck/blob/main/docs/rules/"

// writeTiming writes what each rule took, the slowest first.
func writeTiming(in *invocation, list []lint.Timing) error {
	slices.SortStableFunc(list, func(a, b lint.Timing) int { return cmp.Compare(b.Duration, a.Duration) })
	w := tabwriter.NewWriter(in.stderr, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, t := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t\n", t.Rule.ID, t.Duration.Round(time.Microsecond), count(t.Findings, "finding"))
	}
	return w.Flush()
}

// verdict turns what was found into how the command ends.
func (l *linter) verdict(r *linted) error {
	for _, f := range r.failures {
		l.in.complain(fmt.Errorf("internal error: %w; the other rules have run; please report it at %s", f, issuesURL))
		if l.in.yes("verbose") {
			fmt.Fprint(l.in.stderr, f.Stack)
		}
	}
	switch worst := diag.Worst(r.list); {
	case len(r.failures) > 0:
		return exitError(exitInternal)
	case r.unread:
		return errUnusable
	case worst >= l.failOn():
		return errFindings
	}
	return nil
}

// failOn is the severity from which findings make the exit code 1; one above all of them for "never".
func (l *linter) failOn() diag.Severity {
	if s, ok := diag.ParseSeverity(l.in.text("fail-on")); ok {
		return s
	}
	return diag.Error + 1
}
