package server

import (
	"github.com/dispcheck/dispcheck/internal/apexpr"
	"github.com/dispcheck/dispcheck/source"
)

// RewriteSettings are those of mod_rewrite in one place.
type RewriteSettings struct {
	// On is RewriteEngine; nil where it is not set.
	On   *bool
	OnAt Place
	// Rules are in the order in which they run, those that RewriteOptions inherit included.
	Rules []*RewriteRule
	// Base is RewriteBase; nil where it is not set.
	Base *Text
	// Options of RewriteOptions.
	Inherit, InheritBefore, InheritDown, InheritDownBefore, IgnoreInherit bool
	AllowAnyURI, MergeBase, IgnoreContextInfo, LegacyPrefixDocRoot        bool
	LongURLOptimization                                                   bool
	AllowNoSlash                                                          bool
	// OptionsSet says that RewriteOptions is in this place.
	OptionsSet bool
	// Directory is the folder of the rules in per-directory context, with a slash at its end; "" inside of <Location> and
	// <If>, where patterns see the whole file name.
	Directory string
}

// A RewriteRule is a rule with its conditions.
type RewriteRule struct {
	Place
	Conditions []*RewriteCond
	Pattern    *Pattern
	// NoSubstitution says that the substitution is "-".
	NoSubstitution bool
	// Substitution is the second argument, as httpd has it after it has split the line.
	Substitution   string
	SubstitutionAt source.Span
	Flags          RewriteFlags
	// FlagsAt is the third argument.
	FlagsAt source.Span
	// NotSimulated names what of the rule is not simulated; "" where all is.
	NotSimulated string
}

// RewriteFlags are the flags of a rule (httpd.apache.org/docs/2.4, rewrite/flags.html).
type RewriteFlags struct {
	Last, End, Next, Chain, PassThrough, Proxy, NoCase, NoEscape, NoSubrequest bool
	// NextLimit is the N of N=; 0 is httpd's default.
	NextLimit int
	// Skip is the number of S=.
	Skip int
	// Status is the answer that R, F and G ask for: 0 where none does. Redirect says that R, the last of the three, does.
	Status   int
	Redirect bool
	// Forbidden and Gone are F and G, where they are the last of R, F and G.
	Forbidden, Gone bool

	QueryAppend, QueryDiscard, QueryLast bool // QSA, QSD, QSL
	DiscardPath                          bool // DPI
	Escape                               bool // B, with or without a list
	EscapeOnly                           string
	EscapeNot                            string // BNE
	EscapeBlankAsPlus                    bool   // not BNP
	EscapeCTLs                           bool   // BCTLS
	UnsafeAllow3F, UnsafePrefixStat, UNC bool

	// Env and Cookies are what stands behind E= and CO=, as written.
	Env     []string
	Cookies []string
	Type    *string // T
	Handler *string // H
}

// An EnvAssignment is a variable that SetEnvIf sets or takes away.
type EnvAssignment struct {
	Name  string
	Value string
	Unset bool
}

// A CondKind is what a condition tests.
type CondKind uint8

// The kinds of conditions.
const (
	CondPattern CondKind = iota
	CondLexEqual
	CondLexLess
	CondLexGreater
	CondLexLessEqual
	CondLexGreaterEqual
	CondIntEqual
	CondIntNotEqual
	CondIntLess
	CondIntLessEqual
	CondIntGreater
	CondIntGreaterEqual
	CondFile       // -f
	CondDirectory  // -d
	CondSize       // -s
	CondLink       // -l, -L, -h
	CondExecutable // -x
	CondURL        // -U: a subrequest
	CondFileURL    // -F: a subrequest
	CondExpr       // expr
)

// A RewriteCond is a condition.
type RewriteCond struct {
	Place
	// Test is the test string, as httpd has it after it has split the line.
	Test   string
	TestAt source.Span
	Kind   CondKind
	// Negated says that a "!" stands in front.
	Negated bool
	Pattern *Pattern // of CondPattern
	// Operand is what is compared with, of a lexical or a numeric kind.
	Operand string
	Expr    *apexpr.Expr // of CondExpr
	// PatternAt is the second argument.
	PatternAt          source.Span
	NoCase, Or, NoVary bool
	NotSimulated       string
}

// A RewriteMap is a map.
type RewriteMap struct {
	Place
	Name string
	Kind MapKind
	// Source is the file, or of MapInternal the function.
	Source string
	// Entries are those of a text file, the first of a key; Random ones have their values split at |.
	Entries map[string]string
	// Known says that the entries were read. Maps that are programs, and files that are not there, are not.
	Known bool
}

// A MapKind is a kind of map.
type MapKind uint8

// The kinds of maps.
const (
	MapText MapKind = iota
	MapRandom
	MapDBM
	MapInternal
	MapProgram
	MapSQL
)
