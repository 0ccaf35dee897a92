package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dispcheck/dispcheck/model"
)

// maxRounds bounds /numberOfRetries.
const maxRounds = 1000

// A question is a request to renders on its way: which were tried, and what of its body was read.
type question struct {
	purpose  Purpose
	stage    string // whose lines it is in
	method   string
	target   string
	header   Header
	body     *sentBody // nil for none
	length   int64
	category *model.Category
	tried    []*model.Render
}

// connect asks the selected render and, where it cannot be connected to, the others in the order of the text. All of
// them are tried /numberOfRetries times, once a round, with a pause of /retryDelay seconds between rounds and none after
// the last. The error is errNoRender, or what became of the render that could be connected to.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (/numberOfRetries, /retryDelay);
// AdobeDocs/experience-manager-learn.en, common-logs.md (54 seconds for five rounds of ten).
func (x *Exchange) connect(ctx context.Context, q *question, selected *model.Render) (*Answer, *model.Render, error) {
	f := x.farm.model
	rounds := min(max(f.NumberOfRetries.Value, 1), maxRounds)
	for round := 1; ; round++ {
		for i := -1; i < len(f.Renders); i++ {
			r := selected
			if i >= 0 {
				if r = f.Renders[i]; r == selected {
					continue
				}
			}
			if !q.rewind() {
				x.sayCut(q)
				return nil, nil, errNoRender
			}
			a, err := x.send(ctx, q, r, round)
			if !isConnectError(err) {
				return a, r, err
			}
		}
		if round == rounds {
			break
		}
		if err := x.pause(ctx, f.RetryDelay.Value); err != nil {
			return nil, nil, err
		}
	}
	if x.heard() {
		x.sayOf(q.stage, LevelWarning, NoRender, f.RendersAt, false, "Unable to connect to any backend in farm %s", f.Name)
	}
	return nil, nil, errNoRender
}

// pause waits between two rounds.
func (x *Exchange) pause(ctx context.Context, seconds int) error {
	const longest = 24 * 60 * 60
	if seconds <= 0 {
		return ctx.Err()
	}
	return x.engine.options.Sleep(ctx, time.Duration(min(seconds, longest))*time.Second)
}

// send asks one render once, notes the attempt and counts what it says of the render.
func (x *Exchange) send(ctx context.Context, q *question, r *model.Render, round int) (*Answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e, d := x.engine, x.Decision
	m := &e.memory.renders
	h := completed(q.header, r)
	if q.purpose == ForClient || q.purpose == ForRefetch {
		d.Render.Header = h
	}
	if !slices.Contains(q.tried, r) {
		q.tried = append(q.tried, r)
	}
	asked := e.options.Now()
	idle, reused, dropped := m.take(r, asked, e.keepAlive())
	if x.Trace != nil {
		for _, s := range dropped {
			x.sayOf(q.stage, LevelDebug, "", r.At, true, "Dropping socket after %d seconds of inactivity: %s", asked.Sub(s.since)/time.Second, s.addr)
		}
	}
	request := &RenderRequest{Render: r, Purpose: q.purpose, Method: q.method, Target: q.target, Header: h}
	if q.body != nil {
		request.Body, request.Length = q.body.handle(), q.length
	}
	a, err := e.options.Backend.RoundTrip(ctx, request)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil && a == nil {
		err = errors.New("no answer")
	}
	attempt := Attempt{Render: r, Purpose: q.purpose, Round: round, Took: e.options.Now().Sub(asked)}
	if err != nil {
		attempt.Err = strerror(cause(err))
	} else {
		attempt.Status = a.Status
	}
	d.Render.Attempts = append(d.Render.Attempts, attempt)

	k := scoreKey{r, q.category}
	if isConnectError(err) {
		m.penalise(k, x.farm.model.UnavailablePenalty.Value)
		if x.heard() {
			x.sayConnectError(q, r, err, asked)
		}
		return nil, err
	}
	if q.purpose != ForHealth {
		m.answered(k, attempt.Took)
	}
	addr := idle.addr
	switch {
	case err == nil && a.Addr != "":
		addr = a.Addr
	case addr == "":
		addr = RenderAddr(r)
	}
	if x.Trace != nil {
		x.sayConnected(q, r, addr, reused, h, asked)
	}
	if x.heard() {
		x.sayBroken(q, r, err)
	}
	if err != nil {
		return nil, err
	}
	x.socket = socket{render: r, addr: addr, stage: q.stage, once: closes(a)}
	return a, nil
}

// sayConnected adds the lines of a connection that stands and of the headers that are sent over it. A backend tells of
// both only with its answer: the lines have the time at which it was asked.
func (x *Exchange) sayConnected(q *question, r *model.Render, addr string, reused bool, h Header, asked time.Time) {
	from := len(x.Trace.Events)
	if reused {
		x.sayOf(q.stage, LevelNote, "", r.At, true, "the idle connection to %s is used again", addr)
	} else {
		x.sayOf(q.stage, LevelDebug, "", r.At, true, "Creating new connection: %s", addr)
		x.sayOf(q.stage, LevelDebug, "", r.At, true, "Connected to backend %s (%s)", r.Name, addr)
	}
	for _, f := range h {
		x.say(q.stage, LevelDebug, "", "Adding request header: %s", f.Name)
	}
	for _, f := range h {
		x.say(q.stage, LevelTrace, "", `request.headers[%s] = "%s"`, f.Name, f.Value)
	}
	for i := range x.Trace.Events[from:] {
		x.Trace.Events[from+i].At = asked
	}
}

// sayConnectError adds the lines of a connection that failed.
func (x *Exchange) sayConnectError(q *question, r *model.Render, err error, asked time.Time) {
	addr := RenderAddr(r)
	if c := (*ConnectError)(nil); errors.As(err, &c) && c.Addr != "" {
		addr = c.Addr
	}
	if x.Trace != nil {
		x.sayOf(q.stage, LevelDebug, "", r.At, true, "Creating new connection: %s", addr)
		x.Trace.Events[len(x.Trace.Events)-1].At = asked
	}
	x.sayOf(q.stage, LevelWarning, NoRender, r.At, true, "Unable to connect socket to %s: %s", addr, strerror(cause(err)))
}

// sayBroken adds why an answer did not come.
func (x *Exchange) sayBroken(q *question, r *model.Render, err error) {
	switch {
	case err == nil:
	case errors.Is(err, ErrReceiveTimeout):
		x.sayOf(q.stage, LevelNote, RenderTimeout, orPlace(r.ReceiveTimeout.At, r.At), true, "render %s did not answer within /receiveTimeout", label(r.Name))
	default:
		x.sayOf(q.stage, LevelError, RenderBroken, r.At, true, "Error while reading response: %s", strerror(err))
	}
}

// sayCut adds that a request is not sent again because a part of its body is gone.
func (x *Exchange) sayCut(q *question) {
	if x.Trace != nil {
		x.say(q.stage, LevelNote, "", "a part of the request's body was read: the request is not sent again")
	}
}

func orPlace(a, b model.Place) model.Place {
	if a.Span.IsZero() {
		return b
	}
	return a
}

func isConnectError(err error) bool {
	var c *ConnectError
	return errors.As(err, &c)
}

// cause returns why a connection failed, without the address.
func cause(err error) error {
	var c *ConnectError
	if !errors.As(err, &c) {
		return err
	}
	if c.Err == nil {
		return fmt.Errorf("no reason given")
	}
	return c.Err
}
