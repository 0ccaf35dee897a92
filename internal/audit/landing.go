package audit

import (
	"strings"
)

// A reading is a way in which what stands behind the Dispatcher may read a path.
type reading struct {
	// depends says what the publish instance would have to do; "" where every one does it.
	depends string
	// marks are characters without which the reading is the same as one before; "" for none.
	marks string
	read  func(path string) string
}

// readings are tried in their order: what is certain comes first. Paths come decoded once, as the Dispatcher does.
//
// Sources: Jakarta Servlet 6.0, 3.5 (path parameters are removed, then the path is matched); sling.apache.org, URL
// decomposition; github.com/assetnote/hopgoblin and 0ang3el/aem-hacker for what AEM was seen to do.
var readings = [...]reading{
	{"", "", single},
	{"", ";", func(p string) string { return single(withoutParameters(p)) }},
	{"", ".", func(p string) string {
		if !strings.Contains(p, "/.") {
			return p
		}
		return resolved(p)
	}},
	{"AEM's servlet engine reads ..; as ..", ";", func(p string) string { return resolved(withoutParameters(p)) }},
	{"AEM's servlet engine decodes %2F in paths", "%", func(p string) string { return resolved(withoutParameters(decodedSlashes(p))) }},
	{"AEM's servlet engine decodes paths twice", "%", func(p string) string { return resolved(withoutParameters(decoded(p))) }},
	{"AEM resolves .. written with brackets, as old versions did", "[{", func(p string) string { return resolved(withoutBrackets(withoutParameters(p))) }},
	{"AEM's servlet engine cuts control characters at the end of a path", "\x00\t\n\r ", func(p string) string {
		return single(strings.TrimRight(withoutParameters(p), "\x00\t\n\r "))
	}},
}

// Things that a landing may depend on beside the readings.
const (
	dependsOnCase   = "AEM looks the path up without minding letter case"
	dependsOnForm   = "AEM's form servlet renders the path in the suffix, as old versions did"
	dependsOnMount  = "AEM answers there: the tool is a servlet of its own, and takes no extension"
	dependsOnLonger = "AEM's servlet also takes longer paths"
)

// reaches reports whether a path as a render gets it, decoded once, leads to a resource or beyond it, and what that depends
// on.
func reaches(path, resource string, by Found) (ok bool, depends string) {
	for i := range readings {
		r := &readings[i]
		if r.marks != "" && !strings.ContainsAny(path, r.marks) {
			continue
		}
		in, more := within(r.read(path), resource, by)
		if !in || ok && r.depends != "" {
			continue
		}
		switch {
		case r.depends == "" && more == "":
			return true, ""
		case r.depends != "":
			more = r.depends
		}
		if !ok {
			ok, depends = true, more
		}
	}
	if ok {
		return true, depends
	}
	plain := single(withoutParameters(path))
	if in, _ := within(strings.ToLower(plain), strings.ToLower(resource), by); in {
		return true, dependsOnCase
	}
	if i := strings.Index(plain, ".form."); i >= 0 {
		if j := strings.IndexByte(plain[i:], '/'); j >= 0 {
			if in, _ := within(plain[i+j:], resource, by); in {
				return true, dependsOnForm
			}
		}
	}
	return false, ""
}

// within reports whether a path is a resource, or goes on behind it in a way that leads to it all the same; depends is what
// that rests on.
//
// Source: sling.apache.org, URL decomposition: a resource is looked for under the path and then under what stands before each
// of its dots, from the last to the first; what follows the extension with a slash is the suffix.
func within(path, resource string, by Found) (in bool, depends string) {
	resource = strings.TrimSuffix(resource, "/")
	rest, ok := strings.CutPrefix(path, resource)
	switch {
	case !ok:
		return false, ""
	case rest == "", rest == "/":
		return true, ""
	case rest[0] == '/':
		if last := resource[strings.LastIndexByte(resource, '/')+1:]; by == ByMount || strings.Contains(last, ".") {
			return true, ""
		}
		return by == ByPath, dependsOnLonger
	case rest[0] != '.':
		return false, ""
	}
	switch by {
	case ByMount:
		return true, dependsOnMount
	case ByNode:
		dots, _, _ := strings.Cut(rest, "/")
		switch e := dots[strings.LastIndexByte(dots, '.')+1:]; e {
		case "html", "json", "txt", "xml": // the default renderers
		default:
			return true, "AEM renders the node with the extension ." + e
		}
	case ByPath:
	}
	return true, ""
}

// aim is the resource that a probe is after: its path in the most daring reading.
func aim(target string) string {
	path, _, _ := strings.Cut(target, "?")
	p := withoutParameters(decoded(decoded(path)))
	p = withoutBrackets(p)
	p = strings.TrimRight(resolved(p), "\x00\t\n\r ")
	return p
}

// single makes one slash of several.
func single(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// withoutParameters takes what follows a ; off each segment.
func withoutParameters(path string) string {
	if !strings.Contains(path, ";") {
		return path
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		segments[i], _, _ = strings.Cut(s, ";")
	}
	return strings.Join(segments, "/")
}

// resolved takes . and .. out of a path; what leads above the root stays at the root.
func resolved(path string) string {
	var out []string
	segments := strings.Split(single(path), "/")
	for i, s := range segments {
		switch {
		case s == ".":
		case s == "..":
			out = out[:max(len(out)-1, 0)]
		case s == "" && i < len(segments)-1:
		default:
			out = append(out, s)
		}
	}
	return "/" + strings.Join(out, "/")
}

func decodedSlashes(path string) string {
	return strings.ReplaceAll(strings.ReplaceAll(path, "%2f", "/"), "%2F", "/")
}

func withoutBrackets(path string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("[]{}", r) {
			return -1
		}
		return r
	}, path)
}

// delivered decodes a path as the Dispatcher has it: once, and without encoded slashes, which it leaves as they are.
func delivered(path string) string {
	if !strings.Contains(path, "%2f") && !strings.Contains(path, "%2F") {
		return decoded(path)
	}
	return decoded(strings.NewReplacer("%2f", "%252f", "%2F", "%252F").Replace(path))
}

// decoded decodes what is encoded with percent signs, once; a percent sign that nothing follows stays.
func decoded(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi < 16 && lo < 16 {
				b.WriteByte(hi<<4 | lo)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}
