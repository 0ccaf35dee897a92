package lint

import (
	"context"
	"net/netip"

	"github.com/dispcheck/dispcheck/model"
)

// An Oracle says what the Dispatcher would make of a request. It answers from the configuration alone: nothing is
// asked of renders, and nothing is known of what the cache holds. It is safe for many goroutines.
type Oracle interface {
	// Decide answers a question about a farm of the configuration, whatever its virtual hosts say, and puts the
	// answer into a, all of which it sets. The error is that of ctx, or says that the question is not one.
	Decide(ctx context.Context, f *model.Farm, q *Question, a *Answer) error
}

// Stranger returns the address of a client whom nobody knows, 203.0.113.7 of the range that is kept for documentation
// (RFC 5737). A Question without a client comes from it.
func Stranger() netip.Addr { return netip.AddrFrom4([4]byte{203, 0, 113, 7}) }

// A Question is a request that a rule asks about.
type Question struct {
	// Method is the method; "" is GET.
	Method string
	// URL is the path and query as they are sent, encoded.
	URL string
	// Header are the headers beside Host.
	Header []Header
	// Client is who asks; the zero value is [Stranger].
	Client netip.Addr
	// File asks for the name of the cache file.
	File bool
}

// A Header is a header of a request.
type Header struct{ Name, Value string }

// An Answer is what becomes of a request. It belongs to who asked, who may pass it again and again; the rules are
// those of the configuration.
type Answer struct {
	// Allowed says that the request is let through to the cache or a render.
	Allowed bool
	// Filtered says that the request came as far as /filter. Where it did not, httpd refused it.
	Filtered bool
	// Rule is the rule of /filter that decided; nil where none did, since none matches or there is no /filter.
	Rule *model.Rule
	// Reason says why it was allowed or not, as a word of docs/simulate/reasons.md.
	Reason string

	// Cacheable says that nothing about the request keeps its answer from the cache.
	Cacheable bool
	// CacheRule is the rule of /rules or /ignoreUrlParams that decided; nil where none did.
	CacheRule *model.Rule
	// CacheReason says why it is cacheable or not, as a word of docs/simulate/reasons.md; "" where the request did
	// not come as far.
	CacheReason string
	// CacheFile is the name of the cache file, document root first, where the question asks for it and there is one.
	CacheFile string
}
