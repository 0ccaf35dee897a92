package simulate

import "context"

// The store stage puts an answer into the cache. It is not simulated yet, and not reached: the render stage ends the
// decision.
type storeStage struct{}

func (storeStage) Name() string { return "store" }

func (s storeStage) Run(_ context.Context, x *Exchange) (*Decision, error) {
	return notSimulated(x, s.Name()), nil
}
