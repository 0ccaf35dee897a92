package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// maxScenario is how many bytes of requests are read.
const maxScenario = 16 << 20

// A scenarioRequest is one request to answer, with what was assumed for it.
type scenarioRequest struct {
	request   *simulate.Request
	hostGiven bool // even if it is empty
	notes     []string
	name      string // "requests.txt:3", "" for the one of the arguments
}

// readScenario reads the requests of a file. All lines are read before the first is answered, so that a mistake in
// the last one is found at once.
func (in *invocation) readScenario(ctx context.Context, path string, body []byte) ([]scenarioRequest, error) {
	name := stdinName
	var text []byte
	var err error
	if path == "-" {
		text, err = in.readStdin(ctx, maxScenario)
	} else {
		name = display(path)
		text, err = readBounded(path, maxScenario)
	}
	if err != nil {
		return nil, err
	}
	src := source.NewFile(name, text)
	var out []scenarioRequest
	for n := range src.Lines() {
		span := src.Line(n + 1)
		row := text[span.Start:span.End]
		if n == 0 {
			row = bytes.TrimPrefix(row, []byte("\xef\xbb\xbf")) // some editors start a file so
		}
		row = bytes.TrimSpace(row)
		if len(row) == 0 || row[0] == '#' {
			continue
		}
		var s scenarioRequest
		if row[0] == '{' {
			s, err = in.jsonRequest(row)
		} else {
			s, err = in.wordRequest(string(row))
		}
		if err != nil {
			return nil, &placedError{span, err.Error(), "a line is METHOD URL [HOST] or a JSON object with method and url"}
		}
		s.name = fmt.Sprintf("%s:%d", name, n+1)
		s.complete(body)
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, &fileError{name, errors.New("holds no request")}
	}
	return out, nil
}

// wordRequest reads METHOD URL [HOST].
func (in *invocation) wordRequest(row string) (scenarioRequest, error) {
	words := strings.Fields(row)
	if len(words) < 2 || len(words) > 3 {
		return scenarioRequest{}, fmt.Errorf("the line has %s, and a request two or three", count(len(words), "word"))
	}
	s, err := in.newRequest(words[0], words[1])
	if err == nil && len(words) == 3 {
		s.add("Host", words[2])
	}
	return s, err
}

// jsonRequest reads {"method":…,"url":…,"host":…,"headers":{…}}. A header's value is a text or a list of texts.
func (in *invocation) jsonRequest(row []byte) (scenarioRequest, error) {
	var r struct {
		Method  string                     `json:"method"`
		URL     string                     `json:"url"`
		Host    *string                    `json:"host"`
		Headers map[string]json.RawMessage `json:"headers"`
	}
	dec := json.NewDecoder(bytes.NewReader(row))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return scenarioRequest{}, jsonProblem(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return scenarioRequest{}, errors.New("something follows the JSON object")
	}
	if r.Method == "" || r.URL == "" {
		return scenarioRequest{}, errors.New("the JSON object lacks method or url")
	}
	s, err := in.newRequest(r.Method, r.URL)
	if err != nil {
		return s, err
	}
	if r.Host != nil {
		s.add("Host", *r.Host)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		values, err := headerValues(r.Headers[name])
		if err != nil {
			return s, fmt.Errorf("header %s: %w", name, err)
		}
		for _, v := range values {
			if err := checkHeader(name + ": " + v); err != nil {
				return s, err
			}
			s.add(name, v)
		}
	}
	return s, nil
}

func headerValues(raw json.RawMessage) ([]string, error) {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}, nil
	}
	var many []string
	if json.Unmarshal(raw, &many) != nil {
		return nil, errors.New("its value is neither a text nor a list of texts")
	}
	return many, nil
}

// jsonProblem says in our words what encoding/json says in its own.
func jsonProblem(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("the JSON breaks off or goes wrong at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		wanted := "a text"
		if kind.Type.Kind() == reflect.Map {
			wanted = "an object of names and values"
		}
		article := "a"
		if strings.HasPrefix(kind.Value, "a") || strings.HasPrefix(kind.Value, "o") { // array, object
			article = "an"
		}
		return fmt.Errorf("JSON key %s is %s %s, not %s", kind.Field, article, kind.Value, wanted)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON object is not closed")
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}
