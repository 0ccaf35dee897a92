// Package cache holds the rules about /cache: where files are stored, which of them, for how long, and who may
// make them stale. Rules about what a farm lacks are silent about a part of a configuration that is read alone:
// the rest may stand elsewhere. Start from [Rules].
package cache

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&docrootMissing,
		&docrootNotVariable,
		&docrootShared,
		&docrootVhostMismatch,
		&statfilesLevelLow,
		&statfilesLevelInvalid,
		&statfilesLevelDepth,
		&statfileIgnored,
		&gracePeriodLow,
		&gracePeriodHigh,
		&serveStaleOff,
		&ignoreURLParamsPolicy,
		&ignoreURLParamsMissing,
		&ignoreURLParamsMarketing,
		&functionalParameter,
		&ignoreURLParamsBadPattern,
		&parametersOrder,
		&cacheRulesMissing,
		&cacheDisabled,
		&ruleUncacheable,
		&ruleShadowed,
		&cacheGlobIsRegex,
		&cacheGlobRelative,
		&csrfTokenCached,
		&userSpecificCached,
		&allowAuthorizedOn,
		&allowAuthorizedWithSessions,
		&invalidateMissing,
		&invalidateNeverMatches,
		&invalidateMissesType,
		&invalidateStaticTypes,
		&allowedClientsMissing,
		&allowedClientsOpen,
		&allowedClientsIPv6Gap,
		&allowedClientsBadPattern,
		&headersGlob,
		&headersMissingBasics,
		&headersSetCookie,
		&headersCORSCached,
		&headersETagMismatch,
		&enableTTLOff,
		&ttlAndInvalidate,
		&invalidateHandlerPath,
		&cacheMode,
		&pathConflict,
		&explosion,
		&cacheHostCollision,
		&ruleNeverAllowed,
		&debugInfoOn,
		&graphqlCacheWithoutCORS,
		&docrootDangerous,
		&queryToken,
		&noTTL,
		&nestedDocroots,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"

// Sources that several rules name.
const (
	configuration = "AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md"
	optimizer     = "adobe/aem-dispatcher-optimizer-tool, Rules.md"
	cloudCaching  = "AdobeDocs/experience-manager-cloud-service.en, caching.md"
	archetype     = "adobe/aem-project-archetype, dispatcher configuration"
	skills        = "adobe/skills, dispatcher configuration"
)
