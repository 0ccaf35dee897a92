package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/source"
	"github.com/dispcheck/dispcheck/suite"
)

// record writes a suite of what is decided today for URLs.
func (t *testRun) record(ctx context.Context, l *loaded) error {
	in := t.in
	if len(in.args) > 1 {
		return usagef("", "--record writes one suite, and %d are named", len(in.args))
	}
	base, err := in.base()
	if err != nil {
		return err
	}
	text, name, err := t.urls(ctx)
	if err != nil {
		return err
	}
	list, err := scenario.Parse(source.NewFile(name, text), scenario.Options{Base: base, Notation: scenario.Lines})
	if err != nil {
		return err
	}
	c := &suite.Case{Scenario: list}
	player := t.player()
	var out []suite.Recorded
	for i := range list.Steps {
		one := *c
		one.Scenario = &scenario.Scenario{Steps: list.Steps[i : i+1]}
		s, _, err := player.simulation(ctx, l, &one)
		if err != nil {
			return err
		}
		err = s.scenario.Play(ctx, &s.stage, func(p *scenario.Played) error {
			seen, err := t.observe(ctx, s, p, &one)
			if err != nil {
				return err
			}
			r := *p.Request
			out = append(out, suite.Recorded{Request: &r, Answer: seen.Answer})
			return nil
		})
		if err != nil {
			return err
		}
	}
	title := "recorded"
	if len(in.args) == 1 {
		title = strings.TrimSuffix(filepath.Base(in.args[0]), suite.Suffix)
	}
	var b bytes.Buffer
	if err := suite.Write(&b, title, out); err != nil {
		return err
	}
	if len(in.args) == 0 {
		_, err := in.stdout.Write(b.Bytes())
		return err
	}
	if _, err := os.Lstat(in.args[0]); err == nil {
		return usagef("name another, or remove it first", "%s is there already", display(in.args[0]))
	}
	if err := in.writeFile(in.args[0], whole(b.Bytes())); err != nil {
		return err
	}
	in.remark("%s: %s written", display(in.args[0]), count(len(out), "case"))
	return nil
}

// urls reads what --record names, with GET put before lines that start with a URL.
func (t *testRun) urls(ctx context.Context) (text []byte, name string, err error) {
	file := t.in.text("record")
	switch file {
	case "":
		return nil, "", usagef("", "--record names no file")
	case "-":
		name = stdinName
		text, err = t.in.readStdin(ctx, scenario.MaxSize)
	default:
		name = display(file)
		text, err = readBounded(file, scenario.MaxSize)
	}
	if err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	for l := range bytes.Lines(text) {
		if w := bytes.Fields(l); len(w) > 0 && (w[0][0] == '/' || bytes.Contains(w[0], []byte("://")) && w[0][0] != '#' && w[0][0] != '{') {
			b.WriteString("GET ")
		}
		b.Write(l)
	}
	return b.Bytes(), name, nil
}
