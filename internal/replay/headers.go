package replay

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/source"
)

// moduleHeaders are request headers that the module itself looks at, where a log may have a column for them.
var moduleHeaders = []string{"authorization", "cookie", "cq-action", "cq-handle"}

// headersOf returns the request headers that conditions in the texts of a configuration look at, in lower case and sorted, and
// those that the module itself looks at: so many of them at most as a key has room for. Of a header that has no room, nothing is
// known.
//
// mentions is how often conditions look at each.
func headersOf(files []*source.File) (found []string, mentions map[string]int) {
	found, mentions = slices.Clone(moduleHeaders), map[string]int{}
	for _, f := range files {
		text := withoutComments(strings.ToLower(string(f.Text)))
		for _, before := range [...]string{"%{http:", "%{req:", "%{http_", "req('", `req("`, "http('", `http("`, "setenvif ", "setenvifnocase ", "browsermatch ", "browsermatchnocase "} {
			for rest := text; ; {
				i := strings.Index(rest, before)
				if i < 0 {
					break
				}
				rest = rest[i+len(before):]
				name := headerName(before, rest)
				if name == "" {
					continue
				}
				if mentions[name]++; !slices.Contains(found, name) {
					found = append(found, name)
				}
			}
		}
	}
	rest := found[len(moduleHeaders):]
	slices.Sort(rest)
	found = found[:min(len(found), maxKept)]
	slices.Sort(found)
	return found, mentions
}

// withoutComments leaves out the lines that are comments.
func withoutComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// headerName is the name at the start of a text; "" where it is none that a client sends and a log keeps apart.
func headerName(before, text string) string {
	text = strings.TrimLeft(text, " \t\"'")
	end := 0
	for end < len(text) && (text[end] == '-' || text[end] == '_' || 'a' <= text[end] && text[end] <= 'z' || '0' <= text[end] && text[end] <= '9') {
		end++
	}
	name := text[:end]
	switch before {
	case "browsermatch ", "browsermatchnocase ":
		name = "user-agent"
	case "%{http_":
		name = strings.ReplaceAll(name, "_", "-")
	default:
		if strings.Contains(name, "_") { // Remote_Addr and the like
			return ""
		}
	}
	if name == "host" {
		return ""
	}
	return name
}
