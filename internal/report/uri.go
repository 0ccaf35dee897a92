package report

import (
	"path"
	"strings"
)

// A uri is a file as outputs name it that want URIs.
type uri struct {
	text string
	// relative says that it starts from the folder in which dispcheck ran, and stays below it.
	relative bool
}

// uriOf returns the URI of a file's name. Every byte that is no letter, digit or one of -._~/ is written
// as per cent and number, so that blanks, #, ? and % are part of the path, whatever the bytes are.
func uriOf(name string) uri {
	switch {
	case strings.HasPrefix(name, "example:"): // a scheme: the projects inside the program
		return uri{text: "example:" + percentEncoded(strings.TrimPrefix(name, "example:"))}
	case strings.HasPrefix(name, "<"):
		return uri{text: percentEncoded(name)}
	case strings.HasPrefix(name, "//"): // a server's share
		return uri{text: "file:" + percentEncoded(name)}
	case strings.HasPrefix(name, "/"):
		return uri{text: "file://" + percentEncoded(name)}
	case hasDrive(name):
		return uri{text: "file:///" + name[:2] + percentEncoded(name[2:])}
	}
	name = path.Clean(name)
	return uri{percentEncoded(name), name != ".." && !strings.HasPrefix(name, "../")}
}

// hasDrive reports whether a name starts as C:/ does.
func hasDrive(name string) bool {
	return len(name) > 2 && name[1] == ':' && name[2] == '/' && ('a' <= name[0]|0x20 && name[0]|0x20 <= 'z')
}

func percentEncoded(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s))
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
