package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/replay"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/simulate"
)

// maxConfig bounds the configuration that travels to the workers.
const maxConfig = 64 << 20

// packConfig packs the configuration at path, under the names that it has here; nothing for an example, which every worker has.
func packConfig(path string) ([]byte, error) {
	if strings.HasPrefix(path, "example:") {
		return nil, nil
	}
	if filepath.IsAbs(path) || strings.HasPrefix(filepath.Clean(path), "..") {
		return nil, fmt.Errorf("--config %s: give a path below the working directory", path)
	}
	root := path
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.IsDir() {
		root = filepath.Dir(path) // with what it includes
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	err := filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(name) // links are followed: a project switches farms on by them
		if err != nil || !info.Mode().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if b.Len()+len(text) > maxConfig {
			return fmt.Errorf("--config %s is larger than %d MB", path, maxConfig>>20)
		}
		w, err := z.Create(filepath.ToSlash(name))
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// replayOptions load a configuration, packed or an example, to replay on.
func replayOptions(ctx context.Context, path string, packed []byte, s *Settings) (replay.Options, error) {
	o := project.Options{Path: path}
	if packed != nil {
		z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
		if err != nil {
			return replay.Options{}, err
		}
		o.FS, o.Path = z, filepath.ToSlash(filepath.Clean(path))
	}
	p, err := project.Load(ctx, o)
	if err != nil {
		return replay.Options{}, err
	}
	r := replay.Options{
		Config: p.Config, Host: s.Host, UsualHost: "localhost", Scheme: s.Scheme, MaxDistinct: s.MaxDistinct,
		Log: accesslog.Options{Format: s.InputFormat, SampleText: 100},
	}
	open := r.Config == nil
	if open {
		r.Config = site.OpenFarm()
	}
	if s.NoHTTPD {
		return r, nil
	}
	a, err := p.Apache(ctx)
	if err != nil || a == nil {
		return r, err
	}
	if host := a.UsualHost(); host != "" {
		r.UsualHost = host
	}
	r.Server, r.Owned = a.Server, a.Owned
	r.NewSite = func(e *simulate.Engine, now simulate.Clock) *site.Site {
		return site.New(&site.Site{Server: a.Server, Files: a.Files(), Getenv: a.Getenv, Dispatcher: e, Open: open, Now: now})
	}
	return r, nil
}
