package model

import (
	"github.com/dispcheck/dispcheck/source"
)

// A Place is where something stands and which $include lines led there, outermost first.
type Place struct {
	Span     source.Span
	Included []source.Span
}

// A Setting is one property's value. Where Set is false the property is not written: Value is the
// default and At the zero Place. Where it is written and cannot be read, as a number with a unit, Set is
// true and Value is the default, or for /type the text: what the module makes of such a value is not published. A boolean is
// true for "1" and false for anything else.
type Setting[T any] struct {
	Value T
	Set   bool
	// Text is the value as written, after variables were put in.
	Text string
	// Place covers the property: its name and its value.
	At Place
	// ValueAt covers the value alone.
	ValueAt source.Span
}

// A Config is everything that one dispatcher.any says.
//
// Property names, meanings and defaults in this package are those of
// AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md, unless a field says otherwise.
type Config struct {
	// Name is ^/name, the name of the instance.
	Name Setting[string]
	// IgnoreEINTR is ^/ignoreEINTR: reads that a signal interrupts are tried again. Default false.
	IgnoreEINTR Setting[bool]
	// Farms in the order of the text, which decides: virtual hosts are searched from the last farm up.
	// Two farms of one name are both here.
	Farms []*Farm
	// FarmsAt covers /farms; the zero Place where a fragment was completed.
	FarmsAt Place
	// Wrapped says what was added around a fragment to make it a configuration, for people and in the
	// order from the outside in: ["/farms", "farm \"fragment\"", "/filter"]. Empty for a whole one. Where
	// a section was added, its At covers what was put into it.
	Wrapped []string
	// Unknown are properties that the module ignores.
	Unknown []Unknown
}

// Farm returns the first farm of a name, nil where there is none.
func (c *Config) Farm(name string) *Farm {
	for _, f := range c.Farms {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Unknown is what stands in the text and is not read: a property whose name is not one here, mostly, and
// whatever else the model has no field for. Together with the fields they hold all of the text.
// Path names the section around it, "/farms/publish/cache".
type Unknown struct {
	Name  string // without the slash; "" for a block or value without a name
	Path  string
	At    Place
	Cause Cause
}

// A Cause says why something is not read.
type Cause uint8

// The causes.
const (
	NotKnown   Cause = iota // no section has a property of this name
	WrongCase               // the section has it in another letter case
	Misplaced               // it is a property of another section, or a rule outside a list of rules
	WrongKind               // a block where a value belongs, or a value where a block does
	NoValue                 // neither a value nor a block follows the name
	NoName                  // a value or block without a name where names are needed
	Superseded              // the same property stands again further down, and the last one counts
	TooNew                  // the property came with a later Dispatcher than the one asked for
	Trailing                // text without quotes that touches a closing quote in a list; before 4.3.1 a string of the list
)

var causeNames = [...]string{
	NotKnown: "not known", WrongCase: "wrong case", Misplaced: "misplaced", WrongKind: "wrong kind",
	NoValue: "no value", NoName: "no name", Superseded: "superseded", TooNew: "too new", Trailing: "trailing characters",
}

// String returns the cause in words.
func (c Cause) String() string {
	if int(c) < len(causeNames) {
		return causeNames[c]
	}
	return "cause"
}

// A Farm is one entry of /farms.
type Farm struct {
	// Name is the label. It appears in logs and decides nothing.
	Name string
	// NameAt covers the label, At the whole entry.
	NameAt source.Span
	At     Place

	// Homepage is /homepage. It worked on IIS only and no longer does.
	Homepage Setting[string]
	// Info is /info: X-Cache-Info is sent to who asks for it with X-Dispatcher-Info. Default false.
	Info Setting[bool]
	// ClientHeaders is /clientheaders: the request headers that are passed on, nil where not written (a
	// standard list is then passed on).
	ClientHeaders *List
	// VirtualHosts is /virtualhosts; VirtualHostsAt is zero where it is not written.
	VirtualHosts   []*VirtualHost
	VirtualHostsAt Place
	// Renders is /renders in the order of the text.
	Renders   []*Render
	RendersAt Place
	// Filter is /filter; nil lets every request through.
	Filter *Filter
	// VanityURLs is /vanity_urls, SessionManagement /sessionmanagement, AuthChecker /auth_checker,
	// Cache /cache, Statistics /statistics, StickyConnections /stickyConnections, HealthCheck
	// /health_check; nil where not written.
	VanityURLs        *VanityURLs
	SessionManagement *SessionManagement
	AuthChecker       *AuthChecker
	Cache             *Cache
	Statistics        *Statistics
	StickyConnections *StickyConnections
	HealthCheck       *HealthCheck
	// StickyConnectionsFor is /stickyConnectionsFor, one folder.
	StickyConnectionsFor Setting[string]
	// PropagateSyndPost is /propagateSyndPost: flushes are forwarded to the render. Default false.
	PropagateSyndPost Setting[bool]
	// RetryDelay is /retryDelay in seconds between rounds of connection attempts. Default 1.
	RetryDelay Setting[int]
	// NumberOfRetries is /numberOfRetries: rounds of connection attempts. Default 5.
	NumberOfRetries Setting[int]
	// UnavailablePenalty is /unavailablePenalty in tenths of a second. Default 1.
	UnavailablePenalty Setting[int]
	// Failover is /failover: a 503 makes another render answer. Default false.
	Failover Setting[bool]

	Unknown []Unknown
}

// A List is a section of unnamed strings.
type List struct {
	At     Place
	Values []ListValue

	Unknown []Unknown
}

// A ListValue is one string of a List.
type ListValue struct {
	Text string
	At   Place
}

// A Render is one entry of /renders. Timeouts are in milliseconds.
type Render struct {
	// Name is the label; "" for a section that names hostname and port without one.
	Name   string
	NameAt source.Span
	At     Place

	Hostname Setting[string]
	// Port is /port. Default 80, or 443 when Secure.
	Port Setting[int]
	// Timeout is /timeout, to connect; 0, the default, waits forever.
	Timeout Setting[int]
	// ReceiveTimeout is /receiveTimeout, for the answer; 0 waits forever. Default 600000.
	ReceiveTimeout Setting[int]
	// Secure is /secure: HTTPS to the render. Default false.
	Secure Setting[bool]
	// IPv4 is /ipv4: resolve with gethostbyname. Default false.
	IPv4 Setting[bool]
	// AlwaysResolve is /always-resolve: look the name up for each request. Default false.
	AlwaysResolve Setting[bool]

	Unknown []Unknown
}

// VanityURLs is /vanity_urls.
type VanityURLs struct {
	At   Place
	URL  Setting[string]
	File Setting[string]
	// Delay is /delay, seconds between fetches of the list. Default 300
	// (adobe/aem-dispatcher-optimizer-tool).
	Delay Setting[int]
	// LoadOnStartup is /loadOnStartup (4.3.6). Default true.
	LoadOnStartup Setting[bool]

	Unknown []Unknown
}

// SessionManagement is /sessionmanagement.
type SessionManagement struct {
	At        Place
	Directory Setting[string]
	// Encode is /encode, "md5" (the default) or "hex".
	Encode Setting[string]
	// Header is /header, "HTTP:authorization" (the default) or "Cookie:<name>".
	Header Setting[string]
	// Timeout is /timeout in seconds since the last use. Default 800.
	Timeout Setting[int]

	Unknown []Unknown
}

// AuthChecker is /auth_checker (AdobeDocs/experience-manager-dispatcher.en, permissions-cache.md).
type AuthChecker struct {
	At  Place
	URL Setting[string]
	// Filter says for which URLs the render is asked, Headers which of its headers are passed on: their
	// patterns see "Name: value".
	Filter  *RuleList
	Headers *RuleList

	Unknown []Unknown
}

// Statistics is /statistics: categories of documents by which renders are measured. The module takes
// eight at most; all that are written are here.
type Statistics struct {
	At           Place
	Categories   []*Category
	CategoriesAt Place // zero where /categories is not written

	Unknown []Unknown
}

// A Category is one entry of /statistics/categories. The first whose glob matches is the request's.
type Category struct {
	// Name is the label, NameAt covers it, At the whole entry.
	Name   string
	NameAt source.Span
	At     Place
	Glob   *Pattern // nil where not written

	Unknown []Unknown
}

// StickyConnections is /stickyConnections.
type StickyConnections struct {
	At Place
	// Paths is /paths: folders whose requests bind a client to its render. nil where not written.
	Paths *List
	// HTTPOnly is /httpOnly, Secure /secure: attributes of the cookie renderid. Default false.
	HTTPOnly Setting[bool]
	Secure   Setting[bool]

	Unknown []Unknown
}

// HealthCheck is /health_check.
type HealthCheck struct {
	At  Place
	URL Setting[string]

	Unknown []Unknown
}

// Cache is /cache.
type Cache struct {
	At Place
	// Docroot is /docroot, the folder that holds the cached files.
	Docroot Setting[string]
	// Statfile is /statfile. Default "" for .stat in the docroot; not read where StatfilesLevel is set.
	Statfile Setting[string]
	// StatfilesLevel is /statfileslevel: how many folder levels get a .stat of their own. Default 0.
	StatfilesLevel Setting[int]
	// ServeStaleOnError is /serveStaleOnError. Default false.
	ServeStaleOnError Setting[bool]
	// AllowAuthorized is /allowAuthorized: requests with credentials may be cached. Default false.
	AllowAuthorized Setting[bool]
	// Rules is /rules: what may be cached; nil caches nothing.
	Rules *RuleList
	// Invalidate is /invalidate: what a touched .stat makes stale; nil is nothing.
	Invalidate *RuleList
	// AllowedClients is /allowedClients: whose flushes are taken; nil or empty is everyone's.
	AllowedClients *RuleList
	// IgnoreURLParams is /ignoreUrlParams: allow entries name query parameters that do not matter.
	IgnoreURLParams *RuleList
	// Headers is /headers: response headers that are stored with the body. nil stores none.
	Headers *List
	// InvalidateHandler is /invalidateHandler, a program to run for each flush. Never run by us unasked.
	InvalidateHandler Setting[string]
	// Mode is /mode, permissions of new files and folders. Default 0755.
	Mode Setting[uint32]
	// GracePeriod is /gracePeriod in seconds: how long stale files are still served. Default 0.
	GracePeriod Setting[int]
	// EnableTTL is /enableTTL: Cache-Control and Expires of the answer decide. Default false.
	EnableTTL Setting[bool]

	Unknown []Unknown
}
