package httpd

import (
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// handle asks the handler for its answer.
func (x *exchange) handle() (verdict, error) {
	name := x.handler
	if x.proxy != "" {
		name = "proxy-server"
	}
	if name == "" || name == "none" {
		name, _, _ = strings.Cut(x.contentType, ";")
		if name == "" {
			name = "default-handler"
		}
	}
	x.reached = name
	x.snapshot()
	if x.restartAt != "" && name == "redirect-handler" {
		return x.internalRedirect(x.restartAt, x.ended), nil
	}
	h := x.engine.o.Handlers[name]
	if h == nil {
		return x.builtIn(name), nil
	}
	a, err := h.Handle(x.ctx, x.handled(name))
	if err != nil {
		return done, err
	}
	x.unknowns = nil // what comes now is about the answer
	x.res.Answer = a
	if x.responded {
		return done, nil
	}
	return x.take(&a), nil
}

// take makes the answer of a handler that of the request.
func (x *exchange) take(a *Answer) verdict {
	if a.Declined {
		return x.serveFile()
	}
	for _, f := range a.Header {
		x.out.add(f.Name, f.Value)
	}
	if a.ToHTTPD && a.Status >= 400 && x.errorOf == 0 {
		x.decide(server.Place{At: a.By}, "DispatcherPassError")
		return verdict(a.Status)
	}
	if x.errorOf == 0 {
		x.status = a.Status
	}
	x.length, x.measure, x.noExpires = a.Bytes, a.Measure, a.NoExpires
	if a.ContentType != "" && x.errorOf == 0 || x.contentType == "" {
		x.contentType = a.ContentType
	}
	return done
}

// Respond is for a handler that has the head of its answer while the body is still to come: it says what the client gets,
// as it will be once the handler has returned the same Answer. It reports false where httpd answers in the handler's place, so
// that nothing of its body is sent; what httpd sends then stands in the Result once the request is over. A handler that calls
// it does so once, and its Answer changes nothing of the head any more.
func (h *Handled) Respond(a *Answer) (*Result, bool) {
	x := h.exchange
	if x.responded || a.Declined || a.ToHTTPD && a.Status >= 400 && x.errorOf == 0 || x.take(a) != done {
		return nil, false
	}
	_ = x.finish() // which cannot fail
	x.responded = true
	return x.res, !x.canned
}

// snapshot keeps what the handler sees.
func (x *exchange) snapshot() {
	r := x.res
	r.URI, r.Args, r.HasArgs, r.Filename, r.PathInfo, r.Proxy = x.uri, x.args, x.hasArgs, x.filename, x.pathInfo, x.proxy
	r.ContentType, r.HandledBy = x.contentType, x.reached
	r.Env = append(r.Env[:0], x.env...)
	r.asked, r.came = append(r.asked[:0], x.headers...), append(r.came[:0], x.sent...)
}

// Changed are the headers of the request that were changed before the handler got it: with their values, or none for those
// taken away. It is made anew each time: who wants no more than the answer does not pay for it.
func (r *Result) Changed() []Change {
	var list []Change
	for i, f := range r.asked {
		if r.asked.index(f.Name) == i && !r.asked.agrees(r.came, f.Name) {
			list = append(list, Change{Name: f.Name, Values: r.asked.values(f.Name)})
		}
	}
	for i, f := range r.came {
		if r.came.index(f.Name) == i && r.asked.index(f.Name) < 0 {
			list = append(list, Change{Name: f.Name})
		}
	}
	return list
}

// directives are those of the module that hold for the request: the host's, and behind them those of sections.
func (x *exchange) directives() []server.DispatcherDirective {
	own := x.settings().Dispatcher
	if len(own) == 0 {
		return x.host.Dispatcher
	}
	return append(x.host.Dispatcher[:len(x.host.Dispatcher):len(x.host.Dispatcher)], own...)
}

func (x *exchange) handled(name string) *Handled {
	h := &x.handing
	h.Handler, h.Request, h.Host = name, x.req, x.host.Host
	h.URI, h.Args, h.HasArgs, h.Unparsed = x.uri, x.args, x.hasArgs, x.unparsed
	h.Method, h.Filename, h.PathInfo, h.Header, h.Client = x.method, x.filename, x.pathInfo, x.headers, x.client
	h.Dispatcher, h.ContentType, h.ErrorOf, h.Round = x.directives(), x.contentType, x.errorOf, x.rounds
	h.Proxy, h.exchange = x.proxy, x
	return h
}

// builtIn answers for the handlers that httpd brings.
func (x *exchange) builtIn(name string) verdict {
	switch {
	case name == "default-handler" || name == directoryType || strings.Contains(name, "/"):
		return x.serveFile()
	case name == "proxy-server": // what the other server says is not asked
		x.status = 0
		return done
	case name == "server-status" && x.engine.server.Tree.Loaded("status_module"), name == "server-info" && x.engine.server.Tree.Loaded("info_module"):
		x.contentType, x.length = "text/html; charset=ISO-8859-1", -1
		return done
	}
	x.notSimulated(server.Construct{Text: "handler " + name, Why: "what it answers is not known", Place: x.handlerPlace()})
	x.status = 0
	return done
}

// handlerPlace is the directive that chose the handler, where one did.
func (x *exchange) handlerPlace() server.Place {
	if h := x.settings().Handler; h != nil && h.Value == x.handler {
		return h.Place
	}
	return server.Place{}
}

// serveFile is httpd's own handler: it sends the file, or says why not.
func (x *exchange) serveFile() verdict {
	switch {
	case x.method == "OPTIONS":
		x.allowed = "GET,POST,OPTIONS,HEAD"
		x.out.set("Allow", x.allow())
		x.status = 200
		return done
	case x.method != "GET" && x.method != "HEAD" && x.method != "POST":
		x.allowed = "GET,POST,OPTIONS,HEAD"
		if !knownMethod(x.method) {
			return x.refuse(501, "a method that httpd does not know")
		}
		return x.refuse(405, "the handler of files answers GET, HEAD and POST")
	case x.file == rewrite.Folder && x.pathInfo == "" && x.reached == directoryType:
		return x.serveFolder()
	case x.file == rewrite.Folder:
		return x.refuse(404, "a folder, and the handler of files does not serve any")
	case x.file == rewrite.Missing || x.filename == "":
		if x.reason == "" || x.errorOf == 0 {
			x.decide(server.Place{}, "no such file")
		}
		return 404
	case x.pathInfo != "" && !(x.settings().AcceptPathInfo != nil && strings.EqualFold(x.settings().AcceptPathInfo.Value, "On")):
		return x.refuse(404, "a path behind a file")
	}
	x.length = x.engine.o.Files.Size(x.filename)
	return done
}

// knownMethod reports whether httpd has heard of a method; names are compared as they are.
func knownMethod(name string) bool {
	switch name {
	case "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK",
		"VERSION-CONTROL", "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE", "LABEL", "REPORT", "MKWORKSPACE", "MKACTIVITY",
		"BASELINE-CONTROL", "MERGE":
		return true
	}
	return false
}

func (x *exchange) serveFolder() verdict {
	if !x.engine.server.Tree.Loaded("autoindex_module") {
		return x.refuse(404, "a folder without an index, and no mod_autoindex")
	}
	if o := x.settings().Options; o != nil && o.Set&server.OptIndexes != 0 {
		x.contentType = "text/html;charset=ISO-8859-1"
		x.length = -1
		return done
	}
	return x.refuse(403, "a folder without an index, and Options has no Indexes")
}
