package decisiondiff

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/simulate"
)

// A Request is one that both configurations answer.
type Request struct {
	Method string
	// Target is the path with its query, as sent.
	Target string
	Host   string
	// TLS says that it came over HTTPS.
	TLS bool
	// Header are the headers beside Host.
	Header simulate.Header
	// Client is the address of who asks; the zero Addr is 127.0.0.1.
	Client netip.Addr
	// Answer is headers that the render is taken to answer with.
	Answer simulate.Header
}

// URL is the whole URL; a path where the request names no host.
func (r *Request) URL() string {
	if r.Host == "" {
		return r.Target
	}
	if r.TLS {
		return "https://" + r.Host + r.Target
	}
	return "http://" + r.Host + r.Target
}

// String returns method and URL.
func (r *Request) String() string { return r.Method + " " + r.URL() }

// key tells requests apart.
func (r *Request) key() string {
	var b strings.Builder
	for _, s := range [...]string{r.Method, r.Host, r.Target} {
		b.WriteString(s)
		b.WriteByte(0)
	}
	if r.TLS {
		b.WriteByte('s')
	}
	if r.Client.IsValid() {
		b.WriteString(r.Client.String())
	}
	for i, h := range [...]simulate.Header{r.Header, r.Answer} {
		for _, f := range h {
			b.WriteByte(byte(i))
			b.WriteString(f.Name)
			b.WriteByte(':')
			b.WriteString(f.Value)
		}
	}
	return b.String()
}

// less orders requests by how well they serve as an example: one of a host that a virtual host names, then the fewer means,
// the plainer and the shorter, the better.
func (r *Request) less(o *Request, named map[string]bool) bool {
	for _, c := range [...]int{
		len(r.Header) + len(r.Answer) - len(o.Header) - len(o.Answer), number(!named[r.Host]) - number(!named[o.Host]), rank(r.Method) - rank(o.Method),
		number(r.Client.IsValid()) - number(o.Client.IsValid()), strange(r.Target) - strange(o.Target), len(r.Target) - len(o.Target),
		len(r.Host) - len(o.Host), strings.Compare(r.Target, o.Target), strings.Compare(r.Host, o.Host),
	} {
		if c != 0 {
			return c < 0
		}
	}
	if r.TLS != o.TLS {
		return r.TLS
	}
	return r.key() < o.key()
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func rank(method string) int {
	if i := slices.Index([]string{"GET", "POST", "HEAD"}, method); i >= 0 {
		return i
	}
	return 3
}

// strange counts what ordinary URLs do not have: odd bytes, and segments without a name.
func strange(target string) int {
	n := strings.Count(target, "/.") + strings.Count(target, "/-") + strings.Count(target, "..")
	for i := range len(target) {
		if c := target[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '/' || c == '.' || c == '-') {
			n++
		}
	}
	return n
}

// A weighed is a request with how often it came.
type weighed struct {
	Request
	weight int64
	// group is the region that the request was made for, from 1; 0 for none.
	group int
}

// A pool collects requests, each once, up to a number.
type pool struct {
	list  []weighed
	known map[string]int
	most  int
	// full says that requests were left out.
	full bool
}

func newPool(most int) *pool { return &pool{known: map[string]int{}, most: most} }

// add puts a request into the pool, or counts it once more.
func (p *pool) add(r Request, weight int64, group int) {
	key := r.key()
	if i, ok := p.known[key]; ok {
		p.list[i].weight += weight
		if p.list[i].group == 0 {
			p.list[i].group = group
		}
		return
	}
	if len(p.list) >= p.most {
		p.full = true
		return
	}
	p.known[key] = len(p.list)
	p.list = append(p.list, weighed{r, weight, group})
}
