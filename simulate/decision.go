package simulate

import (
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
)

var outcomeNames = [...]string{"undecided", "forwarded", "denied", "refused", "invalidation", "no farm"}

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
	Response Response
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
	// ActionUnknown: there is a document root that is not looked into yet.
	ActionUnknown
)

// String returns "none", "miss" or "" for unknown.
func (a Action) String() string { return [...]string{"none", "miss", ""}[a] }

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
	// Session says that /sessionmanagement has a say which is not simulated.
	Session bool
	// InfoAskedFor says that the answer carries X-Cache-Info: the farm has /info "1" and the request has the
	// header X-Dispatcher-Info.
	InfoAskedFor bool

	docroot, uri string // docroot without a slash at its end
	hasDocroot   bool
	arg          string // what follows the log text
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

// Info returns the value of X-Cache-Info without a leading "not cacheable: ", "" where it is not published.
func (v *CacheVerdict) Info() string {
	info, _ := v.Reason.cacheWords()
	return info
}

// Header returns the whole value of X-Cache-Info as the module would send it; "" where it sends none.
func (v *CacheVerdict) Header() string {
	info := v.Info()
	if !v.Reached || !v.InfoAskedFor || info == "" {
		return ""
	}
	if !v.Cacheable {
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
	if log == "" {
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
	if !v.Cacheable || v.bodiless {
		return []string{}
	}
	list := []string{"response status", "Cache-Control", "Set-Cookie", "Dispatcher", "Pragma", "Content-Length"}
	if v.Session {
		list = append(list, "session")
	}
	return list
}

// A Response is an answer that the engine knows.
type Response struct {
	// Status is 0 where no answer is known.
	Status int
	// From is who answers: "dispatcher" or "httpd".
	From string
}

// reset makes d ready for another request and keeps its memory.
func (d *Decision) reset() {
	matched := d.Filter.Matched[:0]
	*d = Decision{}
	d.Filter.Matched = matched
}
