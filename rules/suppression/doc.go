// Package suppression holds the rules about comments that suppress findings: # dispcheck:ignore and its like.
// Package lint reads these comments and reports what is wrong with them; here is what the rules say. Start
// from [Rules].
package suppression

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&suppressionUnused,
		&suppressionWithoutReason,
		&suppressionUnknownRule,
		&suppressionMalformed,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"
