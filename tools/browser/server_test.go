package browser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/fixtures"
)

// built is a folder for the command, until the tests end.
var built string

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "dispcheck-browser-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(built); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// binary is the command, built once.
var binary = sync.OnceValues(func() (string, error) {
	name := filepath.Join(built, "dispcheck")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	cmd := exec.Command("go", "build", "-o", name, "./cmd/dispcheck")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return name, nil
})

// A server is a running dispcheck serve.
type server struct {
	t    *testing.T
	dir  string // the configuration on the disk
	site string // "http://127.0.0.1:40001"
	page string
	stop func()
}

// starting is how long a server may take to say where it listens: a slow machine builds caches first.
const starting = 60 * time.Second

// serve starts a server on a copy of the embedded example, which it watches.
func serve(t *testing.T) *server {
	t.Helper()
	chromium(t) // without one there is nothing to serve for
	s := &server{t: t, stop: func() {}, dir: filepath.Join(t.TempDir(), "src")}
	example, err := fixtures.Open("cloud")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(s.dir, example); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop() })
	s.start("127.0.0.1:0", "127.0.0.1:0")
	return s
}

// start starts the command, and waits until it says where it listens.
func (s *server) start(listen, page string) {
	t := s.t
	t.Helper()
	command, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(command, "serve", "-c", "src", "--publish", "example", "--watch", "--listen", listen, "--page", page)
	cmd.Dir = filepath.Dir(s.dir)
	said := &output{change: make(chan struct{}, 1)}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s.stop = sync.OnceFunc(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			cmd.Process.Kill()
		}
		select {
		case <-ended:
		case <-time.After(starting):
			cmd.Process.Kill()
			t.Error("the server did not end")
		}
		if t.Failed() {
			t.Logf("the server said:\n%s", said)
		}
	})
	timeout := time.After(starting)
	for {
		select {
		case <-said.change:
		case err := <-ended:
			ended <- err
			t.Fatalf("the server ended: %v\n%s", err, said)
		case <-timeout:
			t.Fatalf("the server does not say where it listens:\n%s", said)
		}
		s.site, s.page = said.after("serve"), said.after("page")
		if s.site != "" && s.page != "" {
			return
		}
	}
}

// output is what a process says.
type output struct {
	mu     sync.Mutex
	text   bytes.Buffer
	change chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	select {
	case o.change <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// after is the address on the line that starts with a word.
func (o *output) after(word string) string {
	if m := regexp.MustCompile(`(?m)^` + word + `\s+(http://\S+)`).FindStringSubmatch(o.String()); m != nil {
		return m[1]
	}
	return ""
}

// edit changes a file of the configuration, as an editor does that saves it.
func (s *server) edit(name string, change func(string) string) {
	s.t.Helper()
	file := filepath.Join(s.dir, filepath.FromSlash(name))
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(change(string(text))), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// get asks the site for a URL and returns the status.
func (s *server) get(path string) int {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.site+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Host = "www.wknd.example"
	r.Header.Set("X-Forwarded-Proto", "https")
	resp, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode
}

var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// raw sends a request as it is written, which no client would send, and returns the first line of the answer.
func (s *server) raw(text string) string {
	s.t.Helper()
	u, err := url.Parse(s.site)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), starting)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(deadline); err != nil {
			s.t.Fatal(err)
		}
	}
	if _, err := io.WriteString(c, text); err != nil {
		s.t.Fatal(err)
	}
	answer, err := io.ReadAll(io.LimitReader(c, 1<<20))
	if err != nil && !errors.Is(err, io.EOF) {
		s.t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(answer), "\r\n")
	return line
}
