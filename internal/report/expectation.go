package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// An Expectation is what an answer must say: the value at a path into its JSON, or one of the short forms of paths.
type Expectation struct{ Path, Value string }

// An Answer is a simulation as JSON has it.
type Answer map[string]any

// NewAnswer gives a simulation as JSON has it.
func NewAnswer(v *SimulationJSON) (Answer, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var out Answer
	return out, dec.Decode(&out)
}

// A PathError says that an expectation asks for something that no answer has.
type PathError struct {
	// Message is what is wrong. Name is what was asked for, and Known the names that are there.
	Message, Name string
	Known         []string
}

func (e *PathError) Error() string { return e.Message }

// The short names of what is asked for most. filter and cache have a short form of their own.
var shortPaths = map[string]string{"farm": "farm.name", "status": "response.status", "file": "cache.file"}

// Compare returns what is there in place of what is expected, and whether that is the same. The error is a *PathError.
func (e Expectation) Compare(answer Answer) (got string, same bool, err error) {
	switch e.Path {
	case "filter":
		return e.compareFilter(answer)
	case "cache":
		return e.compareCache(answer)
	case "log":
		return e.compareLog(answer)
	}
	path := e.Path
	if long, ok := shortPaths[path]; ok {
		path = long
	}
	v, err := lookUp(map[string]any(answer), path)
	if err != nil {
		return "", false, err
	}
	got = plainText(v)
	return got, got == e.Value, nil
}

// compareFilter takes allow and deny, and deny by /RULE.
func (e Expectation) compareFilter(answer Answer) (got string, same bool, err error) {
	action, _ := lookUp(map[string]any(answer), "filter.action")
	rule, _ := lookUp(map[string]any(answer), "filter.rule")
	got = plainText(action)
	want, by, named := strings.Cut(e.Value, " by ")
	if rule != nil {
		if named {
			same = strings.TrimSpace(by) == rule
		}
		got += " by " + plainText(rule)
	}
	return got, plainText(action) == strings.TrimSpace(want) && (same || !named), nil
}

// compareLog takes a line of the log, without date, level and process, that must be there.
func (e Expectation) compareLog(answer Answer) (got string, same bool, err error) {
	events, _ := answer["trace"].([]any)
	for _, v := range events {
		if event, ok := v.(map[string]any); ok && event["message"] == e.Value {
			return e.Value, true, nil
		}
	}
	return fmt.Sprintf("%d other lines", len(events)), false, nil
}

// compareCache takes yes, no, no: REASON, and the words of cache.action.
func (e Expectation) compareCache(answer Answer) (got string, same bool, err error) {
	cacheable, _ := lookUp(map[string]any(answer), "cache.cacheable")
	info, _ := lookUp(map[string]any(answer), "cache.info")
	reason, _ := lookUp(map[string]any(answer), "cache.reason")
	action, _ := lookUp(map[string]any(answer), "cache.action")
	word, wanted, named := strings.Cut(e.Value, ":")
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
				return nil, &PathError{fmt.Sprintf("%s has no %s", orAnswer(at), name), name, names}
			}
			v = next
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(x) {
				return nil, &PathError{Message: fmt.Sprintf("%s has %d entries and no %s", orAnswer(at), len(x), name)}
			}
			v = x[i]
		default:
			return nil, &PathError{Message: fmt.Sprintf("%s is a value and has no %s", orAnswer(at), name)}
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
	if err := JSONLine(&b, v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
