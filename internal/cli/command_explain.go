package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/rules"
)

func explainCommand() *command {
	return &command{
		name:  "explain",
		usage: "explain a rule with an example",
		args:  "RULE",
		about: "Says what a rule finds and why that matters in a running Dispatcher, with a configuration that it reports, the same put " +
			"right, and the sources. RULE is the id that a finding shows, or the rule's name, in either letter case. The text is part " +
			"of the program: nothing is fetched.",
		formats: []string{"text", "json", "md", "markdown"},
		minArgs: 1, maxArgs: 1,
		laterValues: ruleKeys,
		bare:        true,
		exits:       []exit{{exitUnusable, "there is no such rule, or wrong usage"}},
		example:     example{"dispcheck explain DSP151", "what a finding means"},
		run:         runExplain,
	}
}

// ruleKeys returns the ids and names of all rules.
func ruleKeys() []string {
	all := rules.All()
	keys := make([]string, 0, 2*len(all))
	for _, r := range all {
		keys = append(keys, r.ID)
	}
	for _, r := range all {
		keys = append(keys, r.Name)
	}
	return keys
}

func runExplain(_ context.Context, in *invocation) error {
	key := strings.TrimSpace(in.args[0])
	r := rules.Find(key)
	if r == nil {
		hint := "dispcheck rules lists them all"
		if near := rules.Nearest(key); near != "" {
			hint = "did you mean " + near + "?"
		}
		return usagef(hint, "there is no rule %q", in.args[0])
	}
	return in.emit(func(o *output) error {
		switch o.format {
		case "json":
			return report.JSON(o, explained(r))
		case "md", "markdown":
			_, err := io.WriteString(o, rules.Page(r))
			return err
		}
		return writeExplanation(o, r)
	})
}

// An explanation is a rule in JSON, with all that its page says.
type explanation struct {
	Schema string `json:"schema"`
	ruleFacts
	Why  string          `json:"why"`
	Bad  []explainedFile `json:"bad"`
	Good []explainedFile `json:"good"`
	// Version is the release of the module with which the examples are read, Set the options; "" and {} for the defaults.
	Version string            `json:"version"`
	Set     map[string]any    `json:"set"`
	Options []explainedOption `json:"options"`
	Literal string            `json:"literal"` // what is wanted under --policy literal; "" for nothing else
	Note    string            `json:"note"`
	Sources []string          `json:"sources"`
}

// An explainedFile is one file of an example: the one that is read, then those beside it.
type explainedFile struct {
	Name string `json:"name"` // "" where it does not matter
	Text string `json:"text"`
	Link string `json:"link"` // where the file is a symbolic link to; "" where it is none
}

// An explainedOption is what a project can set about the rule.
type explainedOption struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Default any    `json:"default"`
	Meaning string `json:"meaning"`
}

func explained(r *lint.Rule) explanation {
	files := func(good bool) []explainedFile {
		var out []explainedFile
		for _, f := range r.Doc.Examples(good) {
			out = append(out, explainedFile{f.Name, f.Shown(), f.Link})
		}
		return out
	}
	set, options := map[string]any{}, []explainedOption{}
	for name, v := range r.Doc.Options {
		set[name] = v.Value
	}
	for _, o := range r.Options {
		options = append(options, explainedOption{o.Name, o.Type(), o.Default, o.Doc})
	}
	return explanation{
		Schema: "dispcheck.explain/v1", ruleFacts: factsOf(r, rules.AreaOf(r).Name), Why: r.Doc.Why,
		Bad: files(false), Good: files(true), Version: r.Doc.Version, Set: set, Options: options, Literal: r.Doc.Literal, Note: r.Doc.Note, Sources: append([]string{}, r.Doc.Sources...),
	}
}

// writeExplanation writes a rule for people. It starts as its findings do.
func writeExplanation(o *output, r *lint.Rule) error {
	if err := o.Compact(o, []diag.Diagnostic{{Rule: r.ID, Severity: r.Severity, Message: r.Doc.Title}}); err != nil {
		return err
	}
	b := bufio.NewWriter(o)
	fix := ""
	if r.Fixable {
		fix = ", a fix is offered"
	}
	security, off := "", ""
	if r.Security {
		security = ", security"
	}
	if r.Off {
		off = ", off unless selected"
	}
	fmt.Fprintf(b, "%s%s, profiles: %s, found by: %s%s%s, since %s\n", r.Name, security, strings.Join(r.ProfileNames(), ", "), strings.Join(r.FoundBy(), ", "), fix, off, r.Doc.Since)
	fmt.Fprintf(b, "\n%s\n", wrap(r.Doc.Why, 80))
	with := ""
	if read := r.Doc.ReadWith(); read != "" {
		with = ", " + read
	}
	fmt.Fprintf(b, "\nreported%s:\n", with)
	writeExample(b, r.Doc.Examples(false))
	fmt.Fprint(b, "\nput right:\n")
	writeExample(b, r.Doc.Examples(true))
	if r.Doc.Literal != "" {
		fmt.Fprintf(b, "\n%s\n", wrap("with --policy literal: "+r.Doc.Literal, 80))
	}
	if len(r.Options) > 0 {
		fmt.Fprintf(b, "\noptions, below lint.options.%s in %s:\n", r.Name, projectFileName)
		for _, o := range r.Options {
			fmt.Fprintf(b, "\n  %s: %s (%s)\n    %s\n", o.Name, lint.Written(o.Default), o.Type(), strings.ReplaceAll(wrap(o.Doc, 76), "\n", "\n    "))
		}
	}
	if r.Doc.Note != "" {
		fmt.Fprintf(b, "\n%s\n", wrap(r.Doc.Note, 80))
	}
	if len(r.Doc.Sources) > 0 {
		fmt.Fprint(b, "\nsources:\n")
		for _, s := range r.Doc.Sources {
			fmt.Fprintf(b, "  %s\n", s)
		}
	}
	return b.Flush()
}

func writeExample(w io.Writer, files []lint.File) {
	for _, f := range files {
		switch {
		case f.Link != "":
			fmt.Fprintf(w, "\n  %s -> %s\n", f.Name, f.Link)
			continue
		case f.Name != "":
			fmt.Fprintf(w, "\n  %s", f.Name)
			if f.Times > 1 {
				fmt.Fprintf(w, ", %d times", f.Times)
			}
			fmt.Fprintln(w, ":")
		}
		fmt.Fprintln(w)
		for text := range strings.Lines(f.Shown()) {
			fmt.Fprintf(w, "    %s\n", strings.ReplaceAll(strings.TrimRight(text, "\n"), "\t", "  "))
		}
	}
}
