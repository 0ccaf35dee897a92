package simulate

import (
	"fmt"
	"strconv"
	"time"
)

// finish notes how long the request took and adds the line that ends it in the log, in the form of the release: since
// 4.3.3 with the action of the cache, before that with a column that is "!" for a blocked request and one that is "+" for
// an answer that was stored.
//
// Sources: adobe/aem-dispatcher-experiments; AdobeDocs/experience-manager-learn.en, common-logs.md.
func (x *Exchange) finish(stage, status, action string) {
	d := x.Decision
	if !x.start.IsZero() {
		d.Took = x.engine.options.Now().Sub(x.start)
	}
	if x.Trace == nil {
		return
	}
	ms := strconv.FormatInt(int64(d.Took/time.Millisecond), 10)
	backend := "-"
	if r := d.Render.Render; r != nil && d.Response.From == "render" {
		backend = r.Name
	}
	head := fmt.Sprintf(`"%s %s"`, x.Request.Method, escapePath(d.URI))
	if x.at(v433) {
		x.sayOf(stage, LevelInfo, d.Reason, ruleAt(d.Filter.Rule), true, "%s %s %s [%s/%s] %sms", head, status, action, x.farm.model.Name, backend, ms)
		return
	}
	switch {
	case action == "blocked":
		status = "!"
	case status == "200":
		status = "-" // the usual case
	}
	stored := "-"
	if d.Cache.Stored {
		stored = "+"
	}
	x.sayOf(stage, LevelInfo, d.Reason, ruleAt(d.Filter.Rule), true, "%s %s %s %sms [%s/%s]", head, status, stored, ms, x.farm.model.Name, backend)
}
