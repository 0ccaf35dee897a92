package simulate

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/dispcheck/dispcheck/model"
)

// This file asks the authorization checker. It is asked about files that are cached and valid, with a HEAD that carries
// the client's headers: 200 lets the file be delivered, with those headers of the answer that /headers allows; any other
// status sends the request to the render.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, permissions-cache.md; log lines of a report in Adobe's community
// forum, "Permission sensitive caching not working as expected", 2025.

// checker returns the farm's checker where it is to be asked about the URI: its /filter allows it. nil is no.
func (x *Exchange) checker() *model.AuthChecker {
	c := x.farm.model.AuthChecker
	if c == nil || c.URL.Value == "" || x.farm.checked == nil {
		return nil
	}
	var r *model.Rule
	if x.Trace != nil {
		e := evaluation{x: x, stage: lookupStage{}.Name(), section: "/auth_checker/filter", subject: x.Decision.URI}
		r, _ = e.all(x.farm.checked.section, nil)
	} else {
		r = x.farm.checked.last(x)
	}
	if r == nil || !r.Allow {
		return nil
	}
	return c
}

// askChecker reports whether the checker allows the file.
func (x *Exchange) askChecker(ctx context.Context, stage string, c *model.AuthChecker) (bool, error) {
	if x.Trace != nil {
		x.sayOf(stage, LevelDebug, "", c.URL.At, false, "Authorization checker: initialized with URL '%s'", c.URL.Value)
	}
	target := c.URL.Value + "?uri=" + escapeQuery(x.Decision.URI)
	a, _, err := x.ask(ctx, ForPermission, http.MethodHead, target, x.headersFor(passes{all: true}), nil, 0)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		if x.Trace != nil {
			x.sayOf(stage, LevelNote, CheckerDenied, c.At, false, "the authorization checker did not answer: %v", err)
		}
		return false, nil
	}
	if x.Trace != nil {
		x.sayOf(stage, LevelDebug, "", c.At, a.Status == http.StatusOK, "Authorization checker: backend answered with status code: %d", a.Status)
	}
	a.Close()
	x.release(false)
	if a.Status != http.StatusOK {
		return false, nil
	}
	x.permitHeader = x.permitted(c, a.Header)
	return true, nil
}

// permitted returns the headers of the checker's answer that /headers allows: its globs see "Name: value", as the
// documentation's example "Set-Cookie:*" does, and the last that matches decides.
func (x *Exchange) permitted(c *model.AuthChecker, h Header) Header {
	if c.Headers == nil {
		return nil
	}
	var out Header
	for _, f := range h {
		line, allow := f.Name+": "+f.Value, false
		for _, r := range c.Headers.Rules {
			if usable(r.Glob) && (r.Glob.Match(line) || r.Glob.Match(f.Name+":"+f.Value)) {
				allow = r.Allow
			}
		}
		if allow {
			out = append(out, f)
		}
	}
	return out
}

// escapeQuery writes a path as a value in a query. Slashes stay, as the documentation has them.
func escapeQuery(path string) string {
	return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(path), "%2F", "/"), "+", "%20")
}
