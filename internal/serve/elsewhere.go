package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/httpd"
)

// elsewhere asks the servers that httpd hands requests to, past the Dispatcher: AEM itself by the publish, others by their
// address.
type elsewhere struct {
	publish, others simulate.Backend
	getenv          func(string) (string, bool)
}

// aem reports whether a host and port are those of AEM, as the platform's variables have them.
func (e *elsewhere) aem(host string, port int) bool {
	h, ok := e.getenv("AEM_HOST")
	p, okPort := e.getenv("AEM_PORT")
	return ok && okPort && strings.EqualFold(h, host) && p == strconv.Itoa(port)
}

// answerTimeout is httpd's Timeout, after which a proxied server is given up, in milliseconds.
const answerTimeout = 60_000

// ask is a site.Proxy.
func (e *elsewhere) ask(ctx context.Context, q *httpd.Handled, r *simulate.Request, respond func(httpd.Answer, io.Reader) error) (httpd.Answer, error) {
	u, err := url.Parse(q.Proxy)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return httpd.Answer{Status: 0, Bytes: -1}, nil // not simulated, and told so
	}
	port := 80
	if u.Scheme == "https" {
		port = 443
	}
	if n, err := strconv.Atoi(u.Port()); err == nil {
		port = n
	}
	render := &model.Render{
		Name: "proxy", Hostname: model.Setting[string]{Value: u.Hostname()}, Port: model.Setting[int]{Value: port}, Secure: model.Setting[bool]{Value: u.Scheme == "https"},
		Timeout: model.Setting[int]{Value: answerTimeout}, ReceiveTimeout: model.Setting[int]{Value: answerTimeout},
	}
	backend := e.others
	if e.aem(u.Hostname(), port) {
		backend, render.Name = e.publish, AEM
	}
	ask := &simulate.RenderRequest{Render: render, Method: q.Method, Target: proxyTarget(q), Header: proxyHeader(q, u.Host), Body: r.Body, Length: r.Length}
	if q.ErrorOf != 0 {
		ask.Body = nil
	}
	a, err := backend.RoundTrip(ctx, ask)
	if err != nil {
		if ctx.Err() != nil {
			return httpd.Answer{}, ctx.Err()
		}
		status := http.StatusBadGateway
		var connect *simulate.ConnectError
		switch {
		case errors.As(err, &connect):
			status = http.StatusServiceUnavailable
		case errors.Is(err, simulate.ErrReceiveTimeout):
			status = http.StatusGatewayTimeout
		}
		out := httpd.Answer{Status: status, ContentType: errorType}
		page := errorPage(status, "")
		out.Bytes = int64(len(page))
		return out, respond(out, strings.NewReader(page))
	}
	defer a.Close()
	out := httpd.Answer{Status: a.Status, Bytes: -1}
	for _, f := range a.Header {
		switch {
		case hopByHop(f.Name):
			continue
		case strings.EqualFold(f.Name, "Content-Type"):
			out.ContentType = f.Value
			continue
		case strings.EqualFold(f.Name, "Content-Length"):
			if n, err := strconv.ParseInt(f.Value, 10, 64); err == nil {
				out.Bytes = n
			}
		}
		out.Header = append(out.Header, httpd.Field{Name: f.Name, Value: f.Value})
	}
	var body io.Reader = discarded{}
	if a.Body != nil {
		body = a.Body
	}
	if err := respond(out, body); err != nil {
		return out, fmt.Errorf("proxied answer: %w", err)
	}
	return out, nil
}

// AEM is the name of the render that stands for AEM itself in what Options.Publish makes.
const AEM = "aem"

// proxyTarget is the request target for the other server.
func proxyTarget(q *httpd.Handled) string {
	_, rest, _ := strings.Cut(q.Proxy, "://")
	i := strings.IndexByte(rest, '/')
	target := "/"
	if i >= 0 {
		target = rest[i:]
	}
	if q.HasArgs && !strings.Contains(target, "?") {
		target += "?" + q.Args
	}
	return target
}

// proxyHeader is the headers for the other server: those of the client end to end, and what mod_proxy_http adds.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_proxy.html (ProxyAddHeaders, ProxyPreserveHost).
func proxyHeader(q *httpd.Handled, authority string) simulate.Header {
	h := simulate.Header{{Name: "Host", Value: authority}}
	host, forwarded := "", ""
	for _, f := range q.Header {
		switch {
		case strings.EqualFold(f.Name, "Host"):
			host = f.Value
			continue
		case strings.EqualFold(f.Name, "X-Forwarded-For"):
			forwarded = f.Value + ", "
			continue
		case hopByHop(f.Name):
			continue
		}
		h = append(h, simulate.Field{Name: f.Name, Value: f.Value})
	}
	client := q.Client.String()
	if !q.Client.IsValid() {
		client = "127.0.0.1"
	}
	name := host
	if n, _, err := net.SplitHostPort(host); err == nil {
		name = n
	}
	return append(h,
		simulate.Field{Name: "X-Forwarded-For", Value: forwarded + client},
		simulate.Field{Name: "X-Forwarded-Host", Value: host},
		simulate.Field{Name: "X-Forwarded-Server", Value: name},
	)
}

// hopByHop reports whether a header is between two neighbours alone (RFC 9110, 7.6.1).
func hopByHop(name string) bool {
	switch strings.ToLower(name) {
	case "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "proxy-authenticate", "proxy-authorization":
		return true
	}
	return false
}
