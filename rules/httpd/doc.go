// Package httpd holds the rules about what httpd does in front of the Dispatcher besides rewriting: what folders allow,
// handlers, response headers, origins and referers, redirects and proxies to hosts that a visitor chooses, TLS, access.
// They look at the typed server of model/server, and at its lines where the server has no type for them. What httpd refuses
// to start with is found in reading. Rules about rewriting are in package rewrite. Start from [Rules].
package httpd

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&rootGranted,
		&directoryListing,
		&allowOverrideOn,
		&serverBanner,
		&traceEnabled,
		&pathInfoTypesOff,
		&directorySlashOn,
		&encodedSlashes,
		&processedURLOff,
		&passErrorErrorDocument,
		&passErrorSyntax,
		&forwardedHostTrust,
		&dispatcherLogLevel,
		&dispatcherConfigMissing,
		&missingFrameOptions,
		&missingNosniff,
		&missingHSTS,
		&missingPolicyHeaders,
		&headerAddForSingleValue,
		&headerWithoutAlways,
		&headerMultiline,
		&headerBadValue,
		&cacheControlGlobal,
		&varyUserAgent,
		&corsWildcardCredentials,
		&weakOriginRegex,
		&refererEmptyAllowed,
		&hostReflection,
		&openRedirect,
		&proxySSRF,
		&proxyBypassesDispatcher,
		&locationMatchUnanchored,
		&aliasTraversal,
		&proxyRequestsOn,
		&weakTLS,
		&sensitiveFilesNotBlocked,
		&optionsRisky,
		&statusInfoOpen,
		&legacyAccessMix,
		&authBlocksHealth,
		&spoofableIPCheck,
		&ifModuleName,
		&unknownDirective,
		&directiveContext,
		&sectionMismatch,
		&errorDocumentTarget,
		&duplicateSingleDirective,
		&substituteCompressed,
		&cookieFlags,
		&requestLimits,
		&poweredBy,
		&directiveArgument,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"

// Documents that several rules rest on.
const (
	docsCore    = "httpd.apache.org/docs/2.4, mod/core.html"
	docsHeaders = "httpd.apache.org/docs/2.4, mod/mod_headers.html"
	docsAccess  = "httpd.apache.org/docs/2.4, howto/access.html"
	docsProxy   = "httpd.apache.org/docs/2.4, mod/mod_proxy.html"
	docsAlias   = "httpd.apache.org/docs/2.4, mod/mod_alias.html"
	docsRewrite = "httpd.apache.org/docs/2.4, mod/mod_rewrite.html"
	docsInstall = "AdobeDocs/experience-manager-dispatcher.en, dispatcher-install.md"
	docsCaching = "AdobeDocs/experience-manager-cloud-service.en, implementing/dispatcher/caching.md"
	archetype   = "adobe/aem-project-archetype, dispatcher.cloud, default.vhost"
)

// ownServers are the profiles in which the project's owner has more than virtual hosts to say.
var ownServers = []string{"ams", "classic"}
