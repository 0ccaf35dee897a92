package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/spelling"
	"github.com/dispcheck/dispcheck/source"
)

// Settings are what a project wants of the linter. The zero Settings run every rule that is not Off, with the
// severities that rules have.
//
// Rules are named by id, by name, or by globs over both ("filter-*", "DSP1*"), in either letter case.
type Settings struct {
	// Select are the rules that run; none stands for all that are not Off.
	Select []string
	// Ignore are rules that do not run, though they be selected.
	Ignore []string
	// SelectAt and IgnoreAt say where Select and Ignore are written, index by index; nil where nowhere.
	SelectAt, IgnoreAt []source.Span
	// Severity sets levels; later ones win. It holds for all findings of a rule, the milder ones as well. A
	// rule that is Off and is named here by its id or name, with a level that is not LevelOff, runs.
	Severity []SeverityOf
	// Overrides hold for some files, over what holds for all; later ones win.
	Overrides []Override
	// Dir is the folder that the paths of overrides start from, as names of files are shown; "" where these
	// start there themselves.
	Dir string
	// Options are set by the ids or names of rules.
	Options map[string]Options
	// Farms say what farms are for, where that cannot be told from them; later ones win.
	Farms []FarmOf
	// Policy says how rules look that other tools have too.
	Policy Policy
}

// A SeverityOf sets the level of some rules.
type SeverityOf struct {
	// Rules is an id, a name, or a glob over both.
	Rules string
	To    Level
	// Written is the level as it is written, for Settings.Check to say what is wrong with it; it does not
	// matter where To is a level.
	Written string
	// Span is where it is written.
	Span source.Span
}

// An Override sets what holds for some files: those in which findings are, by the names that are shown.
type Override struct {
	// Paths are globs over a path from Settings.Dir. * stays within a folder, ** stands for any number of
	// them. A pattern without a slash fits in every folder, and one that fits a folder all that is in it.
	Paths []string
	// Select are rules that run for these files besides those that run anyway; Ignore are rules that do not.
	Select, Ignore []string
	Severity       []SeverityOf
	// Span is where it is written.
	Span source.Span
}

// A FarmOf says what some farms are for.
type FarmOf struct {
	// Name is a label, or a Dispatcher glob over labels.
	Name string
	Type FarmType
	// Span is where it is written.
	Span source.Span
}

// A Level is a severity, or none: the rule does not report. The zero Level is no level.
type Level uint8

// The levels.
const (
	LevelOff Level = iota + 1
	LevelHint
	LevelInfo
	LevelWarning
	LevelError
)

var levelNames = [...]string{LevelOff: "off", LevelHint: "hint", LevelInfo: "info", LevelWarning: "warning", LevelError: "error"}

// Levels returns the names of all levels, mildest first.
func Levels() []string { return slices.Clone(levelNames[LevelOff:]) }

// String returns the name of the level: "off", "hint", "info", "warning" or "error".
func (l Level) String() string {
	if l < LevelOff || l > LevelError {
		return fmt.Sprintf("level(%d)", uint8(l))
	}
	return levelNames[l]
}

// ParseLevel is the inverse of [Level.String]. The error names the levels, and the one that was most likely
// meant.
func ParseLevel(name string) (Level, error) {
	if i := slices.Index(levelNames[LevelOff:], name); i >= 0 {
		return Level(i) + LevelOff, nil
	}
	err := fmt.Errorf("level %s is none of %s", quoted(name), strings.Join(Levels(), ", "))
	if near := nearestOf(name, Levels()); near != "" {
		err = fmt.Errorf("%w; did you mean %s?", err, near)
	}
	return 0, err
}

// severity returns the severity of a level above LevelOff.
func (l Level) severity() diag.Severity { return diag.Severity(l-LevelHint) + diag.Hint }

// A Policy says how rules do that have a counterpart in adobe/aem-dispatcher-optimizer-tool, or that compare as another
// tool does ([Rule.Literal]); the others are the same under each policy.
type Policy uint8

// The policies.
const (
	Semantic Policy = iota // by what the configuration does
	Literal                // letter by letter, as adobe/aem-dispatcher-optimizer-tool does
)

var policyNames = [...]string{Semantic: "semantic", Literal: "literal"}

// String returns "semantic" or "literal".
func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return fmt.Sprintf("policy(%d)", uint8(p))
}

// Policies returns the names of all policies, the default first.
func Policies() []string { return slices.Clone(policyNames[:]) }

// ParsePolicy is the inverse of [Policy.String].
func ParsePolicy(name string) (Policy, bool) {
	i := slices.Index(policyNames[:], name)
	return Policy(max(i, 0)), i >= 0
}

// A SettingProblem is something in the settings that cannot be followed.
type SettingProblem struct {
	// Span is where it is written; the zero Span where that is not known.
	Span source.Span
	// Message says what is wrong, in the style of a finding's.
	Message string
	// Hint says what to do; "" where there is nothing to add.
	Hint string
}

// Check returns what is wrong with the settings where these are all rules: patterns that name no rule,
// levels that are none, options that a rule does not have or that have values of another type.
func (s *Settings) Check(rules []*Rule) []SettingProblem {
	c := &settingChecker{rules: rules}
	c.patterns("select", s.Select, s.SelectAt, source.Span{})
	c.patterns("ignore", s.Ignore, s.IgnoreAt, source.Span{})
	c.severities(s.Severity, source.Span{})
	for _, o := range s.Overrides {
		if len(o.Paths) == 0 {
			c.say(o.Span, "name files, such as **/*_filters.any", "override has no paths")
		}
		for _, p := range o.Paths {
			if p == "" {
				c.say(o.Span, "name files, such as **/*_filters.any", "override has an empty path")
			}
		}
		c.patterns("select", o.Select, nil, o.Span)
		c.patterns("ignore", o.Ignore, nil, o.Span)
		c.severities(o.Severity, o.Span)
	}
	for _, key := range slices.Sorted(maps.Keys(s.Options)) {
		c.options(key, s.Options[key])
	}
	for _, f := range s.Farms {
		if f.Name == "" {
			c.say(f.Span, "write the label of the farm, or a glob", "farm has no name")
		}
		if f.Type > Author {
			c.say(f.Span, "", "farm %s is of no type: there are publish and author", quoted(f.Name))
		}
	}
	if int(s.Policy) >= len(policyNames) {
		c.say(source.Span{}, "", "policy is none of %s", strings.Join(policyNames[:], ", "))
	}
	return c.found
}

type settingChecker struct {
	rules []*Rule
	found []SettingProblem
}

func (c *settingChecker) say(at source.Span, hint, format string, args ...any) {
	c.found = append(c.found, SettingProblem{at, fmt.Sprintf(format, args...), hint})
}

// patterns checks a list. Where a pattern is not known to be written anywhere, the problem is at otherwise.
func (c *settingChecker) patterns(what string, texts []string, spans []source.Span, otherwise source.Span) {
	for i, text := range texts {
		at := otherwise
		if i < len(spans) {
			at = spans[i]
		}
		c.pattern(what, text, at)
	}
}

func (c *settingChecker) pattern(what, text string, at source.Span) {
	p := newRulePattern(text)
	if slices.ContainsFunc(c.rules, func(r *Rule) bool { return p.fits(r.ID, r) }) {
		return
	}
	hint := "dispcheck rules lists all rules"
	if near := Nearest(c.rules, text); near != "" {
		hint = "did you mean " + near + "?"
	}
	c.say(at, hint, "%s: no rule is called %s", what, quoted(text))
}

func (c *settingChecker) severities(list []SeverityOf, otherwise source.Span) {
	for _, s := range list {
		at := s.Span
		if at.IsZero() {
			at = otherwise
		}
		c.pattern("severity", s.Rules, at)
		if s.To >= LevelOff && s.To <= LevelError {
			continue
		}
		hint := ""
		if near := nearestOf(s.Written, Levels()); near != "" {
			hint = "did you mean " + near + "?"
		}
		c.say(at, hint, "level %s of %s is none of %s", quoted(s.Written), quoted(s.Rules), strings.Join(Levels(), ", "))
	}
}

func (c *settingChecker) options(key string, set Options) {
	names := slices.Sorted(maps.Keys(set))
	r := Find(c.rules, key)
	if r == nil { // the rule is wrong, and its options with it
		var at source.Span
		if len(names) > 0 {
			at = set[names[0]].Span
		}
		if isGlob(key) {
			c.say(at, "name one rule by its id or name", "options: %s is a glob", quoted(key))
		} else {
			c.pattern("options", key, at)
		}
		return
	}
	for _, name := range names {
		v := set[name]
		o := r.option(name)
		if o == nil {
			c.say(v.Span, c.nearOption(r, name), "%s has no option %s", r.Name, quoted(name))
			continue
		}
		if got, want := kindOf(v.Value), kindOf(o.Default); got != want {
			c.say(v.Span, "", "option %s of %s is not %s", o.Name, r.Name, want)
		}
	}
}

// nearOption is the hint for a name that is no option of a rule.
func (c *settingChecker) nearOption(r *Rule, name string) string {
	var names []string
	for _, o := range r.Options {
		names = append(names, o.Name)
	}
	if near := nearestOf(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	if len(names) == 0 {
		return "the rule has no options"
	}
	return "its options are " + strings.Join(names, ", ")
}

// nearestOf returns the one word that is within two edits of another, and fewer than it has letters.
func nearestOf(word string, words []string) string {
	word = strings.ToLower(word)
	best, least, tied := "", min(2, len(word)-1)+1, false
	for _, w := range words {
		switch n := spelling.Edits(word, w, 2); {
		case n < least:
			best, least, tied = w, n, false
		case n == least && best != "":
			tied = true
		}
	}
	if tied {
		return ""
	}
	return best
}

// quoted shows a text of the settings, or of a comment, in a message: in quotes and not too long.
func quoted(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}
