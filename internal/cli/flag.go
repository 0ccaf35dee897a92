package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/spelling"
	"github.com/dispcheck/dispcheck/internal/yamltext"
)

// kind says what values a flag takes.
type kind uint8

const (
	text    kind = iota
	boolean      // given or not; --name=false takes it back
	number       // a whole number from 0
	choice       // one of values
	list         // may be given several times
	pairs        // KEY=VALUE, may be given several times; a later KEY replaces an earlier one
	tree         // what a text cannot say: in the project file alone
)

// completion says what the shell offers for a flag's value or a command's arguments.
type completion uint8

const (
	completeNothing completion = iota
	completeFiles
	completeFolders
	completeCommands
)

// A flag is something that can be set: by a flag, by DISPCHECK_NAME in the environment, and in the
// project file if it has a key.
type flag struct {
	name         string // the long name without dashes; "" for none
	short        string // one letter; "" for none
	kind         kind
	key          string   // in .dispcheck.yaml, "group.key" inside a group; "" for none
	on           []string // the commands that have it; empty for all. Only the settings table uses it
	arg          string   // what the value is called in help: PATH
	def          string   // the default as text; "" for none
	defWords     string   // the default in words, where def does not say it
	values       []string // of a choice; for any other kind, what completion offers
	meaning      string   // one line, lower case, no full stop
	completeFrom completion
	path         bool               // in the project file the value is a path seen from the file's folder
	free         bool               // of a list: values hold commas, so that the environment has one on each line
	check        func(string) error // refuses a value; its error fits behind "--name: "
	// checkKey is for pairs: it refuses what stands before the =; nil wants the name of a variable. Its error fits behind "--name: ".
	checkKey func(string) error
	// checkTree says what is wrong with a tree in the project file; treeShape is its JSON schema.
	checkTree func(*yamltext.Node) []*yamltext.Error
	treeShape ordered
	hidden    bool
}

// environment returns the name of the variable that sets the flag.
func (f *flag) environment() string {
	if f.name == "" {
		return ""
	}
	return "DISPCHECK_" + strings.ToUpper(strings.ReplaceAll(f.name, "-", "_"))
}

// takesValue reports whether the flag is followed by a value on the command line.
func (f *flag) takesValue() bool { return f.kind != boolean }

// placeholder returns what the value is called in help; "" for a boolean.
func (f *flag) placeholder() string {
	switch {
	case f.kind == boolean:
		return ""
	case f.arg != "":
		return f.arg
	case f.kind == choice:
		return strings.Join(f.values, "|")
	case f.kind == number:
		return "N"
	}
	return strings.ToUpper(f.name)
}

// one checks a single value and returns it in its plain form.
func (f *flag) one(value string) (string, error) {
	switch f.kind {
	case boolean:
		b, err := strconv.ParseBool(strings.ToLower(value))
		if err != nil {
			return "", fmt.Errorf("%q is neither true nor false", value)
		}
		value = strconv.FormatBool(b)
	case number:
		n, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return "", fmt.Errorf("%q is not a whole number from 0", value)
		}
		value = strconv.FormatUint(n, 10)
	case choice:
		if !slices.Contains(f.values, value) {
			return "", notOneOf(value, f.values)
		}
	case pairs:
		name, _, ok := strings.Cut(value, "=")
		if !ok {
			return "", fmt.Errorf("%q has no =; write %s", value, f.placeholder())
		}
		if err := f.checkName(name); err != nil {
			return "", err
		}
	}
	if f.check != nil {
		if err := f.check(value); err != nil {
			return "", err
		}
	}
	return value, nil
}

// checkName refuses what stands before the = of pairs.
func (f *flag) checkName(name string) error {
	if f.checkKey != nil {
		return f.checkKey(name)
	}
	if !isVariableName(name) {
		return fmt.Errorf("%q is no name of a variable; letters, digits and _ make one", name)
	}
	return nil
}

// notOneOf says that a word is none of those wanted.
func notOneOf(word string, wanted []string) error {
	s := fmt.Sprintf("%q is not one of %s", word, strings.Join(wanted, ", "))
	if n := spelling.Nearest(word, wanted); n != "" {
		s += "; did you mean " + n + "?"
	}
	return fmt.Errorf("%s", s)
}

func isVariableName(s string) bool {
	for i, c := range s {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// many splits the value of an environment variable for a flag that may be given several times: at line
// ends, or, where there are none and the values cannot hold commas, at commas.
func (f *flag) many(value string) []string {
	if f.kind != list && f.kind != pairs {
		return []string{value}
	}
	sep := ","
	if f.kind == pairs || f.free || strings.Contains(value, "\n") {
		sep = "\n"
	}
	var out []string
	for v := range strings.SplitSeq(value, sep) {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}
