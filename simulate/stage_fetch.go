package simulate

import "context"

// The fetch stage asks the render. It is not simulated yet, and not reached: the render stage ends the decision.
type fetchStage struct{}

func (fetchStage) Name() string { return "fetch" }

func (s fetchStage) Run(_ context.Context, x *Exchange) (*Decision, error) {
	return notSimulated(x, s.Name()), nil
}

// notSimulated ends a decision at a stage that is not simulated.
func notSimulated(x *Exchange, stage string) *Decision {
	if x.Trace != nil {
		x.say(stage, LevelNote, NotSimulated, "stage %s is not simulated yet", stage)
	}
	return x.settle(Forwarded, NotSimulated)
}
