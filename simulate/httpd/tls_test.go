package httpd

import (
	"net/netip"
	"testing"
)

// TestTLS: a host with SSLEngine is sure of its answer on the port of TLS, and of none on another.
func TestTLS(t *testing.T) {
	e := engineFor(t, "<VirtualHost *:443 *:8080>\nServerName www.example.com\nSSLEngine On\n</VirtualHost>\n", nil)
	for port, sure := range map[int]bool{443: true, 8080: false} {
		var res Result
		r := &Request{Method: "GET", Host: "www.example.com", Target: "/a", Port: port, Local: netip.AddrFrom4([4]byte{127, 0, 0, 1})}
		if err := e.Serve(t.Context(), r, &res, nil); err != nil {
			t.Fatal(err)
		}
		if got := len(res.NotSimulated) == 0; got != sure {
			t.Errorf("port %d: %d, not simulated: %v", port, res.Status, res.NotSimulated)
		}
	}
}
