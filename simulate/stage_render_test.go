package simulate

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/testkit"
)

func TestRender(t *testing.T) { runGolden(t, "render") }

const threeCategories = ` /statistics { /categories { /search { /glob "*search.html" } /html { /glob "*.html" } /others { /glob "*" } } }`

// render decides a request without a backend.
func render(t *testing.T, config string, o Options, r *Request) *Decision {
	t.Helper()
	d, traced := new(Decision), new(Decision)
	e := New(decode(t, config, o.Version, nil), o)
	for d, trace := range map[*Decision]*Trace{d: nil, traced: new(Trace)} {
		if err := e.Decide(context.Background(), r, d, trace); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprintf("%+v", d.Render), fmt.Sprintf("%+v", traced.Render); got != want {
		t.Errorf("without a trace %s, with one %s", got, want)
	}
	return d
}

// TestChosenRender: cookie, score, first.
func TestChosenRender(t *testing.T) {
	nine := ` /statistics { /categories {`
	for i := range 9 {
		nine += fmt.Sprintf(` /c%d { /glob "/%d.*" }`, i+1, i+1)
	}
	nine += " } }"
	tests := []struct {
		name, config, url, cookie string
		render, category          string
		reason                    Reason
	}{
		{"first category that matches", twoRenders + threeCategories, "/content/site/search.html", "", "rend01", "search", RenderScore},
		{"next category", twoRenders + threeCategories, "/content/site/en.html", "", "rend01", "html", RenderScore},
		{"last category", twoRenders + threeCategories, "/content/site/x.png", "", "rend01", "others", RenderScore},
		{"cookie", twoRenders + threeCategories, "/content/x.html", "renderid=rend02", "rend02", "html", RenderSticky},
		{"cookie outside of the folder", twoRenders + ` /stickyConnectionsFor "/products"`, "/about.html", "renderid=rend02", "rend02", "", RenderSticky},
		{"cookie among others", twoRenders, "/x.html", "a=renderid; renderid = rend02 ; b=c", "rend02", "", RenderSticky},
		{"quoted cookie", twoRenders, "/x.html", `renderid="rend02"`, "rend02", "", RenderSticky},
		{"second of two cookies", twoRenders, "/x.html", "renderid=old; renderid=rend02", "rend02", "", RenderSticky},
		{"cookie of no render", twoRenders, "/x.html", "renderid=rend03", "rend01", "", RenderFirst},
		{"cookie in other letter case", twoRenders, "/x.html", "renderid=REND02", "rend01", "", RenderFirst},
		{"cookie of another name", twoRenders, "/x.html", "Renderid=rend02", "rend01", "", RenderFirst},
		{"no categories", twoRenders, "/content/x.html", "", "rend01", "", RenderFirst},
		{"no category matches", twoRenders + ` /statistics { /categories { /html { /glob "*.html" } } }`, "/x.png", "", "rend01", "", RenderFirst},
		{"eighth category", twoRenders + nine, "/8.html", "", "rend01", "c8", RenderScore},
		{"ninth category", twoRenders + nine, "/9.html", "", "rend01", "", RenderFirst},
		{"a category that cannot match", twoRenders + ` /statistics { /categories { /a { } /b { /glob "[" } /c { /glob "*" } } }`, "/x.png", "", "rend01", "c", RenderScore},
		{"no label", ` /renders { /hostname "a" /port "4503" }`, "/x.html", "renderid=", "", "", RenderFirst},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := get(t, tt.url)
			if tt.cookie != "" {
				r.Header = Header{{"cookie", tt.cookie}}
			}
			c := render(t, "/farms { /f { "+tt.config+" } }", Options{}, r).Render
			category := ""
			if c.Category != nil {
				category = c.Category.Name
			}
			if c.Render == nil {
				t.Fatal("no render is chosen")
			}
			if c.Render.Name != tt.render || category != tt.category || c.Reason != tt.reason {
				t.Errorf("got %q, category %q, %s, want %q, %q, %s", c.Render.Name, category, c.Reason, tt.render, tt.category, tt.reason)
			}
		})
	}
}

// TestNoRenders: without renders nothing is chosen, and the request is forwarded into the unknown.
func TestNoRenders(t *testing.T) {
	d := render(t, "/farms { /f { } }", Options{}, get(t, "/x.html"))
	if d.Outcome != Forwarded || d.Render.Render != nil || d.Render.URL() != "" || d.Render.Target != "/x.html" {
		t.Errorf("got %s, %+v", d.Outcome, d.Render)
	}
}

// TestBestRender: the lowest score wins, the first of equals, and each category for itself.
func TestBestRender(t *testing.T) {
	e := newRenderTest(t, "/farms { /f { "+twoRenders+threeCategories+" } }", "rend01 200\nrend02 200", Options{})
	f := e.config.Farms[0]
	search, html := f.Statistics.Categories[0], f.Statistics.Categories[1]
	e.memory.renders.scores = map[scoreKey]float64{
		{f.Renders[0], html}: 99, {f.Renders[1], html}: 1,
		{f.Renders[0], search}: 5, {f.Renders[1], search}: 5,
	}
	for _, tt := range []struct{ url, cookie, want string }{
		{"/x.html", "", "rend02"},
		{"/search.html", "", "rend01"},
		{"/x.png", "", "rend01"},
		{"/x.html", "renderid=rend01", "rend01"},
	} {
		x, _ := e.fetch(t, get(t, tt.url, "Cookie", tt.cookie))
		if got := x.Decision.Render.Render.Name; got != tt.want {
			t.Errorf("%s, cookie %q: got %s, want %s", tt.url, tt.cookie, got, tt.want)
		}
	}
}

// TestStickyCookie: which requests bind a client, and the attributes of the cookie (DISP-715: Secure since 4.3.1).
func TestStickyCookie(t *testing.T) {
	products := `/stickyConnectionsFor "/products"`
	paths := `/stickyConnections { /paths { "/content/image" "/content/video" "/var/files/pdfs" } }`
	x := func(more string) string { return `/stickyConnections { /paths { "/x" } ` + more + ` }` }
	old := Version{4, 3, 0}
	tests := []struct {
		name, config, url, cookie string
		version                   Version
		want                      string
	}{
		{"in the folder", products, "/products/a.html", "", Newest, "renderid=rend01; Path=/"},
		{"the folder", products, "/products", "", Newest, "renderid=rend01; Path=/"},
		{"page of the folder's name", products, "/products.html", "", Newest, "renderid=rend01; Path=/"},
		{"a longer name", products, "/productsold/a.html", "", Newest, "renderid=rend01; Path=/"},
		{"a folder with its slash", `/stickyConnectionsFor "/products/"`, "/productsold/a.html", "", Newest, ""},
		{"outside", products, "/about.html", "", Newest, ""},
		{"below another", products, "/en/products/a.html", "", Newest, ""},
		{"the root", `/stickyConnectionsFor "/"`, "/about.html", "", Newest, "renderid=rend01; Path=/"},
		{"an empty folder", `/stickyConnectionsFor ""`, "/about.html", "", Newest, ""},
		{"first path", paths, "/content/image/a.png", "", Newest, "renderid=rend01; Path=/"},
		{"second path", paths, "/content/video/a.mp4", "", Newest, "renderid=rend01; Path=/"},
		{"third path", paths, "/var/files/pdfs/a.pdf", "", Newest, "renderid=rend01; Path=/"},
		{"no path", paths, "/content/a.png", "", Newest, ""},
		{"an empty path", `/stickyConnections { /paths { "" } }`, "/a.html", "", Newest, ""},
		{"no paths", `/stickyConnections { /httpOnly "1" }`, "/a.html", "", Newest, ""},
		{"both settings", products + paths, "/products/a.html", "", Newest, "renderid=rend01; Path=/"},
		{"nothing", "", "/a.html", "", Newest, ""},
		{"bound already", products, "/products/a.html", "renderid=rend01", Newest, ""},
		{"bound to another", products, "/products/a.html", "renderid=rend02", Newest, ""},
		{"bound to nobody", products, "/products/a.html", "renderid=rend03", Newest, "renderid=rend01; Path=/"},
		{"TLS", x(""), "https://www.example.com/x/a.html", "", Newest, "renderid=rend01; Path=/; Secure"},
		{"TLS with the folder's property", products, "https://www.example.com/products/a.html", "", Newest, "renderid=rend01; Path=/; Secure"},
		{"TLS and secure off", x(`/secure "0"`), "https://www.example.com/x/a.html", "", Newest, "renderid=rend01; Path=/; Secure"},
		{"TLS in 4.3.1, DISP-715", x(""), "https://www.example.com/x/a.html", "", Version{4, 3, 1}, "renderid=rend01; Path=/; Secure"},
		{"TLS in 4.3.0, DISP-715", x(""), "https://www.example.com/x/a.html", "", old, "renderid=rend01; Path=/"},
		{"secure", x(`/secure "1"`), "/x/a.html", "", Newest, "renderid=rend01; Path=/; Secure"},
		{"secure in 4.3.0, DISP-715", x(`/secure "1"`), "/x/a.html", "", old, "renderid=rend01; Path=/"},
		{"secure off", x(`/secure "0"`), "/x/a.html", "", Newest, "renderid=rend01; Path=/"},
		{"httpOnly", x(`/httpOnly "1"`), "/x/a.html", "", Newest, "renderid=rend01; Path=/; HttpOnly"},
		{"httpOnly in 4.3.0", x(`/httpOnly "1"`), "/x/a.html", "", old, "renderid=rend01; Path=/; HttpOnly"},
		{"both attributes", x(`/httpOnly "1" /secure "1"`), "/x/a.html", "", Newest, "renderid=rend01; Path=/; HttpOnly; Secure"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := get(t, tt.url)
			if tt.cookie != "" {
				r.Header = Header{{"Cookie", tt.cookie}}
			}
			config := "/farms { /f { " + tt.config + twoRenders + " } }"
			if got, want := render(t, config, Options{Version: tt.version}, r).Render.Sticky, tt.want != ""; got != want {
				t.Errorf("without a backend: sticky %v, want %v", got, want)
			}
			e := newRenderTest(t, config, "rend01 200\nrend02 200", Options{Version: tt.version})
			x, _ := e.fetch(t, r)
			f, ok := x.stickyCookie()
			want := Field{}
			if tt.want != "" {
				want = Field{"Set-Cookie", tt.want}
			}
			if f != want || ok != (tt.want != "") {
				t.Errorf("got %v, %v, want %v", f, ok, want)
			}
			if x.answer.Header.Has("Set-Cookie") {
				t.Error("the cookie is in the answer, which may be stored")
			}
		})
	}
}

// TestTarget: what is asked of the render.
func TestTarget(t *testing.T) {
	tests := []struct {
		name, target string
		o            Options
		want         string
	}{
		{"plain", "/content/a.html", Options{}, "/content/a.html"},
		{"query as sent", "/a.html?b=%20c&d=e%2bf+g", Options{}, "/a.html?b=%20c&d=e%2bf+g"},
		{"empty query", "/a.html?", Options{}, "/a.html?"},
		{"question mark in the query", "/a.html?b?c", Options{}, "/a.html?b?c"},
		{"absolute", "http://www.example.com/a.html?b=c", Options{}, "/a.html?b=c"},
		{"absolute without a path", "http://www.example.com", Options{}, "/"},
		{"cleaned", "/x//y/../a.html?b=c", Options{}, "/x/a.html?b=c"},
		{"// in 4.3.0, DISP-732", "/x//a.html", Options{Version: v430}, "/x//a.html"},
		{"blank", "/a%20b.html", Options{}, "/a%20b.html"},
		{"lower-case digits", "/%C3%BC.html", Options{}, "/%c3%bc.html"},
		{"decoded where it may be", "/%61%2ehtml", Options{}, "/a.html"},
		{"percent", "/100%25.html", Options{}, "/100%25.html"},
		{"question mark in the path", "/a%3fb.html?c", Options{}, "/a%3fb.html?c"},
		{"hash", "/a%23b.html", Options{}, "/a%23b.html"},
		{"semicolon and colon", "/a;b/jcr:content.html", Options{}, "/a;b/jcr:content.html"},
		{"brackets", "/a%5b1%5D.html", Options{}, "/a%5b1%5d.html"},
		{"plus", "/a+b.html", Options{}, "/a+b.html"},
		{"encoded plus, DISP-704", "/a%2bb+c%2Bd.html", Options{}, "/a%2bb+c%2bd.html"},
		{"encoded plus in 4.3.0, DISP-704", "/a%2bb+c%2Bd.html", Options{Version: v430}, "/a%2bb+c%2bd.html"},
		{"encoded plus in 4.2.3, DISP-704", "/a%2bb+c%2Bd.html", Options{Version: Version{4, 2, 3}}, "/a+b+c+d.html"},
		{"encoded plus in a segment that goes", "/x%2b/../a+b%2bc.html?d=%2b", Options{}, "/a+b%2bc.html?d=%2b"},
		{"encoded plus and control characters", "/%01%02%2b.html", Options{}, "/%01%02%2b.html"},
		{"encoded slash", "/a%2Fb.html", Options{}, "/a%2Fb.html"},
		{"encoded slash of an encoded percent", "/a%252fb.html", Options{}, "/a%252fb.html"},
		{"both slashes", "/a%2fb%252fc%25.html", Options{}, "/a%2fb%252fc%25.html"},
		{"decoded slash", "/a%2Fb.html", Options{EncodedSlashes: DecodeEncodedSlashes}, "/a/b.html"},
		{"as the client sent it", "/x//y/../a%2eb%2b.html?c=%64", Options{Directives: Directives{NoCanonURL: true}}, "/x//y/../a%2eb%2b.html?c=%64"},
		{"as the client sent it, absolute", "http://h//a.html?b", Options{Directives: Directives{NoCanonURL: true}}, "//a.html?b"},
		{"as the client sent it, without a path", "http://h", Options{Directives: Directives{NoCanonURL: true}}, "/"},
		{"star", "*", Options{}, "*"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &Request{Method: "OPTIONS", Target: tt.target, Host: "localhost"}
			d := render(t, "/farms { /f { "+twoRenders+" } }", tt.o, r)
			if d.Render.Target != tt.want {
				t.Errorf("got %q, want %q", d.Render.Target, tt.want)
			}
			if got, want := d.Render.URL(), "http://a:4503"+tt.want; got != want {
				t.Errorf("URL: got %q, want %q", got, want)
			}
		})
	}
}

// FuzzTarget: whatever the client sends, what the render reads is the URI that the filter saw.
func FuzzTarget(f *testing.F) {
	for _, s := range []string{"/a.html", "/a%2bb%252f+", "/%01%25%2f/../%2B", "/a%2Fb?c=%2b", "//%5b;x"} {
		f.Add(s, uint8(0))
	}
	f.Fuzz(func(t *testing.T, target string, slashes uint8) {
		o := Options{EncodedSlashes: EncodedSlashes(slashes % 3)}
		e := New(decode(t, "/farms { /f { "+twoRenders+" } }", Version{}, nil), o)
		var d Decision
		if err := e.Decide(context.Background(), &Request{Method: "GET", Target: target, Host: "h"}, &d, nil); err != nil {
			t.Fatal(err)
		}
		if d.Outcome != Forwarded || d.URI == "*" {
			return
		}
		path, _, _ := strings.Cut(d.Render.Target, "?")
		got, reason := cleanPath(path, o.EncodedSlashes, true)
		if reason != "" || got != d.URI {
			t.Errorf("target %q: sent %q, which is read as %q (%s), not %q", target, path, got, reason, d.URI)
		}
	})
}

// TestClientHeaders: which headers are passed on.
func TestClientHeaders(t *testing.T) {
	all := Header{
		{"User-Agent", "u"}, {"X-Own", "1"}, {"accept", "a"}, {"Connection", "close, X-Hop"}, {"X-Hop", "1"}, {"Keep-Alive", "1"},
		{"TE", "t"}, {"Trailer", "t"}, {"Transfer-Encoding", "chunked"}, {"Upgrade", "h2c"}, {"Proxy-Authorization", "p"},
		{"Proxy-Connection", "p"}, {"Proxy-X", "p"}, {"COOKIE", "a=b"}, {"CSRF-Token", "c"}, {"Path", "p"}, {"Server-Agent", "s"},
		{"Via", "1.1 cdn"}, {"X-Forwarded-For", "198.51.100.7"}, {"Via", "1.0 lb"}, {"X-Forwarded-Proto", "https"},
	}
	const own = "Via, Server-Agent"
	tests := []struct{ name, list, want string }{
		{"standard list", "", "Host, User-Agent, accept, Proxy-Authorization, Proxy-Connection, COOKIE, CSRF-Token, Path, X-Forwarded-Proto, " + own},
		{"star", `/clientheaders { "*" }`, "Host, User-Agent, X-Own, accept, COOKIE, CSRF-Token, Path, X-Forwarded-Proto, Via, X-Forwarded-For, Server-Agent"},
		{"a list is all there is", `/clientheaders { "x-OWN" "host" }`, "Host, X-Own, " + own},
		{"an empty list", `/clientheaders { }`, own},
		{"what frames a connection is not passed on", `/clientheaders { "Connection" "Transfer-Encoding" "TE" "Upgrade" "X-Hop" "Accept" }`, "accept, " + own},
		{"a star and a name", `/clientheaders { "*" "Proxy-Connection" }`, "Host, User-Agent, X-Own, accept, Proxy-Connection, COOKIE, CSRF-Token, Path, X-Forwarded-Proto, Via, X-Forwarded-For, Server-Agent"},
		{"no other pattern", `/clientheaders { "X-*" }`, own},
		{"what the module adds to", `/clientheaders { "X-Forwarded-For" }`, "Via, X-Forwarded-For, Server-Agent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newRenderTest(t, "/farms { /f { "+tt.list+twoRenders+" } }", "rend01 200", Options{})
			x, _ := e.fetch(t, &Request{Method: "GET", Target: "/x.html", Host: "www.example.com", Header: all})
			h := x.Decision.Render.Header
			want := tt.want
			if !strings.HasPrefix(want, "Host") {
				want = "Host, " + want // the render's
				if got, _ := h.Value("Host"); got != "a:4503" {
					t.Errorf("Host: got %q, want that of the render", got)
				}
			} else if got, _ := h.Value("Host"); got != "www.example.com" {
				t.Errorf("Host: got %q", got)
			}
			if got := headerNames(h); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func headerNames(h Header) string {
	names := make([]string, len(h))
	for i, f := range h {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// TestAddedHeaders: what the module adds, and to what.
func TestAddedHeaders(t *testing.T) {
	tests := []struct {
		name, config string
		o            Options
		tls          bool
		client       string
		header, want Header
	}{
		{"plain", "", Options{}, false, "192.0.2.1", nil, Header{{"Host", "h:81"}, {"Via", "1.1 localhost:80 (dispatcher)"}, {"X-Forwarded-For", "192.0.2.1"}, {"Server-Agent", "Communique-Dispatcher"}}},
		{"server", "", Options{ServerName: "www:8080"}, false, "::ffff:192.0.2.1", nil, Header{{"Host", "h:81"}, {"Via", "1.1 www:8080 (dispatcher)"}, {"X-Forwarded-For", "192.0.2.1"}, {"Server-Agent", "Communique-Dispatcher"}}},
		{"nobody", "", Options{}, false, "", nil, Header{{"Host", "h:81"}, {"Via", "1.1 localhost:80 (dispatcher)"}, {"Server-Agent", "Communique-Dispatcher"}}},
		{"appended where it passes", `/clientheaders { "*" }`, Options{}, false, "2001:db8::1",
			Header{{"x-forwarded-for", "198.51.100.7"}, {"Via", "1.1 cdn"}, {"X-Forwarded-For", "10.0.0.1"}},
			Header{{"Host", "h:81"}, {"Via", "1.1 cdn, 1.1 localhost:80 (dispatcher)"}, {"X-Forwarded-For", "198.51.100.7, 10.0.0.1, 2001:db8::1"}, {"Server-Agent", "Communique-Dispatcher"}}},
		{"alone where it does not", "", Options{}, false, "192.0.2.1",
			Header{{"X-Forwarded-For", "198.51.100.7"}, {"Via", "1.1 cdn"}},
			Header{{"Host", "h:81"}, {"Via", "1.1 localhost:80 (dispatcher)"}, {"X-Forwarded-For", "192.0.2.1"}, {"Server-Agent", "Communique-Dispatcher"}}},
		{"TLS", `/clientheaders { "*" }`, Options{ServerName: "www"}, true, "192.0.2.1", Header{{"X-Forwarded-Port", "1"}, {"X-Forwarded-SSL", "off"}, {"X-Forwarded-SSL-Keysize", "256"}}, Header{
			{"Host", "h:81"}, {"X-Forwarded-SSL-Keysize", "256"}, {"X-Forwarded-SSL-Client-Cert", "(null)"}, {"Via", "1.1 www (dispatcher)"}, {"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-SSL", "on"},
			{"X-Forwarded-SSL-Cipher", "(null)"}, {"X-Forwarded-SSL-Session-ID", "(null)"}, {"X-Forwarded-Port", "443"}, {"Server-Agent", "Communique-Dispatcher"}}},
		{"TLS that ended before", `/clientheaders { "*" }`, Options{}, false, "192.0.2.1", Header{{"X-Forwarded-SSL", "on"}}, Header{
			{"Host", "h:81"}, {"X-Forwarded-SSL", "on"}, {"Via", "1.1 localhost:80 (dispatcher)"}, {"X-Forwarded-For", "192.0.2.1"}, {"Server-Agent", "Communique-Dispatcher"}}},
		{"edge key, DISP-911", `/clientheaders { "*" }`, Options{Directives: Directives{EdgeKey: "k"}}, false, "", Header{{"X-Edge-Key", "k"}}, Header{
			{"Host", "h:81"}, {"Via", "1.1 localhost:80 (dispatcher)"}, {"Server-Agent", "Communique-Dispatcher"}}},
		{"edge key in 4.3.5, DISP-911", `/clientheaders { "*" }`, Options{Version: Version{4, 3, 5}, Directives: Directives{EdgeKey: "k"}}, false, "", Header{{"X-Edge-Key", "k"}}, Header{
			{"Host", "h:81"}, {"X-Edge-Key", "k"}, {"Via", "1.1 localhost:80 (dispatcher)"}, {"Server-Agent", "Communique-Dispatcher"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newRenderTest(t, "/farms { /f { "+tt.config+twoRenders+" } }", "rend01 200", tt.o)
			r := &Request{Method: "GET", Target: "/x.html", Host: "h:81", Header: tt.header, TLS: tt.tls}
			if tt.client != "" {
				r.Client = addrOf(t, tt.client)
			}
			x, _ := e.fetch(t, r)
			if diff := cmp.Diff(tt.want, x.Decision.Render.Header); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestHostOfTarget: the host of an absolute target counts before the header (RFC 9112, 3.2.2).
func TestHostOfTarget(t *testing.T) {
	e := newRenderTest(t, "/farms { /f { "+twoRenders+" } }", "rend01 200", Options{})
	x, _ := e.fetch(t, &Request{Method: "GET", Target: "http://www.example.com:81/x.html", Host: "other"})
	if got, _ := x.Decision.Render.Header.Value("Host"); got != "www.example.com:81" {
		t.Errorf("got %q, want www.example.com:81", got)
	}
}

// TestRenderAllocatesNothing: the choice of a render and its target cost nothing without a backend.
func TestRenderAllocatesNothing(t *testing.T) {
	if testkit.Race {
		t.Skip("the race detector empties pools")
	}
	e := New(decode(t, "/farms { /f { /stickyConnections { /paths { \"/content\" } } "+twoRenders+threeCategories+" } }", Version{}, nil), Options{})
	ctx := context.Background()
	var d Decision
	for _, r := range []*Request{
		get(t, "/content/a.html"),
		get(t, "/content/a.html?b=c", "Cookie", "a=b; renderid=rend02", "User-Agent", "u"),
		get(t, "https://www.example.com/content/a+b.html?b=%20"),
		{Method: "GET", Target: "http://www.example.com/content/a.html?b", Host: "www.example.com"},
		get(t, "/content/jcr:content/a_b-c.html/x;y?"),
	} {
		decide := func() {
			if err := e.Decide(ctx, r, &d, nil); err != nil {
				t.Fatal(err)
			}
		}
		decide() // builds what is built on first use
		if n := testing.AllocsPerRun(100, decide); n != 0 {
			t.Errorf("%s: %v allocations, want none", r.Target, n)
		}
	}
}
