package simulate

import (
	"strings"

	"github.com/dispcheck/dispcheck/model"
)

// This file is the headers of requests to renders: what is taken over from the client, and what the module adds.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (/clientheaders; the log at trace
// level, for names and order) and dispatcher-ssl.md; adobe/aem-dispatcher-experiments, statfileslevel (order for plain
// HTTP).

// serverAgent is by what AEM knows a Dispatcher.
const serverAgent = "Communique-Dispatcher"

// standardHeaders are the headers that are passed on where a farm has no /clientheaders.
var standardHeaders = [...]string{
	"CSRF-Token", "X-Forwarded-Proto", "referer", "user-agent", "authorization", "from", "content-type", "content-length",
	"accept-charset", "accept-encoding", "accept-language", "accept", "host", "if-match", "if-none-match", "if-range",
	"if-unmodified-since", "max-forwards", "proxy-authorization", "proxy-connection", "range", "cookie", "cq-action",
	"cq-handle", "handle", "action", "cqstats", "depth", "translate", "expires", "date", "dav", "ms-author-via", "if",
	"lock-token", "x-expected-entity-length", "destination", "PATH",
}

// passes says which of the client's headers a farm passes on.
type passes struct {
	list *model.List // nil for the standard list
	all  bool        // "*": those end to end
}

func passesOf(f *model.Farm) passes {
	p := passes{list: f.ClientHeaders}
	if p.list != nil {
		for i := range p.list.Values {
			p.all = p.all || p.list.Values[i].Text == "*"
		}
	}
	return p
}

// named reports whether the list has a header, in any letter case.
func (p *passes) named(name string) bool {
	if p.list == nil {
		for _, n := range standardHeaders {
			if strings.EqualFold(n, name) {
				return true
			}
		}
		return false
	}
	for i := range p.list.Values {
		if strings.EqualFold(p.list.Values[i].Text, name) {
			return true
		}
	}
	return false
}

// pass reports whether a header of h is passed on. Those that frame a connection never are, even where they are listed:
// that is inferred. Proxy-* are, where they are listed: the standard list has two of them.
func (p *passes) pass(h Header, name string) bool {
	if isHopByHop(name) || h.namedByConnection(name) {
		return false
	}
	return p.all && !isProxy(name) || p.named(name)
}

// sentHeader returns the headers of the client's request as they go to a render: first those that are passed on, in the
// client's order with Host before all, then the module's. The module's own take the place of the client's of the same
// name; in Via and X-Forwarded-For they stand behind what the client sent, where /clientheaders lets that through (both
// inferred). A client without an address has no X-Forwarded-For.
//
// Of a TLS connection nothing is known here but that there is one: what would describe it is "(null)", as the module
// writes what it does not know. X-Forwarded-SSL-Keysize, which dispatcher-ssl.md names, is not in the published log.
func (x *Exchange) sentHeader() Header { return x.headersFor(passesOf(x.farm.model)) }

// headersFor returns the headers of a request to a render that takes over what p passes.
func (x *Exchange) headersFor(p passes) Header {
	r := x.Request
	h := make(Header, 0, len(r.Header)+12)
	if host := clientHost(r); host != "" && (p.all || p.named("Host")) {
		h = append(h, Field{"Host", host})
	}
	var via, forwarded string
	for _, f := range r.Header {
		switch {
		case !p.pass(r.Header, f.Name), strings.EqualFold(f.Name, "Host"), strings.EqualFold(f.Name, "Server-Agent"):
		case strings.EqualFold(f.Name, "Via"):
			via = joinValues(via, f.Value)
		case strings.EqualFold(f.Name, "X-Forwarded-For"):
			forwarded = joinValues(forwarded, f.Value)
		case r.TLS && ofTLS(f.Name):
		case x.directives().EdgeKey != "" && strings.EqualFold(f.Name, "X-Edge-Key") && x.at(disp911):
		default:
			h = append(h, f)
		}
	}
	server := x.engine.options.ServerName
	if server == "" {
		server = "localhost:80"
		if r.TLS {
			server = "localhost:443"
		}
	}
	if r.TLS {
		h = append(h, Field{"X-Forwarded-SSL-Client-Cert", unknownTLS})
	}
	h = append(h, Field{"Via", joinValues(via, "1.1 "+server+" (dispatcher)")})
	if r.Client.IsValid() {
		forwarded = joinValues(forwarded, r.Client.Unmap().String())
	}
	if forwarded != "" {
		h = append(h, Field{"X-Forwarded-For", forwarded})
	}
	if r.TLS {
		_, port := splitPort(server)
		if port == "" {
			port = "443"
		}
		h = append(h, Field{"X-Forwarded-SSL", "on"}, Field{"X-Forwarded-SSL-Cipher", unknownTLS},
			Field{"X-Forwarded-SSL-Session-ID", unknownTLS}, Field{"X-Forwarded-Port", port})
	}
	return append(h, Field{"Server-Agent", serverAgent})
}

// unknownTLS is the value of what is not known of a TLS connection.
const unknownTLS = "(null)"

// ofTLS reports whether the module sets a header itself for requests over TLS.
func ofTLS(name string) bool {
	for _, n := range [...]string{"X-Forwarded-SSL", "X-Forwarded-SSL-Client-Cert", "X-Forwarded-SSL-Cipher", "X-Forwarded-SSL-Session-ID", "X-Forwarded-Port"} {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// clientHost returns the host that the client asks for, as sent: that of an absolute target counts before the header.
func clientHost(r *Request) string {
	if r.Target != "" && r.Target[0] != '/' {
		var t target
		if splitTarget(r.Target, &t); t.host != "" {
			return t.host
		}
	}
	if r.Host != "" {
		return r.Host
	}
	host, _ := r.Header.Value("Host")
	return host
}

func joinValues(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

// completed returns headers with what no request to a render goes without: Host, which is the render's where h has none,
// and Server-Agent, by which AEM knows a Dispatcher.
func completed(h Header, r *model.Render) Header {
	host, agent := h.Has("Host"), h.Has("Server-Agent")
	if host && agent {
		return h
	}
	out := make(Header, 0, len(h)+2)
	if !host {
		out = append(out, Field{"Host", RenderAddr(r)})
	}
	out = append(out, h...)
	if !agent {
		out = append(out, Field{"Server-Agent", serverAgent})
	}
	return out
}

// fromDispatcher reports whether a request came through another Dispatcher. By what the module knows that is not
// published; here it is by the headers that a Dispatcher adds.
func fromDispatcher(h Header) bool {
	for i := range h {
		switch {
		case strings.EqualFold(h[i].Name, "Server-Agent"):
			if strings.EqualFold(strings.Trim(h[i].Value, " \t"), serverAgent) {
				return true
			}
		case strings.EqualFold(h[i].Name, "Via"):
			if strings.Contains(h[i].Value, "(dispatcher)") {
				return true
			}
		}
	}
	return false
}
