package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/rules"
)

func rulesCommand() *command {
	return &command{
		name:  "rules",
		usage: "list the rules that findings name",
		about: "A line for each rule: id, severity, name, profiles, and what it finds. dispcheck explain RULE tells all about one. " +
			"Severity is that of most findings of the rule.",
		formats: []string{"text", "json", "md", "markdown"},
		bare:    true,
		example: example{"dispcheck rules --format json", "every rule for a script"},
		run:     runRules,
	}
}

// A ruleFacts is what there is to know of a rule in one line, in JSON.
type ruleFacts struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Area     string   `json:"area"`
	Severity string   `json:"severity"`
	Security bool     `json:"security"` // strangers gain by the mistake
	Profiles []string `json:"profiles"` // "all" alone for all of them
	Fixable  bool     `json:"fixable"`
	Off      bool     `json:"off"` // not run unless a project asks for it
	FoundBy  []string `json:"found_by"`
	Since    string   `json:"since"`
	Title    string   `json:"title"`
}

func factsOf(r *lint.Rule, area string) ruleFacts {
	return ruleFacts{
		ID: r.ID, Name: r.Name, Area: area, Severity: r.Severity.String(), Security: r.Security, Profiles: r.ProfileNames(),
		Fixable: r.Fixable, Off: r.Off, FoundBy: r.FoundBy(), Since: r.Doc.Since, Title: r.Doc.Title,
	}
}

func runRules(_ context.Context, in *invocation) error {
	return in.emit(func(o *output) error {
		switch o.format {
		case "json":
			all := []ruleFacts{}
			for _, a := range rules.Areas() {
				for _, r := range a.Rules {
					all = append(all, factsOf(r, a.Name))
				}
			}
			return report.JSON(o, struct {
				Schema string      `json:"schema"`
				Rules  []ruleFacts `json:"rules"`
			}{"dispcheck.rules/v1", all})
		case "md", "markdown":
			_, err := io.WriteString(o, rules.Index())
			return err
		}
		return writeRules(o, rules.All())
	})
}

// writeRules writes a table for people and for grep.
func writeRules(w io.Writer, all []*lint.Rule) error {
	names, profiles := 0, 0
	for _, r := range all {
		names = max(names, len(r.Name))
		profiles = max(profiles, len(profilesOf(r)))
	}
	b := bufio.NewWriter(w)
	for _, r := range all {
		off := ""
		if r.Off {
			off = " (off unless selected)"
		}
		fmt.Fprintf(b, "%s  %-7s  %-*s  %-*s  %s%s\n", r.ID, r.Severity, names, r.Name, profiles, profilesOf(r), r.Doc.Title, off)
	}
	return b.Flush()
}

func profilesOf(r *lint.Rule) string { return strings.Join(r.ProfileNames(), ",") }
