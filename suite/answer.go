package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// An Answer is a simulation as its JSON has it: dispcheck.simulate/v1.
type Answer map[string]any

// NewAnswer gives a value the form of an Answer: what its JSON is.
func NewAnswer(v any) (Answer, error) {
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

// LookUp follows a path of names and numbers with dots between them. What lies below null is null. The error is a
// *[PathError].
func (a Answer) LookUp(path string) (any, error) { return lookUp(map[string]any(a), path) }

// open are the mappings of an answer whose names are not the same in every answer: what they lack is null. Names of headers
// count without their case, and may have dots.
var open = []string{"env", "httpd.env", "httpd.headers", "httpd.request_headers_changed", "response.headers"}

// seek is LookUp for expectations of suites: in an open mapping, what is not there is null.
func (a Answer) seek(path string) (any, error) {
	for _, prefix := range open {
		name, ok := strings.CutPrefix(path, prefix+".")
		if !ok {
			continue
		}
		m, err := a.LookUp(prefix)
		if err != nil {
			return nil, err
		}
		names, _ := m.(map[string]any)
		if v, ok := names[name]; ok {
			return v, nil
		}
		if strings.HasSuffix(prefix, "env") {
			return nil, nil
		}
		for _, k := range slices.Sorted(maps.Keys(names)) {
			if strings.EqualFold(k, name) {
				return names[k], nil
			}
		}
		return nil, nil
	}
	return a.LookUp(path)
}

func lookUp(v any, path string) (any, error) {
	at := ""
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case nil:
			return nil, nil
		case map[string]any:
			next, ok := x[name]
			if !ok {
				return nil, &PathError{fmt.Sprintf("%s has no %s", orAnswer(at), name), name, slices.Sorted(maps.Keys(x))}
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
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
