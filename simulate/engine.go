package simulate

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/model"
)

// A Clock says what time it is.
type Clock func() time.Time

// Options say how an [Engine] behaves. The zero value is the newest release in front of an httpd that is set up
// as Adobe ships it, with an empty document root and no renders.
type Options struct {
	// Version is the release of the module; the zero value is Newest.
	Version Version
	// EncodedSlashes is httpd's AllowEncodedSlashes.
	EncodedSlashes EncodedSlashes
	// Backend answers for the renders. It is not asked yet: every decision ends at the render.
	Backend Backend
	// Store is the document root; nil is an empty one. Another is not looked into yet, and the lookup says so.
	Store Store
	// Now dates the events of a trace; nil leaves them without a time.
	Now Clock
}

// A Stage is one step of answering. It either settles the request, and returns the decision, or leaves it to the
// next and returns nil. An error is for what keeps the stage from its work; it ends the decision.
type Stage interface {
	Name() string
	Run(context.Context, *Exchange) (*Decision, error)
}

// stages are the steps in their order. Each has a file of its own, named for it.
var stages = [...]Stage{
	rewriteStage{},
	farmStage{},
	invalidateStage{},
	sessionStage{},
	filterStage{},
	vanityStage{},
	cacheableStage{},
	lookupStage{},
	renderStage{},
	fetchStage{},
	storeStage{},
}

// Stages returns the names of the stages in their order.
func Stages() []string {
	names := make([]string, len(stages))
	for i, s := range stages {
		names[i] = s.Name()
	}
	return names
}

// An Engine answers requests for one configuration, from many goroutines at once. It does not change after [New].
type Engine struct {
	config  *model.Config
	options Options
	farms   farmList
	pool    sync.Pool // of *Exchange
}

// New compiles a configuration, which must not change afterwards. It cannot fail: patterns that the C library
// refuses never match, and the trace says so.
func New(config *model.Config, o Options) *Engine {
	if o.Version == (Version{}) {
		o.Version = Newest
	}
	e := &Engine{config: config, options: o, farms: compileFarms(config)}
	e.pool.New = func() any { return new(Exchange) }
	return e
}

// Config returns the configuration that the engine was compiled from.
func (e *Engine) Config() *model.Config { return e.config }

// partOfFarm says that the configuration is a part of a farm, and not only farms without the /farms around them: what
// it lacks may stand elsewhere.
func (e *Engine) partOfFarm() bool { return len(e.config.Wrapped) > 1 }

// Version returns the release that the engine behaves as.
func (e *Engine) Version() Version { return e.options.Version }

// Decide answers r: it fills d and, unless t is nil, adds to t what the stages say. Without a trace nothing is
// allocated, but where the path of r has to be decoded or cleaned or a pattern is used for the first time, and a
// filter stops at the rule that decides. With one, every rule is tried. The decision is the same.
func (e *Engine) Decide(ctx context.Context, r *Request, d *Decision, t *Trace) error {
	d.reset()
	x := e.pool.Get().(*Exchange)
	x.Request, x.Decision, x.Trace, x.engine = r, d, t, e
	err := x.run(ctx)
	*x = Exchange{line: x.line[:0]}
	e.pool.Put(x)
	return err
}

// An Exchange is one request on its way through the stages.
type Exchange struct {
	Request  *Request
	Decision *Decision
	// Trace is nil where nobody wants one.
	Trace *Trace

	engine *Engine
	farm   *farm // chosen by the farm stage
	// line is the request line as /glob sees it, made when first needed.
	line    []byte
	hasLine bool
	// signature is that of the URI.
	signature signature
	// session says what the session stage found.
	session sessionState
}

func (x *Exchange) run(ctx context.Context) error {
	for _, s := range stages {
		done, err := s.Run(ctx, x)
		if err != nil {
			return fmt.Errorf("stage %s: %w", s.Name(), err)
		}
		if done != nil {
			return nil
		}
	}
	return nil
}

// settle ends the decision.
func (x *Exchange) settle(o Outcome, r Reason) *Decision {
	x.Decision.Outcome, x.Decision.Reason = o, r
	return x.Decision
}

// at reports whether the engine behaves as a release or a later one does.
func (x *Exchange) at(v Version) bool { return x.engine.options.Version.AtLeast(v) }
