package httpd

import (
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/model/server"
)

// output is what filters make of the answer: mod_expires, then mod_headers with its two tables, then compression. An answer
// that httpd makes itself passes only the table that errors keep.
//
// Sources: httpd.apache.org/docs/2.4, mod/mod_expires.html, mod/mod_headers.html, mod/mod_deflate.html.
func (x *exchange) output() {
	if x.layer != nil && x.status != 0 && !x.bare {
		x.completeType()
		x.deflate()
		x.expires()
		s := x.settings()
		x.changeHeaders(s.Headers, true)
		if !x.canned {
			x.changeHeaders(s.Headers, false)
		}
	}
	if x.bare {
		x.out = x.out[:0]
	}
	x.refuseControls()
	x.joinVary()
	if x.status == 204 || x.status == 304 {
		x.contentType = ""
	}
	r := x.res
	r.Header = append(r.Header[:0], x.always...)
	r.Header = append(r.Header, x.out...)
	if x.contentType != "" {
		h := table(r.Header)
		h.set("Content-Type", x.contentType)
		r.Header = h
	}
}

// redirectTo says where a redirect leads.
func (x *exchange) redirectTo(location string) {
	x.suspect = x.suspect || hasControl(location)
	x.out.set("Location", location)
}

// refuseControls answers 500 instead of headers that would break the answer apart: httpd sends no value with a control
// character in it other than a tab. It matters where a rule puts a decoded path into a redirect with the flag NE.
//
// Source: httpd.apache.org/docs/2.4, mod/core.html#httpprotocoloptions.
func (x *exchange) refuseControls() {
	if !x.suspect {
		return
	}
	bad := func(f Field) bool { return hasControl(f.Value) }
	if !slices.ContainsFunc(x.always, bad) && !slices.ContainsFunc(x.out, bad) && !hasControl(x.contentType) {
		return
	}
	x.reason = "a response header with a control character"
	x.res.ByHTTPD, x.status, x.canned = true, 500, true
	x.out, x.always = x.out[:0], slices.DeleteFunc(x.always, bad)
	x.contentType = "text/html; charset=iso-8859-1"
}

func hasControl(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7F {
			return true
		}
	}
	return false
}

// joinVary makes one header of all that Vary has, each name once.
func (x *exchange) joinVary() {
	var names []string
	for _, t := range [...]table{x.always, x.out} {
		for _, f := range t {
			if !sameName(f.Name, "Vary") {
				continue
			}
			for name := range strings.FieldsFuncSeq(f.Value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
				if name == "*" {
					names = []string{"*"}
				} else if !slices.ContainsFunc(names, func(o string) bool { return strings.EqualFold(o, name) || o == "*" }) {
					names = append(names, name)
				}
			}
		}
	}
	if len(names) > 0 {
		x.always.unset("Vary")
		x.out.set("Vary", strings.Join(names, ","))
	}
}

// completeType adds AddDefaultCharset to a type of text that has none.
func (x *exchange) completeType() {
	c := x.settings().DefaultCharset
	if c == nil || c.Value == "" || x.canned || x.contentType == "" || strings.Contains(x.contentType, "charset=") {
		return
	}
	t, _, _ := strings.Cut(x.contentType, ";")
	switch strings.ToLower(strings.TrimSpace(t)) {
	case "text/plain", "text/html":
		x.contentType = x.memory.Join(x.contentType, "; charset=", c.Value)
	}
}

// expires adds Expires and max-age, unless the answer is an error or has an Expires.
func (x *exchange) expires() {
	s := x.settings()
	if s.ExpiresActive == nil || !*s.ExpiresActive || x.status >= 400 || x.noExpires {
		return
	}
	to := &x.out
	if _, ok := x.always.get("Expires"); ok {
		return
	}
	if _, ok := x.out.get("Expires"); ok {
		return
	}
	e := expiryOf(s, x.contentType)
	if e == nil {
		return
	}
	now := x.engine.o.Now()
	base := now
	if e.FromModification {
		base = x.engine.o.Files.Modified(x.filename)
		if base.IsZero() {
			return
		}
	}
	at := base.Add(time.Duration(e.Seconds) * time.Second)
	age := int64(at.Sub(now) / time.Second)
	if at.Before(now) {
		at, age = now, 0
	}
	var b [32]byte
	to.merge("Cache-Control", x.memory.Text(strconv.AppendInt(append(b[:0], "max-age="...), age, 10)))
	to.set("Expires", x.engine.dates.text(at))
}

// expiryOf finds the expiry of a type: by its name, by its kind, or that of all; nil is none.
func expiryOf(s *server.Settings, contentType string) *server.Expiry {
	if len(s.ExpiresByType) == 0 {
		return s.ExpiresDefault
	}
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	if e := s.ExpiresByType[t]; e != nil {
		return e
	}
	if major, _, ok := strings.Cut(t, "/"); ok {
		if e := s.ExpiresByType[major+"/*"]; e != nil {
			return e
		}
	}
	return s.ExpiresDefault
}

// dates remembers how a few times are written: many answers of a second expire at the same.
type dates [4]atomic.Pointer[date]

type date struct {
	at   int64 // seconds of Unix time
	text string
}

// text writes a time as headers have it.
func (d *dates) text(at time.Time) string {
	s := at.Unix()
	place := &d[uint64(s)%uint64(len(d))]
	if known := place.Load(); known != nil && known.at == s {
		return known.text
	}
	text := at.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
	place.Store(&date{s, text})
	return text
}

// deflate adds Vary where the answer would be compressed for some client.
func (x *exchange) deflate() {
	if !x.compresses() || x.status == 204 || x.status == 304 || x.canned {
		return
	}
	for _, name := range []string{"no-gzip"} {
		if _, no := x.env.get(name); no {
			return
		}
	}
	if v, ok := x.out.get("Content-Encoding"); ok && !strings.EqualFold(v, "identity") {
		return
	}
	if x.length < 0 && x.measure != nil {
		x.length = x.measure()
	}
	if x.length >= 0 && x.length < DeflateLeast {
		return
	}
	if _, no := x.env.get("dont-vary"); !no {
		x.out.merge("Vary", "Accept-Encoding")
	}
	accepts, _ := x.headers.get("Accept-Encoding")
	if _, force := x.env.get("force-gzip"); force || acceptsGzip(accepts) {
		x.out.set("Content-Encoding", "gzip")
		x.res.Deflated = true
	}
}

// DeflateLeast is how many bytes mod_deflate at least compresses when the whole body is known at once: fewer are passed on as
// they are.
const DeflateLeast = 68

func acceptsGzip(s string) bool {
	for word := range strings.SplitSeq(s, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(word), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return strings.Trim(strings.TrimPrefix(strings.TrimSpace(q), "q="), "0.") != "" || q == ""
		}
	}
	return false
}

// compresses reports whether the filter DEFLATE is in effect.
func (x *exchange) compresses() bool {
	s := x.settings()
	if s.OutputFilters != nil && hasFilter(s.OutputFilters.Value) {
		return true
	}
	if len(s.FiltersByExt) > 0 {
		name := x.filename[strings.LastIndexByte(x.filename, '/')+1:]
		for i, ext := range strings.Split(name, ".") {
			f, ok := s.FiltersByExt[strings.ToLower(ext)]
			switch {
			case i == 0 || !ok:
			case hasFilter(f.Value):
				return true
			default:
				x.notSimulated(server.Construct{Text: "filter " + f.Value, Place: f.Place})
			}
		}
	}
	if len(s.FiltersByType) == 0 || x.status != 200 {
		return false // AddOutputFilterByType is for answers that are no errors and no redirects
	}
	t, _, _ := strings.Cut(x.contentType, ";")
	t = strings.TrimSpace(t)
	return slices.ContainsFunc(s.FiltersByType, func(f server.FilterByType) bool {
		return hasFilter(f.Filter) && slices.ContainsFunc(f.Types, func(o string) bool { return strings.EqualFold(o, t) })
	})
}

func hasFilter(list string) bool {
	for f := range strings.SplitSeq(list, ";") {
		if strings.EqualFold(strings.TrimSpace(f), "DEFLATE") {
			return true
		}
	}
	return false
}

func itoa(n int) string { return strconv.Itoa(n) }
