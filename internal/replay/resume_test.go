package replay_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/replay"
)

// TestResume: a run that is stopped after any of its checkpoints and gone on with says what one says that is not.
func TestResume(t *testing.T) {
	p := exampleProject(t, "cloud", false)
	var b bytes.Buffer
	if err := generateLog(&b, 9000, 900); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := strings.Replace(b.String(), "GET ", "G", 7) + "broken\n"
	half := strings.Index(text[len(text)/2:], "\n") + len(text)/2 + 1
	var inputs []replay.Input
	o := p.options()
	o.Host, o.Calibrate, o.Jobs, o.CheckpointEvery = "www.wknd.example", true, 2, 100<<10
	for name, part := range map[string]string{"a.log": text[:half], "b.log": text[half:]} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(part), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a.log", "b.log"} {
		in := fileInput(filepath.Join(dir, name), o.Log)
		info, err := os.Stat(in.Name)
		if err != nil {
			t.Fatal(err)
		}
		in.Size = info.Size()
		inputs = append(inputs, in)
	}
	want := run(t, o, inputs...).Summary(10)
	stop := errors.New("stopped")
	for after := 1; ; after++ {
		var saved []byte
		n := 0
		o := o
		o.Checkpoint = func(r *replay.Result) error {
			if n == after {
				return stop
			}
			n++
			saved = encoded(t, r)
			return nil
		}
		_, err := replay.Run(t.Context(), inputs, o)
		if err == nil {
			if after < 4 {
				t.Errorf("there were only %d checkpoints", after-1)
			}
			break
		}
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		o.Checkpoint = func(*replay.Result) error { return nil }
		if o.Resume, err = replay.Decode(bytes.NewReader(saved)); err != nil {
			t.Fatal(err)
		}
		r, err := replay.Run(t.Context(), inputs, o)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, r.Summary(10)); diff != "" {
			t.Errorf("after checkpoint %d: want -, got +:\n%s", after, diff)
		}
	}
}

// TestResumeRefuses: what was done on another configuration, or of a log that has become shorter.
func TestResumeRefuses(t *testing.T) {
	p := exampleProject(t, "cloud", false)
	o := p.options()
	o.Checkpoint = func(*replay.Result) error { return nil }
	in := textInput("log", "/content/wknd/us/en.html\n/x\n", o.Log)
	in.Size = 27
	r := run(t, o, in)
	shorter := in
	shorter.Size = 3
	again := o
	again.Resume = r
	if _, err := replay.Run(t.Context(), []replay.Input{shorter}, again); err == nil || !strings.Contains(err.Error(), "is shorter") {
		t.Errorf("got %v", err)
	}
	again.Host = "other.example"
	if _, err := replay.Run(t.Context(), []replay.Input{in}, again); err == nil || !strings.Contains(err.Error(), "cannot be gone on with: they assume different hosts") {
		t.Errorf("got %v", err)
	}
}
