package project

import (
	"context"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/httpd"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// Files is the file system of the server, as a request meets it.
func (a *Apache) Files() httpd.FileSystem { return serverFiles{a} }

type serverFiles struct{ a *Apache }

// Stat says what is at a path.
func (f serverFiles) Stat(name string) rewrite.FileKind {
	fi, err := f.a.Base.FS.Stat(name)
	switch {
	case err != nil && f.a.folders[path.Clean(name)]:
		return rewrite.Folder
	case err != nil:
		return rewrite.Missing
	case fi.IsDir():
		return rewrite.Folder
	case fi.Mode()&fs.ModeSymlink != 0:
		return rewrite.Link
	case fi.Size() == 0:
		return rewrite.Empty
	case fi.Mode()&0o111 != 0:
		return rewrite.Executable
	}
	return rewrite.Plain
}

// Size is that of the text.
func (f serverFiles) Size(name string) int64 {
	fi, err := f.a.Base.FS.Stat(name)
	if err != nil {
		return -1
	}
	return fi.Size()
}

func (a *Apache) noteDocumentRoots() {
	a.folders = map[string]bool{}
	for _, h := range append(a.Hosts[:len(a.Hosts):len(a.Hosts)], a.Main) {
		for name := path.Clean(h.DocumentRoot.Value); path.IsAbs(name) && !a.folders[name]; name = path.Dir(name) {
			a.folders[name] = true
		}
	}
}

// Modified is not known.
func (serverFiles) Modified(string) time.Time { return time.Time{} }

// Getenv is the environment that httpd is started in.
func (a *Apache) Getenv(name string) (string, bool) {
	v, ok := a.project.Env.onServer(name)
	return v.Value, ok
}

// Front returns what answers the questions of rules about httpd.
func (a *Apache) Front() lint.Front {
	// Without one that answers, httpd would look for a file and send its error document.
	reached := httpd.HandlerFunc(func(context.Context, *httpd.Handled) (httpd.Answer, error) {
		return httpd.Answer{Status: 200, Bytes: -1}, nil
	})
	return &front{secure: a.HasPort(443), engine: httpd.New(a.Server, httpd.Options{
		Files: a.Files(), Getenv: a.Getenv, Handlers: map[string]httpd.Handler{server.DispatcherHandler: reached, "proxy-server": reached},
	})}
}

type front struct {
	engine *httpd.Engine
	secure bool // a virtual host has the port of TLS
}

// Serve implements lint.Front.
func (f *front) Serve(ctx context.Context, q *lint.FrontQuestion, a *lint.FrontAnswer) error {
	*a = lint.FrontAnswer{}
	r := httpd.Request{Method: q.Method, Target: q.URL, Host: q.Host}
	if r.Method == "" {
		r.Method = "GET"
	}
	if r.Host == "" {
		r.Host = "localhost"
		if q.Of != nil {
			r.Host = nameOf(q.Of)
		}
	}
	switch {
	case q.Secure && f.secure:
		r.Port = 443
	case q.Of != nil && len(q.Of.Addresses) > 0 && !q.Secure:
		r.Port = q.Of.Addresses[0].Port
	}
	for _, h := range q.Header {
		r.Header = append(r.Header, httpd.Field{Name: h[0], Value: h[1]})
	}
	var res httpd.Result
	if err := f.engine.Serve(ctx, &r, &res, &applied{a}); err != nil {
		return err
	}
	a.Host, a.HandledBy, a.URI, a.Args, a.Location, a.Proxy, a.By = res.Host, res.HandledBy, res.URI, res.Args, res.Location, res.Proxy, res.By
	if res.ByHTTPD || res.HandledBy == "" {
		a.Status = res.Status
	}
	a.Rounds = max(len(res.Hops)-1, 0)
	a.Uncertain = len(res.NotSimulated) > 0
	return ctx.Err()
}

// nameOf returns a host name that leads to a virtual host.
func nameOf(h *server.Host) string {
	if h.Name.Host != "" && h.Name.Set {
		return h.Name.Host
	}
	for _, n := range h.Names {
		return strings.NewReplacer("*", "a", "?", "a").Replace(n.Pattern)
	}
	return h.Name.Host
}

// applied takes note of the rules that apply.
type applied struct{ a *lint.FrontAnswer }

// Step implements rewrite.Recorder.
func (r *applied) Step(s rewrite.Step) {
	if s.Matched {
		r.a.Tried = append(r.a.Tried, s.Rule)
	}
	if s.Applied {
		r.a.Applied = append(r.a.Applied, s.Rule)
	}
}

// Log implements rewrite.Recorder.
func (*applied) Log(int, string) {}

// Silent implements rewrite.Silent.
func (*applied) Silent() {}
