package realhttpd

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

//go:embed answer.lua
var answerScript string

// modules are where Debian has them.
const modules = "/usr/lib/apache2/modules"

// Find returns the path of httpd, or skips the test where there is none with mod_lua.
func Find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"apache2", "httpd"} {
		if p, err := exec.LookPath(name); err == nil {
			if _, err := os.Stat(modules + "/mod_lua.so"); err == nil {
				return p
			}
		}
	}
	t.Skip("no Apache httpd with mod_lua here (on Debian: apt-get install apache2)")
	return ""
}

// A Site is one text with its own virtual hosts.
type Site struct {
	// Name is the name of its file without an extension. Names are read in their order.
	Name string
	Text string
}

// A Refusal is what httpd says to a site that it does not start with.
type Refusal struct {
	Site    string
	Message string
}

// A Request is a request as it goes over the wire.
type Request struct {
	Method, Target string
	// Host is the header; NoHost leaves it out.
	Host   string
	NoHost bool
	Header [][2]string
	Body   string
}

// An Answer is what became of a request.
type Answer struct {
	Status int
	// Header is what came back.
	Header http.Header
	// Ended says that the request ended httpd itself: nothing else is known then.
	Ended bool
	// Recorded says that httpd had a request to speak of: all that follows is known.
	Recorded bool
	VHost    string
	// HandledBy is the handler of the last round, "" where that round did not get to one.
	HandledBy string
	URI, Args string
	HasArgs   bool
	Filename  string
	PathInfo  string
	Type      string
	// Proxy is the URL that the request would go to.
	Proxy string
	// Env and Request are the environment and the request's headers at the handler, by name; nil where none was reached.
	Env, Request map[string]string
}

// A Server is a folder that httpds are started on, one after the other.
type Server struct {
	t     testing.TB
	httpd string
	// Root is ServerRoot, a folder of the test. Documents are in htdocs below it, sites in sites.
	Root string
	// Port is where the last httpd listened.
	Port int
	// Base is the configuration without what observes: what a simulation reads.
	Base string
}

// Start makes a ServerRoot. base is put behind the modules and before the sites; "@ROOT@" stands for the ServerRoot. files
// are further files by their names below it; a name with a slash at the end is a folder.
func Start(t testing.TB, httpd, base string, files map[string]string) *Server {
	t.Helper()
	s := &Server{t: t, httpd: httpd, Root: t.TempDir()}
	must(t, os.Chmod(filepath.Dir(s.Root), 0o755))
	must(t, os.Chmod(s.Root, 0o755))
	for _, dir := range []string{"htdocs", "sites", "run"} {
		must(t, os.MkdirAll(s.Root+"/"+dir, 0o755))
	}
	for name, text := range files {
		p := s.Root + "/" + name
		if strings.HasSuffix(name, "/") {
			must(t, os.MkdirAll(p, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		must(t, os.WriteFile(p, []byte(text), 0o644))
	}
	s.Base = s.load() + strings.ReplaceAll(base, "@ROOT@", s.Root) + "\nIncludeOptional sites/*.conf\n"
	return s
}

// load is the configuration in front of the base.
func (s *Server) load() string {
	var b strings.Builder
	fmt.Fprintf(&b, "ServerRoot %s\nServerName main.example\nDefaultRuntimeDir run\n", s.Root)
	for _, m := range []string{"mpm_prefork", "access_compat", "alias", "allowmethods", "authn_core", "authz_core", "authz_host",
		"deflate", "dir", "env", "expires", "filter", "headers", "macro", "mime", "proxy", "proxy_http", "remoteip", "rewrite", "setenvif"} {
		fmt.Fprintf(&b, "LoadModule %s_module %s/mod_%s.so\n", m, modules, m)
	}
	return b.String()
}

// observer is what watches. In front of it stands what a simulation reads, too.
func (s *Server) observer() string {
	user := ""
	if os.Getuid() == 0 {
		user = "User #65534\nGroup #65534\n"
	}
	return user + fmt.Sprintf(`Listen 127.0.0.1:%[3]d
PidFile %[1]s/run/pid
Mutex file:%[1]s/run
ErrorLog %[1]s/run/error.log
LogFormat "\"%%{X-Id}i\" \"%%v\" \"%%>U\" \"%%q\" \"%%>f\" %%>{reached}n" seen
CustomLog %[1]s/run/requests.log seen
LoadModule lua_module %[2]s/mod_lua.so
LuaScope server
LuaMapHandler .* %[1]s/run/answer.lua answer
KeepAlive On
KeepAliveTimeout 30
MaxKeepAliveRequests 0
Timeout 20
`, s.Root, modules, s.Port)
}

// choosePort picks a port that nobody has and that the system gives to no client.
func (s *Server) choosePort() {
	s.t.Helper()
	for range 100 {
		port := 15_000 + rand.IntN(15_000)
		if l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			must(s.t, l.Close())
			s.Port = port
			must(s.t, os.WriteFile(s.Root+"/httpd.conf", []byte(s.Base+s.observer()), 0o644))
			return
		}
	}
	s.t.Fatal("no free port on the loopback interface")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var refusedAt = regexp.MustCompile(`(?s)(?:on line \d+ of |:\s*)\S*/sites/([^/\s]+)\.conf:\s*(.*)`)

// Write puts sites in place and takes away those that httpd refuses to start with, which it returns.
func (s *Server) Write(sites []Site) []Refusal {
	s.t.Helper()
	old, err := filepath.Glob(s.Root + "/sites/*")
	must(s.t, err)
	for _, name := range old {
		must(s.t, os.Remove(name))
	}
	for _, site := range sites {
		must(s.t, os.WriteFile(s.Root+"/sites/"+site.Name+".conf", []byte(site.Text), 0o644))
	}
	s.choosePort()
	var refused []Refusal
	for range sites {
		ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
		said, err := s.command(ctx, "-t").CombinedOutput()
		cancel()
		if err == nil {
			return refused
		}
		m := refusedAt.FindSubmatch(said)
		if m == nil {
			s.t.Fatalf("httpd -t: %v\n%s", err, said)
		}
		refused = append(refused, Refusal{string(m[1]), strings.TrimSpace(string(m[2]))})
		must(s.t, os.Remove(s.Root+"/sites/"+string(m[1])+".conf"))
	}
	return refused
}

func (s *Server) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.httpd, append([]string{"-d", s.Root, "-f", s.Root + "/httpd.conf"}, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C", "TZ=UTC"}
	cmd.Dir = s.Root
	return cmd
}

// bound is how long one httpd may live.
const bound = 2 * time.Minute

// Ask starts httpd on the sites that were written, asks it the requests, and stops it. Where a request ends httpd itself,
// another is started for those behind it.
func (s *Server) Ask(requests []Request) []Answer {
	s.t.Helper()
	for _, name := range []string{"requests.log", "handlers.log"} {
		must(s.t, os.WriteFile(s.Root+"/run/"+name, nil, 0o666))
		must(s.t, os.Chmod(s.Root+"/run/"+name, 0o666))
	}
	script := fmt.Sprintf("local SEEN = %q\n%s", s.Root+"/run/handlers.log", answerScript)
	must(s.t, os.WriteFile(s.Root+"/run/answer.lua", []byte(script), 0o644))
	answers := make([]Answer, len(requests))
	for at, starts := 0, 0; at < len(requests); starts++ {
		if starts > 100 {
			s.t.Fatal("httpd ends again and again")
		}
		at = s.run(requests, answers, at)
	}
	must(s.t, s.readLogs(answers))
	return answers
}

// run starts an httpd and asks it what comes at and behind one request. It returns how far it came.
func (s *Server) run(requests []Request, answers []Answer, at int) int {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), bound)
	defer cancel()
	cmd := s.command(ctx, "-X")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	must(s.t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // what it says about its end does not matter
		close(ended)
	}()
	next, err := s.exchange(ctx, requests, answers, at, ended)
	// One process without children: this ends it.
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		_ = cmd.Process.Kill()
		<-ended
	}
	if err != nil {
		log, _ := os.ReadFile(s.Root + "/run/error.log")
		log = log[max(0, len(log)-2000):]
		s.t.Fatalf("%v\n%s%s", err, said.Bytes(), log)
	}
	return next
}

// A connection is what requests go over, until httpd closes it.
type connection struct {
	net.Conn
	r *bufio.Reader
}

// errEnded says that httpd is no more.
var errEnded = errors.New("httpd has ended")

func (s *Server) dial(ctx context.Context, ended <-chan struct{}) (*connection, error) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port))
	for {
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp4", address)
		if err == nil {
			return &connection{c, bufio.NewReader(c)}, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ended:
			return nil, errEnded
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// exchange asks requests from one on. It returns the first that was not asked: behind the last, or behind the one that
// ended httpd, which is marked.
func (s *Server) exchange(ctx context.Context, requests []Request, answers []Answer, at int, ended <-chan struct{}) (int, error) {
	var c *connection
	connected := false
	defer func() {
		if c != nil {
			c.Close()
		}
	}()
	for i := at; i < len(requests); i++ {
		for attempt := 0; ; attempt++ {
			var err error
			if c == nil {
				if c, err = s.dial(ctx, ended); errors.Is(err, errEnded) && connected {
					answers[i].Ended = true
					return i + 1, nil
				}
				if err != nil {
					return i, err
				}
			}
			connected = true
			closed, err := c.ask(i, &requests[i], &answers[i])
			if closed || err != nil {
				c.Close()
				c = nil
			}
			if err == nil {
				break
			}
			if attempt > 1 {
				return i, fmt.Errorf("%s %q: %w", requests[i].Method, requests[i].Target, err)
			}
		}
	}
	return len(requests), nil
}

// ask sends one request. closed says that the connection is good for no other.
func (c *connection) ask(id int, q *Request, a *Answer) (closed bool, err error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", q.Method, q.Target)
	if !q.NoHost {
		fmt.Fprintf(&b, "Host: %s\r\n", q.Host)
	}
	for _, h := range q.Header {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	fmt.Fprintf(&b, "X-Id: %d\r\n\r\n%s", id, q.Body)
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return true, err
	}
	if _, err := c.Write(b.Bytes()); err != nil {
		return true, err
	}
	resp, err := http.ReadResponse(c.r, &http.Request{Method: q.Method})
	if err != nil {
		return true, err
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return true, err
	}
	a.Status, a.Header = resp.StatusCode, resp.Header
	return resp.Close, resp.Body.Close()
}

// readLogs joins what httpd and the stand-in wrote with the answers.
func (s *Server) readLogs(answers []Answer) error {
	handlers := map[string][]byte{}
	err := lines(s.Root+"/run/handlers.log", func(line []byte) error {
		var v struct{ ID string }
		if err := json.Unmarshal(line, &v); err != nil {
			return fmt.Errorf("%w: %s", err, line)
		}
		handlers[v.ID] = bytes.Clone(line)
		return nil
	})
	if err != nil {
		return err
	}
	return lines(s.Root+"/run/requests.log", func(line []byte) error {
		w := logWords(string(line))
		if len(w) != 6 {
			return fmt.Errorf("a line of the log that has %d words: %s", len(w), line)
		}
		id, err := strconv.Atoi(w[0])
		if err != nil || id < 0 || id >= len(answers) {
			return nil // httpd gave up before it had read the headers
		}
		a := &answers[id]
		a.Recorded, a.VHost, a.URI, a.Filename = true, w[1], w[2], w[4]
		a.Args, a.HasArgs = strings.CutPrefix(w[3], "?")
		if w[5] == "1" {
			return a.reached(handlers[w[0]])
		}
		a.proxied()
		return nil
	})
}

// reached takes over what the handler saw.
func (a *Answer) reached(line []byte) error {
	var v struct {
		Handler, URI, Filename string
		Args, Type             *string
		PathInfo               string `json:"path_info"`
		Env, Headers           map[string]string
	}
	if err := json.Unmarshal(line, &v); err != nil {
		return fmt.Errorf("%w: %s", err, line)
	}
	a.HandledBy, a.URI, a.Filename, a.PathInfo = v.Handler, bytesOf(v.URI), bytesOf(v.Filename), bytesOf(v.PathInfo)
	a.Args, a.HasArgs = "", v.Args != nil
	if v.Args != nil {
		a.Args = bytesOf(*v.Args)
	}
	if v.Type != nil {
		a.Type = *v.Type
	}
	a.Env, a.Request = map[string]string{}, map[string]string{}
	for k, value := range v.Env {
		a.Env[k] = bytesOf(value)
	}
	for k, value := range v.Headers {
		a.Request[k] = bytesOf(value)
	}
	a.proxied()
	return nil
}

func (a *Answer) proxied() {
	if url, ok := strings.CutPrefix(a.Filename, "proxy:"); ok {
		a.Proxy, a.Filename = url, ""
	}
}

// bytesOf turns the characters that stand for bytes into these bytes.
func bytesOf(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

func lines(name string, f func([]byte) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	r := bufio.NewScanner(file)
	r.Buffer(nil, 1<<20)
	for r.Scan() {
		if err := f(r.Bytes()); err != nil {
			return err
		}
	}
	return r.Err()
}

// logWords splits a line of the log: words in quotes, with httpd's escapes, and bare ones.
func logWords(s string) []string {
	var words []string
	for i := 0; i < len(s); {
		if s[i] == ' ' {
			i++
			continue
		}
		if s[i] != '"' {
			end := strings.IndexByte(s[i:], ' ')
			if end < 0 {
				end = len(s) - i
			}
			words = append(words, s[i:i+end])
			i += end
			continue
		}
		var b []byte
		for i++; i < len(s) && s[i] != '"'; i++ {
			c := s[i]
			if c == '\\' && i+1 < len(s) {
				i++
				switch c = s[i]; c {
				case 'x':
					if n, err := strconv.ParseUint(s[i+1:min(i+3, len(s))], 16, 8); err == nil {
						c = byte(n)
						i += 2
					}
				case 'b':
					c = '\b'
				case 'n':
					c = '\n'
				case 'r':
					c = '\r'
				case 't':
					c = '\t'
				case 'v':
					c = '\v'
				}
			}
			b = append(b, c)
		}
		i++
		words = append(words, string(b))
	}
	return words
}
