package simulate

import (
	"context"
	"strings"
)

// The rewrite stage is what httpd does before the module sees a request: it splits the request target, decodes and
// cleans the path, and refuses what it will not pass on. Where simulate/httpd has done all of that, with the rules of
// mod_rewrite, the stage takes what it left.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md ("Test Dispatcher security": the
// filter has to see through /../ and %65) and release-notes.md (DISP-732: // since 4.3.1); httpd 2.4, server/request.c
// for the order, as recorded from httpd 2.4.71.
type rewriteStage struct{}

func (rewriteStage) Name() string { return "rewrite" }

func (s rewriteStage) Run(_ context.Context, x *Exchange) (*Decision, error) {
	r, d := x.Request, x.Decision
	var t target
	o := &x.engine.options
	splitTarget(r.Target, &t)
	d.Host = t.host
	if t.host == "" {
		d.Host = r.Host
	}
	dir := x.directives()
	if h := r.HTTPD; h != nil && dir.UseProcessedURL {
		d.URI, d.Query, d.HasQuery = h.URI, h.Query, h.HasQuery
		x.signature = signatureOf(d.URI)
		if dir.ForwardedHost {
			s.forwardHost(x)
		}
		d.Parts.take(d.URI)
		if x.Trace != nil {
			s.say(x, d.URI)
		}
		return s.declineRoot(x), nil
	}
	if dir.UseProcessedURL && r.Processed != "" {
		splitTarget(r.Processed, &t)
	} else if dir.UseProcessedURL && x.Trace != nil && r.HTTPD == nil {
		x.say(s.Name(), LevelNote, NotSimulated, "DispatcherUseProcessedURL is on, and what httpd makes of the URL is not simulated: the URL is taken as it was sent")
	}
	d.Query, d.HasQuery = t.query, t.hasQuery
	if dir.ForwardedHost {
		s.forwardHost(x)
	}
	var reason Reason
	switch {
	case !isToken(r.Method):
		reason = BadMethod
	case t.signature&(1<<kindControl) != 0 || t.hasQuery && hasControl(t.query) || t.host != "" && hasControl(t.host):
		reason = BadTarget
	case t.rough || t.signature&(1<<kindPercent) != 0 || t.path == "" || t.path[0] != '/':
		d.URI, reason = cleanPath(t.path, o.EncodedSlashes, x.at(v431))
		x.signature = signatureOf(d.URI)
	default:
		d.URI, x.signature = t.path, t.signature
	}
	if reason != "" {
		return s.refuse(x, t.path, reason), nil
	}
	d.Parts.take(d.URI)
	if x.Trace != nil {
		s.say(x, t.path)
	}
	return s.declineRoot(x), nil
}

// declineRoot leaves / to httpd where DispatcherDeclineRoot says so.
func (s rewriteStage) declineRoot(x *Exchange) *Decision {
	if !x.directives().DeclineRoot || x.Decision.URI != "/" {
		return nil
	}
	if x.Trace != nil {
		x.say(s.Name(), LevelNote, DeclinedRoot, "DispatcherDeclineRoot is On: httpd answers / itself")
	}
	return x.settle(Declined, DeclinedRoot)
}

// forwardHost takes the host of X-Forwarded-Host: the first of a list since 4.3.4 (DISP-833), before that the whole text.
// Where there is an edge key, the request must have it in X-Edge-Key since 4.3.3 (DISP-824).
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-install.md (DispatcherUseForwardedHost), release-notes.md.
func (s rewriteStage) forwardHost(x *Exchange) {
	host, ok := x.Request.Header.Value("X-Forwarded-Host")
	if !ok || host == "" {
		return
	}
	if key := x.directives().EdgeKey; key != "" && x.at(disp824) {
		if sent, _ := x.Request.Header.Value("X-Edge-Key"); sent != key {
			if x.Trace != nil {
				x.say(s.Name(), LevelNote, "", "X-Forwarded-Host is not looked at: the request does not have the edge key")
			}
			return
		}
	}
	if x.at(disp833) {
		host, _, _ = strings.Cut(host, ",")
	}
	x.Decision.Host = strings.TrimSpace(host)
	if x.Trace != nil {
		x.say(s.Name(), LevelNote, "", "the host is that of X-Forwarded-Host: %s", x.Decision.Host)
	}
}

// isToken reports whether a method is one (RFC 9110, 5.6.2).
func isToken(method string) bool {
	for i := range len(method) {
		if !isTokenByte(method[i]) {
			return false
		}
	}
	return method != ""
}

// refuse ends a request that httpd answers itself.
func (s rewriteStage) refuse(x *Exchange, path string, reason Reason) *Decision {
	d := x.Decision
	d.URI, d.Parts = path, Parts{Path: path}
	d.Response = Response{Status: 400, From: "httpd"}
	if reason == NULByte || reason == EncodedSlash {
		d.Response.Status = 404
	}
	if x.Trace != nil {
		x.say(s.Name(), LevelNote, reason, "httpd answers %d: %s", d.Response.Status, refusals[reason])
	}
	return x.settle(Refused, reason)
}

// refusals say why httpd refuses a request.
var refusals = map[Reason]string{
	BadMethod:    "the method is not a word of letters, digits and the like",
	BadTarget:    "the request target is not a path, an absolute URL or *, or it holds a blank or a control character",
	AboveRoot:    "the path leads above the root",
	BadEscape:    "a percent sign in the path is not followed by two hexadecimal digits",
	NULByte:      "the path holds %00",
	EncodedSlash: "the path holds %2F and AllowEncodedSlashes is Off",
}

// say adds what the stage assumes, and the parts of the URL as the module logs them.
func (s rewriteStage) say(x *Exchange, path string) {
	d := x.Decision
	if d.URI != path {
		x.say(s.Name(), LevelNote, "", "path %s is read as %s", path, d.URI)
	}
	if d.Host == "" && x.Request.proto() != "HTTP/1.0" {
		x.say(s.Name(), LevelNote, NotSimulated, "httpd answers 400 to %s without a Host header; the request is followed all the same", x.Request.proto())
	}
	switch {
	case d.URI != "*":
	case x.Request.Method == "OPTIONS":
		x.say(s.Name(), LevelNote, NotSimulated, "httpd answers OPTIONS * itself; the request is followed all the same")
	default:
		x.say(s.Name(), LevelNote, NotSimulated, "* is a target of OPTIONS; what httpd answers to %s * is not simulated, and the request is followed all the same", x.Request.Method)
	}
}

func isTokenByte(c byte) bool {
	switch {
	case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9':
		return true
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return false
}
