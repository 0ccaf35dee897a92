package project

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/dispcheck/dispcheck/internal/expand"
)

// A Layer says who set a variable. A higher layer hides the ones below it.
type Layer uint8

// The layers, weakest first.
const (
	// FromPlatform is what the platform sets (Options.Environment says for which environment).
	FromPlatform Layer = iota
	// FromDefine is a Define in the project's Apache files. It hides what httpd finds in its environment
	// (httpd.apache.org, 2.4, configuring).
	FromDefine
	// FromProcess is the environment of this process, where it was asked for.
	FromProcess
	// FromOption is Options.Defines.
	FromOption
	// FromEnvFile is Options.EnvFile.
	FromEnvFile
	// FromEnv is Options.Env.
	FromEnv

	layers
)

// A Variable is one ${NAME} that a configuration may use.
type Variable struct {
	Name  string
	Value string
	// From says where it was set, for people: "--env", "conf.d/variables/global.vars:3".
	From  string
	Layer Layer
	// Bare says that it is defined without a value, which only <IfDefine> sees.
	Bare bool
}

// Env holds the variables of a configuration. It does not change once Load has returned.
type Env struct {
	vars    [layers]map[string]Variable
	defined map[string]bool // for <IfDefine>
	flags   []string
}

// newEnv collects what is known before any file of the configuration is read.
func newEnv(o *Options, kind Kind) (*Env, error) {
	environment, err := checkEnvironment(o.Environment)
	if err != nil {
		return nil, err
	}
	e := &Env{defined: map[string]bool{}}
	for i := range e.vars {
		e.vars[i] = map[string]Variable{}
	}
	for _, v := range defaults(kind, environment) {
		e.set(FromPlatform, v)
	}
	if o.InheritEnv {
		environ := o.Environ
		if environ == nil {
			environ = os.Environ()
		}
		for _, kv := range environ {
			if name, value, ok := strings.Cut(kv, "="); ok && name != "" {
				e.set(FromProcess, Variable{Name: name, Value: value, From: "the environment"})
			}
		}
	}
	for _, d := range o.Defines {
		name, value, ok := strings.Cut(d, "=")
		e.set(FromOption, Variable{Name: name, Value: value, From: "--define", Bare: !ok})
		e.defined[name] = true
	}
	if o.EnvFile != "" {
		file := o.EnvFile
		if !filepath.IsAbs(file) {
			file = filepath.Join(o.WorkDir, file)
		}
		vars, err := readEnvFile(file, filepath.ToSlash(o.EnvFile))
		if err != nil {
			return nil, err
		}
		for _, v := range vars {
			e.set(FromEnvFile, v)
		}
	}
	for name, value := range o.Env {
		e.set(FromEnv, Variable{Name: name, Value: value, From: "--env"})
	}
	e.flags = flags(kind, environment, func(name string) (string, bool) {
		v, ok := e.find(name)
		return v.Value, ok
	})
	for _, f := range e.flags {
		e.defined[f] = true
	}
	return e, nil
}

func (e *Env) set(layer Layer, v Variable) {
	v.Layer = layer
	e.vars[layer][v.Name] = v
}

// find returns the variable that counts. One without a value hides none that has one.
func (e *Env) find(name string) (v Variable, ok bool) {
	for layer := layers; layer > 0; {
		layer--
		if w, found := e.vars[layer][name]; found {
			if !w.Bare {
				return w, true
			}
			if !ok {
				v, ok = w, true
			}
		}
	}
	return v, ok
}

// Find returns the variable that counts for a name.
func (e *Env) Find(name string) (Variable, bool) { return e.find(name) }

// Lookup is Find for package expand.
func (e *Env) Lookup(name string) (expand.Variable, bool) {
	v, ok := e.find(name)
	return expand.Variable{Value: v.Value, From: v.From, Bare: v.Bare}, ok
}

// Defined reports whether <IfDefine NAME> holds after the last line of the configuration.
func (e *Env) Defined(name string) bool { return e.defined[name] }

// Flags returns the names that the platform defines on httpd's command line.
func (e *Env) Flags() []string { return slices.Clone(e.flags) }

// All returns the variables that count, by name.
func (e *Env) All() []Variable {
	var all []Variable
	for _, name := range e.Names() {
		v, _ := e.find(name)
		all = append(all, v)
	}
	return all
}

// onServer returns a variable of the environment that httpd is started in: of the platform, and of the user's making.
// What the configuration defines itself is not among them.
func (e *Env) onServer(name string) (v Variable, ok bool) {
	for _, layer := range [...]Layer{FromEnv, FromEnvFile, FromProcess, FromPlatform} {
		if v, ok = e.vars[layer][name]; ok {
			return v, true
		}
	}
	return Variable{}, false
}

// options returns the variables of --define, by name.
func (e *Env) options() []Variable {
	var all []Variable
	for _, name := range slices.Sorted(maps.Keys(e.vars[FromOption])) {
		all = append(all, e.vars[FromOption][name])
	}
	return all
}

// Names returns the names of all variables, sorted.
func (e *Env) Names() []string {
	seen := map[string]bool{}
	var names []string
	for _, vars := range e.vars {
		for name := range vars {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	sort.Strings(names)
	return names
}
