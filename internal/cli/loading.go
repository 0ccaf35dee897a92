package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/expand"
	"github.com/dispcheck/dispcheck/internal/project"
)

// load finds and loads the configuration at path, "" for the one that --config names or that is found.
// It prints what is wrong with it, from warnings up, in one line each on standard error. The error says that there
// is nothing to go on with.
func (in *invocation) load(ctx context.Context, path string) (*project.Project, error) {
	o := in.projectOptions()
	if path != "" {
		o.Path = path
	}
	p, err := loadProject(ctx, o)
	if err != nil {
		return nil, err
	}
	var shown []diag.Diagnostic
	for _, d := range p.Findings {
		if d.Severity >= diag.Warning || in.yes("verbose") {
			shown = append(shown, d)
		}
	}
	return p, in.printer().Compact(in.stderr, shown)
}

// projectOptions returns what the settings say about which configuration is read, and how.
func (in *invocation) projectOptions() project.Options {
	env := map[string]string{}
	for _, pair := range in.list("env") {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	return project.Options{
		Path:              in.text("config"),
		Profile:           project.Kind(in.text("profile")),
		DispatcherVersion: in.text("dispatcher-version"),
		Environment:       in.text("environment"),
		Env:               env,
		EnvFile:           in.text("env-file"),
		Defines:           in.list("define"),
		InheritEnv:        in.yes("inherit-env"),
	}
}

// loadProject loads a configuration. An error that has a place is one that complain knows.
func loadProject(ctx context.Context, o project.Options) (*project.Project, error) {
	p, err := project.Load(ctx, o)
	var e *expand.Error
	if errors.As(err, &e) && !e.Span.IsZero() {
		return nil, &placedError{e.Span, e.Message, e.Hint}
	}
	return p, err
}

// unread says what of a configuration could not be read and no finding has said, and returns errUnusable where
// anything could not: what was printed then rests on a part of the configuration.
func (in *invocation) unread(p *project.Project) error {
	if p.Tree == nil || len(p.Tree.Fatal) == 0 {
		return nil
	}
	for _, e := range p.Tree.Fatal {
		if e.Rule == "" {
			in.complain(&placedError{e.Span, e.Message, e.Hint})
		}
	}
	return errUnusable
}
