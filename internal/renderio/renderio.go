// Package renderio asks real renders over HTTP and HTTPS. Start with [New]: a [Backend] is a [simulate.Backend].
//
// What can be asked in one write and repeated, most GETs, goes over connections that the asking goroutine reads itself
// (ask.go). Else connections, their reuse and the parsing of answers are those of net/http's Transport. What a render is
// sent is not: Transport sorts headers, takes a target that starts with // for a host and adds headers of its own, so that [conn]
// puts the head of the request in place of Transport's, byte for byte as the engine gave it. In the same way the
// headers of an answer are read from the bytes that came, because net/http loses their order and adds a Cache-Control.
//
// A request goes to one render: the choice of a render, retries and failover are the engine's. What is lost on an idle
// connection that the render has closed meanwhile is sent again on a new one, as net/http does. No proxy of the
// environment is used, no redirect followed, nothing decompressed, and HTTP/1.1 is all that is spoken.
package renderio

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

const (
	// defaultKeepAlive is DispatcherKeepAliveTimeout since 4.2.0.
	defaultKeepAlive = 60 * time.Second
	// implicitLimit is what a timeout of 0 meant before 4.3.1 (DISP-723).
	implicitLimit = 10 * time.Minute
	// defaultHeaderBytes bounds the head of an answer, interim answers counted in.
	defaultHeaderBytes = 1 << 20
	// maxHeaders bounds the headers of an answer. No render sends a tenth of it.
	maxHeaders = 1000
	// defaultContinueWait is how long a render is waited for that does not answer Expect: 100-continue.
	defaultContinueWait = time.Second
	// maxIdlePerRender bounds the idle connections to a render.
	maxIdlePerRender = 64
)

// ErrClosed says that the backend was closed, before the request or while it was under way.
var ErrClosed = errors.New("the connections to the renders are closed")

// ErrRequest says that a request cannot be sent as it is. Nothing was sent then, and nothing connected to. The error
// that wraps it says what is wrong.
var ErrRequest = errors.New("the request cannot be sent to a render")

// Options is how renders are connected to. The zero value is the module's defaults: no certificate is verified, none
// is shown, and idle connections are kept for a minute.
type Options struct {
	// Override sends what is meant for a render elsewhere: its label to a base URL of scheme, host and port. It takes
	// the place of /hostname, /port and /secure.
	Override map[string]string

	// CAFile is a PEM file of certificate authorities (DispatcherCACertificateFile). "" verifies no chain.
	CAFile string
	// CertFile is a PEM file with the certificate, and the key to it, that is shown to renders
	// (DispatcherCertificateFile). "" shows none.
	CertFile string
	// CheckPeerCN compares the name in a render's certificate with its /hostname (DispatcherCheckPeerCN), with CAFile
	// or without.
	CheckPeerCN bool

	// KeepAlive is how long an idle connection is kept (DispatcherKeepAliveTimeout); 0 is 60 s, below 0 is not at all.
	KeepAlive time.Duration
	// Implicit10Min makes a timeout of 0 mean ten minutes, as it did before 4.3.1 (DISP-723).
	Implicit10Min bool

	// MaxHeaderBytes bounds the head of an answer; 0 is 1 MiB.
	MaxHeaderBytes int64
	// ContinueWait is how long "100 Continue" is waited for before a body is sent without it; 0 is 1 s.
	ContinueWait time.Duration

	// Lookup resolves a name; network is "ip", or "ip4" for addresses of version 4 only. nil asks the system.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	// Dial connects to an address; network is "tcp". nil asks the system.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// A Backend asks real renders. It is safe for many goroutines and must be closed.
type Backend struct {
	o   Options
	own bool // connections are kept without net/http where that is possible
	// asksSystem: an address in place of a name is its own address.
	asksSystem bool
	override   map[string]target
	roots      *x509.CertPool
	cert       *tls.Certificate

	ctx   context.Context // ends with Close
	close context.CancelFunc

	mu    sync.Mutex
	peers map[target]*peer
	names map[nameKey][]netip.Addr
	conns map[*conn]struct{}
}

var _ simulate.Backend = (*Backend)(nil)

// A target is what the connections to a render depend on.
type target struct {
	host          string
	port          int
	secure        bool
	ipv4          bool
	alwaysResolve bool
}

func (t target) addr() string { return net.JoinHostPort(t.host, strconv.Itoa(t.port)) }

// A peer is the connections to one target.
type peer struct {
	target
	// kept reuses connections. single makes one for each request that must not be sent on one which the render may
	// be closing at that moment.
	kept, single *http.Transport
	tls          *tls.Config
	// own are connections that are kept without net/http; nil where there are none.
	own *pools
}

// New makes a backend. It reads the certificates, and fails where a file holds none or an override is no base URL. It
// connects to nothing.
func New(o Options) (*Backend, error) {
	if o.KeepAlive == 0 {
		o.KeepAlive = defaultKeepAlive
	}
	if o.MaxHeaderBytes <= 0 {
		o.MaxHeaderBytes = defaultHeaderBytes
	}
	if o.ContinueWait <= 0 {
		o.ContinueWait = defaultContinueWait
	}
	asksSystem := o.Lookup == nil
	if asksSystem {
		o.Lookup = net.DefaultResolver.LookupNetIP
	}
	own := canOwn && o.Dial == nil
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	b := &Backend{
		o:   o,
		own: own, asksSystem: asksSystem,
		override: make(map[string]target, len(o.Override)),
		peers:    map[target]*peer{},
		names:    map[nameKey][]netip.Addr{},
		conns:    map[*conn]struct{}{},
	}
	for label, base := range o.Override {
		t, err := parseBase(base)
		if err != nil {
			return nil, fmt.Errorf("render %s: %q %w", label, base, err)
		}
		b.override[label] = t
	}
	var err error
	if b.roots, err = readRoots(o.CAFile); err != nil {
		return nil, err
	}
	if b.cert, err = readCertificate(o.CertFile); err != nil {
		return nil, err
	}
	b.ctx, b.close = context.WithCancel(context.Background())
	return b, nil
}

// Close ends every connection, those in use too: what waits for an answer gets [ErrClosed]. It may be called twice.
func (b *Backend) Close() error {
	b.close()
	b.mu.Lock()
	open := make([]*conn, 0, len(b.conns))
	for c := range b.conns {
		open = append(open, c)
	}
	peers := b.peers
	b.peers = map[target]*peer{}
	b.mu.Unlock()
	for _, p := range peers {
		p.kept.CloseIdleConnections()
		p.single.CloseIdleConnections()
		if p.own != nil {
			p.own.close()
		}
	}
	for _, c := range open {
		c.Close()
	}
	return nil
}

// parseBase reads the base URL of an override.
func parseBase(base string) (target, error) {
	u, err := url.Parse(base)
	if err != nil {
		var parse *url.Error
		if errors.As(err, &parse) {
			err = parse.Err
		}
		return target{}, fmt.Errorf("is no URL (%w): write http://host:port", err)
	}
	t := target{host: u.Hostname(), port: 80}
	switch strings.ToLower(u.Scheme) {
	case "http":
	case "https":
		t.secure, t.port = true, 443
	default:
		return target{}, errors.New("has no scheme http or https: write http://host:port")
	}
	switch {
	case t.host == "":
		return target{}, errors.New("has no host: write http://host:port")
	case u.User != nil:
		return target{}, errors.New("has a user: a render is given by scheme, host and port only")
	case u.Path != "" && u.Path != "/":
		return target{}, errors.New("has a path: a render is given by scheme, host and port only")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return target{}, errors.New("has a query or a fragment: a render is given by scheme, host and port only")
	}
	if port := u.Port(); port != "" {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return target{}, errors.New("has a port that is not between 1 and 65535")
		}
		t.port = n
	}
	return t, nil
}

// targetOf says what a render's connections depend on.
func (b *Backend) targetOf(r *model.Render) target {
	t, ok := b.override[r.Name]
	if !ok {
		host := r.Hostname.Value
		if rest, ok := strings.CutPrefix(host, "["); ok {
			host = strings.TrimSuffix(rest, "]")
		}
		t = target{host: host, port: simulate.RenderPort(r), secure: r.Secure.Value}
	}
	t.ipv4, t.alwaysResolve = r.IPv4.Value, r.AlwaysResolve.Value
	return t
}

// peerOf returns the connections to a target, those of earlier requests where there are.
func (b *Backend) peerOf(t target) (*peer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() != nil {
		return nil, ErrClosed
	}
	if p := b.peers[t]; p != nil {
		return p, nil
	}
	p := &peer{target: t}
	if t.secure {
		p.tls = b.tlsConfig(t.host)
	}
	p.single = b.transport(false)
	p.kept = p.single
	if b.o.KeepAlive > 0 {
		p.kept = b.transport(true)
		if b.own && !t.secure {
			_, err := netip.ParseAddr(t.host)
			p.own = &pools{keep: b.o.KeepAlive, byAddress: t.alwaysResolve && (err != nil || !b.asksSystem)}
		}
	}
	b.peers[t] = p
	return p, nil
}

func (b *Backend) transport(keep bool) *http.Transport {
	t := &http.Transport{
		Proxy:                  nil,
		DialContext:            b.dialContext,
		DisableCompression:     true,
		DisableKeepAlives:      !keep,
		MaxIdleConnsPerHost:    maxIdlePerRender,
		ExpectContinueTimeout:  b.o.ContinueWait,
		MaxResponseHeaderBytes: b.o.MaxHeaderBytes,
		Protocols:              new(http.Protocols),
	}
	if keep {
		t.IdleConnTimeout = b.o.KeepAlive
	}
	t.Protocols.SetHTTP1(true)
	return t
}
