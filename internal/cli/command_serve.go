package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/serve"
)

func serveCommand() *command {
	return &command{
		name:  "serve",
		usage: "serve a configuration on a port, as a Dispatcher would",
		about: "Answers HTTP requests as httpd and the Dispatcher would with this configuration, with a real cache folder, and says for each " +
			"which line decided. --publish says what stands behind: AEM on a host and port, a file of canned answers, or example for made-up pages; " +
			"without it AEM on localhost:4503, and made-up pages for an example. It listens on this machine alone, unless --listen says " +
			"otherwise. A name of the site is reached with .localhost behind it: http://www.example.com.localhost:8080. Ctrl-C ends it; " +
			"SIGTERM lets requests end first; SIGHUP loads the configuration again. docs/serve.md compares it with docker_run.sh.",
		flags: []*flag{
			{name: "listen", arg: "ADDRESS:PORT", def: "127.0.0.1:8080", check: checkListen, meaning: "where requests come to; :8080 is every address of this machine, port 0 any that is free"},
			{name: "publish", kind: list, free: true, arg: "HOST:PORT|NAME=HOST:PORT|mock:FILE|example|configured", check: checkPublish, completeFrom: completeFiles,
				values: []string{"example", "configured"}, defWords: "localhost:4503, or example for -c example:NAME",
				meaning: "what answers for the renders: a host, one for the render NAME, a mock file, made-up pages, or the hosts that /renders names"},
			{name: "cache-dir", arg: "DIR", completeFrom: completeFolders, defWords: "a temporary folder", meaning: "folder that stands for the document roots; it is made where it is missing"},
			{name: "watch", kind: boolean, meaning: "load the configuration again when a file of it is saved; a broken one leaves the last good one serving"},
			{name: "page", arg: "ADDRESS:PORT", def: "127.0.0.1:8081", check: checkListen, meaning: "where the live page is"},
			{name: "no-page", kind: boolean, meaning: "have no live page"},
			{name: "tls", kind: boolean, meaning: "speak HTTPS, and HTTP/2, with a certificate that is made for this run, or that of --tls-cert"},
			{name: "tls-cert", arg: "FILE", completeFrom: completeFiles, meaning: "certificate for --tls, PEM"},
			{name: "tls-key", arg: "FILE", completeFrom: completeFiles, meaning: "key of --tls-cert, PEM"},
			{name: "once", kind: number, arg: "N", def: "0", meaning: "end after N requests, 0 for never"},
			{name: "run-handlers", kind: boolean, meaning: "run the program of /invalidateHandler for a flush"},
			{name: "no-httpd", kind: boolean, meaning: "leave out the httpd side: no virtual hosts, rewrite rules and headers"},
			{name: "define", kind: list, arg: "NAME[=VALUE]", check: checkDefine, meaning: "define a variable as httpd's -D and Define do; may be given several times"},
			{name: "directive", kind: list, free: true, arg: "'NAME VALUE'", check: checkDirective, meaning: "directive of the Dispatcher in httpd's configuration; may be given several times"},
			{name: "ca-file", arg: "FILE", completeFrom: completeFiles, meaning: "certificates that renders with /secure are checked with, as DispatcherCACertificateFile"},
			{name: "cert-file", arg: "FILE", completeFrom: completeFiles, meaning: "certificate and key to show to renders, as DispatcherCertificateFile"},
			{name: "check-peer-cn", kind: boolean, meaning: "check the name in a render's certificate, as DispatcherCheckPeerCN On"},
			{name: "reading", kind: list, arg: "KEY=VALUE", check: checkReading, meaning: "another reading of what is not published; may be given several times"},
			{name: "wording", kind: choice, values: []string{"log", "docs"}, def: "log", meaning: "words of X-Cache-Info: those of real logs, or those of today's documentation"},
			{name: "log-dir", arg: "DIR", completeFrom: completeFolders, meaning: "folder for dispatcher.log and access.log"},
			{name: "log-level", kind: choice, values: []string{"error", "warn", "info", "debug", "trace"}, def: "warn", meaning: "lines of dispatcher.log, up to this level; without --log-dir they go to standard error where a level is given"},
			{name: "log-format", kind: choice, values: []string{"module", "cloud"}, def: "module", meaning: "form of dispatcher.log: that of the module, or that of AEM as a Cloud Service"},
			{name: "access-log", kind: choice, values: []string{"combined", "cdn"}, def: "combined", meaning: "form of access.log: httpd's combined, or the JSON lines of the CDN"},
			{name: "max-header-bytes", arg: "SIZE", def: "64KiB", check: checkSize, meaning: "how large the head of a request may be"},
			{name: "max-body-bytes", arg: "SIZE", def: "1GiB", check: checkSize, meaning: "how large the body of a request may be"},
			{name: "max-connections", kind: number, arg: "N", def: "2048", check: checkPositive, meaning: "how many connections may be open; beyond, one that waits longest for its client is closed"},
			{name: "max-requests", kind: number, arg: "N", def: "512", check: checkPositive, meaning: "how many requests are answered at the same time; others wait"},
			{name: "max-cache-size", arg: "SIZE", def: "1GiB", check: checkSize, meaning: "how large the cache may be; the oldest pages go first, .stat files stay"},
			{name: "max-open-files", kind: number, arg: "N", defWords: "the system's limit", check: checkOpenFiles, meaning: "how many files and connections may be open in all"},
			{name: "read-timeout", arg: "TIME", def: "20s", check: checkDuration, meaning: "how long a client may take for the head of a request, and for each part of a body"},
			{name: "write-timeout", arg: "TIME", def: "60s", check: checkDuration, meaning: "how long a client may take no more of an answer"},
			{name: "idle-timeout", arg: "TIME", def: "60s", check: checkDuration, meaning: "how long a connection is kept without a request"},
			{name: "drain-timeout", arg: "TIME", def: "10s", check: checkDuration, meaning: "how long requests may go on after SIGTERM"},
		},
		formats: []string{"text", "json"},
		minArgs: 0, maxArgs: 0,
		serves: true,
		exits: []exit{
			{exitClean, "SIGTERM ended it, or --once did"},
			{exitUnusable, "wrong usage, a configuration that cannot be read, or a port that is taken"},
			{exitInterrupted, "Ctrl-C ended it"},
		},
		example: example{"dispcheck serve -c example:cloud --publish example", "see a Dispatcher work, with nothing else at hand"},
		run:     runServe,
	}
}

func runServe(ctx context.Context, in *invocation) error {
	if len(in.args) > 0 {
		return usagef("", "serve takes no arguments")
	}
	// The garbage of requests is collected when there is as much of it as there is in use. That is little here, so that it would
	// be collected twenty times a second: a block that nobody writes to, and that takes no memory therefore, counts as in use.
	ballast := make([]byte, 6<<20)
	defer runtime.KeepAlive(ballast)
	s := serving{in: in}
	defer s.close()
	if err := s.prepare(); err != nil {
		return err
	}
	return s.run(ctx)
}

// checkListen refuses what is no address to listen on.
func checkListen(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("%q is no ADDRESS:PORT; write 127.0.0.1:8080, or :8080 for every address", s)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return fmt.Errorf("%q has no port from 0 to 65535", s)
	}
	if strings.ContainsAny(host, "/ \t") {
		return fmt.Errorf("%q has no address such as 127.0.0.1 or localhost", s)
	}
	return nil
}

// isLoopback reports whether an address is reached from this machine alone.
func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// publishOf splits a value of --publish: a render, "" for all, and where it is sent, as a base URL; "" for the other kinds.
func publishOf(s string) (name, base string, err error) {
	rest := s
	if i := strings.IndexByte(s, '='); i > 0 && !strings.Contains(s[:i], ":") {
		name, rest = strings.TrimPrefix(s[:i], "/"), s[i+1:]
	}
	scheme, address, ok := strings.Cut(rest, "://")
	if !ok {
		scheme, address = "http", rest
	}
	if scheme != "http" && scheme != "https" {
		return "", "", fmt.Errorf("%q is neither http nor https", s)
	}
	address = strings.TrimSuffix(address, "/")
	host, port, err := net.SplitHostPort(address)
	if err != nil && ok && !strings.ContainsAny(address, "/ ") && address != "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
		host, err = address, nil
	}
	if n, e := strconv.ParseUint(port, 10, 16); err != nil || host == "" || strings.ContainsAny(host, "/ \t?#@") || e != nil || n == 0 {
		return "", "", fmt.Errorf("%q is none of HOST:PORT, NAME=HOST:PORT, mock:FILE, example and configured", s)
	}
	return name, scheme + "://" + net.JoinHostPort(host, port), nil
}

func checkPublish(s string) error {
	switch file, mocked := strings.CutPrefix(s, "mock:"); {
	case s == "example", s == "configured":
		return nil
	case mocked && file == "":
		return errors.New("mock: names no file")
	case mocked:
		return nil
	}
	_, _, err := publishOf(s)
	return err
}

// parseSize reads a number of bytes: 65536, 64KiB, 10MB.
func parseSize(s string) (int64, error) {
	wrong := fmt.Errorf("%q is no size such as 64KiB, 10MB or 1GiB", s)
	digits := strings.TrimRight(s, "BbKkMmGgTtIi ")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 {
		return 0, wrong
	}
	unit := strings.ToLower(strings.TrimSpace(s[len(digits):]))
	factor := int64(1)
	switch unit {
	case "", "b":
	case "k", "kib":
		factor = 1 << 10
	case "kb":
		factor = 1e3
	case "m", "mib":
		factor = 1 << 20
	case "mb":
		factor = 1e6
	case "g", "gib":
		factor = 1 << 30
	case "gb":
		factor = 1e9
	case "t", "tib":
		factor = 1 << 40
	case "tb":
		factor = 1e12
	default:
		return 0, wrong
	}
	const most = int64(1) << 60
	if n > most/factor {
		return 0, wrong
	}
	return n * factor, nil
}

func checkSize(s string) error {
	_, err := parseSize(s)
	return err
}

func checkDuration(s string) error {
	if d, err := time.ParseDuration(s); err != nil || d <= 0 {
		return fmt.Errorf("%q is no time such as 20s, 500ms or 5m", s)
	}
	return nil
}

func checkPositive(s string) error {
	if s == "0" {
		return errors.New("0 would let nothing through")
	}
	return nil
}

// leastOpenFiles is how many files a server needs to do anything: its ports, its logs, a few requests.
const leastOpenFiles = 64

func checkOpenFiles(s string) error {
	if n, err := strconv.Atoi(s); err == nil && n < leastOpenFiles {
		return fmt.Errorf("%d are too few to serve; give %d at least", n, leastOpenFiles)
	}
	return nil
}

// limits are those that flags ask for.
func (in *invocation) limits() serve.Limits {
	size := func(name string) int64 {
		n, _ := parseSize(in.text(name)) // which was checked
		return n
	}
	wait := func(name string) time.Duration {
		d, _ := time.ParseDuration(in.text(name)) // which was checked
		return d
	}
	l := serve.Limits{
		HeaderBytes: int(min(size("max-header-bytes"), 1<<30)), BodyBytes: size("max-body-bytes"), Connections: in.number("max-connections"), Requests: in.number("max-requests"),
		ReadTimeout: wait("read-timeout"), WriteTimeout: wait("write-timeout"), IdleTimeout: wait("idle-timeout"), DrainTimeout: wait("drain-timeout"),
		CacheBytes: size("max-cache-size"),
	}
	if n := in.number("max-open-files"); n > 0 {
		// A request has its connection, a page, the files beside it, and a connection to a render.
		l.Connections = min(l.Connections, max(8, n/2))
		l.Requests = min(l.Requests, max(2, n/12))
	}
	return l
}
