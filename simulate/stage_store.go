package simulate

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// The store stage passes the render's answer on and, where nothing forbids it, puts it into the cache: into a temporary
// file first, which takes the page's name once it is whole. What keeps an answer from the cache: the header
// Dispatcher: no-cache, another status than 200, Cache-Control or Pragma that forbid it, an empty body, a body that breaks
// off, a disk that is full. Where a render fails and the cache has a stale file, /serveStaleOnError "1" delivers that.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (what is cached, /headers, /enableTTL,
// /serveStaleOnError) and release-notes.md; AdobeDocs/experience-manager-learn.en, dispatcher tutorial, chapter 1.
type storeStage struct{}

func (storeStage) Name() string { return "store" }

func (s storeStage) Run(ctx context.Context, x *Exchange) (*Decision, error) {
	d, a := x.Decision, x.answer
	v := &d.Cache
	defer a.Close()
	if x.failed == "" {
		x.acceptSession(a.Status)
	}
	if s.serveStale(x, v, a.Status) {
		if d := s.stale(x, v); d != nil {
			a.Close()
			x.release(false)
			return d, nil
		}
	}
	v.Answered = v.Reached
	reason := Reason("")
	if v.Reached && v.Cacheable {
		reason = s.refusal(x, a)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.pass(ctx, x, v, reason); err != nil {
		return nil, err
	}
	x.finishAnswer(s.Name())
	if r := d.Render.Render; r != nil {
		d.By = r.At.Span
	}
	if x.failed != "" {
		return x.settle(Failed, x.failed), nil
	}
	return x.settle(Answered, RenderAnswered), nil
}

// finishAnswer adds the summary of a request that a render answered, or none could.
func (x *Exchange) finishAnswer(stage string) {
	if d := x.Decision; d.Cache.Stored {
		x.finish(stage, "-", "miss")
	} else {
		x.finish(stage, strconv.Itoa(d.Response.Status), "none")
	}
}

// serveStale reports whether the cache has a stale file that is to be served in place of a failure.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (/serveStaleOnError) and
// release-notes.md (DISP-841: 504, DISP-1046: 429).
func (storeStage) serveStale(x *Exchange, v *CacheVerdict, status int) bool {
	if !v.Reached || x.refetch || v.Action != ActionStale && v.Action != ActionExpired || !x.farm.model.Cache.ServeStaleOnError.Value {
		return false
	}
	if x.failed == NoRender {
		return true // whatever status a reading gives that
	}
	switch status {
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		return true
	case http.StatusGatewayTimeout:
		return x.at(disp841)
	case http.StatusTooManyRequests:
		return x.at(disp1046)
	}
	return false
}

// stale delivers the stale file; nil is that there is none any more. The documentation calls the status "111 (Revalidation Failed)", which is the code of a
// warning and no status: the file is sent with 200 and the header Warning, unless a reading says otherwise.
func (s storeStage) stale(x *Exchange, v *CacheVerdict) *Decision {
	d := x.Decision
	x.permitHeader = append(x.permitHeader, Field{"Warning", `111 - "Revalidation Failed"`})
	if !x.deliver(&x.found, x.engine.options.Readings.StaleStatus) {
		return nil // it has just gone
	}
	v.ServedStale, v.Answered = true, true
	if x.Trace != nil {
		c := x.farm.model.Cache.ServeStaleOnError
		x.sayOf(s.Name(), LevelNote, StaleServed, c.At, true, "the render's status is %d: the stale file is served", x.answer.Status)
	}
	x.finish(s.Name(), "-", "hit")
	d.By = x.farm.model.Cache.ServeStaleOnError.At.Span
	return x.settle(Delivered, StaleServed)
}

// refusal returns why an answer is not to be stored, "" where it may be, as far as its head decides.
func (s storeStage) refusal(x *Exchange, a *Answer) Reason {
	h := a.Header
	switch marker, _ := h.Value("Dispatcher"); {
	case strings.EqualFold(strings.TrimSpace(marker), "no-cache"), strings.EqualFold(strings.TrimSpace(marker), "no_cache"):
		return ResponseNoCache
	case a.Status != http.StatusOK:
		return ResponseStatus
	case s.forbids(x, h):
		return ResponseCacheControl
	}
	if x.Decision.Cache.bodiless {
		return ""
	}
	length, ok := h.Value("Content-Length")
	if !x.at(disp727) {
		// Until DISP-727 it was the request's length that was looked at.
		length, ok = x.Request.Header.Value("Content-Length")
	}
	if n, err := strconv.ParseInt(strings.TrimSpace(length), 10, 64); ok && err == nil && n == 0 {
		return ResponseEmpty
	}
	return ""
}

// forbids reports whether Cache-Control or Pragma keeps an answer from the cache. private does where /enableTTL is on
// (DISP-698); whether it does without is said both ways, and is a reading.
func (storeStage) forbids(x *Exchange, h Header) bool {
	for i := range h {
		switch {
		case strings.EqualFold(h[i].Name, "Pragma"):
			if strings.EqualFold(strings.TrimSpace(h[i].Value), "no-cache") {
				return true
			}
		case strings.EqualFold(h[i].Name, "Cache-Control"):
			for name := range cacheDirectives(h[i].Value) {
				switch strings.ToLower(name) {
				case "no-cache", "no-store", "must-revalidate":
					return true
				case "private":
					o := &x.engine.options.Readings
					ttl := x.farm.model.Cache.EnableTTL.Value && x.at(disp698)
					if (ttl || o.NoPrivate) && !o.CachePrivate {
						return true
					}
				}
			}
		}
	}
	return false
}

// cacheDirectives are the name and the value, without its quotes, of each directive of a Cache-Control header.
func cacheDirectives(value string) func(yield func(name, value string) bool) {
	return func(yield func(string, string) bool) {
		for rest := value; rest != ""; {
			end, quoted := len(rest), false
			for i := range len(rest) {
				if rest[i] == '"' {
					quoted = !quoted
				}
				if rest[i] == ',' && !quoted {
					end = i
					break
				}
			}
			item := rest[:end]
			rest = rest[min(end+1, len(rest)):]
			name, v, _ := strings.Cut(item, "=")
			if name = strings.TrimSpace(name); name != "" && !yield(name, strings.Trim(strings.TrimSpace(v), `"`)) {
				return
			}
		}
	}
}

// expiry returns when an answer is to be fetched again: s-maxage since 4.3.0 (DISP-698), else max-age, else Expires.
// Their order is that of RFC 9111, 5.2.2.10.
func (x *Exchange) expiry(h Header, now time.Time) (time.Time, bool) {
	age, shared := int64(-1), int64(-1)
	for i := range h {
		if !strings.EqualFold(h[i].Name, "Cache-Control") {
			continue
		}
		for name, value := range cacheDirectives(h[i].Value) {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil || n < 0 {
				continue
			}
			n = min(n, 1<<31) // as RFC 9111, 1.2.2, has it
			switch strings.ToLower(name) {
			case "max-age":
				age = n
			case "s-maxage":
				shared = n
			}
		}
	}
	switch {
	case shared >= 0 && x.at(disp698):
		return now.Add(time.Duration(shared) * time.Second), true
	case age >= 0:
		return now.Add(time.Duration(age) * time.Second), true
	}
	if v, ok := h.Value("Expires"); ok {
		if t, err := http.ParseTime(v); err == nil {
			return t, true
		}
		return now, true // "0" and the like have expired (RFC 9111, 5.3)
	}
	return time.Time{}, false
}

// pass sends the answer on and stores it, unless reason says why not. The error is the context's: a request that was given
// up has no decision.
func (s storeStage) pass(ctx context.Context, x *Exchange, v *CacheVerdict, reason Reason) error {
	d, a := x.Decision, x.answer
	d.Response = Response{Status: a.Status, From: "render", Header: s.header(x, v, reason)}
	if x.failed != "" {
		d.Response.From = "dispatcher"
	}
	p := passing{body: a.Body, again: x.engine.config.IgnoreEINTR.Value}
	if p.body == nil || x.Request.Method == http.MethodHead {
		p.body = noBody{}
	}
	may := v.Reached && v.Cacheable && !v.bodiless
	if may && reason == "" && x.farm.root != nil {
		if p.file, reason = s.begin(x); p.file != nil {
			defer p.file.Abort() // which does nothing once it is in place
		}
	}
	d.Response.ByHTTPD = x.directives().PassError.Passes(a.Status)
	if reason != "" { // who takes the answer finds the verdict as it is
		s.refuse(v, reason)
	}
	s.send(x, &p)
	if err := ctx.Err(); err != nil && p.err != nil {
		return err
	}
	d.Response.Length, d.Response.Cut = p.sent, p.err != nil
	if p.broke != nil && x.heard() && !errors.Is(p.broke, ErrReceiveTimeout) {
		x.say(s.Name(), LevelError, ResponseCut, "Error while reading response: %s", strerror(p.broke))
	}
	if may && reason == "" {
		if reason = s.end(x, v, &p); reason != "" {
			s.refuse(v, reason)
		}
	}
	a.Close()
	x.release(p.err == nil && p.done)
	if may && reason != "" {
		s.sayRefusal(x, reason)
		s.dropStale(x, v)
	}
	return nil
}

// refuse makes a verdict say that an answer which could be cached is not.
func (storeStage) refuse(v *CacheVerdict, reason Reason) {
	v.asked, v.Reason, v.Cacheable = v.Reason, reason, false
	v.Rule, v.By = nil, source.Span{} // which did not decide
}

// send gives the body to who wants it, and reads the rest where it is stored.
func (s storeStage) send(x *Exchange, p *passing) {
	r := &x.Decision.Response
	if x.Request.Sink != nil && !r.ByHTTPD {
		if err := x.Request.Sink.Answer(r.Status, r.Header, p); err != nil && p.err == nil {
			p.err = err
			return
		}
	}
	if _, err := io.Copy(io.Discard, p); err != nil && p.err == nil {
		p.err = err
	}
}

// passing is a body on its way to the client and into a file.
type passing struct {
	body io.Reader
	// again says that a read that a signal interrupts is tried again: ^/ignoreEINTR.
	again bool
	file  NewFile // nil where it is not stored, or no more
	sent  int64
	done  bool
	err   error // why the answer broke off, be it the render's doing or the client's
	broke error // the render's part in it
	full  error // why it could not be written
}

// Read reads from the render and writes to the file.
func (p *passing) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.body.Read(b)
	for n == 0 && p.again && errors.Is(err, syscall.EINTR) {
		n, err = p.body.Read(b)
	}
	if n > 0 {
		p.sent += int64(n)
		if p.file != nil && p.full == nil {
			if _, p.full = p.file.Write(b[:n]); p.full != nil {
				p.file.Abort() // its room may be needed
			}
		}
	}
	switch {
	case err == io.EOF:
		p.done = true
	case err != nil:
		p.err, p.broke = err, err
	}
	return n, err
}

// header returns the headers for the client: those of the render without what is between it and the module alone.
func (s storeStage) header(x *Exchange, v *CacheVerdict, reason Reason) Header {
	h := x.location(endToEnd(x.answer.Header))
	if cookie, ok := x.stickyCookie(); ok && x.failed == "" {
		h = append(h, cookie)
	}
	if v.Reached {
		w := *v
		if reason != "" {
			w.asked, w.Reason, w.Cacheable = v.Reason, reason, false
		}
		if info := w.Header(); info != "" && (x.answer.Status != http.StatusNotFound || x.at(disp688)) {
			h = append(h, Field{"X-Cache-Info", info})
		}
	}
	return h
}

// begin makes the file, or says why it cannot be made.
func (s storeStage) begin(x *Exchange) (NewFile, Reason) {
	f, err := x.farm.root.Create(x.Decision.URI, x.mode())
	if err != nil {
		s.sayStoreError(x, err)
		return nil, StoreFailed
	}
	return f, ""
}

// mode returns the permissions of new files and folders. Releases of 4.2 and 4.3.0 made files that only their owner can
// read (DISP-722).
func (x *Exchange) mode() fs.FileMode {
	if x.at(v420) && !x.at(disp722) {
		return 0o700
	}
	return fs.FileMode(x.farm.model.Cache.Mode.Value & 0o777)
}

// end puts the file into place with the files beside it, or says why not.
func (s storeStage) end(x *Exchange, v *CacheVerdict, p *passing) Reason {
	switch {
	case p.err != nil:
		return ResponseCut
	case p.sent == 0 && x.at(disp727):
		return ResponseEmpty
	case p.file == nil:
		return "" // there is no store
	case p.full != nil:
		s.sayStoreError(x, p.full)
		return StoreFailed
	}
	now := x.engine.options.Now()
	beside, err := s.beside(x, v, p.file, now)
	for i := range beside {
		if f := beside[i].file; f != nil {
			defer f.Abort()
		}
	}
	if err == nil {
		err = s.place(x, p.file, beside, now)
	}
	if err != nil {
		v.StoredHeaders, v.StoredTTL = false, false
		s.sayStoreError(x, err)
		return StoreFailed
	}
	v.Stored = true
	if x.Trace != nil {
		x.say(s.Name(), LevelDebug, "", "Cache file successfully created: %s", joinDocroot(x.farm.docroot, x.Decision.URI))
	}
	return ""
}

// A companion is a file that stands beside a page.
type companion struct {
	suffix string
	file   NewFile // nil: the page has none, and that of an older page goes
	at     time.Time
}

// beside writes the files that are to stand beside the page, its headers and when it expires, but does not put them into
// place yet. Also with an error it returns those that it has begun.
func (s storeStage) beside(x *Exchange, v *CacheVerdict, page NewFile, now time.Time) ([]companion, error) {
	c := x.farm.model.Cache
	if !x.at(disp4111) {
		return nil, nil
	}
	list := []companion{{suffix: headersSuffix, at: now}, {suffix: ttlSuffix}}
	if text := x.headersToStore(c.Headers); text != "" {
		if err := s.write(x, page, &list[0], text); err != nil {
			return list, err
		}
		v.StoredHeaders = true
	}
	if until, ok := x.expiry(x.answer.Header, now); ok && c.EnableTTL.Value {
		list[1].at = until
		if err := s.write(x, page, &list[1], ""); err != nil {
			return list, err
		}
		v.StoredTTL = true
	}
	return list, nil
}

func (s storeStage) write(x *Exchange, page NewFile, c *companion, text string) (err error) {
	if n, ok := page.(Neighbour); ok {
		c.file, err = n.CreateBeside(c.suffix, x.mode())
	} else {
		c.file, err = x.farm.root.Create(x.Decision.URI+c.suffix, x.mode())
	}
	if err != nil {
		c.file = nil
		return err
	}
	_, err = io.WriteString(c.file, text)
	return err
}

// place puts the page and the files beside it into place. Those come first, so that no other process finds the page without
// them; in this one nobody looks meanwhile. Where it fails, the page is not there at all: a flush may have taken its folder
// away while it was written.
func (s storeStage) place(x *Exchange, page NewFile, beside []companion, now time.Time) error {
	lock := x.fileLock()
	lock.Lock()
	defer lock.Unlock()
	neighbour, _ := page.(Neighbour)
	var err error
	for i := range beside {
		switch c := &beside[i]; {
		case c.file != nil:
			err = c.file.Commit(c.at)
		case neighbour != nil:
			err = neighbour.RemoveBeside(c.suffix)
		default:
			err = x.farm.root.Remove(x.Decision.URI + c.suffix)
		}
		if err != nil {
			break
		}
	}
	if err == nil {
		err = page.Commit(now)
	}
	if err != nil {
		return errors.Join(err, s.clear(x))
	}
	return nil
}

// clear removes the page, if it is one, and the files beside it. It is called under the lock of the page.
func (s storeStage) clear(x *Exchange) error {
	root, uri := x.farm.root, x.Decision.URI
	info, err := root.Stat(uri)
	if err == nil && info.Kind == FileRegular {
		err = root.Remove(uri)
	}
	return errors.Join(err, root.Remove(uri+headersSuffix), root.Remove(uri+ttlSuffix))
}

// headersToStore returns those headers of the answer that /headers names, a line for each.
func (x *Exchange) headersToStore(list *model.List) string {
	if list == nil {
		return ""
	}
	var b strings.Builder
	for _, f := range x.answer.Header {
		if !listed(list, f.Name) || strings.EqualFold(f.Name, "Last-Modified") && !x.at(disp690) {
			continue
		}
		b.WriteString(f.Name + ": " + f.Value + "\n")
	}
	return b.String()
}

func listed(list *model.List, name string) bool {
	for i := range list.Values {
		if strings.EqualFold(list.Values[i].Text, name) {
			return true
		}
	}
	return false
}

// dropStale removes a stale file whose page is not stored again, and what stands beside it. With /serveStaleOnError it
// stays until a good answer comes.
func (s storeStage) dropStale(x *Exchange, v *CacheVerdict) {
	if x.farm.root == nil || x.refetch || v.Action != ActionStale && v.Action != ActionExpired || x.farm.model.Cache.ServeStaleOnError.Value {
		return
	}
	if gone, err := s.clearStale(x); err != nil {
		s.sayStoreError(x, err)
	} else if gone && x.Trace != nil {
		x.say(s.Name(), LevelNote, "", "the stale file is removed: %s", joinDocroot(x.farm.docroot, x.Decision.URI))
	}
}

// clearStale removes the stale file, unless another has taken its place meanwhile.
func (s storeStage) clearStale(x *Exchange) (gone bool, err error) {
	lock := x.fileLock()
	lock.Lock()
	defer lock.Unlock()
	if info, err := x.farm.root.Stat(x.Decision.URI); err != nil || !sameFile(info, x.found) {
		return false, err
	}
	return true, s.clear(x)
}

// refusalWords say why an answer is not stored, where the module's own words are not published.
var refusalWords = map[Reason]string{
	ResponseStatus:       "response status is not 200",
	ResponseCacheControl: "response forbids caching",
	ResponseCut:          "response body is not complete",
	StoreFailed:          "cache file cannot be written",
}

func (s storeStage) sayRefusal(x *Exchange, reason Reason) {
	if x.Trace == nil {
		return
	}
	if info, _ := reason.cacheWords(); info != "" {
		x.say(s.Name(), LevelNote, reason, "not stored: %s", info)
		return
	}
	x.say(s.Name(), LevelNote, reason, "not stored: %s", refusalWords[reason])
}

// sayStoreError adds why the disk was not written to, in the module's words where they are known.
func (s storeStage) sayStoreError(x *Exchange, err error) {
	if !x.heard() {
		return
	}
	var e *StoreError
	if errors.As(err, &e) && e.Step == MakeParent && errors.Is(err, ErrNotFolder) {
		x.say(s.Name(), LevelError, StoreFailed, "Unable to create parent directory %s: Not a directory", joinDocroot(x.farm.docroot, e.Name))
		return
	}
	if errors.Is(err, ErrNoSpace) && x.at(disp825) {
		x.say(s.Name(), LevelNote, StoreFailed, "the disk is full: the page is delivered and not cached")
		return
	}
	x.say(s.Name(), LevelNote, StoreFailed, "the page is delivered and not cached: %v", err)
}
