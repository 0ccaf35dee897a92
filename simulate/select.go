package simulate

import (
	"strings"

	"github.com/dispcheck/dispcheck/model"
)

// maxCategories is how many categories of /statistics count. Those further down are not looked at
// (AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md, /statistics).
const maxCategories = 8

// cookieName is the cookie that binds a client to a render.
const cookieName = "renderid"

// pick chooses the render for a URI, nil where the farm has none: the one that the client's cookie names, whatever the
// URI; else the one with the lowest score for the URI's category; else the first.
func (x *Exchange) pick(uri string) (*model.Render, *model.Category, Reason) {
	f := x.farm.model
	if len(f.Renders) == 0 {
		return nil, nil, ""
	}
	c := categoryOf(f, uri)
	if r := renderOfCookie(f, x.Request.Header); r != nil {
		return r, c, RenderSticky
	}
	if c == nil {
		return f.Renders[0], nil, RenderFirst
	}
	if x.engine.options.Backend == nil {
		return f.Renders[0], c, RenderScore // nobody has answered: all scores are 0
	}
	return x.engine.memory.renders.best(f.Renders, c), c, RenderScore
}

// categoryOf returns the first category whose glob matches a URI, nil for none.
func categoryOf(f *model.Farm, uri string) *model.Category {
	if f.Statistics == nil {
		return nil
	}
	list := f.Statistics.Categories
	for _, c := range list[:min(len(list), maxCategories)] {
		if usable(c.Glob) && c.Glob.Match(uri) {
			return c
		}
	}
	return nil
}

// renderOfCookie returns the render that the cookie renderid names, nil where there is no such cookie or no such render.
// Of several such cookies the first that names a render counts. A render without a label cannot be named.
func renderOfCookie(f *model.Farm, h Header) *model.Render {
	for i := range h {
		if !strings.EqualFold(h[i].Name, "Cookie") {
			continue
		}
		for rest := h[i].Value; rest != ""; {
			var pair string
			pair, rest, _ = strings.Cut(rest, ";")
			name, value, ok := strings.Cut(pair, "=")
			if !ok || strings.Trim(name, " \t") != cookieName {
				continue
			}
			if r := renderNamed(f, unquote(strings.Trim(value, " \t"))); r != nil {
				return r
			}
		}
	}
	return nil
}

// unquote takes the quotes off the value of a cookie (RFC 6265, 4.1.1).
func unquote(s string) string {
	if n := len(s); n >= 2 && s[0] == '"' && s[n-1] == '"' {
		return s[1 : n-1]
	}
	return s
}

// renderNamed returns the first render with a label, nil for none.
func renderNamed(f *model.Farm, name string) *model.Render {
	if name == "" {
		return nil
	}
	for _, r := range f.Renders {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// binds reports whether the answer of a render to the request sets the cookie renderid: the URI stands in a sticky
// folder, and the client does not name that render already.
func (x *Exchange) binds(r *model.Render) bool {
	f := x.farm.model
	return r != nil && r.Name != "" && isSticky(f, x.Decision.URI) && renderOfCookie(f, x.Request.Header) != r
}

// isSticky reports whether a URI starts with a folder of /stickyConnectionsFor or of /stickyConnections /paths. The
// texts are compared as they are, so that "/products" takes in /products.html and /productsold, too: that is inferred,
// the documentation speaks of folders alone. An empty text is none.
func isSticky(f *model.Farm, uri string) bool {
	if folder := f.StickyConnectionsFor.Value; folder != "" && strings.HasPrefix(uri, folder) {
		return true
	}
	if f.StickyConnections == nil || f.StickyConnections.Paths == nil {
		return false
	}
	for i := range f.StickyConnections.Paths.Values {
		if folder := f.StickyConnections.Paths.Values[i].Text; folder != "" && strings.HasPrefix(uri, folder) {
			return true
		}
	}
	return false
}

// stickyCookie returns the header Set-Cookie that binds the client to the render that answered, and whether there is
// one. It is for the client alone: what is stored does not have it. The attribute Secure came with 4.3.1 (DISP-715), for
// /secure "1" and for clients that come over TLS; before, /secure was not read. The path is not published, and "/" here.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (/stickyConnections) and
// release-notes.md.
func (x *Exchange) stickyCookie() (Field, bool) {
	c := &x.Decision.Render
	if !c.Sticky || c.Render == nil {
		return Field{}, false
	}
	value := cookieName + "=" + c.Render.Name + "; Path=/"
	s := x.farm.model.StickyConnections
	if s != nil && s.HTTPOnly.Value {
		value += "; HttpOnly"
	}
	if x.at(disp715) && (x.Request.TLS || s != nil && s.Secure.Value) {
		value += "; Secure"
	}
	return Field{"Set-Cookie", value}, true
}
