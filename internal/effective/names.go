package effective

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/httpd"
)

// maxNames bounds how many names are looked at. The largest public configurations have some hundreds.
const maxNames = 5000

// A NameSource says where a name of the table stands.
type NameSource string

// The sources of names.
const (
	ServerName  NameSource = "ServerName"
	ServerAlias NameSource = "ServerAlias"
	// VirtualHosts is /virtualhosts of a farm, of names that no virtual host of httpd has.
	VirtualHosts NameSource = "/virtualhosts"
	// AnyOther stands for all names that are not in the table.
	AnyOther NameSource = "other"
	// Asked is a name that somebody asked for.
	Asked NameSource = "asked"
)

// A Name is a host name with what answers for it.
type Name struct {
	// Text is the name as written, a pattern where Wild; "" for AnyOther.
	Text   string
	Source NameSource
	Wild   bool
	// Origin is where it stands; the zero Origin for AnyOther.
	Origin Origin
	// Host, Port, TLS and Path are of the request that the answer was found with. Host is a name that Text matches, with a
	// port where that is neither 80 nor 443.
	Host string
	Port int
	TLS  bool
	Path string
	// Unusable says that no request can have the name, for one because a variable in it is not defined. Nothing was asked.
	Unusable bool
	// Refused are paths that httpd answers itself, and that were asked for before Path.
	Refused []string
	// NamedBy is the virtual host that the name stands in; nil where it stands in none.
	NamedBy *server.Host
	Answer
}

// An Answer says what answers a request.
type Answer struct {
	// VirtualHost is that of httpd; nil without httpd. It may be the main server. Named says that it has the name; it is
	// otherwise the first one for the address.
	VirtualHost *server.Host
	Named       bool
	// Ended says that httpd answers itself: with Status and Location, by the line By. The farm is then not reached.
	Ended    bool
	Status   int
	Location string
	Proxy    string
	By       server.Place
	// NotSimulated are constructs of httpd that make the answer uncertain.
	NotSimulated []server.Construct
	// Farm is nil where none is reached; Value is that of its /virtualhosts that decided, nil where none did; Reason is
	// that of simulate, "" where the farm stage was not reached.
	Farm   *model.Farm
	Value  *model.VirtualHost
	Reason simulate.Reason
}

// A Table says for each name which virtual host and which farm answer.
type Table struct {
	Names []Name
	// Idle are values of /virtualhosts that decide nothing for any name that they match best.
	Idle []IdleValue
	// Unreached are farms that no name leads to.
	Unreached []*model.Farm
	// Truncated says that there are more names than are looked at.
	Truncated bool
}

// An IdleValue is a value of /virtualhosts with what answers in its place.
type IdleValue struct {
	Farm  *model.Farm
	Value *model.VirtualHost
	// Host is the name that was asked for.
	Host string
	Answer
}

// asker asks the engines.
type asker struct {
	site *Site
	// handled is what reached the Dispatcher last; nil for nothing.
	handled *httpd.Handled
	front   *httpd.Engine
	farms   map[bool]*simulate.Engine // by DispatcherUseProcessedURL
}

func (s *Site) asker() *asker {
	a := &asker{site: s, farms: map[bool]*simulate.Engine{}}
	if s.Apache != nil {
		a.front = httpd.New(s.Apache.Server, httpd.Options{
			Files: s.Apache.Files(), Getenv: s.Apache.Getenv,
			Handlers: map[string]httpd.Handler{server.DispatcherHandler: httpd.HandlerFunc(func(_ context.Context, h *httpd.Handled) (httpd.Answer, error) {
				if h.ErrorOf == 0 {
					c := *h
					a.handled = &c
				}
				return httpd.Answer{Status: 200, Bytes: -1}, nil
			})},
		})
	}
	return a
}

// Names finds who answers for each name that httpd or a farm has, and for all others.
func (s *Site) Names(ctx context.Context) (*Table, error) {
	a := s.asker()
	t := new(Table)
	for _, n := range s.names() {
		if len(t.Names) == maxNames {
			t.Truncated = true
			break
		}
		if err := a.ask(ctx, &n); err != nil {
			return nil, err
		}
		t.Names = append(t.Names, n)
	}
	return t, a.idle(ctx, t)
}

// Ask finds who answers for one host, with its port if it has one.
func (s *Site) Ask(ctx context.Context, host string) (*Name, error) {
	n := Name{Text: host, Source: Asked, Host: host, Path: "/", Port: portOf(host)}
	if n.Port == 80 || n.Port == 443 {
		n.Host = host[:strings.LastIndexByte(host, ':')] // as clients have it
	}
	if n.Port == 0 {
		n.Port = 80
		if !s.listens(80) && s.listens(443) {
			n.Port = 443
		}
	}
	return &n, s.asker().ask(ctx, &n)
}

// portOf is the port behind a host; 0 where there is none.
func portOf(host string) int {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.IndexByte(host[:i], ':') >= 0 && !strings.HasSuffix(host[:i], "]") {
		return 0
	}
	n, err := strconv.Atoi(host[i+1:])
	if err != nil || n < 1 || n > 65535 {
		return 0
	}
	return n
}

// listens reports whether a virtual host is for a port.
func (s *Site) listens(port int) bool { return s.Apache != nil && s.Apache.HasPort(port) }

// names lists the names of virtual hosts in the order of reading, then those that only farms have, then all others by port.
func (s *Site) names() []Name {
	var out []Name
	ports := []int{}
	known := map[string]bool{}
	if s.Apache != nil {
		for _, h := range s.Apache.Hosts {
			for _, port := range portsOf(h) {
				if !slices.Contains(ports, port) {
					ports = append(ports, port)
				}
				add := func(text string, source NameSource, p server.Place) {
					n := Name{Text: text, Source: source, Wild: strings.ContainsAny(text, "*?"), NamedBy: h, Host: withPort(sample(text), port), Port: port, Path: "/"}
					if node := s.node(p); node != nil {
						n.Origin = s.originOf(node)
					}
					known[strings.ToLower(text)] = true
					out = append(out, n)
				}
				if h.Name.Set && h.Name.Host != "" {
					add(h.Name.Host, ServerName, h.Name.Place)
				}
				for _, alias := range h.Names {
					add(alias.Pattern, ServerAlias, alias.Place)
				}
			}
		}
	}
	slices.Sort(ports)
	if len(ports) == 0 {
		ports = []int{80}
	}
	if s.Config != nil {
		for _, f := range slices.Backward(s.Config.Farms) {
			for _, v := range f.VirtualHosts {
				if key := strings.ToLower(v.Text); !known[key] {
					known[key] = true
					out = append(out, s.valueName(v))
				}
			}
		}
	}
	for _, port := range ports {
		if !slices.ContainsFunc(out, func(n Name) bool { return n.Text == "*" && n.Port == port }) {
			out = append(out, Name{Source: AnyOther, Host: withPort(sample("*"), port), Port: port, Path: "/", Wild: true})
		}
	}
	return out
}

// valueName is a value of /virtualhosts as a name to ask for.
func (s *Site) valueName(v *model.VirtualHost) Name {
	n := Name{
		Text: v.Text, Source: VirtualHosts, Wild: strings.ContainsAny(v.HostText, "*?["), Origin: s.anyOrigin(v.At, v.At.Span),
		Host: sample(v.HostText), Path: "/", Port: portOf(sample(v.HostText)), TLS: v.Scheme == "https",
	}
	if v.URIText != "" {
		n.Path = sample(v.URIText)
	}
	switch {
	case n.Port != 0:
	case n.TLS && (s.Apache == nil || s.listens(443)):
		n.Port = 443
	default:
		n.Port = 80
		if s.Apache != nil && !s.listens(80) && s.listens(443) {
			n.Port = 443
		}
	}
	return n
}

// withPort is a host as clients send it.
func withPort(host string, port int) string {
	if port == 80 || port == 443 {
		return host
	}
	return host + ":" + strconv.Itoa(port)
}

// portsOf are the ports of a virtual host, 80 for every port.
func portsOf(h *server.Host) []int {
	var out []int
	for _, a := range h.Addresses {
		port := a.Port
		if port == 0 {
			port = 80
		}
		if !slices.Contains(out, port) {
			out = append(out, port)
		}
	}
	return out
}

// sample is a text that a glob matches, and that no name in a configuration is likely to be.
func sample(glob string) string {
	var b strings.Builder
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; c {
		case '*':
			b.WriteString("any")
		case '?':
			b.WriteByte('x')
		case '[':
			end := strings.IndexByte(glob[i:], ']')
			if end < 2 || strings.IndexByte(glob[i:i+end], ':') >= 0 { // an IPv6 address is none
				b.WriteByte(c)
				continue
			}
			first := glob[i+1]
			if first == '!' || first == '^' {
				first = 'x'
			}
			b.WriteByte(first)
			i += end
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// ask fills in the answer to a name. A request for / may end in httpd, with a redirect to the home page for one, where others
// reach a farm: the first path that does speaks for the name.
func (a *asker) ask(ctx context.Context, n *Name) error {
	if n.Unusable = strings.ContainsAny(n.Host, "${}<> \t/\\") || n.Host == ""; n.Unusable {
		return nil
	}
	if a.front == nil {
		return a.farm(ctx, n, n.Path, n.Path, nil)
	}
	var local netip.Addr
	if n.NamedBy != nil {
		for _, ad := range n.NamedBy.Addresses {
			if ad.Addr.IsValid() && (ad.Port == 0 || ad.Port == n.Port) {
				local = ad.Addr
			}
		}
	}
	var first Answer
	var refused []string
	for i, url := range a.paths(n) {
		var res httpd.Result
		a.handled = nil
		r := httpd.Request{Method: "GET", Target: url, Host: n.Host, Port: n.Port, Local: local}
		if err := a.front.Serve(ctx, &r, &res, nil); err != nil {
			return err
		}
		n.TLS = res.Host != nil && res.Host.TLS()
		n.Answer = Answer{VirtualHost: res.Host, Named: named(res.Host, n.Host), NotSimulated: uncertain(res.NotSimulated)}
		if a.handled != nil {
			n.Path, n.Refused = url, refused
			return a.farm(ctx, n, a.handled.URI, url, a.handled)
		}
		refused = append(refused, url)
		n.Ended, n.Status, n.Location, n.Proxy, n.By = true, res.Status, res.Location, res.Proxy, res.By
		if i == 0 {
			first = n.Answer
		}
	}
	n.Answer, n.Refused = first, refused
	return nil
}

// maxPaths bounds how many paths are asked for to find one that reaches the Dispatcher.
const maxPaths = 8

// paths are those to ask for: that of the name, usual ones where it names none, and those that farms name for the host.
func (a *asker) paths(n *Name) []string {
	out := []string{n.Path}
	if n.Path == "/" {
		out = append(out, "/content/any/page.html", "/dispatcher/invalidate.cache")
	} else {
		out = append(out, n.Path+".html", n.Path+".png")
	}
	if a.site.Config == nil {
		return out
	}
	host := n.Host
	if portOf(host) != 0 {
		host = host[:strings.LastIndexByte(host, ':')]
	}
	for _, f := range slices.Backward(a.site.Config.Farms) {
		for _, v := range f.VirtualHosts {
			if url := sample(v.URIText); n.Path == "/" && v.URI != nil && v.Host != nil && v.Host.Match(host) && !slices.Contains(out, url) && len(out) < maxPaths {
				out = append(out, url)
			}
		}
	}
	return out
}

// uncertain leaves out what is followed here: whether a host answers over TLS.
func uncertain(list []server.Construct) []server.Construct {
	return slices.DeleteFunc(slices.Clone(list), func(c server.Construct) bool { return c.TLS() })
}

// named reports whether a virtual host has a name, by itself or by a pattern.
func named(h *server.Host, host string) bool {
	if h == nil || !h.Virtual {
		return false
	}
	if p := portOf(host); p != 0 {
		host = host[:strings.LastIndexByte(host, ':')]
	}
	if h.Name.Host != "" && strings.EqualFold(h.Name.Host, host) {
		return true
	}
	return slices.ContainsFunc(h.Names, func(n server.Alias) bool { return server.MatchName(n.Pattern, host) })
}

// farm asks which farm answers: uri is the path that rules made, original that of the request.
func (a *asker) farm(ctx context.Context, n *Name, uri, original string, h *httpd.Handled) error {
	if a.site.Config == nil {
		return nil
	}
	processed := false
	host := n.Host
	if h != nil {
		for _, d := range h.Dispatcher {
			if strings.EqualFold(d.Name, "DispatcherUseProcessedURL") {
				words, _ := apacheconf.Words(d.Args)
				processed = len(words) > 0 && (strings.EqualFold(words[0].Text, "on") || words[0].Text == "1")
			}
		}
		for _, f := range h.Header {
			if strings.EqualFold(f.Name, "Host") {
				host = f.Value
			}
		}
	}
	e := a.farms[processed]
	if e == nil {
		o := simulate.Options{Version: a.site.version}
		o.Directives.UseProcessedURL = processed
		e = simulate.New(a.site.Config, o)
		a.farms[processed] = e
	}
	r := simulate.Request{Method: "HEAD", Target: original, Host: host, TLS: n.TLS}
	if processed && uri != original {
		r.Processed = uri
	}
	var d simulate.Decision
	if err := e.Decide(ctx, &r, &d, nil); err != nil {
		return err
	}
	n.Farm, n.Value, n.Reason = d.Farm.Farm, d.Farm.VirtualHost, d.Farm.Reason
	return nil
}

// idle finds values of /virtualhosts that decide nothing, and farms that nothing leads to.
func (a *asker) idle(ctx context.Context, t *Table) error {
	if a.site.Config == nil {
		return nil
	}
	deciding, reached := map[*model.VirtualHost]bool{}, map[*model.Farm]bool{}
	for i := range t.Names {
		deciding[t.Names[i].Value] = true
		reached[t.Names[i].Farm] = true
	}
	for i, f := range slices.Backward(a.site.Config.Farms) {
		if i < len(a.site.Config.Farms)-maxNames {
			break
		}
		for _, v := range f.VirtualHosts {
			if deciding[v] {
				continue
			}
			n := a.site.valueName(v)
			if err := a.ask(ctx, &n); err != nil {
				return err
			}
			reached[n.Farm] = true
			if n.Value == v {
				continue
			}
			t.Idle = append(t.Idle, IdleValue{Farm: f, Value: v, Host: n.Host, Answer: n.Answer})
		}
	}
	for _, f := range a.site.Config.Farms {
		if !reached[f] {
			t.Unreached = append(t.Unreached, f)
		}
	}
	return nil
}
