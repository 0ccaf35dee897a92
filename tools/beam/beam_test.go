package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"

	"github.com/dispcheck/dispcheck/internal/cli"
)

func TestMain(m *testing.M) {
	flag.Parse()
	beam.Init()
	os.Exit(m.Run())
}

// TestSameAsReplay: the pipeline on Beam's local runner prints byte for byte what dispcheck replay prints.
func TestSameAsReplay(t *testing.T) {
	log, err := os.ReadFile(filepath.Join("..", "..", "fixtures", "logs", "cdn.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	lines := bytes.SplitAfter(log, []byte("\n"))
	for name, text := range map[string][]byte{
		"a.log": bytes.Join(lines[:30], nil),
		"b.log": append(bytes.Repeat(log, 40), "broken\n\x00binary\n"...), // more than a block
	} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		o    options
		args []string
	}{
		{"text", options{format: "text", pieces: 3}, nil},
		{"json", options{format: "json", pieces: 2, partial: "result"}, []string{"--format", "json"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := tt.o
			o.logs, o.config, o.top, o.MaxDistinct = "*.log", "example:cloud", 10, 1_000_000
			var got, want, errs bytes.Buffer
			err := run(t.Context(), &o, func(ctx context.Context, p *beam.Pipeline) error {
				_, err := prism.Execute(ctx, p)
				return err
			}, &got)
			if err != nil {
				t.Fatal(err)
			}
			args := append([]string{"dispcheck", "replay", "a.log", "b.log", "-c", "example:cloud", "--quiet"}, tt.args...)
			if code := cli.Main(args, bytes.NewReader(nil), &want, &errs); code != 0 {
				t.Fatalf("exit code %d: %s", code, errs.String())
			}
			if got.String() != want.String() {
				t.Errorf("the pipeline prints\n%s\nreplay prints\n%s", got.String(), want.String())
			}
		})
	}
}

// TestConfigTravels: a configuration of the disk is packed, and is the same where it is unpacked.
func TestConfigTravels(t *testing.T) {
	t.Chdir(t.TempDir())
	const text = `/farms { /site { /virtualhosts { "*" } /renders { /0 { /hostname "r" /port "4503" } } $include "filter.any" } }`
	for name, body := range map[string]string{"conf/dispatcher.any": text, "conf/filter.any": `/filter { /0001 { /type "allow" /url "/content/*" } }`} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	packed, err := packConfig("conf/dispatcher.any")
	if err != nil {
		t.Fatal(err)
	}
	o, err := replayOptions(t.Context(), "conf/dispatcher.any", packed, &Settings{MaxDistinct: 10})
	if err != nil {
		t.Fatal(err)
	}
	if f := o.Config.Farms; len(f) != 1 || f[0].Filter == nil || f[0].Filter.Rules[0].At.Span.File.Name != "conf/filter.any" {
		t.Errorf("%+v", f)
	}
	if _, err := packConfig(filepath.Join(t.TempDir(), "x")); err == nil {
		t.Error("an absolute path is taken")
	}
}
