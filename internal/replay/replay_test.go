package replay_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/replay"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/simulate"
)

// TestTotalsAreThoseOfTheEngine asks the engine about each line of a random log, with nothing remembered, and adds up.
func TestTotalsAreThoseOfTheEngine(t *testing.T) {
	for _, name := range []string{"cloud", "ams", "classic"} {
		for _, httpd := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, httpd %v", name, httpd), func(t *testing.T) {
				p := exampleProject(t, name, httpd)
				lines := exampleRequests(name, 600)
				var log strings.Builder
				for _, l := range lines {
					fmt.Fprintf(&log, "%s %s\n", l.Method, l.URL)
				}
				o := p.options()
				o.Log.KeepQuery = true
				o.Jobs = 3
				got := run(t, o, textInput("log", log.String(), o.Log)).Summary(5)
				engine := simulate.New(p.p.Config, o.Engine)
				var s *site.Site
				if o.NewSite != nil {
					s = o.NewSite(engine, nil)
				}
				var allow, deny, before, cacheable int64
				reasons, farms := map[string]int64{}, map[string]int64{}
				for _, l := range lines {
					r, err := simulate.NewRequest(l.Method, l.URL)
					if err != nil {
						t.Fatal(err)
					}
					var d simulate.Decision
					if s != nil {
						err = s.Decide(t.Context(), r, &d, nil, new(site.Passage))
					} else {
						err = engine.Decide(t.Context(), r, &d, nil)
					}
					if err != nil {
						t.Fatal(err)
					}
					switch {
					case !d.Filter.Reached:
						before++
					case d.Filter.Allow:
						allow++
						if d.Cache.Cacheable {
							cacheable++
						} else {
							reasons[d.Cache.Info()]++
						}
					default:
						deny++
					}
					if d.Farm.Farm != nil {
						farms[d.Farm.Farm.Name]++
					}
				}
				if got.Allow != allow || got.Deny != deny || got.NotReached != before || got.Cacheable != cacheable || got.Depends != 0 {
					t.Errorf("got %d allowed, %d denied, %d before, %d cacheable, %d depend (on %v); the engine says %d, %d, %d, %d", got.Allow, got.Deny, got.NotReached, got.Cacheable, got.Depends, got.DependsOn, allow, deny, before, cacheable)
				}
				if diff := cmp.Diff(reasons, got.Reasons) + cmp.Diff(farms, got.Farms); diff != "" {
					t.Errorf("the engine -, replay +:\n%s", diff)
				}
				if allow == 0 || deny == 0 || cacheable == 0 || httpd && before == 0 {
					t.Errorf("the log shows too little: %d, %d, %d, %d", allow, deny, cacheable, before)
				}
			})
		}
	}
}

// A line is a request of a random log.
type line struct{ Method, URL string }

// exampleRequests are requests of a project's fixtures in random order, some of them with queries, as absolute URLs.
func exampleRequests(name string, n int) []line {
	rnd := rand.New(rand.NewPCG(3, uint64(len(name))))
	all := fixtures.Requests(name)
	queries := []string{"", "", "", "?utm_source=a", "?q=x&page=2", "?debug=layout", "?wcmmode=disabled"}
	var out []line
	for len(out) < n {
		r := all[rnd.IntN(len(all))]
		if len(r.Header) > 0 || strings.Contains(r.URL, "invalidate.cache") || strings.ContainsAny(r.URL, " \t") || r.Client != "" {
			continue
		}
		url := r.URL
		if !strings.Contains(url, "://") {
			if !strings.HasPrefix(url, "/") || r.Host == "" {
				continue
			}
			url = "http://" + r.Host + url
		}
		if !strings.Contains(url, "?") {
			url += queries[rnd.IntN(len(queries))]
		}
		out = append(out, line{r.Method, url})
	}
	return out
}

// TestSplitsMerge: however the lines of logs are shared out among runs, and in whatever order and grouping the results are
// joined, the bytes are those of one run over all.
func TestSplitsMerge(t *testing.T) {
	p := exampleProject(t, "cloud", true)
	var b bytes.Buffer
	if err := generateLog(&b, 1600, 500); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(b.String(), "\n")
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, bad := range []string{"\x00\x01binary\n", "no log line\n", strings.Repeat("x", 3000) + "\n", "198.51.100.7 - - [10/Oct/2026:25:00:00 +0200] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"\n", "\n"} {
		for range 4 {
			i := rnd.IntN(len(lines))
			lines = slices.Insert(lines, i, bad)
		}
	}
	for _, limit := range []int{0, 256} { // the second has room for a part of the requests alone
		t.Run(fmt.Sprint("max-distinct ", limit), func(t *testing.T) {
			o := p.options()
			o.Host, o.Log.Format, o.Log.MaxLine, o.MaxDistinct, o.Calibrate = "www.wknd.example", "combined", 2000, limit, true
			for try := range 8 {
				// Each line is its own log, so that it has its place wherever it is read.
				n := 1 + rnd.IntN(6)
				var parts [6][]replay.Input
				var whole []replay.Input
				logs := chunks(lines, 40)
				for i, text := range logs {
					in := textInput(fmt.Sprintf("log-%03d", i), text, o.Log)
					whole = append(whole, in)
					k := rnd.IntN(n)
					parts[k] = append(parts[k], in)
				}
				o.Jobs = 1 + try%3
				want := run(t, o, whole...)
				var results []*replay.Result
				for k := range n {
					results = append(results, run(t, o, parts[k]...))
				}
				got := joinAll(t, rnd, results)
				if !bytes.Equal(encoded(t, got), encoded(t, want)) {
					t.Fatalf("%d parts: joined they are another result; want -, got +:\n%s", n, cmp.Diff(want.Summary(10), got.Summary(10)))
				}
				s := want.Summary(10)
				if s.Unparsed < 12 || s.Exact != (limit == 0) {
					t.Fatalf("the log shows too little: %d lines not read, exact %v", s.Unparsed, s.Exact)
				}
			}
		})
	}
}

// chunks puts lines together, so many at a time.
func chunks(lines []string, n int) []string {
	var out []string
	for part := range slices.Chunk(lines, n) {
		out = append(out, strings.Join(part, ""))
	}
	return out
}

// joinAll joins results two at a time, in a random order, some of them by way of a file.
func joinAll(t *testing.T, rnd *rand.Rand, list []*replay.Result) *replay.Result {
	t.Helper()
	for len(list) > 1 {
		rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		a, b := list[0], list[1]
		if rnd.IntN(2) == 0 {
			var err error
			if b, err = replay.Decode(bytes.NewReader(encoded(t, b))); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Merge(b); err != nil {
			t.Fatal(err)
		}
		list = append(list[2:], a)
	}
	return list[0]
}

// TestShardsMerge: the shares of --shard make up the whole, also with a forecast.
func TestShardsMerge(t *testing.T) {
	p := exampleProject(t, "cloud", false)
	var b bytes.Buffer
	if err := generateLog(&b, 20_000, 2000); err != nil {
		t.Fatal(err)
	}
	b.WriteString("broken\n" + strings.Repeat("y", 300_000) + "\nbroken again\n")
	for _, forecast := range []bool{false, true} {
		t.Run(fmt.Sprint("forecast ", forecast), func(t *testing.T) {
			o := p.options()
			o.Host, o.Forecast, o.Jobs = "www.wknd.example", forecast, 2
			in := textInput("log", b.String(), o.Log)
			want := run(t, o, in, in)
			for _, n := range []int{1, 2, 5} {
				var sum *replay.Result
				for i := range n {
					o := o
					o.Shard, o.Shards = n-1-i, n
					r := run(t, o, in, in)
					if n > 1 && r.Header.Parsed == want.Header.Parsed {
						t.Fatalf("share %d of %d is everything", i, n)
					}
					if sum == nil {
						sum = r
						continue
					}
					if err := sum.Merge(r); err != nil {
						t.Fatal(err)
					}
				}
				if got := sum.MissingShards(); len(got) > 0 {
					t.Errorf("%v are missing", got)
				}
				got, want := sum.Summary(10), want.Summary(10)
				got.Shards = nil
				want.Shards = nil
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%d shares: want -, got +:\n%s", n, diff)
				}
			}
		})
	}
}

func TestMergeRefuses(t *testing.T) {
	p := exampleProject(t, "cloud", false)
	o := p.options()
	o.Host = "www.wknd.example"
	in := textInput("log", "/content/wknd/us/en.html\n", o.Log)
	with := func(change func(*replay.Options)) *replay.Result {
		o := o
		change(&o)
		return run(t, o, in)
	}
	for _, tt := range []struct {
		name string
		a, b *replay.Result
		want string
	}{
		{"configurations", with(func(*replay.Options) {}), run(t, exampleProject(t, "ams", false).options(), in), "different configurations"},
		{"hosts", with(func(*replay.Options) {}), with(func(o *replay.Options) { o.Host = "other.example" }), "different hosts"},
		{"the same share", with(func(o *replay.Options) { o.Shards = 2 }), with(func(o *replay.Options) { o.Shards = 2 }), "shard 0 of 2 is in both"},
		{"a share and the whole", with(func(o *replay.Options) { o.Shards = 2 }), with(func(*replay.Options) {}), "one is a shard"},
		{"shares of other sizes", with(func(o *replay.Options) { o.Shards = 2 }), with(func(o *replay.Options) { o.Shards, o.Shard = 3, 1 }), "shard 0 of 2, another 1 of 3"},
		{"forecasts", with(func(o *replay.Options) { o.Forecast = true }), with(func(o *replay.Options) { o.Forecast = true }), "each has a forecast"},
		{"releases", with(func(*replay.Options) {}), with(func(o *replay.Options) { o.Release = "2" }), "release"},
		{"bounds", with(func(*replay.Options) {}), with(func(o *replay.Options) { o.MaxDistinct = 7 }), "--max-distinct"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.a.Merge(tt.b)
			if !errors.Is(err, replay.ErrDifferent) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// A unit is a small configuration, with what replay says of a line.
const vhost = `<VirtualHost *:80>
	ServerName www.example.com
	DocumentRoot "/mnt/var/www/html"
	<Directory />
		SetHandler dispatcher-handler
		Require all granted
	</Directory>
	DispatcherUseProcessedURL On
	RewriteEngine On
	%s
</VirtualHost>
`

const farm = `/site {
	/virtualhosts { "www.example.com" }
	/renders { /0 { /hostname "render" /port "4503" } }
	/filter {
		/0001 { /type "deny" /url "*" }
		/0002 { /type "allow" /url "/content/*" }
		%s
	}
	/cache {
		/docroot "/mnt/var/www/html"
		/rules { /0000 { /glob "*" /type "allow" } }
	}
	%s
}
%s
`

func unit(t testing.TB, rules, filter, section, more string) *loaded {
	return unitOf(t, fmt.Sprintf(vhost, rules), fmt.Sprintf(farm, filter, section, more))
}

// unitOf is a project of a virtual host and a farm.
func unitOf(t testing.TB, vhost, farm string) *loaded {
	return load(t, project.Options{FS: fstest.MapFS{
		"conf.d/enabled_vhosts/site.vhost":          {Data: []byte(vhost)},
		"conf.dispatcher.d/dispatcher.any":          {Data: []byte(`/farms { $include "enabled_farms/*.farm" }`)},
		"conf.dispatcher.d/enabled_farms/site.farm": {Data: []byte(farm)},
		"opt-in/USE_SOURCES_DIRECTLY":               {Data: []byte("")},
	}}, true)
}

// TestDepends: what a log lacks matters only where a condition looks at it and the answers differ.
func TestDepends(t *testing.T) {
	const second = `/other { /virtualhosts { "other.example.com" } /renders { /0 { /hostname "r" /port "4503" } } /filter { /0001 { /type "deny" /url "*" } } }`
	cdn := `{"timestamp":"2026-05-26T09:47:00+0000","host":"www.example.com","url":"/content/a.html","method":"GET","status":200}` + "\n"
	combined := `198.51.100.1 - - [10/Oct/2026:13:55:36 +0200] "GET /content/a.html HTTP/1.1" 200 1 "https://x.example/" "Agent/1"` + "\n"
	for _, tt := range []struct {
		name                         string
		rules, filter, section, more string
		log, format, host            string
		keepAgent, keepQuery         bool
		header                       simulate.Header
		want                         string
	}{
		{name: "nothing", log: cdn, want: "allow cacheable"},
		{name: "a header forbids", rules: "RewriteCond %{HTTP:X-Secret} !=open\nRewriteRule ^/content - [F]", log: cdn, want: "depends: header X-Secret"},
		{name: "a header changes nothing", rules: "RewriteCond %{HTTP:X-Secret} =open\nRewriteRule ^/content/a\\.html$ /content/b.html [PT]", log: cdn, want: "allow cacheable"},
		{name: "the condition of another path", rules: "RewriteCond %{HTTP:X-Secret} =open\nRewriteRule ^/elsewhere - [F]", log: cdn, want: "allow cacheable"},
		{name: "two headers, both needed", rules: "RewriteCond %{HTTP:X-A} =1\nRewriteCond %{HTTP:X-B} =1\nRewriteRule ^/content - [F]", log: cdn, want: "depends: header X-B"},
		{name: "a variable that a header sets", rules: "SetEnvIf X-Bot yes bot\nRewriteCond %{ENV:bot} !^$\nRewriteRule ^/content - [F]", log: cdn, want: "depends: header X-Bot"},
		{name: "a variable that nobody looks at", rules: "SetEnvIf X-Bot yes bot", log: cdn, want: "allow cacheable"},
		{name: "an agent that the log has", rules: "RewriteCond %{HTTP_USER_AGENT} Bad\nRewriteRule ^/content - [F]", log: combined, host: "www.example.com", want: "allow cacheable"},
		{name: "an agent that is refused", rules: "RewriteCond %{HTTP_USER_AGENT} Agent\nRewriteRule ^/content - [F]", log: combined, host: "www.example.com", want: "not reached"},
		{name: "an agent in an expression", rules: "<If \"%{HTTP_USER_AGENT} =~ /Bad/\">\nRequire all denied\n</If>", log: combined, host: "www.example.com", want: "depends: header User-Agent"},
		{name: "an agent in an expression that is kept", rules: "<If \"%{HTTP_USER_AGENT} =~ /Bad/\">\nRequire all denied\n</If>", log: combined, host: "www.example.com", keepAgent: true, want: "allow cacheable"},
		{name: "an agent that the log does not have", rules: "RewriteCond %{HTTP_USER_AGENT} Bad\nRewriteRule ^/content - [F]", log: cdn, host: "www.example.com", want: "depends: header User-Agent"},
		{name: "a list of URLs", rules: "RewriteCond %{HTTP_USER_AGENT} Bad\nRewriteRule ^/content - [F]", log: "http://www.example.com/content/a.html\n", want: "allow cacheable"},
		{name: "a header that is given", rules: "RewriteCond %{HTTP:X-Secret} !=open\nRewriteRule ^/content - [F]", log: cdn, header: simulate.Header{{Name: "X-Secret", Value: "open"}}, want: "allow cacheable"},
		{name: "a header that is given as missing", rules: "RewriteCond %{HTTP:X-Secret} !=open\nRewriteRule ^/content - [F]", log: cdn, header: simulate.Header{{Name: "X-Secret"}}, want: "not reached"},
		{name: "an agent that is kept", rules: "RewriteCond %{HTTP_USER_AGENT} Bad\nRewriteRule ^/content - [F]", log: combined, host: "www.example.com", keepAgent: true, want: "allow cacheable"},
		{name: "an agent that is kept and bad", rules: "RewriteCond %{HTTP_USER_AGENT} Agent\nRewriteRule ^/content - [F]", log: combined, host: "www.example.com", keepAgent: true, want: "not reached"},
		{name: "a part of an expression that does not matter", rules: "SetEnvIfExpr \"req_novary('X-A') != '' && %{REQUEST_METHOD} == 'OPTIONS' && req_novary('X-B') != ''\" odd=1\nRewriteCond expr \"reqenv('odd') == '1'\"\nRewriteRule ^ - [F]", log: cdn, want: "allow cacheable"},
		{name: "a part of an expression that matters", rules: "SetEnvIfExpr \"req('X-A') != '' && %{REQUEST_METHOD} == 'GET'\" odd=1\nRewriteCond expr \"reqenv('odd') == '1'\"\nRewriteRule ^ - [F]", log: cdn, want: "depends: header X-A"},
		{name: "the client", rules: "<Location /content>\nRequire ip 10.0.0.0/8\n</Location>", log: cdn, want: "depends: client address"},
		{name: "the scheme", rules: "RewriteCond %{HTTP:X-Forwarded-Proto} !=https\nRewriteRule ^/content https://www.example.com%{REQUEST_URI} [R=301,L]", log: cdn, want: "depends: scheme"},
		{name: "the scheme is known", rules: "RewriteCond %{HTTP:X-Forwarded-Proto} !=https\nRewriteRule ^/content https://www.example.com%{REQUEST_URI} [R=301,L]", log: "https://www.example.com/content/a.html\n", want: "allow cacheable"},
		{name: "the time", rules: "RewriteCond %{TIME_HOUR} >12\nRewriteRule ^/content - [F]", log: cdn, want: "depends: time of the request"},
		{name: "no host, one farm", log: combined, want: "depends: header Host"},
		{name: "the host is given", log: combined, host: "www.example.com", want: "allow cacheable"},
		{name: "no host, farms differ", more: second, log: combined, want: "depends: header Host"},
		{name: "no host, and the log names the farm", more: second, log: `[Wed Aug 05 03:26:31 2020] [I] [pid 939] "GET /content/a.html" - miss [site/0] 9ms` + "\n", want: "allow cacheable"},
		{name: "no host, and the log names another farm", more: second, log: `[Wed Aug 05 03:26:31 2020] [I] [pid 939] "GET /content/a.html" - miss [other/0] 9ms` + "\n", want: "deny"},
		{name: "no host, and the log names a farm that is not there", more: second, log: `[Wed Aug 05 03:26:31 2020] [I] [pid 939] "GET /content/a.html" - miss [gone/0] 9ms` + "\n", want: "depends: header Host"},
		{name: "no method", log: "/content/a.html 200\n", format: "%U%q %>s", host: "www.example.com", want: "allow, depends: method"},
		{name: "the filter asks for a method", filter: `/0003 { /type "deny" /method "POST" /url "*" }`, log: "/content/a.html 200\n", format: "%U%q %>s", host: "www.example.com", want: "depends: method"},
		{name: "a value of the query", filter: `/0003 { /type "deny" /query "*debug=on*" }`, log: "http://www.example.com/content/a.html?debug=on\n", want: "depends: query values"},
		{name: "the value is kept", filter: `/0003 { /type "deny" /query "*debug=on*" }`, log: "http://www.example.com/content/a.html?debug=on\n", keepQuery: true, want: "deny"},
		{name: "a name of the query alone", filter: `/0003 { /type "deny" /query "debug=*" }`, log: "http://www.example.com/content/a.html?debug=on\n", want: "deny"},
		{name: "a glob that no value meets", filter: `/0003 { /type "deny" /glob "POST *" }`, log: "http://www.example.com/content/a.html?x=1\n", want: "allow not cacheable"},
		{name: "a rewrite rule looks at values", rules: "RewriteCond %{QUERY_STRING} preview=true\nRewriteRule ^/content - [F]", log: "http://www.example.com/content/a.html?preview=true\n", want: "depends: query values"},
		{name: "a session", section: `/sessionmanagement { /directory "/tmp/s" }`, log: cdn, want: "allow, depends: header Authorization"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := unit(t, tt.rules, tt.filter, tt.section, tt.more)
			o := p.options()
			o.Host, o.Log.Format, o.Log.KeepUserAgent, o.Log.KeepQuery = tt.host, tt.format, tt.keepAgent, tt.keepQuery
			o.Headers = tt.header
			s := run(t, o, textInput("log", tt.log, o.Reading())).Summary(3)
			if s.Parsed != 1 {
				t.Fatalf("%d requests, %v", s.Parsed, s.Examples)
			}
			if got := verdictOf(s); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// verdictOf puts into words what a summary of one request says.
func verdictOf(s *replay.Summary) string {
	var on []string
	for _, c := range s.DependsOn {
		on = append(on, c.What)
	}
	what := strings.Join(on, ", ")
	switch {
	case s.Depends == 1:
		return "depends: " + what
	case s.CacheDepends == 1:
		return "allow, depends: " + what
	case s.Cacheable == 1:
		return "allow cacheable"
	case s.Allow == 1:
		return "allow not cacheable"
	case s.Deny == 1:
		return "deny"
	}
	return "not reached"
}

// TestNothingPersonalIsKept: neither a summary nor a partial result has what is personal, unless it is asked for.
func TestNothingPersonalIsKept(t *testing.T) {
	p := unitOf(t, fmt.Sprintf(vhost, "RewriteCond %{HTTP_USER_AGENT} Secret[A-Z]\nRewriteCond %{HTTP_REFERER} token\nRewriteRule ^/x - [F]"), fmt.Sprintf(farm, "", "", ""))
	log := `198.51.100.77 - jane.doe [10/Oct/2026:13:55:36 +0200] "GET /content/wknd/us/en.html?q=private-word&mail=jane%40example.org HTTP/1.1" 200 1 "https://x.example/?token=hidden" "SecretAgent/9"` + "\n" +
		`198.51.100.77 - jane.doe no line of a log q=private-word jane.doe@example.org` + "\n"
	o := p.options()
	o.Host = "www.example.com"
	o.Log.Format = "combined"
	r := run(t, o, textInput("log", log, o.Reading()))
	if s := r.Summary(5); s.Parsed != 1 || s.Unparsed != 1 || s.Examples[0].Text == "" {
		t.Fatalf("%+v", s)
	}
	text := string(encoded(t, r))
	for _, secret := range []string{"198.51.100.77", "private-word", "hidden", "SecretAgent", "example.org", "jane.doe@"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is kept", secret)
		}
	}
	if !strings.Contains(text, "?q=&mail=") {
		t.Error("names of parameters are not kept")
	}
}

// TestStops: a run whose context is done ends with its error.
func TestStops(t *testing.T) {
	p := exampleProject(t, "cloud", false)
	o := p.options()
	ctx, cancel := context.WithCancel(t.Context())
	in := replay.Input{Name: "endless", Open: func() (*accesslog.Blocks, error) {
		return accesslog.StreamBlocks(&endless{cancel: cancel}, o.Log)
	}}
	if _, err := replay.Run(ctx, []replay.Input{in}, o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// endless is a log without an end, that is stopped after some of it.
type endless struct {
	cancel context.CancelFunc
	n      int
}

func (e *endless) Read(b []byte) (int, error) {
	if e.n++; e.n == 40 {
		e.cancel()
	}
	return copy(b, strings.Repeat("/content/wknd/us/en.html\n", len(b)/25)), nil
}

// TestForwardedFor: an address that a proxy speaks of matters where a rule lets it.
func TestForwardedFor(t *testing.T) {
	cdn := `{"timestamp":"2026-05-26T09:47:00+0000","host":"www.example.com","url":"/content/a.html","method":"GET","status":200}` + "\n"
	for rules, want := range map[string]string{
		"RewriteCond %{HTTP:X-Forwarded-For} !^$\nRewriteCond %{HTTP:X-Forwarded-For} !^[0-9.]+$\nRewriteRule ^ - [F]": "allow cacheable",
		"RewriteCond %{HTTP:X-Forwarded-For} !^[0-9.]*$\nRewriteRule ^ - [F]":                                          "allow cacheable",
		"RewriteCond %{HTTP:X-Forwarded-For} ^203\nRewriteRule ^ - [F]":                                                "depends: header X-Forwarded-For",
		"RewriteCond %{HTTP:X-Forwarded-For} ^$\nRewriteRule ^ - [F]":                                                  "depends: header X-Forwarded-For",
		"SetEnvIf X-Forwarded-For . proxied\nRewriteCond %{ENV:proxied} ^$\nRewriteRule ^ - [F]":                       "depends: header X-Forwarded-For",
	} {
		p := unitOf(t, fmt.Sprintf(vhost, "RemoteIPHeader X-Real-IP\n"+rules), fmt.Sprintf(farm, "", "", "")) // or the header is taken away
		o := p.options()
		if got := verdictOf(run(t, o, textInput("log", cdn, o.Reading())).Summary(1)); got != want {
			t.Errorf("%s\ngot %q, want %q", rules, got, want)
		}
	}
}
