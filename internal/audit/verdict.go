package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// The ways in which a request ends.
type end uint8

const (
	endExposed   end = iota // it comes where the probe wants it
	endElsewhere            // it comes to a render, as a request for something else
	endFilter               // the filter denies it
	endHTTPD                // httpd answers it, with an error or from its own files
	endRedirect             // it ends with a redirect that is not followed: to another site or target, in a circle, or the sixth
	endProxy                // httpd hands it to another server, as a request for something else
	endFlush                // a flush that the client may not make
	endNoFarm               // no farm answers
	endOther                // the module answers: no render, or it leaves the request to httpd
	endAuthor               // it comes to a farm for authors
	endPlatform             // it is exposed by a file of the platform, which hands it to another server
	endCount
)

var endNames = [endCount]string{
	"exposed", "answered as another request", "denied by the filter", "answered by httpd", "redirected away", "handed to another server",
	"flush refused", "no farm", "answered by the Dispatcher", "for authors", "let through by the platform",
}

// A finding is a request that got through.
type finding struct {
	sent     Sent
	probe    *Probe
	operator Operator
	guilty   guilty
	platform bool // a file of the platform let it through
	depends  []string
	view     view
}

// A view is what a filter sees of a request, and where it stood.
type view struct {
	farm        *model.Farm
	rule        *model.Rule // that let it through
	method, uri string
	query       string
	hasQuery    bool
	page        bool     // it is about a page
	control     *Control // nil for probes
	sent        Sent
}

// How says what let a request through.
type How string

// The ways through.
const (
	ByRule    How = "filter"    // a rule of /filter allows it
	ByNothing How = "no-filter" // the farm has no /filter
	ByVanity  How = "vanity"    // /vanity_urls
	ByProxy   How = "proxy"     // httpd hands it on, past the Dispatcher
	ByFlush   How = "flush"     // /allowedClients lets the client flush
)

// guilty is what let a request through. It is comparable: the same thing is guilty of all that it let through.
type guilty struct {
	how How
	at  source.Span
}

// request makes a request for a target.
func (a *auditor) request(t Target, method, url string, h simulate.Header) *simulate.Request {
	return &simulate.Request{Method: method, Target: url, Host: t.Host, TLS: t.TLS, Client: client(), Header: h}
}

// askJob asks all forms of a probe.
func (a *auditor) askJob(ctx context.Context, w *worker, j *job, out *outcome) error {
	t := a.o.Targets[j.target]
	aimed := aim(j.url)
	var failed error
	sent := map[string]bool{}
	j.probe.Forms(j.url, a.sites[j.target].selectors, func(o Operator, method, url string) {
		key := method + " " + url
		if failed != nil || sent[key] {
			return
		}
		sent[key] = true
		h := j.probe.Header
		if o == MethodTunnel {
			h = append(slices.Clone(h), simulate.Field{Name: "X-HTTP-Method-Override", Value: "GET"})
		}
		r := a.request(t, method, url, h)
		if failed = w.ask.Ask(ctx, r, &w.answer); failed != nil {
			return
		}
		out.requests++
		e, f := a.judge(j, aimed, &w.answer)
		out.ends[e]++
		if f := w.answer.Decision.Farm.Farm; f != nil && !contains(out.farms, f) {
			out.farms = append(out.farms, f)
		}
		switch e {
		case endFilter:
			if o == AsIs {
				out.denied = &Sent{Method: method, Target: url, Host: t.Host, TLS: t.TLS, Header: h}
			}
		case endExposed, endPlatform:
			f.platform = e == endPlatform
			f.operator = o
			f.sent = Sent{Method: method, Target: url, Host: t.Host, TLS: t.TLS, Header: h}
			out.found = append(out.found, f)
		}
	})
	return failed
}

// judge says how a request ended and, where it came where the probe wants it, what let it.
func (a *auditor) judge(j *job, aimed string, ans *Answer) (end, finding) {
	d := &ans.Decision
	f := finding{probe: j.probe}
	if d.Farm.Farm != nil && a.author(d.Farm.Farm) {
		return endAuthor, f
	}
	switch d.Outcome {
	case simulate.Flush:
		if !d.Invalidation.Allowed || d.Farm.Farm.Cache == nil && len(a.o.Config.Wrapped) > 0 {
			return endFlush, f // a fragment without /cache says nothing of who may flush
		}
		f.view = viewOf(ans)
		f.guilty = guilty{ByFlush, d.Farm.Farm.At.Span}
		if r := d.Invalidation.Rule; r != nil {
			f.guilty.at = r.At.Span
		}
		f.depends = a.depends(j.probe, ans)
		return endExposed, f
	case simulate.Forwarded, simulate.Answered, simulate.Delivered:
	case simulate.Proxied:
		ok, depends := a.proxied(j, aimed, ans)
		if !ok {
			return endProxy, f
		}
		f.view = viewOf(ans)
		f.guilty = guilty{ByProxy, ans.By.At}
		f.depends = a.depends(j.probe, ans, depends...)
		if a.o.Fixed != nil && !ans.By.At.IsZero() && a.o.Fixed(ans.By.At.File) {
			return endPlatform, f
		}
		return endExposed, f
	case simulate.Denied:
		return endFilter, f
	case simulate.Refused, simulate.Declined:
		if d.Farm.Farm != nil {
			return endOther, f
		}
		return endHTTPD, f
	case simulate.Redirected:
		return endRedirect, f
	case simulate.Lost:
		return endNoFarm, f
	default:
		return endOther, f
	}
	target := d.Render.Target
	if target == "" { // the farm has no renders
		target = strings.ReplaceAll(d.URI, "%", "%25")
		if d.HasQuery {
			target += "?" + d.Query
		}
	}
	ok, depends := lands(j, aimed, target)
	if !ok {
		return endElsewhere, f
	}
	f.view = viewOf(ans)
	f.depends = a.depends(j.probe, ans, depends)
	f.guilty = guilty{ByNothing, d.Farm.Farm.At.Span}
	switch {
	case d.Filter.Vanity:
		f.guilty = guilty{ByVanity, d.Farm.Farm.VanityURLs.At.Span}
	case d.Filter.Rule != nil:
		f.guilty = guilty{ByRule, d.Filter.Rule.At.Span}
	}
	return endExposed, f
}

func viewOf(ans *Answer) view {
	d := &ans.Decision
	return view{
		farm: d.Farm.Farm, rule: d.Filter.Rule, method: strings.Clone(ans.Method), uri: strings.Clone(d.URI), query: strings.Clone(d.Query), hasQuery: d.HasQuery,
	}
}

// lands reports whether what a render is asked for is what the probe is after, and what that depends on.
func lands(j *job, aimed, target string) (bool, string) {
	path, query, _ := strings.Cut(target, "?")
	if j.probe.Query {
		if _, want, _ := strings.Cut(j.url, "?"); !strings.Contains(query, want) {
			return false, ""
		}
	}
	return reaches(delivered(path), aimed, j.probe.Class.Found)
}

// proxied is lands for what httpd hands on. Nothing says that the server there is AEM, unless a render has the same address.
func (a *auditor) proxied(j *job, aimed string, ans *Answer) (bool, []string) {
	_, rest, ok := strings.Cut(ans.Proxy, "://")
	if !ok {
		return false, nil
	}
	host, path := rest, "/"
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	ok, depends := lands(j, aimed, path)
	if !ok {
		return false, nil
	}
	for _, f := range a.o.Config.Farms {
		for _, r := range f.Renders {
			if strings.EqualFold(host, simulate.RenderAddr(r)) {
				return true, []string{depends}
			}
		}
	}
	return true, []string{fmt.Sprintf("the server at %s is a publish instance", host), depends}
}

// depends lists what an exposure rests on beside the text of the configuration.
func (a *auditor) depends(p *Probe, ans *Answer, landing ...string) []string {
	var out []string
	for _, s := range landing {
		if s != "" {
			out = append(out, s)
		}
	}
	if p.Maybe != "" {
		out = append(out, p.Maybe)
	}
	switch p.Unless {
	case "forms":
		out = append(out, "the site does not use AEM Forms (see --uses)")
	case "login":
		out = append(out, "visitors do not log in with AEM's form (see --uses)")
	}
	if r := ans.Decision.Filter.Rule; r != nil {
		if !r.Type.Set {
			out = append(out, "the rule has no /type: what the module does then is not published")
		}
		for _, p := range r.Patterns() {
			if p.Pattern != nil && strings.Contains(p.Text(), "${") {
				out = append(out, "a variable in the rule is not defined: the module sees its name")
				break
			}
		}
	}
	for _, c := range ans.Uncertain {
		text := c.Text
		if at := c.At; !at.IsZero() {
			text = fmt.Sprintf("%s at %s:%d", text, at.File.Name, at.Position().Line)
		}
		out = append(out, "what httpd makes of "+text+", which is not simulated")
	}
	return out
}

// Request is the request that was sent.
func (s *Sent) Request() *simulate.Request {
	return &simulate.Request{Method: s.Method, Target: s.Target, Host: s.Host, TLS: s.TLS, Client: client(), Header: s.Header}
}
