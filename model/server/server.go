package server

import (
	"net/netip"
	"slices"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/source"
)

// A Place is the directive that something came from.
type Place struct {
	// At is the line, or of a section its opening line.
	At source.Span
	// Included are the lines that led to its text, outermost first.
	Included []source.Span
}

// A Text is a word of a directive.
type Text struct {
	Value string
	Place
	// WordAt is the word.
	WordAt source.Span
}

// A Server is the configuration of one httpd. It does not change once it is made.
type Server struct {
	// Main is the main server: what stands outside of virtual hosts.
	Main *Host
	// Hosts are the virtual hosts in the order in which httpd read them, each merged with the main server.
	Hosts []*Host
	// Listen are the addresses of Listen.
	Listen []Listen
	// Types are the media types of TypesConfig, by extension in lower case.
	Types map[string]string
	// Tree is what it was made of.
	Tree *apacheconf.Tree
	// Findings are the mistakes of decoding. Those that httpd refuses to start with are errors.
	Findings []diag.Diagnostic
	// NotSimulated are the directives that may change an answer and that nothing here follows, in the order of reading. The
	// sections and hosts that they stand in have them too, for the requests that they concern.
	NotSimulated []Construct
}

// A Construct is a piece of configuration that is not simulated.
type Construct struct {
	// Text names it: "SecRule", "RewriteRule flag CO".
	Text string
	// Why says what is missing, in a few words; "" where the name says it.
	Why string
	Place

	tls bool
}

// TLS reports whether the construct is SSLEngine. Only a request in plain text can find out about it: httpd refuses that where
// TLS is spoken.
func (c *Construct) TLS() bool { return c.tls }

// A Listen is an address that httpd listens on.
type Listen struct {
	Addr     netip.Addr // the zero Addr for all
	Port     int
	Protocol string
	Place
}

// A Host is a virtual host, or the main server.
type Host struct {
	Place
	// Virtual tells a virtual host from the main server.
	Virtual bool
	// Addresses are the words of <VirtualHost>.
	Addresses []Address
	// Name is ServerName. A virtual host without one has the main server's.
	Name Name
	// Names are the words of ServerAlias, in their order.
	Names []Alias
	// Path is ServerPath; nil where it is not set.
	Path *Text

	DocumentRoot Text
	// EncodedSlashes is AllowEncodedSlashes; Off is httpd's default.
	EncodedSlashes EncodedSlashes
	EncodedAt      Place
	// KeepSlashes is MergeSlashes Off.
	KeepSlashes bool
	// CanonicalName is UseCanonicalName; CanonicalOff is httpd's default.
	CanonicalName CanonicalName
	// PhysicalPort is UseCanonicalPhysicalPort On.
	PhysicalPort bool
	// Trace is TraceEnable: TraceOn is httpd's default.
	Trace TraceEnable
	// Limits of requests: LimitRequestLine, LimitRequestFieldSize, LimitRequestFields. 0 is httpd's default of 8190, 8190, 100.
	LimitLine, LimitFieldSize, LimitFields int
	// StrictRequests is HttpProtocolOptions Strict, httpd's default; UnsafeRequests is Unsafe.
	UnsafeRequests bool
	// Recursion is LimitInternalRecursion, 0 where it is not set.
	Recursion int
	// RewriteLogLevel is the N of "LogLevel rewrite:traceN", 0 where it is not set.
	RewriteLogLevel int

	// Rewrite is mod_rewrite at the server's level, with what RewriteOptions inherit.
	Rewrite RewriteSettings
	// Maps are the maps by name, those of the main server included.
	Maps map[string]*RewriteMap
	// Aliases are Alias, AliasMatch, ScriptAlias and ScriptAliasMatch at the server's level, in the order in which they are tried.
	Aliases []*PathAlias
	// Redirects are those at the server's level, in the order in which they are tried.
	Redirects []*Redirect
	// Proxies are ProxyPass and ProxyPassMatch at the server's level, in the order in which they are tried.
	Proxies []*ProxyPass
	// RemoteIP is mod_remoteip; nil where RemoteIPHeader is not set.
	RemoteIP *RemoteIP

	// Base are the settings outside of sections, the main server's merged in.
	Base *Settings
	// Directories are <Directory> sections by the number of segments of their path, shortest first, and in the order of
	// reading among equals; then those with a pattern in the order of reading. The main server's stand first among equals.
	Directories []*Section
	// Locations are <Location> and <LocationMatch> in the order of reading, the main server's first.
	Locations []*Section
	// ProxySections are <Proxy> and <ProxyMatch>.
	ProxySections []*Section

	// Dispatcher are the directives of the Dispatcher module, the main server's first; the last of a name counts.
	Dispatcher []DispatcherDirective
	// NotSimulated are the directives outside of sections that may change an answer and that nothing here follows.
	NotSimulated []Construct

	tls bool
}

// TLS reports whether a virtual host answers over TLS: the last SSLEngine in it is other than Off, Optional too. A line
// that httpd refuses, since mod_ssl is not loaded, counts all the same. That of the main server is not looked at.
func (h *Host) TLS() bool { return h.tls }

// DispatcherHandler is the handler by which httpd gives requests to the Dispatcher.
const DispatcherHandler = "dispatcher-handler"

// A DispatcherDirective is a directive of the Dispatcher module.
type DispatcherDirective struct {
	Name string // as Adobe writes it: "DispatcherPassError"
	Args string
	Place
}

// HasPort reports whether a virtual host is one for a port by its number.
func (s *Server) HasPort(port int) bool {
	return slices.ContainsFunc(s.Hosts, func(h *Host) bool {
		return slices.ContainsFunc(h.Addresses, func(a Address) bool { return a.Port == port })
	})
}

// An Address is one word of <VirtualHost>.
type Address struct {
	Text string
	// Addr is the zero Addr for * and _default_.
	Addr netip.Addr
	// Host is a name that httpd would look up, where the word is one. It is not looked up: it matches nothing.
	Host string
	// Port is 0 for every port.
	Port int
	At   source.Span
}

// A Name is ServerName.
type Name struct {
	// Scheme is "http" or "https" where the directive has one, else "".
	Scheme string
	Host   string
	// Port is 0 where the directive has none.
	Port int
	// Set says that the host has the directive, and not only the main server.
	Set bool
	Place
}

// An Alias is one word of ServerAlias.
type Alias struct {
	Pattern string
	// Wild says that it has a * or a ?.
	Wild bool
	Place
	WordAt source.Span
}

// EncodedSlashes is AllowEncodedSlashes.
type EncodedSlashes uint8

// The values of AllowEncodedSlashes.
const (
	EncodedOff EncodedSlashes = iota
	EncodedOn
	EncodedNoDecode
)

// CanonicalName is UseCanonicalName.
type CanonicalName uint8

// The values of UseCanonicalName.
const (
	CanonicalOff CanonicalName = iota
	CanonicalOn
	CanonicalDNS
)

// TraceEnable is the directive of that name.
type TraceEnable uint8

// The values of TraceEnable.
const (
	TraceOn TraceEnable = iota
	TraceOff
	TraceExtended
)

// A RemoteIP is what mod_remoteip does to the address of the client.
type RemoteIP struct {
	Header        Text
	ProxiesHeader string
	Internal      []netip.Prefix
	Trusted       []netip.Prefix
}
