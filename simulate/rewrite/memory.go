package rewrite

import "unsafe"

// A Memory is room for the texts that requests make: file names, targets, variables. Who answers many requests resets it
// before each and saves an allocation for each text; the texts of the request before are overwritten then, and must not be
// looked at any more. The zero value is ready. It serves one request at a time.
type Memory struct{ b []byte }

// mostMemory is how much room is kept from one request to the next.
const mostMemory = 1 << 16

// Reset gives the room free.
func (m *Memory) Reset() {
	if cap(m.b) > mostMemory {
		m.b = nil
	}
	m.b = m.b[:0]
}

// Join returns texts joined. A nil Memory allocates.
func (m *Memory) Join(parts ...string) string {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n == 0 {
		return ""
	}
	b := m.room(n)
	for _, p := range parts {
		b = append(b, p...)
	}
	return unsafe.String(unsafe.SliceData(b), n)
}

// Text returns bytes as a text. A nil Memory allocates.
func (m *Memory) Text(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	b := append(m.room(len(text)), text...)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// room returns an empty slice that takes n bytes. Nothing else gets these bytes before a reset.
func (m *Memory) room(n int) []byte {
	if m == nil {
		return make([]byte, 0, n)
	}
	if cap(m.b)-len(m.b) < n { // what has been handed out stays where it is
		m.b = make([]byte, 0, max(n, 2*cap(m.b), 1<<10))
	}
	at := len(m.b)
	m.b = m.b[:at+n]
	return m.b[at : at : at+n]
}
