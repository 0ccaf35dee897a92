package cli

import (
	"context"
	"embed"
	"io"
	"strings"
)

//go:embed completion
var completionScripts embed.FS

func completionCommand() *command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &command{
		name:    "completion",
		usage:   "print the completion script for a shell",
		args:    strings.Join(shells, "|"),
		about:   "Completes commands, flags, their values, the embedded example projects, and files. The script asks dispcheck itself, so it stays right when dispcheck changes.",
		minArgs: 1, maxArgs: 1, argValues: shells,
		bare:    true,
		example: example{"source <(dispcheck completion bash)", "in ~/.bashrc"},
		run: func(_ context.Context, in *invocation) error {
			shell := in.args[0]
			ending := map[string]string{"bash": "bash", "zsh": "zsh", "fish": "fish", "powershell": "ps1"}[shell]
			if ending == "" {
				return usagef("", "%v", notOneOf(shell, shells))
			}
			text, err := completionScripts.ReadFile("completion/dispcheck." + ending)
			if err != nil {
				return &internalError{err}
			}
			_, err = in.stdout.Write(text)
			return err
		},
	}
}

// completeWord is the hidden command that the completion scripts call: the word at the cursor behind @,
// so that it is never empty, and the words before it. It prints an offer a line, a tab and what it is;
// then ":files" or ":folders" where the shell is to offer these too.
const completeWord = "__complete"

func (p *program) complete(args []string) int {
	if len(args) == 0 {
		return exitUnusable
	}
	c := completer{program: p, word: strings.TrimPrefix(args[0], "@"), before: args[1:]}
	c.run()
	var b strings.Builder
	for _, o := range c.offers {
		b.WriteString(o + "\n")
	}
	switch c.more {
	case completeFiles:
		b.WriteString(":files\n")
	case completeFolders:
		b.WriteString(":folders\n")
	}
	if _, err := io.WriteString(p.stdout, b.String()); err != nil {
		return exitUnusable
	}
	return exitClean
}

// A completer works out what may stand at the cursor.
type completer struct {
	program *program
	word    string
	before  []string

	offers []string
	more   completion
}

func (c *completer) run() {
	var path []*command
	in := c.program.commands
	var words []string
	ended := false
	for i := 0; i < len(c.before); i++ {
		w := c.before[i]
		switch {
		case !ended && w == "--":
			ended = true
		case !ended && len(w) > 1 && w[0] == '-':
			if c.program.valueFollows(w, c.before[i+1:], path) {
				if i+1 == len(c.before) {
					c.value(c.flagOf(w, path), "", c.word)
					return
				}
				i++
			}
		case len(in) > 0:
			next := find(in, w)
			if next == nil {
				return // nothing can be known behind a command that does not exist
			}
			path = append(path, next)
			in = next.sub
		default:
			words = append(words, w)
		}
	}
	if !ended && strings.HasPrefix(c.word, "-") {
		c.flag(path)
		return
	}
	if len(in) > 0 {
		for _, cmd := range in {
			if !cmd.hidden {
				c.offer(cmd.name, cmd.usage)
			}
		}
		return
	}
	cmd := path[len(path)-1]
	if cmd.maxArgs >= 0 && len(words) >= cmd.maxArgs {
		return
	}
	values := cmd.argValues
	if cmd.laterValues != nil {
		values = append(values[:len(values):len(values)], cmd.laterValues()...)
	}
	for _, v := range values {
		c.offer(v, "")
	}
	if cmd.completeFrom == completeCommands {
		in := c.program.commands
		for _, w := range words {
			next := find(in, w)
			if next == nil {
				return
			}
			in = next.sub
		}
		for _, cmd := range in {
			if !cmd.hidden {
				c.offer(cmd.name, cmd.usage)
			}
		}
		return
	}
	c.more = cmd.completeFrom
}

// flagOf returns the flag whose value stands behind a word, of the command or of any.
func (c *completer) flagOf(word string, path []*command) *flag {
	sets := [][]*flag{allFlags(path)}
	if len(path) == 0 {
		walk(c.program.commands, nil, func(p []*command) { sets = append(sets, allFlags(p)) })
	}
	for _, fs := range sets {
		if name, ok := strings.CutPrefix(word, "--"); ok {
			if f := long(fs, name); f != nil {
				return f
			}
		} else if f := short(fs, word[len(word)-1:]); f != nil {
			return f
		}
	}
	return nil
}

// flag offers flags, or values behind --name=.
func (c *completer) flag(path []*command) {
	fs := allFlags(path)
	if name, value, ok := strings.Cut(strings.TrimPrefix(c.word, "--"), "="); ok && strings.HasPrefix(c.word, "--") {
		if f := long(fs, name); f != nil {
			c.value(f, "--"+name+"=", value)
		}
		return
	}
	for _, f := range fs {
		if f.hidden {
			continue
		}
		c.offer("--"+f.name, f.meaning)
		if c.word == "-" && f.short != "" {
			c.offer("-"+f.short, f.meaning)
		}
	}
	c.offer("--help", "explain the command")
}

// value offers what a flag may be set to; prefix stands before the value in the same word.
func (c *completer) value(f *flag, prefix, value string) {
	if f == nil {
		return
	}
	vs := f.values
	switch {
	case f.kind == boolean:
		vs = []string{"true", "false"}
	case f.name == "format":
		vs = c.formats()
	case f.name == "output" && strings.Contains(value, "="):
		c.more = completeFiles
		return
	case f.name == "output":
		for _, v := range c.formats() {
			c.offer(prefix+v+"=", "")
		}
		return
	}
	for _, v := range vs {
		c.offer(prefix+v, "")
	}
	if !strings.HasPrefix(value, "example:") { // no file is called so
		c.more = f.completeFrom
	}
}

// formats returns the formats of the command that is being typed.
func (c *completer) formats() []string {
	in := c.program.commands
	var cmd *command
	for _, w := range c.before {
		if next := find(in, w); next != nil {
			cmd, in = next, next.sub
		}
	}
	switch {
	case cmd == nil:
		return knownFormats
	case len(cmd.formats) == 0:
		return []string{"text"}
	}
	return cmd.formats
}

func (c *completer) offer(word, about string) {
	if !strings.HasPrefix(word, c.word) {
		return
	}
	if about != "" {
		word += "\t" + about
	}
	c.offers = append(c.offers, word)
}
