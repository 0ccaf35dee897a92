// Package farm holds the rules about farms and virtual hosts: which of them answers a request. Start from
// [Rules].
package farm

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&farmDuplicateName,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"
