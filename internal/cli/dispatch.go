package cli

import (
	"context"
	"errors"
	"io"

	urfave "github.com/urfave/cli/v2"
)

// dispatch runs what a call asks for.
func (p *program) dispatch(ctx context.Context, c *call) error {
	switch {
	case c.version:
		return writeVersion(p.stdout)
	case c.help:
		return writeHelp(p.stdout, p.commands, c.path)
	case len(c.path) == 0:
		if err := writeHelp(p.stderr, p.commands, nil); err != nil {
			return err
		}
		return errUnusable
	}
	return p.app(c).RunContext(ctx, c.arguments("dispcheck"))
}

// action reads the flags back from the library, puts the settings together and runs the command.
func (p *program) action(c *call, ctx *urfave.Context) error {
	cmd := c.command()
	fs := allFlags(c.path)
	var flags []given
	for _, f := range c.flagsOnce() {
		switch f.kind {
		case list, pairs:
			for _, v := range ctx.StringSlice(f.name) {
				flags = append(flags, given{f, v})
			}
		case boolean:
			v := "false"
			if ctx.Bool(f.name) {
				v = "true"
			}
			flags = append(flags, given{f, v})
		default:
			flags = append(flags, given{f, ctx.String(f.name)})
		}
	}
	in := &invocation{path: c.path, args: ctx.Args().Slice(), stdin: p.stdin, stdout: p.stdout, stderr: p.stderr, program: p}
	var err error
	if in.values, err = resolve(fs, nil, p.lookupEnv, flags); err != nil {
		return err
	}
	p.verbose, p.prefix = in.yes("verbose"), in.text("path-prefix")
	if !cmd.bare && !in.yes("no-project-config") {
		if in.file, err = loadProjectFile(); err != nil {
			return err
		}
		if in.file != nil {
			if in.values, err = resolve(fs, in.file, p.lookupEnv, flags); err != nil {
				return err
			}
			p.prefix = in.text("path-prefix")
			in.detail("dispcheck: settings from %s", in.file.src.Name)
		}
	}
	if _, err := in.targets(); err != nil {
		return err
	}
	err = cmd.run(ctx.Context, in)
	if errors.Is(err, errFindings) && in.yes("exit-zero") {
		return nil
	}
	return err
}

// app returns the command line as urfave/cli knows it. For a call it holds the command and the flags that
// the call names, and no more: the library asks of every flag it has whether it was set, with a regular
// expression each time, which would take half of the start. Without a call it holds everything, for
// documents.
func (p *program) app(c *call) *urfave.App {
	a := &urfave.App{
		Name: "dispcheck", HelpName: "dispcheck", Usage: tagline,
		HideHelp: true, HideVersion: true,
		DisableSliceFlagSeparator: true, // a comma is part of a value
		Writer:                    io.Discard,
		ErrWriter:                 io.Discard,
		Reader:                    p.stdin,
		// The library would end the process for errors that have a code.
		ExitErrHandler: func(*urfave.Context, error) {},
		OnUsageError:   usageErrorIsOurs,
	}
	if c == nil {
		for _, f := range allFlags(nil) {
			a.Flags = append(a.Flags, urfaveFlag(f))
		}
		for _, cmd := range p.commands {
			a.Commands = append(a.Commands, wholeCommand([]*command{cmd}))
		}
		return a
	}
	var inner *urfave.Command
	for i := len(c.path) - 1; i >= 0; i-- {
		cmd := urfaveCommand(c.path[i])
		if inner == nil {
			for _, f := range c.flagsOnce() {
				cmd.Flags = append(cmd.Flags, urfaveFlag(f))
			}
			cmd.Action = func(ctx *urfave.Context) error { return p.action(c, ctx) }
		} else {
			cmd.Subcommands = []*urfave.Command{inner}
		}
		inner = cmd
	}
	a.Commands = []*urfave.Command{inner}
	return a
}

// usageErrorIsOurs: the arguments have been checked before the library sees them.
func usageErrorIsOurs(_ *urfave.Context, err error, _ bool) error { return &internalError{err} }

func urfaveCommand(c *command) *urfave.Command {
	return &urfave.Command{
		Name: c.name, Usage: c.usage, ArgsUsage: c.args, Description: c.about, Hidden: c.hidden,
		HideHelp: true, OnUsageError: usageErrorIsOurs,
	}
}

// wholeCommand returns a command with its own flags and all that is below it.
func wholeCommand(path []*command) *urfave.Command {
	c := path[len(path)-1]
	out := urfaveCommand(c)
	for _, s := range c.sub {
		out.Subcommands = append(out.Subcommands, wholeCommand(append(path[:len(path):len(path)], s)))
	}
	if c.run != nil {
		own, _ := ownFlags(path)
		for _, f := range own {
			out.Flags = append(out.Flags, urfaveFlag(f))
		}
	}
	return out
}

func urfaveFlag(f *flag) urfave.Flag {
	var aliases []string
	if f.short != "" {
		aliases = []string{f.short}
	}
	switch f.kind {
	case boolean:
		return &urfave.BoolFlag{Name: f.name, Aliases: aliases, Usage: f.meaning, Hidden: f.hidden}
	case list, pairs:
		return &urfave.StringSliceFlag{Name: f.name, Aliases: aliases, Usage: f.meaning, Hidden: f.hidden}
	}
	return &urfave.StringFlag{Name: f.name, Aliases: aliases, Usage: f.meaning, Hidden: f.hidden}
}
