package cli

import (
	"context"
	"slices"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/rules"
)

// validateWords are the words that choose phases, as those of the SDK's validator do.
func validateWords() []string { return []string{"full", "httpd", "dispatcher"} }

func validateCommand() *command {
	return &command{
		name:  "validate",
		usage: "say whether a configuration would be deployed",
		args:  "[full|httpd|dispatcher] [PATH]",
		about: "Looks for what stops a deployment, and for nothing else: a layout that is not taken, texts that cannot be read, an httpd that does not start, " +
			"directives that projects may not use, files of the platform that were changed, and what the validator of the Dispatcher tools refuses. " +
			"It needs neither the SDK nor a container. httpd looks at conf.d alone, dispatcher at conf.dispatcher.d, full (the default) at both. " +
			"Each phase has a line that says how it ends: layout, syntax, startup, allowlist, immutable, dispatcher. Managed Services and other servers have " +
			"no allowlist and no immutable phase; a single text of httpd has syntax and startup.",
		flags: []*flag{
			{name: "define", kind: list, arg: "NAME[=VALUE]", check: checkDefine, meaning: "define a variable as httpd's -D and Define do; may be given several times"},
		},
		formats: append([]string{"text", "json"}, slices.DeleteFunc(findingFormats(), func(name string) bool { return name == "text" || name == "json" })...),
		maxArgs: 2, completeFrom: completeFiles,
		argValues: append(validateWords(), exampleProjects...),
		exits: []exit{
			{exitClean, "nothing stops a deployment"},
			{exitFindings, "something does: a finding that is an error, or at or above --fail-on where that is set"},
			{exitUnusable, "a file or an include cannot be read, or wrong usage"},
			{exitInternal, "a rule failed: a mistake of dispcheck"},
		},
		example: example{"dispcheck validate full dispatcher/src", "before a commit, in place of the validator of the SDK"},
		run:     runValidate,
	}
}

// A phase is a step of a deployment and the rules that stop it there.
type phase struct {
	name string
	// rules are ids; where it is nil, every mistake on account of which httpd does not start counts.
	rules []string
	// of says which side it looks at: "httpd", "dispatcher", or "" for both, of which a word leaves one.
	of string
}

// phases are the steps in their order. Ids are those of the catalogue, whether they are found in reading or by rules.
//
// Sources: AdobeDocs/experience-manager-cloud-service.en, validation-debug.md and validation-debug-legacy.md.
func phases() []phase {
	return []phase{
		{name: "layout", rules: []string{
			"DSP032", "DSP034", "DSP116", "DSP117", "DSP118", "DSP750", "DSP751", "DSP752", "DSP753", "DSP763", "DSP764", "DSP765", "DSP768", "DSP769",
			"DSP770", "DSP771", "DSP778",
		}},
		{name: "syntax", rules: []string{
			"DSP001", "DSP002", "DSP003", "DSP004", "DSP005", "DSP006", "DSP007", "DSP008", "DSP014", "DSP024", "DSP025", "DSP026", "DSP029", "DSP030",
			"DSP035", "DSP036", "DSP110", "DSP121", "DSP594",
		}},
		{name: "startup", of: "httpd"},
		{name: "allowlist", of: "httpd", rules: []string{"DSP413", "DSP759", "DSP760", "DSP775"}},
		{name: "immutable", rules: []string{"DSP755", "DSP758"}},
		{name: "dispatcher", of: "dispatcher", rules: []string{
			"DSP017", "DSP019", "DSP022", "DSP032", "DSP034", "DSP100", "DSP101", "DSP102", "DSP103", "DSP104", "DSP106", "DSP107", "DSP109", "DSP155",
			"DSP178", "DSP761", "DSP762",
		}},
	}
}

// has reports whether a phase wants a finding. server says that it is about a text of httpd, or a link to one.
func (p *phase) has(d *diag.Diagnostic, server bool, word string) bool {
	side := "dispatcher"
	if server {
		side = "httpd"
	}
	if p.of != "" && p.of != side || word != "full" && word != side {
		return false
	}
	if p.rules == nil {
		return d.Severity == diag.Error && !slices.ContainsFunc(phases(), func(o phase) bool {
			return o.name != "syntax" && slices.Contains(o.rules, d.Rule)
		})
	}
	return slices.Contains(p.rules, d.Rule)
}

func runValidate(ctx context.Context, in *invocation) error {
	word, path := "full", ""
	args := in.args
	if len(args) > 0 && slices.Contains(validateWords(), args[0]) {
		word, args = args[0], args[1:]
	}
	switch len(args) {
	case 0:
	case 1:
		path = args[0]
	default:
		return usagef("write one of full, httpd and dispatcher before the path", "%q is no part of a configuration that can be validated", args[0])
	}
	collectLate()
	o := in.projectOptions()
	if path != "" {
		o.Path = path
	}
	p, err := loadProject(ctx, o)
	if err != nil {
		return err
	}
	v := validation{in: in, word: word, project: p}
	return v.run(ctx)
}

// A validation is one run of the command.
type validation struct {
	in      *invocation
	word    string
	project *project.Project
	subject *lint.Subject
}

func (v *validation) run(ctx context.Context) error {
	var err error
	if v.subject, err = v.project.Subject(ctx); err != nil {
		return err
	}
	v.subject.Version = v.in.text("dispatcher-version")
	unread := v.word != "httpd" && v.in.unread(v.project) != nil
	set := lintSettings(v.in)
	r := lint.Run(ctx, v.subject, v.rules(), set, lint.RunOptions{})
	if err := ctx.Err(); err != nil {
		return err
	}
	f := report.Validation{
		Profile: string(v.project.Kind),
		Findings: report.Findings{
			Files: len(v.subject.Files) + len(v.subject.ServerFiles), Version: build().Version, Base: rulePages,
			Rules: rules.Find, Area: func(r *lint.Rule) string { return rules.AreaOf(r).Name },
		},
	}
	for _, ph := range phases() {
		if !v.takes(&ph) {
			continue
		}
		out := report.Phase{Name: ph.name, OK: true}
		for _, d := range r.Findings {
			if v.standsIn(&d) {
				d.Severity = min(d.Severity, diag.Warning)
			}
			if d.Severity < diag.Warning && d.Severity < v.failOn() || !ph.has(&d, v.onServer(&d), v.word) {
				continue
			}
			out.List = append(out.List, d)
			out.OK = out.OK && d.Severity < v.failOn()
		}
		f.Phases = append(f.Phases, out)
		f.List = append(f.List, out.List...)
	}
	f.List = diag.Sort(f.List)
	if err := v.in.emit(func(o *output) error { return writeValidation(o, &f) }); err != nil {
		return err
	}
	for _, failure := range r.Failures {
		v.in.complain(failure)
	}
	switch {
	case len(r.Failures) > 0:
		return exitError(exitInternal)
	case unread:
		return errUnusable
	case !f.OK():
		v.in.remark("dispcheck validate: would not be deployed: %s", report.Summary(&f.Findings))
		return errFindings
	}
	v.in.remark("dispcheck validate: nothing stops a deployment: %s", report.Summary(&f.Findings))
	return nil
}

// standsIn reports whether a finding is about the text of a link that names a file. The platform makes a link of it, and of no
// other (docker_run.sh of the Dispatcher tools): the deployment goes on.
func (v *validation) standsIn(d *diag.Diagnostic) bool {
	return d.Rule == "DSP116" && d.Span.File != nil && slices.ContainsFunc(v.subject.Folders.Entries(), func(e lint.Entry) bool {
		return e.File.Name == d.Span.File.Name && e.To != "" && e.Link == "" && !e.Broken
	})
}

// rules are those that look for themselves in one of the phases, and all that reading reports, which say what those are.
func (v *validation) rules() []*lint.Rule {
	var out []*lint.Rule
	for _, r := range rules.All() {
		wanted := !r.Looks()
		for _, ph := range phases() {
			wanted = wanted || slices.Contains(ph.rules, r.ID) && v.takes(&ph)
		}
		if wanted {
			out = append(out, r)
		}
	}
	return out
}

// takes reports whether a phase is one of this configuration's.
func (v *validation) takes(ph *phase) bool {
	single := v.project.Site != ""
	switch {
	case single:
		return v.word != "dispatcher" && (ph.name == "syntax" || ph.name == "startup")
	case v.word != "full" && ph.of != "" && ph.of != v.word:
		return false
	case ph.of == "httpd" && v.subject != nil && v.subject.Server == nil, ph.of == "dispatcher" && v.project.Tree == nil:
		return false
	}
	whole := v.project.Tree == nil || v.project.Whole
	switch ph.name {
	case "layout":
		return whole && v.project.Kind != project.Classic
	case "allowlist", "immutable":
		return whole && v.project.Kind == project.Cloud
	}
	return true
}

// onServer reports whether a finding is about httpd's side: about one of its texts, or a file in conf.d.
func (v *validation) onServer(d *diag.Diagnostic) bool { return v.project.OnServer(d.Span.File) }

// failOn is the severity from which findings stop a deployment: errors, unless another one is asked for.
func (v *validation) failOn() diag.Severity {
	if !v.in.given("fail-on") {
		return diag.Error
	}
	if s, ok := diag.ParseSeverity(v.in.text("fail-on")); ok {
		return s
	}
	return diag.Error + 1
}

// writeValidation writes what was found in one format.
func writeValidation(o *output, v *report.Validation) error {
	switch o.format {
	case "text":
		return o.Validate(o, v)
	case "json":
		return o.ValidateJSON(o, v)
	}
	return writeFindings(o, &v.Findings)
}
