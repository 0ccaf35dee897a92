package simulate

import "context"

// The lookup stage looks for the cache file. Without a store the document root is empty, so that every cacheable
// request is a miss. A store is not looked into yet. A miss makes a file (CREATE in the log), but for a HEAD, whose
// answer is passed through; that is inferred, no log of such a miss is published.
type lookupStage struct{}

func (lookupStage) Name() string { return "lookup" }

func (s lookupStage) Run(_ context.Context, x *Exchange) (*Decision, error) {
	v := &x.Decision.Cache
	if !v.Reached {
		return nil, nil
	}
	switch {
	case !v.Cacheable:
		v.Action = ActionNone
	case x.engine.options.Store != nil:
		v.Action = ActionUnknown
	default:
		v.Action = ActionMiss
	}
	if x.Trace != nil {
		s.say(x, v)
	}
	return nil, nil
}

func (s lookupStage) say(x *Exchange, v *CacheVerdict) {
	word := "NONE"
	switch {
	case v.Action == ActionUnknown:
		x.say(s.Name(), LevelNote, NotSimulated, "the document root is not looked into yet")
		return
	case v.Action == ActionMiss && v.bodiless:
		x.say(s.Name(), LevelNote, "", "the answer to a HEAD has no body: no file is made of it")
	case v.Action == ActionMiss:
		word = "CREATE"
	}
	x.sayOf(s.Name(), LevelDebug, v.Reason, ruleAt(v.Rule), v.Rule != nil, "cache-action for [%s]: %s", escapePath(x.Decision.URI), word)
}
