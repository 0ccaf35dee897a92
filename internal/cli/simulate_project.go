package cli

import (
	"context"
	"strings"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/model"
)

// A configuration is what requests are answered with.
type configuration struct {
	*model.Config
	project *project.Project
	notes   []string // what was assumed, for the trace
}

// loadConfiguration loads what --config names, or what is found, and prints its errors and warnings.
func (in *invocation) loadConfiguration(ctx context.Context) (*configuration, error) {
	p, err := in.load(ctx, "")
	if err != nil {
		return nil, err
	}
	if p.Config == nil {
		return nil, usagef("give a .any file, or a folder that has one", "there is no .any side, and httpd alone is not simulated yet")
	}
	c := &configuration{Config: p.Config, project: p}
	if w := p.Config.Wrapped; len(w) > 0 {
		c.notes = append(c.notes, "the configuration is a fragment; added around it: "+strings.Join(w, ", "))
	}
	return c, nil
}
