package escape

import "testing"

func TestPath(t *testing.T) {
	tests := []struct{ path, want, proxy string }{
		{"/content/site/en.html", "/content/site/en.html", "/content/site/en.html"},
		{"/a b", "/a%20b", "/a%20b"},
		{"/a?b#c", "/a%3fb%23c", "/a%3Fb%23c"},
		{"/%2f", "/%252f", "/%252f"},
		{"/\x00\xc3\xa4", "/%00%c3%a4", "/%00%C3%A4"},
		{"$-_.+!*'(),:;@&=/~", "$-_.+!*'(),:;@&=/~", "$-_.+!*'(),:;@&=/~"},
		{`"<>[\]^` + "`{|}", "%22%3c%3e%5b%5c%5d%5e%60%7b%7c%7d", "%22%3C%3E%5B%5C%5D%5E%60%7B%7C%7D"},
		{"", "", ""},
	}
	for _, tt := range tests {
		if got := Path(tt.path); got != tt.want {
			t.Errorf("Path(%q) = %q, want %q", tt.path, got, tt.want)
		}
		if got := ProxyPath(tt.path); got != tt.proxy {
			t.Errorf("ProxyPath(%q) = %q, want %q", tt.path, got, tt.proxy)
		}
	}
	if n := testing.AllocsPerRun(100, func() { Path("/content/site/en.html") }); n != 0 {
		t.Errorf("%v allocations for a path that stays as it is", n)
	}
}
