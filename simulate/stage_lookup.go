package simulate

import "context"

// The lookup stage looks for the cache file and judges it (validity.go). A file that is valid is delivered, unless the
// authorization checker refuses it; a stale one is fetched again by the first who asks, and given to those who ask
// meanwhile. Without a store the document root is empty: every cacheable request is a miss. A miss makes a file (CREATE in
// the log), but for a HEAD, whose answer is passed through; that is inferred, no log of such a miss is published.
//
// Sources: adobe/aem-dispatcher-experiments, statfileslevel (who gets the stale file) and dispatcher.any (a hit is left to
// httpd); AdobeDocs/experience-manager-dispatcher.en, permissions-cache.md.
type lookupStage struct{}

func (lookupStage) Name() string { return "lookup" }

func (s lookupStage) Run(ctx context.Context, x *Exchange) (*Decision, error) {
	v := &x.Decision.Cache
	if !v.Reached {
		return nil, nil
	}
	if !v.Cacheable {
		s.sayAction(x, "NONE")
		return nil, nil
	}
	if err := s.judge(x, v); err != nil {
		return nil, err
	}
	if v.Action == ActionHit {
		allowed, err := s.permitted(ctx, x, v)
		if err != nil {
			return nil, err
		}
		if allowed {
			if d, ok := s.deliver(x, v); ok {
				return d, nil
			}
			v.Action, v.Validity, v.Reason = ActionMiss, Validity{}, Cacheable // the file has just gone
		}
	}
	if x.farm.root != nil {
		x.farm.hits.count(false)
	}
	switch {
	case !v.Cacheable:
		v.Action = ActionNone
		s.sayAction(x, "NONE")
	case v.bodiless:
		if x.Trace != nil {
			x.say(s.Name(), LevelNote, HeadNotStored, "the answer to a HEAD has no body: no file is made of it")
		}
		s.sayAction(x, "NONE")
	default:
		s.sayAction(x, "CREATE")
	}
	return nil, nil
}

// judge says what the cache has.
func (s lookupStage) judge(x *Exchange, v *CacheVerdict) error {
	v.Action = ActionMiss
	if x.found.Kind != FileRegular {
		return nil
	}
	if err := x.validity(x.Decision.URI, x.found, x.start, &v.Validity); err != nil {
		return err
	}
	if x.Trace != nil {
		s.sayValidity(x, &v.Validity)
	}
	switch {
	case x.refetch:
		v.Action, v.Reason = ActionStale, Refetch
		return nil
	case v.Validity.Fresh:
		v.Action, v.Reason = ActionHit, v.Validity.Reason
		return nil
	}
	v.Reason = v.Validity.Reason
	v.Action = ActionStale
	if v.Reason == Expired {
		v.Action = ActionExpired
	}
	if v.bodiless || x.engine.options.Backend == nil {
		return nil
	}
	f := refreshed{x.farm.docroot, x.Decision.URI}
	if !x.engine.memory.refreshing.begin(f) {
		v.Action, v.Reason = ActionHit, BeingRefreshed
		if x.Trace != nil {
			x.say(s.Name(), LevelNote, BeingRefreshed, "another request is fetching the file again: this one gets the stale file")
		}
		return nil
	}
	x.refreshes = true
	// Another may have put a new file there, or removed it, since this one was looked at.
	info, err := x.farm.root.Stat(x.Decision.URI)
	if err != nil || sameFile(info, x.found) {
		return err
	}
	x.endRefresh()
	x.found = info
	if x.file != nil {
		x.file.Close()
		x.file = nil
	}
	v.Validity, v.Reason = Validity{}, Cacheable
	return s.judge(x, v)
}

// sameFile reports whether a file is, as far as its record tells, still the one that it was.
func sameFile(a, b FileInfo) bool {
	return a.Kind == b.Kind && a.Size == b.Size && a.Mod.Equal(b.Mod)
}

// permitted asks the authorization checker about a file that is cached and valid. Where it refuses, the request goes to the
// render and nothing is cached.
//
// PERM says that the answer is then put into the cache; a log of 2025 shows that it is not, and wins.
func (s lookupStage) permitted(ctx context.Context, x *Exchange, v *CacheVerdict) (bool, error) {
	c := x.checker()
	if c == nil {
		return true, nil
	}
	if x.engine.options.Backend == nil {
		v.CheckerUnknown = true
		if x.Trace != nil {
			x.sayOf(s.Name(), LevelNote, "", c.At, false, "whether the file is delivered depends on the authorization checker, which is a render's")
		}
		return true, nil
	}
	ok, err := x.askChecker(ctx, s.Name(), c)
	if err != nil {
		return false, err
	}
	if ok {
		v.Reason = CheckerAllowed
		return true, nil
	}
	v.Cacheable, v.Reason, v.By = false, CheckerDenied, c.At.Span
	v.arg = joinDocroot(v.docroot, v.uri)
	if x.Trace != nil {
		x.sayOf(s.Name(), LevelInfo, CheckerDenied, c.At, false, "%s", v.Log())
	}
	return false, nil
}

// deliver answers with the cache file.
func (s lookupStage) deliver(x *Exchange, v *CacheVerdict) (*Decision, bool) {
	if !x.deliver(&x.found, 0) {
		return nil, false
	}
	x.farm.hits.count(true)
	if x.Trace != nil {
		s.sayAction(x, "DELIVER")
		x.say(s.Name(), LevelDebug, "", "request declined")
	}
	x.Decision.By = x.farm.model.Cache.At.Span
	if r := v.Validity.Rule; r != nil {
		x.Decision.By = r.At.Span
	}
	x.finish(s.Name(), "-", "hit")
	return x.settle(Delivered, v.Reason), true
}

func (s lookupStage) sayAction(x *Exchange, word string) {
	if x.Trace != nil {
		v := &x.Decision.Cache
		x.sayOf(s.Name(), LevelDebug, v.Reason, ruleAt(v.Rule), v.Rule != nil, "cache-action for [%s]: %s", escapePath(x.Decision.URI), word)
	}
}

// sayValidity adds why the file is valid or not.
func (s lookupStage) sayValidity(x *Exchange, v *Validity) {
	file := joinDocroot(x.farm.docroot, x.Decision.URI)
	at := ruleAt(v.Rule)
	if v.Reason == Expired {
		x.say(s.Name(), LevelDebug, Expired, "cache file has expired: %s", file)
		return
	}
	if !v.Expires.IsZero() {
		x.say(s.Name(), LevelDebug, NotExpired, "cache file has not expired: %s", file)
	}
	switch v.Reason {
	case NoStatfile, NewerThanStatfile:
		x.sayOf(s.Name(), LevelDebug, v.Reason, at, true, "cache file is newer than lastflush -> use cache [%s]", file)
	case OlderThanStatfile:
		x.sayOf(s.Name(), LevelDebug, v.Reason, at, true, "cache file is older than lastflush -> flush [%s]", file)
	}
	x.sayOf(s.Name(), LevelNote, v.Reason, at, v.Rule != nil, "the file is %s", v.Why())
}
