// Package cli is the command line: commands, flags, settings, streams and exit codes. [Main] takes the
// arguments and the three streams and returns the exit code; nothing below it ends the process or
// writes anywhere else.
//
// A command is one file that makes a command value, and one line in the list in commands.go. Flags that
// every command has, and everything that .dispcheck.yaml may hold, stand in one table in settings.go;
// help, completion, documents and the schema are made from these two. The library urfave/cli parses and
// dispatches; arguments.go puts its arguments into the order that it can read.
//
// What a command finds out is worked out by the packages below and printed by internal/report.
// Start from Main, then command.
//
//go:generate go run ../../cmd/dispcheck docs ../../docs
package cli
