package apacheconf

import (
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/spelling"
	"github.com/dispcheck/dispcheck/source"
)

// An inclusion is one Include or IncludeOptional that is being carried out.
type inclusion struct {
	r        *reader
	list     *[]*Node
	node     *Node
	line     line
	word     Word
	optional bool
	included []source.Span // of the texts that it reads
	failed   bool          // httpd stops at the first file that cannot be read
}

func includeAction(r *reader, _ *input, b *builder, n *Node, l line) {
	words, ok := r.words(n, l, 1, 1)
	if !ok {
		return
	}
	inc := &inclusion{
		r: r, list: b.target(), node: n, line: l, word: words[0], optional: n.Key == "includeoptional",
		included: append(slices.Clip(l.included), n.At),
	}
	if r.includes++; r.includes > maxIncluded {
		inc.refuse("DSP113", "let no file include one that leads back to it", "includes lie more than 128 deep in each other: %s", inc.circle())
		r.stopped = true
	} else {
		full := Absolute(r.tree.Root, words[0].Text)
		if HasWildcard(full) {
			inc.match("/", strings.TrimPrefix(full, "/"))
		} else {
			inc.plain(full, 0)
		}
	}
	r.includes--
}

// circle says which files lead to each other.
func (inc *inclusion) circle() string {
	seen := map[*source.File]bool{}
	var names []string
	for i := len(inc.included) - 1; i >= 0; i-- {
		f := inc.included[i].File
		if seen[f] {
			break
		}
		seen[f] = true
		names = append(names, f.Name)
	}
	slices.Reverse(names)
	if len(names) == 1 {
		return names[0] + " includes itself"
	}
	if len(names) > 5 {
		names = append(names[:4:4], "…", names[len(names)-1])
	}
	return strings.Join(names, " includes ") + " includes " + names[0]
}

func (inc *inclusion) refuse(rule, hint, format string, args ...any) {
	inc.failed = true
	inc.r.refuse(rule, inc.node.WordSpan(inc.word), inc.line, hint, format, args...)
}

// plain reads a file, or all files of a folder and of those within it in the order of their names.
func (inc *inclusion) plain(name string, depth int) {
	r := inc.r
	if inc.failed || r.done() {
		return
	}
	fi, err := r.opt.FS.Stat(name)
	if err != nil {
		if !inc.optional {
			inc.refuse("DSP111", inc.near(name), "file %s is not there", inc.shown(name))
		}
		return
	}
	if !fi.IsDir() {
		f, err := r.opt.FS.ReadFile(name)
		if err != nil {
			if !inc.optional || !missing(err) {
				inc.refuse("DSP111", "", "file %s cannot be read: %v", inc.shown(name), err)
			}
			return
		}
		r.file(f, inc.list, inc.included)
		return
	}
	if depth++; depth > maxFolders {
		inc.refuse("DSP113", "", "folder %s lies more than %d folders deep", inc.shown(name), maxFolders)
		return
	}
	entries, err := r.opt.FS.ReadDir(name)
	if err != nil {
		inc.refuse("DSP111", "", "folder %s cannot be read: %v", inc.shown(name), err)
		return
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	for _, n := range names {
		inc.plain(path.Join(name, n), depth)
	}
}

// match reads what a path with wildcards stands for, segment by segment. Each folder that a segment matches must hold a
// match for the next one, unless the include is optional.
func (inc *inclusion) match(dir, rest string) {
	r := inc.r
	for {
		if inc.failed || r.done() {
			return
		}
		segment, after, more := strings.Cut(rest, "/")
		if !HasWildcard(segment) {
			dir = path.Join(dir, segment)
			if !more {
				inc.plain(dir, 0)
				return
			}
			rest = after
			continue
		}
		entries, err := r.opt.FS.ReadDir(dir)
		if err != nil {
			switch {
			case !missing(err):
				inc.refuse("DSP112", "", "%s is not a folder", inc.shown(dir))
			case !inc.optional:
				inc.refuse("DSP112", "use IncludeOptional if it need not be there", "folder %s is not there", inc.shown(dir))
			}
			return
		}
		var names []string
		for _, e := range entries {
			if !fnmatch(segment, e.Name()) {
				continue
			}
			full := path.Join(dir, e.Name())
			if more {
				if fi, err := r.opt.FS.Stat(full); err != nil || !fi.IsDir() {
					continue
				}
			}
			names = append(names, full)
		}
		slices.SortFunc(names, strings.Compare)
		if len(names) == 0 && !inc.optional {
			inc.refuse("DSP112", "use IncludeOptional if there need not be any", "no file in %s matches %s", inc.shown(dir), segment)
			return
		}
		for _, n := range names {
			if more {
				inc.match(n, after)
			} else {
				inc.plain(n, 0)
			}
		}
		return
	}
}

// shown is a path for people: relative to ServerRoot where it lies below it.
func (inc *inclusion) shown(name string) string {
	if rest, ok := strings.CutPrefix(name, inc.r.tree.Root+"/"); ok {
		return rest
	}
	return name
}

// near says which name was probably meant.
func (inc *inclusion) near(name string) string {
	dir, base := path.Split(name)
	dir = path.Clean(dir)
	entries, err := inc.r.opt.FS.ReadDir(dir)
	if err != nil {
		return "folder " + inc.shown(dir) + " is not there; paths are relative to ServerRoot " + inc.r.tree.Root
	}
	best, least := "", 3
	for _, e := range entries {
		if strings.EqualFold(e.Name(), base) {
			return "there is " + e.Name() + ": letter case counts"
		}
		if d := spelling.Edits(base, e.Name(), 2); d < least {
			best, least = e.Name(), d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return "add the file, or use IncludeOptional; paths are relative to ServerRoot " + inc.r.tree.Root
}
