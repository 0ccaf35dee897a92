// Package render holds the rules about the servers behind the Dispatcher: /renders, and how requests are
// spread over them. Start from [Rules].
package render

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&renderWithoutLabel,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"
