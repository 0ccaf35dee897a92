package server

import (
	"sort"
	"strings"

	"github.com/dispcheck/dispcheck/internal/spelling"
)

// A Class says what a directive means for an answer.
type Class uint8

// The classes of directives.
const (
	// Simulated directives are followed.
	Simulated Class = iota
	// Inert directives do nothing to an answer: logging, threads, timeouts, details of TLS.
	Inert
	// NotSimulated directives may change an answer, and nothing here follows them.
	NotSimulated
	// Obsolete directives are of httpd before 2.4: httpd refuses them.
	Obsolete
)

// String gives the name of the class: "simulated", "inert", "not simulated", "obsolete".
func (c Class) String() string {
	return [...]string{"simulated", "inert", "not simulated", "obsolete"}[c&3]
}

// A DirectiveInfo is what is known of a directive without looking at its arguments.
type DirectiveInfo struct {
	// Name is the directive as its documentation writes it; a section is in angle brackets: "RewriteRule", "<Directory>".
	Name string

	module string
	takes  takes
	where  where
	// Class says what it means for an answer.
	Class Class
	// Hint says what to write in its place, of a directive that is obsolete; "" where there is nothing to say.
	Hint string
}

// takes is how many words a directive takes (cmd_how of httpd).
type takes uint8

const (
	takesRaw takes = iota // it splits its arguments itself
	takesOne
	takesTwo
	takesEach      // one or more, each for itself
	takesFirstEach // two or more: the first with each of the others
	takesFlag      // On or Off
	takesNone
	takesOneTwo
	takesThree
	takesTwoThree
	takesOneTwoThree
	takesOneThree
	takesAny      // any number
	takesAnyWords // not known
)

// where is where a directive may stand.
type where uint16

const (
	inServer where = 1 << iota
	inVirtualHost
	inSection // <Directory>, <Location>, <Files>, <If>, <Proxy> and their kin
	notInFiles
	notInLocation
	notInIf
	notInLimit
	notInProxy
	notInDirectory
)

// Module is the identifier of the module that has the directive, such as "rewrite_module". It is "" for a directive that no
// module of httpd 2.4 has, and the first of several for those of the processing modules (MPM).
func (d *DirectiveInfo) Module() string {
	switch d.module {
	case "mpm", "mpm_threads":
		return "mpm_event_module"
	}
	return d.module
}

// modules are the identifiers of all modules that have the directive.
func (d *DirectiveInfo) modules() []string {
	switch d.module {
	case "mpm":
		return []string{"mpm_event_module", "mpm_worker_module", "mpm_prefork_module", "mpm_winnt_module"}
	case "mpm_threads":
		return []string{"mpm_event_module", "mpm_worker_module", "mpm_winnt_module"}
	case "":
		return nil
	}
	return []string{d.module}
}

// Section reports whether it is a section.
func (d *DirectiveInfo) Section() bool { return strings.HasPrefix(d.Name, "<") }

// InServer, InVirtualHost and InSections report whether it may stand outside of everything, in <VirtualHost>, and in the
// sections that requests meet: <Directory>, <Files>, <Location>, <If> and their kin.
func (d *DirectiveInfo) InServer() bool { return d.where&inServer != 0 }

// InVirtualHost: see [DirectiveInfo.InServer].
func (d *DirectiveInfo) InVirtualHost() bool { return d.where&inVirtualHost != 0 }

// InSections: see [DirectiveInfo.InServer].
func (d *DirectiveInfo) InSections() bool { return d.where&inSection != 0 }

// Raw reports whether the directive splits its arguments by rules of its own, so that their number says nothing.
func (d *DirectiveInfo) Raw() bool { return d.takes == takesRaw || d.takes == takesAnyWords }

// Words returns how many arguments the directive takes at least and at most; most is below 0 for any number.
func (d *DirectiveInfo) Words() (least, most int) {
	switch d.takes {
	case takesOne:
		return 1, 1
	case takesFlag:
		return 1, -1 // httpd passes over what follows
	case takesTwo:
		return 2, 2
	case takesEach:
		return 1, -1
	case takesFirstEach:
		return 2, -1
	case takesNone:
		return 0, 0
	case takesOneTwo:
		return 1, 2
	case takesThree:
		return 3, 3
	case takesTwoThree:
		return 2, 3
	case takesOneTwoThree, takesOneThree:
		return 1, 3
	}
	return 0, -1
}

// Lookup finds a directive by its name, in any letter case; a section by its name in angle brackets.
func Lookup(name string) (*DirectiveInfo, bool) {
	i := sort.Search(len(table), func(i int) bool { return compareFold(table[i].Name, name) >= 0 })
	if i < len(table) && compareFold(table[i].Name, name) == 0 {
		return &table[i], true
	}
	return nil, false
}

// lookup finds a directive by its name in lower case, without brackets.
func lookup(key string, section bool) (*DirectiveInfo, bool) {
	if section {
		return Lookup("<" + key + ">")
	}
	return Lookup(key)
}

// All returns the directives in the order of their names without letter case, sections first. Do not change the slice.
func All() []DirectiveInfo { return table[:] }

// nearest finds the directive whose name is nearest to one that is not known; "" where none is near.
func nearest(key string, section bool) string {
	limit := 2
	if len(key) < 6 {
		limit = 1
	}
	best, found := limit+1, ""
	for i := range table {
		d := &table[i]
		if d.Section() != section || d.Class == Obsolete {
			continue
		}
		name := strings.ToLower(strings.Trim(d.Name, "<>"))
		if n := spelling.Edits(key, name, min(limit, best-1)); n < best {
			best, found = n, d.Name
		}
	}
	return found
}

func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		x, y := lowerByte(a[i]), lowerByte(b[i])
		if x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
