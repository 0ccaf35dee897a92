package replay

import "github.com/dispcheck/dispcheck/simulate"

// A Filter is what /filter makes of a request, as far as a log can tell.
type Filter uint8

// The verdicts.
const (
	// NotReached: httpd or the Dispatcher answered before /filter was asked, or there is none to ask.
	NotReached Filter = iota
	Allow
	Deny
	// Depends: it hangs on something that the log does not say.
	Depends
)

// String returns the word of outputs.
func (f Filter) String() string { return [...]string{"not reached", "allow", "deny", "depends"}[f] }

// A Cache says whether the answer to a request may be cached, as far as request and log can tell.
type Cache uint8

// The verdicts.
const (
	NotAsked Cache = iota
	Cacheable
	Uncacheable
	CacheDepends
)

// none is the index of what is not there.
const none = -1

// A Verdict is what is remembered of a decision. Requests with the same verdict share one. Its fields compare with ==.
type Verdict struct {
	Outcome simulate.Outcome `json:"outcome,omitempty"`
	Filter  Filter           `json:"filter,omitempty"`
	// Logged is the filter's verdict where what the log does not say was not there; it differs from Filter for Depends.
	Logged Filter `json:"logged,omitempty"`
	// Reason is of the decision, Status of an answer that httpd or the Dispatcher made.
	Reason simulate.Reason `json:"reason,omitempty"`
	Status int             `json:"status,omitempty"`
	// Rule, Farm and Host are indexes into the catalog, -1 for none. Farm is -2 where it depends.
	Rule int32 `json:"rule"`
	Farm int32 `json:"farm"`
	Host int32 `json:"host"`
	// Applied are the rewrite rules that applied, as JSON of their indexes.
	Applied string `json:"applied,omitempty"`
	// MayRules and MayRewrites are the filter rules that decide and the rewrite rules that apply where something is otherwise
	// than the log says it.
	MayRules    string `json:"may_rules,omitempty"`
	MayRewrites string `json:"may_rewrites,omitempty"`
	Cache       Cache  `json:"cache,omitempty"`
	// Why and Info say why not: the reason, and the words of X-Cache-Info. By is the line that decided.
	Why  simulate.Reason `json:"why,omitempty"`
	Info string          `json:"info,omitempty"`
	By   Place           `json:"by,omitzero"`
	// DependsOn is what Filter or Cache hangs on, joined by line ends.
	DependsOn string `json:"depends_on,omitempty"`
	// Credentials says that the answer is cacheable only if the request had no credentials, which the log does not say.
	Credentials bool `json:"credentials,omitempty"`
	// Vanity says that a denied request is allowed if the list of vanity URLs has it, which nobody knows here.
	Vanity bool `json:"vanity,omitempty"`
	// NoQuery says the same of a query.
	NoQuery bool `json:"no_query,omitempty"`
	// OnlyQuery says that the answer would be cacheable without the query.
	OnlyQuery bool `json:"only_query,omitempty"`
	// Unsure is a construct of httpd that is not simulated and may matter, with its place.
	Unsure string `json:"unsure,omitempty"`
}

// farmDepends is the index of a farm that hangs on something unknown.
const farmDepends = -2

// sameFilter reports whether /filter says the same, or the request ends in the same way before it.
func (v *Verdict) sameFilter(o *Verdict) bool {
	if v.Filter != o.Filter {
		return false
	}
	return v.Filter != NotReached || v.Outcome == o.Outcome && v.Status == o.Status
}

// sameCache reports whether the answer is cacheable, or not for the same reason.
func (v *Verdict) sameCache(o *Verdict) bool { return v.Cache == o.Cache && v.Why == o.Why }
