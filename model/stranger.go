package model

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
)

// A spot is where the schema has a property: the section it stands in, and the way there.
type spot struct {
	sec  *section
	path []*section // from the top down to sec
	prop *property
}

// spots are all places of each property name. It is needed only where something is wrong.
var spots = sync.OnceValue(func() map[string][]spot {
	m := make(map[string][]spot)
	var walk func(s *section, path []*section)
	walk = func(s *section, path []*section) {
		path = append(path[:len(path):len(path)], s)
		for i := range s.props {
			p := &s.props[i]
			m[p.name] = append(m[p.name], spot{s, path, p})
			if p.sec != nil {
				walk(p.sec, path)
			}
		}
		if s.entry != nil {
			walk(s.entry, path)
		}
	}
	walk(&topSection, nil)
	return m
})

// home says where a property of a name belongs, the nearest sections first: "in a render or
// /sessionmanagement", "at the top level".
func (d *decoder) home(of []spot) string {
	of = slices.Clone(of)
	sort.SliceStable(of, func(i, j int) bool { return d.distance(of[i]) < d.distance(of[j]) })
	var homes []string
	near := d.distance(of[0])
	for _, s := range of {
		home := homeName(s)
		if slices.Contains(homes, home) || len(homes) > 0 && d.distance(s) > near+2 || len(homes) == 3 {
			continue
		}
		homes = append(homes, home)
	}
	if of[0].sec == &topSection {
		return "at the top level"
	}
	if len(homes) == 1 {
		return "in " + homes[0]
	}
	return "in " + strings.Join(homes[:len(homes)-1], ", ") + " or " + homes[len(homes)-1]
}

func homeName(s spot) string {
	if s.sec == &globRule {
		return "a rule of " + s.path[len(s.path)-2].name
	}
	return a(s.sec.name)
}

// distance counts the steps from the section at hand up and down to a spot.
func (d *decoder) distance(s spot) int {
	common := 0
	for common < len(d.path) && common+1 < len(s.path) && d.path[common].sec == s.path[common+1] {
		common++
	}
	return len(d.path) - common + len(s.path) - 1 - common
}

// stranger deals with a property that its section does not know. It returns a bit for the property that was
// meant, if that can be told, so that its absence is not reported as well.
func (d *decoder) stranger(s *section, h holder, it *grammar.Property, name string, pending *section) uint64 {
	switch {
	case it.Value == nil && it.Block == nil:
		d.keep(h, it, name, NoValue) // grammar.Check says so
		if n := s.near(name); n >= 0 {
			return 1 << n
		}
		return 0
	case name == "":
		d.keep(h, it, name, NoName) // grammar.Check says so
		return 0
	case d.noName(it, name):
		d.keep(h, it, name, NotKnown) // grammar.Check says so
		return 0
	case d.include(it, name):
		d.keep(h, it, name, NotKnown)
		return 0
	case s == &topSection && s.inCase(name) < 0:
		d.keep(h, it, name, Misplaced)
		d.topLevel(it, name)
		return 0
	case pending.find(name) >= 0, pending.entry != nil && it.Block != nil && d.fitBlock(pending.entry, it.Block.Items, 1) > 0:
		d.keep(h, it, name, Misplaced) // the missing braces have been reported
		return 0
	}
	if n := s.inCase(name); n >= 0 {
		d.keep(h, it, name, WrongCase)
		d.wrongCase(s, it, name, n)
		return 1 << n
	}
	if n := s.near(name); n >= 0 && (s.props[n].kind == KindValue) == (it.Value != nil) || s == &filterRule && it.Value != nil {
		// A name that is nearly right here is a slip, even where another section has it; and in a filter
		// rule every name is meant for a condition.
		d.keep(h, it, name, NotKnown)
		return d.notKnown(s, it, name)
	}
	if d.misplaced(s, it, name) {
		d.keep(h, it, name, Misplaced)
		return 0
	}
	d.keep(h, it, name, NotKnown)
	return d.notKnown(s, it, name)
}

// noName reports whether a name is none but a piece of something else, which grammar.Check speaks of: the
// start of a comment in another notation, // or /*, or a path without quotes behind a property.
func (d *decoder) noName(it *grammar.Property, name string) bool {
	if !sound(it.Name) {
		return false
	}
	line := it.Name.File.Text[:it.Name.Start]
	line = line[bytes.LastIndexByte(line, '\n')+1:]
	if (name[0] == '/' || name[0] == '*') && len(bytes.TrimLeft(line, " \t")) == 0 {
		return true
	}
	return d.hungry.File == it.Name.File && strings.ContainsAny(name, "/.*?[") &&
		d.hungry.End <= it.Name.Start && int(it.Name.Start-d.hungry.End) <= len(line)
}

// include reports /include "file", which includes nothing.
func (d *decoder) include(it *grammar.Property, name string) bool {
	if it.Value == nil || !strings.EqualFold(name, "include") {
		return false
	}
	dg := d.say("DSP110", it, it.Name, "write $include", "/%s is a property and includes nothing", name)
	dg.Fixes = []diag.Fix{{Title: "write $include", Edits: []diag.Edit{{Span: it.Name, New: "$include"}}}}
	return true
}

// inCase finds a property whose name differs in letter case.
func (s *section) inCase(name string) int {
	for i := range s.props {
		if strings.EqualFold(s.props[i].name, name) {
			return i
		}
	}
	return -1
}

// near finds the property that a name is most likely meant to be.
func (s *section) near(name string) int {
	for i := range s.props {
		if slices.Contains(s.props[i].mistaken, name) {
			return i
		}
	}
	if w := nearest(name, s.names); w != "" {
		return s.find(w)
	}
	return -1
}

func (d *decoder) wrongCase(s *section, it *grammar.Property, name string, n int) {
	right := s.props[n].name
	what := "property"
	if it.Block != nil {
		what = "section"
	}
	dg := d.say("DSP012", it, it.Name, "write /"+right, "%s /%s differs from /%s in letter case", what, clip(name), right)
	dg.Fixes = d.meant(it, right, n)
	if s == &filterRule {
		dg.Why = "names are compared letter by letter: the condition is dropped, and the rule matches more than it says"
	}
}

// meant is a fix that gives a property the name of the one that was meant, which is property n of its section. There is
// none where that stands there as well: of two, one is not read.
func (d *decoder) meant(it *grammar.Property, right string, n int) []diag.Fix {
	if d.beside&(1<<n) != 0 {
		return nil
	}
	return rename(it, right)
}

// rename is a fix that gives a property another name.
func rename(it *grammar.Property, name string) []diag.Fix {
	return []diag.Fix{{Title: "rename it to /" + name, Edits: []diag.Edit{{Span: it.Name, New: "/" + name}}}}
}

// misplaced reports a property that belongs to another section, or a block that looks like an entry of one.
func (d *decoder) misplaced(s *section, it *grammar.Property, name string) bool {
	if s == &globRule && it.Value != nil && filterRule.find(name) >= 0 {
		d.say("DSP029", it, it.Name, "write the pattern as /glob", "property /%s stands in %s, which knows /type and /glob only", name, d.where())
		return true
	}
	if of := spots()[name]; len(of) > 0 {
		dg := d.say("DSP029", it, it.Name, "", "property /%s stands %s, but belongs %s", name, d.in(), d.home(of))
		if it.Block != nil {
			dg.Message = strings.Replace(dg.Message, "property", "section", 1)
		}
		dg.Hint = "is a closing brace missing before it, or one too many?"
		return true
	}
	if it.Block == nil {
		return false
	}
	if list := d.around(); list != nil {
		if hits, misses := d.fit(list.entry, it.Block.Items); hits > misses && d.hasType(it.Block.Items) {
			d.say("DSP029", it, it.Name, "is the closing brace before it missing?", "%s /%s stands inside %s", list.label, clip(name), d.where())
			return true
		}
	}
	list, owner := d.listFor(it.Block.Items)
	if list == nil {
		return false
	}
	in := "/" + owner
	d.say("DSP029", it, it.Name, fmt.Sprintf("does a brace before it close %s too early?", in),
		"%s /%s stands in %s, but belongs in %s", list.label, clip(name), d.where(), in)
	return true
}

// around returns the list of rules whose entry the section at hand is, nil where it is none.
func (d *decoder) around() *section {
	n := len(d.path)
	if n < 2 || d.path[n-2].sec.entry != d.path[n-1].sec || d.path[n-1].sec.find("type") < 0 {
		return nil
	}
	return d.path[n-2].sec
}

// listFor finds the section of labelled blocks that a block with the given items is an entry of, by what
// stands in it: the nearest one whose entries have those properties.
func (d *decoder) listFor(items []grammar.Item) (list *section, name string) {
	best, least := 0, 0
	for _, of := range spots() {
		for _, sp := range of {
			p := sp.prop
			if p.kind != KindEntries {
				continue
			}
			hits, misses := d.fit(p.sec.entry, items)
			score := 2*hits - 3*misses
			if score <= 0 || hits == 0 {
				continue
			}
			if p.sec.entry == &globRule || p.sec.entry == &filterRule || p.sec.entry == &cacheRule {
				if !d.hasType(items) {
					continue
				}
			}
			far := 2 * d.distance(sp)
			if p.sec == d.closed {
				far-- // as likely as its neighbours, but for the brace
			}
			if score > best || score == best && (far < least || far == least && p.name < name) {
				best, least, list, name = score, far, p.sec, p.name
			}
		}
	}
	return list, name
}

func (d *decoder) hasType(items []grammar.Item) bool {
	for _, it := range items {
		if p, ok := it.(*grammar.Property); ok && p != nil && d.label(p) == "type" {
			return true
		}
	}
	return false
}

// notKnown reports a property whose name no section has, with the name that was meant, if one is near.
func (d *decoder) notKnown(s *section, it *grammar.Property, name string) uint64 {
	rule := "DSP011"
	if s == &filterRule {
		rule = "DSP151"
	}
	what := "property"
	if it.Block != nil {
		what = "section"
	}
	if off := switchedOff(name); off != "" && s.find(off) >= 0 && rule == "DSP011" {
		dg := d.say(rule, it, it.Name, "start the lines with # to switch something off", "%s /%s looks like /%s, switched off by its name", what, clip(name), off)
		dg.Severity = diag.Info
		return 0
	}
	if n := s.near(name); n >= 0 {
		right := s.props[n].name
		dg := d.say(rule, it, it.Name, fmt.Sprintf("did you mean /%s?", right), "%s /%s is not known %s", what, clip(name), d.in())
		dg.Fixes = d.meant(it, right, n)
		return 1 << n
	}
	hint := "remove it, or move it to where it belongs"
	all := spots()
	if of := all[name]; len(of) > 0 {
		hint = fmt.Sprintf("/%s belongs %s", name, d.home(of))
	} else if right := nearest(name, func(yield func(string) bool) {
		for _, n := range sortedKeys(all) {
			if !yield(n) {
				return
			}
		}
	}); right != "" {
		hint = fmt.Sprintf("did you mean /%s, which belongs %s?", right, d.home(all[right]))
	}
	d.say(rule, it, it.Name, hint, "%s /%s is not known %s", what, clip(name), d.in())
	return 0
}

func sortedKeys(m map[string][]spot) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// switchedOff returns the name that a name would be without the mark that people put before or behind it to
// disable a section; "" where there is no such mark.
func switchedOff(name string) string {
	bare := strings.Trim(name, "_-.")
	for _, mark := range []string{"disabled", "off", "old", "bak", "x"} {
		if s, ok := strings.CutPrefix(bare, mark); ok && strings.Trim(s, "_-.") != s {
			bare = strings.Trim(s, "_-.")
		}
		if s, ok := strings.CutSuffix(bare, mark); ok && strings.Trim(s, "_-.") != s {
			bare = strings.Trim(s, "_-.")
		}
	}
	if bare == name {
		return ""
	}
	return bare
}

// topLevel reports what stands at the top of a configuration and does not belong there.
func (d *decoder) topLevel(it *grammar.Property, name string) {
	what := "property"
	if it.Block != nil {
		what = "section"
	}
	hint := "is a closing brace missing or misplaced above?"
	if of := spots()[name]; len(of) > 0 {
		hint = fmt.Sprintf("/%s belongs %s", name, d.home(of))
	} else if it.Block != nil {
		if list, owner := d.listFor(it.Block.Items); list != nil {
			hint = fmt.Sprintf("it looks like %s of /%s: does a brace above close that too early?", a(list.label), owner)
		}
	} else if n := topSection.near(name); n >= 0 {
		hint = fmt.Sprintf("did you mean /%s?", topSection.props[n].name)
	}
	d.say("DSP030", it, it.Name, hint, "%s /%s stands at the top level", what, clip(name))
}
