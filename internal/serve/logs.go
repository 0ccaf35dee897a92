package serve

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/internal/displog"
	"github.com/dispcheck/dispcheck/simulate"
)

// logs write dispatcher.log and the access log.
type logs struct {
	level   simulate.Level
	form    displog.Form
	version simulate.Version
	pid     int64

	dispatcher, access *lines
	accessForm         AccessForm
}

// newLogs is nil where there is nothing to write.
func newLogs(o *Options) *logs {
	if o.Log == nil && o.Access == nil {
		return nil
	}
	l := &logs{level: o.Level, form: o.Form, version: o.Engine.Version, pid: int64(os.Getpid()), accessForm: o.AccessForm}
	if l.version == (simulate.Version{}) {
		l.version = simulate.Newest
	}
	if l.level == 0 {
		l.level = simulate.LevelWarning
	}
	if o.Log != nil {
		l.dispatcher = newLines(o.Log)
	}
	if o.Access != nil {
		l.access = newLines(o.Access)
	}
	return l
}

// rank orders levels, the most urgent first.
func rank(l simulate.Level) int { return strings.IndexByte("EWIDT", byte(l)) }

// writes reports whether lines of a level are wanted.
func (l *logs) writes(level simulate.Level) bool {
	return l != nil && l.dispatcher != nil && rank(level) >= 0 && rank(level) <= rank(l.level)
}

// traced reports whether requests need a trace for the log.
func (s *Server) traced() bool { return s.o.Each != nil || s.logs.writes(simulate.LevelDebug) }

// warn takes errors and warnings of requests without a trace. It is simulate.Options.Warn.
func (l *logs) warn(r *simulate.Request, e simulate.Event) {
	if l.writes(e.Level) {
		l.line(&e, r.Host)
	}
}

// events writes the lines of a trace.
func (l *logs) events(list []simulate.Event, host string) {
	if l == nil || l.dispatcher == nil {
		return
	}
	for i := range list {
		if l.writes(list[i].Level) {
			l.line(&list[i], host)
		}
	}
}

func (l *logs) line(e *simulate.Event, host string) {
	at := e.At
	if at.IsZero() {
		at = time.Now()
	}
	line := displog.Line{Time: at, Level: byte(e.Level), PID: l.pid, Message: e.Message}
	if l.form == displog.Cloud {
		line.Pod = "dispcheck"
	}
	l.dispatcher.write(displog.Format(&line, l.form, host))
}

// ended writes what the logs have of a request.
func (l *logs) ended(x *exchange) {
	if l == nil {
		return
	}
	switch {
	case x.trace != nil:
		l.events(x.trace.Events, x.request.Host)
	case l.writes(simulate.LevelInfo):
		if m := summary(x, l.version); m != "" {
			l.line(&simulate.Event{Level: simulate.LevelInfo, Message: m, At: x.at.Add(x.decision.Took)}, x.request.Host)
		}
	}
	if l.access != nil {
		l.access.writeBytes(l.accessForm.append(nil, x))
	}
}

// summary is the line that ends a request in the log, for those without a trace. "" where the module does not see the request.
func summary(x *exchange, v simulate.Version) string {
	d := x.decision
	if d.Farm.Farm == nil {
		return ""
	}
	env := d.Env(v)
	if env == nil {
		return ""
	}
	status, cache, backend := env[1].Value, env[2].Value, env[3].Value
	if d.Outcome == simulate.Delivered && backend != "" {
		backend = d.Farm.Farm.Name + "/-"
	}
	return `"` + x.request.Method + " " + env[0].Value + `" ` + status + " " + cache + " [" + backend + "] " + strconv.FormatInt(int64(d.Took/time.Millisecond), 10) + "ms"
}

func (l *logs) close() {
	if l.dispatcher != nil {
		l.dispatcher.close()
	}
	if l.access != nil {
		l.access.close()
	}
}

// lines are lines on their way into a file. They are written at once where there are few, and together where there are many: a
// second at most lies between a line and the file.
type lines struct {
	mu      sync.Mutex
	w       *bufio.Writer
	pending bool // the timer runs
	timer   *time.Timer
	closed  bool
	flushed time.Time
}

// flushAfter is how long lines may wait for others.
const flushAfter = 200 * time.Millisecond

func newLines(w io.Writer) *lines { return &lines{w: bufio.NewWriterSize(w, 32<<10)} }

func (l *lines) write(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	_, _ = l.w.WriteString(s) // a log that cannot be written to stops nobody
	_ = l.w.WriteByte('\n')
	l.settle()
}

func (l *lines) writeBytes(b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	_, _ = l.w.Write(b)
	l.settle()
}

// settle lets lines reach the file: the first after a pause at once, others with those that follow soon.
func (l *lines) settle() {
	if l.pending {
		return
	}
	if now := time.Now(); now.Sub(l.flushed) > flushAfter {
		l.flushed = now
		_ = l.w.Flush()
		return
	}
	l.pending = true
	if l.timer == nil {
		l.timer = time.AfterFunc(flushAfter, l.flush)
		return
	}
	l.timer.Reset(flushAfter)
}

func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending, l.flushed = false, time.Now()
	_ = l.w.Flush()
}

func (l *lines) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
	}
	l.closed = true
	_ = l.w.Flush()
}
