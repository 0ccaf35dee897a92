package simulate

import (
	"context"
	"strings"
)

// callHandler notes the program of /invalidateHandler and its arguments: the handle, the action, and the scope where
// it is ResourceOnly. It is run only by Options.RunHandler.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (invalidateHandler).
func (f *flush) callHandler(ctx context.Context) error {
	c := f.x.farm.model.Cache
	if c == nil || c.InvalidateHandler.Value == "" {
		return nil
	}
	scope := ""
	if f.resourceOnly() {
		scope = f.v.Scope
	}
	f.v.Handler = []string{c.InvalidateHandler.Value, f.v.Handle, f.v.Action, scope}
	if run := f.x.engine.options.RunHandler; run != nil {
		if err := run(ctx, f.v.Handler); err != nil {
			f.v.HandlerError = err.Error()
			f.note(FlushHandlerFailed, "/invalidateHandler %s: %v; the flush goes on", c.InvalidateHandler.Value, err)
		}
		return ctx.Err()
	}
	f.note("", "/invalidateHandler would be run: %q", f.v.Handler)
	return nil
}

// forward passes the flush on to a render where /propagateSyndPost asks for it and /filter allows the request. What
// the render answers is not what the client gets.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (propagateSyndPost).
func (f *flush) forward(ctx context.Context) error {
	x := f.x
	m := x.farm.model
	if !m.PropagateSyndPost.Value {
		return nil
	}
	if list := x.farm.filter; list != nil {
		if r := list.last(x); r == nil || !r.Allow {
			f.note(FilterDenied, "/propagateSyndPost is set, and /filter does not allow the flush: it is not passed on")
			return nil
		}
	}
	if len(m.Renders) == 0 && !x.engine.partOfFarm() {
		f.note(NoRender, "/propagateSyndPost is set, and farm %s has no render: the flush is not passed on", m.Name)
		return nil
	}
	if x.engine.options.Backend == nil {
		f.v.Forwarded = true
		f.note("", "the flush would be passed on to a render (/propagateSyndPost)")
		return nil
	}
	target := escapePath(x.Decision.URI)
	if x.Decision.HasQuery {
		target += "?" + x.Decision.Query
	}
	length := x.Request.Length
	if x.Request.Body == nil {
		length = 0
	}
	answer, _, err := x.ask(ctx, ForFlush, x.Request.Method, target, f.forwardedHeader(), f.body(), length)
	if err != nil {
		f.note(NoRender, "the flush could not be passed on: %v", err)
		return ctx.Err()
	}
	answer.Close()
	f.v.Forwarded = true
	f.note("", "the flush was passed on to a render, which answered %d (/propagateSyndPost)", answer.Status)
	return nil
}

// forwardedHeader is the headers of the flush as they are passed on: all but those of the connection.
func (f *flush) forwardedHeader() Header {
	h := make(Header, 0, len(f.x.Request.Header)+1)
	if host := f.x.Decision.Host; host != "" {
		h = append(h, Field{"Host", host})
	}
	for _, field := range f.x.Request.Header {
		switch strings.ToLower(field.Name) {
		case "host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade":
		default:
			if !strings.HasPrefix(strings.ToLower(field.Name), "proxy-") {
				h = append(h, field)
			}
		}
	}
	return h
}
