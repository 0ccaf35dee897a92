package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/report"
)

// An expectation is one --expect.
type expectation struct{ path, value string }

func checkExpectation(s string) error {
	if path, _, ok := strings.Cut(s, "="); !ok || path == "" {
		return fmt.Errorf("%q has no =; write PATH=VALUE, filter=deny for one", s)
	}
	return nil
}

func (in *invocation) expectations() []expectation {
	var out []expectation
	for _, s := range in.list("expect") {
		path, value, _ := strings.Cut(s, "=")
		out = append(out, expectation{strings.TrimSpace(path), strings.TrimSpace(value)})
	}
	return out
}

// meetExpectations reports whether every answer is as expected, and says on standard error what differs.
func (in *invocation) meetExpectations(ctx context.Context, wants []expectation, q *questions) (met bool, err error) {
	met = true
	if len(wants) == 0 {
		return met, nil
	}
	err = q.each(ctx, func(_ int, s *simulated) error {
		ok, err := in.checkExpectations(wants, s)
		met = met && ok
		return err
	})
	return met, err
}

// checkExpectations compares an answer with what is expected of it. The error says that an expectation asks for
// something that no answer has.
func (in *invocation) checkExpectations(wants []expectation, s *simulated) (met bool, err error) {
	v := report.NewSimulationJSON(&s.Simulation, in.text("path-prefix"))
	answer, err := generic(v)
	if err != nil {
		return false, &internalError{err}
	}
	met = true
	for _, want := range wants {
		got, ok, err := want.compare(answer)
		if err != nil {
			return false, err
		}
		if ok {
			continue
		}
		met = false
		name := s.asked.name
		if name != "" {
			name += ": "
		}
		fmt.Fprintln(in.stderr, report.Line(fmt.Sprintf("%s%s %s: expected %s=%s, actual %s; because: %s",
			name, s.Request.Method, s.Request.Target, want.path, want.value, got, because(v))))
	}
	return met, nil
}

// because says what decided.
func because(v *report.SimulationJSON) string {
	s := v.Reason
	if v.Filter != nil && v.Filter.Rule != nil {
		s += ", rule " + *v.Filter.Rule
	}
	if v.Source != nil {
		s += fmt.Sprintf(" at %s:%d:%d", v.Source.File, v.Source.Line, v.Source.Column)
	}
	if v.Cache != nil && v.Cache.Reason != nil {
		s += "; not cacheable: " + *v.Cache.Reason
	}
	return s
}

// generic gives a value as JSON has it.
func generic(v any) (map[string]any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var out map[string]any
	return out, dec.Decode(&out)
}

// The short names of what is asked for most. filter and cache have a short form of their own.
var shortPaths = map[string]string{"farm": "farm.name", "status": "response.status", "file": "cache.file"}

// compare returns what is there in place of what is expected, and whether that is the same.
func (e expectation) compare(answer map[string]any) (got string, same bool, err error) {
	switch e.path {
	case "filter":
		return e.compareFilter(answer)
	case "cache":
		return e.compareCache(answer)
	}
	path := e.path
	if long, ok := shortPaths[path]; ok {
		path = long
	}
	v, err := lookUp(answer, path)
	if err != nil {
		return "", false, err
	}
	got = plainText(v)
	return got, got == e.value, nil
}

// compareFilter takes allow and deny, and deny by /RULE.
func (e expectation) compareFilter(answer map[string]any) (got string, same bool, err error) {
	action, _ := lookUp(answer, "filter.action")
	rule, _ := lookUp(answer, "filter.rule")
	got = plainText(action)
	want, by, named := strings.Cut(e.value, " by ")
	if rule != nil {
		if named {
			same = strings.TrimSpace(by) == rule
		}
		got += " by " + plainText(rule)
	}
	return got, plainText(action) == strings.TrimSpace(want) && (same || !named), nil
}

// compareCache takes yes, no, no: REASON, and the words of cache.action.
func (e expectation) compareCache(answer map[string]any) (got string, same bool, err error) {
	cacheable, _ := lookUp(answer, "cache.cacheable")
	info, _ := lookUp(answer, "cache.info")
	reason, _ := lookUp(answer, "cache.reason")
	action, _ := lookUp(answer, "cache.action")
	word, wanted, named := strings.Cut(e.value, ":")
	wanted = strings.TrimSpace(wanted)
	got = map[any]string{true: "yes", false: "no", nil: "null"}[cacheable]
	switch {
	case strings.TrimSpace(word) != got && word != plainText(cacheable) && word != plainText(action):
	case !named:
		same = true
	default:
		same = wanted == plainText(info) || wanted == plainText(reason)
	}
	if reason != nil {
		got += ": " + plainText(reason)
	}
	return got, same, nil
}

// lookUp follows a path of names and numbers with dots between them. What lies below null is null.
func lookUp(v any, path string) (any, error) {
	at := ""
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case nil:
			return nil, nil
		case map[string]any:
			next, ok := x[name]
			if !ok {
				names := slices.Sorted(maps.Keys(x))
				return nil, usagef(didYouMean(name, names, "", "it has "+strings.Join(names, ", ")), "--expect: %s has no %s", orAnswer(at), name)
			}
			v = next
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(x) {
				return nil, usagef("", "--expect: %s has %d entries and no %s", orAnswer(at), len(x), name)
			}
			v = x[i]
		default:
			return nil, usagef("", "--expect: %s is a value and has no %s", orAnswer(at), name)
		}
		at = strings.TrimPrefix(at+"."+name, ".")
	}
	return v, nil
}

func orAnswer(path string) string {
	if path == "" {
		return "the answer"
	}
	return path
}

// plainText writes a value for comparing: a text as it is, anything else as JSON.
func plainText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b bytes.Buffer
	if err := report.JSONLine(&b, v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
