package cli

import (
	"fmt"
	"slices"
	"strings"
)

// A call is a command line that has been read: which command, with which flags and arguments.
type call struct {
	path  []*command
	flags []given
	args  []string
	help  bool
	// version says that --version was given before any command.
	version bool
}

// given is one flag of the command line, with its value in plain form.
type given struct {
	flag  *flag
	value string
}

// command returns the command that is called; nil where none is.
func (c *call) command() *command {
	if c == nil || len(c.path) == 0 {
		return nil
	}
	return c.path[len(c.path)-1]
}

// flagsOnce returns the flags that were given, each once.
func (c *call) flagsOnce() []*flag {
	var out []*flag
	for _, g := range c.flags {
		if !slices.Contains(out, g.flag) {
			out = append(out, g.flag)
		}
	}
	return out
}

// arguments returns the command line in the order that urfave/cli v2 can read: the command, all flags as
// --name=value, --, and the rest. By itself the library stops at the first argument that is no flag and
// takes what follows for arguments, without a word (its issue 1733).
func (c *call) arguments(program string) []string {
	out := []string{program}
	for _, p := range c.path {
		out = append(out, p.name)
	}
	for _, g := range c.flags {
		out = append(out, "--"+g.flag.name+"="+g.value)
	}
	return append(append(out, "--"), c.args...)
}

// parse reads the words of a command line. Flags may stand anywhere; -- ends them; a lone - is an
// argument. The command is the first word that is neither a flag nor a flag's value.
func (p *program) parse(words []string) (*call, error) {
	c := &call{}
	rest, err := p.findCommand(c, words)
	if err != nil {
		return nil, err
	}
	r := reader{words: rest, flags: allFlags(c.path), call: c}
	if err := r.read(); err != nil {
		return nil, err
	}
	if c.help || c.version {
		return c, nil
	}
	if err := c.countArguments(); err != nil {
		return nil, err
	}
	return c, nil
}

// findCommand takes the words that name the command out of the command line.
func (p *program) findCommand(c *call, words []string) (rest []string, err error) {
	rest = slices.Clone(words)
	in := p.commands
	from := 0
	for len(in) > 0 {
		i := p.firstArgument(rest, from, c.path)
		if i < 0 {
			break
		}
		next := find(in, rest[i])
		if next == nil {
			return nil, unknownCommand(c.path, in, rest[i])
		}
		c.path = append(c.path, next)
		rest = slices.Delete(rest, i, i+1)
		from = i
		in = next.sub
	}
	return rest, nil
}

func unknownCommand(path, in []*command, word string) error {
	all := "run dispcheck help"
	if len(path) > 0 {
		all = "it has " + strings.Join(names(in), ", ")
		return usagef(didYouMean(word, names(in), title(path)+" ", all), "%s has no command %q", title(path), word)
	}
	return usagef(didYouMean(word, names(in), "", all), "there is no command %q", word)
}

// firstArgument returns the index of the first word from index from that is neither a flag nor the value
// of one; -1 where there is none.
func (p *program) firstArgument(words []string, from int, path []*command) int {
	for i := from; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "--":
			if i+1 < len(words) {
				return i + 1
			}
			return -1
		case len(w) < 2 || w[0] != '-':
			return i
		case p.valueFollows(w, words[i+1:], path):
			i++
		}
	}
	return -1
}

// valueFollows reports whether the word after a flag is its value. Before the command is known a flag
// may be any command's; where these disagree, a word that names a command is taken for the command.
func (p *program) valueFollows(word string, next []string, path []*command) bool {
	var sets [][]*flag
	if len(path) > 0 && len(path[len(path)-1].sub) == 0 {
		sets = append(sets, allFlags(path))
	} else {
		sets = append(sets, allFlags(nil))
		if _, known := takesNext(word, sets[0]); !known {
			sets = sets[:0]
			walk(p.commands, nil, func(path []*command) { sets = append(sets, allFlags(path)) })
		}
	}
	yes, no := false, false
	for _, fs := range sets {
		if takes, known := takesNext(word, fs); known {
			yes = yes || takes
			no = no || !takes
		}
	}
	if yes && no {
		return len(next) > 0 && find(p.commands, next[0]) == nil
	}
	return yes
}

// takesNext reports whether a word that starts with a dash is a flag of fs, and whether its value stands
// in the next word.
func takesNext(word string, fs []*flag) (takes, known bool) {
	if name, ok := strings.CutPrefix(word, "--"); ok {
		name, _, inline := strings.Cut(name, "=")
		f := long(fs, name)
		return f != nil && f.takesValue() && !inline, f != nil
	}
	for i := 1; i < len(word); i++ {
		f := short(fs, word[i:i+1])
		if f == nil {
			return false, false
		}
		if f.takesValue() {
			return i+1 == len(word), true
		}
		if i+1 < len(word) && word[i+1] == '=' {
			break
		}
	}
	return false, true
}

// A reader sorts the words that follow a command into flags and arguments.
type reader struct {
	words []string
	flags []*flag
	call  *call
	at    int
}

func (r *reader) read() error {
	for ; r.at < len(r.words); r.at++ {
		w := r.words[r.at]
		var err error
		switch {
		case w == "--":
			r.call.args = append(r.call.args, r.words[r.at+1:]...)
			return nil
		case len(w) < 2 || w[0] != '-':
			r.call.args = append(r.call.args, w)
		case w[1] == '-':
			err = r.long(w)
		default:
			err = r.short(w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) long(word string) error {
	name, value, inline := strings.Cut(word[2:], "=")
	switch {
	case name == "help":
		r.call.help = true
		return nil
	case name == "version" && len(r.call.path) == 0:
		r.call.version = true
		return nil
	}
	f := long(r.flags, name)
	if f == nil {
		return r.unknown("--"+name, name)
	}
	return r.take(f, "--"+name, value, inline)
}

// short reads -q, the group -qv, and a value in the same word: -fjson, -f=json.
func (r *reader) short(word string) error {
	for i := 1; i < len(word); i++ {
		letter := word[i : i+1]
		f := short(r.flags, letter)
		if f == nil {
			if letter == "h" {
				r.call.help = true
				continue
			}
			return r.unknown("-"+letter, strings.TrimLeft(word, "-"))
		}
		value, inline := word[i+1:], i+1 < len(word)
		if f.takesValue() {
			return r.take(f, "-"+letter, strings.TrimPrefix(value, "="), inline)
		}
		if v, ok := strings.CutPrefix(value, "="); ok {
			return r.take(f, "-"+letter, v, true)
		}
		if err := r.take(f, "-"+letter, "", false); err != nil {
			return err
		}
	}
	return nil
}

// take adds a flag with its value, from its own word or from the next.
func (r *reader) take(f *flag, spelt, value string, inline bool) error {
	if !inline {
		value = "true"
		if f.takesValue() {
			if r.at+1 >= len(r.words) {
				return usagef("", "%s needs a value, %s", spelt, f.placeholder())
			}
			r.at++
			value = r.words[r.at]
			if r.isFlag(value) {
				return usagef(fmt.Sprintf("write %s=%s if it is the value", spelt, value), "%s needs a value, %s, and %s is a flag", spelt, f.placeholder(), value)
			}
		}
	}
	plain, err := f.one(value)
	if err != nil && f.name == "format" && r.call.command() != nil {
		err = notOneOf(value, r.call.command().writes())
	}
	if err != nil {
		return usagef("", "%s: %v", spelt, err)
	}
	r.call.flags = append(r.call.flags, given{f, plain})
	return nil
}

// isFlag reports whether a word is a long flag of the command. A short one may well be a value, -1 say.
func (r *reader) isFlag(word string) bool {
	name, ok := strings.CutPrefix(word, "--")
	name, _, _ = strings.Cut(name, "=")
	return ok && long(r.flags, name) != nil
}

func (r *reader) unknown(spelt, name string) error {
	candidates := []string{"help"}
	for _, f := range r.flags {
		if !f.hidden {
			candidates = append(candidates, f.name)
		}
	}
	who, help := "dispcheck", "run dispcheck help"
	if len(r.call.path) > 0 {
		who = title(r.call.path)
		help += " " + who
	}
	otherwise := help + " for its flags, and write -- before an argument that starts with a dash"
	return usagef(didYouMean(name, candidates, "--", otherwise), "%s has no flag %s", who, spelt)
}

func (c *call) countArguments() error {
	cmd := c.command()
	if cmd == nil {
		return nil
	}
	if cmd.run == nil {
		return usagef("give one of "+strings.Join(names(cmd.sub), ", "), "%s needs a command", title(c.path))
	}
	hint := "usage: dispcheck " + strings.TrimSpace(title(c.path)+" "+cmd.args)
	switch n := len(c.args); {
	case n < cmd.minArgs && n == 0:
		return usagef(hint, "%s needs an argument", title(c.path))
	case n < cmd.minArgs:
		return usagef(hint, "%s needs %d arguments and has %d", title(c.path), cmd.minArgs, n)
	case cmd.maxArgs >= 0 && n > cmd.maxArgs:
		return usagef(hint, "%s takes no argument %q", title(c.path), c.args[cmd.maxArgs])
	}
	return nil
}
