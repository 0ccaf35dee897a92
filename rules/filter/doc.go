// Package filter holds the rules about what /filter lets through, and about the patterns it is made of.
// Start from [Rules].
package filter

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&filterUnknownMatcher,
		&regexUnsupportedSyntax,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"

const configuration = "AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md"
