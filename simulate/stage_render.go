package simulate

import (
	"context"
	"fmt"
	"strconv"
)

// The render stage chooses the render that is asked: the one that the cookie renderid names; else, where a category of
// /statistics takes in the URL, the one with the lowest score for it; else the first of the list. Without a backend the
// decision ends here. A request that came through another Dispatcher is noted; the documentation says that Dispatcher
// does not handle it, but not what it answers, so that it is answered like others unless [Readings] say otherwise.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (/statistics, /stickyConnectionsFor,
// /renders).
type renderStage struct{}

func (renderStage) Name() string { return "render" }

func (s renderStage) Run(_ context.Context, x *Exchange) (*Decision, error) {
	d, o := x.Decision, &x.engine.options
	if len(x.Request.Header) > 0 && (x.Trace != nil || o.Readings.RefuseDispatcher != 0) && fromDispatcher(x.Request.Header) {
		if x.Trace != nil {
			x.say(s.Name(), LevelNote, FromDispatcher, "the request came through another Dispatcher, which Dispatcher is not made for")
		}
		if status := o.Readings.RefuseDispatcher; status != 0 {
			d.Response = Response{Status: status, From: "dispatcher"}
			x.finish(s.Name(), strconv.Itoa(status), "none")
			x.answerEmpty()
			return x.settle(Denied, FromDispatcher), nil
		}
	}
	c := &d.Render
	c.Render, c.Category, c.Reason = x.pick(d.URI)
	c.Target = x.renderTarget()
	c.Sticky = x.binds(c.Render)
	if x.Trace != nil {
		s.say(x)
	}
	if o.Backend != nil {
		return nil, nil
	}
	if x.Trace != nil {
		at := x.farm.model.RendersAt
		x.sayOf(s.Name(), LevelNote, "", at, false, "what the render answers is not known")
	}
	return x.settle(Forwarded, d.Filter.Reason), nil
}

// say adds the render and what chose it.
func (renderStage) say(x *Exchange) {
	f, c := x.farm.model, &x.Decision.Render
	if c.Render == nil {
		what := "farm " + f.Name
		if x.engine.partOfFarm() {
			what = "the fragment"
		}
		x.sayOf(renderStage{}.Name(), LevelNote, "", f.At, false, "%s has no /renders", what)
		return
	}
	why := "the first"
	switch c.Reason {
	case RenderSticky:
		why = "the cookie " + cookieName + " names it"
	case RenderScore:
		score := x.engine.memory.renders.score(scoreKey{c.Render, c.Category})
		why = fmt.Sprintf("it has the lowest score for category %s, %s", label(c.Category.Name), strconv.FormatFloat(score, 'f', -1, 64))
	}
	x.sayOf(renderStage{}.Name(), LevelNote, c.Reason, c.Render.At, true, "the request goes to render %s (%s): %s", label(c.Render.Name), RenderAddr(c.Render), why)
}
