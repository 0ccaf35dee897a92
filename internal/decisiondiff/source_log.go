package decisiondiff

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/simulate"
)

// A Defaults is what a source takes where its records say nothing.
type Defaults struct {
	// Host is the host; TLS says that requests came over HTTPS.
	Host string
	TLS  bool
	// Client is who asks; the zero Addr is 127.0.0.1.
	Client netip.Addr
}

// A Log is an access log, or a list of URLs, as a [Source].
type Log struct {
	// Name is the path of a file, or how Stream is called.
	Name string
	// Stream is read in place of a file where it is not nil.
	Stream  io.Reader
	Options accesslog.Options
	Defaults
	// Skipped counts records that are no request of a site, and lines that are no record.
	Skipped int64
}

// Requests implements Source.
func (l *Log) Requests(ctx context.Context, add func(Request, int64) error) error {
	r, err := l.open()
	if err != nil {
		return err
	}
	defer r.Close()
	const look = 4096 // records between looks at ctx
	for n := 0; r.Next(); n++ {
		if n%look == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		q, ok := l.request(r.Record())
		if !ok {
			l.Skipped++
			continue
		}
		if err := add(q, 1); err != nil {
			return err
		}
	}
	l.Skipped += r.Stats().Malformed()
	if err := r.Err(); err != nil {
		return fmt.Errorf("%s: %w", l.Name, err)
	}
	if r.Stats().Records == 0 {
		return &EmptyError{l.Name}
	}
	return nil
}

// An EmptyError says that a source has no request.
type EmptyError struct{ Name string }

// Error implements error.
func (e *EmptyError) Error() string { return e.Name + " has no request" }

func (l *Log) open() (*accesslog.Reader, error) {
	if l.Stream != nil {
		r, err := accesslog.Stream(l.Stream, l.Options)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Name, err)
		}
		return r, nil
	}
	f, err := accesslog.Open(l.Name, l.Options)
	if err != nil {
		return nil, err
	}
	return f.Read()
}

// request makes a request of a record; false where it names none.
func (l *Log) request(r *accesslog.Record) (Request, bool) {
	q := Request{Method: "GET", Target: string(r.Target), Host: l.Host, TLS: l.TLS, Client: l.Client}
	if len(r.Method) > 0 {
		q.Method = string(r.Method)
	}
	if q.Target == "" || q.Target[0] != '/' && q.Target != "*" {
		return q, false
	}
	if r.Form != accesslog.Sent {
		path, query, has := strings.Cut(q.Target, "?")
		if q.Target = targetOf(path); has {
			q.Target += "?" + query
		}
	}
	switch {
	case len(r.Host) > 0:
		q.Host = strings.ToLower(string(r.Host))
	case len(r.Server) > 0:
		q.Host = strings.ToLower(string(r.Server))
	}
	if len(r.Scheme) > 0 {
		q.TLS = string(r.Scheme) == "https"
	}
	for _, name := range [...]string{"X-Forwarded-Proto", "Authorization"} {
		if v, there := r.Header(name); there == accesslog.Present {
			value := string(v)
			if value == "" {
				value = "-" // it was there, and its value was dropped
			}
			q.Header = append(q.Header, simulate.Field{Name: name, Value: value})
		}
	}
	return q, true
}

// IsUnreadable reports whether an error of [Compare] is of a source: of its file, its format, or its content.
func IsUnreadable(err error) bool {
	var format *accesslog.UnknownFormatError
	var empty *EmptyError
	var sitemap *SitemapError
	return errors.As(err, &format) || errors.As(err, &empty) || errors.As(err, &sitemap)
}
