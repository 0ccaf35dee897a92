package cli

import (
	"context"

	"github.com/dispcheck/dispcheck/internal/audit"
	"github.com/dispcheck/dispcheck/internal/decisiondiff"
	"github.com/dispcheck/dispcheck/simulate"
)

// probes are the requests of audit, for the hosts of a side, as a source of requests.
type probes struct {
	in   *invocation
	side *diffSide
}

// Requests implements decisiondiff.Source.
func (p probes) Requests(ctx context.Context, add func(decisiondiff.Request, int64) error) error {
	o, err := p.in.auditOptions(ctx, p.side.configuration)
	if err != nil {
		return err
	}
	return audit.Requests(ctx, *o, func(r *simulate.Request) error {
		return add(decisiondiff.Request{Method: r.Method, Target: r.Target, Host: r.Host, TLS: r.TLS, Header: r.Header, Client: r.Client}, 1)
	})
}
