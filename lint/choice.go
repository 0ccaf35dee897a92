package lint

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

// A choice says which rules run, and with which level they report in which file. It is made from settings.
type choice struct {
	profile   string
	policy    Policy
	dir       string
	all       bool // nothing is selected by name
	sel, ign  []rulePattern
	severity  []levelOf
	overrides []override
	farms     []farmOf
	options   map[string]Options // by id

	files  map[string][]int // indexes of the overrides that hold for a file
	states map[stateKey]state
}

type levelOf struct {
	rulePattern
	to Level
}

type override struct {
	paths    []pathPattern
	sel, ign []rulePattern
	severity []levelOf
}

type farmOf struct {
	name *match.Pattern
	to   FarmType
}

// A state is what becomes of a rule: whether its findings count, and their level, 0 where no setting names it.
type state struct {
	selected bool
	level    Level
}

func (s state) on() bool { return s.selected && s.level != LevelOff }

type stateKey struct{ rule, file string }

func newChoice(s *Settings, rules []*Rule, profile string) *choice {
	c := &choice{
		profile: profile, policy: s.Policy, dir: strings.TrimSuffix(strings.TrimPrefix(s.Dir, "./"), "/"), all: len(s.Select) == 0,
		sel: newRulePatterns(s.Select), ign: newRulePatterns(s.Ignore), severity: newLevels(s.Severity),
		options: map[string]Options{}, files: map[string][]int{}, states: map[stateKey]state{},
	}
	for _, o := range s.Overrides {
		made := override{sel: newRulePatterns(o.Select), ign: newRulePatterns(o.Ignore), severity: newLevels(o.Severity)}
		for _, p := range o.Paths {
			made.paths = append(made.paths, newPathPattern(p))
		}
		c.overrides = append(c.overrides, made)
	}
	for _, f := range s.Farms {
		c.farms = append(c.farms, farmOf{match.Glob(f.Name), f.Type})
	}
	for key, o := range s.Options {
		if r := Find(rules, key); r != nil {
			c.options[r.ID] = o
		}
	}
	return c
}

func newLevels(list []SeverityOf) []levelOf {
	var ls []levelOf
	for _, s := range list {
		if s.To >= LevelOff && s.To <= LevelError {
			ls = append(ls, levelOf{newRulePattern(s.Rules), s.To})
		}
	}
	return ls
}

// base is the state of a rule in files that no override names. r is nil for an id that no rule has.
func (c *choice) base(id string, r *Rule) state {
	s := state{selected: anyFits(c.sel, id, r)}
	if c.all {
		s.selected = r == nil || !r.Off
	}
	for _, l := range c.severity {
		if l.fits(id, r) {
			s.level = l.to
			s.selected = s.selected || c.wakes(l, id, r)
		}
	}
	if anyFits(c.ign, id, r) {
		s.selected = false
	}
	return s
}

// wakes reports whether a level makes a rule run that is Off.
func (c *choice) wakes(l levelOf, id string, r *Rule) bool {
	return c.all && r != nil && r.Off && l.exact && l.to != LevelOff && !anyFits(c.ign, id, r)
}

// at is the state of a rule in a file.
func (c *choice) at(id string, r *Rule, file string) state {
	if r != nil && !r.holds(c.profile) && !r.literally(c.policy) {
		return state{}
	}
	key := stateKey{id, file}
	if s, ok := c.states[key]; ok {
		return s
	}
	s := c.base(id, r)
	for _, i := range c.overridesOf(file) {
		o := &c.overrides[i]
		if anyFits(o.sel, id, r) {
			s.selected = true
			if s.level == LevelOff {
				s.level = 0
			}
		}
		for _, l := range o.severity {
			if l.fits(id, r) {
				s.level = l.to
				s.selected = s.selected || c.wakes(l, id, r)
			}
		}
		if anyFits(o.ign, id, r) {
			s.selected = false
		}
	}
	c.states[key] = s
	return s
}

// somewhere reports whether findings of a rule count in any file there may be.
func (c *choice) somewhere(r *Rule) bool {
	if !r.holds(c.profile) && !r.literally(c.policy) {
		return false
	}
	s := c.base(r.ID, r)
	for _, o := range c.overrides {
		if anyFits(o.sel, r.ID, r) {
			return true
		}
		for _, l := range o.severity {
			if l.to != LevelOff && l.fits(r.ID, r) {
				s.selected = s.selected || c.wakes(l, r.ID, r)
				s.level = l.to
			}
		}
	}
	return s.on()
}

// overridesOf returns which overrides hold for a file, by the name that is shown.
func (c *choice) overridesOf(file string) []int {
	if len(c.overrides) == 0 {
		return nil
	}
	if is, ok := c.files[file]; ok {
		return is
	}
	name := strings.TrimPrefix(file, "./")
	if c.dir != "" && c.dir != "." {
		inside, ok := strings.CutPrefix(name, c.dir+"/")
		if !ok {
			c.files[file] = nil
			return nil
		}
		name = inside
	}
	var is []int
	for i, o := range c.overrides {
		for _, p := range o.paths {
			if p.fits(name) {
				is = append(is, i)
				break
			}
		}
	}
	c.files[file] = is
	return is
}

// farmType says what a farm is for: what the settings say, or what it looks like.
func (c *choice) farmType(f *model.Farm) FarmType {
	for i := len(c.farms) - 1; i >= 0; i-- {
		if c.farms[i].name.Match(f.Name) {
			return c.farms[i].to
		}
	}
	return InferFarmType(f)
}
