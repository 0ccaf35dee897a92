package renderio

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// A nameKey is a name and which of its addresses are asked for.
type nameKey struct {
	host string
	ipv4 bool
}

// dialContext connects for the exchange that stands in the context. Transport's own context is not looked at: it ends
// later than the request does.
func (b *Backend) dialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	c, err := b.connect(ctx.Value(exchangeKey{}).(*exchange))
	if err != nil {
		return nil, err
	}
	return c, nil
}

// connect makes a connection for an exchange.
func (b *Backend) connect(x *exchange) (*conn, error) {
	addrs := x.addrs
	if addrs == nil {
		var err error
		if addrs, err = b.lookup(x); err != nil {
			return nil, err
		}
	}
	raw, addr, err := b.walk(x, addrs)
	if err != nil {
		return nil, err
	}
	if x.peer.tls != nil {
		secured, err := b.handshake(x, raw)
		if err != nil {
			raw.Close()
			if cause := context.Cause(x.ctx); cause != nil {
				return nil, cause
			}
			return nil, &simulate.ConnectError{Addr: addr, Err: connectReason(err)}
		}
		raw = secured
	}
	c := &conn{Conn: raw, owner: b, addr: addr}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() != nil {
		raw.Close()
		return nil, ErrClosed
	}
	b.conns[c] = struct{}{}
	return c, nil
}

// lookup returns the addresses of the render's name: those of its first lookup, or with /always-resolve those of now.
// A lookup that fails is not kept.
func (b *Backend) lookup(x *exchange) ([]netip.Addr, error) {
	t := x.peer.target
	key := nameKey{t.host, t.ipv4}
	if !t.alwaysResolve {
		b.mu.Lock()
		known := b.names[key]
		b.mu.Unlock()
		if known != nil {
			return known, nil
		}
	}
	if t.host == "" {
		return nil, &simulate.ConnectError{Addr: t.addr(), Err: errors.New("the render has no /hostname")}
	}
	network := "ip"
	if t.ipv4 {
		network = "ip4"
	}
	ctx, cancel := x.connectContext(1)
	defer cancel()
	addrs, err := b.o.Lookup(ctx, network, t.host)
	switch {
	case err != nil:
		if cause := context.Cause(x.ctx); cause != nil {
			return nil, cause
		}
		if ctx.Err() != nil {
			err = &reason{text: timedOut, err: err}
		} else {
			err = lookupReason(err)
		}
		return nil, &simulate.ConnectError{Addr: t.addr(), Err: err}
	case len(addrs) == 0:
		return nil, &simulate.ConnectError{Addr: t.addr(), Err: &reason{text: noName}}
	}
	// Dual-stack sockets give addresses of version 4 in the form of version 6; the log has them plain.
	addrs = slices.Clone(addrs)
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	if t.alwaysResolve {
		return addrs, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if first := b.names[key]; first != nil {
		return first, nil
	}
	b.names[key] = addrs
	return addrs, nil
}

// walk tries the addresses one after the other, as getaddrinfo's list is walked. Where there is a limit, an address
// that does not answer leaves the others their share of it.
func (b *Backend) walk(x *exchange, addrs []netip.Addr) (net.Conn, string, error) {
	var last error
	for i, a := range addrs {
		addr := net.JoinHostPort(a.String(), strconv.Itoa(x.peer.port))
		ctx, cancel := x.connectContext(len(addrs) - i)
		raw, err := b.o.Dial(ctx, "tcp", addr)
		if err == nil {
			cancel()
			return raw, addr, nil
		}
		if cause := context.Cause(x.ctx); cause != nil {
			cancel()
			return nil, "", cause
		}
		if ctx.Err() != nil {
			err = &reason{text: timedOut, err: err}
		}
		cancel()
		last = &simulate.ConnectError{Addr: addr, Err: connectReason(err)}
	}
	return nil, "", last
}

func (b *Backend) handshake(x *exchange, raw net.Conn) (net.Conn, error) {
	ctx, cancel := x.connectContext(1)
	defer cancel()
	c := tls.Client(raw, x.peer.tls)
	err := c.HandshakeContext(ctx)
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil:
		return nil, &reason{text: timedOut, err: err}
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("the render ended the connection in the TLS handshake: %w", err)
	}
	return nil, err
}

// connectContext is the exchange's context with an equal share, one of n, of what is left of /timeout.
func (x *exchange) connectContext(n int) (context.Context, context.CancelFunc) {
	if x.connectBy.IsZero() {
		return x.ctx, func() {}
	}
	return context.WithTimeout(x.ctx, time.Until(x.connectBy)/time.Duration(n))
}

// poolName is the host under which Transport keeps connections. It is never sent. With /always-resolve it is the
// addresses of now: a connection to one that the name no longer has is not used again.
func poolName(addrs []netip.Addr) string {
	if addrs == nil {
		return "render:80"
	}
	names := make([]string, len(addrs))
	for i, a := range addrs {
		names[i] = strings.ReplaceAll(a.String(), "%", "_")
	}
	slices.Sort(names)
	return "[" + strings.Join(names, ",") + "]:80"
}
