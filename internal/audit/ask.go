package audit

import (
	"context"
	"strings"

	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// An Asker answers requests, one at a time.
type Asker interface {
	Ask(ctx context.Context, r *simulate.Request, a *Answer) error
}

// An Answer is what became of a request. Its texts are good until it takes another one.
type Answer struct {
	Decision simulate.Decision
	// By is the directive of httpd that decided, where one did.
	By server.Place
	// Proxy is the URL that httpd hands the request to, past the Dispatcher; "" where it does not.
	Proxy string
	// Uncertain are the constructs of httpd that are not simulated and may change the answer.
	Uncertain []server.Construct
	// Redirects is how many redirects were followed.
	Redirects int
	// Method is that of the last request.
	Method string

	passage site.Passage
}

// MaxRedirects bounds how many redirects are followed.
const MaxRedirects = 5

// Engine asks the Dispatcher alone, without httpd in front of it.
func Engine(e *simulate.Engine) Asker { return engine{e} }

type engine struct{ *simulate.Engine }

// Ask implements Asker.
func (e engine) Ask(ctx context.Context, r *simulate.Request, a *Answer) error {
	a.By, a.Proxy, a.Uncertain, a.Redirects, a.Method = server.Place{}, "", nil, 0, r.Method
	return e.Decide(ctx, r, &a.Decision, nil)
}

// Site asks a whole site. Redirects are followed as somebody does who looks for a way in: the method and the headers stay,
// whatever a browser would do. A redirect that leads to another target and leaves the URL as it is is not followed: the same is
// asked there.
func Site(targets []Target, s *site.Site) Asker { return whole{s, targets} }

type whole struct {
	*site.Site
	targets []Target
}

// asked reports whether what a redirect leads to is asked for itself.
func (w whole) asked(r, next *simulate.Request) bool {
	if next.Target != r.Target || next.TLS == r.TLS && strings.EqualFold(next.Host, r.Host) {
		return false
	}
	for i := range w.targets {
		if t := &w.targets[i]; t.TLS == next.TLS && strings.EqualFold(t.Host, next.Host) {
			return true
		}
	}
	return false
}

// Ask implements Asker.
func (w whole) Ask(ctx context.Context, r *simulate.Request, a *Answer) error {
	a.Uncertain, a.Redirects = nil, 0
	if a.passage.Quiet = true; a.passage.Result.Memory == nil {
		a.passage.Result.Memory = new(rewrite.Memory)
	}
	seen := [MaxRedirects]string{}
	for {
		if err := w.Decide(ctx, r, &a.Decision, nil, &a.passage); err != nil {
			return err
		}
		res := &a.passage.Result
		a.By, a.Proxy, a.Method = res.By, "", r.Method
		if a.Decision.Outcome == simulate.Proxied {
			a.Proxy = res.Proxy
		}
		for _, c := range res.NotSimulated {
			if !c.TLS() { // targets say whether they are asked over TLS
				a.Uncertain = append(a.Uncertain, c)
			}
		}
		if a.Decision.Outcome != simulate.Redirected || a.Redirects == MaxRedirects {
			return nil
		}
		location, ok := a.Decision.Response.Header.Value("Location")
		if !ok {
			return nil
		}
		next := w.Next(r, a.Decision.Response.Status, location)
		if next == nil || w.asked(r, next) {
			return nil // it leads to somebody else
		}
		next.Method = r.Method
		for _, s := range seen[:a.Redirects] {
			if s == next.Host+next.Target {
				return nil
			}
		}
		seen[a.Redirects] = next.Host + next.Target // a text of its own
		a.Redirects++
		next.Target, next.Host = strings.Clone(next.Target), strings.Clone(next.Host)
		r = next
	}
}
