package simulate

import "strings"

// hopByHop are the headers of one connection alone (RFC 9110, 7.6.1), beside those that start with Proxy-.
var hopByHop = [...]string{"Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade"}

// isHopByHop reports whether a header is always of one connection alone.
func isHopByHop(name string) bool {
	for _, n := range hopByHop {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// isProxy reports whether a header is between a client and a proxy: Proxy-Authorization, Proxy-Connection.
func isProxy(name string) bool {
	const prefix = "Proxy-"
	return len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

// namedByConnection reports whether a header Connection says that another is of one connection alone.
func (h Header) namedByConnection(name string) bool {
	for i := range h {
		if strings.EqualFold(h[i].Name, "Connection") && hasToken(h[i].Value, name) {
			return true
		}
	}
	return false
}

// hasToken reports whether a list of words, with commas between, holds one, in either letter case.
func hasToken(list, word string) bool {
	for rest, more := list, true; more; {
		var w string
		if w, rest, more = strings.Cut(rest, ","); strings.EqualFold(strings.Trim(w, " \t"), word) {
			return true
		}
	}
	return false
}

// endToEnd returns the headers of an answer that go on to the client: without those of one connection alone, and without
// Dispatcher, with which a render keeps an answer from the cache. h is not changed, and returned where all go on.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (Dispatcher: no-cache).
func endToEnd(h Header) Header {
	stays := func(f Field) bool {
		return !isHopByHop(f.Name) && !isProxy(f.Name) && !strings.EqualFold(f.Name, "Dispatcher") && !h.namedByConnection(f.Name)
	}
	for i := range h {
		if stays(h[i]) {
			continue
		}
		out := append(make(Header, 0, len(h)-1), h[:i]...)
		for _, f := range h[i+1:] {
			if stays(f) {
				out = append(out, f)
			}
		}
		return out
	}
	return h
}
