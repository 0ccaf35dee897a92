package simulate

// A Reason says in one word why a stage decided as it did. Each has a section in docs/simulate/reasons.md.
type Reason string

// Of any stage.
const (
	// NotSimulated says that what would decide is not simulated, or not yet.
	NotSimulated Reason = "not-simulated"
	// UndefinedVariable says that a decision rests on a text with a ${NAME} that is not defined.
	UndefinedVariable Reason = "undefined-variable"
	// OddVariable says that a decision rests on a $<NAME>, which the module does not read.
	OddVariable Reason = "odd-variable"
)

// Of the rewrite stage: what httpd answers before the module sees the request.
const (
	// BadMethod says that the method is not a token: 400.
	BadMethod Reason = "bad-method"
	// BadTarget says that the target is neither a path nor a URL nor *, or holds a blank or a control character: 400.
	BadTarget Reason = "bad-target"
	// AboveRoot says that a .. leads above the root: 400.
	AboveRoot Reason = "above-root"
	// BadEscape says that a percent sign is not followed by two hexadecimal digits: 400.
	BadEscape Reason = "bad-escape"
	// NULByte says that the path holds %00: 404.
	NULByte Reason = "nul-byte"
	// EncodedSlash says that the path holds %2F and AllowEncodedSlashes is Off: 404.
	EncodedSlash Reason = "encoded-slash"
)

// Of the farm stage.
const (
	// FarmMatched says that a value of /virtualhosts matches the host and all else it names.
	FarmMatched Reason = "matched"
	// HostOnly says that a value matches the host, though not the scheme or the URL that it names.
	HostOnly Reason = "host-only"
	// LastFarm says that no value matches and the last farm answers.
	LastFarm Reason = "default"
	// Fragment says that the configuration is a fragment without virtual hosts, which is taken for every host.
	Fragment Reason = "fragment"
	// FarmAskedFor says that the caller named the farm.
	FarmAskedFor Reason = "asked-for"
	// NoFarm says that there is no farm, or none of the name asked for.
	NoFarm Reason = "no-farm"
)

// Of the invalidate stage.
const (
	// Invalidation says that the request is a flush.
	Invalidation Reason = "invalidation"
)

// Of the filter and vanity stages.
const (
	// NoFilter says that the farm has no /filter and lets everything through.
	NoFilter Reason = "no-filter"
	// FilterAllowed says that the last filter rule that matches allows.
	FilterAllowed Reason = "filter-allowed"
	// FilterDenied says that the last filter rule that matches denies.
	FilterDenied Reason = "filter-denied"
	// FilterNoMatch says that no filter rule matches, which denies.
	FilterNoMatch Reason = "filter-no-match"
	// StatfileDenied says that the URL is that of a statfile, which is never served.
	StatfileDenied Reason = "statfile-denied"
	// HeaderFileDenied says that the URL ends with .h, as files with stored headers do.
	HeaderFileDenied Reason = "header-file-denied"
	// TTLFileDenied says that the URL ends with .ttl, as files with an expiry time do.
	TTLFileDenied Reason = "ttl-file-denied"
	// VanityUnknown says that the filter denies and that a vanity list, which is not known, could still allow.
	VanityUnknown Reason = "vanity-unknown"
)

// Of the cacheable stage.
const (
	// Cacheable says that nothing about the request keeps its answer from the cache.
	Cacheable Reason = "cacheable"
	// NoDocroot says that the farm has no /cache/docroot.
	NoDocroot Reason = "no-docroot"
	// NotCanonical says that the URI does not start with a slash.
	NotCanonical Reason = "not-canonical"
	// PathTooLong says that the cache file's name is longer than the system allows.
	PathTooLong Reason = "path-too-long"
	// TempPathTooLong says that the name of the temporary file is longer than the system allows.
	TempPathTooLong Reason = "temp-path-too-long"
	// TrailingSlash says that the URL ends with a slash.
	TrailingSlash Reason = "trailing-slash"
	// NoExtension says that the last segment of the URL has no extension.
	NoExtension Reason = "no-extension"
	// OtherMethod says that the method is neither GET nor HEAD.
	OtherMethod Reason = "other-method"
	// QueryString says that there is a query and that /ignoreUrlParams does not ignore all of it.
	QueryString Reason = "query-string"
	// QueryIgnored says that there is a query and that /ignoreUrlParams ignores all of it.
	QueryIgnored Reason = "query-ignored"
	// NoSession says that the farm has /sessionmanagement and the request no credentials.
	NoSession Reason = "no-session"
	// Authorization says that the request has credentials and /allowAuthorized is not "1".
	Authorization Reason = "authorization"
	// NotInCacheRules says that /rules denies, or allows nothing of the kind.
	NotInCacheRules Reason = "not-in-cache-rules"
)

// Of one rule or pattern, in a trace that explains.
const (
	// RuleMatched says that all of a rule's patterns match.
	RuleMatched Reason = "rule-matched"
	// RuleMissed says that one of a rule's patterns does not match.
	RuleMissed Reason = "rule-missed"
	// RuleUnusable says that one of a rule's patterns cannot be used, so that the rule never matches.
	RuleUnusable Reason = "rule-unusable"
)

// cacheWords are the two ways in which the module says why an answer is not cached: in the header X-Cache-Info
// after "not cacheable: ", and in the log at debug level. The header's words are those of real logs and of the
// documentation up to 2018; later editions word some of them anew. Where one of the two is not published it is "".
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (debugging), in its editions of
// 2018 and 2026; Adobe knowledge base KA-17497 (log texts).
func (r Reason) cacheWords() (info, log string) {
	switch r {
	case Cacheable:
		return "caching", ""
	case NoDocroot:
		return "no document root", ""
	case NotCanonical:
		return "", "URI not canonical: "
	case PathTooLong:
		return "cache file path too long", "cache file path too long"
	case TempPathTooLong:
		return "temporary file path too long", "temporary file path too long"
	case TrailingSlash:
		return "request URL has a trailing slash", "request URL has trailing slash"
	case NoExtension:
		return "request URL has no extension", "request URL has no extension"
	case OtherMethod:
		return "request wasn't a GET or HEAD", "request method is neither GET nor HEAD"
	case QueryString:
		return "request contained a query string", "request contains a query string: "
	case NoSession:
		return "session manager didn't authenticate", ""
	case Authorization:
		return "request contains authorization", "request contains authorization"
	case NotInCacheRules:
		return "request URL not in cache rules", "request URL not in cache rules: "
	}
	return "", ""
}
