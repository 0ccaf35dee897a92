package simulate

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/model"
)

// errNoRender says that no render of the farm could be connected to.
var errNoRender = errors.New("no render could be connected to")

// ask sends a request of the module's own, or a client's, to a render of the farm and returns the answer and who gave
// it. It chooses the render, connects in rounds, turns to another render where /failover says so, and notes each
// attempt. Headers that every request has are added to h: see completed; [Exchange.sentHeader] are those of a client's
// request. The caller closes the answer and then calls release.
//
// The error is errNoRender, [ErrReceiveTimeout], or another where the connection broke; the render is nil for the first.
// Where the context has ended, its error is returned.
func (x *Exchange) ask(ctx context.Context, p Purpose, method, target string, h Header, body io.Reader, length int64) (*Answer, *model.Render, error) {
	x.socket = socket{}
	q := &question{purpose: p, stage: stageOf(p), method: method, target: target, header: h, length: length}
	if body != nil {
		q.body = newSentBody(body)
	}
	f := x.farm.model
	if len(f.Renders) == 0 || x.engine.options.Backend == nil {
		if x.Trace != nil && p != ForClient && p != ForRefetch { // of which the render stage has said it
			x.sayOf(q.stage, LevelNote, NoRender, f.At, false, "farm %s has no render to ask for the %s", f.Name, p)
		}
		return nil, nil, errNoRender
	}
	selected := x.Decision.Render.Render
	q.category = x.Decision.Render.Category
	if selected == nil || p != ForClient && p != ForRefetch {
		path, _, _ := strings.Cut(target, "?")
		selected, q.category, _ = x.pick(path)
	}
	a, r, err := x.connect(ctx, q, selected)
	if err != nil {
		return nil, r, err
	}
	return x.failover(ctx, q, a, r)
}

// stageOf returns the stage in whose lines a request to a render is.
func stageOf(p Purpose) string {
	switch p {
	case ForPermission:
		return lookupStage{}.Name()
	case ForVanityList:
		return vanityStage{}.Name()
	case ForFlush:
		return invalidateStage{}.Name()
	}
	return fetchStage{}.Name()
}

// failover looks at the answer of a render and, with /failover, lets another answer in place of one that fails: after a
// 503 at once, after another 50x where its health check fails, too. Each render is tried once at most, in the order of
// the text, without rounds and pauses. Where none is left, the last error is the answer. Without /failover a 50x is the
// answer, and the health check only decides whether it costs the render a penalty.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (/failover, /health_check).
func (x *Exchange) failover(ctx context.Context, q *question, a *Answer, r *model.Render) (*Answer, *model.Render, error) {
	f := x.farm.model
	for q.purpose != ForHealth && a.Status >= 500 && a.Status <= 509 {
		held := x.socket
		down := f.Failover.Value && a.Status == 503
		if !down {
			var err error
			if down, err = x.unhealthy(ctx, q, r); err != nil {
				a.Close()
				return nil, nil, err
			}
		}
		x.socket = held
		if !down || !f.Failover.Value {
			return a, r, nil
		}
		b, other, err := x.elsewhere(ctx, q)
		if err != nil {
			a.Close()
			return nil, nil, err
		}
		if b == nil {
			x.socket = held
			if x.Trace != nil {
				x.sayOf(q.stage, LevelNote, "", r.At, true, "no other render answers: the client gets the %d of render %s", a.Status, label(r.Name))
			}
			return a, r, nil
		}
		a.Close()
		answered := x.socket
		x.socket = held
		x.release(a.Body == nil)
		x.socket = answered
		a, r = b, other
	}
	return a, r, nil
}

// elsewhere asks the renders that were not tried yet, until one answers. The answer is nil where none does.
func (x *Exchange) elsewhere(ctx context.Context, q *question) (*Answer, *model.Render, error) {
	for _, r := range x.farm.model.Renders {
		if slices.Contains(q.tried, r) {
			continue
		}
		if !q.rewind() {
			x.sayCut(q)
			return nil, nil, nil
		}
		a, err := x.send(ctx, q, r, 1)
		switch {
		case err == nil:
			return a, r, nil
		case ctx.Err() != nil:
			return nil, nil, err
		}
	}
	return nil, nil, nil
}

// unhealthy asks the URL of /health_check of a render that has answered 50x. A status from 500 on is the render's
// failure, as is no answer; that only 500 and 200 are documented, and the other statuses are inferred. It costs the
// render a penalty. Without a health check no render is unhealthy. The error is the context's.
func (x *Exchange) unhealthy(ctx context.Context, q *question, r *model.Render) (bool, error) {
	check := x.farm.model.HealthCheck
	if check == nil || check.URL.Value == "" {
		return false, nil
	}
	hq := &question{purpose: ForHealth, stage: q.stage, method: "GET", target: check.URL.Value, category: q.category}
	a, err := x.send(ctx, hq, r, 1)
	switch {
	case err != nil && ctx.Err() != nil:
		return false, err
	case isConnectError(err): // which has cost a penalty
	case err != nil || a.Status >= 500:
		x.engine.memory.renders.penalise(scoreKey{r, q.category}, x.farm.model.UnavailablePenalty.Value)
	}
	if err == nil {
		x.release(drain(a))
	}
	down := err != nil || a.Status >= 500
	if x.Trace != nil {
		word := "the render can work"
		if down {
			word = "the render counts as unavailable"
		}
		answer := "no answer"
		if err == nil {
			answer = "status " + strconv.Itoa(a.Status)
		}
		x.sayOf(q.stage, LevelNote, "", check.At, true, "health check %s of render %s: %s: %s", check.URL.Value, label(r.Name), answer, word)
	}
	return down, nil
}

// drainLimit is how much of a body is read that nobody wants, so that its connection can be used again.
const drainLimit = 64 << 10

// drain reads and closes a body and reports whether all of it was read.
func drain(a *Answer) bool {
	if a.Body == nil {
		return true
	}
	defer a.Close()
	n, err := io.Copy(io.Discard, io.LimitReader(a.Body, drainLimit))
	return err == nil && n < drainLimit
}
