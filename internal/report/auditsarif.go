package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/audit"
	"github.com/dispcheck/dispcheck/lint"
)

// AuditSARIF writes an audit as a log of SARIF 2.1.0: a result for each thing that lets requests through and each class of
// what it lets, a rule for each class.
func (p *Printer) AuditSARIF(w io.Writer, a *Audit) error {
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: tool, Version: a.Version, URI: toolURL, Rules: []sarifRule{}}},
		Bases:      map[string]sarifArtifact{sarifRoot: {Description: &sarifText{Text: "the folder in which dispcheck ran"}}},
		ColumnKind: "unicodeCodePoints",
		Results:    []sarifResult{},
	}
	s := sarif{p.Prefix}
	index := map[string]int{}
	var ds []diag.Diagnostic
	for _, g := range a.Groups {
		for _, c := range classesOf(g) {
			k := c.example.Probe.Class
			id := "audit-" + k.Name
			at, ok := index[id]
			if !ok {
				at = len(run.Tool.Driver.Rules)
				index[id] = at
				run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, auditSARIFRule(id, k))
			}
			d := diag.Diagnostic{Rule: id, Severity: k.Severity, Span: g.At, Message: auditMessage(g, c)}
			r := sarifResult{RuleID: id, RuleIndex: &at, Level: sarifLevel(k.Severity), Message: sarifMessage(d.Message + "\n" + auditAdvice(g))}
			if !g.At.IsZero() {
				r.Locations = []sarifLocation{s.location(g.At, "")}
			}
			ds = append(ds, d)
			run.Results = append(run.Results, r)
		}
	}
	prints := lint.Fingerprints(ds, nil)
	for i := range run.Results {
		run.Results[i].Fingerprints = map[string]string{sarifFingerprint: prints[i]}
	}
	return JSON(w, sarifLog{sarifSchema, "2.1.0", []sarifRun{run}})
}

// auditMessage says what of a class a group let through.
func auditMessage(g *audit.Group, c auditClass) string {
	text := fmt.Sprintf("%s lets through %s of class %s, %s for one: %s", guiltyText(g), counted(c.probes, "probe"), c.name,
		requestText(&c.example.Request), c.example.Probe.Reason())
	if len(c.example.Depends) > 0 {
		text += " (depends: " + strings.Join(c.example.Depends, "; ") + ")"
	}
	return text
}

// auditAdvice says what closes a group.
func auditAdvice(g *audit.Group) string {
	if g.Fix == nil {
		return g.NoFix
	}
	return "proposed " + g.Fix.Where() + ", " + fixProof(g.Fix) + ":\n" + g.Fix.Text
}

func auditSARIFRule(id string, k *audit.Class) sarifRule {
	help := k.Why
	if len(k.Rules) > 0 {
		help += ". See also the rules " + strings.Join(k.Rules, ", ") + " of dispcheck lint"
	}
	return sarifRule{
		ID: id, Name: k.Name, Short: &sarifText{Text: "requests of class " + k.Name + " get through"}, Full: &sarifText{Text: k.Why},
		Help: &sarifText{Text: help}, Default: &sarifRuleDefault{Level: sarifLevel(k.Severity)},
		Properties: &sarifRuleProperties{Tags: []string{"audit", "security"}, Security: securitySeverity(k.Severity)},
	}
}
