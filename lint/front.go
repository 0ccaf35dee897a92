package lint

import (
	"context"

	"github.com/dispcheck/dispcheck/model/server"
)

// A Front answers requests as httpd does in front of the Dispatcher: virtual host, rewrite rules, redirects, proxies, access.
// Nothing is asked of a Dispatcher or of another host: where a request reaches a handler, that is the answer.
type Front interface {
	// Serve fills a. The error is that of the context.
	Serve(ctx context.Context, q *FrontQuestion, a *FrontAnswer) error
}

// A FrontQuestion is a request.
type FrontQuestion struct {
	Method string // "" is GET
	// Host is the Host header; "" is a name that the virtual host answers to where Of is set, and else localhost.
	Host string
	// Of is the virtual host that is meant. It is only used to find a name and a port.
	Of *server.Host
	// URL is the request target, as sent.
	URL string
	// Header are further headers.
	Header [][2]string
	// Secure says that the client came by TLS: the request is for port 443 where a virtual host has that port. Otherwise it is
	// for the port of Of, or for 80.
	Secure bool
}

// A FrontAnswer is what became of it.
type FrontAnswer struct {
	Host *server.Host
	// HandledBy is the handler that was reached: "dispatcher-handler", "proxy-server"; "" where httpd answers itself.
	HandledBy string
	// URI and Args are path and query as the handler sees them.
	URI, Args string
	// Status is the answer where httpd makes it, else 0.
	Status   int
	Location string
	Proxy    string
	// By is the directive that decided, where one did.
	By server.Place
	// Applied are the rewrite rules that applied, in their order, each time.
	Applied []*server.RewriteRule
	// Tried are the rewrite rules whose pattern matched, whether their conditions held or not.
	Tried []*server.RewriteRule
	// Rounds is how many internal redirects there were.
	Rounds int
	// Uncertain says that something on the way is not simulated: the answer proves nothing.
	Uncertain bool
}
