package simulate

import (
	"time"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// An Outcome is what became of a request.
type Outcome uint8

// The outcomes.
const (
	// Undecided is the outcome of a decision that was never made.
	Undecided Outcome = iota
	// Forwarded goes to a render, whose answer is not known here.
	Forwarded
	// Denied is answered by the module with 404.
	Denied
	// Refused is answered by httpd; the module does not see the request.
	Refused
	// Flush is an invalidation request.
	Flush
	// Lost has no farm to go to.
	Lost
	// Answered is answered by a render.
	Answered
	// Delivered is answered from the cache.
	Delivered
	// Failed is answered by the module because no render answered.
	Failed
	// Declined is left to httpd: the module does not handle it.
	Declined
	// Redirected is answered by httpd, which sends the client elsewhere; the module does not see the request.
	Redirected
	// Proxied goes to another server, past the module.
	Proxied
)

var outcomeNames = [...]string{"undecided", "forwarded", "denied", "refused", "invalidation", "no farm", "answered", "delivered", "failed", "declined", "redirected", "proxied"}

// String returns the outcome's name, as people read it.
func (o Outcome) String() string { return outcomeNames[o] }

// A Decision is the end of one request and how it came to it. It belongs to the caller, who may pass it to
// [Engine.Decide] again and again; what it points to is the configuration's and must not be changed.
type Decision struct {
	Outcome Outcome
	Reason  Reason
	// By is the configuration that decided, the zero Span where none did.
	By source.Span

	// URI is the path, decoded and cleaned: what filters see. For a request that httpd refuses it is as sent.
	URI string
	// Query is what follows the first ?, as sent. HasQuery says that there is a ?.
	Query    string
	HasQuery bool
	// Host is the effective host, with its port as sent.
	Host string
	// Parts are the parts of URI.
	Parts Parts

	Farm     FarmChoice
	Filter   FilterVerdict
	Cache    CacheVerdict
	Render   RenderChoice
	Response Response
	// Invalidation says what a flush does.
	Invalidation Invalidation
	// Took is how long the answer took, by the engine's clock.
	Took time.Duration
}

// A FarmChoice says which farm answers.
type FarmChoice struct {
	// Farm is nil where the stage was not reached or there is none.
	Farm *model.Farm
	// VirtualHost is the value of /virtualhosts that decided, nil where none did.
	VirtualHost *model.VirtualHost
	// Reason is FarmMatched, HostOnly, LastFarm, Fragment or FarmAskedFor.
	Reason Reason
}

// A FilterVerdict says what /filter makes of a request.
type FilterVerdict struct {
	// Reached says that the request came as far as the filter.
	Reached bool
	Allow   bool
	// Rule decided; nil where no rule did.
	Rule   *model.Rule
	Reason Reason
	// Matched are all rules that match, in the order of the text. Filled only where there is a trace.
	Matched []*model.Rule
	// Vanity says that the filter denies and the vanity list allows.
	Vanity bool
	// VanityUnknown says that the vanity list, which is not known, could still allow.
	VanityUnknown bool
}

// DependsOn returns what is not known and could change the verdict: "vanity list", or nothing.
func (v *FilterVerdict) DependsOn() []string {
	if v.VanityUnknown {
		return []string{"vanity list"}
	}
	return []string{}
}

// Action is what the cache does for a request.
type Action uint8

// The actions, named as in the summary line of the log.
const (
	// ActionNone: the answer is not cacheable.
	ActionNone Action = iota
	// ActionMiss: there is no cache file.
	ActionMiss
	// ActionHit: the cache file is delivered.
	ActionHit
	// ActionStale: there is a cache file, and its statfile is newer.
	ActionStale
	// ActionExpired: there is a cache file, and its time to live is over.
	ActionExpired
)

// String returns "none", "miss", "hit", "stale" or "expired".
func (a Action) String() string { return [...]string{"none", "miss", "hit", "stale", "expired"}[a] }

// A CacheVerdict says whether the answer to a request may be cached, as far as the request decides.
type CacheVerdict struct {
	// Reached says that the request came as far as the cache.
	Reached   bool
	Cacheable bool
	Reason    Reason
	// Rule is the entry of /rules or /ignoreUrlParams that decided, nil where none did.
	Rule *model.Rule
	// By is the configuration that decided, the zero Span where none did.
	By source.Span
	// Action is what the cache does, as far as it is known.
	Action Action
	// Validity says how the cache file was judged, where there is one.
	Validity Validity
	// Answered says that the render's answer is known, so that nothing is left that the verdict depends on.
	Answered bool
	// Stored says that the answer was put into the cache, StoredTTL and StoredHeaders that the files beside it were.
	Stored, StoredTTL, StoredHeaders bool
	// Served says that a stale file was served because the render failed.
	ServedStale bool
	// InfoAskedFor says that the answer carries X-Cache-Info: the farm has /info "1" and the request has the
	// header X-Dispatcher-Info.
	InfoAskedFor bool

	// SessionUnknown says that the verdict depends on a session of which nothing is known, CheckerUnknown that it depends on
	// the authorization checker.
	SessionUnknown, CheckerUnknown bool
	// CredentialsUnknown says that it is not known whether the request has credentials, which would keep the answer out of
	// the cache; the verdict is the one without. Set only where the request has Unknowns.
	CredentialsUnknown bool

	docroot, uri string // docroot without a slash at its end
	hasDocroot   bool
	arg          string // what follows the log text
	// asked is the verdict on the request, where the answer made another of it.
	asked Reason
	// docs asks for the words of today's documentation.
	docs bool
	// bodiless says that the answer has no body, so that no file is made of it.
	bodiless bool
}

// File returns the name of the cache file: the document root and the decoded URI. It is "" where the answer is
// not cached, or the document root is not known.
func (v *CacheVerdict) File() string {
	if !v.Cacheable || !v.hasDocroot {
		return ""
	}
	return joinDocroot(v.docroot, v.uri)
}

// Info returns the value of X-Cache-Info without a leading "not cacheable: ", "" where it is not published. Where the
// answer keeps itself from the cache in a way that has no words of its own, it is what was to be said of the request.
func (v *CacheVerdict) Info() string {
	reason := v.Reason
	info, _ := reason.cacheWords()
	if info == "" && v.asked != "" {
		reason = v.asked
		info, _ = reason.cacheWords()
	}
	if v.docs {
		if today := reason.wordsOfDocs(); today != "" {
			return today
		}
	}
	return info
}

// negative reports whether Info says that something is not cacheable.
func (v *CacheVerdict) negative() bool {
	info, _ := v.Reason.cacheWords()
	return !v.Cacheable && (info != "" || v.asked == "")
}

// Header returns the whole value of X-Cache-Info as the module would send it; "" where it sends none.
func (v *CacheVerdict) Header() string {
	info := v.Info()
	if !v.Reached || !v.InfoAskedFor || info == "" {
		return ""
	}
	if v.negative() {
		return "not cacheable: " + info
	}
	return info
}

// Log returns the text of the debug log that says why the answer is not cached, the words of Info where no log
// text is published, and "" where the answer is cacheable.
func (v *CacheVerdict) Log() string {
	if v.Cacheable {
		return ""
	}
	info, log := v.Reason.cacheWords()
	switch {
	case log == "" && info == "":
		return refusalWords[v.Reason]
	case log == "":
		return info
	}
	switch {
	case v.arg == "":
		return trimLabel(log)
	case v.Reason == QueryString:
		return log + v.arg
	}
	return log + escapePath(v.arg)
}

// trimLabel takes ": " off a text that nothing follows.
func trimLabel(s string) string {
	if n := len(s) - len(": "); n >= 0 && s[n:] == ": " {
		return s[:n]
	}
	return s
}

// DependsOn returns what is not known before a render answers and decides whether the answer is stored. It is
// empty where the request alone keeps it from the cache: the answer to a HEAD, too, makes no file.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (what is cached).
func (v *CacheVerdict) DependsOn() []string {
	if !v.Cacheable || v.bodiless || v.Answered {
		return []string{}
	}
	list := []string{}
	if v.Action != ActionHit {
		list = append(list, "response status", "Cache-Control", "Set-Cookie", "Dispatcher", "Pragma", "Content-Length")
	}
	if v.SessionUnknown {
		list = append(list, "session")
	}
	if v.CheckerUnknown {
		list = append(list, "authorization checker")
	}
	return list
}

// A Response is an answer that the engine knows.
type Response struct {
	// Status is 0 where no answer is known.
	Status int
	// From is who answers: "cache", "render", "dispatcher" or "httpd".
	From string
	// Header is all headers that are known, in their order.
	Header Header
	// Length is how many bytes of the body were sent.
	Length int64
	// Cut says that less came than there should be.
	Cut bool
	// ByHTTPD says that httpd makes the body, because DispatcherPassError hands it the status.
	ByHTTPD bool
}

// A RenderChoice says which render a request goes to.
type RenderChoice struct {
	// Render is nil where the stage was not reached or the farm has none.
	Render *model.Render
	// Reason is RenderSticky, RenderScore, RenderFirst or RenderFailover.
	Reason Reason
	// Category is the entry of /statistics that the request belongs to, nil for none.
	Category *model.Category
	// Target is what is asked of the render, encoded.
	Target string
	// Header is the headers as they are sent, in their order.
	Header Header
	// Sticky says that the answer binds the client to the render with a cookie.
	Sticky bool
	// Attempts are all that was tried, health checks included.
	Attempts []Attempt
}

// An Attempt is one request to a render.
type Attempt struct {
	Render  *model.Render
	Purpose Purpose
	// Round counts from 1.
	Round int
	// Status is the answer's, 0 where none came; Err says why none came.
	Status int
	Err    string
	// Took is how long it took to the headers of the answer, or to the failure.
	Took time.Duration
}

// URL returns the URL that is asked of the render, "" where none is chosen.
func (c *RenderChoice) URL() string {
	if c.Render == nil {
		return ""
	}
	scheme := "http://"
	if c.Render.Secure.Value {
		scheme = "https://"
	}
	return scheme + RenderAddr(c.Render) + c.Target
}

// An Invalidation says what a flush does. Names start at the document root.
type Invalidation struct {
	// Reached says that the request is a flush.
	Reached bool
	// Handle, Path, Action and Scope are its headers CQ-Handle, CQ-Path, CQ-Action and CQ-Action-Scope; "" for none.
	Handle, Path, Action, Scope string
	// Allowed says that /allowedClients lets the client flush; Rule decided, nil where none did.
	Allowed bool
	Rule    *model.Rule
	// Deleted are the files and links that were removed, in order of name. Folders are the folders that were removed with
	// all that was in them; those inside of them are not named.
	Deleted, Folders []string
	// Failed are the names that the store refused to remove or to touch, a few of them where there are many.
	Failed []string
	// Touched are the statfiles that were touched, from the root down. TouchedOutside are those outside of the document
	// root, by their path on the web server.
	Touched, TouchedOutside []string
	// Refetched are the URLs that were fetched again, each with its status.
	Refetched []Refetched
	// Handler is the program of /invalidateHandler and its arguments; nil where there is none. HandlerError says why it
	// failed, where it was run.
	Handler      []string
	HandlerError string
	// Forwarded says that the flush went on to a render.
	Forwarded bool
}

// A Refetched is a page that a flush had fetched again. Status is 0 where no render answered.
type Refetched struct {
	URL    string
	Status int
	Stored bool
}

// reset makes d ready for another request and keeps its memory. What most requests do not come to is cleared only where
// this one did: to clear it costs as much as a stage.
func (d *Decision) reset() {
	d.Outcome, d.Reason, d.By = Undecided, "", source.Span{} // the parts of the URL are set by the first stage, always
	d.Farm = FarmChoice{}
	d.Filter = FilterVerdict{Matched: d.Filter.Matched[:0]}
	if d.Cache.Reached {
		d.Cache = CacheVerdict{}
	}
	if d.Render.Render != nil || len(d.Render.Attempts) > 0 || d.Render.Target != "" {
		d.Render = RenderChoice{Attempts: d.Render.Attempts[:0]}
	}
	if d.Response.Status != 0 || d.Response.From != "" { // httpd may answer without a status that is known
		d.Response = Response{}
	}
	if d.Invalidation.Reached {
		d.Invalidation = Invalidation{}
	}
	d.Took = 0
}
