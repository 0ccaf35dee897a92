package simulate

import "github.com/dispcheck/dispcheck/source"

// A Handed is what httpd made of a request before it hands it to the module.
type Handed struct {
	// URI is the path, decoded and cleaned, as rules left it; Query what follows the ?, if HasQuery.
	URI      string
	Query    string
	HasQuery bool
	// Directives are those that hold for the request, in place of the engine's own.
	Directives Directives
}

// directives are those that hold for the request.
func (x *Exchange) directives() *Directives {
	if h := x.Request.HTTPD; h != nil {
		return &h.Directives
	}
	return &x.engine.options.Directives
}

// An HTTPDEnd is how httpd itself ended a request that did not reach the module.
type HTTPDEnd struct {
	// Status is the answer; 0 where the request goes elsewhere.
	Status   int
	Location string
	// Proxy is the URL that the request goes to, past the module; "" for none.
	Proxy  string
	Header Header
	// By is the directive that decided.
	By       source.Span
	Host     string
	URI      string
	Query    string
	HasQuery bool
}

// EndInHTTPD makes a decision of how httpd ended a request.
func (d *Decision) EndInHTTPD(e *HTTPDEnd) {
	d.reset()
	d.Cache, d.Render, d.Response = CacheVerdict{}, RenderChoice{}, Response{}
	d.URI, d.Query, d.HasQuery, d.Host, d.By = e.URI, e.Query, e.HasQuery, e.Host, e.By
	d.Parts.take(e.URI)
	d.Response = Response{Status: e.Status, From: "httpd", Header: e.Header}
	switch {
	case e.Proxy != "":
		d.Outcome, d.Reason, d.Response = Proxied, HTTPDProxied, Response{}
	case e.Location != "" && e.Status >= 300 && e.Status < 400:
		d.Outcome, d.Reason = Redirected, HTTPDRedirected
	case e.Status < firstError:
		d.Outcome, d.Reason = Declined, HTTPDAnswered
	default:
		d.Outcome, d.Reason = Refused, HTTPDAnswered
	}
}
