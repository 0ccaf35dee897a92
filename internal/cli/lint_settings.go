package cli

import (
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/rules"
	"github.com/dispcheck/dispcheck/source"
)

// overridesKey is the key of the settings that hold for some files only.
const overridesKey = "lint.overrides"

// optionsKey is the key of the settings that single rules have.
const optionsKey = "lint.options"

// lintFlags are the lines of the settings table that are lint's.
func lintFlags() []*flag {
	on := []string{"lint"}
	return []*flag{
		{name: "select", kind: list, key: "lint.select", on: on, arg: "RULE,…", check: checkRules,
			defWords: "all but those that are off", meaning: "rules to run: ids, names, or patterns such as filter-*"},
		{name: "ignore", kind: list, key: "lint.ignore", on: on, arg: "RULE,…", check: checkRules,
			meaning: "rules not to run"},
		{name: "severity", kind: pairs, key: "lint.severity", on: on, arg: "RULE=LEVEL", checkKey: checkRules, check: checkLevel, values: lint.Levels(),
			meaning: "severity of a rule's findings: " + strings.Join(lint.Levels(), ", ")},
		{name: "farm-type", kind: pairs, key: "lint.farm-type", on: append(slices.Clone(on), "audit"), arg: "FARM=TYPE", checkKey: checkPath, check: checkFarm, values: []string{"publish", "author"},
			defWords: "told by sessions, port 4502 and the name", meaning: "what a farm serves, publish or author; its name may have *"},
		{name: "policy", kind: choice, key: "lint.policy", on: on, values: lint.Policies(), def: lint.Semantic.String(),
			meaning: "how rules compare that the Optimizer Tool has too: semantic, by what is matched, or literal, letter by letter as that does"},
		{name: "baseline", key: "lint.baseline", on: on, arg: "FILE", path: true, completeFrom: completeFiles,
			meaning: "findings to pass over, as --write-baseline has kept them"},
		{kind: tree, key: overridesKey, on: on, checkTree: checkOverrides, treeShape: overridesShape(),
			meaning: "settings for some files only, each with paths and select, ignore or severity"},
		{kind: tree, key: optionsKey, on: on, checkTree: checkOptions, treeShape: ordered{{"type", "object"}, {"additionalProperties", ordered{{"type", "object"}}}},
			meaning: "settings of single rules: a mapping of options for each"},
	}
}

// checkRules refuses a list of rules in which one means no rule.
func checkRules(s string) error {
	for _, p := range (&lint.Settings{Select: words([]string{s})}).Check(rules.All()) {
		return errors.New(strings.TrimPrefix(p.Message, "select: ") + "; " + p.Hint)
	}
	return nil
}

// checkLevel refuses RULE=LEVEL where LEVEL is none.
func checkLevel(s string) error {
	_, level, _ := strings.Cut(s, "=")
	_, err := lint.ParseLevel(level)
	return err
}

// checkFarm refuses NAME=TYPE where TYPE is none.
func checkFarm(s string) error {
	_, word, _ := strings.Cut(s, "=")
	_, err := farmType(word)
	return err
}

func farmType(word string) (lint.FarmType, error) {
	for _, t := range []lint.FarmType{lint.Publish, lint.Author} {
		if t.String() == word {
			return t, nil
		}
	}
	return 0, notOneOf(word, []string{lint.Publish.String(), lint.Author.String()})
}

// lintSettings puts together what flags, environment and project file say about the rules. All of it has been checked.
func lintSettings(in *invocation) *lint.Settings {
	set := lint.Settings{Select: words(in.list("select")), Ignore: words(in.list("ignore"))}
	if word := in.text("policy"); word != "" { // validate has no policy
		var ok bool
		if set.Policy, ok = lint.ParsePolicy(word); !ok {
			panic("cli: policy " + word + " was not checked")
		}
	}
	for _, e := range in.values["severity"] {
		pattern, level, _ := strings.Cut(e.value, "=")
		set.Severity = append(set.Severity, severityOf(pattern, level, e.span))
	}
	for _, e := range in.values["farm-type"] {
		name, word, _ := strings.Cut(e.value, "=")
		t, err := farmType(word)
		if err != nil {
			panic("cli: farm type " + word + " was not checked")
		}
		set.Farms = append(set.Farms, lint.FarmOf{Name: name, Type: t, Span: e.span})
	}
	if in.file != nil && in.file.trees[overridesKey] != nil {
		set.Overrides, _ = readOverrides(in.file.trees[overridesKey])
		set.Dir = display(filepath.Dir(in.file.path))
	}
	if in.file != nil && in.file.trees[optionsKey] != nil {
		set.Options, _ = readOptions(in.file.trees[optionsKey])
	}
	return &set
}

func checkOptions(n *yamltext.Node) []*yamltext.Error {
	options, errs := readOptions(n)
	for _, p := range (&lint.Settings{Options: options}).Check(rules.All()) {
		errs = append(errs, &yamltext.Error{Span: p.Span, Message: p.Message, Hint: p.Hint})
	}
	return errs
}

// readOptions reads lint.options. What has mistakes is left out.
func readOptions(n *yamltext.Node) (map[string]lint.Options, []*yamltext.Error) {
	if n.Kind != yamltext.Mapping {
		return nil, []*yamltext.Error{n.Errorf("write a rule with its options below it", "%s is %s, not a mapping", optionsKey, n.Kind)}
	}
	out := map[string]lint.Options{}
	var errs []*yamltext.Error
	for _, rule := range n.Entries {
		if rule.Value.Kind != yamltext.Mapping {
			errs = append(errs, rule.Value.Errorf("write OPTION: VALUE lines below it", "%s.%s is %s, not a mapping", optionsKey, rule.Key.Text, rule.Value.Kind))
			continue
		}
		set := lint.Options{}
		for _, o := range rule.Value.Entries {
			v, err := optionValue(o.Value)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			at := o.Key.Span
			at.End = o.Value.Span.End
			set[o.Key.Text] = lint.OptionValue{Value: v, Span: at}
		}
		out[rule.Key.Text] = set
	}
	return out, errs
}

func optionValue(n *yamltext.Node) (any, *yamltext.Error) {
	switch n.Kind {
	case yamltext.Bool:
		return n.Text == "true", nil
	case yamltext.Number:
		if v, err := strconv.Atoi(n.Text); err == nil {
			return v, nil
		}
		return n.Text, nil
	case yamltext.String:
		return n.Text, nil
	case yamltext.List:
		list := []string{}
		for _, item := range n.Items {
			if !item.IsScalar() || item.Kind == yamltext.Null {
				return nil, item.Errorf("", "an entry of the list is %s, not a text", item.Kind)
			}
			list = append(list, item.Text)
		}
		return list, nil
	}
	return nil, n.Errorf("give it a text, a number, true, false or a list", "the option is %s", n.Kind)
}

// words splits each text at commas.
func words(list []string) []string {
	var out []string
	for _, s := range list {
		for w := range strings.SplitSeq(s, ",") {
			out = append(out, strings.TrimSpace(w))
		}
	}
	return out
}

func severityOf(pattern, level string, at source.Span) lint.SeverityOf {
	l, err := lint.ParseLevel(level)
	if err != nil {
		panic("cli: level " + level + " was not checked")
	}
	return lint.SeverityOf{Rules: pattern, To: l, Span: at}
}

func checkOverrides(n *yamltext.Node) []*yamltext.Error {
	_, errs := readOverrides(n)
	return errs
}

// readOverrides reads lint.overrides. What has mistakes is left out.
func readOverrides(n *yamltext.Node) ([]lint.Override, []*yamltext.Error) {
	if n.Kind != yamltext.List {
		return nil, []*yamltext.Error{n.Errorf("write a list of mappings with paths, and select, ignore or severity", "%s is %s, not a list", overridesKey, n.Kind)}
	}
	var out []lint.Override
	var errs []*yamltext.Error
	for _, item := range n.Items {
		o, es := readOverride(item)
		errs = append(errs, es...)
		if len(es) == 0 {
			out = append(out, o)
		}
	}
	return out, errs
}

func readOverride(n *yamltext.Node) (lint.Override, []*yamltext.Error) {
	if n.Kind != yamltext.Mapping {
		return lint.Override{}, []*yamltext.Error{n.Errorf("write paths, and select, ignore or severity", "an entry of %s is %s, not a mapping", overridesKey, n.Kind)}
	}
	o := lint.Override{Span: n.Span}
	var errs []*yamltext.Error
	fail := func(e *yamltext.Error) { errs = append(errs, e) }
	for _, e := range n.Entries {
		switch e.Key.Text {
		case "paths":
			o.Paths = texts(e, checkPath, fail)
		case "select":
			o.Select = texts(e, checkRules, fail)
		case "ignore":
			o.Ignore = texts(e, checkRules, fail)
		case "severity":
			o.Severity = readSeverity(e.Value, fail)
		default:
			fail(e.Key.Errorf(didYouMean(e.Key.Text, []string{"paths", "select", "ignore", "severity"}, "", "known are paths, select, ignore, severity"),
				"key %s is not known", e.Key.Text))
		}
	}
	if n.Lookup("paths") == nil {
		fail(n.Errorf("add the files for which it holds", "an entry of %s has no paths", overridesKey))
	}
	if n.Lookup("select") == nil && n.Lookup("ignore") == nil && n.Lookup("severity") == nil {
		fail(n.Errorf("add select, ignore or severity", "an entry of %s changes nothing", overridesKey))
	}
	return o, errs
}

func checkPath(s string) error {
	if s == "" {
		return errors.New("is empty; name files, such as **/filters.any")
	}
	return nil
}

// texts reads a text, or a list of texts.
func texts(e yamltext.Entry, check func(string) error, fail func(*yamltext.Error)) []string {
	nodes := []*yamltext.Node{e.Value}
	if e.Value.Kind == yamltext.List {
		nodes = e.Value.Items
	}
	var out []string
	for _, n := range nodes {
		if !n.IsScalar() || n.Kind == yamltext.Null {
			fail(n.Errorf("", "%s is %s, not a text or a list of texts", e.Key.Text, n.Kind))
			continue
		}
		if err := check(n.Text); err != nil {
			fail(n.Errorf("", "%s: %v", e.Key.Text, err))
			continue
		}
		out = append(out, n.Text)
	}
	if len(nodes) == 0 {
		fail(e.Value.Errorf("give it one or remove the key", "%s has no value", e.Key.Text))
	}
	return out
}

func readSeverity(n *yamltext.Node, fail func(*yamltext.Error)) []lint.SeverityOf {
	if n.Kind != yamltext.Mapping {
		fail(n.Errorf("write RULE: LEVEL lines below it", "severity is %s, not a mapping", n.Kind))
		return nil
	}
	var out []lint.SeverityOf
	for _, e := range n.Entries {
		if err := checkRules(e.Key.Text); err != nil {
			fail(e.Key.Errorf("", "severity: %v", err))
			continue
		}
		if _, err := lint.ParseLevel(e.Value.Text); err != nil {
			fail(e.Value.Errorf("", "severity: %v", err))
			continue
		}
		out = append(out, severityOf(e.Key.Text, e.Value.Text, e.Value.Span))
	}
	return out
}

// overridesShape is the JSON schema of lint.overrides.
func overridesShape() ordered {
	one := ordered{{"type", "string"}}
	listOf := ordered{{"oneOf", []any{one, ordered{{"type", "array"}, {"items", one}, {"minItems", 1}}}}}
	return ordered{
		{"type", "array"},
		{"items", ordered{
			{"type", "object"},
			{"additionalProperties", false},
			{"required", []string{"paths"}},
			{"anyOf", []any{ordered{{"required", []string{"select"}}}, ordered{{"required", []string{"ignore"}}}, ordered{{"required", []string{"severity"}}}}},
			{"properties", ordered{
				{"paths", listOf},
				{"select", listOf},
				{"ignore", listOf},
				{"severity", ordered{{"type", "object"}, {"additionalProperties", ordered{{"enum", lint.Levels()}}}}},
			}},
		}},
	}
}
