package project

import (
	"fmt"
	"os"
	"strings"
)

// maxEnvFile bounds a file of variables.
const maxEnvFile = 1 << 20

// An EnvFileError says what is wrong in a file of variables, and where.
type EnvFileError struct {
	File    string // for people
	Line    int    // from 1; 0 where the file cannot be read
	Message string
	Cause   error // nil where the text is at fault
}

// Error gives place and message in one line.
func (e *EnvFileError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}

// Unwrap returns the cause.
func (e *EnvFileError) Unwrap() error { return e.Cause }

// readEnvFile reads the variables of a file on disk; shown is its name for people.
func readEnvFile(path, shown string) ([]Variable, error) {
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxEnvFile) {
		return nil, &EnvFileError{File: shown, Message: fmt.Sprintf("not a file of variables: it is no regular file, or has more than %d bytes", maxEnvFile)}
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, &EnvFileError{File: shown, Message: cause(err).Error(), Cause: err}
	}
	return parseEnvFile(string(text), shown)
}

// parseEnvFile reads lines of NAME=VALUE, as files named .env have them: "export" may stand before the
// name, a value may have quotes and then run over several lines, and # starts a comment at the start of
// a line or after a blank. In double quotes \n, \r, \t, \", \\ and \$ are resolved; nothing else is,
// variables included. Where a name is there twice, the last one counts.
func parseEnvFile(text, shown string) ([]Variable, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	var vars []Variable
	line := 1
	for text != "" {
		at := line
		fail := func(format string, args ...any) ([]Variable, error) {
			return nil, &EnvFileError{File: shown, Line: at, Message: fmt.Sprintf(format, args...)}
		}
		first, rest, _ := strings.Cut(text, "\n")
		trimmed := strings.TrimLeft(first, " \t")
		if strings.TrimSpace(trimmed) == "" || trimmed[0] == '#' {
			text = rest
			line++
			continue
		}
		if s, ok := strings.CutPrefix(trimmed, "export"); ok && s != "" && (s[0] == ' ' || s[0] == '\t') {
			trimmed = strings.TrimLeft(s, " \t")
		}
		name, value, ok := strings.Cut(trimmed, "=")
		name = strings.TrimRight(name, " \t")
		if !ok {
			return fail("%q has no value: write NAME=VALUE", clip(strings.TrimSpace(trimmed)))
		}
		if !isName(name) {
			return fail("%q is no name of a variable: letters, digits and _ make one", clip(name))
		}
		value = strings.TrimLeft(value, " \t")
		if value == "" || value[0] != '"' && value[0] != '\'' {
			if i := strings.Index(" "+strings.ReplaceAll(value, "\t", " "), " #"); i >= 0 {
				value = value[:max(i-1, 0)]
			}
			vars = append(vars, Variable{Name: name, Value: strings.TrimRight(value, " \t"), From: fmt.Sprintf("%s:%d", shown, at)})
			text = rest
			line++
			continue
		}
		// A value in quotes may go on over the following lines.
		from := len(text) - len(rest) - len(value)
		if rest != "" || strings.HasSuffix(text, "\n") {
			from-- // the line end between them
		}
		body, after, ok := quoted(text[from:])
		if !ok {
			return fail("the value of %s is not closed: its %c is missing", name, value[0])
		}
		line += strings.Count(text[:len(text)-len(after)], "\n")
		tail, rest, more := strings.Cut(after, "\n")
		if t := strings.TrimSpace(tail); t != "" && t[0] != '#' {
			return fail("%q stands behind the value of %s", clip(t), name)
		}
		vars = append(vars, Variable{Name: name, Value: body, From: fmt.Sprintf("%s:%d", shown, at)})
		if text = rest; more {
			line++
		}
	}
	return vars, nil
}

// quoted reads a value that starts with its quote, and returns what is behind it.
func quoted(s string) (body, after string, ok bool) {
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		c := s[i]
		switch {
		case c == quote:
			return b.String(), s[i+1:], true
		case c == '\\' && quote == '"' && i+1 < len(s):
			i++
			switch s[i] {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			case '"', '\\', '$':
				b.WriteByte(s[i])
			default:
				b.WriteByte('\\')
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// isName reports whether s can be the name of a variable: what ${…} in a configuration can name.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && c != '.' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
