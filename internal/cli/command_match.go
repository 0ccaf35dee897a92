package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/internal/report"
)

func matchCommand() *command {
	return &command{
		name:  "match",
		usage: "try a pattern on strings",
		args:  "PATTERN STRING…",
		about: "Says for each string whether the pattern matches it as a whole, as the Dispatcher would. The pattern is a glob, " +
			"as between double quotes in a configuration; with -E it is a POSIX extended regular expression, as between " +
			"single quotes. Give it without its quotes. Remarks on the pattern go to standard error.",
		flags: []*flag{
			{name: "regex", short: "E", kind: boolean, meaning: "the pattern is a regular expression, as between single quotes"},
		},
		formats: []string{"text", "json"},
		minArgs: 2, maxArgs: -1,
		bare: true,
		exits: []exit{
			{exitClean, "the pattern matches every string"},
			{exitFindings, "it does not match at least one"},
			{exitUnusable, "the pattern does not compile, or wrong usage"},
		},
		example: example{"dispcheck match '/content/*.html' /content/site/en.html", "does this filter rule see the page?"},
		run:     runMatch,
	}
}

type matchResult struct {
	Subject string `json:"subject"`
	Match   bool   `json:"match"`
}

func runMatch(_ context.Context, in *invocation) error {
	text := in.args[0]
	kind, pattern := "glob", match.Glob(text)
	if in.yes("regex") {
		var err error
		kind = "regex"
		if pattern, err = match.ERE(text); err != nil {
			return patternError(text, err)
		}
	}
	for _, n := range pattern.Notes() {
		s := n.Message
		if n.Hint != "" {
			s += "; " + n.Hint
		}
		in.remark("pattern:%d: hint: %s", n.Offset+1, s)
	}
	results := make([]matchResult, 0, len(in.args)-1)
	all := true
	for _, s := range in.args[1:] {
		m := pattern.Match(s)
		all = all && m
		results = append(results, matchResult{s, m})
	}
	err := in.emit(func(o *output) error {
		if o.format == "json" {
			return report.JSON(o, struct {
				Schema  string        `json:"schema"`
				Pattern string        `json:"pattern"`
				Kind    string        `json:"kind"`
				Results []matchResult `json:"results"`
			}{"dispcheck.match/v1", text, kind, results})
		}
		for _, r := range results {
			word := "no match"
			if r.Match {
				word = "match"
			}
			if _, err := fmt.Fprintf(o, "%-8s  %s\n", word, r.Subject); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && !all {
		return errFindings
	}
	return err
}

// patternError says where in the pattern the mistake is; columns count bytes, from 1.
func patternError(text string, err error) error {
	var s *match.SyntaxError
	var u *match.UnsupportedError
	offset, message, hint := 0, err.Error(), ""
	switch {
	case errors.As(err, &s):
		offset, message, hint = s.Offset, s.Message, s.Hint
	case errors.As(err, &u):
		offset, message, hint = u.Offset, "not simulated: "+u.Message, u.Hint
	}
	return usagef(hint, "pattern %q, column %d: %s", text, offset+1, message)
}
