package gitfs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

var (
	errFolder   = errors.New("it is a folder, not a file")
	errNoFolder = errors.New("it is not a folder")
)

// objects asks one git cat-file process, which it starts when it is first needed, and again where it has died.
type objects struct {
	ctx    context.Context
	git    git
	option string // --batch or --batch-check

	asking sync.Mutex // one question at a time

	mu     sync.Mutex // of the rest
	proc   *process
	closed bool
}

// A process is a git that answers questions.
type process struct {
	cmd   *exec.Cmd
	said  *tail
	in    *os.File
	out   *os.File
	lines *bufio.Reader
	ended chan struct{} // closed when the process is gone and waited for
}

// size returns how many bytes a file has.
func (o *objects) size(n *node) (int64, error) {
	if size := n.size.Load(); size > 0 {
		return size - 1, nil
	}
	var size int64
	err := o.ask(n.hash, func(p *process) (err error) {
		size, err = p.header(n.hash)
		return err
	})
	if err == nil {
		n.size.Store(size + 1) // zero is for unknown
	}
	return size, err
}

// content returns the bytes of a file or link, where there are no more than most.
func (o *objects) content(n *node, most int64) ([]byte, error) {
	if size := n.size.Load() - 1; size > most {
		return nil, tooLarge(size, most)
	}
	var text []byte
	err := o.ask(n.hash, func(p *process) error {
		size, err := p.header(n.hash)
		if err != nil {
			return err
		}
		n.size.Store(size + 1)
		if size > most {
			return tooLarge(size, most) // the process ends: it is about to send all of it
		}
		text = make([]byte, size+1)
		if _, err := io.ReadFull(p.lines, text); err != nil {
			return err
		}
		if text[size] != '\n' {
			return errConfused
		}
		text = text[:size:size]
		return nil
	})
	if err != nil {
		return nil, err
	}
	return text, nil
}

func tooLarge(size, most int64) error {
	return fmt.Errorf("%w: it has %d bytes, more than the %d that are read", ErrTooLarge, size, most)
}

func missing(hash string) error {
	return fmt.Errorf("its content is %w: git cat-file -e %s fetches it where the clone is a partial one", ErrMissing, hash)
}

var errConfused = errors.New("git cat-file gave an answer that is not understood")

// An answered error leaves the process ready for the next question.
type answered struct{ error }

func (a answered) Unwrap() error { return a.error }

// ask asks for an object and lets a function read the answer. Where that fails, the process is ended: what it
// sends next would be the rest of this answer.
func (o *objects) ask(hash string, read func(*process) error) error {
	o.asking.Lock()
	defer o.asking.Unlock()
	p, err := o.process()
	if err != nil {
		return err
	}
	_, err = p.in.WriteString(hash + "\n")
	if err == nil {
		err = read(p)
	} else {
		// It may have said why before it ended.
		if readErr := read(p); readErr != nil {
			err = readErr
		}
	}
	if err == nil {
		return nil
	}
	if done := (answered{}); errors.As(err, &done) {
		return done.error
	}
	p.stop()
	o.mu.Lock()
	closed := o.closed
	if o.proc == p {
		o.proc = nil
	}
	o.mu.Unlock()
	switch {
	case o.ctx.Err() != nil:
		return context.Cause(o.ctx)
	case closed:
		return fs.ErrClosed
	case errors.Is(err, ErrTooLarge), errors.Is(err, errConfused):
		return err
	}
	said := &gitError{args: []string{"cat-file"}, said: p.said.String(), err: err}
	if strings.Contains(said.said, "promisor remote") {
		return missing(hash)
	}
	return said
}

// header reads the line before a content: "HASH blob SIZE", or "HASH missing".
func (p *process) header(hash string) (int64, error) {
	line, err := p.lines.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return 0, errConfused
	}
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(line))
	switch {
	case len(fields) == 2 && fields[1] == "missing":
		return 0, answered{missing(hash)}
	case len(fields) != 3 || !isHash(fields[0]):
		return 0, errConfused
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || size < 0 || fields[1] != "blob" {
		return 0, errConfused
	}
	return size, nil
}

// process returns the process that runs, or starts one.
func (o *objects) process() (*process, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return nil, fs.ErrClosed
	case o.ctx.Err() != nil:
		if o.proc != nil {
			o.proc.stop()
			o.proc = nil
		}
		return nil, context.Cause(o.ctx)
	case o.proc != nil:
		return o.proc, nil
	}
	p, err := o.start()
	if err != nil {
		return nil, fmt.Errorf("git cannot be started: %w", err)
	}
	o.proc = p
	return p, nil
}

func (o *objects) start() (*process, error) {
	// The pipes are our own: those of package exec are closed when the process ends, though there is more to read.
	stdin, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	out, stdout, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	defer stdout.Close()
	p := &process{in: in, out: out, lines: bufio.NewReader(out), ended: make(chan struct{})}
	p.cmd, p.said = o.git.command(o.ctx, "cat-file", o.option)
	p.cmd.Stdin, p.cmd.Stdout = stdin, stdout
	if err := p.cmd.Start(); err != nil {
		in.Close()
		out.Close()
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // what failed is in said
		if o.ctx.Err() != nil {
			p.in.Close() // nobody need come back to close them
			p.out.Close()
		}
		close(p.ended)
	}()
	return p, nil
}

// stop ends a process and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Kill() // it only reads, so there is nothing to finish
	p.in.Close()
	p.out.Close()
	<-p.ended
}

func (o *objects) close() {
	o.mu.Lock()
	o.closed = true
	p := o.proc
	o.proc = nil
	o.mu.Unlock()
	if p != nil {
		p.stop()
	}
}
