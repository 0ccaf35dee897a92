package lint

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

// RunOptions say how to run rules.
type RunOptions struct {
	// Now is a clock that never goes back, such as the time since the start of the program. nil: nothing is
	// timed.
	Now func() time.Duration
}

// A Result is what rules have found.
type Result struct {
	// Findings are sorted as [diag.Sort] does. Severities are those that count; what settings or comments
	// take away is not there.
	Findings []diag.Diagnostic
	// Suppressed are the findings that comments take away, sorted likewise.
	Suppressed []Suppressed
	// Timing says what each rule that looked took, in the order of the rules.
	Timing []Timing
	// Failures are the rules that broke off, in the order of the rules. What they found before counts.
	Failures []*Failure
	// Left says how many findings were left out, since a rule had more than MaxFindings.
	Left int
	// Err is that of the context where it ended before all rules had run; nil otherwise.
	Err error
}

// A Timing says what a rule took.
type Timing struct {
	Rule *Rule
	// Duration is how long it ran; 0 without a clock.
	Duration time.Duration
	// Findings is how many it reported, before settings and comments.
	Findings int
}

// A Failure is a rule that broke off: a mistake in dispcheck.
type Failure struct {
	Rule *Rule
	// Message is what it broke off with.
	Message string
	// Stack is where, in the form of [debug.Stack].
	Stack string
}

// Error names the rule.
func (f *Failure) Error() string {
	return fmt.Sprintf("rule %s (%s) broke off: %s", f.Rule.ID, f.Rule.Name, f.Message)
}

// Run runs rules over a configuration. rules are all that there are: which of them run is said by the
// settings, of which nil are the zero ones, and by the profile of the subject. Findings of reading
// ([Subject.Found]) go the same way as those of rules:
//
//   - copies become one: a text that is included twice says a thing once;
//   - what is found in a file that its owner must not change is told at the owner's $include line;
//   - settings take findings away, or set their level;
//   - comments suppress what is left, and are themselves found where they are wrong.
//
// The result is the same for the same arguments, but for its times. Run ends between two rules when ctx does.
func Run(ctx context.Context, s *Subject, rules []*Rule, set *Settings, o RunOptions) *Result {
	if set == nil {
		set = &Settings{}
	}
	r := &run{
		ctx: ctx, subject: s, rules: rules, policy: set.Policy, now: o.Now, result: &Result{},
		choice: newChoice(set, rules, s.Profile), byID: make(map[string]*Rule, len(rules)),
		counts: map[string]int{}, kept: map[string]int{}, merged: map[mergeKey]int{}, broken: map[string]bool{},
		memo: map[any]any{},
	}
	if r.now == nil {
		r.now = func() time.Duration { return 0 }
	}
	for _, rule := range rules {
		r.byID[rule.ID] = rule
	}
	for _, d := range s.Found {
		r.add(d, r.byID[d.Rule])
	}
	r.look()
	r.finish()
	return r.result
}

// A run is one call of Run.
type run struct {
	ctx     context.Context
	subject *Subject
	rules   []*Rule
	byID    map[string]*Rule
	policy  Policy
	choice  *choice
	now     func() time.Duration
	result  *Result

	found  []finding
	counts map[string]int // findings by rule, as reported
	kept   map[string]int // findings by rule, without copies
	merged map[mergeKey]int
	broken map[string]bool // rules that should have looked and have not, or not to the end
	memo   map[any]any     // what rules share: see Memo
}

// A finding is one that is not settled yet.
type finding struct {
	diag.Diagnostic
	rule *Rule // nil where none is known
	// chains are further ways by which its file is included.
	chains [][]source.Span
	// capped says that it is in a file that must not be changed.
	capped bool
}

// A mergeKey is what the copies of a finding have in common.
type mergeKey struct {
	span          source.Span
	rule, message string
}

// look runs the rules that look for themselves.
func (r *run) look() {
	for i, rule := range r.rules {
		if !rule.Looks() || !r.choice.somewhere(rule) {
			continue
		}
		if rule.Asks && r.subject.Oracle == nil && !rule.literally(r.policy) {
			r.broken[rule.ID] = true // a comment about it is not for nothing
			continue
		}
		if err := r.ctx.Err(); err != nil {
			r.result.Err = err
			for _, left := range r.rules[i:] {
				r.broken[left.ID] = r.broken[left.ID] || left.Looks()
			}
			return
		}
		before, start := r.counts[rule.ID], r.now()
		if f := r.lookWith(rule); f != nil {
			r.result.Failures = append(r.result.Failures, f)
			r.broken[rule.ID] = true
		}
		r.result.Timing = append(r.result.Timing, Timing{rule, r.now() - start, r.counts[rule.ID] - before})
	}
}

// lookWith runs one rule. A panic is its failure.
func (r *run) lookWith(rule *Rule) (failure *Failure) {
	defer func() {
		if p := recover(); p != nil {
			failure = &Failure{rule, fmt.Sprint(p), string(debug.Stack())}
		}
	}()
	pass := &Pass{Rule: rule, Subject: r.subject, ctx: r.ctx, run: r}
	switch {
	case rule.File != nil:
		for _, f := range r.subject.Files {
			rule.File(pass, f)
		}
	case rule.Text != nil:
		for _, f := range r.subject.ServerFiles {
			rule.Text(pass, f)
		}
	case rule.Server != nil:
		if r.subject.Server != nil {
			rule.Server(pass, r.subject.Server)
		}
	case rule.Host != nil:
		if r.subject.Server != nil {
			for _, h := range r.subject.Server.Hosts {
				rule.Host(pass, h)
			}
		}
	case r.subject.Config == nil:
	case rule.Config != nil:
		rule.Config(pass, r.subject.Config)
	case rule.literally(r.policy):
		for _, f := range r.subject.Config.Farms {
			rule.Literal(pass.For(f), f)
		}
	case rule.Farm != nil:
		for _, f := range r.subject.Config.Farms {
			rule.Farm(pass.For(f), f)
		}
	}
	return nil
}

// add takes a finding, or joins it with its copy.
func (r *run) add(d diag.Diagnostic, rule *Rule) {
	r.counts[d.Rule]++
	if d.Included == nil {
		d.Included = r.subject.included(d.Span.File)
	}
	key := mergeKey{d.Span, d.Rule, d.Message}
	if i, ok := r.merged[key]; ok {
		r.found[i].join(&d)
		return
	}
	if r.kept[d.Rule] >= MaxFindings {
		r.result.Left++
		return
	}
	r.kept[d.Rule]++
	r.merged[key] = len(r.found)
	r.found = append(r.found, finding{Diagnostic: d, rule: rule})
}

// join takes what a copy of the finding says. The worse severity counts; a fix is safe only where each copy
// says so, since the text is the same for all.
func (f *finding) join(d *diag.Diagnostic) {
	f.Severity = max(f.Severity, d.Severity)
	if !slices.Equal(f.Included, d.Included) && !slices.ContainsFunc(f.chains, func(c []source.Span) bool { return slices.Equal(c, d.Included) }) &&
		len(f.chains) < maxChains {
		f.chains = append(f.chains, d.Included)
	}
	fixes := slices.Clone(f.Fixes)
	for i := range fixes {
		same := slices.IndexFunc(d.Fixes, func(o diag.Fix) bool { return slices.Equal(o.Edits, fixes[i].Edits) })
		fixes[i].Safe = fixes[i].Safe && same >= 0 && d.Fixes[same].Safe
	}
	f.Fixes = fixes
}

// maxChains bounds how many ways into a file a finding remembers.
const maxChains = 20

// finish settles the findings.
func (r *run) finish() {
	found := r.suppress(r.settle(r.place(r.found)))
	list := make([]diag.Diagnostic, len(found))
	for i := range found {
		list[i] = found[i].Diagnostic
	}
	r.result.Findings = diag.Sort(list)
}

// settle leaves the findings that count, with their levels.
func (r *run) settle(found []finding) []finding {
	kept := found[:0:0]
	for _, f := range found {
		state := r.choice.at(f.Rule, f.rule, nameOf(f.Span))
		if !state.on() {
			continue
		}
		if state.level > LevelOff {
			f.Severity = state.level.severity()
		}
		if f.capped {
			f.Severity = min(f.Severity, diag.Info)
		}
		kept = append(kept, f)
	}
	return kept
}

func nameOf(s source.Span) string {
	if s.File == nil {
		return ""
	}
	return s.File.Name
}

// place moves findings out of files that must not be changed, and joins those that come to be the same.
func (r *run) place(found []finding) []finding {
	if r.subject.Immutable == nil {
		return found
	}
	type key struct {
		mergeKey
		file *source.File
	}
	moved := map[key]int{}
	kept := found[:0:0]
	for _, f := range found {
		f.Fixes = r.changeable(f.Fixes)
		file := f.Span.File
		if !r.subject.immutable(file) || f.rule != nil && f.rule.InImmutable {
			kept = append(kept, f)
			continue
		}
		f.capped = true
		if !r.moveOut(&f) {
			kept = append(kept, f)
			continue
		}
		k := key{mergeKey{f.Span, f.Rule, f.Message}, file}
		if i, ok := moved[k]; ok {
			into := &kept[i]
			into.Severity = max(into.Severity, f.Severity)
			for _, rel := range f.Related {
				if len(into.Related) < maxRelated && !slices.Contains(into.Related, rel) {
					into.Related = append(into.Related, rel)
				}
			}
			continue
		}
		moved[k] = len(kept)
		kept = append(kept, f)
	}
	return kept
}

// maxRelated bounds the places of findings that are joined.
const maxRelated = 20

// moveOut moves a finding to the nearest $include line that its owner may change. It reports false where there
// is none: no line led to the file, or all of them are the platform's.
func (r *run) moveOut(f *finding) bool {
	real := f.Span
	at := r.ownLine(f.Included)
	chains := f.chains
	for at < 0 && len(chains) > 0 {
		f.Included, chains = chains[0], chains[1:]
		at = r.ownLine(f.Included)
	}
	if at < 0 {
		return false
	}
	related := []diag.Related{{Span: real, Message: "found here, in a file that must not be changed"}}
	f.Span, f.Included = f.Included[at], f.Included[:at:at]
	for _, c := range chains {
		if i := r.ownLine(c); i >= 0 && c[i] != f.Span {
			also := diag.Related{Span: c[i], Message: "included here as well"}
			if !slices.Contains(related, also) {
				related = append(related, also)
			}
		}
	}
	f.Related = append(related, f.Related...)
	return true
}

// ownLine returns the index of the innermost line of a chain in a file that its owner may change, -1 for none.
func (r *run) ownLine(chain []source.Span) int {
	for i := len(chain) - 1; i >= 0; i-- {
		if !chain[i].IsZero() && !r.subject.immutable(chain[i].File) {
			return i
		}
	}
	return -1
}

// changeable returns the fixes that leave files alone which must not be changed.
func (r *run) changeable(fixes []diag.Fix) []diag.Fix {
	bad := func(x diag.Fix) bool {
		return slices.ContainsFunc(x.Edits, func(e diag.Edit) bool { return r.subject.immutable(e.Span.File) })
	}
	if !slices.ContainsFunc(fixes, bad) {
		return fixes
	}
	return slices.DeleteFunc(slices.Clone(fixes), bad)
}
