package replay_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/replay"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/simulate"
)

// A loaded is a project to replay on.
type loaded struct {
	p *project.Project
	a *project.Apache
}

// load loads a project.
func load(t testing.TB, o project.Options, httpd bool) *loaded {
	t.Helper()
	p, err := project.Load(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	l := &loaded{p: p}
	if httpd {
		if l.a, err = p.Apache(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func exampleProject(t testing.TB, name string, httpd bool) *loaded {
	return load(t, project.Options{Path: "example:" + name}, httpd)
}

// options replay on the project.
func (l *loaded) options() replay.Options {
	o := replay.Options{Config: l.p.Config, UsualHost: "localhost", Log: accesslog.Options{SampleText: 100}}
	if l.a != nil {
		o.Server, o.Owned = l.a.Server, l.a.Owned
		o.NewSite = func(e *simulate.Engine, now simulate.Clock) *site.Site {
			return site.New(&site.Site{Server: l.a.Server, Files: l.a.Files(), Getenv: l.a.Getenv, Dispatcher: e, Now: now})
		}
	}
	return o
}

// textInput is a log in memory.
func textInput(name, text string, o accesslog.Options) replay.Input {
	return replay.Input{Name: name, Open: func() (*accesslog.Blocks, error) { return accesslog.StreamBlocks(strings.NewReader(text), o) }}
}

// fileInput is a log on the disk.
func fileInput(name string, o accesslog.Options) replay.Input {
	return replay.Input{Name: name, Open: func() (*accesslog.Blocks, error) {
		f, err := accesslog.Open(name, o)
		if err != nil {
			return nil, err
		}
		return f.Blocks()
	}}
}

// run replays a log.
func run(t testing.TB, o replay.Options, inputs ...replay.Input) *replay.Result {
	t.Helper()
	r, err := replay.Run(context.Background(), inputs, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// encoded is a result as it is written.
func encoded(t testing.TB, r *replay.Result) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
