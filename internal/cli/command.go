package cli

import (
	"context"
	"slices"
)

// A command is one word of the command line, with what help, completion and documents say about it.
type command struct {
	name    string
	usage   string // one line, lower case, no full stop
	args    string // the arguments in help: "FILE", "[PATH…|-]"
	about   string // what it does in a few sentences
	flags   []*flag
	formats []string // what --format may ask for, the default first; empty means text alone
	exits   []exit   // what each exit code means here
	example example
	sub     []*command
	minArgs int
	maxArgs int // -1 for any number
	// completeFrom says what the shell offers for arguments; argValues are offered besides.
	completeFrom completion
	argValues    []string
	// laterValues are more of them, made when they are asked for: to look at all rules at each start takes time.
	laterValues func() []string
	// bare says that the command reads no project file, because it must work where that one is broken,
	// and is over at once, so that it need not be stopped by Ctrl-C.
	bare bool
	// serves says that the command runs until it is ended: SIGTERM is how it ends, and lets it end what it has begun.
	serves bool
	hidden bool
	run    func(context.Context, *invocation) error
}

// An exit is one exit code and when it comes.
type exit struct {
	code    int
	meaning string
}

// An example is one line to type and what it is for.
type example struct{ line, purpose string }

// writes returns the formats that the command writes.
func (c *command) writes() []string {
	if len(c.formats) == 0 {
		return []string{"text"}
	}
	return c.formats
}

// find returns the command of that name, and nil where there is none.
func find(cs []*command, name string) *command {
	i := slices.IndexFunc(cs, func(c *command) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return cs[i]
}

// names returns the names of the commands that are not hidden.
func names(cs []*command) []string {
	var out []string
	for _, c := range cs {
		if !c.hidden {
			out = append(out, c.name)
		}
	}
	return out
}

// allFlags returns the flags of a command given by its path: its own, then those of the settings table.
// With no command these are the flags that every command has.
func allFlags(path []*command) []*flag {
	var out []*flag
	word := ""
	if len(path) > 0 {
		out = append(out, path[len(path)-1].flags...)
		word = path[0].name
	}
	for _, f := range settings() {
		if f.name != "" && (len(f.on) == 0 || slices.Contains(f.on, word)) {
			out = append(out, f)
		}
	}
	return out
}

func long(fs []*flag, name string) *flag {
	i := slices.IndexFunc(fs, func(f *flag) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return fs[i]
}

func short(fs []*flag, letter string) *flag {
	i := slices.IndexFunc(fs, func(f *flag) bool { return f.short != "" && f.short == letter })
	if i < 0 {
		return nil
	}
	return fs[i]
}

// walk calls visit for each command and what is below it, with the path that leads there.
func walk(cs []*command, path []*command, visit func(path []*command)) {
	for _, c := range cs {
		p := append(slices.Clone(path), c)
		visit(p)
		walk(c.sub, p, visit)
	}
}

// title returns the words that call the command: "config print".
func title(path []*command) string {
	s := ""
	for i, c := range path {
		if i > 0 {
			s += " "
		}
		s += c.name
	}
	return s
}
