package suite

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/dispcheck/dispcheck/simulate"
)

// TestWishesAreReadBack: what is written is the request that was wished for, whatever is in its URL, and what is common to all
// wishes stands in the defaults once.
func TestWishesAreReadBack(t *testing.T) {
	client := netip.MustParseAddr("203.0.113.7")
	var list []Wish
	targets := []string{
		"/a.html", "/..;/a;x='.css/x'", "/a;%0axyz.css?q=${x}&y={page}", "/content/.[./.{.}/a", "/a?statement=//*[@a]/(@b%20|%20@c)", "/*", "///a///b.json", "/a:b", "/%C3%A4", "/a'b\"c\\d",
	}
	for i, target := range targets {
		w := Wish{
			Name: "case " + target + ": no", Follow: 5, Tags: []string{"crx"}, Wants: [][2]string{{"filter", "deny"}},
			Request: &simulate.Request{Method: "POST", Target: target, Host: "www.example.com:8080", TLS: true, Client: client},
		}
		if i%2 == 0 {
			w.Request.Header = simulate.Header{{Name: "CQ-Action", Value: "Activate: yes"}, {Name: "Authorization", Value: "Basic YTo="}}
		}
		list = append(list, w)
	}
	var b bytes.Buffer
	if err := WriteWishes(&b, "wishes", list); err != nil {
		t.Fatal(err)
	}
	s, err := Load(files("s.yaml", b.String()), "s.yaml", ReadOptions{})
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if n := bytes.Count(b.Bytes(), []byte("client:")); n != 1 {
		t.Errorf("the client stands there %d times", n)
	}
	if len(s.Cases) != len(list) {
		t.Fatalf("%d cases of %d wishes", len(s.Cases), len(list))
	}
	for i, c := range s.Cases {
		r, want := c.Scenario.Steps[0].Request, list[i].Request
		if r.Method != want.Method || r.Target != want.Target || r.Host != want.Host || r.TLS != want.TLS || r.Client != want.Client || len(r.Header) != len(want.Header) {
			t.Errorf("read %+v, wrote %+v", r, want)
		}
		if c.Name != list[i].Name || c.Follow != 5 || len(c.Wants[0]) != 1 {
			t.Errorf("case %+v", c)
		}
	}
	if err := WriteWishes(&b, "none", nil); err != nil {
		t.Error(err)
	}
}
