package server

import (
	"slices"

	"github.com/dispcheck/dispcheck/internal/apexpr"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/source"
)

// A SectionKind is the name of a section.
type SectionKind uint8

// The kinds of sections that requests meet.
const (
	Directory SectionKind = iota
	Files
	Location
	If
	ElseIf
	Else
	Proxy
)

// A Section holds settings for some requests.
type Section struct {
	Kind SectionKind
	Place
	// Path is the argument of a section without a pattern, as httpd completes it.
	Path string
	// Wild says that Path has wildcards: * and ? do not match a slash in <Directory> and <Location>.
	Wild bool
	// Pattern is the regular expression of a ...Match section or of "~"; nil otherwise.
	Pattern *Pattern
	// Matching says that it is a ...Match section.
	Matching bool
	// Condition is that of <If> and <ElseIf>.
	Condition *Condition
	Settings  *Settings
}

// A MethodLimit is the methods of <Limit> or <LimitExcept>.
type MethodLimit struct {
	Methods []string
	// Except says that all other methods are meant.
	Except bool
}

// Covers reports whether a method is meant; every method is where l is nil. GET stands for HEAD, too.
func (l *MethodLimit) Covers(method string) bool {
	if l == nil {
		return true
	}
	if method == "HEAD" {
		method = "GET"
	}
	return slices.Contains(l.Methods, method) != l.Except
}

// A Pattern is a regular expression of a directive.
type Pattern struct {
	Text string
	// Negated says that it stood behind a "!".
	Negated bool
	NoCase  bool
	// At is the pattern's word.
	At source.Span
	// PCRE is it compiled; nil where httpd refuses it, or where it is not simulated.
	PCRE *match.PCRE
	// NotSimulated names the construct that is not simulated; "" where the pattern is.
	NotSimulated string
}

// A Condition is an expression of a directive.
type Condition struct {
	Text string
	At   source.Span
	Expr *apexpr.Expr
}

// Settings are what the directives of one place set: a section, or a server outside of sections. A nil pointer and a nil
// map are what was not set. Settings that are merged are made by [Settings.Merge]; none change once they are made.
type Settings struct {
	// mod_rewrite in per-directory context. At the server's level these are in Host.Rewrite.
	Rewrite *RewriteSettings

	// core and mod_mime
	Handler        *Text // SetHandler; the value "" is None
	HandlerIf      *Condition
	ForceType      *Text           // the value "" is None
	DefaultType    *Text           // DefaultType, before 2.4
	Types          map[string]Text // AddType: extension without its dot, in lower case
	Handlers       map[string]Text // AddHandler
	Encodings      map[string]Text // AddEncoding
	Languages      map[string]Text // AddLanguage
	Charsets       map[string]Text // AddCharset
	RemovedTypes   map[string]bool // RemoveType
	PathInfoTypes  *bool           // ModMimeUsePathInfo
	DefaultCharset *Text           // AddDefaultCharset; the value "" is Off
	Options        *Options
	AllowOverride  *Text // as written; nil is None
	AcceptPathInfo *Text
	FileETag       *Text
	ServeDirectory *bool // DirectorySlash
	CheckHandler   *bool // DirectoryCheckHandler
	Index          []string
	IndexRedirect  *Text
	Fallback       *Text // FallbackResource
	LimitBody      *int64

	// mod_headers, in the order in which they run
	Headers        []*HeaderRule
	RequestHeaders []*HeaderRule

	// mod_expires
	ExpiresActive  *bool
	ExpiresByType  map[string]*Expiry // by media type in lower case
	ExpiresDefault *Expiry

	ErrorDocuments map[int]*ErrorDocument

	// mod_env and mod_setenvif, in the order in which they run
	Env   []*EnvRule
	EnvIf []*EnvIf

	// access
	Access *Access

	// mod_alias and mod_proxy inside of sections
	Alias         *PathAlias // of <Location>: 2.4.19 and later
	Redirects     []*Redirect
	Proxy         *ProxyPass
	ProxyOverride *bool // ProxyErrorOverride
	PreserveHost  *bool // ProxyPreserveHost

	AllowMethods []string

	// filters
	OutputFilters *Text             // SetOutputFilter
	FiltersByType []FilterByType    // AddOutputFilterByType
	FiltersByExt  map[string]Text   // AddOutputFilter
	Substitutions []DirectiveOfText // Substitute: recorded, bodies are not rewritten

	// Files and Ifs are the <Files> and <If> sections that stand in this place.
	Files []*Section
	Ifs   []*Section

	Dispatcher   []DispatcherDirective
	NotSimulated []Construct
}

// A DirectiveOfText is a directive that is only kept.
type DirectiveOfText struct {
	Args string
	Place
}

// FilterByType is AddOutputFilterByType.
type FilterByType struct {
	Filter string
	Types  []string
	Place
}

// Options are those of the directive Options.
type Options struct {
	// Set, Add and Remove are bits of [Option]. Relative says that the directive has only + and -.
	Set, Add, Remove Option
	Relative         bool
	Place
}

// An Option is one of Options.
type Option uint16

// The options.
const (
	OptIndexes Option = 1 << iota
	OptIncludes
	OptFollowSymLinks
	OptSymLinksIfOwnerMatch
	OptExecCGI
	OptMultiViews
	OptIncludesNoExec
)

// An ErrorDocument says what an error is answered with.
type ErrorDocument struct {
	Status int
	Kind   ErrorKind
	// Value is the path, the URL or the text.
	Value string
	// Expr is the text as an expression, where it has one.
	Expr *apexpr.Expr
	Place
}

// An ErrorKind says what an ErrorDocument's value is.
type ErrorKind uint8

// The kinds of error documents.
const (
	ErrorDefault ErrorKind = iota // httpd's own page
	ErrorPath                     // a path: an internal redirect
	ErrorURL                      // an absolute URL: 302
	ErrorText                     // the body itself
)
