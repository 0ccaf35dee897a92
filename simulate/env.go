package simulate

import (
	"strconv"

	"github.com/dispcheck/dispcheck/model"
)

// Env returns what the module puts into the request's environment in httpd, for formats of access logs. It came with
// 4.3.2 (DISP-747): before, and for requests that httpd answers itself or the module declines, there is none. The values
// are those of the summary line of the log: dispatcher:status is the status where the cache had no part in the answer,
// else "-"; dispatcher:cache is hit, miss, none, blocked or purge; dispatcher:backend is the farm and the render,
// "publish/rend01", with "-" for none.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, release-notes.md; adobe/aem-dispatcher-experiments, httpd.conf
// (the names, in a format that makes the summary line). That the values are the summary's is inferred.
func (d *Decision) Env(v Version) []Field {
	if !v.AtLeast(disp747) || d.Outcome == Undecided || d.Outcome == Refused || d.Outcome == Declined {
		return nil
	}
	status, cache := "-", d.cacheWord()
	if (cache == "none" || cache == "purge") && d.Response.Status != 0 {
		status = strconv.Itoa(d.Response.Status)
	}
	return []Field{
		{"dispatcher:uri", escapePath(d.URI)},
		{"dispatcher:status", status},
		{"dispatcher:cache", cache},
		{"dispatcher:backend", d.backendName()},
	}
}

// cacheWord returns what the cache did, in the word of the summary line.
func (d *Decision) cacheWord() string {
	v := &d.Cache
	switch {
	case d.Outcome == Denied && d.Filter.Reached && !d.Filter.Allow:
		return "blocked"
	case d.Outcome == Flush:
		if d.Response.Status >= firstError {
			return "none" // a flush that was not allowed
		}
		return "purge"
	case d.Outcome == Delivered, v.ServedStale:
		return "hit"
	case d.Outcome == Answered && v.Answered && !v.Stored:
		return "none"
	case v.Reached && v.Cacheable && (v.Action == ActionMiss || v.Action == ActionStale || v.Action == ActionExpired):
		if d.Outcome == Answered || d.Outcome == Forwarded {
			return "miss"
		}
	}
	return "none"
}

// backendName returns the farm and the render that answered, "publish/rend01".
func (d *Decision) backendName() string {
	farm, render := "-", "-"
	if d.Farm.Farm != nil {
		farm = d.Farm.Farm.Name
	}
	if r := d.renderThatAnswered(); r != nil && r.Name != "" {
		render = r.Name
	}
	return farm + "/" + render
}

// renderThatAnswered returns the render whose answer the client gets, or would get where none is known; nil for none.
func (d *Decision) renderThatAnswered() *model.Render {
	if d.Outcome == Answered || d.Outcome == Forwarded {
		return d.Render.Render
	}
	return nil
}
