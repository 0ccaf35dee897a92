package httpd

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/escape"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// fixups are the last changes before the handler: rules of per-directory context, the environment of mod_env, redirects of
// sections, RequestHeader, and the index of a folder.
func (x *exchange) fixups() verdict {
	if v := x.rewriteDirectory(); v != goOn {
		return v
	}
	x.setEnv()
	if v, over := x.redirects(x.settings().Redirects); over {
		return v
	}
	v := x.directoryIndex()
	if v == goOn || v == indexed {
		x.changeRequestHeaders()
	}
	return v
}

// rewriteDirectory runs the rules of the sections.
func (x *exchange) rewriteDirectory() verdict {
	r := x.settings().Rewrite
	if x.layer.rules == nil || r.On == nil || !*r.On || x.ended || x.proxy != "" {
		return goOn
	}
	if o := x.settings().Options; o != nil && o.Set&(server.OptFollowSymLinks|server.OptSymLinksIfOwnerMatch) == 0 {
		x.decide(r.OnAt, "rules in a folder need FollowSymLinks")
		return 403
	}
	res := x.ruleResult()
	x.layer.rules.RunDirectory(x, x.rec, res)
	x.takeRules(res)
	if res.ContentType != nil {
		x.contentType = *res.ContentType
	}
	if res.Handler != nil {
		x.handler = *res.Handler
	}
	switch res.Outcome {
	case rewrite.Redirected, rewrite.Answered:
		x.answered(res)
		if res.Location != "" {
			x.redirectTo(res.Location)
		}
		return verdict(res.Status)
	case rewrite.Proxied:
		x.decide(res.By.Place, "RewriteRule")
		x.setProxy(res.Proxy, res.By.Place, true)
	case rewrite.Restarted, rewrite.PassedThrough:
		x.restartAt = res.URI
		if res.HasQuery {
			x.restartAt += "?" + res.Query
		}
		x.handler = "redirect-handler"
	case rewrite.Rewritten:
		x.filename = res.Filename
	}
	return goOn
}

// internalRedirect makes the next round ready: the same request with another path.
func (x *exchange) internalRedirect(target string, ended bool) verdict {
	x.hop()
	env := make(table, 0, len(x.env)+2)
	for _, f := range x.env {
		env = append(env, Field{"REDIRECT_" + f.Name, f.Value})
	}
	env = append(env, Field{"REDIRECT_STATUS", itoa(x.status)})
	next := round{method: x.method, status: x.status, env: env, out: x.out[:0], ended: ended, redirected: true, errorOf: x.errorOf}
	if x.rec != nil || len(x.out) > 0 {
		next.out = nil
	}
	x.round = next
	path, _, _ := strings.Cut(target, "#")
	if i := strings.IndexByte(path, '?'); i >= 0 {
		x.args, x.hasArgs = path[i+1:], true
		path = path[:i]
	}
	x.original, x.uri = path, path
	return restart
}

// hop notes the end of a round.
func (x *exchange) hop() {
	x.res.Hops = append(x.res.Hops, Hop{URI: x.uri, Status: x.status, HandledBy: x.reached})
}

// setEnv runs SetEnv, UnsetEnv and PassEnv. They speak of variables of their own: what a rule or SetEnvIf set before stays.
func (x *exchange) setEnv() {
	list := x.settings().Env
	for i, e := range list {
		if e.Unset {
			continue
		}
		later := func(o *server.EnvRule) bool { return strings.EqualFold(o.Name, e.Name) }
		if _, has := x.env.get(e.Name); !has && !slices.ContainsFunc(list[i+1:], later) {
			x.env.set(e.Name, e.Value)
		}
	}
}

// directoryIndex looks for the index of a folder, and sends a folder without a slash to that with one.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_dir.html.
func (x *exchange) directoryIndex() verdict {
	s := x.settings()
	if x.proxy != "" {
		return goOn
	}
	if x.file != rewrite.Folder || x.pathInfo != "" {
		return x.fallback()
	}
	if s.CheckHandler != nil && *s.CheckHandler && x.handler != "" && x.handler != directoryType {
		return goOn
	}
	if x.uri == "" || x.uri[len(x.uri)-1] != '/' {
		if s.ServeDirectory != nil && !*s.ServeDirectory {
			return goOn
		}
		if x.isSet("redirect-carefully") && x.method != "GET" && x.method != "HEAD" {
			return goOn
		}
		x.decide(server.Place{}, "DirectorySlash: a folder without a slash at the end")
		url := x.HostURL() + escape.Path(x.uri) + "/"
		if x.hasArgs {
			url += "?" + x.args
		}
		x.redirectTo(url)
		return 301
	}
	if x.depth >= x.engine.o.RecursionLimit {
		return x.refuse(500, "more requests of httpd's own within each other than LimitInternalRecursion")
	}
	index := s.Index
	if index == nil {
		index = defaultIndex
	}
	failed := goOn
	for _, name := range index {
		if name == "disabled" {
			continue
		}
		v, status := x.tryIndex(name)
		if v != goOn {
			return v
		}
		if status > 0 && status != 200 && status != 404 {
			failed = status
		}
	}
	if failed != goOn {
		return x.refuse(int(failed), "the index of a folder cannot be had")
	}
	return x.fallback()
}

var defaultIndex = []string{"index.html"}

// tryIndex asks for a file of the folder as a request of httpd's own. Where it is there, or is proxied, it takes the place
// of the folder. status is what is wrong with it otherwise.
func (x *exchange) tryIndex(name string) (v, status verdict) {
	target := name
	if !strings.HasPrefix(name, "/") {
		target = x.uri + name
	}
	saved := x.round
	savedBy := len(x.res.NotSimulated)
	x.round = round{method: "GET", status: 200, original: target, uri: target, args: saved.args, hasArgs: saved.hasArgs,
		env: saved.env.clone(), sub: true, redirected: true, errorOf: saved.errorOf, depth: saved.depth + 1}
	v = x.lookup()
	if v == goOn && (x.file == rewrite.Plain || x.file == rewrite.Empty || x.proxy != "") {
		x.sub, x.depth = saved.sub, saved.depth
		x.method, x.status = saved.method, saved.status
		out := saved.out
		for _, f := range x.out {
			out.set(f.Name, f.Value)
		}
		x.out = out
		return indexed, goOn
	}
	status = v
	location := ""
	if v > 0 {
		location, _ = x.out.get("Location")
	}
	x.round = saved
	x.res.NotSimulated = x.res.NotSimulated[:savedBy]
	x.locatedFor = "" // what its sections noted is gone, too
	if status >= 300 && status < 400 && location != "" {
		x.redirectTo(location)
		return status, status
	}
	return goOn, status
}

// indexed says that the file of an index has taken the place of a folder.
const indexed verdict = -3

// lookup is a round for a request of httpd's own: it goes as far as the type.
func (x *exchange) lookup() verdict {
	x.layer = x.host.base
	x.walkLocations()
	if v := x.translate(); v != goOn {
		return v
	}
	if v := x.mapToStorage(); v != goOn {
		return v
	}
	x.walkLocations()
	x.settled = true
	if v := x.access(); v != goOn {
		return v
	}
	x.findType()
	if v := x.rewriteDirectory(); v != goOn {
		return v
	}
	x.setEnv()
	if v, over := x.redirects(x.settings().Redirects); over {
		return v
	}
	if v := x.directoryIndex(); v != indexed {
		return v
	}
	return goOn
}

// lookupFile is lookup for a name of the file system.
func (x *exchange) lookupFile(name string) {
	x.layer = x.host.base
	x.filename = name
	if x.mapToStorage() == goOn && x.access() == goOn {
		x.findType()
	}
}

// fallback is FallbackResource: what is not there is answered by a path.
func (x *exchange) fallback() verdict {
	f := x.settings().Fallback
	if f == nil || f.Value == "disabled" || x.file != rewrite.Missing && x.file != rewrite.Folder || x.handler != "" || x.uri == f.Value || x.sub {
		return goOn
	}
	x.decide(f.Place, "FallbackResource")
	return x.internalRedirect(f.Value, x.ended)
}
