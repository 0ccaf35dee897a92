package accesslog

import (
	"strings"
	"time"
)

// A Field is a part of a record that a log may or may not have.
type Field uint8

// The fields.
const (
	FieldTime Field = iota
	FieldClient
	FieldUser
	FieldMethod
	FieldTarget
	FieldQuery
	FieldProtocol
	FieldHost
	FieldServer
	FieldPort
	FieldScheme
	FieldStatus
	FieldBytes
	FieldElapsed
	FieldUserAgent
	FieldFarm
	FieldRender
	FieldAction
	FieldCDNCache
)

// Presence says what a log tells of a field.
type Presence uint8

const (
	// Unlogged: the log does not say. The request may have had it.
	Unlogged Presence = iota
	// Absent: the log says that there was none; httpd writes "-".
	Absent
	// Present: there was one. Its value stands in the record unless it was dropped, see [Record.Dropped].
	Present
)

// String returns the word for p.
func (p Presence) String() string {
	switch p {
	case Absent:
		return "absent"
	case Present:
		return "present"
	}
	return "unlogged"
}

// A TargetForm says what was done to a target before it was written.
type TargetForm uint8

const (
	// Sent: as in the request line.
	Sent TargetForm = iota
	// Decoded: httpd's %U, the path after percent-decoding, and after rules of the server that rewrote it.
	Decoded
	// Internal: the path that the Dispatcher module was asked for, decoded and rewritten.
	Internal
)

// A Record is one request of a log. Its slices refer to the line's buffer, or to the record itself, and hold until the next
// line is read: copy what is to be kept. A field with no value is nil or 0; [Record.Presence] says why.
type Record struct {
	// Time is when, in UTC. dispatcher.log of a web server has no time zone, and UTC is taken.
	Time time.Time
	// Client is the address or name, User the user's name; dropped unless Options.KeepClient.
	Client, User []byte
	// Method is as sent.
	Method []byte
	// Target is path and query as the log has them, without scheme and host where the log has a whole URL. Values in the
	// query are dropped unless Options.KeepQuery: "/a?q=" is left of "/a?q=x".
	Target []byte
	// Form says what was done to Target before it was logged.
	Form TargetForm
	// Protocol is HTTP/1.1 and the like; it is absent in requests of HTTP/0.9.
	Protocol []byte
	// Host is what the client asked for, from the header or the URL.
	Host []byte
	// Server is the name of the virtual host that answered, %v or %V of httpd, for logs without Host.
	Server []byte
	// Port is that of the server.
	Port []byte
	// Scheme is http or https.
	Scheme []byte
	// Status is of the answer.
	Status int
	// Bytes is the length of the answer's body.
	Bytes int64
	// Elapsed is how long the answer took.
	Elapsed time.Duration
	// UserAgent is dropped unless Options.KeepUserAgent.
	UserAgent []byte
	// Farm and Render are those that the Dispatcher used, Action what its cache did: hit, miss, none, blocked, purge.
	Farm, Render, Action []byte
	// CDNCache is what the CDN's cache did: HIT, MISS, PASS and so on.
	CDNCache []byte

	// Flush is the handle of a flush that a line of dispatcher.log speaks of, and Action what it does: with Options.Flushes.
	// Such a record has nothing else but Time.
	Flush []byte

	parser                   *Parser
	present, absent, dropped uint32
	line                     []byte
	spans                    []span
	made                     []byte // a target that does not stand in the line in one piece
	arena                    []byte // the texts of an entry of HAR
	headers                  []header
	clock                    clock
	parts                    dateParts
}

// A span is the part [a,b) of the line, or one of the marks below.
type span struct{ a, b int32 }

// Marks in span.a.
const (
	spanAbsent   = -1
	spanDropped  = -2
	spanUnlogged = -3
)

// A header is one of a HAR entry.
type header struct {
	name, value []byte
	dropped     bool
}

// Presence says what the log tells of f.
func (r *Record) Presence(f Field) Presence {
	switch bit := uint32(1) << f; {
	case r.present&bit != 0:
		return Present
	case r.absent&bit != 0:
		return Absent
	}
	return Unlogged
}

// Dropped reports whether f was present and its value was dropped for the sake of the visitor. For [FieldQuery] it says
// that values are gone from Target, and that the names are all there.
func (r *Record) Dropped(f Field) bool { return r.dropped&(1<<f) != 0 }

// Header returns the value of a request header, nil where it was dropped or is not there. A log that has no column for it
// leaves it Unlogged.
func (r *Record) Header(name string) ([]byte, Presence) {
	switch {
	case strings.EqualFold(name, "Host") && r.present&(1<<FieldHost) != 0:
		return r.Host, Present
	case strings.EqualFold(name, "User-Agent") && r.present&(1<<FieldUserAgent) != 0:
		return r.UserAgent, Present
	case r.parser == nil:
		return nil, Unlogged
	case r.parser.kind == kindHAR:
		for i := range r.headers {
			if equalFold(r.headers[i].name, name) {
				if r.headers[i].dropped {
					return nil, Present
				}
				return r.headers[i].value, Present
			}
		}
		return nil, Absent
	case r.parser.layout != nil:
		for i := range r.parser.layout.columns {
			c := &r.parser.layout.columns[i]
			if c.Letter == 'i' && strings.EqualFold(c.Name, name) {
				return r.Column(i)
			}
		}
	}
	switch {
	case strings.EqualFold(name, "Host"):
		return nil, r.Presence(FieldHost)
	case strings.EqualFold(name, "User-Agent"):
		return nil, r.Presence(FieldUserAgent)
	}
	return nil, Unlogged
}

// Column returns the value of the i-th of [Parser.Columns], nil where it is not there or was dropped.
func (r *Record) Column(i int) ([]byte, Presence) {
	if r.parser == nil || r.parser.layout == nil || i < 0 || i >= len(r.parser.layout.columns) {
		return nil, Unlogged
	}
	s := r.spans[r.parser.layout.columns[i].op]
	switch s.a {
	case spanAbsent:
		return nil, Absent
	case spanDropped:
		return nil, Present
	case spanUnlogged:
		return nil, Unlogged
	}
	return r.line[s.a:s.b], Present
}

// reset forgets the last line; memory and the clock stay.
func (r *Record) reset(p *Parser, line []byte) {
	r.Time, r.Client, r.User, r.Method, r.Target, r.Form = time.Time{}, nil, nil, nil, nil, Sent
	r.Protocol, r.Host, r.Server, r.Port, r.Scheme = nil, nil, nil, nil, nil
	r.Status, r.Bytes, r.Elapsed = 0, 0, 0
	r.UserAgent, r.Farm, r.Render, r.Action, r.CDNCache, r.Flush = nil, nil, nil, nil, nil, nil
	r.parser, r.line = p, line
	r.present, r.absent, r.dropped = 0, 0, 0
	r.made, r.arena, r.headers = r.made[:0], r.arena[:0], r.headers[:0]
}

func (r *Record) mark(f Field)     { r.present |= 1 << f }
func (r *Record) markNone(f Field) { r.absent |= 1 << f }
func (r *Record) markDrop(f Field) { r.present |= 1 << f; r.dropped |= 1 << f }

func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		if lower(b[i]) != lower(s[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
