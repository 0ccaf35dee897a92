package cli

import (
	"context"
	"strings"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/model"
)

// A configuration is what requests are answered with.
type configuration struct {
	*model.Config
	project *project.Project
	apache  *project.Apache // nil where there is no httpd side, or where it is left out
	open    bool            // an open farm stands for a .any side
	notes   []string        // what was assumed, for the trace
}

// loadConfiguration loads what --config names, or what is found, with the httpd side where httpd is set, and prints errors
// and warnings.
func (in *invocation) loadConfiguration(ctx context.Context, httpd bool) (*configuration, error) {
	p, err := in.load(ctx, "")
	if err != nil {
		return nil, err
	}
	return configurationOf(ctx, p, httpd)
}

// configurationOf is what requests are answered with where a project was loaded.
func configurationOf(ctx context.Context, p *project.Project, httpd bool) (*configuration, error) {
	var err error
	c := &configuration{Config: p.Config, project: p}
	if httpd {
		if c.apache, err = p.Apache(ctx); err != nil {
			return nil, err
		}
	}
	if p.Config == nil {
		if c.apache == nil {
			return nil, usagef("give a .any file, a file of httpd, or a folder that has one", "there is neither an .any side nor one of httpd")
		}
		c.Config, c.open = site.OpenFarm(), true
		c.notes = append(c.notes, "there is no .any side: an open farm stands for the Dispatcher, which lets all through and stores nothing")
		return c, nil
	}
	if w := p.Config.Wrapped; len(w) > 0 {
		c.notes = append(c.notes, "the configuration is a fragment; added around it: "+strings.Join(w, ", "))
	}
	return c, nil
}
