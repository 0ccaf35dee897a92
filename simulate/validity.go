package simulate

import (
	"path"
	"strings"
	"time"
	"unsafe"

	"github.com/dispcheck/dispcheck/model"
)

// Validity says whether a cache file may be delivered, and what decided.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (statfileslevel, gracePeriod,
// enableTTL) and release-notes.md (DISP-954); AdobeDocs/experience-manager-learn.en, disp-flushing.md (the nearest
// statfile); adobe/aem-dispatcher-experiments (log lines).
type Validity struct {
	// Known says that there is a file and that it was judged.
	Known bool
	Fresh bool
	// Reason is NotExpired, Expired, NotInvalidated, NoStatfile, NewerThanStatfile, GracePeriod or OlderThanStatfile.
	Reason Reason
	// File is what stands in the cache.
	File FileInfo
	// Expires is the time of the .ttl file, the zero time where there is none or it does not count.
	Expires time.Time
	// Statfile is the name of the statfile that governs the file, "/content/.stat", or its path on the web server where it
	// lies outside of the document root. "" where none was looked at or there is none. Touched is its time.
	Statfile string
	Touched  time.Time
	// Rule is the entry of /invalidate that decided whether statfiles count, nil where none did or it was not asked.
	Rule *model.Rule
}

// statfiles says which statfiles a farm has.
type statfiles struct {
	// level is /statfileslevel.
	level int
	// one is the name of the only statfile, where it is not .stat in the root: /statfile counts without
	// /statfileslevel alone. It starts at the document root, or outside holds its path.
	one     string
	outside string
}

// statName is what statfiles are called.
const statName = "/.stat"

// folders calls visit for the folders of a name that may have a statfile, the deepest first: "/a/b", "/a", "". It stops
// where visit returns true. Of a file it is those above it.
func (s *statfiles) folders(name string, visit func(folder string) bool) {
	depth, end := 0, 0
	for i := 1; i < len(name); i++ {
		if name[i] != '/' {
			continue
		}
		if depth == s.level {
			break
		}
		depth++
		end = i
	}
	for {
		if visit(name[:end]) || end == 0 {
			return
		}
		end = strings.LastIndexByte(name[:end], '/')
	}
}

// validity judges a cache file. uri is its name in the document root, x the request for it.
func (x *Exchange) validity(uri string, info FileInfo, now time.Time, v *Validity) error {
	f, c := x.farm, x.farm.model.Cache
	*v = Validity{Known: true, File: info, Fresh: true}
	if c.EnableTTL.Value && x.at(disp4111) {
		ttl, err := f.root.Stat(x.scratchName(uri, ttlSuffix))
		if err != nil {
			return err
		}
		if ttl.Kind == FileRegular {
			v.Expires = ttl.Mod
			if now.After(ttl.Mod) {
				v.Fresh, v.Reason = false, Expired
				return nil
			}
			v.Reason = NotExpired
			if !x.at(disp954) {
				return nil
			}
		}
	}
	rule, invalidated := x.invalidated(uri)
	v.Rule = rule
	if !invalidated {
		if v.Reason == "" {
			v.Reason = NotInvalidated
		}
		return nil
	}
	found, err := x.governing(uri, v)
	if err != nil {
		return err
	}
	switch grace := time.Duration(c.GracePeriod.Value) * time.Second; {
	case !found:
		v.Reason = NoStatfile
	case !info.Mod.Before(v.Touched):
		v.Reason = NewerThanStatfile
	case grace > 0 && !x.noGrace && now.Before(v.Touched.Add(grace)):
		v.Reason = GracePeriod
	default:
		v.Fresh, v.Reason = false, OlderThanStatfile
	}
	return nil
}

// invalidated reports whether statfiles count for a file, and the entry of /invalidate that decided. Where none matches
// they do not.
func (x *Exchange) invalidated(uri string) (*model.Rule, bool) {
	list := x.farm.invalidate
	if list == nil {
		return nil, false
	}
	var r *model.Rule
	if x.Trace != nil {
		e := evaluation{x: x, stage: lookupStage{}.Name(), section: "/cache/invalidate", subject: uri}
		r, _ = e.all(list.section, nil)
	} else {
		r = list.last(x)
	}
	return r, r != nil && r.Allow
}

// governing finds the statfile that a file is compared with: the nearest above it, down to the depth of
// /statfileslevel. With the reading ExactStat it is the one at that depth.
func (x *Exchange) governing(uri string, v *Validity) (bool, error) {
	f := x.farm
	if f.stat.outside != "" {
		t, ok := x.engine.memory.outside.time(f.stat.outside)
		if ok {
			v.Statfile, v.Touched = f.stat.outside, t
		} else if x.Trace != nil {
			x.sayOf(lookupStage{}.Name(), LevelNote, NotSimulated, f.model.Cache.Statfile.At, false, "statfile %s lies outside of the document root: what is on the disk there is not looked at", f.stat.outside)
		}
		return ok, nil
	}
	if f.stat.one != "" {
		info, err := f.root.Stat(f.stat.one)
		if err != nil || info.Kind != FileRegular {
			return false, err
		}
		v.Statfile, v.Touched = f.stat.one, info.Mod
		return true, nil
	}
	found := false
	var err error
	f.stat.folders(uri, func(folder string) bool {
		var info FileInfo
		info, err = f.root.Stat(x.scratchName(folder, statName))
		if err == nil && info.Kind == FileRegular {
			v.Statfile, v.Touched, found = f.statfileName(folder), info.Mod, true
		}
		return found || err != nil || x.engine.options.Readings.ExactStat
	})
	return found, err
}

// statfileName returns the name of the statfile of a folder.
func (f *farm) statfileName(folder string) string {
	if folder == "" {
		return statName
	}
	return folder + statName
}

// scratchName joins two texts in memory of the exchange: the result is good until the next call.
func (x *Exchange) scratchName(a, b string) string {
	x.name = append(append(x.name[:0], a...), b...)
	return unsafe.String(unsafe.SliceData(x.name), len(x.name))
}

// IsPage reports whether a name in a document root is of a page, and not of what the module keeps beside pages: statfiles,
// stored headers, times to live, files that are being written.
func IsPage(name string) bool { return !isSpecial(name) }

// isSpecial reports whether a name is of a file that the module keeps beside its pages, or is writing.
func isSpecial(name string) bool {
	base := path.Base(name)
	return base == ".stat" || strings.HasSuffix(base, headersSuffix) || strings.HasSuffix(base, ttlSuffix) || isTemporary(base)
}

// The ends of the names of files that the module keeps beside a page.
const (
	headersSuffix = ".h"
	ttlSuffix     = ".ttl"
)

// isTemporary reports whether a name ends as the module's temporary files do: _YYYYXXXXXX.
func isTemporary(base string) bool {
	if len(base) <= tempSuffix || base[len(base)-tempSuffix] != '_' {
		return false
	}
	for _, c := range []byte(base[len(base)-tempSuffix+1:]) {
		if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z') {
			return false
		}
	}
	return true
}
