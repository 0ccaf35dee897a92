package cli

import (
	"fmt"
	"io"
	"os"
	"time"
)

// A progress is one line on a terminal that says how far long work has come. Short work shows none, and neither does
// a stream that is no terminal. The zero progress shows nothing.
type progress struct {
	w     io.Writer
	what  string // "files"
	total int
	now   func() time.Time

	start, last time.Time
	shown       bool
}

const (
	progressAfter = time.Second            // work that takes no longer needs no progress
	progressEvery = 100 * time.Millisecond // as often as an eye can use
)

// progress starts a progress over total pieces of work on standard error, if that is a terminal that can move its
// cursor, unless --quiet. What else is written to in.stderr until clear takes its line away first.
func (in *invocation) progress(total int, what string) *progress {
	f, ok := in.stderr.(*os.File)
	if c, again := in.stderr.(*clearing); again {
		f, ok = c.File, true
	}
	term, _ := in.program.lookupEnv("TERM")
	if !ok || in.yes("quiet") || term == "dumb" || !isTerminal(f) {
		return &progress{}
	}
	p := &progress{w: f, what: what, total: total, now: time.Now}
	in.stderr = &clearing{File: f, progress: p}
	return p
}

// done says how many pieces are done.
func (p *progress) done(n int) {
	const look = 64 // of many pieces, as the clock costs more than one
	if p.w == nil || p.total > 100*look && n%look != 0 {
		return
	}
	p.show("%d of %d %s", n, p.total, p.what)
}

// show writes the line, where it is time to.
func (p *progress) show(format string, args ...any) {
	now := p.now()
	if p.start.IsZero() {
		p.start = now
	}
	if now.Sub(p.start) < progressAfter || now.Sub(p.last) < progressEvery {
		return
	}
	p.last, p.shown = now, true
	fmt.Fprintf(p.w, "\r"+format+"\x1b[K", args...)
}

// clear takes the line away; done shows it again.
func (p *progress) clear() {
	if p.shown {
		io.WriteString(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// A clearing is a terminal that a progress may stand on.
type clearing struct {
	*os.File
	progress *progress
}

func (c *clearing) Write(p []byte) (int, error) {
	c.progress.clear()
	return c.File.Write(p)
}

// read says how many bytes were read, of a number that is not known.
func (p *progress) read(bytes int64) {
	if p.w != nil {
		p.show("%d %s", bytes>>20, p.what)
	}
}
