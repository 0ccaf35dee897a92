package simulate

import (
	"context"
	"strings"
)

// The invalidate stage recognises flushes: GET or POST to a URL that ends with /invalidate.cache, or with both
// CQ-Action and CQ-Handle. They do not pass the filter. What they delete and touch is not simulated yet.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, page-invalidate.md and dispatcher-domains.md (paths);
// AdobeDocs/experience-manager-learn.en, disp-flushing.md (headers).
type invalidateStage struct{}

func (invalidateStage) Name() string { return "invalidate" }

func (s invalidateStage) Run(_ context.Context, x *Exchange) (*Decision, error) {
	if m := x.Request.Method; m != "GET" && m != "POST" {
		return nil, nil
	}
	h := x.Request.Header
	if !strings.HasSuffix(x.Decision.URI, "/invalidate.cache") && (len(h) < 2 || !h.Has("CQ-Action") || !h.Has("CQ-Handle")) {
		return nil, nil
	}
	if x.Trace != nil {
		x.say(s.Name(), LevelNote, Invalidation, "the request is an invalidation: /filter does not apply to it")
		x.say(s.Name(), LevelNote, NotSimulated, "invalidation is not simulated yet")
	}
	return x.settle(Flush, NotSimulated), nil
}
