package scenario

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/mock"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// A Stage is what a scenario is played on.
type Stage struct {
	Engine *simulate.Engine
	// Store is where its files are put and removed.
	Store simulate.Store
	// Advance puts the time forward; nil where time cannot be.
	Advance func(time.Duration)
	// Mock is what steps take down and up; nil where the renders are real ones.
	Mock *mock.Mock
	// Now is the engine's clock.
	Now simulate.Clock
	// Decide answers a request in place of Engine, which stands behind it; nil leaves it to Engine.
	Decide func(ctx context.Context, r *simulate.Request, d *simulate.Decision, t *simulate.Trace) error
	// Explain asks for the rules that are looked at.
	Explain bool
}

// A Played is a step with what became of it. It is good until the next step.
type Played struct {
	Step     *Step
	Index    int
	Request  *simulate.Request
	Decision *simulate.Decision
	Trace    *simulate.Trace
}

// Options returns what the scenario says of an engine: vanity lists and sessions, known from the start.
func (s *Scenario) Options(o *simulate.Options, config *model.Config, start time.Time) {
	if s.Vanity != nil {
		o.Vanity = map[string]simulate.VanityList{}
		for _, f := range config.Farms {
			if f.VanityURLs != nil {
				o.Vanity[f.VanityURLs.File.Value] = simulate.VanityList{URLs: s.Vanity, Fetched: start}
			}
		}
	}
	if s.Sessions != nil {
		o.Sessions = map[string]time.Time{}
		for credentials, age := range s.Sessions {
			o.Sessions[credentials] = start.Add(-age)
		}
	}
}

// A FileError says which file could not be put into the cache.
type FileError struct {
	File *File
	Err  error
}

func (e *FileError) Error() string {
	return e.File.Name + " cannot be put into the cache: " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *FileError) Unwrap() error { return e.Err }

// Lay puts the files of the scenario into the document roots, in place of what stands there. An error is a *FileError.
func (s *Scenario) Lay(store simulate.Store, config *model.Config, start time.Time) error {
	for i := range s.Files {
		f := &s.Files[i]
		root, name, err := place(store, config, f.Name)
		if err != nil {
			return &FileError{f, err}
		}
		err = errors.Join(root.Remove(name+".h"), root.Remove(name+".ttl"), put(root, name, string(f.Body), f.ModTime(start)))
		if f.Header != nil {
			var b strings.Builder
			for _, h := range f.Header {
				b.WriteString(h.Name + ": " + h.Value + "\n")
			}
			err = errors.Join(err, put(root, name+".h", b.String(), f.ModTime(start)))
		}
		if f.TTL != nil {
			err = errors.Join(err, put(root, name+".ttl", "", start.Add(*f.TTL)))
		}
		if err != nil {
			return &FileError{f, err}
		}
	}
	return nil
}

// place finds the document root of a name: the one that it starts with, else the first of the configuration.
func place(store simulate.Store, config *model.Config, name string) (simulate.Docroot, string, error) {
	best, first := "", ""
	found := false
	for _, f := range config.Farms {
		if f.Cache == nil || f.Cache.Docroot.Value == "" {
			continue
		}
		dir := strings.TrimRight(f.Cache.Docroot.Value, "/") // "" is the root of the file system
		if !found {
			first, found = dir, true
		}
		if strings.HasPrefix(name, dir+"/") && len(dir) > len(best) {
			best = dir
		}
	}
	switch {
	case best != "":
		root, err := store.Docroot(best)
		return root, name[len(best):], err
	case !found:
		return nil, "", errors.New("the configuration has no /cache /docroot to put it into")
	}
	root, err := store.Docroot(first)
	return root, name, err
}

func put(root simulate.Docroot, name, text string, at time.Time) error {
	w, err := root.Create(name, 0o755)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	return w.Commit(at)
}

// Play carries the steps out and passes the answers to visit, in their order.
func (s *Scenario) Play(ctx context.Context, on *Stage, visit func(*Played) error) error {
	var jar *Jar
	if s.Cookies {
		jar = NewJar(on.Now)
	}
	p := Played{Decision: new(simulate.Decision), Trace: &simulate.Trace{Explain: on.Explain}}
	for i := range s.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		step := &s.Steps[i]
		if step.Request == nil {
			if err := on.change(step); err != nil {
				return &StepError{step, err}
			}
			continue
		}
		p.Step, p.Index, p.Request = step, i, step.NewRequest(jar)
		p.Trace.Reset()
		decide := on.Decide
		if decide == nil {
			decide = on.Engine.Decide
		}
		if err := decide(ctx, p.Request, p.Decision, p.Trace); err != nil {
			return &StepError{step, err}
		}
		if jar != nil && step.Kind == Ask {
			jar.Store(p.Request, p.Decision.Response.Header)
		}
		if err := visit(&p); err != nil {
			return err
		}
	}
	return nil
}

// A StepError says which step could not be carried out.
type StepError struct {
	Step *Step
	Err  error
}

func (e *StepError) Error() string { return e.Step.Name + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *StepError) Unwrap() error { return e.Err }

// change carries out a step that is no request.
func (on *Stage) change(step *Step) error {
	switch step.Kind {
	case Advance:
		if on.Advance == nil {
			return errors.New("time cannot be put forward here")
		}
		on.Advance(step.Advance)
	case Down, Up:
		if on.Mock == nil {
			return errors.New("the renders are not mocked: a real one cannot be taken down or up")
		}
		if step.Kind == Down {
			on.Mock.Down(step.Render)
		} else {
			on.Mock.Up(step.Render)
		}
	case Remove:
		root, name, err := place(on.Store, on.Engine.Config(), step.File)
		if err != nil {
			return err
		}
		return root.Remove(name)
	}
	return nil
}
