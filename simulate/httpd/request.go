package httpd

import (
	"context"
	"net/netip"

	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
	"github.com/dispcheck/dispcheck/source"
)

// A Field is one header line, or one variable of the environment.
type Field struct{ Name, Value string }

// A Request is a request as it comes over the wire.
type Request struct {
	Method string
	// Target is the request target as sent: a path with its query, an absolute URL, or "*".
	Target string
	// Proto is "HTTP/1.1" or the like; "" is HTTP/1.1.
	Proto string
	// Host is the header Host; NoHost says that there is none.
	Host   string
	NoHost bool
	// Header are the other headers in their order.
	Header []Field
	// Client is the address of the connection; the zero Addr is 127.0.0.1. ClientPort is its port.
	Client     netip.Addr
	ClientPort int
	// Local is the address that the request came to, Port its port: 0 is 80.
	Local netip.Addr
	Port  int
	// HasBody says that a body comes with it.
	HasBody bool
	// From is the caller's own: handlers find it in Handled.Request.
	From any
	// Unknowns are what is not known of the request; nil knows everything.
	Unknowns *simulate.Unknowns
}

// A Handled is what reaches a handler, and what the handler needs to answer. It is good until the handler returns.
type Handled struct {
	// Handler is its name: "dispatcher-handler".
	Handler string
	Request *Request
	Host    *server.Host
	// URI and Args are the path, decoded and as rules left it, and the query.
	URI     string
	Args    string
	HasArgs bool
	// Unparsed is the request target of the client.
	Unparsed string
	// Method is that of the request: GET in the round of an error document.
	Method   string
	Filename string
	PathInfo string
	// Header are the request's headers after RequestHeader and mod_remoteip, Host included.
	Header []Field
	// Client is the address of the client after mod_remoteip.
	Client netip.Addr
	// Dispatcher are the directives of the module that hold for the request, the later winning.
	Dispatcher []server.DispatcherDirective
	// ContentType is what httpd found by the name of the file; "" where it found none.
	ContentType string
	// ErrorOf is the status that this is an error document for; 0 otherwise.
	ErrorOf int
	// Subrequest says that httpd asks for itself.
	Round int
	// Proxy is the URL that the request goes to, for the handler proxy-server; "" for others.
	Proxy string

	exchange *exchange
}

// An Answer is what a handler says.
type Answer struct {
	// Status is 0 where the handler does not know it: the answer depends on a render that was not asked.
	Status int
	Header []Field
	// ContentType is the answer's; "" where it has none.
	ContentType string
	// ToHTTPD says that httpd makes the body of the error: DispatcherPassError.
	ToHTTPD bool
	// Declined says that the handler leaves the request to the next one: httpd's own for files.
	Declined bool
	// NoExpires says that headers of mod_expires are not wanted.
	NoExpires bool
	// Bytes is the length of the body where it is known, else -1.
	Bytes int64
	// Measure finds out how long the body is where Bytes is below 0, as far as DeflateLeast: -1 is at least that. It is asked
	// only where that matters. nil is that nobody can say.
	Measure func() int64
	// By is the line that decided.
	By source.Span
}

// A Handler answers what reaches a handler of some name.
type Handler interface {
	Handle(context.Context, *Handled) (Answer, error)
}

// A HandlerFunc is a function that is a Handler.
type HandlerFunc func(context.Context, *Handled) (Answer, error)

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, h *Handled) (Answer, error) { return f(ctx, h) }

// A Result is how httpd answered.
type Result struct {
	// Host is the virtual host, or the main server.
	Host *server.Host
	// HandledBy is the handler that was reached in the last round: "dispatcher-handler", "proxy-server",
	// "default-handler", "redirect-handler"; "" where none was.
	HandledBy string
	// URI is the path that handlers see, decoded; Args the query.
	URI      string
	Args     string
	HasArgs  bool
	Unparsed string
	Filename string
	PathInfo string
	// Proxy is the URL that the request goes to, past the Dispatcher; "" where it is not proxied.
	Proxy string
	// ContentType is the type that the handler found.
	ContentType string
	// Status is what the client gets; 0 where the handler did not know it.
	Status int
	// ByHTTPD says that httpd itself made the status: a redirect, a refusal, a missing file.
	ByHTTPD bool
	// By is the directive that decided, where one did.
	By server.Place
	// Reason is what decided, in a few words: "RewriteRule", "Require", "bad Host header".
	Reason   string
	Location string
	// Header are the headers of the answer, as they are sent.
	Header []Field
	// Env are the variables when the handler ran.
	Env []Field
	// asked and came are the headers of the request as the handler got them and as they came: see Changed.
	asked, came table
	// Applied are the rewrite rules whose pattern and conditions held, in their order, in all rounds up to the first handler.
	Applied []*server.RewriteRule
	// Hops are the rounds of internal redirects, where there is more than one.
	Hops []Hop
	// Client is the address of the client after mod_remoteip.
	Client netip.Addr
	// NotSimulated are the constructs that make the result uncertain.
	NotSimulated []server.Construct
	// Canned says that httpd makes the body itself: an error page, or that of a redirect. Text is the one that an ErrorDocument
	// gives for it; "" is httpd's own.
	Canned bool
	Text   string
	// Deflated says that mod_deflate compresses the body.
	Deflated bool
	// Answer is what the handler said last.
	Answer Answer
	// Memory saves the allocations of texts where one Result takes many answers: the texts in the Result, also those of its
	// slices and those that handlers were given, are overwritten by the next answer. nil allocates texts, which may be kept.
	Memory *rewrite.Memory
}

// A Change is a header of the request that the configuration changed.
type Change struct {
	Name   string
	Values []string
}

// A Hop is one round.
type Hop struct {
	URI       string
	Status    int
	HandledBy string
}
