package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/expand"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/model"
)

// A configuration is what requests are answered with.
type configuration struct {
	*model.Config
	notes []string // what was assumed, for the trace
	fatal bool     // something could not be read
}

// loadConfiguration loads what --config names, or what is found, and prints its errors and warnings.
func (in *invocation) loadConfiguration(ctx context.Context) (*configuration, error) {
	o := project.Options{
		Path: in.text("config"), Profile: project.Kind(in.text("profile")), DispatcherVersion: in.text("dispatcher-version"),
		Environment: in.text("environment"), Env: map[string]string{}, EnvFile: in.text("env-file"),
		Defines: in.list("define"), InheritEnv: in.yes("inherit-env"),
	}
	for _, pair := range in.list("env") {
		name, value, _ := strings.Cut(pair, "=")
		o.Env[name] = value
	}
	p, err := project.Load(ctx, o)
	if err != nil {
		return nil, loadProblem(err)
	}
	var loud []diag.Diagnostic
	for _, d := range p.Findings {
		if d.Severity >= diag.Warning {
			loud = append(loud, d)
		}
	}
	if err := in.printer().Compact(in.stderr, loud); err != nil {
		return nil, err
	}
	c := &configuration{Config: p.Config}
	if p.Tree != nil {
		c.fatal = len(p.Tree.Fatal) > 0
		for _, e := range p.Tree.Fatal {
			if e.Rule == "" { // which no finding says
				complain(in.stderr, loadProblem(e))
			}
		}
	}
	if p.Config == nil {
		return nil, usagef("give a .any file, or a folder that has one", "there is no .any side, and httpd alone is not simulated yet")
	}
	if w := p.Config.Wrapped; len(w) > 0 {
		c.notes = append(c.notes, "the configuration is a fragment; added around it: "+strings.Join(w, ", "))
	}
	return c, nil
}

// loadProblem gives an error of loading the form in which errors with a place are printed.
func loadProblem(err error) error {
	var e *expand.Error
	if errors.As(err, &e) && !e.Span.IsZero() {
		return &placedError{e.Span, e.Message, e.Hint}
	}
	return err
}
