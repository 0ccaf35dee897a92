package simulate

import (
	"bytes"
	"context"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/model"
)

// The invalidate stage answers flushes: GET or POST to a URL that ends with /invalidate.cache, or with both CQ-Action
// and CQ-Handle. They do not pass the filter. The farm was chosen as for any request, and its cache is the one that is
// flushed, for clients that /allowedClients lets. Others get 403; since 4.3.8 (DISP-1040) their headers CQ-* and Handle
// are taken off requests to other URLs, which then go on like any.
//
// A flush touches statfiles (flush_touch.go), deletes files (flush_delete.go), has pages fetched again that its body
// lists (flush_refetch.go), and is passed on to a program and to a render (flush_pass.go), in this order. What the store
// refuses is said, and the flush goes on: the answer is 200 all the same, which is inferred.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, page-invalidate.md, dispatcher-configuration.md and
// dispatcher-domains.md (paths, headers, /allowedClients), release-notes.md (DISP-1040);
// AdobeDocs/experience-manager-learn.en, disp-flushing.md (headers, log lines); Adobe knowledge base KA-19985 (an answer
// of 13 bytes).
type invalidateStage struct{}

func (invalidateStage) Name() string { return "invalidate" }

func (s invalidateStage) Run(ctx context.Context, x *Exchange) (*Decision, error) {
	var h flushHeaders
	h.read(x.Request.Header)
	named := strings.HasSuffix(x.Decision.URI, "/invalidate.cache")
	method := x.Request.Method
	isFlush := (method == "GET" || method == "POST") && (named || h.hasAction && h.hasHandle)
	strips := h.any && x.at(disp1040)
	if !isFlush && !strips {
		return nil, nil
	}
	client := clientText(x.Request.Client)
	rule, allowed := s.allowed(x, client)
	if !allowed && strips && !(isFlush && named) {
		s.strip(x)
		return nil, nil
	}
	if !isFlush {
		return nil, nil
	}
	v := &x.Decision.Invalidation
	v.Reached, v.Allowed, v.Rule = true, allowed, rule
	v.Handle, v.Path, v.Action, v.Scope = h.handle, h.path, h.action, h.scope
	if rule != nil {
		x.Decision.By = rule.At.Span
	}
	if x.Trace != nil {
		x.say(s.Name(), LevelNote, InvalidationRequest, "the request is an invalidation: /filter does not apply to it")
	}
	if !allowed {
		return s.reject(x, client), nil
	}
	f := flush{x: x, v: v}
	reason, err := f.run(ctx)
	if err != nil {
		return nil, err
	}
	return s.answer(x, reason), nil
}

// flushHeaders are the headers of a flush.
type flushHeaders struct {
	action, handle, path, scope string
	hasAction, hasHandle        bool
	// any says that there is a header of those that are taken off requests of clients that may not flush.
	any bool
}

// read takes the first of each header. Blanks around a value are no part of it (RFC 9110, 5.5).
func (f *flushHeaders) read(h Header) {
	for i := range h {
		name := h[i].Name
		if !isFlushHeader(name) {
			continue
		}
		f.any = true
		value := strings.Trim(h[i].Value, " \t")
		switch {
		case strings.EqualFold(name, "CQ-Action") && !f.hasAction:
			f.action, f.hasAction = value, true
		case strings.EqualFold(name, "CQ-Handle") && !f.hasHandle:
			f.handle, f.hasHandle = value, true
		case strings.EqualFold(name, "CQ-Path") && f.path == "":
			f.path = value
		case strings.EqualFold(name, "CQ-Action-Scope") && f.scope == "":
			f.scope = value
		}
	}
}

// isFlushHeader reports whether a name is CQ-… or Handle, in any letter case.
func isFlushHeader(name string) bool {
	if len(name) > 3 && name[2] == '-' {
		return name[0]|0x20 == 'c' && name[1]|0x20 == 'q'
	}
	return len(name) == len("handle") && name[0]|0x20 == 'h' && strings.EqualFold(name, "handle")
}

// clientText writes an address as /allowedClients sees it: IPv4 with dots also where it came as IPv6; "" for nobody's.
func clientText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.Unmap().WithZone("").String()
}

// allowed applies /allowedClients: the last entry that matches decides, and a section that is missing or empty lets
// everyone. Where there are entries and none matches, the client may not flush: that is inferred, as the rule lists of
// the module agree that what no rule allows is not allowed.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (allowedClients).
func (s invalidateStage) allowed(x *Exchange, client string) (*model.Rule, bool) {
	c := x.farm.model.Cache
	if c == nil || c.AllowedClients == nil || len(c.AllowedClients.Rules) == 0 {
		return nil, true
	}
	var rule *model.Rule
	if x.Trace != nil {
		e := evaluation{x: x, stage: s.Name(), section: "/cache/allowedClients", subject: client, globOnly: true}
		rule, _ = e.all(c.AllowedClients, nil)
	} else {
		for i := len(c.AllowedClients.Rules) - 1; i >= 0 && rule == nil; i-- {
			if r := c.AllowedClients.Rules[i]; usable(r.Glob) && r.Glob.Match(client) {
				rule = r
			}
		}
	}
	return rule, rule != nil && rule.Allow
}

// strip takes the headers of a flush off a request. The caller's request stays as it is.
func (s invalidateStage) strip(x *Exchange) {
	r := *x.Request
	r.Header = nil
	for _, f := range x.Request.Header {
		if !isFlushHeader(f.Name) {
			r.Header = append(r.Header, f)
		}
	}
	x.Request = &r
	if x.Trace != nil {
		x.sayOf(s.Name(), LevelNote, FlushHeadersRemoved, x.farm.model.Cache.AllowedClients.At, false,
			"the client may not flush: headers CQ-* and Handle are removed, and the request goes on without them")
	}
}

// reject ends a flush of a client that may not.
func (s invalidateStage) reject(x *Exchange, client string) *Decision {
	d := x.Decision
	section := x.farm.model.Cache.AllowedClients
	if d.By.IsZero() {
		d.By = section.At.Span
	}
	d.Response = Response{Status: 403, From: "dispatcher"}
	if x.heard() {
		at := ruleAt(d.Invalidation.Rule)
		if d.Invalidation.Rule == nil {
			at = section.At
			x.sayOf(s.Name(), LevelNote, FlushRejected, at, false, "no rule of /allowedClients matches %q: the client may not flush", client)
		}
		x.sayOf(s.Name(), LevelWarning, FlushRejected, at, d.Invalidation.Rule != nil, "Flushing rejected from %s", client)
	}
	s.saySummary(x, FlushRejected)
	x.answerEmpty()
	return x.settle(Flush, FlushRejected)
}

// flushAnswer is the body of the answer to a flush.
const flushAnswer = "<H1>OK</H1>\r\n"

// answer ends a flush with 200.
func (s invalidateStage) answer(x *Exchange, reason Reason) *Decision {
	r := &x.Decision.Response
	*r = Response{Status: 200, From: "dispatcher", Length: int64(len(flushAnswer)), Header: Header{
		{"Content-Type", "text/html"}, {"Content-Length", strconv.Itoa(len(flushAnswer))},
	}}
	if sink := x.Request.Sink; sink != nil {
		body := strings.NewReader(flushAnswer)
		if err := sink.Answer(r.Status, r.Header, body); err != nil {
			r.Cut, r.Length = true, int64(len(flushAnswer)-body.Len())
		}
	}
	s.saySummary(x, reason)
	return x.settle(Flush, reason)
}

// saySummary notes how long the flush took and adds the line that ends it, in the form of the release. A flush that
// did nothing is given the word of the other lines without an effect on the cache.
func (s invalidateStage) saySummary(x *Exchange, reason Reason) {
	d := x.Decision
	if now := x.engine.options.Now; now != nil {
		d.Took = max(0, now().Sub(x.start))
	}
	if x.Trace == nil {
		return
	}
	ms, uri, name := d.Took.Milliseconds(), escapePath(d.URI), x.farm.model.Name
	if x.at(v433) {
		word := "none"
		if reason == FlushDone {
			word = "purge"
		}
		x.say(s.Name(), LevelInfo, reason, `"%s %s" %d %s [%s/-] %dms`, x.Request.Method, uri, d.Response.Status, word, name, ms)
		return
	}
	status := "-"
	if d.Response.Status != 200 {
		status = strconv.Itoa(d.Response.Status)
	}
	x.say(s.Name(), LevelInfo, reason, `"%s %s" %s - %dms [%s/-]`, x.Request.Method, uri, status, ms, name)
}

// A flush is one flush that is being carried out.
type flush struct {
	x *Exchange
	v *Invalidation
	// handle is CQ-Handle, cleaned: it starts with a slash and ends with one only where it is the root.
	handle string
	now    time.Time
	// targets are the URLs to fetch again; kept are the names of their files, which are not deleted.
	targets []string
	kept    map[string]struct{}
	// read is what was read of the request's body.
	read bytes.Buffer
	// unlisted are how many files more were deleted than are listed, unsaid how many failures more than are said.
	unlisted, unsaid int
}

// run carries the flush out and returns its reason.
func (f *flush) run(ctx context.Context) (Reason, error) {
	x, v := f.x, f.v
	if v.Action == "" || v.Handle == "" {
		missing := "CQ-Handle"
		if v.Action == "" {
			missing = "CQ-Action"
		}
		f.note(FlushIncomplete, "the flush has no %s: nothing is done, and the answer is 200, which is inferred", missing)
		return FlushIncomplete, nil
	}
	if x.Trace != nil {
		x.say(invalidateStage{}.Name(), LevelInfo, InvalidationRequest, "Activation detected: action=%s [%s]", v.Action, v.Handle)
	}
	if strings.EqualFold(v.Action, "Test") {
		f.note(FlushTest, "the action is Test: the flush is answered, and nothing else is done")
		return FlushTest, nil
	}
	handle, ok := cleanHandle(v.Handle, len(x.farm.docroot))
	if !ok {
		f.note(FlushHandleUnusable, "handle %q is not a path in the document root: nothing is deleted or touched", v.Handle)
		return FlushHandleUnusable, nil
	}
	f.handle = handle
	if now := x.engine.options.Now; now != nil {
		f.now = now()
	}
	f.readTargets()
	if f.hasCache() {
		defer f.beginRefetch()()
		f.touch()
		if err := f.delete(ctx); err != nil {
			return "", err
		}
	}
	if err := f.refetchAll(ctx); err != nil {
		return "", err
	}
	if err := f.callHandler(ctx); err != nil {
		return "", err
	}
	return FlushDone, f.forward(ctx)
}

// hasCache reports whether the farm has files to flush.
func (f *flush) hasCache() bool {
	switch farm := f.x.farm; {
	case farm.model.Cache == nil:
		f.note(NoDocroot, "farm %s has no /cache: there is nothing to flush", farm.model.Name)
		return false
	case !farm.hasDocroot && !farm.cachePart:
		f.note(NoDocroot, "farm %s has no /docroot: there is nothing to flush", farm.model.Name)
		return false
	case farm.rootErr != nil:
		f.note(StoreFailed, "the document root cannot be opened: %v; nothing is flushed", farm.rootErr)
		return false
	}
	return true
}

// resourceOnly reports whether statfiles are left alone. Letter case is taken to be of no matter, as it is for
// actions.
func (f *flush) resourceOnly() bool { return strings.EqualFold(f.v.Scope, "ResourceOnly") }

// deletesBelow reports whether the action takes the folder of the handle away too.
func (f *flush) deletesBelow() bool { return deletesBelow(f.v.Action) }

func deletesBelow(action string) bool {
	return strings.EqualFold(action, "Delete") || strings.EqualFold(action, "Deactivate")
}

// note adds a remark.
func (f *flush) note(r Reason, format string, args ...any) {
	if f.x.Trace != nil {
		f.x.say(invalidateStage{}.Name(), LevelNote, r, format, args...)
	}
}

// maxSaid bounds how many failures of the store a flush says one by one.
const maxSaid = 20

// fail notes what the store refused.
func (f *flush) fail(name string, err error) {
	if len(f.v.Failed) >= maxSaid {
		f.unsaid++
		return
	}
	f.v.Failed = append(f.v.Failed, name)
	f.note(StoreFailed, "%s: %v; the flush goes on", escapePath(name), err)
}

// body returns the request's body as it was sent, also what has been read of it.
func (f *flush) body() io.Reader {
	if f.x.Request.Body == nil {
		return nil
	}
	return io.MultiReader(bytes.NewReader(f.read.Bytes()), f.x.Request.Body)
}
