package server

import (
	"net/netip"

	"github.com/dispcheck/dispcheck/internal/apexpr"
	"github.com/dispcheck/dispcheck/source"
)

// A PathAlias is Alias, AliasMatch, ScriptAlias or ScriptAliasMatch.
type PathAlias struct {
	Place
	Path    string   // without a pattern; "" in <Location>, where the section's path counts
	Pattern *Pattern // of the ...Match directives
	Target  string
	// Expr is the target as an expression, of an Alias in <LocationMatch>.
	Expr   *apexpr.Expr
	Script bool
}

// A Redirect is Redirect or RedirectMatch.
type Redirect struct {
	Place
	Status    int
	Path      string // "" in <Location>, where the section's path counts
	Pattern   *Pattern
	Target    string // "" for a status outside of 300–399
	Expr      *apexpr.Expr
	InSection bool
}

// A ProxyPass is ProxyPass or ProxyPassMatch.
type ProxyPass struct {
	Place
	Path    string
	Pattern *Pattern
	// Target is the URL; "!" says that nothing is proxied.
	Target string
	// NoCanon, Interpolate and NoQuery are its parameters nocanon, interpolate and noquery.
	NoCanon, Interpolate, NoQuery bool
	MapEncoded                    bool
	InSection                     bool
}

// A HeaderAction is what a Header line does.
type HeaderAction uint8

// The actions of Header and RequestHeader.
const (
	HeaderSet HeaderAction = iota
	HeaderSetIfEmpty
	HeaderAppend
	HeaderMerge
	HeaderAdd
	HeaderUnset
	HeaderEdit
	HeaderEditAll // edit*
	HeaderEcho
	HeaderNote
)

// A HeaderRule is a line of Header or RequestHeader.
type HeaderRule struct {
	Place
	Action HeaderAction
	// Always says that it works on the table that errors keep; Early that it runs before all others.
	Always, Early bool
	Name          string
	NameAt        source.Span
	// Echo is the pattern of HeaderEcho.
	Echo *Pattern
	// Value is the value with its %{...} formats; ValueExpr is it where it was "expr=...".
	Value     []HeaderPart
	ValueText string
	ValueExpr *apexpr.Expr
	ValueAt   source.Span
	// Edit and Replacement are those of edit and edit*.
	Edit *Pattern
	// EnvName is the variable of env=; EnvNegated of env=!.
	EnvName    string
	EnvNegated bool
	Condition  *Condition
}

// A HeaderPart is a piece of a header's value: text, or a format such as %{NAME}e.
type HeaderPart struct {
	Text   string
	Format byte   // 0 for text; e, s, t, D, l, i, b
	Name   string // of %{NAME}e and %{NAME}s
}

// An Expiry is a time of mod_expires.
type Expiry struct {
	Place
	// FromModification counts from the file's modification, else from the request.
	FromModification bool
	Seconds          int64
	Text             string
}

// An EnvRule is SetEnv, UnsetEnv or PassEnv.
type EnvRule struct {
	Place
	Name, Value string
	Unset, Pass bool
}

// An EnvIf is SetEnvIf, SetEnvIfNoCase, BrowserMatch or SetEnvIfExpr.
type EnvIf struct {
	Place
	// Attribute is what is looked at: a header's name, or Request_URI and the like.
	Attribute string
	// AttributePattern is set where the attribute is a regular expression over header names.
	AttributePattern *Pattern
	Pattern          *Pattern
	Expr             *apexpr.Expr // of SetEnvIfExpr
	Set              []EnvAssignment
}

// Access is what decides whether a request is allowed.
type Access struct {
	// Require is the tree of requirements; nil where no Require is in this place.
	Require *Requirement
	// Order, Allow and Deny are those of mod_access_compat. Order is that outside of <Limit>; LimitedOrders are those in
	// it, of which the last that covers a method takes the place of Order.
	Order         *AccessOrder
	LimitedOrders []*AccessOrder
	Allow         []AccessHost
	Deny          []AccessHost
	// SatisfyAny is Satisfy Any; nil where it is not set.
	SatisfyAny *bool
	// Merging is AuthMerging: "Off", "And" or "Or"; "" where it is not set.
	Merging string
	// AuthType is "" where it is not set. Credentials are not checked.
	AuthType, AuthName string
	AuthAt             Place
}

// AccessOrder is Order.
type AccessOrder struct {
	AllowFirst bool // "Order allow,deny": denied unless allowed, and Deny wins
	Mutual     bool // "mutual-failure"
	// Methods are those that it holds for; nil for all.
	Methods *MethodLimit
	Place
}

// An AccessHost is a word of Allow from or Deny from.
type AccessHost struct {
	All     bool
	Prefix  netip.Prefix
	Host    string // a name: looked up by httpd, not here
	Env     string
	Negated bool // env=!NAME
	// Methods are those that it holds for; nil for all.
	Methods *MethodLimit
	Place
}

// A RequireKind is the kind of a requirement.
type RequireKind uint8

// The kinds of requirements.
const (
	RequireAny RequireKind = iota
	RequireAll
	RequireNone
	RequireGranted
	RequireDenied
	RequireIP
	RequireHost
	RequireLocal
	RequireForward
	RequireMethod
	RequireEnv
	RequireExpr
	RequireUser // user, group, valid-user: asks for credentials
)

// A Requirement is Require, or a section of them.
type Requirement struct {
	Place
	Kind    RequireKind
	Negated bool
	// Methods are those that it holds for; nil for all. For other methods it counts as if it were not there.
	Methods  *MethodLimit
	Children []*Requirement
	Words    []string
	Prefixes []netip.Prefix
	Expr     *apexpr.Expr
}
