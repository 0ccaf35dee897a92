package simulate

import (
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/model"
)

// location returns the headers of an answer with a Location that the client can follow: where it names the render
// itself, the client's own scheme and host stand in its place. Since 4.3.7 (DISP-1014); that redirects went wrong before
// is published, how is not, and they are left as they are. h is not changed.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, release-notes.md.
func (x *Exchange) location(h Header) Header {
	if !x.at(disp1014) {
		return h
	}
	r := x.Decision.Render.Render
	if r == nil || x.Decision.Host == "" {
		return h
	}
	addr := ""
	if x.answer != nil {
		addr = x.answer.Addr
	}
	var out Header
	for i := range h {
		if !strings.EqualFold(h[i].Name, "Location") {
			continue
		}
		scheme, rest, ok := cutLocation(h[i].Value)
		if !ok {
			continue
		}
		authority, target := cutAuthority(rest)
		if !namesRender(authority, addr, r) {
			continue
		}
		if out == nil {
			out = append(Header(nil), h...)
		}
		if scheme != "" {
			scheme = "http:"
			if x.Request.TLS {
				scheme = "https:"
			}
		}
		out[i].Value = scheme + "//" + x.Decision.Host + target
		if x.Trace != nil {
			x.sayOf(fetchStage{}.Name(), LevelNote, "", r.At, true, "Location %s names the render: the client gets %s", h[i].Value, out[i].Value)
		}
	}
	if out == nil {
		return h
	}
	return out
}

// cutLocation splits a Location with a host: "http:", "https:" or, for //host/path, "" and what follows the slashes.
func cutLocation(s string) (scheme, rest string, ok bool) {
	if rest, ok = strings.CutPrefix(s, "//"); ok {
		return "", rest, true
	}
	scheme, rest, ok = cutScheme(s)
	scheme = strings.ToLower(scheme) + ":"
	return scheme, rest, ok && (scheme == "http:" || scheme == "https:")
}

// namesRender reports whether the host of a URL is that of a render: its name or its address, with its port or with none.
func namesRender(authority, addr string, r *model.Render) bool {
	if authority == "" {
		return false
	}
	if strings.EqualFold(authority, addr) {
		return true
	}
	name, port := splitPort(authority)
	if host, _ := splitPort(RenderAddr(r)); !strings.EqualFold(name, host) {
		if host, _ = splitPort(addr); host == "" || !strings.EqualFold(name, host) {
			return false
		}
	}
	return port == "" || port == strconv.Itoa(RenderPort(r))
}
