package simulate_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
	"github.com/dispcheck/dispcheck/suite"
)

// TestSequences checks what is known of the module's behaviour over several requests. A file of testdata/sequences is a
// text archive: its comment says what is shown, which part of the behaviour it is about (Topic) and where that is
// published (Source); config.any is a configuration or a part of one; scenario.yaml a scenario whose steps say what is
// expected; options may hold lines version=, reading= and directive=.
func TestSequences(t *testing.T) {
	files, err := filepath.Glob("testdata/sequences/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sequences: %v", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			for _, word := range []string{"Topic: ", "Source: "} {
				if !strings.Contains(string(a.Comment), word) {
					t.Errorf("the file has no line %q", word)
				}
			}
			if n := playSequence(t, a); n == 0 {
				t.Error("nothing is expected of any step")
			}
		})
	}
}

// playSequence plays an archive and returns how many expectations it has.
func playSequence(t *testing.T, a *txtar.Archive) (checked int) {
	t.Helper()
	sections := map[string]string{}
	for _, f := range a.Files {
		sections[f.Name] = string(f.Data)
	}
	o := sequenceOptions(t, sections["options"])
	config := decodeText(t, sections["config.any"], o.Version, nil)
	s, err := scenario.Parse(source.NewFile("scenario.yaml", []byte(sections["scenario.yaml"])), scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	start := s.At
	if start.IsZero() {
		start = time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC)
	}
	line := simulate.NewTimeline(start)
	store := new(docroot.Memory)
	o.Now, o.Sleep, o.Store = line.Now, line.Sleep, store
	if s.Mock != nil {
		s.Mock.SetSleep(line.Sleep)
		o.Backend = s.Mock
	}
	s.Options(&o, config, start)
	if err := s.Lay(store, config, start); err != nil {
		t.Fatal(err)
	}
	on := scenario.Stage{Engine: simulate.New(config, o), Store: store, Advance: line.Advance, Mock: s.Mock, Now: line.Now}
	err = s.Play(context.Background(), &on, func(p *scenario.Played) error {
		v := report.NewSimulationJSON(&report.Simulation{Request: p.Request, Decision: p.Decision, Trace: p.Trace, ShowTrace: true}, "")
		answer, err := suite.NewAnswer(v)
		if err != nil {
			return err
		}
		for _, e := range p.Step.Expect {
			checked++
			want := suite.Literal(e.Path, e.Value)
			got, err := want.Check(answer)
			if err != nil {
				if path := (*suite.PathError)(nil); !errors.As(err, &path) || e.Value != "null" {
					t.Errorf("%s %s: %v", p.Step.Name, p.Request.Target, err)
				}
				continue
			}
			if !got.OK {
				t.Errorf("%s %s %s: expected %s=%s, got %s%s", p.Step.Name, p.Request.Method, p.Request.Target, e.Path, e.Value, got.Actual, traceLines(p.Trace))
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return checked
}

func traceLines(t *simulate.Trace) string {
	var b strings.Builder
	for _, e := range t.Events {
		fmt.Fprintf(&b, "\n\t[%s] %s", e.Level, e.Message)
	}
	return b.String()
}

func sequenceOptions(t *testing.T, text string) simulate.Options {
	t.Helper()
	var o simulate.Options
	var err error
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "version":
			o.Version, err = simulate.ParseVersion(value)
		case "reading":
			err = o.Readings.Set(value)
		case "directive":
			err = simulate.ParseDirective(&o.Directives, value)
		default:
			t.Fatalf("nothing is known of option %q", key)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return o
}
