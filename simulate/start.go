package simulate

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/dispcheck/dispcheck/model"
)

// Start does what the module does when httpd starts: it says which release it is and which document roots it has, and
// loads the vanity lists: since 4.3.4 (DISP-944), and since 4.3.6 unless /loadOnStartup is "0" (DISP-998). It need not be
// called: a list that is missing is fetched when a request is denied. t may be nil.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, security-checklist.md and dispatcher-domains.md (lines),
// release-notes.md.
func (e *Engine) Start(ctx context.Context, t *Trace) error {
	x := Exchange{engine: e, Trace: t, Request: &Request{}, Decision: new(Decision)}
	if now := e.options.Now; now != nil {
		x.start = now()
	}
	const stage = "start"
	if t != nil {
		x.say(stage, LevelDebug, "", "Dispatcher initializing (build %s)", e.options.Version)
	}
	if t != nil {
		x.noteUnnamed()
	}
	for _, f := range e.farms.farms {
		if err := ctx.Err(); err != nil {
			return err
		}
		if t != nil && f.hasDocroot {
			x.sayOf(stage, LevelDebug, "", f.model.Cache.Docroot.At, false, "farms[%s].cache.docroot = %s", f.model.Name, f.docroot)
		}
		if t != nil {
			x.warnOfGlobs(f.model.Filter)
		}
		if x.farm = f; x.preloads(f.model.VanityURLs) {
			vanityStage{}.load(ctx, &x, e.memory.vanity.of(f.model.VanityURLs.File.Value))
		}
	}
	if t != nil {
		x.say(stage, LevelInfo, "", "Dispatcher initialized (build %s)", e.options.Version)
	}
	return nil
}

// load fetches a list that is not known.
func (s vanityStage) load(ctx context.Context, x *Exchange, l *vanityList) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known {
		s.fetch(ctx, x, l)
	}
}

// warnOfGlobs warns of each filter rule that allows by /glob, as the module does since 4.2.
func (x *Exchange) warnOfGlobs(list *model.Filter) {
	if list == nil || !x.at(v420) {
		return
	}
	for _, r := range list.Rules {
		if at := r.At.Span; r.AllowsByGlob() && !at.IsZero() {
			x.sayOf("start", LevelWarning, "", r.At, false, "%s:%d: Allowing requests with globs is considered unsafe.", at.File.Name, at.Position().Line)
		}
	}
}

// noteUnnamed says which strings have no name where all have one: since 4.3.2 (DISP-746) the module warns of them, in words
// that are not published.
func (x *Exchange) noteUnnamed() {
	if !x.at(disp746) {
		return
	}
	for u := range x.engine.config.Unread() {
		if text := u.At.Span.Text(); u.Cause == model.NoName && !strings.HasPrefix(text, "{") {
			x.sayOf("start", LevelNote, "", u.At, false, "string %.80s has no name and no effect: the module warns of it", text)
		}
	}
}

// preloads reports whether a vanity list is loaded at startup.
func (x *Exchange) preloads(v *model.VanityURLs) bool {
	return v != nil && x.engine.options.Backend != nil && x.at(disp944) && (v.LoadOnStartup.Value || !x.at(disp998))
}

// hitCount counts what a farm answered from the cache, and what it could have.
type hitCount struct{ hits, all atomic.Int64 }

func (c *hitCount) count(hit bool) {
	c.all.Add(1)
	if hit {
		c.hits.Add(1)
	}
}

// HitRatio returns the share of the cacheable requests that were answered from the cache, from 0 to 1, and how many
// there were: those of a farm since 4.3.3 (DISP-703), before that those of all farms.
func (e *Engine) HitRatio(f *model.Farm) (ratio float64, requests int64) {
	var hits int64
	for _, c := range e.farms.farms {
		if c.model == f || !e.options.Version.AtLeast(disp703) {
			hits += c.hits.hits.Load()
			requests += c.hits.all.Load()
		}
	}
	if requests == 0 {
		return 0, 0
	}
	return float64(hits) / float64(requests), requests
}

// Stop does what the module does when httpd stops: it says how many requests each farm answered from the cache.
//
// Source: AdobeDocs/experience-manager-learn.en, common-logs.md.
func (e *Engine) Stop(t *Trace) {
	if t == nil {
		return
	}
	x := Exchange{engine: e, Trace: t, Decision: new(Decision)}
	for _, f := range e.farms.farms {
		if ratio, n := e.HitRatio(f.model); n > 0 {
			x.sayOf("stop", LevelInfo, "", f.model.At, false, "Current cache hit ratio: %.2f %%", 100*ratio)
			if !e.options.Version.AtLeast(disp703) {
				return
			}
		}
	}
}
