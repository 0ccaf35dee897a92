package lint

import "github.com/dispcheck/dispcheck/source"

// An Option is something about a rule that a project can set.
type Option struct {
	// Name is the key in the settings, in kebab-case.
	Name string
	// Default is the value where the project sets none: a string, an int, a bool or a []string. It says
	// which of these types a value must have.
	Default any
	// Doc says in one sentence what the option does.
	Doc string
}

// Options are values of options by their names.
type Options map[string]OptionValue

// An OptionValue is what a project sets an option to.
type OptionValue struct {
	// Value is a string, an int, a bool or a []string.
	Value any
	// Span is where it is written, name and value.
	Span source.Span
}

// option returns the option of a name, nil where the rule has none.
func (r *Rule) option(name string) *Option {
	for i := range r.Options {
		if r.Options[i].Name == name {
			return &r.Options[i]
		}
	}
	return nil
}

// kindOf names the type of an option's value for people; "" for what no option can be.
func kindOf(value any) string {
	switch value.(type) {
	case string:
		return "a text"
	case int:
		return "a whole number"
	case bool:
		return "true or false"
	case []string:
		return "a list of texts"
	}
	return ""
}
