package docs_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/dispcheck/dispcheck/internal/cli"
)

const servePage = "docs/serve.md"

// TestServePageRuns starts the server of the page about serve, sends the requests that it shows, and wants the lines that it
// shows. Ports, times and durations are its own.
func TestServePageRuns(t *testing.T) {
	text := pages(t)[servePage]
	blocks := regexp.MustCompile("(?s)```(sh|)\n(.*?)```").FindAllStringSubmatch(text, -1)
	if len(blocks) < 4 {
		t.Fatalf("%d blocks, want a command, what it prints, requests, and their lines", len(blocks))
	}
	command, greeting, requests, lines := blocks[0][2], blocks[1][2], blocks[2][2], blocks[3][2]
	sent := strings.Split(strings.TrimSpace(requests), "\n")

	out, in := io.Pipe()
	args := append(words(strings.TrimSpace(command)), "--listen", "127.0.0.1:0", "--no-page", "--color", "never", "--once", strconv.Itoa(len(sent)))
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Main(args, strings.NewReader(""), in, os.Stderr)
		in.Close()
	}()
	var mu sync.Mutex
	var printed []string
	address := make(chan string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for s := bufio.NewScanner(out); s.Scan(); {
			mu.Lock()
			printed = append(printed, s.Text())
			mu.Unlock()
			if rest, ok := strings.CutPrefix(s.Text(), "serve    http://"); ok {
				addr, _, _ := strings.Cut(rest, " ")
				address <- addr
			}
		}
	}()
	addr := <-address
	_, port, _ := strings.Cut(addr, ":")
	for _, line := range sent {
		w := regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1)
		method, header := "GET", http.Header{}
		for i, word := range w {
			switch word {
			case "-X":
				method = w[i+1]
			case "-H":
				name, value, _ := strings.Cut(strings.Trim(w[i+1], "'"), ": ")
				header.Set(name, value)
			}
		}
		url := strings.Replace(w[len(w)-1], ":8080", ":"+port, 1)
		r, err := http.NewRequest(method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header, r.Host = header, r.URL.Host
		r.URL.Host = addr // names below localhost need no resolver here
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	if code := <-ended; code != 0 {
		t.Errorf("it ends with exit code %d", code)
	}
	<-read
	same := func(s string) string {
		s = strings.ReplaceAll(s, ":8080", ":"+port)
		s = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d`).ReplaceAllString(s, "TIME")
		return regexp.MustCompile(` +\d+ms  `).ReplaceAllString(s, " TOOK  ")
	}
	all := same(strings.Join(printed, "\n") + "\n")
	for _, want := range []string{greeting, lines} {
		if !strings.Contains(all, same(want)) {
			t.Errorf("it does not print\n%s\nbut\n%s", same(want), all)
		}
	}
}
