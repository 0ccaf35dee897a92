package simulate

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/model"
)

// A CachedFile is a page in a document root.
type CachedFile struct {
	// Name is its name in the document root, "/content/a.html".
	Name string
	Info FileInfo
	// Validity is how a request for it would find it now.
	Validity Validity
	// Headers and TTL say that the cache keeps its headers, or the time that it is good until, beside it.
	Headers, TTL bool
}

// SurveyTime is the time at which a survey judges files.
type SurveyTime uint8

// The times.
const (
	AtOnce     SurveyTime = iota // now: a file that /gracePeriod saves is fresh
	AfterGrace                   // now, as if /gracePeriod were 0
)

// Survey calls visit for each page in the document root of a farm, in order of names, with how a request would find it
// now. Statfiles, files that the module keeps beside pages, and files that are being written are no pages. Links to
// folders are not followed. It stops at the first error of visit and returns it; other errors are a farm that is not
// the configuration's, a document root that cannot be read, and the context's.
func (e *Engine) Survey(ctx context.Context, f *model.Farm, when SurveyTime, visit func(CachedFile) error) error {
	farm, err := e.farmOf(f)
	switch {
	case err != nil:
		return err
	case farm.rootErr != nil:
		return fmt.Errorf("farm %s: document root %s: %w", f.Name, farm.docroot, farm.rootErr)
	case farm.root == nil:
		return nil
	}
	s := survey{x: e.judge(farm), visit: visit, now: e.options.Now()}
	s.x.noGrace = when == AfterGrace
	return s.folder(ctx, "")
}

// Invalidates reports whether statfiles count for a cache file of a farm, and the entry of /invalidate that decides;
// nil where none matches, so that they do not.
func (e *Engine) Invalidates(f *model.Farm, name string) (rule *model.Rule, invalidated bool, err error) {
	farm, err := e.farmOf(f)
	if err != nil {
		return nil, false, err
	}
	x := e.judge(farm)
	x.about(name)
	rule, invalidated = x.invalidated(name)
	return rule, invalidated, nil
}

// Judge says how a request for a page of a farm would find its cache file now: Validity.Known is false where there is none. Errors
// are a farm that is not of the configuration, and a document root that cannot be read.
func (e *Engine) Judge(f *model.Farm, name string) (Validity, error) {
	var v Validity
	farm, err := e.farmOf(f)
	switch {
	case err != nil:
		return v, err
	case farm.rootErr != nil:
		return v, farm.rootErr
	case farm.root == nil || isSpecial(name):
		return v, nil
	}
	info, err := farm.root.Stat(name)
	if err != nil || info.Kind != FileRegular {
		return v, err
	}
	x := e.judge(farm)
	x.about(name)
	err = x.validity(name, info, e.options.Now(), &v)
	return v, err
}

func (e *Engine) farmOf(f *model.Farm) (*farm, error) {
	for _, c := range e.farms.farms {
		if c.model == f {
			return c, nil
		}
	}
	return nil, fmt.Errorf("farm %s is not of this configuration", f.Name)
}

// judge returns an exchange that asks for cache files of a farm.
func (e *Engine) judge(f *farm) *Exchange {
	return &Exchange{Request: &Request{Method: "GET"}, Decision: new(Decision), engine: e, farm: f}
}

// about makes the exchange one for a name.
func (x *Exchange) about(name string) {
	x.Request.Target = name
	x.Decision.URI = name
	x.Decision.Parts.take(name)
	x.signature = signatureOf(name)
	x.hasLine = false
}

// A survey goes through one document root.
type survey struct {
	x     *Exchange
	now   time.Time
	visit func(CachedFile) error
}

// folder visits what is in a folder, "" being the root.
func (s *survey) folder(ctx context.Context, folder string) error {
	f := s.x.farm
	if len(f.docroot)+len(folder) >= pathMax {
		return fmt.Errorf("farm %s: %s…: %w", f.model.Name, folder[:min(len(folder), 80)], ErrNameTooLong)
	}
	entries, err := f.root.List(folderName(folder))
	if err != nil {
		return fmt.Errorf("farm %s: %w", f.model.Name, err)
	}
	has := func(name string) bool {
		i, ok := slices.BinarySearchFunc(entries, name, func(e Entry, name string) int { return strings.Compare(e.Name, name) })
		return ok && entries[i].Kind == FileRegular
	}
	for _, i := range inNameOrder(entries) {
		if err := ctx.Err(); err != nil {
			return err
		}
		e := &entries[i]
		name := folder + "/" + e.Name
		if e.Kind == FileFolder {
			if err := s.folder(ctx, name); err != nil {
				return err
			}
			continue
		}
		if isSpecial(name) || name == f.stat.one {
			continue
		}
		info := e.FileInfo
		if e.Kind == FileLink {
			if info, err = f.root.Stat(name); err != nil {
				return fmt.Errorf("farm %s: %w", f.model.Name, err)
			}
		}
		if info.Kind != FileRegular {
			continue
		}
		c := CachedFile{Name: name, Info: info, Headers: has(e.Name + headersSuffix), TTL: has(e.Name + ttlSuffix)}
		s.x.about(name)
		if err := s.x.validity(name, info, s.now, &c.Validity); err != nil {
			return fmt.Errorf("farm %s: %w", f.model.Name, err)
		}
		if err := s.visit(c); err != nil {
			return err
		}
	}
	return nil
}

// inNameOrder returns the order in which entries are visited, so that whole names come in order: what is in a folder
// comes where the folder's name with a slash would.
func inNameOrder(entries []Entry) []int {
	order := make([]int, len(entries))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compareEntries(&entries[a], &entries[b]) })
	return order
}

func compareEntries(a, b *Entry) int {
	n := min(len(a.Name), len(b.Name))
	if c := strings.Compare(a.Name[:n], b.Name[:n]); c != 0 {
		return c
	}
	return int(byteAt(a, n)) - int(byteAt(b, n))
}

// byteAt returns the byte after n others in the name of an entry, which ends with a slash where it is a folder's.
func byteAt(e *Entry, n int) byte {
	switch {
	case n < len(e.Name):
		return e.Name[n]
	case e.Kind == FileFolder:
		return '/'
	}
	return 0
}

// Why says in words how a cache file was judged and which statfile decided: "stale: /content/.stat was touched after
// it".
func (v *Validity) Why() string {
	if !v.Known {
		return "not judged: there is no cache file"
	}
	word := "stale: "
	if v.Fresh {
		word = "fresh: "
	}
	switch v.Reason {
	case Expired:
		return word + "its time to live is over"
	case NotExpired:
		return word + "its time to live is not over"
	case NotInvalidated:
		return word + "/invalidate does not apply to it"
	case NoStatfile:
		return word + "there is no statfile for it"
	case NewerThanStatfile:
		return word + v.Statfile + " was not touched after it"
	case GracePeriod:
		return word + v.Statfile + " was touched after it, but less than /gracePeriod ago"
	case OlderThanStatfile:
		return word + v.Statfile + " was touched after it"
	}
	return word + string(v.Reason)
}

// A FlushRequest is what a flush asks for: its headers CQ-Handle, CQ-Action and CQ-Action-Scope.
type FlushRequest struct{ Handle, Action, Scope string }

// A FlushEffect is what a flush does to a cache at one value of /statfileslevel.
type FlushEffect struct {
	// Level is the value of /statfileslevel.
	Level int
	// Files is how many pages there are.
	Files int
	// Touched are the statfiles that are touched, from the root down. Deleted are the pages that are removed, Stale those
	// that are there and are stale afterwards, both in the order in which they were named.
	Touched, Deleted, Stale []string
}

// Share returns which share of the pages is stale afterwards, from 0 to 1; 0 where there are none.
func (e *FlushEffect) Share() float64 {
	if e.Files == 0 {
		return 0
	}
	return float64(len(e.Stale)) / float64(e.Files)
}

// WhatIf says what a flush would do to a cache that holds pages of these names, at each of some values of
// /statfileslevel: see [StaleAfter]. /invalidate of the farm decides for which of them statfiles count. Errors are a
// farm that is not of the configuration, and a handle that is no path in the document root.
func (e *Engine) WhatIf(f *model.Farm, names iter.Seq[string], flush FlushRequest, levels []int) ([]FlushEffect, error) {
	farm, err := e.farmOf(f)
	if err != nil {
		return nil, err
	}
	if _, ok := cleanHandle(flush.Handle, len(farm.docroot)); !ok {
		return nil, fmt.Errorf("handle %q is not a path in the document root", flush.Handle)
	}
	// Whether statfiles count is asked once for each page, not once for each level.
	x := e.judge(farm)
	list, counts := slices.Collect(names), map[string]bool{}
	for _, name := range list {
		x.about(name)
		_, counts[name] = x.invalidated(name)
	}
	effects := make([]FlushEffect, 0, len(levels))
	for _, level := range levels {
		effects = append(effects, StaleAfter(slices.Values(list), flush, level, func(name string) bool { return counts[name] }))
	}
	return effects, nil
}

// StaleAfter says what a flush does to a cache that holds pages of these names, at one value of /statfileslevel. All
// pages are taken to be fresh before, and each folder down to that level to have its statfile, as it has after a flush
// in each: where a folder has none yet, a touched statfile above it counts for it, and more becomes stale. invalidated
// says for which pages statfiles count. Folders are there where a name lies in them. Names that the module gives to files
// beside pages are no pages, and those that do not start with a slash are passed over. A handle that is no path, or the root of a flush that would empty the cache,
// deletes nothing.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (statfileslevel) and
// page-invalidate.md.
func StaleAfter(names iter.Seq[string], flush FlushRequest, level int, invalidated func(name string) bool) FlushEffect {
	e := FlushEffect{Level: level}
	handle, ok := cleanHandle(flush.Handle, 0)
	if strings.EqualFold(flush.Action, "Test") || flush.Action == "" {
		ok = false
	}
	stat := statfiles{level: max(0, level)}
	// touched are the folders whose statfile is touched; there says which of them hold something.
	var touched []string
	if ok && !strings.EqualFold(flush.Scope, "ResourceOnly") {
		stat.folders(handle, func(folder string) bool {
			touched = append(touched, folder)
			return false
		})
	}
	there := make(map[string]bool, len(touched))
	for name := range names {
		if name == "" || name[0] != '/' {
			continue
		}
		for _, folder := range touched {
			if !there[folder] && strings.HasPrefix(name, folder+"/") {
				there[folder] = true
			}
		}
		if isSpecial(name) {
			continue
		}
		e.Files++
		if ok && isDeletedBy(name, handle, deletesBelow(flush.Action)) {
			e.Deleted = append(e.Deleted, name)
			continue
		}
		if folder := stat.governs(name); slices.Contains(touched, folder) && invalidated(name) {
			e.Stale = append(e.Stale, name)
		}
	}
	for _, folder := range slices.Backward(touched) {
		if folder == "" || there[folder] {
			e.Touched = append(e.Touched, folder+statName)
		}
	}
	return e
}

// governs returns the deepest folder of a name that may have a statfile.
func (s *statfiles) governs(name string) (deepest string) {
	s.folders(name, func(folder string) bool {
		deepest = folder
		return true
	})
	return deepest
}

// isDeletedBy reports whether a flush of a handle removes a page: what delete does, for a name.
func isDeletedBy(name, handle string, below bool) bool {
	if handle == "/" {
		return strings.HasPrefix(name, contentFolder+"/")
	}
	rest, ok := strings.CutPrefix(name, handle)
	switch {
	case !ok:
		return false
	case rest == "":
		return true
	case rest[0] == '.':
		return strings.IndexByte(rest, '/') < 0
	}
	return below && rest[0] == '/' || strings.HasPrefix(rest, contentFolder+"/")
}

// IgnoresParam reports whether /ignoreUrlParams of a farm ignores a parameter of a query, so that it does not keep the answer
// out of the cache.
func (e *Engine) IgnoresParam(f *model.Farm, name string) (bool, error) {
	farm, err := e.farmOf(f)
	if err != nil {
		return false, err
	}
	x := e.judge(farm)
	_, ignored := cacheableStage{}.checkParam(x, name)
	return ignored, nil
}
