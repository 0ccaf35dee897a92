package report

import (
	"bufio"
	"fmt"
	"io"

	"github.com/dispcheck/dispcheck/diag"
)

// ValidateSchema names the form of [ValidateJSON].
const ValidateSchema = "dispcheck.validate/v1"

// A Phase is a step of a deployment with what stops it there.
type Phase struct {
	Name string
	// OK says that nothing does.
	OK bool
	// List is what was found, in the order of output. A finding may be in several phases.
	List []diag.Diagnostic
}

// Validation is what a deployment would meet with.
type Validation struct {
	// Findings are those of all phases, each once, with what is known of rules.
	Findings
	// Profile is what runs the configuration: "cloud", "ams" or "classic".
	Profile string
	Phases  []Phase
}

// OK reports whether every phase is passed.
func (v *Validation) OK() bool {
	for _, p := range v.Phases {
		if !p.OK {
			return false
		}
	}
	return true
}

// ValidateJSON is a validation as dispcheck.validate/v1. Every key is always there, and lists are never null. Findings have the
// form that they have in [LintJSON].
type ValidateJSON struct {
	Schema  string          `json:"schema"`
	OK      bool            `json:"ok"`
	Profile string          `json:"profile"`
	Summary LintSummary     `json:"summary"`
	Phases  []ValidatePhase `json:"phases"`
}

// ValidatePhase is one phase of [ValidateJSON].
type ValidatePhase struct {
	Name     string    `json:"name"`
	OK       bool      `json:"ok"`
	Findings []Finding `json:"findings"`
}

// ValidateJSON writes a validation as one object, [ValidateJSON].
func (p *Printer) ValidateJSON(w io.Writer, v *Validation) error {
	f := &v.Findings
	j := ValidateJSON{Schema: ValidateSchema, OK: v.OK(), Profile: v.Profile, Summary: p.lintJSON(f).Summary, Phases: []ValidatePhase{}}
	for _, phase := range v.Phases {
		out := ValidatePhase{Name: phase.Name, OK: phase.OK, Findings: []Finding{}}
		for i := range phase.List {
			out.Findings = append(out.Findings, p.lintFinding(f, &phase.List[i]))
		}
		j.Phases = append(j.Phases, out)
	}
	return JSON(w, j)
}

// Validate writes a line for each phase, and below it what was found there. What an earlier phase has shown is counted only.
func (p *Printer) Validate(w io.Writer, v *Validation) error {
	b := bufio.NewWriter(w)
	shown := map[shownFinding]bool{}
	for _, phase := range v.Phases {
		verdict := "ok"
		if !phase.OK {
			verdict = "failed"
		}
		part := Findings{List: phase.List}
		if n := len(phase.List); n > 0 {
			verdict += ", " + countOf(&part)
		}
		fmt.Fprintf(b, "%s: %s\n", phase.Name, verdict)
		var fresh []diag.Diagnostic
		for _, d := range phase.List {
			k := shownFinding{d.Span.File.Name, d.Span.Start, d.Rule, d.Message}
			if !shown[k] {
				shown[k] = true
				fresh = append(fresh, d)
			}
		}
		if len(fresh) == 0 {
			continue
		}
		fmt.Fprintln(b)
		if err := p.Text(b, fresh); err != nil {
			return err
		}
		fmt.Fprintln(b)
	}
	return b.Flush()
}

// A shownFinding tells findings apart.
type shownFinding struct {
	file          string
	start         int32
	rule, message string
}

// countOf says how many findings of each severity there are.
func countOf(f *Findings) string {
	out := ""
	for s := diag.Error; s >= diag.Hint; s-- {
		n := f.count(s)
		if n == 0 {
			continue
		}
		if out != "" {
			out += ", "
		}
		out += fmt.Sprintf("%d %s", n, s)
		if n > 1 {
			out += "s"
		}
	}
	return out
}
