package simulate

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
)

// The fetch stage asks the render, and others where it cannot be reached or fails: see ask. Where no answer comes, the
// module makes one: 502 where no render could be connected to or the connection broke, 504 after /receiveTimeout. What
// becomes of either is the store stage's; this one settles nothing.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (/receiveTimeout: 504);
// AdobeDocs/experience-manager-learn.en, common-logs.md (502; the same log has a 503, see [Readings]).
type fetchStage struct{}

func (fetchStage) Name() string { return "fetch" }

func (s fetchStage) Run(ctx context.Context, x *Exchange) (*Decision, error) {
	c := &x.Decision.Render
	purpose := ForClient
	if x.refetch {
		purpose = ForRefetch
	}
	selected := c.Render
	a, r, err := x.ask(ctx, purpose, x.Request.Method, c.Target, x.sentHeader(), x.Request.Body, x.Request.Length)
	if r != nil && r != selected {
		c.Render, c.Reason = r, RenderFailover
	}
	switch {
	case err == nil:
		x.answer = a
		c.Sticky = x.binds(r)
	case ctx.Err() != nil:
		return nil, err
	case errors.Is(err, errNoRender):
		x.fail(NoRender, unreachableStatus(&x.engine.options.Readings))
	case errors.Is(err, ErrReceiveTimeout):
		x.fail(RenderTimeout, 504)
	default:
		x.fail(RenderBroken, 502)
	}
	return nil, nil
}

func unreachableStatus(r *Readings) int {
	if r.UnreachableStatus != 0 {
		return r.UnreachableStatus
	}
	return 502
}

// fail makes the module's own answer. No client is bound to a render that did not answer.
func (x *Exchange) fail(why Reason, status int) {
	x.failed = why
	x.Decision.Render.Sticky = false
	title := statusText(status)
	page := "<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n"
	x.answer = &Answer{Status: status, Header: Header{{"Content-Type", "text/html"}, {"Content-Length", strconv.Itoa(len(page))}}}
	if x.Request.Method != "HEAD" {
		x.answer.Body = io.NopCloser(strings.NewReader(page))
	}
}

// statusText returns a status with its words, "502 Bad Gateway": those that a failure can have.
func statusText(status int) string {
	words := map[int]string{500: " Internal Server Error", 502: " Bad Gateway", 503: " Service Unavailable", 504: " Gateway Timeout"}
	return strconv.Itoa(status) + words[status]
}
