package httpd

import (
	"context"
	"net/netip"
	"slices"

	"github.com/dispcheck/dispcheck/internal/apexpr"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// An exchange is a request on its way. Rounds of internal redirects share it; what a round begins anew is in round.
type exchange struct {
	ctx    context.Context
	engine *Engine
	req    *Request
	res    *Result
	rec    rewrite.Recorder

	host *host
	// hostname is the host of the request, without its port and in lower case; port is that of the header, 0 without one.
	hostname string
	hostPort int
	// absolute says that the target is an absolute URL.
	absolute bool

	client  netip.Addr
	headers table // of the request
	// sent are the headers as they came, to tell what was changed.
	sent table
	// always is the table that errors keep (err_headers_out).
	always table

	round
	rounds int
	// responded says that the handler has had the head of the answer: nothing of it changes any more.
	responded bool

	// memory is where texts of the answer are made; nil allocates them.
	memory *rewrite.Memory
	// hostURL, clientAddr and clientName are what HostURL and clientText have made.
	hostURL    string
	clientAddr netip.Addr
	clientName string
	*room
	// located are the sections that walkLocations found for the path locatedFor.
	located    []*section
	locatedFor string
	// unknowns are what is not known of the request, until the handler has answered; nil knows everything.
	unknowns *simulate.Unknowns
	// suspect says that a header was made of what came and has a control character in it.
	suspect bool
	// unparsed is the request target as it was sent.
	unparsed string
}

// A room is memory that is used again and again, and that nobody expects to be empty.
type room struct {
	groups  [20]int // of the last pattern that was tried
	ruled   [2]rewrite.Result
	handing Handled
	state   apexpr.State
}

// A round is what begins anew with an internal redirect.
type round struct {
	method  string
	uri     string
	args    string
	hasArgs bool
	// original is the path of the round before rules, as sent: still encoded.
	original    string
	filename    string
	pathInfo    string
	file        rewrite.FileKind
	handler     string
	contentType string
	proxy       string
	status      int // of the response; 200 in the first round
	out         table
	env         table
	layer       *layer
	settled     bool // the settings are those of the request: rules, aliases and sections are through
	// docroot is the document root in effect, and prefix that of an Alias.
	docroot string
	prefix  string
	// ended is set by the flag END: rules do not run again.
	ended bool
	// forced are type and handler that a rule asked for.
	forced struct{ contentType, handler *string }
	// by and reason are the directive that decided last.
	by     server.Place
	reason string
	// errorOf is the status that this round is an error document of.
	errorOf    int
	sub        bool   // a request of httpd's own
	depth      int    // how many requests of httpd's own this one is within
	reached    string // the handler that was called
	restartAt  string // where rules of a section send the request again
	redirected bool   // the round came out of an internal redirect
	allowed    string // methods that a handler says it answers
	length     int64  // of the body; -1 where it is not known
	// measure finds the length out where it is not known; nil where it cannot be found out.
	measure func() int64
	// noExpires says that the handler wants no headers of mod_expires.
	noExpires bool
	// bare says that no filter sees the answer.
	bare bool
	// canned says that httpd makes the answer itself.
	canned bool
}

func (x *exchange) begin(ctx context.Context, e *Engine, r *Request, res *Result, rec rewrite.Recorder) {
	headers, sent, always, out, env := x.headers[:0], x.sent[:0], x.always[:0], x.out[:0], x.env[:0]
	place, located := x.room, x.located[:0]
	if place == nil {
		place = new(room)
	}
	*x = exchange{} // and then field by field: a literal would be made elsewhere and copied
	x.ctx, x.engine, x.req, x.res, x.rec = ctx, e, r, res, rec
	x.headers, x.sent, x.always, x.room, x.located = headers, sent, always, place, located
	x.out, x.env = out, env
	if rec == nil { // a recorder may keep what it is told
		x.memory = res.Memory
	}
	x.method, x.status = r.Method, 200
	x.client = r.Client
	if !x.client.IsValid() {
		x.client = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	x.unparsed = r.Target
	x.unknowns = r.Unknowns
	if !r.NoHost {
		x.headers = append(x.headers, Field{"Host", r.Host})
	}
	lengths := uint64(1) << len("Host") // of the names so far: one of another length is new
	for _, f := range r.Header {        // lines of one name are joined when they are read
		length := uint64(1) << (len(f.Name) & 63)
		if lengths&length != 0 && x.headers.index(f.Name) >= 0 {
			x.headers.merge(f.Name, f.Value)
		} else {
			x.headers = append(x.headers, f)
		}
		lengths |= length
	}
}

// end writes what is known into the result and drops what the pool should not hold.
func (x *exchange) end() {
	x.ctx, x.req, x.res, x.rec, x.host, x.layer, x.unknowns = nil, nil, nil, nil, nil, nil, nil
	x.by, x.handing, x.memory = server.Place{}, Handled{}, nil
}

// notSimulated notes a construct, once.
func (x *exchange) notSimulated(c server.Construct) {
	if !slices.ContainsFunc(x.res.NotSimulated, func(o server.Construct) bool { return o.At == c.At && o.Text == c.Text }) {
		x.res.NotSimulated = append(x.res.NotSimulated, c)
	}
}

func (x *exchange) settings() *server.Settings { return x.layer.settings }

// A verdict is what a step says: 0 goes on; another is the status of the answer.
type verdict int

const (
	goOn verdict = 0
	// restart: the round is over, and the next one has been made ready.
	restart verdict = -1
	// done: the answer is complete.
	done verdict = -2
)
