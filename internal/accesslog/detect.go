package accesslog

import (
	"bytes"
	"fmt"
	"strings"
)

// headSize is how much of a file is looked at to find out its format, longHead how much where lines are very long, and headLines
// how many lines.
const (
	headSize  = 64 << 10
	longHead  = 4 << 20
	headLines = 60
)

// An UnknownFormatError says that nothing could be made of the first lines of a log.
type UnknownFormatError struct {
	// Lines is how many were tried.
	Lines int
}

// Error implements error.
func (e *UnknownFormatError) Error() string {
	if e.Lines == 0 {
		return "has no lines to tell the log format from"
	}
	return "log format is not recognised from the first lines: name it, or give the LogFormat of the server"
}

// Detect finds out the format from the start of a log, which is not compressed: the one that reads most of its lines, and at
// least half of those that are not of the kind that any log may have. With Options.Format it returns that one. Otherwise the
// error may be an [*UnknownFormatError].
func Detect(head []byte, o Options) (*Parser, error) {
	if o.Format != "" {
		return New(o)
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if len(head) >= 2 && (head[0] == 0xff && head[1] == 0xfe || head[0] == 0xfe && head[1] == 0xff) {
		return nil, fmt.Errorf("text is in UTF-16: convert it to UTF-8")
	}
	if looksLikeHAR(head) {
		return New(o.with("har"))
	}
	lines := headOf(head, o.maxLine())
	if len(lines) == 0 {
		return nil, &UnknownFormatError{}
	}
	var best *Parser
	most := 0
	try := func(p *Parser) {
		if n := score(p, lines); n > most {
			best, most = p, n
		}
	}
	for i := range knownFormats {
		k := &knownFormats[i]
		if k.kind == kindHAR || most == len(lines) {
			continue
		}
		p, err := newKnown(k, o)
		if err != nil {
			return nil, err
		}
		try(p)
	}
	if most < len(lines) {
		for _, name := range laxly {
			p, err := New(o.with(name))
			if err != nil {
				return nil, err
			}
			p.layout.lax = true
			try(p)
		}
	}
	if best == nil || most*2 < len(lines) {
		return nil, &UnknownFormatError{Lines: len(lines)}
	}
	best.opts.Format = ""
	return best, nil
}

func (o Options) with(format string) Options {
	o.Format = format
	return o
}

// score is how many lines a format explains.
func score(p *Parser, lines [][]byte) int {
	n := 0
	var r Record
	var copied []byte
	for _, line := range lines {
		copied = append(copied[:0], line...) // reading writes into the line
		switch p.Parse(copied, &r) {
		case Read, NoRequest, OtherMessage, Comment, NotHTTP:
			n++
		}
	}
	return n
}

// headOf returns the lines of the head that are not blank, nor too long. The last one is left out where it may be cut off.
func headOf(head []byte, longest int) [][]byte {
	var lines [][]byte
	for len(head) > 0 && len(lines) < headLines {
		line, rest, whole := bytes.Cut(head, []byte("\n"))
		if !whole && len(lines) > 0 {
			break
		}
		head = rest
		if line = bytes.TrimRight(line, "\r"); len(line) <= longest && len(bytes.TrimSpace(line)) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

// looksLikeHAR reports whether a JSON object with a log begins here. The key is the first, or follows a comment of the tool.
func looksLikeHAR(head []byte) bool {
	s := strings.TrimLeft(string(head[:min(len(head), 4096)]), " \t\r\n")
	if !strings.HasPrefix(s, "{") {
		return false
	}
	s = strings.TrimLeft(s[1:], " \t\r\n")
	rest, ok := strings.CutPrefix(s, `"log"`)
	if !ok {
		return false
	}
	rest = strings.TrimLeft(rest, " \t\r\n")
	return strings.HasPrefix(rest, ":") && strings.HasPrefix(strings.TrimLeft(rest[1:], " \t\r\n"), "{")
}
