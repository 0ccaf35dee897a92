package serve

import (
	"context"
	"crypto/tls"
	"io"
	"time"

	"github.com/dispcheck/dispcheck/internal/displog"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// A Configuration is what requests are answered with, loaded.
type Configuration struct {
	Project *project.Project
	Config  *model.Config
	// Apache is the httpd side; nil where there is none.
	Apache *project.Apache
	// Open says that there is no .any side: Config is an open farm, of which nothing is told.
	Open bool
	// Notes are what was assumed.
	Notes []string
	// Findings are what reading the configuration found.
	Findings *report.Findings
}

// Options say what is served, and how.
type Options struct {
	// Load loads the configuration: at the start, and each time that it is to be read again. Where it fails later, the last one
	// that was good goes on serving.
	Load func(context.Context) (*Configuration, error)
	// Lint finds what is wrong with a configuration, beside the requests; nil is that nobody asks.
	Lint func(context.Context, *Configuration) (*report.Findings, error)
	// Publish makes what answers for the renders of a configuration.
	Publish func(*Configuration) (simulate.Backend, error)
	// Others asks the servers that httpd hands requests to, past the Dispatcher; nil answers for them with Publish. It is asked
	// with a render that stands for the server.
	Others simulate.Backend
	// Engine is how the engine behaves. Backend, Store, Now and Warn are set by the Server.
	Engine simulate.Options
	// Directives are those of the command line, which win over those of the configuration.
	Directives []string
	// Clock is the engine's; nil is one that runs as the system's does.
	Clock Clock
	// Sleep waits; nil is simulate.RealSleep.
	Sleep simulate.Sleeper

	// CacheDir is the folder that stands for the document roots; "" keeps them in memory. Store takes the place of both, where it
	// is not nil.
	CacheDir string
	Store    simulate.Store

	// TLS is set where the port speaks it; HTTP/2 is offered then.
	TLS *tls.Config
	// Once ends the server after so many requests; 0 is never.
	Once int64
	// Hurry reports, when the server is to end, that requests under way are not to be waited for; nil waits.
	Hurry func() bool
	Limits

	// Log is where dispatcher.log goes, in Form and from Level up; nil is nowhere.
	Log   io.Writer
	Level simulate.Level
	Form  displog.Form
	// Access is where a line for each request goes, in AccessForm; nil is nowhere.
	Access     io.Writer
	AccessForm AccessForm
	// Screen is told of each request in one line; nil is nobody.
	Screen *Screen
	// Watched says that somebody may ask for the path of a request: the last ones are kept, and requests are traced as long
	// as there are few of them in a second or somebody looks.
	Watched bool
	// Each is given every request with its trace and all that was looked at, one after the other; nil is nobody. It must not keep
	// what it is given.
	Each func(*report.Simulation)
	// Prefix goes before the names of files, as --path-prefix asks.
	Prefix string
	// Notice tells people what happens beside requests: a configuration that was loaded, or was not. nil tells nobody.
	Notice func(Notice)
	// About is what the page says of the server.
	About About
}

// About is what the page says of the server, and the server does not know itself.
type About struct {
	Version, Config, Publish string
	// Watch says that saved files are loaded.
	Watch bool
}

// A Clock is the time of the engine, which can be put forward.
type Clock interface {
	Now() time.Time
	Advance(time.Duration)
}

// A Notice is something that happened beside requests.
type Notice struct {
	// Reloaded is the number of the configuration that serves now; 0 where the one that was saved does not.
	Reloaded int
	// Reopened says that it is the same one, whose cache folder was removed and is there again.
	Reopened bool
	// Err is why it does not.
	Err error
	// Findings are those of reading it, where there are any.
	Findings *report.Findings
}

// Limits bound what clients and files may take. 0 is the default of each.
type Limits struct {
	// HeaderBytes bounds the head of a request: 64 KiB.
	HeaderBytes int
	// BodyBytes bounds the body of a request: 1 GiB, as httpd has it.
	BodyBytes int64
	// Connections bounds those that are open: 2048. Where there are more, one that waits longest for its client to ask is closed.
	Connections int
	// Requests bounds those that are answered at the same time: 512. Others wait.
	Requests int
	// ReadTimeout is how long the head of a request may take, and a client to send more of a body: 20 s. WriteTimeout is how
	// long a client may take no more of an answer: 60 s. IdleTimeout is how long a connection is kept without a request: 60 s.
	ReadTimeout, WriteTimeout, IdleTimeout time.Duration
	// DrainTimeout is how long requests may go on when the server ends: 10 s.
	DrainTimeout time.Duration
	// CacheBytes bounds the files of the cache: 1 GiB. The oldest go first; statfiles stay.
	CacheBytes int64
}

func (l *Limits) complete() {
	set := func(p *int, n int) {
		if *p <= 0 {
			*p = n
		}
	}
	wait := func(p *time.Duration, d time.Duration) {
		if *p <= 0 {
			*p = d
		}
	}
	set(&l.HeaderBytes, 64<<10)
	set(&l.Connections, 2048)
	set(&l.Requests, 512)
	if l.BodyBytes <= 0 {
		l.BodyBytes = 1 << 30
	}
	if l.CacheBytes <= 0 {
		l.CacheBytes = 1 << 30
	}
	wait(&l.ReadTimeout, 20*time.Second)
	wait(&l.WriteTimeout, 60*time.Second)
	wait(&l.IdleTimeout, 60*time.Second)
	wait(&l.DrainTimeout, 10*time.Second)
}
