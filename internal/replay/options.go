package replay

import (
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// DefaultMaxDistinct is how many distinct requests are kept unless Options say otherwise: some 200 bytes each.
const DefaultMaxDistinct = 1_000_000

// Options say what is replayed on, and what is taken for granted.
type Options struct {
	Config *model.Config
	// Engine are the options of the Dispatcher's engine, without clock, store and backend.
	Engine simulate.Options
	// Server is the httpd side; nil leaves it out. Owned says which of its texts are the project's. NewSite puts an engine
	// behind it; now is its clock, nil for the system's.
	Server  *server.Server
	Owned   func(*source.File) bool
	NewSite func(e *simulate.Engine, now simulate.Clock) *site.Site
	// Directives are those of the module that hold where the httpd side is not asked.
	Directives simulate.Directives

	// Host is that of requests whose log does not say; "" tries those that the configuration knows.
	Host string
	// Scheme is http or https for logs that do not say; "" tries both.
	Scheme string
	// Farm answers all requests; "" leaves it to the virtual hosts.
	Farm string

	// Headers are those of requests whose log does not say what they were; a value of "" says that there was none.
	Headers simulate.Header

	// UsualHost is the host that is taken at first where neither the log nor Host says one; others are tried as well.
	UsualHost string

	// Log is how logs are read.
	Log accesslog.Options
	// Jobs is how many goroutines read and decide; 0 is one.
	Jobs int
	// MaxDistinct bounds how many distinct requests are kept; 0 is DefaultMaxDistinct.
	MaxDistinct int
	// Shard and Shards read the share Shard, counted from 0, of Shards; Shards 0 reads everything.
	Shard, Shards int
	// Calibrate compares what is decided with what the log says of farm and cache.
	Calibrate bool
	// Forecast plays the log on a cache that is empty at first. TTL is how long answers say that they are good; 0 says nothing.
	Forecast bool
	TTL      time.Duration
	// Fingerprint tells configurations apart: results of different ones are not merged. "" makes one of the Config and the
	// Server.
	Fingerprint string
	// Release is of the program, which may decide otherwise than another one.
	Release string

	// Resume is a result to go on with: one that Checkpoint was given. It must not be used afterwards.
	Resume *Result
	// Checkpoint is given the result whenever CheckpointEvery bytes of text were read, 0 being 256 MB, and at the end.
	Checkpoint      func(*Result) error
	CheckpointEvery int64

	// Progress is told now and then how many bytes of text were read; nil is not.
	Progress func(bytes int64)
	// Failed is told of an input that cannot be read, or not to its end; the others are read all the same. nil ends Run with
	// the error.
	Failed func(input string, err error)
}

func (o *Options) jobs() int { return max(o.Jobs, 1) }

func (o *Options) maxDistinct() int {
	if o.MaxDistinct <= 0 {
		return DefaultMaxDistinct
	}
	return o.MaxDistinct
}

// usualHost is the host of requests of which nothing is known.
func (o *Options) usualHost() string {
	switch {
	case o.Host != "":
		return o.Host
	case o.UsualHost != "":
		return o.UsualHost
	}
	return elsewhere
}

// Header returns what Headers say of a header.
func (o *Options) Header(name string) (string, bool) { return o.Headers.Value(name) }

// keeps reports whether the user asks to keep the values of a header.
func (o *Options) keeps(name string) bool {
	if strings.EqualFold(name, "User-Agent") {
		return o.Log.KeepUserAgent
	}
	return o.Log.KeepHeaders || accesslog.KeepsHeader(name)
}

// Reading returns how logs are to be opened: as Log says, and with the headers that conditions of the configuration look at. Their
// values decide about a request and are forgotten then.
func (o *Options) Reading() accesslog.Options {
	log := o.Log
	_, files, conds := fingerprint(o.Config, o.Server)
	names, mentions := headersOf(files)
	for _, name := range names {
		switch {
		case conds.classifierOf(name, mentions[name]) == nil:
		case name == "user-agent":
			log.KeepUserAgent = true
		default:
			log.KeepHeaders = true
		}
	}
	return log
}
