package lint

import (
	"context"
	"fmt"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// MaxFindings is how many findings of one rule are kept; [Result.Left] counts the others.
const MaxFindings = 2000

// A Pass is one rule at work on one configuration. It is not for several goroutines.
type Pass struct {
	// Rule is the rule at work.
	Rule *Rule
	// Subject is the configuration. A rule that looks at one farm may look there at the others.
	Subject *Subject

	ctx  context.Context
	run  *run
	farm *model.Farm
}

// Context ends where the linter is to stop. A rule that takes long asks it now and then.
func (p *Pass) Context() context.Context { return p.ctx }

// For returns a pass for findings about a farm: where [Rule.Drops] is set, they are one step milder in a farm
// for authors. The function Farm of a rule gets such a pass.
func (p *Pass) For(f *model.Farm) *Pass {
	q := *p
	q.farm = f
	return &q
}

// FarmType says what kind of instance a farm is for: what the settings say, or else [InferFarmType].
func (p *Pass) FarmType(f *model.Farm) FarmType { return p.run.choice.farmType(f) }

// Ask answers a question about a farm. It returns false where the question has no answer: the run is to end, or the
// question is not one. A pass of a rule that does not say that it asks ([Rule.Asks]) may have nobody to ask.
func (p *Pass) Ask(f *model.Farm, q *Question, a *Answer) bool {
	return p.Subject.Oracle != nil && p.Subject.Oracle.Decide(p.ctx, f, q, a) == nil
}

// Report reports a finding. Its rule is the one at work; its severity and its reason are the rule's where it has none,
// and its chain of includes the one by which the file was first read. Findings of one rule with the same place and
// message are told once, so a message about a text that several farms include must not name the farm.
func (p *Pass) Report(d diag.Diagnostic) {
	d.Rule = p.Rule.ID
	if d.Severity == 0 {
		d.Severity = p.Rule.Severity
	}
	if d.Why == "" {
		d.Why = p.Rule.Doc.Why
	}
	if p.Rule.Drops && p.farm != nil && p.FarmType(p.farm) == Author {
		d.Severity = max(d.Severity-1, diag.Hint)
	}
	p.run.add(d, p.Rule)
}

// Reportf reports a finding at a place, with the chain of includes that led there.
func (p *Pass) Reportf(at model.Place, format string, args ...any) {
	p.Report(diag.Diagnostic{Span: at.Span, Included: at.Included, Message: fmt.Sprintf(format, args...)})
}

// Tell reports a finding at a part of what stands at a place.
func (p *Pass) Tell(at source.Span, in model.Place, message, hint string, fixes ...diag.Fix) {
	p.Report(diag.Diagnostic{Span: at, Included: in.Included, Message: message, Hint: hint, Fixes: fixes})
}

// String returns the value of an option that is a text. It panics, as do its like, where the rule has no such
// option.
func (p *Pass) String(option string) string { return optionOf[string](p, option) }

// Int returns the value of an option that is a number.
func (p *Pass) Int(option string) int { return optionOf[int](p, option) }

// Bool returns the value of an option that is true or false.
func (p *Pass) Bool(option string) bool { return optionOf[bool](p, option) }

// Strings returns the value of an option that is a list. It must not be changed.
func (p *Pass) Strings(option string) []string { return optionOf[[]string](p, option) }

// optionOf returns what the project sets, or the default where it sets none or something of another type,
// which [Settings.Check] reports.
func optionOf[T any](p *Pass, name string) T {
	o := p.Rule.option(name)
	if o == nil {
		panic(fmt.Sprintf("rule %s has no option %q", p.Rule.ID, name))
	}
	def, ok := o.Default.(T)
	if !ok {
		panic(fmt.Sprintf("option %q of rule %s is %s", name, p.Rule.ID, kindOf(o.Default)))
	}
	if v, ok := p.run.choice.options[p.Rule.ID][name].Value.(T); ok {
		return v
	}
	return def
}
