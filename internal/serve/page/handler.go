package page

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/source"
)

// Options are what the page's port needs to know.
type Options struct {
	// Listen is the address that the page listens on, as --page gives it: requests for its host are answered, besides those
	// for loopback names and addresses. Requests for any other host are refused, so that no name that somebody points at
	// this machine lets another site read the page.
	Listen string
	// Prefix goes before the names of files, as --path-prefix asks.
	Prefix string
}

// Bounds of what the page asks and is told.
const (
	maxRecent     = 1000    // exchanges that a page begins with
	maxCacheFiles = 10_000  // files of the cache's tree
	maxPosted     = 1 << 20 // bytes of a form
	maxStreams    = 64      // pages that are open at once
	maxAhead      = 10 * 365 * 24 * time.Hour
)

// A handler answers on the page's port.
type handler struct {
	src      Source
	guard    guard
	prefix   string
	instance string // differs from one start of the server to the next
	index    []byte
	streams  atomic.Int32
	// every is how often a stream is written to at most, beat how often it shows that it lives.
	every, beat time.Duration
}

// Handler returns everything that the page's port answers. What it serves stands in the binary.
func Handler(src Source, o Options) http.Handler { return newHandler(src, o) }

func newHandler(src Source, o Options) *handler {
	token := rand.Text()
	return &handler{
		src: src, guard: newGuard(o.Listen, token), prefix: o.Prefix, instance: rand.Text(), index: indexWith(token),
		every: 100 * time.Millisecond, beat: 20 * time.Second,
	}
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	if refusal := h.guard.refuses(r); refusal != nil {
		fail(w, refusal.status, refusal.message)
		return
	}
	if path, ok := strings.CutPrefix(r.URL.Path, "/api/"); ok {
		h.api(w, r, path)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		fail(w, http.StatusMethodNotAllowed, "the page is read with GET")
		return
	}
	h.asset(w, r)
}

// An endpoint is something that the page's script asks.
type endpoint func(*handler, http.ResponseWriter, *http.Request)

// endpointOf returns what answers at a path below /api/ and the method that it wants; nil for nothing.
func endpointOf(path string) (endpoint, string) {
	switch path {
	case "state":
		return (*handler).state, http.MethodGet
	case "request":
		return (*handler).request, http.MethodGet
	case "cache":
		return (*handler).cache, http.MethodGet
	case "rules":
		return (*handler).rules, http.MethodGet
	case "findings":
		return (*handler).findings, http.MethodGet
	case "files":
		return (*handler).files, http.MethodGet
	case "file":
		return (*handler).file, http.MethodGet
	case "events":
		return (*handler).events, http.MethodGet
	case "send":
		return (*handler).send, http.MethodPost
	case "flush":
		return (*handler).flush, http.MethodPost
	case "clock":
		return (*handler).clock, http.MethodPost
	}
	return nil, ""
}

func (h *handler) api(w http.ResponseWriter, r *http.Request, path string) {
	e, method := endpointOf(path)
	switch {
	case e == nil:
		fail(w, http.StatusNotFound, "there is no such thing on this page")
	case r.Method != method:
		w.Header().Set("Allow", method)
		fail(w, http.StatusMethodNotAllowed, "it is asked with "+method)
	default:
		e(h, w, r)
	}
}

// fail answers with an error that people can read.
func fail(w http.ResponseWriter, status int, message string) {
	answer(w, status, struct {
		Error string `json:"error"`
	}{message})
}

// answer writes a value as JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = report.JSONLine(w, v) // who went away needs no answer
}

func (h *handler) state(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, h.stateJSON())
}

// request explains one request.
func (h *handler) request(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.URL.Query().Get("id"), 10, 64)
	if err != nil {
		fail(w, http.StatusBadRequest, "id is no number")
		return
	}
	x, ok := h.src.Explain(r.Context(), id)
	if !ok {
		fail(w, http.StatusNotFound, fmt.Sprintf("the path of request %d is not kept; send it again", id))
		return
	}
	j, err := newExplanationJSON(x, h.src.State().Config)
	if err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer(w, http.StatusOK, j)
}

func (h *handler) cache(w http.ResponseWriter, r *http.Request) {
	t, err := h.src.Cache(r.Context(), maxCacheFiles)
	if err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer(w, http.StatusOK, newCacheJSON(t, h.prefix))
}

func (h *handler) rules(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, newRulesJSON(h.src.Rules(), h.prefix))
}

// findings are dispcheck.lint/v1, or null where lint is still at work.
func (h *handler) findings(w http.ResponseWriter, _ *http.Request) {
	f := h.src.Findings()
	if f == nil {
		answer(w, http.StatusOK, nil)
		return
	}
	answer(w, http.StatusOK, report.NewLintJSON(f, h.prefix))
}

// files names the texts of the configuration.
func (h *handler) files(w http.ResponseWriter, _ *http.Request) {
	names := []fileJSON{}
	for _, f := range h.src.Files() {
		names = append(names, fileJSON{report.Path(h.prefix, f.Name), f.Lines()})
	}
	answer(w, http.StatusOK, names)
}

// file is one text, line by line.
func (h *handler) file(w http.ResponseWriter, r *http.Request) {
	f := h.named(r.URL.Query().Get("name"))
	if f == nil {
		fail(w, http.StatusNotFound, "the configuration that serves has no such file")
		return
	}
	answer(w, http.StatusOK, newTextJSON(f, h.prefix))
}

// named is a file of the configuration by the name that the page knows.
func (h *handler) named(name string) *source.File {
	for _, f := range h.src.Files() {
		if report.Path(h.prefix, f.Name) == name {
			return f
		}
	}
	return nil
}

// posted reads a form. It answers itself where that fails.
func posted(w http.ResponseWriter, r *http.Request, form any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPosted))
	d.DisallowUnknownFields()
	err := d.Decode(form)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return true
		}
		err = errors.New("more than one object")
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		fail(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a form has at most %d bytes", maxPosted))
		return false
	}
	fail(w, http.StatusBadRequest, "the form cannot be read: "+err.Error())
	return false
}

func (h *handler) send(w http.ResponseWriter, r *http.Request) {
	var form struct {
		Method string      `json:"method"`
		URL    string      `json:"url"`
		Host   string      `json:"host"`
		Header [][2]string `json:"headers"`
		Body   string      `json:"body"`
		Client string      `json:"client"`
	}
	if !posted(w, r, &form) {
		return
	}
	id, err := h.src.Send(r.Context(), Request{
		Method: form.Method, URL: form.URL, Host: form.Host, Header: form.Header, Body: []byte(form.Body), Client: form.Client,
	})
	if err != nil {
		fail(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	answer(w, http.StatusOK, struct {
		ID int64 `json:"id"`
	}{id})
}

func (h *handler) flush(w http.ResponseWriter, r *http.Request) {
	var form struct {
		Handle string `json:"handle"`
		Action string `json:"action"`
		Scope  string `json:"scope"`
		Host   string `json:"host"`
	}
	if !posted(w, r, &form) {
		return
	}
	f, err := h.src.Flush(r.Context(), Flush(form))
	if err != nil {
		fail(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	answer(w, http.StatusOK, struct {
		ID    int64                    `json:"id"`
		Flush *report.InvalidationJSON `json:"flush"`
	}{f.ID, report.NewFlushJSON(f.Report, f.Prefix)})
}

func (h *handler) clock(w http.ResponseWriter, r *http.Request) {
	var form struct {
		By string `json:"by"`
	}
	if !posted(w, r, &form) {
		return
	}
	d, err := parseAhead(form.By)
	if err != nil {
		fail(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	answer(w, http.StatusOK, struct {
		Now time.Time `json:"now"`
	}{h.src.Advance(d)})
}

// parseAhead reads how far the clock goes forward: "90s", "1h30m", "2d".
func parseAhead(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	var days time.Duration
	if n, rest, ok := strings.Cut(s, "d"); ok {
		count, err := strconv.ParseUint(n, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("%.40q is no time to add; write 90s, 10m, 1h30m or 2d", s)
		}
		days, s = time.Duration(count)*24*time.Hour, rest
		if s == "" {
			s = "0s"
		}
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%.40q is no time to add; write 90s, 10m, 1h30m or 2d", s)
	case d < 0:
		return 0, errors.New("the clock goes forward only")
	case d > maxAhead || d+days > maxAhead:
		return 0, errors.New("the clock goes forward by at most ten years at a time")
	}
	return d + days, nil
}
