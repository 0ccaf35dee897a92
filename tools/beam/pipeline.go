package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/gcs"   // gs://
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local" // paths
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/s3"    // s3://
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/internal/replay"
	"github.com/dispcheck/dispcheck/internal/report"
)

func init() {
	register.DoFn3x1[context.Context, Piece, func([]byte), error](&replayFn{})
	register.DoFn2x1[context.Context, []byte, error](&writeFn{})
	register.Combiner1[[]byte](&mergeFn{})
	register.Emitter1[[]byte]()
}

// A Piece is a share of one log.
type Piece struct {
	Log    string
	Size   int64
	Index  int
	Pieces int
}

// A replayFn replays pieces. What it emits are partial results.
type replayFn struct {
	Config   string
	Packed   []byte
	Settings Settings

	options *replay.Options
}

// Setup loads the configuration.
func (f *replayFn) Setup(ctx context.Context) error {
	o, err := replayOptions(ctx, f.Config, f.Packed, &f.Settings)
	if err != nil {
		return err
	}
	f.options = &o
	return nil
}

// ProcessElement replays a piece.
func (f *replayFn) ProcessElement(ctx context.Context, p Piece, emit func([]byte)) error {
	o := *f.options
	o.Shard, o.Shards = p.Index, p.Pieces
	reading := o.Reading()
	var src io.ReadCloser
	open := func() (*accesslog.Blocks, error) {
		fsys, err := filesystem.New(ctx, p.Log)
		if err != nil {
			return nil, err
		}
		defer fsys.Close()
		if src, err = fsys.OpenRead(ctx, p.Log); err != nil {
			return nil, err
		}
		return accesslog.StreamBlocks(src, reading)
	}
	r, err := replay.Run(ctx, []replay.Input{{Name: p.Log, Size: p.Size, Open: open}}, o)
	if src != nil {
		src.Close()
	}
	if err != nil {
		return err
	}
	r.Header.Shards = []replay.Shard{} // pieces of other logs have the same numbers
	var b bytes.Buffer
	if err := r.Encode(&b); err != nil {
		return err
	}
	emit(b.Bytes())
	return nil
}

// A mergeFn joins partial results.
type mergeFn struct{}

// CreateAccumulator begins with nothing.
func (mergeFn) CreateAccumulator() []byte { return nil }

// AddInput joins two.
func (mergeFn) AddInput(a, b []byte) ([]byte, error) { return merge(a, b) }

// MergeAccumulators joins two.
func (mergeFn) MergeAccumulators(a, b []byte) ([]byte, error) { return merge(a, b) }

// ExtractOutput returns what was joined.
func (mergeFn) ExtractOutput(a []byte) []byte { return a }

func merge(a, b []byte) ([]byte, error) {
	if len(a) == 0 || len(b) == 0 {
		return append(a, b...), nil
	}
	r, err := replay.Decode(bytes.NewReader(a))
	if err != nil {
		return nil, err
	}
	o, err := replay.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if err := r.Merge(o); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := r.Encode(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// A writeFn writes the joined result.
type writeFn struct{ File string }

// ProcessElement writes it.
func (f *writeFn) ProcessElement(ctx context.Context, b []byte) error {
	return filesystemWrite(ctx, f.File, b)
}

func filesystemWrite(ctx context.Context, name string, b []byte) error {
	fsys, err := filesystem.New(ctx, name)
	if err != nil {
		return err
	}
	defer fsys.Close()
	w, err := fsys.OpenWrite(ctx, name)
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		w.Close()
		return err
	}
	return w.Close()
}

// A runner runs a pipeline to its end.
type runner func(context.Context, *beam.Pipeline) error

// run makes the pipeline, runs it and prints what came of it.
func run(ctx context.Context, o *options, runs runner, out io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	packed, err := packConfig(o.config)
	if err != nil {
		return err
	}
	if _, err := replayOptions(ctx, o.config, packed, &o.Settings); err != nil { // better known here than from a worker
		return err
	}
	pieces, err := piecesOf(ctx, o.logs, o.pieces)
	if err != nil {
		return err
	}
	file := o.partial
	if file == "" {
		dir, err := os.MkdirTemp("", "dispcheck-beam-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		file = filepath.Join(dir, "result")
	}
	p := beam.NewPipeline()
	s := p.Root()
	elements := beam.Reshuffle(s, beam.CreateList(s, pieces))
	parts := beam.ParDo(s, &replayFn{Config: o.config, Packed: packed, Settings: o.Settings}, elements)
	beam.ParDo0(s, &writeFn{file}, beam.Combine(s, &mergeFn{}, parts))
	if err := runs(ctx, p); err != nil {
		return err
	}
	return print(ctx, file, o, out)
}

// piecesOf parts the logs that a pattern names.
func piecesOf(ctx context.Context, pattern string, n int) ([]Piece, error) {
	fsys, err := filesystem.New(ctx, pattern)
	if err != nil {
		return nil, err
	}
	defer fsys.Close()
	names, err := fsys.List(ctx, pattern)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("--logs %s matches no file", pattern)
	}
	var pieces []Piece
	for _, name := range names {
		if strings.HasSuffix(name, "/") {
			continue
		}
		for i := range n {
			pieces = append(pieces, Piece{Log: name, Size: -1, Index: i, Pieces: n})
		}
	}
	return pieces, nil
}

// print reads the joined result and prints it as dispcheck replay does.
func print(ctx context.Context, file string, o *options, out io.Writer) error {
	fsys, err := filesystem.New(ctx, file)
	if err != nil {
		return err
	}
	defer fsys.Close()
	f, err := fsys.OpenRead(ctx, file)
	if err != nil {
		return errors.Join(errors.New("the result is not where the workers should have written it; name a place that they reach with --partial"), err)
	}
	defer f.Close()
	r, err := replay.Decode(f)
	if err != nil {
		return err
	}
	s := r.Summary(o.top)
	if o.format == "json" {
		return report.JSON(out, report.NewReplayJSON(s, ""))
	}
	return new(report.Printer).Replay(out, s)
}
