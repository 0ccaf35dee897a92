package model

import (
	"testing"
)

func TestVirtualHost(t *testing.T) {
	tests := []struct {
		text              string
		scheme, host, uri string
		port              bool
		hosts             map[string]bool // matched against Host
		uris              map[string]bool
	}{
		{text: "www.company.com", host: "www.company.com", hosts: map[string]bool{"www.company.com": true, "WWW.Company.COM": true, "company.com": false, "www.company.com.au": false}},
		{text: "www.myCompany.com", host: "www.myCompany.com", hosts: map[string]bool{"www.mycompany.com": true}},
		{text: "*", host: "*", hosts: map[string]bool{"": true, "a.b": true}},
		{text: "intranet.*", host: "intranet.*", hosts: map[string]bool{"intranet.example": true, "extranet.example": false}},
		{text: "www.localtiffany.com*", host: "www.localtiffany.com*", hosts: map[string]bool{"www.localtiffany.com.au": true}},
		{text: "https://*", scheme: "https", host: "*", hosts: map[string]bool{"x": true}},
		{text: "http://*", scheme: "http", host: "*"},
		{text: "HTTPS://A.example", scheme: "https", host: "A.example", hosts: map[string]bool{"a.example": true}},
		{text: "myhost:8888/mysite", host: "myhost:8888", uri: "/mysite", port: true,
			hosts: map[string]bool{"myhost:8888": true, "myhost": false},
			uris:  map[string]bool{"/mysite": true, "/mysite/x.html": true, "/mysites": true, "/other": false}},
		{text: "*:80", host: "*:80", port: true, hosts: map[string]bool{"a.example:80": true, "a.example": false}},
		{text: "host:*", host: "host:*", port: true, hosts: map[string]bool{"host:8080": true}},
		{text: "host:", host: "host:"},
		{text: "www.mysite.com/path1/*", host: "www.mysite.com", uri: "/path1/*",
			uris: map[string]bool{"/path1/x.html": true, "/path1": false, "/path2/x": false, "/PATH1/x": false}},
		{text: "https://www.example.com/a", scheme: "https", host: "www.example.com", uri: "/a", uris: map[string]bool{"/abc": true}},
		{text: "www.example.com/", host: "www.example.com", uri: "/", uris: map[string]bool{"/": true, "/x": true}},
		{text: "*/content", host: "*", uri: "/content", uris: map[string]bool{"/content.html": true}},
		{text: "${HOST_A}/{/content/*}", host: "${HOST_A}", uri: "/{/content/*}"},
		{text: "${A/B}/x", host: "${A/B}", uri: "/x"},
		{text: "[::1]:8080", host: "[::1]:8080", port: true, hosts: map[string]bool{"[::1]:8080": true, ":": false}},
		{text: "[::1]", host: "[::1]", hosts: map[string]bool{"[::1]": true}},
		{text: "::1", host: "::1", hosts: map[string]bool{"::1": true}},
		{text: "web[0-9].example.com", host: "web[0-9].example.com", hosts: map[string]bool{"web1.example.com": true, "WEB2.example.com": true}},
		{text: "ftp://x", host: "ftp:", uri: "//x"},
		{text: "https://", scheme: "https", hosts: map[string]bool{"": true, "x": false}},
		{text: ""},
		{text: "http", host: "http"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			h := newVirtualHost(tt.text, Place{})
			if h.Text != tt.text || h.Scheme != tt.scheme || h.HostText != tt.host || h.URIText != tt.uri || h.HasPort != tt.port {
				t.Errorf("got scheme %q host %q uri %q port %v, want %q %q %q %v", h.Scheme, h.HostText, h.URIText, h.HasPort, tt.scheme, tt.host, tt.uri, tt.port)
			}
			if h.Host == nil {
				t.Fatal("no pattern for the host")
			}
			for s, want := range tt.hosts {
				if got := h.Host.Match(s); got != want {
					t.Errorf("host %q: match %v, want %v", s, got, want)
				}
			}
			if (h.URI == nil) != (tt.uri == "") {
				t.Fatalf("pattern for the uri: %v, want one: %v", h.URI != nil, tt.uri != "")
			}
			for s, want := range tt.uris {
				if got := h.URI.Match(s); got != want {
					t.Errorf("uri %q: match %v, want %v", s, got, want)
				}
			}
		})
	}
}
