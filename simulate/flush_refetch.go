package simulate

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"
)

// Bounds of the body of a flush: what is beyond is not read. The module's own are not published.
const (
	maxRefetchBody  = 1 << 20
	maxRefetchLines = 10_000
)

// readTargets reads the list of pages to fetch again: the body of a flush with Content-Type: text/plain, one URL a
// line. Since 4.3.3 they may have a query (DISP-826).
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, page-invalidate.md and release-notes.md.
func (f *flush) readTargets() {
	r := f.x.Request
	if r.Body == nil || !isPlainText(r.Header) {
		return
	}
	lines := bufio.NewReader(io.TeeReader(io.LimitReader(r.Body, maxRefetchBody+1), &f.read))
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if err != nil && err != io.EOF {
			f.note("", "the body of the flush broke off: %v; its last line is not read", err)
			return
		}
		if err == io.EOF && f.read.Len() > maxRefetchBody {
			f.note("", "the body of the flush is longer than %d bytes: what is beyond is not read", maxRefetchBody)
			return
		}
		if line = strings.Trim(line, " \t\r\n"); line != "" {
			if n > maxRefetchLines {
				f.note("", "the body of the flush has more than %d lines: those beyond are not read", maxRefetchLines)
				return
			}
			f.addTarget(n, line)
		}
		if err == io.EOF {
			return
		}
	}
}

func (f *flush) addTarget(n int, line string) {
	switch {
	case line[0] != '/':
		f.note(BadTarget, "line %d of the body is no path that starts with a slash: it is passed over", n)
	case !f.x.at(disp826) && strings.IndexByte(line, '?') >= 0:
		f.note(Refetch, "line %d of the body has a query, which releases before 4.3.3 do not take: it is passed over", n)
	default:
		f.targets = append(f.targets, line)
	}
}

// isPlainText reports whether a message is of type text/plain, with whatever parameters.
func isPlainText(h Header) bool {
	value, _ := h.Value("Content-Type")
	value, _, _ = strings.Cut(value, ";")
	return strings.EqualFold(strings.Trim(value, " \t"), "text/plain")
}

// beginRefetch notes the files of the pages that are to be fetched again: they are not deleted, and others who ask for
// them get them as they are until they are replaced. The function that it returns ends that.
//
// Sources: AdobeDocs/experience-manager-learn.en, chapter-1.md; adobe/aem-dispatcher-experiments, refetching-flush.
func (f *flush) beginRefetch() (end func()) {
	var begun []refreshed
	memory, docroot := &f.x.engine.memory.refreshing, f.x.farm.docroot
	for _, target := range f.targets {
		name, ok := f.x.refetchName(target)
		if !ok {
			continue
		}
		if f.kept == nil {
			f.kept = map[string]struct{}{}
		}
		f.kept[name], f.kept[name+headersSuffix], f.kept[name+ttlSuffix] = struct{}{}, struct{}{}, struct{}{}
		if file := (refreshed{docroot, name}); f.x.engine.options.Backend != nil && memory.begin(file) {
			begun = append(begun, file)
		}
	}
	return func() {
		for _, file := range begun {
			memory.end(file)
		}
	}
}

// refetchAll fetches the pages one after the other.
func (f *flush) refetchAll(ctx context.Context) error {
	for _, target := range f.targets {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.x.engine.options.Backend == nil {
			f.v.Refetched = append(f.v.Refetched, Refetched{URL: target})
			f.note(Refetch, "%s would be fetched from a render; there is none here", target)
			continue
		}
		done, err := f.x.engine.refetch(ctx, f.x, target)
		if err != nil {
			return err
		}
		f.v.Refetched = append(f.v.Refetched, done)
		if !done.Stored {
			f.note(Refetch, "%s was fetched and not stored: what the cache had of it stays", target)
		}
	}
	return nil
}

// refetch fetches a page for a flush: like a client's GET of the same host, from the cacheable stage on, whatever the
// cache holds.
func (e *Engine) refetch(ctx context.Context, x *Exchange, target string) (Refetched, error) {
	n := x.refetchExchange(target)
	n.Trace = x.Trace
	done, err := rewriteStage{}.Run(ctx, n)
	first := slices.Index(Stages(), cacheableStage{}.Name())
	for _, s := range stages[first:] {
		if done != nil || err != nil {
			break
		}
		done, err = s.Run(ctx, n)
	}
	r := Refetched{URL: target, Stored: n.Decision.Cache.Stored}
	if n.answer != nil && n.failed == "" {
		r.Status = n.answer.Status
	}
	return r, err
}

// refetchExchange makes the exchange of a page that is to be fetched again.
func (x *Exchange) refetchExchange(target string) *Exchange {
	r := x.Request
	n := &Exchange{
		Request:  &Request{Method: "GET", Target: target, Proto: r.Proto, Host: r.Host, TLS: r.TLS, Client: r.Client},
		Decision: new(Decision), engine: x.engine, farm: x.farm, state: state{refetch: true},
	}
	n.Decision.Farm = x.Decision.Farm
	if now := x.engine.options.Now; now != nil {
		n.start = now()
	}
	return n
}

// refetchName returns the name of the file that a page is stored under; ok says that there is one, which is not so
// where the page is not cacheable.
func (x *Exchange) refetchName(target string) (name string, ok bool) {
	n := x.refetchExchange(target)
	// Neither of the stages returns an error.
	if done, _ := (rewriteStage{}).Run(context.Background(), n); done != nil {
		return "", false
	}
	if done, _ := (cacheableStage{}).Run(context.Background(), n); done != nil {
		return "", false
	}
	return n.Decision.URI, n.Decision.Cache.Cacheable
}
