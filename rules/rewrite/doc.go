// Package rewrite holds the rules about mod_rewrite and the redirects of mod_alias: rules that never run or never match,
// flags and references that do something else than they look like, redirects that come in chains or circles, and paths that
// must reach the instance as they are. What a pattern means is decided on the pattern, and what a set of rules does by asking
// httpd's simulation ([lint.Front]); texts of the platform are never told. Start from [Rules].
package rewrite

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&engineOff,
		&missingPT,
		&missingLast,
		&loop,
		&chain,
		&shadowed,
		&danglingCond,
		&condCoversOne,
		&trailingOr,
		&unescapedDot,
		&unanchored,
		&leadingSlash,
		&patternQuery,
		&patternHost,
		&queryDropped,
		&needsNE,
		&needsB,
		&flagsMalformed,
		&redirectCode,
		&flagConflict,
		&forbidTarget,
		&defaultFound,
		&downgrade,
		&schemeLoop,
		&mapUndefined,
		&mapType,
		&mapDefault,
		&managedMapsFile,
		&mapEntryLimit,
		&reservedPath,
		&prefixDoubled,
		&targetDenied,
		&defaultsMissing,
		&perDirectory,
		&tooMany,
		&mixed,
		&prefixSlash,
		&duplicateSource,
		&badRegex,
		&catastrophic,
		&referenceRange,
		&unknownVariable,
		&unsafeSubstitution,
		&persistedQuery,
		&quoting,
		&inherit,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"

// Sources that several rules rest on.
const (
	docModule = "httpd.apache.org/docs/2.4, mod/mod_rewrite.html"
	docFlags  = "httpd.apache.org/docs/2.4, rewrite/flags.html"
	docTech   = "httpd.apache.org/docs/2.4, rewrite/tech.html"
	docAlias  = "httpd.apache.org/docs/2.4, mod/mod_alias.html"
)
