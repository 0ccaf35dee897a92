package rewrite

import (
	"github.com/dispcheck/dispcheck/internal/apexpr"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// A Subject is the request that rules see and change. simulate/httpd implements it.
type Subject interface {
	// URI is the path of the request, decoded; Query is its query as it was sent or as rules left it.
	URI() string
	Query() (query string, has bool)
	// Filename and PathInfo are those of the translated request.
	Filename() string
	PathInfo() string
	// Variable returns a variable of the server that is not one of those that mod_rewrite makes itself: "SERVER_NAME",
	// "HTTPS", "REMOTE_ADDR". ok is false where it is not simulated.
	Variable(name string) (value string, ok bool)
	// Header returns a header of the request, values of several lines joined.
	Header(name string) (value string, present bool)
	Env(name string) (value string, present bool)
	SetEnv(name, value string)
	UnsetEnv(name string)
	// Vary adds a name to the header Vary of the answer.
	Vary(name string)
	// AddCookie adds a Set-Cookie header that errors keep, too.
	AddCookie(line string)
	// CookieTime writes the time some minutes from now as cookies have it.
	CookieTime(minutes int) string
	// Expr evaluates an expression on the request. subject and caps are what the last pattern that matched was matched
	// against, and its groups. With vary, the headers that it asks for are added to Vary.
	Expr(e *apexpr.Expr, vary bool) (holds bool, subject string, caps []int, err error)
	// Stat says what a path of the file system is.
	Stat(path string) FileKind
	// LookAhead answers %{LA-U:name} and %{LA-F:name}; ok is false where it is not simulated.
	LookAhead(name string, file bool) (value string, ok bool)
	// Subrequest says that the request is one that httpd makes itself, to see what is there.
	Subrequest() bool
	// HostURL is scheme, host and, unless it is the scheme's own, port, as httpd puts them in front of its own redirects.
	HostURL() string
	// MatchesHost reports whether a host and a port are the virtual host's own.
	MatchesHost(host string, port int) bool
	// DocumentRoot is that of the virtual host; ContextDocumentRoot differs behind an Alias.
	DocumentRoot() string
	// Map looks a key up in a map that is not a text: random ones draw here. ok is false where it is not simulated.
	Map(m *server.RewriteMap, key string) (value string, found, ok bool)
	// NotSimulated notes a construct that the answer may depend on.
	NotSimulated(text, why string, at server.Place)
}

// A FileKind says what is at a path.
type FileKind uint8

// Kinds of files.
const (
	Missing FileKind = iota
	Plain
	Empty // a plain file of no bytes
	Folder
	Link
	Executable
)

// An Outcome is how the rules of one context end.
type Outcome uint8

// Outcomes.
const (
	// Declined: no rule changed anything; httpd goes on.
	Declined Outcome = iota
	// Rewritten: the file name is the result, and the path of the request stays.
	Rewritten
	// PassedThrough: the path of the request is the result; Alias, ProxyPass and the document root come next.
	PassedThrough
	// Redirected: Status and Location are the answer.
	Redirected
	// Answered: Status is the answer, without a Location.
	Answered
	// Proxied: Proxy is where the request goes.
	Proxied
	// Restarted: of per-directory rules, the request begins again with URI as its path.
	Restarted
)

// A Result is what the rules of one context made of a request.
type Result struct {
	Outcome  Outcome
	Status   int
	Location string
	Proxy    string
	// URI is the new path of PassedThrough and Restarted; Filename is the result of Rewritten, an absolute path.
	URI, Filename string
	// Query is the new query.
	Query    string
	HasQuery bool
	// FromRoot says that Filename is a path of the file system as it stands, and not below the document root.
	FromRoot bool
	// ContentType and Handler are those of the flags T and H; nil where no rule set them.
	ContentType, Handler *string
	// DropPathInfo is the flag DPI.
	DropPathInfo bool
	// NoEscape is the flag NE of the last rule that changed something.
	NoEscape bool
	// Ended says that the flag END keeps further rules from running.
	Ended bool
	// By is the rule that decided; nil for Declined.
	By *server.RewriteRule
	// NotSimulated says that the result is uncertain.
	NotSimulated bool
	// Applied are the rules whose pattern and conditions held, in their order.
	Applied []*server.RewriteRule
	// Memory is where the texts of the result are made; nil allocates them. Who runs rules sets it.
	Memory *Memory
}

// A Step is one rule that was tried, for those who want to see how a URL came about.
type Step struct {
	Rule *server.RewriteRule
	// Input is what the pattern was matched against, Output what the rule made of it; equal where it changed nothing.
	Input, Output string
	// Query is the query afterwards.
	Query string
	// Matched says that the pattern matched; Applied that the conditions held, too.
	Matched, Applied bool
	// Captures are $0 to $9 of the pattern.
	Captures   []string
	Conditions []CondStep
	// Env are the variables that the rule set: "NAME=value", "!NAME".
	Env []string
	// Note says what else happened: "403", "chain skipped", "restart".
	Note string
}

// A CondStep is one condition that was tried.
type CondStep struct {
	Cond *server.RewriteCond
	// Input is the test string with its variables replaced.
	Input   string
	Matched bool
	// Captures are %0 to %9 as they stand after the condition.
	Captures []string
	At       source.Span
}

// A Silent is a Recorder that wants no lines of the log, and no steps of rules whose pattern did not match: what it costs to
// make them is saved.
type Silent interface {
	Recorder
	Silent()
}

// A Recorder takes steps and the lines of mod_rewrite's own log. nil takes nothing.
type Recorder interface {
	Step(Step)
	// Log is a line at trace level 1 to 8, as mod_rewrite writes it behind the request's prefix.
	Log(level int, line string)
}
