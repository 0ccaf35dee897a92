package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/internal/decisiondiff"
	"github.com/dispcheck/dispcheck/internal/scenario"
)

// A differ is one run of diff.
type differ struct {
	in      *invocation
	closers []io.Closer
	said    map[string]bool // findings that were printed
	logs    []*decisiondiff.Log
}

func (d *differ) close() {
	for _, c := range d.closers {
		c.Close()
	}
}

// checkStreams says that standard input is asked for twice.
func (d *differ) checkStreams() error {
	n := 0
	for _, name := range []string{"log", "urls", "sitemap"} {
		for _, file := range d.in.list(name) {
			if file == "-" {
				n++
			}
		}
	}
	if n > 1 {
		return usagef("give - once", "diff: standard input cannot be read twice")
	}
	if d.in.given("input-format") && len(d.in.list("log")) == 0 {
		return usagef("give --log", "--input-format: there is no log")
	}
	return nil
}

// sources are what the flags name.
func (d *differ) sources(ctx context.Context, old, new *diffSide) ([]decisiondiff.Source, error) {
	in := d.in
	def, err := d.defaults(new)
	if err != nil {
		return nil, err
	}
	var out []decisiondiff.Source
	for _, name := range in.list("log") {
		l, err := d.log(name, accesslog.Options{Format: in.text("input-format"), KeepQuery: in.yes("keep-query")}, def)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	for _, name := range in.list("urls") {
		l, err := d.log(name, accesslog.Options{Format: "urls", KeepQuery: true}, def)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	for _, name := range in.list("sitemap") {
		s := &decisiondiff.Sitemap{Name: display(name), Client: def.Client, TLS: def.TLS}
		if in.given("host") {
			s.Host = def.Host
		}
		if name == "-" {
			text, err := in.readStdin(ctx, decisiondiff.MaxSitemap)
			if err != nil {
				return nil, err
			}
			s.Name, s.Text = stdinName, bytes.NewReader(text)
		} else {
			text, err := readBounded(name, decisiondiff.MaxSitemap)
			if err != nil {
				return nil, err
			}
			s.Text = bytes.NewReader(text)
		}
		out = append(out, s)
	}
	for _, name := range in.list("suite") {
		l, err := d.suite(name, def)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	if in.yes("audit") {
		out = append(out, probes{in, old}, probes{in, new})
	}
	return out, nil
}

// log opens a log or a list of URLs.
func (d *differ) log(name string, o accesslog.Options, def decisiondiff.Defaults) (*decisiondiff.Log, error) {
	l := &decisiondiff.Log{Name: name, Options: o, Defaults: def}
	if name == "-" {
		l.Name, l.Stream = stdinName, d.in.stdin
	} else if info, err := os.Stat(name); err != nil {
		return nil, newFileError(display(name), err)
	} else if !info.Mode().IsRegular() {
		return nil, &fileError{display(name), errors.New("is no regular file; use - to read standard input")}
	}
	d.logs = append(d.logs, l)
	return l, nil
}

// suite takes the requests of a suite.
func (d *differ) suite(name string, def decisiondiff.Defaults) (decisiondiff.List, error) {
	reader := testRun{in: d.in, paths: map[string]string{}}
	s, err := reader.read(name, scenario.Base{Client: def.Client})
	if err != nil {
		return nil, err
	}
	var out decisiondiff.List
	for _, c := range s.Cases {
		for i := range c.Scenario.Steps {
			step := &c.Scenario.Steps[i]
			if step.Kind != scenario.Ask && step.Kind != scenario.Publish || step.Request == nil {
				continue
			}
			r := step.Request
			q := decisiondiff.Request{Method: r.Method, Target: r.Target, Host: r.Host, TLS: r.TLS, Header: r.Header, Client: r.Client}
			if step.NoHost || q.Host == "" {
				q.Host = def.Host
			}
			out = append(out, q)
		}
	}
	if len(out) == 0 {
		return nil, &fileError{display(name), errors.New("has no request")}
	}
	return out, nil
}

// sourceError gives an error of reading a source the form of the others.
func (d *differ) sourceError(err error) error {
	var pe *fs.PathError
	switch {
	case errors.As(err, &pe):
		return newFileError(display(pe.Path), err)
	case decisiondiff.IsUnreadable(err):
		return usagef("", "%v", err)
	}
	return err
}
