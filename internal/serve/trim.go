package serve

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// maxListed bounds the pages that are looked at in one go.
const maxListed = 5_000_000

// A pageList is the pages of a cache, with what each takes together with the files beside it. A full cache has very many: one
// takes 32 bytes here and its name.
type pageList struct {
	folders []cacheFolder
	names   []byte
	pages   []cachedPage
}

type cacheFolder struct {
	root simulate.Docroot
	path string
}

type cachedPage struct {
	second, size int64
	nanosecond   int32
	folder, name uint32 // where they are in the lists
	length       uint16 // of the name
	beside       besides
}

// besides say which of besideSuffixes a page has, a bit for each.
type besides uint8

var besideSuffixes = [...]string{".h", ".ttl"}

func (l *pageList) add(folder uint32, name string, size int64, mod time.Time, beside besides) {
	l.pages = append(l.pages, cachedPage{
		second: mod.Unix(), nanosecond: int32(mod.Nanosecond()), size: size, folder: folder, name: uint32(len(l.names)), length: uint16(len(name)), beside: beside,
	})
	l.names = append(l.names, name...)
}

// name is that of a page in its document root.
func (l *pageList) name(p *cachedPage) string {
	return l.folders[p.folder].path + "/" + string(l.names[p.name:p.name+uint32(p.length)])
}

// sort puts the oldest first.
func (l *pageList) sort() {
	slices.SortFunc(l.pages, func(a, b cachedPage) int {
		if c := cmp.Or(cmp.Compare(a.second, b.second), cmp.Compare(a.nanosecond, b.nanosecond)); c != 0 {
			return c
		}
		return strings.Compare(l.name(&a), l.name(&b))
	})
}

// trim removes the oldest pages until the cache takes no more than three quarters of its bound: to look through a full one takes
// long, and is not done again soon. It returns how many it removed.
func (k *keeper) trim() int {
	g := k.server.use()
	defer g.leave()
	var list pageList
	var total int64
	for _, path := range outer(g.roots) {
		root, err := g.store.Docroot(path)
		if err != nil {
			continue
		}
		total += list.walk(root, "")
	}
	k.size.Store(total)
	if total <= k.most {
		return 0
	}
	list.sort()
	removed := 0
	for i := range list.pages {
		if total <= k.most/4*3 || k.server.ctx.Err() != nil {
			break
		}
		p := &list.pages[i]
		root, name := list.folders[p.folder].root, list.name(p)
		err := root.Remove(name)
		for bit, suffix := range besideSuffixes {
			if p.beside>>bit&1 == 1 {
				err = errors.Join(err, root.Remove(name+suffix))
			}
		}
		if err == nil {
			total -= p.size
			removed++
		}
	}
	k.size.Store(total)
	return removed
}

// outer are the roots that lie in no other.
func outer(roots []string) []string {
	return slices.DeleteFunc(slices.Clone(roots), func(r string) bool {
		return slices.ContainsFunc(roots, func(o string) bool { return o != r && strings.HasPrefix(r, o+"/") })
	})
}

// walk adds the pages of a folder and below, and returns what all files in it take.
func (l *pageList) walk(root simulate.Docroot, folder string) int64 {
	entries, err := root.List(folder + "/")
	if err != nil {
		return 0
	}
	var total int64
	type files struct {
		size int64
		kind besides
	}
	beside := map[string]files{}
	for _, e := range entries {
		if e.Kind == simulate.FileRegular && !simulate.IsPage(e.Name) {
			total += e.Size + fileCost
			for bit, suffix := range besideSuffixes {
				if page, ok := strings.CutSuffix(e.Name, suffix); ok {
					b := beside[page]
					beside[page] = files{b.size + e.Size + fileCost, b.kind | 1<<bit}
				}
			}
		}
	}
	at := uint32(len(l.folders))
	l.folders = append(l.folders, cacheFolder{root, folder})
	for _, e := range entries {
		switch {
		case len(l.pages) >= maxListed:
			return total
		case e.Kind == simulate.FileFolder:
			total += l.walk(root, folder+"/"+e.Name)
		case e.Kind == simulate.FileRegular && simulate.IsPage(e.Name):
			total += e.Size + fileCost
			b := beside[e.Name]
			l.add(at, e.Name, e.Size+fileCost+b.size, e.Mod, b.kind)
		}
	}
	return total
}
