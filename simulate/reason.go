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
	// DeclinedRoot says that DispatcherDeclineRoot leaves / to httpd.
	DeclinedRoot Reason = "declined-root"
	// HTTPDAnswered says that httpd answers itself: a rule, a requirement or a file decided.
	HTTPDAnswered Reason = "httpd-answered"
	// HTTPDRedirected says that httpd sends the client elsewhere.
	HTTPDRedirected Reason = "httpd-redirected"
	// HTTPDProxied says that httpd hands the request to another server, past the module.
	HTTPDProxied Reason = "httpd-proxied"
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
	// InvalidationRequest says that the request is a flush.
	InvalidationRequest Reason = "invalidation"
	// FlushDone says that a flush was carried out.
	FlushDone Reason = "flush-done"
	// FlushTest says that a flush only asks for an answer: CQ-Action is Test.
	FlushTest Reason = "flush-test"
	// FlushRejected says that /allowedClients does not let the client flush.
	FlushRejected Reason = "flush-rejected"
	// FlushIncomplete says that a flush lacks CQ-Handle or CQ-Action.
	FlushIncomplete Reason = "flush-incomplete"
	// FlushHandleUnusable says that CQ-Handle is not a path in the document root, or that a flush of it would empty the
	// whole cache.
	FlushHandleUnusable Reason = "flush-handle-unusable"
	// FlushHeadersRemoved says that a client that may not flush sent headers of a flush, which were taken off.
	FlushHeadersRemoved Reason = "flush-headers-removed"
	// FlushHandlerFailed says that the program of /invalidateHandler failed.
	FlushHandlerFailed Reason = "flush-handler-failed"
)

// Of the session stage.
const (
	// SessionValid says that the session of the request is known and was used within /timeout.
	SessionValid Reason = "session-valid"
	// SessionUnknown says that nothing is known of the session of the request.
	SessionUnknown Reason = "session-unknown"
	// SessionInvalid says that the request's session is not known, or was not used for too long.
	SessionInvalid Reason = "session-invalid"
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
	// VanityAllowed says that the filter denies and that the vanity list allows.
	VanityAllowed Reason = "vanity-allowed"
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
	// TargetIsFolder says that a folder of the cache stands where the file would.
	TargetIsFolder Reason = "target-is-folder"
	// NotInCacheRules says that /rules denies, or allows nothing of the kind.
	NotInCacheRules Reason = "not-in-cache-rules"
)

// Of the lookup stage.
const (
	// NotExpired says that the time to live of the file is not over.
	NotExpired Reason = "not-expired"
	// Expired says that the time to live of the file is over.
	Expired Reason = "expired"
	// NotInvalidated says that /invalidate does not apply to the file, so that no statfile counts.
	NotInvalidated Reason = "not-invalidated"
	// NoStatfile says that there is no statfile: nothing was ever invalidated.
	NoStatfile Reason = "no-statfile"
	// NewerThanStatfile says that the file is newer than its statfile, or as old.
	NewerThanStatfile Reason = "newer-than-statfile"
	// GracePeriod says that the file is older than its statfile, which was touched less than /gracePeriod ago.
	GracePeriod Reason = "grace-period"
	// OlderThanStatfile says that the file is older than its statfile.
	OlderThanStatfile Reason = "older-than-statfile"
	// BeingRefreshed says that the file is stale, and that another request is already fetching it.
	BeingRefreshed Reason = "being-refreshed"
	// Refetch says that a flush asked for the page to be fetched.
	Refetch Reason = "refetch"
	// CheckerDenied says that the authorization checker refused the cached file.
	CheckerDenied Reason = "checker-denied"
	// CheckerAllowed says that it allowed it.
	CheckerAllowed Reason = "checker-allowed"
)

// Of the render stage.
const (
	// RenderSticky says that the cookie renderid names the render.
	RenderSticky Reason = "render-sticky"
	// RenderScore says that the render has the lowest score for the category of the URL.
	RenderScore Reason = "render-score"
	// RenderFirst says that the render is the first of the list.
	RenderFirst Reason = "render-first"
	// RenderFailover says that another render was chosen first and failed.
	RenderFailover Reason = "render-failover"
	// FromDispatcher says that the request came through another Dispatcher.
	FromDispatcher Reason = "from-dispatcher"
)

// Of the fetch stage.
const (
	// RenderAnswered says that a render answered.
	RenderAnswered Reason = "render-answered"
	// NoRender says that no render could be connected to, or that the farm has none.
	NoRender Reason = "no-render"
	// RenderTimeout says that a render did not answer in /receiveTimeout.
	RenderTimeout Reason = "render-timeout"
	// RenderBroken says that a render broke off before its answer was there.
	RenderBroken Reason = "render-broken"
)

// Of the store stage: why an answer is not stored, beside the reasons of the cacheable stage.
const (
	// ResponseNoCache says that the answer has the header Dispatcher: no-cache.
	ResponseNoCache Reason = "response-no-cache"
	// ResponseStatus says that the answer's status is not 200.
	ResponseStatus Reason = "response-status"
	// ResponseCacheControl says that Cache-Control or Pragma forbids it.
	ResponseCacheControl Reason = "response-cache-control"
	// ResponseEmpty says that the answer has no body.
	ResponseEmpty Reason = "response-empty"
	// ResponseCut says that the body broke off.
	ResponseCut Reason = "response-cut"
	// HeadNotStored says that the answer to a HEAD has no body to store.
	HeadNotStored Reason = "head-not-stored"
	// StoreFailed says that the file could not be written.
	StoreFailed Reason = "store-failed"
	// StaleServed says that a stale file was served because the render failed.
	StaleServed Reason = "stale-served"
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
	case TargetIsFolder:
		return "target is a directory", "cachefile does not exist or is a directory: "
	case NotInCacheRules:
		return "request URL not in cache rules", "request URL not in cache rules: "
	case CheckerDenied:
		return "authorization checker denied access", "authorization checker denied access: "
	case SessionInvalid:
		return "session not valid", ""
	case ResponseNoCache:
		return "response contains no_cache", ""
	case ResponseEmpty:
		return "response content length is zero", ""
	case NotExpired, NotInvalidated, NoStatfile, NewerThanStatfile, GracePeriod, BeingRefreshed, CheckerAllowed:
		return "cached", ""
	case OlderThanStatfile:
		return "caching: stat file is more recent", ""
	case Expired, Refetch:
		return "caching", ""
	}
	return "", ""
}

// wordsOfDocs are the words of X-Cache-Info in today's documentation where they differ from those of real logs.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (debugging), edition of 2026.
func (r Reason) wordsOfDocs() string {
	switch r {
	case NotExpired, NotInvalidated, NoStatfile, NewerThanStatfile, GracePeriod, BeingRefreshed, CheckerAllowed:
		return "target file cached"
	case NoDocroot:
		return "document root non-existent"
	case NoExtension:
		return "request URL is missing extension"
	case OtherMethod:
		return "request needed to be a GET or HEAD"
	case NoSession:
		return "session manager needs to authenticate"
	case NotInCacheRules:
		return "request URL is missing in cache rules"
	case SessionInvalid:
		return "session is invalid"
	}
	return ""
}
