package simulate

import "context"

// The vanity stage asks the list of /vanity_urls about a request that the filter denied: a URL on the list is let
// through. The list is a render's and is not fetched yet, so the verdict stays as the filter gave it and says that
// it depends on the list.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (vanity URLs);
// AdobeDocs/experience-manager-learn.en, common-logs.md (log lines).
type vanityStage struct{}

func (vanityStage) Name() string { return "vanity" }

func (s vanityStage) Run(_ context.Context, x *Exchange) (*Decision, error) {
	v := &x.Decision.Filter
	if v.Allow {
		return nil, nil
	}
	v.VanityUnknown = true
	if x.Trace != nil {
		at := x.farm.model.VanityURLs.At
		x.sayOf(s.Name(), LevelDebug, VanityUnknown, at, false, "Checking vanity URLs")
		x.sayOf(s.Name(), LevelNote, NotSimulated, at, false, "the vanity list is not known: a URL that is on it would be allowed")
	}
	return filterStage{}.deny(x), nil
}
