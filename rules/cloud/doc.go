// Package cloud holds the rules about the layout of AEM as a Cloud Service: its folders, links, and files
// that must not be changed. Start from [Rules].
package cloud

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&immutableMissing,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"
