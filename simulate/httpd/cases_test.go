package httpd

import (
	"context"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apachebase"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// TestCases answers the requests of testdata/*.txtar. An archive has site.conf, further files of the server by absolute
// paths (a folder has a slash at its end), requests, and want: what became of them. A line of requests is
//
//	METHOD [HOST] TARGET ['Name: value' ...] [<STATUS [TYPE]]
//
// where <STATUS is what the handler of the Dispatcher or of a proxy answers. -update writes want anew: read it.
func TestCases(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d archives, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			conf, requests, want := "", "", ""
			files := map[string]string{}
			for _, f := range a.Files {
				switch {
				case f.Name == "site.conf":
					conf = string(f.Data)
				case f.Name == "requests":
					requests = string(f.Data)
				case f.Name == "want":
					want = string(f.Data)
				default:
					files[f.Name] = string(f.Data)
				}
			}
			if requests == "" {
				t.Fatal("no requests")
			}
			e := engineFor(t, conf, files)
			var got strings.Builder
			for line := range strings.Lines(requests) {
				if line = strings.TrimSpace(line); line != "" {
					fmt.Fprintf(&got, "%s\n", line)
					tell(t, &got, e, line)
				}
			}
			if *testkit.Update {
				a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
				a.Files = append(a.Files, txtar.File{Name: "want", Data: []byte(got.String())})
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func engineFor(t testing.TB, conf string, files map[string]string) *Engine {
	t.Helper()
	env := map[string]string{"DOCROOT": "/mnt/var/www/html", "HOME_OF": "env"}
	getenv := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	base, err := apachebase.Load(apachebase.Options{
		Project: fstest.MapFS{"site.conf": {Data: []byte(conf)}}, File: "site.conf", Files: files, Env: getenv, Bare: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := apacheconf.Read(t.Context(), base.Read)
	if err != nil {
		t.Fatal(err)
	}
	srv := server.Decode(t.Context(), tree, server.DecodeOptions{Stat: base.FS.Stat, Env: getenv, ReadFile: func(name string) ([]byte, error) {
		f, err := base.FS.ReadFile(name)
		if err != nil {
			return nil, err
		}
		return f.Text, nil
	}})
	for _, d := range slices.Concat(tree.Findings, srv.Findings) {
		if d.Severity == diag.Error {
			t.Fatalf("httpd refuses the configuration: %s:%d: %s", d.Span.File.Name, d.Span.Position().Line, d.Message)
		}
	}
	return New(srv, Options{Files: caseDisk{base.FS}, Now: fixed, Getenv: getenv})
}

// caseDisk is the file system of a case.
type caseDisk struct{ fs *apachebase.FS }

func (d caseDisk) Stat(path string) rewrite.FileKind {
	fi, err := d.fs.Stat(path)
	switch {
	case err != nil:
		return rewrite.Missing
	case fi.IsDir():
		return rewrite.Folder
	case fi.Mode()&fs.ModeSymlink != 0:
		return rewrite.Link
	case fi.Size() == 0:
		return rewrite.Empty
	}
	return rewrite.Plain
}

func (d caseDisk) Size(path string) int64 {
	fi, err := d.fs.Stat(path)
	if err != nil {
		return -1
	}
	return fi.Size()
}

// tell writes what becomes of a request.
func tell(t testing.TB, b *strings.Builder, e *Engine, line string) {
	t.Helper()
	r := &Request{Host: "www.example.com", Local: netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	answer := Answer{Status: 200, Bytes: 100}
	for i, w := range words(line) {
		switch {
		case i == 0:
			r.Method = w
		case strings.HasPrefix(w, "<"):
			status, kind, _ := strings.Cut(w[1:], ":")
			n, err := strconv.Atoi(status)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			answer.Status, answer.ContentType = n, kind
		case strings.Contains(w, ": "):
			name, value, _ := strings.Cut(w, ": ")
			r.Header = append(r.Header, Field{name, value})
		case strings.HasPrefix(w, "/") || strings.Contains(w, "://") || w == "*":
			r.Target = w
		case w == "-":
			r.NoHost = true
		default:
			r.Host = w
		}
	}
	h := HandlerFunc(func(_ context.Context, h *Handled) (Answer, error) {
		a := answer
		if a.ContentType == "" {
			a.ContentType = h.ContentType
		}
		if a.ContentType == "" {
			a.ContentType = "text/html"
		}
		a.ToHTTPD = h.Handler == "dispatcher-handler" && passes(directiveOf(h, "DispatcherPassError"), a.Status)
		return a, nil
	})
	e.o.Handlers = map[string]Handler{"dispatcher-handler": h, "proxy-server": h}
	var res Result
	var log steps
	if err := e.Serve(t.Context(), r, &res, &log); err != nil {
		t.Fatal(err)
	}
	row := func(format string, args ...any) {
		b.WriteString("\t" + strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\\n") + "\n")
	}
	for _, s := range log {
		if s.Applied {
			row("rule %d: %s -> %s", s.Rule.At.Position().Line, s.Input, s.Output)
		}
	}
	status := fmt.Sprint(res.Status)
	if res.Reason != "" && (res.ByHTTPD || res.HandledBy != "dispatcher-handler") {
		status += " by " + res.Reason
		if !res.By.At.IsZero() {
			status += fmt.Sprintf(", line %d", res.By.At.Position().Line)
		}
	}
	row("%s", status)
	handler := res.HandledBy
	if handler == "" {
		handler = "nobody"
	}
	args := ""
	if res.HasArgs {
		args = "?" + res.Args
	}
	row("%s: %s%s handled by %s", res.Host.Name.Host, res.URI, args, handler)
	if res.Filename != "" {
		row("file %s%s", res.Filename, orBlank(" with path info ", res.PathInfo))
	}
	if res.Proxy != "" {
		row("proxy %s", res.Proxy)
	}
	for _, h := range res.Hops {
		row("hop %s %d %s", h.URI, h.Status, h.HandledBy)
	}
	for _, f := range res.Header {
		row("%s: %s", f.Name, f.Value)
	}
	for _, f := range res.Env {
		if !strings.HasPrefix(f.Name, "SCRIPT_") && !strings.HasPrefix(f.Name, "REDIRECT_") {
			row("env %s=%s", f.Name, f.Value)
		}
	}
	for _, c := range res.Changed() {
		row("request header %s: %q", c.Name, c.Values)
	}
	for _, c := range res.NotSimulated {
		row("not simulated, line %d: %s%s", c.At.Position().Line, c.Text, orBlank(": ", c.Why))
	}
}

func orBlank(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// words splits a line at blanks outside of single quotes.
func words(line string) []string {
	var out []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if line[0] == '\'' {
			w, rest, _ := strings.Cut(line[1:], "'")
			out, line = append(out, w), rest
			continue
		}
		w, rest, _ := strings.Cut(line, " ")
		out, line = append(out, w), rest
	}
	return out
}

type steps []rewrite.Step

func (s *steps) Step(step rewrite.Step) { *s = append(*s, step) }
func (*steps) Log(int, string)          {}
