package simulate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/model"
)

// The vanity stage asks the list of /vanity_urls about a request that the filter denied: a URL on the list is let
// through. The list is fetched from a render when a request is denied and the list is missing or older than /delay
// seconds; nothing fetches it in the background. Without a backend, and where no list is given, the verdict stays as the
// filter gave it and says that it depends on the list.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (vanity URLs) and release-notes.md
// (DISP-709, DISP-944, DISP-998); AdobeDocs/experience-manager-learn.en, common-logs.md (log lines);
// blog.kristianwright.com, AEM Dispatcher and vanity URLs, 2016 (fetched when asked for).
type vanityStage struct{}

func (vanityStage) Name() string { return "vanity" }

func (s vanityStage) Run(ctx context.Context, x *Exchange) (*Decision, error) {
	v := &x.Decision.Filter
	if v.Allow {
		return nil, nil
	}
	at := x.farm.model.VanityURLs.At
	if x.Trace != nil {
		x.sayOf(s.Name(), LevelDebug, v.Reason, at, false, "Checking vanity URLs")
	}
	list := x.engine.memory.vanity.of(x.farm.model.VanityURLs.File.Value)
	known, has := s.ask(ctx, x, list)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch {
	case !known:
		v.VanityUnknown = true
		if x.Trace != nil {
			x.sayOf(s.Name(), LevelNote, VanityUnknown, at, false, "the vanity list is not known: a URL that is on it would be allowed")
		}
	case has:
		v.Allow, v.Vanity, v.Reason = true, true, VanityAllowed
		x.Decision.By, x.Decision.Response = at.Span, Response{}
		if x.Trace != nil {
			x.sayOf(s.Name(), LevelNote, VanityAllowed, at, true, "%s is a vanity URL: it is allowed, though the filter denies it", escapePath(x.Decision.URI))
		}
		return nil, nil
	}
	return filterStage{}.deny(x), nil
}

// ask reports whether a list is known, and has the URI. Before that it fetches the list where that is due.
func (s vanityStage) ask(ctx context.Context, x *Exchange, l *vanityList) (known, has bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delay := time.Duration(x.farm.model.VanityURLs.Delay.Value) * time.Second
	if x.engine.options.Backend != nil && (!l.known || x.start.Sub(l.fetched) > delay) {
		s.fetch(ctx, x, l)
	}
	if !l.known {
		// A list that could not be fetched is an empty one to the module.
		return x.engine.options.Backend != nil, false
	}
	if _, has = l.urls[x.Decision.URI]; !has && !x.at(disp709) {
		// Before DISP-709 a vanity URL was let through with an extension of its own, too.
		_, has = l.urls[x.Decision.Parts.Path]
	}
	return true, has
}

// Bounds of a vanity list.
const (
	maxVanityList = 16 << 20
	maxVanityURL  = 64 << 10
)

// fetch asks a render for the list. What it had stays where that fails.
func (s vanityStage) fetch(ctx context.Context, x *Exchange, l *vanityList) {
	v := x.farm.model.VanityURLs
	if x.Trace != nil {
		if l.known {
			x.sayOf(s.Name(), LevelNote, "", v.At, false, "vanity URL file %s is older than %d s: fetching", v.File.Value, v.Delay.Value)
		} else {
			x.sayOf(s.Name(), LevelDebug, "", v.At, false, "Vanity URL file (%s) not found, fetching...", v.File.Value)
		}
	}
	a, render, err := x.ask(ctx, ForVanityList, "GET", v.URL.Value, nil, nil, 0)
	var urls map[string]struct{}
	if err == nil {
		urls, err = readVanityList(a)
		x.release(drain(a))
	}
	if err != nil {
		if x.heard() {
			x.sayOf(s.Name(), LevelWarning, VanityUnknown, v.At, false, "Unable to fetch vanity URLs from %s%s: %v", answeredFrom(a, render), v.URL.Value, err)
		}
		return
	}
	l.urls, l.fetched, l.known = urls, x.start, true
	if x.Trace != nil {
		x.sayOf(s.Name(), LevelDebug, "", v.At, false, "Loaded %d vanity URLs from file %s", len(urls), v.File.Value)
	}
}

// answeredFrom returns where an answer came from, or should have come from.
func answeredFrom(a *Answer, r *model.Render) string {
	switch {
	case a != nil && a.Addr != "":
		return a.Addr
	case r != nil:
		return RenderAddr(r)
	}
	return "-"
}

// readVanityList reads one URL from each line.
func readVanityList(a *Answer) (map[string]struct{}, error) {
	if a.Status != http.StatusOK {
		proto := a.Proto
		if proto == "" {
			proto = "HTTP/1.1"
		}
		return nil, fmt.Errorf("remote server returned: %s %d %s", proto, a.Status, http.StatusText(a.Status))
	}
	urls := map[string]struct{}{}
	if a.Body == nil {
		return urls, nil
	}
	limited := &io.LimitedReader{R: a.Body, N: maxVanityList}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, maxVanityURL)
	for lines.Scan() {
		if url := strings.TrimSpace(lines.Text()); url != "" {
			urls[url] = struct{}{}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if limited.N == 0 {
		return nil, errors.New("the list is longer than 16 MiB")
	}
	return urls, nil
}
