package cli

import "context"

func helpCommand() *command {
	return &command{
		name:         "help",
		usage:        "explain a command",
		args:         "[COMMAND…]",
		about:        "Shows usage, flags, exit codes and an example of a command. The same as --help behind it.",
		maxArgs:      -1,
		bare:         true,
		completeFrom: completeCommands,
		example:      example{"dispcheck help fmt", "all about fmt"},
		run: func(_ context.Context, in *invocation) error {
			var path []*command
			at := in.program.commands
			for _, word := range in.args {
				c := find(at, word)
				if c == nil {
					return unknownCommand(path, at, word)
				}
				path = append(path, c)
				at = c.sub
			}
			return writeHelp(in.stdout, in.program.commands, path)
		},
	}
}
