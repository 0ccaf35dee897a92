package simulate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLocation: which hosts name the render (DISP-1014).
func TestLocation(t *testing.T) {
	tests := []struct{ name, renders, addr, value, want string }{
		{"name and port", `/hostname "aem" /port "4503"`, "", "http://aem:4503/x?y#z", "http://www.example.com/x?y#z"},
		{"name", `/hostname "aem" /port "4503"`, "", "http://aem/x", "http://www.example.com/x"},
		{"name in other letter case", `/hostname "aem" /port "4503"`, "", "HTTP://AEM:4503/x", "http://www.example.com/x"},
		{"https", `/hostname "aem" /port "4503"`, "", "https://aem:4503/x", "http://www.example.com/x"},
		{"another port", `/hostname "aem" /port "4503"`, "", "http://aem:4502/x", ""},
		{"default port", `/hostname "aem"`, "", "http://aem:80/x", "http://www.example.com/x"},
		{"default port of a secure render", `/hostname "aem" /secure "1"`, "", "https://aem:443/x", "http://www.example.com/x"},
		{"address", `/hostname "aem" /port "4503"`, "10.0.0.1:4503", "http://10.0.0.1:4503/x", "http://www.example.com/x"},
		{"address without port", `/hostname "aem" /port "4503"`, "10.0.0.1:4503", "http://10.0.0.1/x", "http://www.example.com/x"},
		{"IPv6", `/hostname "::1" /port "4503"`, "", "http://[::1]:4503/x", "http://www.example.com/x"},
		{"another host", `/hostname "aem" /port "4503"`, "10.0.0.1:4503", "http://aem.example.com/x", ""},
		{"no host", `/hostname "aem"`, "", "/x", ""},
		{"relative", `/hostname "aem"`, "", "aem/x", ""},
		{"empty host", `/hostname "aem"`, "", "http:///x", ""},
		{"another scheme", `/hostname "aem"`, "", "ftp://aem/x", ""},
		{"with a user", `/hostname "aem"`, "", "http://u:p@aem/x", ""},
		{"no value", `/hostname "aem"`, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newRenderTest(t, "/farms { /f { /renders { /r { "+tt.renders+" } } } }", "r 200 addr="+tt.addr, Options{})
			x, _ := e.fetch(t, get(t, "http://www.example.com/x.html"))
			h := Header{{"A", "b"}, {"location", tt.value}}
			before := append(Header(nil), h...)
			want := append(Header(nil), h...)
			if tt.want != "" {
				want[1].Value = tt.want
			}
			if diff := cmp.Diff(want, x.location(h)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, h); diff != "" {
				t.Errorf("the answer was changed:\n%s", diff)
			}
		})
	}
}

// TestEndToEnd: what goes on to the client; the answer itself stays as it is.
func TestEndToEnd(t *testing.T) {
	h := Header{{"A", "1"}, {"connection", "B , c"}, {"b", "2"}, {"Dispatcher", "no-cache"}, {"C", "3"}, {"TE", "x"}, {"Upgrade", "x"}, {"Trailer", "x"}, {"proxy-connection", "x"}, {"Keep-Alive", "x"}, {"Transfer-Encoding", "x"}, {"D", "4"}, {"Proxy", "5"}}
	before := append(Header(nil), h...)
	if diff := cmp.Diff(Header{{"A", "1"}, {"D", "4"}, {"Proxy", "5"}}, endToEnd(h)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, h); diff != "" {
		t.Errorf("the answer was changed:\n%s", diff)
	}
	all := Header{{"A", "1"}, {"B", "2"}}
	if got := endToEnd(all); &got[0] != &all[0] {
		t.Error("headers were copied where all go on")
	}
}
