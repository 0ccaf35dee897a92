// Package performance holds the rules about what a configuration costs the web server on each request or flush. What
// can be told only from a log of requests is in log.go, and package internal/replay finds it. Start from [Rules].
package performance

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&uncacheableShare,
		&statfilesLevelHigh,
		&noCompression,
		&compressImages,
		&noLongTTL,
		&htmlTTLConflict,
		&ageHeader,
		&filterCost,
		&rewriteCost,
		&flushFanout,
		&queryCacheShare,
		&htmlTTLTooLong,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"

const configuration = "AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md"
