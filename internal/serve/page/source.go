// Package page is the live page of dispcheck serve: requests as they come, the path of each through the configuration, the
// cache as a tree, and forms that send a request or a flush. It sees the running server as a [Source] and knows nothing of
// ports or sockets: [Handler] is everything that it has for a port.
package page

import (
	"context"
	"time"

	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/source"
)

// A Source is the running server, as the page sees it. All methods may be called from many goroutines at once, and what they
// return is the caller's: the server does not change it afterwards.
type Source interface {
	// State says what serves, and how the newest configuration was taken.
	State() State
	// Recent returns the last exchanges, at most max of them, the newest last.
	Recent(max int) []Exchange
	// Subscribe returns what happens from now on. The server never waits for a reader: what one has no room for is lost to
	// it, which it sees by the ids of exchanges, that go up by one. After cancel nothing comes any more; the channel may be
	// closed or not.
	Subscribe() (events <-chan Event, cancel func())
	// Explain returns the path of one request, false where it is not kept any more.
	Explain(ctx context.Context, id int64) (*Explanation, bool)
	// Send puts a request through the same handler as those of the port, and returns when it is answered. The id is that of
	// its exchange. An error is a request that could not be made, and is for people to read.
	Send(ctx context.Context, r Request) (id int64, err error)
	// Flush sends an invalidation request, as AEM's flush agent does, and says what it did to the cache.
	Flush(ctx context.Context, f Flush) (*Flushed, error)
	// Advance sets the engine's clock forward, by at least 0, and returns its new time.
	Advance(d time.Duration) time.Time
	// Cache lists at most max files of the document roots, with what a request would find of them now.
	Cache(ctx context.Context, max int) (*CacheTree, error)
	// Rules returns what can decide, in the order of the texts, and how often it did since this configuration serves. The
	// kinds are those of suite.CoverageKinds.
	Rules() []RuleHits
	// Findings are those of lint about this configuration; nil where lint is still at work.
	Findings() *report.Findings
	// Files are the texts of this configuration, in the order of their names.
	Files() []*source.File
}

// State is what serves.
type State struct {
	// Version is that of dispcheck, Dispatcher the release that is simulated.
	Version, Dispatcher string
	// Config is the folder or file as the user named it, Publish what answers for the renders, CacheDir the folder of the
	// cache, "" where it is in memory.
	Config, Publish, CacheDir string
	// URLs are the addresses at which the site is served, such as "http://127.0.0.1:8080".
	URLs []string
	// Hosts are the names that virtual hosts answer to, without patterns, in the order of the configuration. The first is
	// what a form starts with.
	Hosts []Host
	// Farms are the names of the farms, in the order of the configuration.
	Farms []string
	// Watch says that saved files are loaded.
	Watch bool
	// Now is the engine's clock, Ahead how far it was set forward.
	Now   time.Time
	Ahead time.Duration
	// Revision counts the configurations that served, from 1; Loaded is when this one began to, by the engine's clock.
	Revision int
	Loaded   time.Time
	// Broken says why the files on the disk do not serve: they do not load. nil where they do.
	Broken *Broken
	// Requests is how many requests were answered in all.
	Requests int64
}

// A Host is a name of the site and the address at which this server shows it.
type Host struct {
	Name string // "www.wknd.example"
	URL  string // "http://www.wknd.example.localhost:8080"
}

// Broken is a configuration that was saved and cannot serve, while the last good one goes on.
type Broken struct {
	At       time.Time
	Message  string
	Findings *report.Findings // what is wrong with it; nil where nothing could be read
}

// An Exchange is a request and its answer in short, for lists.
type Exchange struct {
	// ID goes up by one with every request, from 1.
	ID int64
	// At is when it came, by the engine's clock; Took is how long the whole answer took.
	At   time.Time
	Took time.Duration
	// Method and URL are as they were sent, Host is what the client asked for.
	Method, URL, Host string
	Status            int
	// Bytes is how long the body was that was sent.
	Bytes int64
	// Outcome is the text of simulate.Outcome, Reason the word of simulate.Reason.
	Outcome, Reason string
	// From is who answered: "cache", "render", "dispatcher" or "httpd".
	From string
	// Cache is "hit", "miss", "stale", "expired" or "none"; "" where the cache was not reached.
	Cache string
	// Farm is its name, "" where none was reached.
	Farm string
	// By is the configuration that decided, the zero Span where none did.
	By source.Span
	// Page says that the request was sent from the page.
	Page bool
	// Cut says that the client went away, or that the render did, before the answer was whole.
	Cut bool
	// Revision is the configuration that answered.
	Revision int
}

// An EventKind is what happened.
type EventKind uint8

// The kinds of events.
const (
	Ended    EventKind = iota // an exchange ended
	Reloaded                  // another configuration serves, or the newest is broken: see State
	Flushing                  // a flush changed the cache
	Advanced                  // the clock was set forward
	Linted                    // Findings are there
)

// An Event is something that happened. Exchange is set where an exchange ended.
type Event struct {
	Kind     EventKind
	Exchange Exchange
}

// An Explanation is the path of one request.
type Explanation struct {
	Exchange Exchange
	// Simulation is what dispcheck simulate prints, and is printed as it prints it. The trace and what was looked at are
	// shown where they were kept. It points into the configuration that answered.
	Simulation *report.Simulation
	// Prefix goes before the names of files, as --path-prefix asks.
	Prefix string
	// Sent is the headers of the answer as they were sent, where they may differ from those of the simulation: a redirect leads
	// back to this server, a body is compressed. nil where they were not kept.
	Sent [][2]string
	// Body is how the body of the answer began, at most a few kilobytes; nil where it was not kept.
	Body []byte
	// Files are the cache file of the URL, what stands beside it, and the statfiles from the document root down to it, as
	// they are now. Those that are missing are left out.
	Files []CacheFile
}

// A Request is one that a form sends.
type Request struct {
	// Method is taken as it is written, URL is a path with its query or an absolute URL, Host the header; "" takes that of
	// an absolute URL, or the first of State.Hosts.
	Method, URL, Host string
	// Header is further headers, in their order.
	Header [][2]string
	Body   []byte
	// Client is the address that the request comes from, "" for 127.0.0.1.
	Client string
}

// A Flush is a publish: the headers of an invalidation request. Host is the request's, "" for the first of State.Hosts.
type Flush struct {
	Handle, Action, Scope, Host string
}

// Flushed is what a flush did. Report has its survey of the cache.
type Flushed struct {
	ID     int64
	Report *report.Flush
	Prefix string
}

// A CacheTree is what the cache holds.
type CacheTree struct {
	Roots []CacheRoot
	// More is how many files there are beyond the bound; -1 where nobody counted them.
	More int
	At   time.Time
}

// A CacheRoot is one document root. Path is the one that the configuration names, Farms are those that use it. Files are in
// the order of their names, with statfiles and files that stand beside pages. Error says why it cannot be listed, "" where
// it can.
type CacheRoot struct {
	Path  string
	Farms []string
	Files []CacheFile
	Error string
}

// A CacheFileKind is what a file in a document root is.
type CacheFileKind string

// The kinds of files.
const (
	Cached   CacheFileKind = "page"
	Statfile CacheFileKind = "statfile"
	Headers  CacheFileKind = "headers" // .h
	Lifetime CacheFileKind = "ttl"     // .ttl, whose time of modification is the end
	Other    CacheFileKind = "other"   // one that is being written, for example
)

// A CacheFile is one file of a document root.
type CacheFile struct {
	// Name starts at the document root: "/content/a.html".
	Name string
	Kind CacheFileKind
	Size int64
	Mod  time.Time
	// Of a page: whether a request would be answered with it now, why in words and as a word of simulate.Reason, which
	// statfile it is compared with, and when that was touched.
	Fresh    bool
	Why      string
	Reason   string
	Statfile string
	Touched  time.Time
	// Expires is when its time to live ends, the zero time for never.
	Expires time.Time
	// Rule is the entry of /invalidate that decided, the zero Span where none did.
	Rule source.Span
}

// RuleHits is something that can decide, and how often it did.
type RuleHits struct {
	// Kind is one of suite.CoverageKinds: "filter", "rewrite_rules". Name is its label, "/0001", or its directive.
	Kind, Name string
	At         source.Span
	Hits       int64
}
