package page

import "sync"

// A Log keeps the last exchanges and hands events to those who subscribed, for the tests' Source. Adding to it never waits for
// a reader.
type Log struct {
	mu    sync.Mutex
	ring  []logged
	added int64 // how many exchanges were added: the id of the last
	subs  map[chan Event]struct{}
}

type logged struct {
	exchange Exchange
	path     *Explanation
}

// pending is how many events wait for one reader before more are lost to it.
const pending = 4096

// NewLog returns a log that keeps so many exchanges, at least one.
func NewLog(keep int) *Log {
	return &Log{ring: make([]logged, max(1, keep)), subs: map[chan Event]struct{}{}}
}

// Add gives an exchange its id, keeps it, and tells of it. path is what [Log.Explain] returns later, nil where it was not
// recorded; its Exchange is filled in here.
func (l *Log) Add(e Exchange, path *Explanation) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.added++
	e.ID = l.added
	if path != nil {
		path.Exchange = e
	}
	l.ring[int((e.ID-1)%int64(len(l.ring)))] = logged{e, path}
	l.tell(Event{Kind: Ended, Exchange: e})
	return e.ID
}

// Tell hands an event that is no exchange to those who subscribed.
func (l *Log) Tell(kind EventKind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell(Event{Kind: kind})
}

func (l *Log) tell(e Event) {
	for c := range l.subs {
		select {
		case c <- e:
		default: // a slow reader: the gap in the ids shows it
		}
	}
}

// Recent returns the last exchanges, at most max, the newest last.
func (l *Log) Recent(max int) []Exchange {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(int64(max), l.added, int64(len(l.ring)))
	if n <= 0 {
		return nil
	}
	out := make([]Exchange, 0, n)
	for id := l.added - n + 1; id <= l.added; id++ {
		out = append(out, l.at(id).exchange)
	}
	return out
}

// Explain returns a copy of the path of an exchange, false where it is not kept.
func (l *Log) Explain(id int64) (*Explanation, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id < 1 || id > l.added || id <= l.added-int64(len(l.ring)) {
		return nil, false
	}
	p := l.at(id).path
	if p == nil {
		return nil, false
	}
	c := *p
	return &c, true
}

func (l *Log) at(id int64) *logged { return &l.ring[int((id-1)%int64(len(l.ring)))] }

// Count returns how many exchanges were added in all.
func (l *Log) Count() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.added
}

// Watched reports whether somebody is subscribed.
func (l *Log) Watched() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.subs) > 0
}

// Subscribe implements the method of [Source].
func (l *Log) Subscribe() (events <-chan Event, cancel func()) {
	c := make(chan Event, pending)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subs[c] = struct{}{}
	return c, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.subs, c)
	}
}
