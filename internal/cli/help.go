package cli

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// tagline says in one line what the program is.
const tagline = "checks, formats and simulates AEM Dispatcher configuration"

// writeHelp writes the help for a command, or for the program where path is empty.
func writeHelp(w io.Writer, commands []*command, path []*command) error {
	b := bufio.NewWriter(w)
	if len(path) == 0 {
		fmt.Fprintf(b, "dispcheck %s\n\nusage:\n  dispcheck COMMAND [flags] [arguments]\n\ncommands:\n", tagline)
		commandRows(b, commands)
		fmt.Fprint(b, "\nflags of every command:\n")
		flagRows(b, allFlags(nil))
		fmt.Fprint(b, "\ndispcheck help COMMAND tells more about one\n")
		return b.Flush()
	}
	c := path[len(path)-1]
	fmt.Fprintf(b, "dispcheck %s: %s\n\nusage:\n", title(path), c.usage)
	if c.run != nil {
		fmt.Fprintf(b, "  %s\n", usageLine(path))
	}
	for _, s := range c.sub {
		if !s.hidden {
			fmt.Fprintf(b, "  %s\n", usageLine(append(slices.Clone(path), s)))
		}
	}
	if c.about != "" {
		fmt.Fprintf(b, "\n%s\n", wrap(c.about, 80))
	}
	if len(c.sub) > 0 {
		fmt.Fprint(b, "\ncommands:\n")
		commandRows(b, c.sub)
	}
	if c.run != nil {
		own, rest := ownFlags(path)
		if len(own) > 0 {
			fmt.Fprint(b, "\nflags:\n")
			flagRows(b, own)
		}
		var every []string
		for _, f := range rest {
			every = append(every, "--"+f.name)
		}
		fmt.Fprintf(b, "\nflags of every command, which dispcheck help explains:\n%s\n", indented(wrap(strings.Join(every, " "), 78)))
		fmt.Fprint(b, "\nexit codes:\n")
		for _, e := range exitsOf(c) {
			fmt.Fprintf(b, "  %d  %s\n", e.code, e.meaning)
		}
	}
	if c.example.line != "" {
		fmt.Fprintf(b, "\nexample: %s\n  %s\n", c.example.purpose, c.example.line)
	}
	return b.Flush()
}

// exitsOf returns what the exit codes of a command mean.
func exitsOf(c *command) []exit {
	out := c.exits
	for _, general := range []exit{
		{exitClean, "done"},
		{exitUnusable, "wrong usage, or something cannot be read"},
		{exitInternal, "internal error"},
	} {
		if !slices.ContainsFunc(out, func(e exit) bool { return e.code == general.code }) {
			out = append(slices.Clone(out), general)
		}
	}
	slices.SortFunc(out, func(a, b exit) int { return a.code - b.code })
	return out
}

// ownFlags splits the flags of a command into its own and those that every command has.
func ownFlags(path []*command) (own, every []*flag) {
	for _, f := range allFlags(path) {
		if slices.ContainsFunc(settings(), func(s *flag) bool { return s.name == f.name && len(s.on) == 0 }) {
			every = append(every, f)
		} else {
			own = append(own, f)
		}
	}
	return own, every
}

func usageLine(path []*command) string {
	c := path[len(path)-1]
	return strings.TrimSpace("dispcheck " + title(path) + " [flags] " + c.args)
}

func commandRows(w io.Writer, cs []*command) {
	width := 0
	for _, n := range names(cs) {
		width = max(width, len(n))
	}
	for _, c := range cs {
		if !c.hidden {
			fmt.Fprintf(w, "  %-*s  %s\n", width, c.name, c.usage)
		}
	}
}

func flagRows(w io.Writer, fs []*flag) {
	width := 0
	for _, f := range fs {
		if !f.hidden {
			width = max(width, len(spelledFlag(f)))
		}
	}
	for _, f := range fs {
		if f.hidden {
			continue
		}
		note := ""
		switch {
		case f.defWords != "":
			note = " (default: " + f.defWords + ")"
		case f.def != "":
			note = " (default: " + f.def + ")"
		}
		fmt.Fprintf(w, "  %-*s  %s%s\n", width, spelledFlag(f), f.meaning, note)
	}
}

// spelledFlag returns how a flag is written: "-f, --format FORMAT".
func spelledFlag(f *flag) string {
	s := "    --" + f.name
	if f.short != "" {
		s = "-" + f.short + ", --" + f.name
	}
	if p := f.placeholder(); p != "" {
		s += " " + p
	}
	return s
}

func indented(s string) string { return "  " + strings.ReplaceAll(s, "\n", "\n  ") }

// wrap breaks a text into lines of at most width columns.
func wrap(s string, width int) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(s) {
		n := len([]rune(word))
		switch {
		case i == 0:
		case column+1+n > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}
