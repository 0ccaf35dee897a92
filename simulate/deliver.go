package simulate

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// This file answers with a cache file. The module leaves that to httpd: it adds the stored headers and declines the
// request, and httpd serves the file with the status, type, ETag and date that it gives any file.
//
// Sources: adobe/aem-dispatcher-experiments, dispatcher.any; AdobeDocs/experience-manager-dispatcher.en,
// dispatcher-configuration.md (/headers), dispatcher-etag-enhancement.md, release-notes.md (DISP-652, DISP-656, DISP-733);
// httpd.apache.org/docs/2.4, core (FileETag).

// deliver answers with the file under the URI. status is 0 for the usual one. It reports false where the file has gone,
// and then nothing was answered.
func (x *Exchange) deliver(info *FileInfo, status int) bool {
	r := &x.Decision.Response
	if x.Request.Sink == nil && x.Trace == nil && !x.wantsHeader() {
		*r = Response{Status: http.StatusOK, From: "cache", Length: info.Size}
		return true
	}
	stored, ok := x.open(info)
	if !ok {
		return false
	}
	*r = Response{Status: http.StatusOK, From: "cache"}
	h, etag := x.cachedHeader(info, stored)
	switch {
	case status != 0:
		r.Status = status
	case x.notModified(h, etag, info):
		r.Status = http.StatusNotModified
		h = h.without("Content-Length", "Content-Type")
	}
	r.Header = h
	var body io.Reader = noBody{}
	if r.Status != http.StatusNotModified && x.Request.Method != http.MethodHead {
		r.Length = info.Size
		if x.file != nil {
			body = x.file
		}
	}
	if x.Request.Sink != nil {
		if x.Request.Sink.Answer(r.Status, h, body) != nil {
			r.Cut = true
		}
	}
	return true
}

// answerEmpty answers with the status of the decision and no body: one of httpd's stands in its place, which is not
// simulated.
func (x *Exchange) answerEmpty() {
	r := &x.Decision.Response
	r.ByHTTPD = x.directives().PassError.Passes(r.Status)
	if x.Request.Sink != nil && !r.ByHTTPD {
		_ = x.Request.Sink.Answer(r.Status, r.Header, noBody{}) // nothing is lost where nobody takes it
	}
}

// wantsHeader reports whether the headers of a hit are needed even where nobody takes the answer: the request is
// conditional, or asks about the cache.
func (x *Exchange) wantsHeader() bool {
	return len(x.Request.Header) > 0
}

// noBody is an empty body.
type noBody struct{}

func (noBody) Read([]byte) (int, error) { return 0, io.EOF }

// storesHeaders reports whether headers are stored with the farm's pages.
func (x *Exchange) storesHeaders() bool {
	return x.farm.model.Cache.Headers != nil && x.at(disp4111)
}

// open opens the page, where somebody takes it, and returns the headers that were stored with it. Both are of one version:
// what the record of a file says does not tell two versions apart for sure. It reports false where the page has gone.
func (x *Exchange) open(info *FileInfo) (Header, bool) {
	var h Header
	stores := x.storesHeaders()
	if stores {
		lock := x.fileLock()
		lock.RLock()
		defer lock.RUnlock()
		h = x.storedHeader()
	}
	uri := x.Decision.URI
	switch {
	case x.Request.Sink != nil && x.file == nil:
		file, err := x.farm.root.Open(uri)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				cacheableStage{}.sayUnreadable(x, err)
			}
			return nil, false
		}
		x.file, *info = file, file.Info()
	case x.Request.Sink == nil && stores:
		now, err := x.farm.root.Stat(uri)
		if err != nil || now.Kind != FileRegular {
			return nil, false
		}
		*info = now
	}
	return h, true
}

// cachedHeader returns the headers of a cache file and its ETag: those that were stored, and what httpd says of the file.
// The texts that it makes are parts of one.
func (x *Exchange) cachedHeader(info *FileInfo, h Header) (Header, string) {
	d := x.Decision
	etag, has := h.Value("ETag")
	has = has && x.at(disp656)
	own := !has && x.engine.options.Readings.FileETag == ETagOfTimeAndSize
	modified := h.Has("Last-Modified")
	age := x.age(h, info)

	t := x.text[:0]
	t = strconv.AppendInt(t, info.Size, 10)
	lengthEnd := len(t)
	if !modified {
		t = appendTime(t, info.Mod)
	}
	modifiedEnd := len(t)
	if own {
		t = appendETag(t, info)
	}
	etagEnd := len(t)
	t = strconv.AppendInt(t, age, 10)
	x.text = t
	text := string(t)

	cacheInfo := d.Cache.Header()
	if len(h) == 0 {
		n := hitHeaders + len(x.permitHeader)
		if cacheInfo != "" {
			n++
		}
		h = make(Header, 0, n)
	} else {
		h = h.without("Content-Length", "ETag", "Age")
	}
	if !h.Has("Content-Type") {
		if t := typeOf(d.URI); t != "" {
			h = append(h, Field{"Content-Type", t})
		}
	}
	h = append(h, Field{"Content-Length", text[:lengthEnd]})
	if !modified {
		h = append(h, Field{"Last-Modified", text[lengthEnd:modifiedEnd]})
	}
	switch {
	case own:
		etag = text[modifiedEnd:etagEnd]
	case !has:
		etag = ""
	}
	if etag != "" {
		h = append(h, Field{"ETag", etag})
	}
	if age >= 0 {
		h = append(h, Field{"Age", text[etagEnd:]})
	}
	h = append(h, x.permitHeader...)
	if cacheInfo != "" {
		h = append(h, Field{"X-Cache-Info", cacheInfo})
	}
	return h, etag
}

// hitHeaders is how many headers a hit has beside those that were stored: Content-Type, Content-Length, Last-Modified,
// ETag and Age.
const hitHeaders = 5

// appendTime adds a time in the form of headers, as http.TimeFormat has it: to follow that layout takes several times as
// long, and every hit has a time.
func appendTime(t []byte, at time.Time) []byte {
	at = at.UTC()
	year, month, day := at.Date()
	if year < 0 || year > 9999 {
		return at.AppendFormat(t, http.TimeFormat)
	}
	hour, minute, second := at.Clock()
	t = append(t, at.Weekday().String()[:3]...)
	t = append(t, ',', ' ', '0'+byte(day/10), '0'+byte(day%10), ' ')
	t = append(t, month.String()[:3]...)
	return append(t, ' ', '0'+byte(year/1000), '0'+byte(year/100%10), '0'+byte(year/10%10), '0'+byte(year%10),
		' ', '0'+byte(hour/10), '0'+byte(hour%10), ':', '0'+byte(minute/10), '0'+byte(minute%10),
		':', '0'+byte(second/10), '0'+byte(second%10), ' ', 'G', 'M', 'T')
}

// appendETag adds the ETag that httpd gives a file: its size and its time of modification in microseconds.
func appendETag(t []byte, info *FileInfo) []byte {
	t = append(t, '"')
	t = strconv.AppendInt(t, info.Size, 16)
	t = append(t, '-')
	t = strconv.AppendInt(t, info.Mod.UnixMicro(), 16)
	return append(t, '"')
}

// age returns how old the file is: for how long it has been there, and what its Age was when it came. The formula is not
// published. It is -1 for releases before 4.3.1 (DISP-733), which send none.
func (x *Exchange) age(stored Header, info *FileInfo) int64 {
	if !x.at(disp733) {
		return -1
	}
	age := max(0, int64(x.start.Sub(info.Mod)/time.Second))
	if v, ok := stored.Value("Age"); ok {
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n > 0 && n < 1<<31 {
			age += n
		}
	}
	return age
}

// maxStoredHeader is how much of a file with stored headers is read.
const maxStoredHeader = 1 << 20

// storedHeader reads the headers that were stored with the page. A file that cannot be read has none.
func (x *Exchange) storedHeader() Header {
	f, err := x.farm.root.Open(x.scratchName(x.Decision.URI, headersSuffix))
	if err != nil {
		return nil
	}
	defer f.Close()
	size := f.Info().Size
	if size > maxStoredHeader {
		return nil
	}
	text := make([]byte, size)
	n, err := io.ReadFull(f, text)
	if err != nil && err != io.ErrUnexpectedEOF {
		return nil
	}
	return parseHeader(string(text[:n]), x.at(disp652))
}

// parseHeader reads lines "Name: value". Since 4.3.0 (DISP-652) a stored Date does not come back: httpd sends its own.
func parseHeader(text string, dropDate bool) Header {
	h := make(Header, 0, strings.Count(text, "\n")+hitHeaders)
	for len(text) > 0 {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || dropDate && strings.EqualFold(name, "Date") {
			continue
		}
		h = append(h, Field{name, strings.TrimSpace(value)})
	}
	return h
}

// notModified reports whether the client has the file already, as httpd finds out for any file: by the ETag that it gives
// the file itself, else by If-Modified-Since. A stored ETag counts with the enhancement of AEM as a Cloud Service alone.
func (x *Exchange) notModified(h Header, etag string, info *FileInfo) bool {
	if m := x.Request.Method; m != http.MethodGet && m != http.MethodHead || len(x.Request.Header) == 0 {
		return false
	}
	if match, ok := x.Request.Header.Value("If-None-Match"); ok {
		o := &x.engine.options.Readings
		own := o.FileETag == ETagOfTimeAndSize && etag == string(appendETag(nil, info))
		return etag != "" && (own || o.ETagEnhancement) && matchesETag(match, etag)
	}
	since, ok := x.Request.Header.Value("If-Modified-Since")
	if !ok {
		return false
	}
	t, err := http.ParseTime(since)
	if err != nil {
		return false
	}
	modified := info.Mod
	if v, ok := h.Value("Last-Modified"); ok {
		if m, err := http.ParseTime(v); err == nil {
			modified = m
		}
	}
	return !modified.Truncate(time.Second).After(t) && !t.After(x.start)
}

// matchesETag compares an ETag with a list of them, weakly (RFC 9110, 13.1.2).
func matchesETag(list, etag string) bool {
	etag = strings.TrimPrefix(etag, "W/")
	for list != "" {
		list = strings.TrimLeft(list, " \t,")
		if strings.HasPrefix(list, "*") {
			return true
		}
		item := strings.TrimPrefix(list, "W/")
		if len(item) == 0 || item[0] != '"' {
			return false
		}
		end := strings.IndexByte(item[1:], '"')
		if end < 0 {
			return false
		}
		if item[:end+2] == etag {
			return true
		}
		list = item[end+2:]
	}
	return false
}

// types are the media types of common extensions, as httpd's mime.types has them. httpd gives the others none.
var types = map[string]string{
	"html": "text/html", "htm": "text/html", "css": "text/css", "js": "application/javascript", "json": "application/json",
	"xml": "application/xml", "txt": "text/plain", "csv": "text/csv", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg",
	"gif": "image/gif", "svg": "image/svg+xml", "webp": "image/webp", "avif": "image/avif", "ico": "image/x-icon", "pdf": "application/pdf",
	"woff": "font/woff", "woff2": "font/woff2", "ttf": "font/ttf", "otf": "font/otf", "eot": "application/vnd.ms-fontobject",
	"mp4": "video/mp4", "webm": "video/webm", "mp3": "audio/mpeg", "zip": "application/zip", "rss": "application/rss+xml",
}

// typeOf returns the media type that httpd finds by the last extension that means one.
func typeOf(uri string) string {
	name := uri[strings.LastIndexByte(uri, '/')+1:]
	for {
		i := strings.LastIndexByte(name, '.')
		if i < 0 {
			return ""
		}
		if t, ok := types[strings.ToLower(name[i+1:])]; ok {
			return t
		}
		name = name[:i]
	}
}

// without returns the headers but for some. It changes h.
func (h Header) without(names ...string) Header {
	w := 0
next:
	for _, f := range h {
		for _, name := range names {
			if strings.EqualFold(f.Name, name) {
				continue next
			}
		}
		h[w] = f
		w++
	}
	return h[:w]
}
