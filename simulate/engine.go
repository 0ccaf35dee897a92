package simulate

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/model"
)

// Options say how an [Engine] behaves. The zero value is the newest release in front of an httpd that is set up
// as Adobe ships it, with an empty document root and no renders.
type Options struct {
	// Version is the release of the module; the zero value is Newest.
	Version Version
	// EncodedSlashes is httpd's AllowEncodedSlashes.
	EncodedSlashes EncodedSlashes
	// Backend answers for the renders; nil ends every decision at the render.
	Backend Backend
	// Store is where the document roots are; nil are empty ones that nothing is written to.
	Store Store
	// Now is the time of events, of cache files and of all that expires. nil is the system's clock where there is a
	// Backend or a Store, and leaves events without a time where there is neither.
	Now Clock
	// Sleep waits between rounds of connection attempts; nil is RealSleep.
	Sleep Sleeper
	// Directives are what httpd's configuration says about the module.
	Directives Directives
	// Readings are choices where the evidence allows more than one.
	Readings Readings
	// Vanity holds the vanity lists that are known before anything is fetched, by the value of /vanity_urls /file.
	Vanity map[string]VanityList
	// Sessions are the sessions that are known from the start: the credentials, and when they were last used.
	Sessions map[string]time.Time
	// RunHandler runs the program of /invalidateHandler; nil runs nothing, and the call is only recorded.
	RunHandler func(ctx context.Context, args []string) error
	// Warn takes the errors and warnings of decisions that have no trace; nil is that nobody does. It is called from many
	// goroutines at once, and must not keep the request.
	Warn func(*Request, Event)
	// ServerName is the web server's host and port in the header Via; "" is "localhost:80", or 443 for TLS.
	ServerName string
}

// A VanityList is a list of vanity URLs and when it was fetched.
type VanityList struct {
	URLs    []string
	Fetched time.Time
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

// An Engine answers requests for one configuration, from many goroutines at once. What lasts from one request to the next
// is in the Store and in its memory: scores of renders, idle connections, sessions, vanity lists.
type Engine struct {
	config  *model.Config
	options Options
	farms   farmList
	pool    sync.Pool // of *Exchange
	memory  memory
	// stateful says that there is a clock, a store or a backend, or that a farm has sessions.
	stateful bool
}

// New compiles a configuration, which must not change afterwards. It cannot fail: patterns that the C library
// refuses never match, and the trace says so.
func New(config *model.Config, o Options) *Engine {
	if o.Version == (Version{}) {
		o.Version = Newest
	}
	if o.Now == nil && (o.Backend != nil || o.Store != nil) {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = RealSleep
	}
	e := &Engine{config: config, options: o, farms: compileFarms(config)}
	e.stateful = o.Now != nil || o.Store != nil || o.Backend != nil || slices.ContainsFunc(config.Farms, func(f *model.Farm) bool { return f.SessionManagement != nil })
	e.memory.init(&o)
	e.openDocroots()
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
	if now := e.options.Now; now != nil {
		x.start = now()
	}
	err := x.run(ctx)
	x.Request, x.Decision, x.Trace, x.farm = nil, nil, nil, nil
	x.hasLine, x.session = false, noSessions
	if e.stateful {
		x.state = state{}
	}
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
	// name is memory for names of files.
	name []byte
	// text is memory for the texts of headers.
	text []byte
	// signature is that of the URI.
	signature signature
	// session says what the session stage found.
	session sessionState
	state
}

// A state is what an exchange knows of clocks, caches, sessions and renders. An engine without any of them leaves it as it
// is: to clear it would cost more than a stage.
type state struct {
	// credentials are those of the session.
	credentials string
	// start is when the request came, the zero time where the engine has no clock.
	start time.Time
	// found is what stands in the cache under the URI; file is it, where it was opened.
	found FileInfo
	file  File
	// noGrace leaves /gracePeriod out.
	noGrace bool
	// refetch says that the page is fetched on behalf of a flush, whatever the cache holds.
	refetch bool
	// refreshes says that the exchange is the one that fetches a stale file again.
	refreshes bool
	// permitHeader is headers that a hit gets beside those that are stored.
	permitHeader Header
	// answer is what the render sent, set by the fetch stage; failed says that it is the module's own, for a render that
	// did not answer.
	answer *Answer
	failed Reason
	// socket is the connection that the last answer came over.
	socket socket
}

func (x *Exchange) run(ctx context.Context) error {
	defer x.letGo() // also where a stage breaks off, by an error or a panic
	for i := range stages {
		s := stages[i]
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

// letGo lets others fetch the file that the exchange was fetching, and closes the one that it has open.
func (x *Exchange) letGo() {
	x.endRefresh()
	if x.file != nil {
		x.file.Close()
		x.file = nil
	}
}

// settle ends the decision.
func (x *Exchange) settle(o Outcome, r Reason) *Decision {
	x.Decision.Outcome, x.Decision.Reason = o, r
	return x.Decision
}

// at reports whether the engine behaves as a release or a later one does.
func (x *Exchange) at(v Version) bool { return x.engine.options.Version.AtLeast(v) }
