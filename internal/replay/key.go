package replay

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/accesslog"
)

// A key is what tells distinct requests apart, in bytes:
//
//	two bytes of flags, length and text of the method, length and text of the host, length and target, and for each header that the
//	configuration looks at: its state, and where that is known length and value, or 8 bytes of a class
//
// Lengths are bytes, but for the target, whose length has two. A longer method, host or value is cut, a longer target gets
// a digest in place of its end.

// Flags of a key.
const (
	hasMethod  = 1 << iota // the log says which
	hasHost                // the log says which, or that there is none
	isHTTPS                // the scheme is known: https
	isHTTP                 // the scheme is known: http
	isInternal             // the target is what httpd's rules made of the URL
	hasDropped             // values of the query were dropped
	noQueryLog             // the log does not say whether there was a query
	isOld                  // HTTP/1.0 or older
	hasFarm                // the log says which farm answered, and its name stands in the place of the host
	isComplete             // of a list of URLs: the request has nothing that the list does not say
)

// States of a header.
const (
	headerUnlogged = iota
	headerAbsent
	headerDropped
	headerKnown
	headerClass // its class follows in place of the value
)

const (
	maxText   = 255  // of a method, a host or a header
	maxTarget = 512  // of a target that is kept as it is
	headKept  = 400  // of a longer one, before its digest
	maxKey    = 3200 // of a whole key
	maxKept   = 8    // headers
)

// A keyer makes the keys of the records of a log.
type keyer struct {
	headers []string
	// logged has a bit for each header that the log may have, raw for each whose value the user asks to keep.
	logged, raw uint
	classes     [maxKept]*classifier
	known       [maxKept]map[uint64]uint64 // classes by the hash of the value: no value is kept
	urls        bool
	// farms are those that a log may name where it has no host; nil takes no log's word for it.
	farms map[string]bool
}

// append makes the key of a record in b.
func (k *keyer) append(b []byte, r *accesslog.Record) []byte {
	flags := uint16(0)
	method, host := r.Method, r.Host
	switch {
	case len(method) > 0:
		flags |= hasMethod
	case k.urls:
		flags |= hasMethod
		method = get
	}
	switch p := r.Presence(accesslog.FieldHost); {
	case p != accesslog.Unlogged:
		flags |= hasHost
	case len(r.Server) > 0:
		host = r.Server
		flags |= hasHost
	case len(r.Farm) > 0 && k.farms[string(r.Farm)]:
		host = r.Farm
		flags |= hasFarm
	}
	switch string(r.Scheme) {
	case "https":
		flags |= isHTTPS
	case "http":
		flags |= isHTTP
	case "":
		switch string(r.Port) {
		case "443":
			flags |= isHTTPS
		case "80":
			flags |= isHTTP
		}
	}
	if k.urls {
		flags |= isComplete
		if flags&isHTTPS == 0 {
			flags |= isHTTP
		}
	}
	if r.Form != accesslog.Sent {
		flags |= isInternal
	}
	if r.Dropped(accesslog.FieldQuery) {
		flags |= hasDropped
	} else if r.Presence(accesslog.FieldQuery) == accesslog.Unlogged {
		flags |= noQueryLog
	}
	if string(r.Protocol) == "HTTP/1.0" {
		flags |= isOld
	}
	b = append(b, byte(flags>>8), byte(flags))
	b = appendText(b, method)
	b = appendText(b, host)
	target := r.Target
	if len(target) > maxTarget {
		b = appendLongTarget(b, target)
	} else {
		b = append(b, byte(len(target)>>8), byte(len(target)))
		b = append(b, target...)
	}
	if len(k.headers) > 0 {
		b = k.appendHeaders(b, r)
	}
	return b
}

var get = []byte("GET")

func appendText(b, text []byte) []byte {
	text = text[:min(len(text), maxText)]
	return append(append(b, byte(len(text))), text...)
}

// appendLongTarget puts a digest in the place of what is too long to keep, so that targets stay distinct.
func appendLongTarget(b, target []byte) []byte {
	sum := sha256.Sum256(target)
	n := headKept + 1 + 2*len(sum)
	b = append(b, byte(n>>8), byte(n))
	b = append(append(b, target[:headKept]...), '~')
	return hex.AppendEncode(b, sum[:])
}

func (k *keyer) appendHeaders(b []byte, r *accesslog.Record) []byte {
	for i, name := range k.headers {
		if k.logged&(1<<i) == 0 {
			b = append(b, headerUnlogged)
			continue
		}
		v, p := r.Header(name)
		switch {
		case p == accesslog.Unlogged:
			b = append(b, headerUnlogged)
		case p == accesslog.Absent:
			b = append(b, headerAbsent)
		case v == nil:
			b = append(b, headerDropped)
		case k.raw&(1<<i) != 0:
			b = appendText(append(b, headerKnown), v)
		case k.classes[i] != nil:
			b = binary.BigEndian.AppendUint64(append(b, headerClass), k.classOf(i, v))
		default:
			b = append(b, headerDropped)
		}
	}
	return b
}

// maxClasses bounds how many values are remembered.
const maxClasses = 1 << 15

func (k *keyer) classOf(i int, v []byte) uint64 {
	h := hashOf(v)
	class, ok := k.known[i][h]
	if !ok {
		class = k.classes[i].classOf(string(v))
		if k.known[i] == nil || len(k.known[i]) >= maxClasses {
			k.known[i] = map[uint64]uint64{}
		}
		k.known[i][h] = class
	}
	return class
}

// loggedHeaders says which of the headers a log may have.
func loggedHeaders(p *accesslog.Parser, headers []string) uint {
	mask := uint(0)
	for i, name := range headers {
		if !p.Lines() || strings.EqualFold(name, "User-Agent") ||
			slices.ContainsFunc(p.Columns(), func(c accesslog.Column) bool { return c.Letter == 'i' && strings.EqualFold(c.Name, name) }) {
			mask |= 1 << i
		}
	}
	return mask
}

// A request is a key taken apart.
type request struct {
	flags                uint16
	method, host, target string
	headers              [maxKept]headerState
}

type headerState struct {
	state byte
	value string
}

var errKey = errors.New("a request of a partial result is damaged")

// parse takes a key apart. What it holds refers to the key.
func (q *request) parse(key string, headers []string) error {
	*q = request{}
	if len(key) < 6 || len(key) > maxKey || len(headers) > maxKept {
		return errKey
	}
	q.flags = uint16(key[0])<<8 | uint16(key[1])
	key = key[2:]
	var ok bool
	if q.method, key, ok = cutText(key); !ok {
		return errKey
	}
	if q.host, key, ok = cutText(key); !ok || len(key) < 2 {
		return errKey
	}
	n := int(key[0])<<8 | int(key[1])
	if key = key[2:]; n > len(key) || n == 0 || n > maxTarget {
		return errKey
	}
	q.target, key = key[:n], key[n:]
	for i := range headers {
		if key == "" || key[0] > headerClass {
			return errKey
		}
		q.headers[i].state = key[0]
		key = key[1:]
		if q.headers[i].state == headerKnown {
			if q.headers[i].value, key, ok = cutText(key); !ok {
				return errKey
			}
		}
		if q.headers[i].state == headerClass {
			if len(key) < 8 {
				return errKey
			}
			q.headers[i].value, key = key[:8], key[8:]
		}
	}
	if key != "" {
		return errKey
	}
	return nil
}

func cutText(s string) (text, rest string, ok bool) {
	if s == "" || len(s)-1 < int(s[0]) {
		return "", "", false
	}
	n := int(s[0])
	return s[1 : 1+n], s[1+n:], true
}

// query returns the query of the target, as far as it was kept.
func (q *request) query() (string, bool) {
	_, query, has := strings.Cut(q.target, "?")
	return query, has
}
