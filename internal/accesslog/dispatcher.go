package accesslog

import (
	"bytes"
	"time"

	"github.com/dispcheck/dispcheck/internal/displog"
)

// dispatcher reads a line of dispatcher.log. Lines that end a request are records. The usual forms are read here, without
// memory being made; what is written otherwise is left to package displog, whose reading is the same.
func (p *Parser) dispatcher(line []byte, r *Record) Reason {
	t, message, ok := r.clock.dispatcherHead(line)
	if !ok {
		return p.displog(line, r)
	}
	if len(message) == 0 || message[0] != '"' {
		if p.opts.Flushes {
			r.flush(t, message)
		}
		return OtherMessage
	}
	if !p.summary(message, r) {
		return p.displog(line, r)
	}
	r.Time = t
	r.mark(FieldTime)
	return Read
}

// dispatcherHead reads "[time] [level] [who] ".
func (c *clock) dispatcherHead(line []byte) (t time.Time, message []byte, ok bool) {
	if line[0] != '[' {
		return t, nil, false
	}
	end := bytes.IndexByte(line, ']')
	switch end {
	case 25:
		t, ok = c.module(line[1:end])
	case 27:
		t, ok = c.clf(line[1:end])
	}
	// " [D] [": the level and the start of who.
	if rest := line[end+1:]; ok && len(rest) > 6 && string(rest[:2]) == " [" && string(rest[3:6]) == "] [" && isLevel(rest[2]) {
		if i := bytes.IndexByte(rest[6:], ']'); i >= 0 {
			return t, bytes.TrimLeft(rest[6+i+1:], " "), true
		}
	}
	return t, nil, false
}

func isLevel(c byte) bool { return c == 'E' || c == 'W' || c == 'I' || c == 'D' || c == 'T' }

// summary reads the line's message in one of these forms, without its render and action where a release has none:
//
//	"GET /x.html" - miss [publish/rend01] 905ms
//	"GET /x.html" - 475ms [publishfarm/0] [action miss] "host"
func (p *Parser) summary(m []byte, r *Record) bool {
	end := bytes.Index(m[1:], []byte(`" `))
	if end < 0 {
		return false
	}
	request, rest := m[1:1+end], m[1+end+2:]
	blank := bytes.IndexByte(request, ' ')
	if blank <= 0 {
		return false
	}
	word, rest := cutBlank(rest)
	if string(word) == "-" {
		r.markNone(FieldStatus) // the usual one
	} else if n, ok := number(word); ok && n > 0 && n < 1000 {
		r.Status = int(n)
		r.mark(FieldStatus)
	} else {
		return false
	}
	word, rest = cutBlank(rest)
	if millis, ok := elapsed(word); ok { // the cloud's
		r.Elapsed = millis
		farms, rest := cutBlank(rest)
		if !r.farm(farms) {
			return false
		}
		if !bytes.HasPrefix(rest, []byte("[action ")) {
			return false
		}
		i := bytes.IndexByte(rest, ']')
		if i < 0 || !isPlainWord(rest[len("[action "):i]) {
			return false
		}
		r.Action = rest[len("[action "):i]
		host := rest[i+1:]
		if len(host) < 4 || host[0] != ' ' || host[1] != '"' || host[len(host)-1] != '"' || !isPlainWord(host[2:len(host)-1]) {
			return false
		}
		r.Host = host[2 : len(host)-1]
		r.mark(FieldHost)
	} else {
		if !isPlainWord(word) {
			return false
		}
		r.Action = word
		farms, rest := cutBlank(rest)
		if !r.farm(farms) {
			return false
		}
		millis, ok := elapsed(rest)
		if !ok {
			return false
		}
		r.Elapsed = millis
	}
	r.mark(FieldAction)
	r.mark(FieldElapsed)
	r.moduleRequest(p, request[:blank], request[blank+1:])
	return len(r.Target) > 0
}

// moduleRequest takes method and path as the module logs them: what httpd made of the URL.
func (r *Record) moduleRequest(p *Parser, method, uri []byte) {
	r.Method = method
	r.mark(FieldMethod)
	r.Form = Internal
	p.target(r, uri, false)
}

// farm reads "[farm/render]".
func (r *Record) farm(s []byte) bool {
	if len(s) < 4 || s[0] != '[' || s[len(s)-1] != ']' {
		return false
	}
	slash := bytes.IndexByte(s, '/')
	if slash < 0 {
		return false
	}
	farm, render := s[1:slash], s[slash+1:len(s)-1]
	if !isPlainWord(farm) || !isPlainWord(render) && string(render) != "-" {
		return false
	}
	r.take(FieldFarm, &r.Farm, farm, false, false)
	r.take(FieldRender, &r.Render, render, string(render) == "-", false)
	return true
}

func cutBlank(s []byte) (word, rest []byte) {
	if i := bytes.IndexByte(s, ' '); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, nil
}

// isPlainWord reports whether s is a word that nothing else in a summary could be.
func isPlainWord(s []byte) bool {
	if len(s) == 0 {
		return false
	}
	for _, c := range s {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '_' || c == '.' || c == ':':
		case c == '-' && len(s) > 1:
		default:
			return false
		}
	}
	return true
}

// elapsed reads "905ms".
func elapsed(s []byte) (time.Duration, bool) {
	if len(s) < 3 || len(s) > 14 || s[len(s)-2] != 'm' || s[len(s)-1] != 's' {
		return 0, false
	}
	n, ok := number(s[:len(s)-2])
	return time.Duration(n) * time.Millisecond, ok
}

// displog reads a line with package displog, which knows the forms of all releases.
func (p *Parser) displog(line []byte, r *Record) Reason {
	r.reset(p, line)
	l, ok := displog.Parse(string(line))
	if !ok {
		return Misfit
	}
	s, ok := displog.ParseSummary(l.Message)
	if !ok {
		return OtherMessage
	}
	r.Time = l.Time.UTC()
	r.mark(FieldTime)
	if n, ok := number([]byte(s.Status)); ok && n > 0 && n < 1000 {
		r.Status = int(n)
		r.mark(FieldStatus)
	} else {
		r.markNone(FieldStatus)
	}
	action := s.Action
	if action == "" { // before 4.3.3
		if s.Blocked() {
			action = "blocked"
		} else if s.Stored {
			action = "miss"
		}
	}
	if action != "" {
		r.take(FieldAction, &r.Action, []byte(action), false, false)
	}
	r.take(FieldFarm, &r.Farm, []byte(s.Farm), false, false)
	r.take(FieldRender, &r.Render, []byte(s.Render), s.Render == "-" || s.Render == "", false)
	r.Elapsed = time.Duration(s.Millis) * time.Millisecond
	r.mark(FieldElapsed)
	if s.Host != "" {
		r.take(FieldHost, &r.Host, []byte(s.Host), false, false)
	}
	r.moduleRequest(p, []byte(s.Method), []byte(s.URI))
	if len(r.Target) == 0 {
		return NoTarget
	}
	return Read
}

// flush reads what the module says of a flush before it carries it out: Activation detected: action=Activate [/content/a]
func (r *Record) flush(t time.Time, message []byte) {
	rest, ok := bytes.CutPrefix(message, []byte("Activation detected: action="))
	action, handle, found := bytes.Cut(rest, []byte(" ["))
	end := bytes.LastIndexByte(handle, ']')
	if !ok || !found || end <= 0 || handle[0] != '/' {
		return
	}
	r.Time, r.Flush, r.Action = t, handle[:end], action
	r.mark(FieldTime)
	r.mark(FieldAction)
}
