// Package filter holds the rules about what /filter lets through, and about the patterns it is made of.
// Start from [Rules].
//
// What a pattern can match is decided on its syntax tree, against what its element can be at all (shape); where a
// finding rests on what the author meant, it needs an example that the pattern misses (samples).
package filter

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&filterMissing,
		&filterUnknownMatcher,
		&filterNoDefaultDeny,
		&denyAllNotFirst,
		&filterAllowAll,
		&filterAllowGlob,
		&filterGlobMixed,
		&filterGlobNeverMatches,
		&filterGlobDeprecated,
		&filterAllowAnyMethod,
		&filterBroadWriteAllow,
		&filterAllowByExtensionOnly,
		&filterSuffixNotRestricted,
		&filterSelectorsNotRestricted,
		&filterSelectorAnyMatch,
		&regexInDoubleQuotes,
		&globInSingleQuotes,
		&regexUnescapedDot,
		&regexAnchorMisuse,
		&regexUnsupportedSyntax,
		&regexCatastrophic,
		&filterSelectorDenylistMissing,
		&filterSelectorDenylistIncomplete,
		&filterDebugParamAllowed,
		&filterWCMModeParamAllowed,
		&filterQueryFirstParamOnly,
		&filterAMSHealthcheckExposed,
		&filterRegentExposed,
		&filterAdminPathAllowed,
		&filterSensitivePathAllowed,
		&filterBypassByExtension,
		&filterPathParameterNotDenied,
		&filterTraversalNotDenied,
		&filterEncodedBypass,
		&filterCaseBypass,
		&deniedPathReopened,
		&ruleShadowed,
		&ruleUnsatisfiable,
		&ruleRedundant,
		&filterDuplicateRule,
		&filterLabelOrder,
		&filterURLWithParts,
		&filterMethodCase,
		&filterMethodListAsGlob,
		&filterExtensionWithDot,
		&filterSelectorWithDot,
		&filterSuffixWithoutSlash,
		&filterURLWithQuery,
		&filterURLRelative,
		&filterQueryAllowMisread,
		&filterNonprodSampleEnabled,
		&filterBroadRootAllow,
		&filterPrefixWithoutSlash,
		&filterCSRFTokenBlocked,
		&filterClientlibsBlocked,
		&filterFormSelectorOpen,
		&filterGraphQLBroad,
		&filterExtensionlessAllowed,
		&filterRiskyExtension,
		&filterSampleContent,
		&filterEmptyAlternative,
		&filterDuplicateAlternative,
		&filterSuspiciousClass,
		&filterLoginVectorOpen,
		&filterNeededURLDenied,
		&filterAllowAfterFinalDeny,
		&filterProtocolMatcher,
		&filterUserinfoOpen,
		&filterHTTPProxyParam,
		&filterDenyPathMissesRoot,
		&graphQLGetBlocked,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"

const configuration = "AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md"
