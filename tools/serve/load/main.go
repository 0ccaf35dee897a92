// Command load compares dispcheck serve with other servers on this machine: a cached page of 10 KB, one that is passed on, and pages
// that are stored. Rounds are interleaved, and what counts is the ratio within a run. A client of its own then checks every body.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/tools/serve/internal/proc"
)

var (
	seconds = flag.Int("seconds", 5, "how long each measurement takes")
	rounds  = flag.Int("rounds", 3, "how often each is repeated")
	only    = flag.String("only", "hit,pass,store", "what is measured")
	role    = flag.String("role", "", "")
	addr    = flag.String("addr", "", "")
	arg     = flag.String("arg", "", "")
)

const pageSize = 10 << 10

// body is the page at a path: each has its own.
func body(path string) []byte {
	b := bytes.Repeat([]byte(path+"\n"), pageSize/(len(path)+1)+1)
	return b[:pageSize]
}

func main() {
	flag.Parse()
	switch *role {
	case "files":
		fatal(http.ListenAndServe(*addr, http.FileServer(http.Dir(*arg))))
	case "proxy":
		u, err := url.Parse("http://" + *arg)
		fatal(err)
		p := httputil.NewSingleHostReverseProxy(u)
		p.Transport = &http.Transport{MaxIdleConnsPerHost: 128}
		fatal(http.ListenAndServe(*addr, p))
	case "backend":
		fatal(http.ListenAndServe(*addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Length", strconv.Itoa(pageSize))
			w.Write(body(r.URL.Path))
		})))
	}
	if _, err := exec.LookPath("wrk"); err != nil {
		fmt.Println("load: there is no wrk; install it (apt-get install wrk)")
		return
	}
	dir, err := os.MkdirTemp("", "serve-load-")
	fatal(err)
	defer os.RemoveAll(dir)
	b := &bench{dir: dir}
	b.program, err = proc.Dispcheck(dir)
	fatal(err)
	for _, what := range strings.Split(*only, ",") {
		switch what {
		case "hit":
			b.hit()
		case "pass":
			b.pass()
		case "store":
			b.store()
		default:
			fatal(fmt.Errorf("-only: nothing is called %q", what))
		}
	}
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

type bench struct {
	dir, program string
}

// self starts this program in another role.
func self(name, address, argument string) *proc.Server {
	path, err := os.Executable()
	fatal(err)
	s, err := proc.Start(name, address, exec.Command(path, "-role", map[string]string{"Go FileServer": "files", "Go ReverseProxy": "proxy", "backend": "backend"}[name], "-addr", address, "-arg", argument))
	fatal(err)
	return s
}

const pagePath = "/content/wknd/us/en.html"

// serve starts dispcheck with a cache folder that may be filled already.
func (b *bench) serve(name, config, cache, publish string, more ...string) *proc.Server {
	a := proc.Free()
	args := append([]string{"serve", "-q", "-c", config, "--listen", a, "--page", proc.Free(), "--cache-dir", cache, "--publish", publish, "--color", "never"}, more...)
	s, err := proc.Start(name, a, exec.Command(b.program, args...))
	fatal(err)
	return s
}

// project is the sample project: rewrite rules, three farms, headers that are stored beside each page.
const project = "example:cloud"

// plain writes a configuration of one farm that stores no headers, and returns its name.
func (b *bench) plain() string {
	name := filepath.Join(b.dir, "dispatcher.any")
	fatal(os.WriteFile(name, []byte(`/farms { /site {
  /virtualhosts { "*" }
  /renders { /0 { /hostname "localhost" /port "4503" } }
  /filter { /0001 { /type "deny" /url "*" } /0002 { /type "allow" /url "/content/*" } }
  /cache { /docroot "/var/www/html" /rules { /0000 { /glob "*" /type "allow" } } }
} }
`), 0o644))
	return name
}

// apache starts httpd with a configuration of few lines; nil where there is none.
func (b *bench) apache(name, lines string, modules ...string) *proc.Server {
	path, err := exec.LookPath("apache2")
	if err != nil {
		if path, err = exec.LookPath("httpd"); err != nil {
			return nil
		}
	}
	a := proc.Free()
	dir, err := os.MkdirTemp(b.dir, "httpd-")
	fatal(err)
	var conf strings.Builder
	for _, m := range append([]string{"mpm_event", "authz_core"}, modules...) {
		for _, folder := range []string{"/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules"} {
			so := filepath.Join(folder, "mod_"+m+".so")
			if _, err := os.Stat(so); err == nil {
				fmt.Fprintf(&conf, "LoadModule %s_module %s\n", m, so)
				break
			}
		}
	}
	fmt.Fprintf(&conf, "ServerRoot %s\nServerName localhost\nListen %s\nPidFile %s/pid\nErrorLog %s/error.log\nTypesConfig /dev/null\nKeepAlive On\nMaxKeepAliveRequests 0\nTimeout 30\n", dir, a, dir, dir)
	fmt.Fprintf(&conf, "StartServers 2\nThreadsPerChild 64\nThreadLimit 64\nMaxRequestWorkers 256\nMinSpareThreads 64\nMaxSpareThreads 256\n")
	if os.Geteuid() == 0 {
		for _, name := range []string{"www-data", "apache", "daemon", "nobody"} {
			if u, err := user.Lookup(name); err == nil {
				fmt.Fprintf(&conf, "User #%s\nGroup #%s\n", u.Uid, u.Gid)
				break
			}
		}
	}
	fmt.Fprintf(&conf, "<Directory />\n Require all granted\n AllowOverride None\n Options FollowSymLinks\n</Directory>\n%s\n", strings.ReplaceAll(lines, "DIR", dir))
	text := conf.String()
	if !slices.Contains(modules, "mime") {
		text = strings.ReplaceAll(text, "TypesConfig /dev/null\n", "")
	}
	file := filepath.Join(dir, "httpd.conf")
	fatal(os.WriteFile(file, []byte(text), 0o644))
	fatal(os.Chmod(b.dir, 0o755))
	s, err := proc.Start(name, a, exec.Command(path, "-DFOREGROUND", "-f", file))
	fatal(err)
	return s
}

// nginx starts nginx with a folder; nil where there is none.
func (b *bench) nginx(root string) *proc.Server {
	path, err := exec.LookPath("nginx")
	if err != nil {
		return nil
	}
	a := proc.Free()
	dir, err := os.MkdirTemp(b.dir, "nginx-")
	fatal(err)
	conf := fmt.Sprintf("worker_processes 2;\ndaemon off;\npid %[1]s/pid;\nerror_log %[1]s/error.log;\nevents { worker_connections 1024; }\nhttp { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; server { listen %[2]s; root %[3]s; } }\n", dir, a, root)
	file := filepath.Join(dir, "nginx.conf")
	fatal(os.WriteFile(file, []byte(conf), 0o644))
	s, err := proc.Start("nginx static", a, exec.Command(path, "-c", file, "-p", dir))
	fatal(err)
	return s
}

// A result is what one server did.
type result struct {
	rps, cpu, p50, p99 []float64
	memory             float64
	lost               int
}

var (
	perSecond = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	counted   = regexp.MustCompile(`(\d+) requests in`)
	latency   = regexp.MustCompile(`(50|99)%\s+([0-9.]+)(us|ms|s)`)
	failed    = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
	sockets   = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
)

// measure lets wrk ask a server.
func measure(s *proc.Server, path, script string, r *result) {
	// What the one before has written is not to reach the disk at the cost of this one. Where there is no sync, it does.
	_ = exec.Command("sync").Run()
	args := []string{"-t2", "-c64", "-d" + strconv.Itoa(*seconds) + "s", "--latency"}
	if script != "" {
		args = append(args, "-s", script)
	}
	before := s.CPU()
	out, err := exec.Command("wrk", append(args, "http://"+s.Addr+path)...).CombinedOutput()
	used := s.CPU() - before
	if err != nil {
		fatal(fmt.Errorf("wrk: %w\n%s", err, out))
	}
	number := func(m [][]byte) float64 {
		if m == nil {
			return 0
		}
		f, _ := strconv.ParseFloat(string(m[1]), 64)
		return f
	}
	n := number(counted.FindSubmatch(out))
	r.rps = append(r.rps, number(perSecond.FindSubmatch(out)))
	if n > 0 {
		r.cpu = append(r.cpu, float64(used.Microseconds())/n)
	}
	for _, m := range latency.FindAllSubmatch(out, -1) {
		v, _ := strconv.ParseFloat(string(m[2]), 64)
		v *= map[string]float64{"us": 0.001, "ms": 1, "s": 1000}[string(m[3])]
		if string(m[1]) == "50" {
			r.p50 = append(r.p50, v)
		} else {
			r.p99 = append(r.p99, v)
		}
	}
	r.memory = max(r.memory, s.Memory())
	r.lost += int(number(failed.FindSubmatch(out)))
	if m := sockets.FindSubmatch(out); m != nil {
		for _, n := range m[1:] {
			k, _ := strconv.Atoi(string(n))
			r.lost += k
		}
	}
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	l := slices.Clone(list)
	slices.Sort(l)
	return l[len(l)/2]
}

// compare measures servers in turns and prints a table, with ratios to those of a name.
func compare(title, path, script string, servers []*proc.Server) {
	servers = slices.DeleteFunc(servers, func(s *proc.Server) bool { return s == nil })
	results := make([]result, len(servers))
	for range *rounds {
		for i, s := range servers {
			measure(s, path, script, &results[i])
		}
	}
	ours := len(servers) - 1
	fmt.Printf("\n%s, wrk -t2 -c64, %d s, median of %d rounds\n", title, *seconds, *rounds)
	fmt.Printf("%-20s %10s %12s %8s %8s %8s %6s   %s\n", "server", "req/s", "CPU us/req", "p50 ms", "p99 ms", "PSS MB", "lost", "serve: req/s, CPU against it")
	for i, s := range servers {
		r, o := &results[i], &results[ours]
		against := ""
		if i != ours && median(r.rps) > 0 && median(r.cpu) > 0 {
			against = fmt.Sprintf("%.2f x, %.2f x", median(o.rps)/median(r.rps), median(o.cpu)/median(r.cpu))
		}
		fmt.Printf("%-20s %10.0f %12.1f %8.2f %8.2f %8.1f %6d   %s\n", s.Name, median(r.rps), median(r.cpu), median(r.p50), median(r.p99), r.memory, r.lost, against)
	}
}

// check asks for paths from many connections and compares every body.
func check(s *proc.Server, paths []string, host string) {
	var asked, wrong atomic.Int64
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(*seconds)*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for g := range 16 {
		all.Go(func() {
			c := &http.Client{Transport: &http.Transport{DisableCompression: true}}
			defer c.CloseIdleConnections()
			for i := g; ctx.Err() == nil; i++ {
				path := paths[i%len(paths)]
				r, _ := http.NewRequestWithContext(ctx, "GET", "http://"+s.Addr+path, nil)
				r.Host = host
				res, err := c.Do(r)
				if err != nil {
					if ctx.Err() == nil {
						wrong.Add(1)
					}
					continue
				}
				got, err := io.ReadAll(res.Body)
				res.Body.Close()
				if ctx.Err() != nil {
					return
				}
				asked.Add(1)
				if err != nil || res.StatusCode != 200 || !bytes.Equal(got, body(path)) {
					wrong.Add(1)
				}
			}
		})
	}
	all.Wait()
	fmt.Printf("checked: %d bodies, %d wrong or lost\n", asked.Load(), wrong.Load())
	if wrong.Load() > 0 {
		os.Exit(1)
	}
}

func stop(servers ...*proc.Server) {
	for _, s := range servers {
		if s != nil {
			s.Kill()
		}
	}
}

// sameWork is what the virtual host of the sample project lets httpd do with a page: about as many headers and rules.
const sameWork = `AddType text/html .html
RemoteIPHeader X-Forwarded-For
Header always set X-Content-Type-Options nosniff
Header always set X-Frame-Options SAMEORIGIN
Header always set Referrer-Policy strict-origin-when-cross-origin
Header always set Strict-Transport-Security "max-age=63072000; includeSubDomains"
Header always set Permissions-Policy "camera=(), geolocation=(self), microphone=()"
Header always set Content-Security-Policy "default-src 'self'; frame-ancestors 'self'"
ExpiresActive On
ExpiresByType text/html A300
AddOutputFilterByType DEFLATE text/html text/css text/plain text/xml application/javascript application/json
SetEnvIf Request_URI "^/content/dam/" asset
RewriteEngine On
RewriteRule ^/old/(.*)$ /content/$1 [R=301,L]
RewriteCond %{HTTP_HOST} ^www\.
RewriteRule ^/$ /content/wknd/us/en.html [PT,L]
RewriteCond %{REQUEST_URI} !^/(content|etc|libs|system)/
RewriteRule ^/([a-z][a-z])/([a-z][a-z])/(.*)$ /content/wknd/$1/$2/$3 [PT,L]
`

// hit compares a cached page with files of other servers.
func (b *bench) hit() {
	root, err := os.MkdirTemp(b.dir, "root-")
	fatal(err)
	fatal(os.Chmod(root, 0o755))
	var paths []string
	for i := range 200 {
		paths = append(paths, fmt.Sprintf("/content/wknd/us/en/p%d.html", i))
	}
	for _, path := range append(paths, pagePath) {
		file := filepath.Join(root, path)
		fatal(os.MkdirAll(filepath.Dir(file), 0o755))
		fatal(os.WriteFile(file, body(path), 0o644))
	}
	ours := b.serve("dispcheck serve", project, root, "example")
	fmt.Printf("dispcheck serve, idle: %.1f MB PSS\n", ours.Memory())
	servers := []*proc.Server{
		b.nginx(root), b.apache("httpd static", "DocumentRoot "+root+"\nEnableSendfile On"), b.apache("httpd, same headers", "DocumentRoot "+root+"\nEnableSendfile On\n"+sameWork,
			"headers", "expires", "deflate", "filter", "rewrite", "setenvif", "mime", "env", "alias", "dir", "remoteip", "unique_id", "reqtimeout"), self("Go FileServer", proc.Free(), root), ours,
	}
	defer stop(servers...)
	compare("cached page of 10 KB", pagePath, "", servers)
	check(ours, append(paths, pagePath), "localhost")
}

// pass compares a page that is not cached.
func (b *bench) pass() {
	backend := self("backend", proc.Free(), "")
	cache, err := os.MkdirTemp(b.dir, "cache-")
	fatal(err)
	ours := b.serve("dispcheck serve", project, cache, backend.Addr)
	servers := []*proc.Server{
		b.apache("httpd mod_proxy", "ProxyPass / http://"+backend.Addr+"/ keepalive=On", "proxy", "proxy_http"), self("Go ReverseProxy", proc.Free(), backend.Addr), ours,
	}
	defer stop(append(servers, backend)...)
	// A parameter that is not ignored keeps the page from the cache.
	compare("not cached, 10 KB from a Go backend", pagePath+"?q=surf", "", servers)
	if files, _ := filepath.Glob(filepath.Join(cache, "content/wknd/us/*.html")); len(files) > 0 {
		fatal(fmt.Errorf("the page was cached: %v", files))
	}
}

// store compares pages that are all new.
func (b *bench) store() {
	backend := self("backend", proc.Free(), "")
	cache, err := os.MkdirTemp(b.dir, "cache-")
	fatal(err)
	disk, err := os.MkdirTemp(b.dir, "disk-")
	fatal(err)
	fatal(os.Chmod(disk, 0o777))
	script := filepath.Join(b.dir, "new.lua")
	fatal(os.WriteFile(script, []byte(`
local n, threads = 0, 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init() math.randomseed(os.time() + id * 7919); base = math.random(1, 1000000000) end
function request()
  n = n + 1
  return wrk.format("GET", string.format("/content/wknd/us/en/n%d/%d.html", (base + n) % 1000, base * 1000000 + n))
end
`), 0o644))
	second, err := os.MkdirTemp(b.dir, "cache-")
	fatal(err)
	// mod_cache_disk knows no bound: htcacheclean removes what is too much.
	const unbounded = "--max-cache-size=100GiB"
	ours := b.serve("serve, no headers", b.plain(), cache, backend.Addr, unbounded)
	servers := []*proc.Server{
		b.serve("serve, with .h", project, second, backend.Addr, unbounded),
		b.apache("httpd mod_cache_disk", "CacheRoot "+disk+"\nCacheEnable disk /\nCacheIgnoreNoLastMod On\nCacheDefaultExpire 3600\nCacheDirLevels 2\nCacheDirLength 1\nProxyPass / http://"+backend.Addr+"/ keepalive=On", "proxy", "proxy_http", "cache", "cache_disk"), ours,
	}
	defer stop(append(servers, backend)...)
	compare("miss and store, every URL new", "/", script, servers)
}
