package simulate

import "context"

// The render stage chooses the render that answers. That is not simulated yet: the decision ends here, with what the
// filter and the cache have said.
type renderStage struct{}

func (renderStage) Name() string { return "render" }

func (s renderStage) Run(_ context.Context, x *Exchange) (*Decision, error) {
	d := x.Decision
	if x.Trace != nil {
		x.sayOf(s.Name(), LevelNote, NotSimulated, x.farm.model.RendersAt, false, "the request goes to a render; which one, and what it answers, is not simulated yet")
	}
	return x.settle(Forwarded, d.Filter.Reason), nil
}
