package wire

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/simulate"
)

// heads keep the head of each request as the client sent it, while net/http reads it.
type heads struct {
	mu    sync.Mutex
	text  []byte // of a head that is not whole yet
	skip  int64  // bytes of a body still to come
	lost  bool   // heads cannot be told from bodies any more
	known []string
}

// maxPending bounds the heads that a client sends ahead.
const maxPending = 64

// take finds heads in what comes.
func (h *heads) take(b []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(b) > 0 && !h.lost {
		if h.skip > 0 {
			k := min(h.skip, int64(len(b)))
			h.skip, b = h.skip-k, b[k:]
			continue
		}
		from := max(0, len(h.text)-3)
		h.text = append(h.text, b...)
		i := bytes.Index(h.text[from:], []byte("\r\n\r\n"))
		if i < 0 {
			h.lost = len(h.text) > maxHead
			return
		}
		end := from + i + 4
		head := string(h.text[:end])
		b = b[len(b)-(len(h.text)-end):]
		h.text = h.text[:0]
		h.known = append(h.known, head)
		length, ok := bodyLength(head)
		h.skip, h.lost = length, !ok || len(h.known) > maxPending
	}
	if h.lost {
		h.text = nil
	}
}

// maxHead bounds what is kept of a head. A longer one is not kept.
const maxHead = 1 << 20

// bodyLength is how long the body after a head is; ok is false where that cannot be told.
func bodyLength(head string) (n int64, ok bool) {
	for _, rest, more := strings.Cut(head, "\r\n"); more && rest != ""; {
		var line string
		line, rest, more = strings.Cut(rest, "\r\n")
		name, value, _ := strings.Cut(line, ":")
		switch len(name) {
		case len("Content-Length"):
			if strings.EqualFold(name, "Content-Length") {
				v, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
				if err != nil || v < 0 {
					return 0, false
				}
				n = v
			}
		case len("Transfer-Encoding"):
			if strings.EqualFold(name, "Transfer-Encoding") {
				return 0, false
			}
		case len("Upgrade"):
			if strings.EqualFold(name, "Upgrade") {
				return 0, false
			}
		}
	}
	return n, true
}

// Head returns the headers of a request in their order, without Host, and false where they are not known.
func (h *heads) Head(r *http.Request) (simulate.Header, bool) {
	h.mu.Lock()
	if len(h.known) == 0 {
		h.lost = true
		h.mu.Unlock()
		return nil, false
	}
	text := h.known[0]
	copy(h.known, h.known[1:])
	h.known = h.known[:len(h.known)-1]
	h.mu.Unlock()

	line, rest, _ := strings.Cut(text, "\r\n")
	method, after, _ := strings.Cut(line, " ")
	target, proto, _ := strings.Cut(after, " ")
	if method != r.Method || target != r.RequestURI || proto != r.Proto {
		h.lose()
		return nil, false
	}
	list := make(simulate.Header, 0, len(r.Header)+1)
	for rest != "\r\n" && rest != "" {
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || line[0] == ' ' || line[0] == '\t' || strings.IndexByte(line, '\n') >= 0 {
			h.lose()
			return nil, false
		}
		if len(name) == 4 && strings.EqualFold(name, "Host") {
			continue
		}
		list = append(list, simulate.Field{Name: name, Value: strings.Trim(value, " \t")})
	}
	return list, true
}

func (h *heads) lose() {
	h.mu.Lock()
	h.lost, h.known, h.text = true, nil, nil
	h.mu.Unlock()
}
