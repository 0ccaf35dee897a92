package lint

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/source"
)

// The rules about comments that suppress. They are values in rules/suppression; without a value a run does
// not report them.
const (
	suppressionUnused      = "DSP990"
	suppressionUnreasoned  = "DSP991"
	suppressionUnknownRule = "DSP992"
	suppressionMalformed   = "DSP993"
)

// A Suppressed is a finding that a comment takes away.
type Suppressed struct {
	Finding diag.Diagnostic
	// By is the comment.
	By source.Span
	// Reason is what the comment says; "" where it gives none, which is a finding of its own.
	Reason string
}

// A suppression is what a comment does.
type suppression struct {
	directive
	rules []suppressedRule
	// It suppresses findings that start on the lines from first to last, or on the line own.
	first, last, own int
	end              *directive // the ignore-end of an ignore-start
}

// A suppressedRule is one rule that a comment names.
type suppressedRule struct {
	at   source.Span
	rule *Rule
	used bool
}

// fileSuppressions are the comments of a file.
type fileSuppressions struct {
	all    []*suppression
	byLine map[int][]*suppression // those for one line, and for their own
	wide   []*suppression         // those for several
}

// suppress takes away what comments suppress and adds what is wrong with the comments.
func (r *run) suppress(found []finding) []finding {
	c := &commentReader{run: r, near: map[string]string{}, files: map[*source.File]*fileSuppressions{}}
	for _, f := range r.subject.Files {
		c.read(f.Src, func(yield func(source.Span) bool) {
			for _, t := range f.Tokens {
				if t.Kind == grammar.Comment && !yield(source.Span{File: f.Src, Start: t.Start, End: t.End}) {
					return
				}
			}
		})
	}
	for _, f := range r.subject.ServerFiles {
		c.read(f.Src, func(yield func(source.Span) bool) { eachComment(f.Items, yield) })
	}
	if len(c.order) == 0 && len(c.found) == 0 {
		return found
	}
	found = c.apply(found)
	found = append(found, c.apply(c.settled())...)
	c.unused(func(rule *Rule) bool { return rule.ID != suppressionUnused })
	found = append(found, c.apply(c.settled())...)
	c.unused(func(rule *Rule) bool { return rule.ID == suppressionUnused })
	found = append(found, c.settled()...)
	slices.SortStableFunc(r.result.Suppressed, func(a, b Suppressed) int { return a.Finding.Span.Compare(b.Finding.Span) })
	return found
}

// A commentReader reads the comments of all files.
type commentReader struct {
	run   *run
	names map[string]*Rule // by ids and names in lower case; made when first asked for
	near  map[string]string
	files map[*source.File]*fileSuppressions
	order []*source.File // those with suppressions
	found []finding      // about comments
}

// maxNear bounds for how many words a near name is looked for.
const maxNear = 200

// rule returns the rule of an id or a name, nil where there is none.
func (c *commentReader) rule(name string) *Rule {
	if c.names == nil {
		c.names = make(map[string]*Rule, 2*len(c.run.rules))
		for _, r := range c.run.rules {
			c.names[strings.ToLower(r.ID)], c.names[strings.ToLower(r.Name)] = r, r
		}
	}
	return c.names[strings.ToLower(name)]
}

// nearest is [Nearest], which remembers.
func (c *commentReader) nearest(word string) string {
	near, ok := c.near[word]
	if !ok && len(c.near) < maxNear {
		near = Nearest(c.run.rules, word)
		c.near[word] = near
	}
	return near
}

// settled returns what was found since it was asked last, as far as it counts.
func (c *commentReader) settled() []finding {
	found := c.run.settle(c.run.place(c.found))
	c.found = nil
	return found
}

// say adds a finding about a comment.
func (c *commentReader) say(rule string, at source.Span, d diag.Diagnostic) {
	r := c.run.byID[rule]
	if r == nil {
		return
	}
	if c.run.kept[rule] >= MaxFindings {
		c.run.result.Left++
		return
	}
	c.run.kept[rule]++
	d.Rule, d.Severity, d.Span, d.Included = rule, r.Severity, at, c.run.subject.included(at.File)
	c.found = append(c.found, finding{Diagnostic: d, rule: r})
}

// eachComment yields the comments of a text of httpd; false says that yield wants no more.
func eachComment(items []httpd.Item, yield func(source.Span) bool) bool {
	for _, item := range items {
		switch item := item.(type) {
		case *httpd.Comment:
			if !yield(item.At) {
				return false
			}
		case *httpd.Section:
			if !eachComment(item.Items, yield) {
				return false
			}
		}
	}
	return true
}

// read reads the comments of a file.
func (c *commentReader) read(f *source.File, comments iter.Seq[source.Span]) {
	var fs *fileSuppressions
	var next []int
	var open []*suppression
	for at := range comments {
		d, ok := parseDirective(at)
		if !ok {
			continue
		}
		if fs == nil {
			fs, next = &fileSuppressions{byLine: map[int][]*suppression{}}, nextLines(f)
			c.files[f] = fs
			c.order = append(c.order, f)
		}
		if d.kind == ignoreOther {
			c.other(&d)
			continue
		}
		s := c.resolve(d)
		line := d.at.Position().Line
		switch d.kind {
		case ignoreEnd:
			open = c.close(open, s)
			continue
		case ignoreStart:
			s.first, s.last, s.own = line, f.Lines(), line
			open = append(open, s)
			fs.wide = append(fs.wide, s)
		case ignoreFile:
			s.first, s.last, s.own = 1, f.Lines(), line
			fs.wide = append(fs.wide, s)
		case ignoreLine:
			s.first, s.own = line, line
			if onOwnLine(d.at) {
				s.first = next[line]
			}
			s.last = s.first
			fs.byLine[s.own] = append(fs.byLine[s.own], s)
			if s.first != s.own && s.first != 0 {
				fs.byLine[s.first] = append(fs.byLine[s.first], s)
			}
		}
		fs.all = append(fs.all, s)
	}
	for _, s := range open {
		c.say(suppressionMalformed, s.at, diag.Diagnostic{
			Message: s.label() + " has no ignore-end", Hint: "write # dispcheck:ignore-end where it is to end",
			Why: "it suppresses findings down to the end of the file",
		})
	}
}

// resolve finds the rules that a comment names, and says what is wrong with the comment by itself.
func (c *commentReader) resolve(d directive) *suppression {
	s := &suppression{directive: d}
	known := func(name string) bool { return c.rule(name) != nil }
	if i := s.proseAt(known); i >= 0 {
		prose := s.names[i]
		s.names, s.more = s.names[:i], false
		s.reason = strings.Trim(source.Span{File: prose.File, Start: prose.Start, End: d.at.End}.Text(), blanks)
		if d.kind != ignoreEnd {
			c.say(suppressionUnreasoned, prose, diag.Diagnostic{
				Message: "reason of " + s.label() + " is not set off", Hint: "put -- before the reason",
				Why: "its words are taken for names of rules",
				Fixes: []diag.Fix{{Title: "put -- before the reason", Safe: true, Edits: []diag.Edit{
					{Span: source.Span{File: prose.File, Start: prose.Start, End: prose.Start}, New: "-- "},
				}}},
			})
		}
	} else if d.kind != ignoreEnd && d.reason == "" && len(d.names) > 0 {
		c.say(suppressionUnreasoned, d.at, diag.Diagnostic{
			Message: s.label() + " gives no reason", Hint: "write why the finding is no mistake here: " + s.label() + " -- reason",
			Why: "who reads it later cannot tell a decision from a leftover",
		})
	}
	if len(s.names) == 0 && d.kind != ignoreEnd {
		c.say(suppressionMalformed, d.at, diag.Diagnostic{
			Message: d.kind.String() + " names no rule", Hint: "write the id or the name of each rule: " + d.kind.String() + " DSP011 -- reason",
			Why: "the comment suppresses nothing",
		})
	}
	if s.more {
		c.say(suppressionMalformed, d.at, diag.Diagnostic{
			Message: fmt.Sprintf("%s names more than %d rules", d.kind, maxNames), Hint: "leave rules out in the settings instead",
			Why: "the rules behind these are not suppressed",
		})
	}
	for _, n := range s.names {
		rule := c.rule(n.Text())
		if rule == nil {
			c.unknown(d.kind, n)
			continue
		}
		s.rules = append(s.rules, suppressedRule{at: n, rule: rule})
	}
	return s
}

// unknown says that a comment names no rule where it means to.
func (c *commentReader) unknown(kind directiveKind, at source.Span) {
	name := at.Text()
	d := diag.Diagnostic{
		Message: fmt.Sprintf("%s names %s, which is no rule", kind, quoted(name)),
		Hint:    "dispcheck rules lists all rules", Why: "it suppresses nothing",
	}
	switch near := c.nearest(name); {
	case isGlob(name):
		d.Hint = "name each rule; globs are for the settings"
	case near != "":
		d.Hint = "did you mean " + near + "?"
		d.Fixes = []diag.Fix{{Title: "name " + near, Edits: []diag.Edit{{Span: at, New: near}}}}
	}
	c.say(suppressionUnknownRule, at, d)
}

// other says that a comment for the linter is none that it knows.
func (c *commentReader) other(d *directive) {
	written := source.Span{File: d.at.File, Start: d.word.Start, End: d.word.End}
	word := strings.Trim(written.Text(), blanks+"-_.")
	out := diag.Diagnostic{
		Message: "dispcheck:" + clip(word) + " is no directive", Hint: "there are " + strings.Join(directiveWords[ignoreLine:], ", "),
		Why: "the comment suppresses nothing",
	}
	at := d.word
	if !d.program.IsZero() {
		near := "dispcheck:" + strings.ToLower(word)
		out.Message = clip(d.program.To(d.word).Text()) + " is no directive"
		out.Hint = "write " + near
		out.Fixes = []diag.Fix{{Title: "write " + near, Edits: []diag.Edit{{Span: d.program, New: "dispcheck"}}}}
		c.say(suppressionMalformed, d.program, out)
		return
	}
	if word == "" {
		out.Message, at = "dispcheck: names no directive", d.at
	}
	near := nearestOf(word, directiveWords[ignoreLine:])
	replacement := near
	if i := slices.Index(directiveWords[ignoreLine:], strings.ToLower(word)); i >= 0 { // dispcheck-ignore
		near = directiveWords[ignoreLine:][i]
		replacement = ":" + near
		out.Message = "dispcheck" + clip(written.Text()) + " is no directive"
	}
	if near != "" {
		out.Hint = "write dispcheck:" + near
		out.Fixes = []diag.Fix{{Title: "write dispcheck:" + near, Edits: []diag.Edit{{Span: written, New: replacement}}}}
	}
	c.say(suppressionMalformed, at, out)
}

// maxDepth bounds how far out an end looks for its start.
const maxDepth = 100

// close ends the innermost open suppression of the same rules, or the innermost of all where the end names
// none.
func (c *commentReader) close(open []*suppression, end *suppression) []*suppression {
	for i := len(open) - 1; i >= max(0, len(open)-maxDepth); i-- {
		s := open[i]
		if len(end.names) > 0 && !sameRules(s.rules, end.rules) {
			continue
		}
		s.last, s.end = end.at.Position().Line, &end.directive
		return slices.Delete(open, i, i+1)
	}
	c.say(suppressionMalformed, end.at, diag.Diagnostic{
		Message: end.label() + " has no ignore-start before it", Hint: "remove it, or write # dispcheck:ignore-start RULE -- reason above",
		Why:   "it ends nothing",
		Fixes: []diag.Fix{{Title: "remove the comment", Safe: true, Edits: []diag.Edit{{Span: without(end.at)}}}},
	})
	return open
}

func sameRules(a, b []suppressedRule) bool {
	has := func(list []suppressedRule, rule *Rule) bool {
		return slices.ContainsFunc(list, func(s suppressedRule) bool { return s.rule == rule })
	}
	for _, s := range a {
		if !has(b, s.rule) {
			return false
		}
	}
	for _, s := range b {
		if !has(a, s.rule) {
			return false
		}
	}
	return true
}

// apply takes away the findings that comments suppress.
func (c *commentReader) apply(found []finding) []finding {
	kept := found[:0:0]
	for _, f := range found {
		var by *suppression
		if fs := c.files[f.Span.File]; fs != nil && f.rule != nil {
			line := f.Span.Position().Line
			for _, s := range fs.byLine[line] {
				by = s.take(&f, line, by)
			}
			for _, s := range fs.wide {
				by = s.take(&f, line, by)
			}
		}
		if by == nil {
			kept = append(kept, f)
			continue
		}
		c.run.result.Suppressed = append(c.run.result.Suppressed, Suppressed{f.Diagnostic, by.at, by.reason})
	}
	return kept
}

// take returns by, or the suppression itself where by is nil and it suppresses the finding. Each comment that
// does so is of use, whichever comes first.
func (s *suppression) take(f *finding, line int, by *suppression) *suppression {
	if line != s.own && (line < s.first || line > s.last) {
		return by
	}
	if s.at.Contains(f.Span) && s.about(f.Rule) {
		return by // a comment does not excuse itself
	}
	for i := range s.rules {
		if s.rules[i].rule == f.rule {
			s.rules[i].used = true
			if by == nil {
				by = s
			}
		}
	}
	return by
}

// about reports whether a rule is about comments that suppress.
func (s *suppression) about(rule string) bool {
	return rule == suppressionUnused || rule == suppressionUnreasoned || rule == suppressionUnknownRule || rule == suppressionMalformed
}

// unused says which comments suppress nothing, of the rules that are asked about.
func (c *commentReader) unused(asked func(*Rule) bool) {
	for _, file := range c.order {
		for _, s := range c.files[file].all {
			var idle []int
			for i, n := range s.rules {
				if asked(n.rule) && !n.used && c.run.ran(n.rule, file) {
					idle = append(idle, i)
				}
			}
			switch {
			case len(idle) == 0:
			case len(idle) == len(s.names):
				edits := []diag.Edit{{Span: without(s.at)}}
				if s.end != nil {
					edits = append(edits, diag.Edit{Span: without(s.end.at)})
				}
				c.say(suppressionUnused, s.at, diag.Diagnostic{
					Message: s.label() + " suppresses nothing", Hint: "remove the comment", Why: whyUnused,
					Fixes: []diag.Fix{{Title: "remove the comment", Safe: true, Edits: edits}},
				})
			default:
				for _, i := range idle {
					c.idleName(s, s.rules[i].at)
				}
			}
		}
	}
}

const whyUnused = "it would hide the next finding of the rule at this place"

// idleName says that one of several rules of a comment has nothing to suppress.
func (c *commentReader) idleName(s *suppression, at source.Span) {
	d := diag.Diagnostic{
		Message: fmt.Sprintf("%s of %s suppresses nothing", clip(at.Text()), s.kind), Hint: "remove the name", Why: whyUnused,
	}
	i := slices.Index(s.names, at)
	cut := at
	if i+1 < len(s.names) {
		cut.End = s.names[i+1].Start
	} else {
		cut.Start = s.names[i-1].End
	}
	if s.end == nil || len(s.end.names) == 0 { // or else both would have to name the same rules
		d.Fixes = []diag.Fix{{Title: "remove the name", Safe: true, Edits: []diag.Edit{{Span: cut}}}}
	}
	c.say(suppressionUnused, at, d)
}

// ran reports whether a rule had its say about a file: where it had not, nobody knows what a comment would
// suppress. What only a whole configuration shows is not known of a part.
func (r *run) ran(rule *Rule, file *source.File) bool {
	if rule.Reported == ByLog || r.broken[rule.ID] || r.kept[rule.ID] >= MaxFindings || !r.choice.at(rule.ID, rule, file.Name).on() {
		return false
	}
	// Where a text of httpd can be at fault too, that is another file.
	if rule.File != nil || rule.Reported&^(ByGrammar|ByLint|ByServer) == 0 && rule.Reported&(ByGrammar|ByLint) != 0 {
		return true
	}
	return r.subject.Config != nil && len(r.subject.Config.Wrapped) == 0
}
