package rewrite

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/internal/escape"
	"github.com/dispcheck/dispcheck/model/server"
)

// A run is one pass of rules over a request.
type run struct {
	rs  *Rules
	s   Subject
	rec Recorder
	res *Result
	// silent says that rec is a Silent.
	silent bool

	directory string // of per-directory context; "" elsewhere
	perDir    bool
	filename  string // what rules work on
	pathInfo  string
	query     string
	hasQuery  bool

	input string // of the rule at hand
	// groups of the rule and of its conditions; a source that is not set has none.
	ruleCaps, condCaps     []int
	ruleSource, condSource string
	ruleSet, condSet       bool

	vary, varyThis string
	step           *Step
	doubts         Doubts // nil where all of the request is known
	// lookedUp is set where the value of a variable is not known.
	uncertain bool
	// escape is set while a result with the flag B is made.
	escape *server.RewriteFlags

	*room
}

// A room is memory that is used again and again, and that nobody expects to be empty.
type room struct {
	ruleBuf  [20]int
	condBufs [2][20]int
	condBuf  int      // which of them holds condCaps
	possible []uint64 // the rules that may match input, by bits; of no meaning without an index
	text     []byte   // room to put a result together
}

// runs holds runs between requests.
var runs = sync.Pool{New: func() any { return &run{room: new(room)} }}

func newRun(rs *Rules, s Subject, rec Recorder, res *Result) *run {
	x := runs.Get().(*run)
	place := x.room
	place.text = place.text[:0]
	*x = run{}
	x.rs, x.s, x.rec, x.res, x.room = rs, s, rec, res, place
	_, x.silent = rec.(Silent)
	if d, ok := s.(Doubter); ok {
		x.doubts = d.Doubts()
	}
	return x
}

// release gives a run back, without what it would keep alive.
func (x *run) release() {
	x.rs, x.s, x.rec, x.res, x.doubts = nil, nil, nil, nil, nil
	runs.Put(x)
}

type end uint8

const (
	endUnchanged end = iota
	endNormal
	endNoEscape
	endStatus
)

// RunServer runs the rules in the server's context, before the path is translated. What they make of the request is put
// into res.
func (rs *Rules) RunServer(s Subject, rec Recorder, res *Result) {
	uri := s.URI()
	if uri == "" || uri[0] != '/' {
		return
	}
	setScript(s, res.Memory)
	x := newRun(rs, s, rec, res)
	defer x.release()
	x.filename = uri
	x.query, x.hasQuery = s.Query()
	before, hadBefore := x.query, x.hasQuery
	x.log(2, "init rewrite engine with requested uri %s", uri)
	how := x.apply()
	x.finish(how)
	if how == endUnchanged || how == endStatus {
		if how == endUnchanged {
			x.log(1, "pass through %s", uri)
		}
		return
	}
	switch {
	case strings.HasPrefix(x.filename, "proxy:"):
		x.proxied(how)
	case x.res.Outcome == PassedThrough:
		if x.badQuery() {
			return
		}
		res.URI = x.filename
		x.log(2, "forcing '%s' to get passed through to next API URI-to-filename handler", x.filename)
	case absolute(x.filename) > 0:
		x.redirect(how, before, hadBefore)
	default:
		if x.badQuery() {
			return
		}
		x.local()
	}
}

// setScript sets the variables that mod_rewrite leaves of the path as it came.
func setScript(s Subject, m *Memory) {
	url, ok := s.Env("REDIRECT_SCRIPT_URL")
	if !ok || s.Subrequest() {
		url = s.URI()
		if s.Subrequest() {
			if v, ok := s.Env("SCRIPT_URL"); ok {
				url = v
			}
		}
	}
	s.SetEnv("SCRIPT_URL", url)
	s.SetEnv("SCRIPT_URI", m.Join(s.HostURL(), url))
}

// local ends with a file name.
func (x *run) local() {
	res := x.res
	x.log(2, "local path result: %s", x.filename)
	if x.filename == "" || x.filename[0] != '/' {
		res.Outcome, res.Status = Answered, 400
		return
	}
	res.Outcome, res.Filename = Rewritten, x.filename
	first := "/" + strings.TrimLeft(x.filename, "/")
	if i := strings.IndexByte(first[1:], '/'); i >= 0 {
		first = first[:i+1]
	}
	if first == "/." || first == "/.." {
		first = "/"
	}
	if x.res.By != nil && (strings.HasPrefix(x.res.By.Substitution, first) || x.res.By.Flags.UnsafePrefixStat) {
		res.FromRoot = x.s.Stat(first) != Missing
	}
	if !res.FromRoot {
		x.log(2, "prefixed with document_root to %s%s", strings.TrimSuffix(x.s.DocumentRoot(), "/"), x.filename)
	}
	x.log(1, "go-ahead with %s [OK]", x.filename)
}

// badQuery answers 403 where a blank or a control character came into the query.
func (x *run) badQuery() bool {
	if !x.hasQuery {
		return false
	}
	for i := range len(x.query) {
		if x.query[i] <= ' ' || x.query[i] == 0x7f {
			x.res.Outcome, x.res.Status = Answered, 403
			return true
		}
	}
	return false
}

// proxied ends with a URL that the request goes to.
func (x *run) proxied(how end) {
	url := strings.TrimPrefix(x.filename, "proxy:")
	x.log(1, "go-ahead with proxy request %s [OK]", url)
	x.res.Outcome = Proxied
	asIs := how == endNoEscape
	if !asIs {
		url = canonicalURL(url, true)
	} else if !x.perDir && strings.ContainsFunc(url, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		x.res.Outcome, x.res.Status, x.res.Proxy = Answered, 403, url
		return
	}
	if asIs {
		url = canonicalURL(url, false)
	}
	if x.hasQuery {
		if !asIs && x.badQuery() {
			return
		}
		url = x.join(url, "?", x.query)
	}
	x.res.Proxy = url
}

// redirect ends with an answer that sends the client elsewhere.
func (x *run) redirect(how end, before string, hadBefore bool) {
	res := x.res
	location := x.filename
	if how != endNoEscape {
		location = escapeAbsolute(location)
		x.log(1, "escaping %s for redirect", x.filename)
	}
	if x.hasQuery {
		q := x.query
		if how != endNoEscape && !(hadBefore && q == before) {
			q = escape.Path(q)
		}
		location = x.join(location, "?", q)
	}
	status := res.Status
	if status < 300 || status > 399 {
		status = 302
	}
	res.Outcome, res.Status, res.Location = Redirected, status, location
	if x.rec != nil {
		x.log(1, "redirect to %s [REDIRECT/%s]", location, strconv.Itoa(status))
	}
}

// finish writes into the result what every end has in common.
func (x *run) finish(how end) {
	res := x.res
	res.Query, res.HasQuery = x.query, x.hasQuery
	res.NotSimulated = x.uncertain
	switch how {
	case endUnchanged:
		res.Outcome = Declined
	case endStatus:
		res.Outcome = Answered
	}
}

// RunDirectory runs the rules of a section, when the file name is known.
func (rs *Rules) RunDirectory(s Subject, rec Recorder, res *Result) {
	x := newRun(rs, s, rec, res)
	defer x.release()
	x.filename, x.pathInfo, x.directory, x.perDir = s.Filename(), s.PathInfo(), rs.settings.Directory, true
	if x.filename == "" {
		x.filename = s.URI()
	}
	x.query, x.hasQuery = s.Query()
	before, hadBefore := x.query, x.hasQuery
	initial := x.filename
	how := x.apply()
	x.finish(how)
	if how == endUnchanged || how == endStatus {
		return
	}
	switch {
	case strings.HasPrefix(x.filename, "proxy:"):
		x.proxied(endNoEscape)
	case absolute(x.filename) > 0:
		x.replaceBase()
		x.redirect(how, before, hadBefore)
	default:
		x.restart(initial)
	}
}

// replaceBase puts RewriteBase in the place of the folder in a URL.
func (x *run) replaceBase() {
	base := x.rs.settings.Base
	if base == nil || x.directory == "" {
		return
	}
	skip := absolute(x.filename)
	i := strings.IndexByte(x.filename[skip:], '/')
	if i < 0 {
		return
	}
	host, path := x.filename[:skip+i], x.filename[skip+i:]
	if rest, ok := strings.CutPrefix(path, x.directory); ok {
		x.log(2, "trying to replace prefix %s with %s", x.directory, base.Value)
		x.filename = host + slashed(base.Value) + rest
	}
}

func slashed(s string) string {
	if strings.HasSuffix(s, "/") {
		return s
	}
	return s + "/"
}

// restart ends rules of a section: the request begins again.
func (x *run) restart(initial string) {
	res := x.res
	if x.filename == "" || x.filename[0] != '/' {
		res.Outcome, res.Status = Answered, 400
		return
	}
	if x.filename == initial {
		x.log(1, "initial URL equal rewritten URL: %s [IGNORING REWRITE]", x.filename)
		res.Outcome = Declined
		return
	}
	uri := x.filename
	if base := x.rs.settings.Base; base != nil {
		if rest, ok := strings.CutPrefix(uri, x.directory); ok && x.directory != "" {
			uri = slashed(base.Value) + rest
		}
	} else if root := strings.TrimSuffix(x.s.DocumentRoot(), "/"); root != "" {
		if rest, ok := strings.CutPrefix(uri, root); ok && strings.HasPrefix(rest, "/") {
			x.log(2, "strip document_root prefix: %s -> %s", uri, rest)
			uri = rest
		}
	}
	x.log(1, "internal redirect with %s [INTERNAL REDIRECT]", uri)
	res.Outcome, res.URI = Restarted, uri
}

// apply runs the rules in their order.
func (x *run) apply() end {
	how := endUnchanged
	rounds := 0
	rules := x.rs.rules
	sub := x.s.Subrequest()
	indexed := x.rs.index != nil && (x.rec == nil || x.silent) // who looks on sees every rule
	stale := true                                              // the path is not the one that was looked at
	for i := 0; i < len(rules); i++ {
		if stale {
			x.look(indexed)
			stale = false
		}
		if indexed {
			if i = next(x.possible, i); i >= len(rules) {
				break
			}
		}
		r := &rules[i]
		f := &r.Flags
		if sub && (f.NoSubrequest || f.Redirect) {
			continue
		}
		x.vary = ""
		hit := x.rule(r)
		switch hit {
		case missed:
			for i < len(rules) && rules[i].Flags.Chain {
				i++
			}
			continue
		case answered:
			x.res.By = r.RewriteRule
			return endStatus
		case changed:
			stale = true
		}
		if x.vary != "" {
			x.s.Vary(x.vary)
		}
		if f.Status != 0 && !f.Redirect || f.Forbidden || f.Gone || f.Status != 0 && (f.Status < 300 || f.Status > 399) {
			x.res.By, x.res.Status = r.RewriteRule, f.Status
			return endStatus
		}
		if hit == changed {
			x.res.By = r.RewriteRule
			how = endNormal
			if f.NoEscape {
				how = endNoEscape
			}
		}
		if f.PassThrough {
			x.res.By = r.RewriteRule
			if !x.perDir {
				x.res.Outcome = PassedThrough
			}
			if how == endUnchanged || how == endNoEscape {
				how = endNormal
			}
			return how
		}
		if f.End {
			x.res.Ended = true
			return how
		}
		if f.Proxy || f.Last {
			return how
		}
		if f.Next {
			limit := f.NextLimit
			if limit == 0 {
				limit = maxRounds
			}
			if rounds++; rounds >= limit {
				x.res.By, x.res.Status = r.RewriteRule, 500
				return endStatus
			}
			i = -1
			continue
		}
		i += f.Skip
	}
	return how
}

// maxRounds is how often [N] may begin anew.
const maxRounds = 10_000

// maxLength bounds what rules may make of a path: twice the longest request line.
const maxLength = 2 * 8190

type hit uint8

const (
	missed hit = iota
	matchedOnly
	changed
	answered
)

// look makes what patterns see of the path as it stands, and finds the rules that may match it.
func (x *run) look(indexed bool) {
	x.input = x.filename
	if x.perDir {
		if x.pathInfo != "" {
			x.input = x.join(x.input, x.pathInfo)
		}
		if x.directory != "" {
			x.input = strings.TrimPrefix(x.input, x.directory)
		}
	}
	if indexed {
		host := ""
		if len(x.rs.index.hosts.nodes) > 0 {
			host, _ = x.s.Header("Host")
		}
		x.possible = x.rs.index.candidates(x.possible, x.input, host)
	}
}

// join puts texts together where the result has its own.
func (x *run) join(parts ...string) string { return x.res.Memory.Join(parts...) }

// rule tries one rule.
func (x *run) rule(r *rule) hit {
	if x.rec != nil && !x.silent {
		x.step = &Step{Rule: r.RewriteRule, Input: x.input, Output: x.input, Query: x.query}
		defer x.record()
		x.log(3, "applying pattern '%s' to uri '%s'", patternText(r.Pattern), x.input)
	}
	if !x.matches(r) {
		return missed
	}
	if x.silent {
		x.step = &Step{Rule: r.RewriteRule, Input: x.input, Output: x.input, Query: x.query}
		defer x.record()
	}
	if x.step != nil {
		x.step.Matched = true
		if x.ruleSet { // a negated pattern has no groups
			x.step.Captures = words(x.ruleSource, x.ruleCaps)
		}
	}
	if v, ok := x.conditions(r); !ok {
		return v
	}
	if x.step != nil {
		x.step.Applied = true
	}
	if r.NotSimulated != "" {
		x.s.NotSimulated("RewriteRule", r.NotSimulated, r.Place)
		x.uncertain = true
	}
	x.res.Applied = append(x.res.Applied, r.RewriteRule)
	return x.substitute(r)
}

func patternText(p *server.Pattern) string {
	if p.Negated {
		return "!" + p.Text
	}
	return p.Text
}

func (x *run) matches(r *rule) bool {
	p := r.Pattern
	x.ruleSet = false
	if p.PCRE == nil {
		if p.NotSimulated != "" {
			x.s.NotSimulated(p.Text, p.NotSimulated, r.Place)
			x.uncertain = true
		}
		return false
	}
	ok, caps, err := p.PCRE.Match(x.input, x.ruleBuf[:0])
	if err != nil {
		x.s.NotSimulated(p.Text, err.Error(), r.Place)
		x.uncertain = true
		return false
	}
	if ok && !p.Negated {
		x.ruleSource, x.ruleCaps, x.ruleSet = x.input, caps, true
	}
	return ok != p.Negated
}

// conditions tries the conditions of a rule: those that OR joins are one.
func (x *run) conditions(r *rule) (hit, bool) {
	x.condSet, x.varyThis = false, ""
	first := 0
	if len(r.guards) > 0 && (x.rec == nil || x.silent) { // who looks on sees every condition
		uri := x.s.URI()
		for _, text := range r.guards {
			if strings.HasPrefix(uri, text) {
				return missed, false
			}
		}
		first = len(r.guards)
	}
	for i := first; i < len(r.conditions); i++ {
		c := &r.conditions[i]
		ok, failed := x.condition(c, r)
		if failed {
			return answered, false
		}
		if c.Or {
			if !ok {
				x.varyThis = ""
				continue
			}
			for i+1 < len(r.conditions) && r.conditions[i].Or {
				i++
			}
		} else if !ok {
			return missed, false
		}
		if x.varyThis != "" {
			if x.vary != "" {
				x.vary += ", "
			}
			x.vary += x.varyThis
			x.varyThis = ""
		}
	}
	return 0, true
}

// substitute does what the rule says.
func (x *run) substitute(r *rule) hit {
	f := &r.Flags
	target, unsafe := "", false
	// A status that is no redirect leaves path and query as they are.
	unchanged := r.NoSubstitution || f.Status != 0 && (f.Status < 300 || f.Status > 399)
	if !unchanged {
		mark := 0
		if x.doubts != nil {
			mark = x.doubts.Begin()
		}
		target, unsafe = x.expandTarget(r)
		if x.doubts != nil {
			x.doubts.EndText(mark)
		}
		x.log(2, "rewrite '%s' -> '%s'", x.input, target)
	}
	if unsafe && !f.UnsafeAllow3F {
		x.res.Status = 403
		x.note("403: a ? that comes out of a reference needs UnsafeAllow3F")
		return answered
	}
	x.setEnv(r)
	x.setCookies(r)
	if unchanged {
		x.forceType(r)
		if x.rec != nil && (f.Status != 0 && !f.Redirect || f.Forbidden || f.Gone) {
			x.log(2, "forcing responsecode %s for %s", strconv.Itoa(f.Status), x.filename)
		}
		return matchedOnly
	}
	x.filename = target
	if x.perDir && f.DiscardPath {
		x.pathInfo = ""
		x.res.DropPathInfo = true
	}
	x.splitQuery(f)
	if (x.filename == "" || x.filename[0] != '/') && absolute(x.filename) == 0 {
		if x.perDir && x.directory != "" {
			x.filename = x.join(x.directory, x.filename)
		} else if !x.perDir {
			x.filename = x.join("/", x.filename)
		}
	}
	if len(x.filename) > maxLength {
		x.res.Status = 500
		x.note("500: the path grew too long")
		return answered
	}
	if x.step != nil {
		x.step.Output, x.step.Query = x.filename, x.query
	}
	switch {
	case f.Proxy:
		if x.perDir && !f.NoEscape {
			x.filename = escape.Path(x.filename)
		}
		x.qualify()
		x.log(2, "forcing proxy-throughput with %s", x.filename)
		x.filename = x.join("proxy:", x.filename)
		return changed
	case f.Redirect:
		x.qualify()
		x.log(2, "explicitly forcing redirect with %s", x.filename)
		x.res.Status = f.Status
		return changed
	}
	x.reduce()
	if strings.HasPrefix(x.filename, "//") && !strings.HasPrefix(r.Substitution, "//") {
		x.filename = "/" + strings.TrimLeft(x.filename, "/")
	}
	if absolute(x.filename) > 0 {
		x.log(2, "implicitly forcing redirect (rc=302) with %s", x.filename)
		x.res.Status = 302
		return changed
	}
	x.forceType(r)
	return changed
}

// splitQuery takes the query out of the result.
func (x *run) splitQuery(f *server.RewriteFlags) {
	skip := absolute(x.filename)
	if skip > 0 && !hasQueries(x.filename) {
		x.filename = strings.TrimSuffix(x.filename, "?")
		x.query, x.hasQuery = "", false
		return
	}
	if f.QueryDiscard {
		x.query, x.hasQuery = "", false
		x.log(2, "discarding query string")
	}
	i := strings.IndexByte(x.filename[skip:], '?')
	if f.QueryLast {
		i = strings.LastIndexByte(x.filename[skip:], '?')
	}
	if i < 0 {
		return
	}
	old := x.filename
	q := x.filename[skip+i+1:]
	x.filename = x.filename[:skip+i]
	switch {
	case !f.QueryAppend:
		x.query, x.hasQuery = q, q != ""
	case q != "":
		x.query, x.hasQuery = x.join(q, "&", x.query), true
	}
	if x.query == "" {
		x.hasQuery = false
	}
	x.query = strings.TrimSuffix(x.query, "&") // what is left may be empty, and still a query
	x.log(3, "split uri=%s -> uri=%s, args=%s", old, x.filename, x.query)
}

// qualify puts scheme and host in front of a path.
func (x *run) qualify() {
	if absolute(x.filename) > 0 {
		return
	}
	slash := "/"
	if strings.HasPrefix(x.filename, "/") {
		slash = ""
	}
	x.filename = x.join(x.s.HostURL(), slash, x.filename)
}

// reduce takes scheme, host and port off where they are the virtual host's own.
func (x *run) reduce() {
	url := x.s.HostURL()
	scheme, _, _ := strings.Cut(url, "://")
	if len(x.filename) < len(scheme)+3 || !strings.EqualFold(x.filename[:len(scheme)], scheme) || !strings.HasPrefix(x.filename[len(scheme):], "://") {
		return
	}
	rest := x.filename[len(scheme)+3:]
	host, path := rest, "/"
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	port := 80
	if scheme == "https" {
		port = 443
	}
	if name, digits, ok := strings.Cut(host, ":"); ok {
		host = name
		port = 0
		for _, c := range []byte(digits) {
			if c < '0' || c > '9' || port > 65535 {
				return
			}
			port = port*10 + int(c-'0')
		}
	}
	if x.s.MatchesHost(host, port) {
		x.log(3, "reduce %s -> %s", x.filename, path)
		x.filename = path
	}
}

// forceType keeps what the flags T and H say.
func (x *run) forceType(r *rule) {
	if r.mime != nil || r.Flags.Type != nil {
		if v := strings.ToLower(x.expand(r.mime)); v != "" {
			x.log(2, "remember %s to have MIME-type '%s'", x.filename, v)
			x.res.ContentType = &v
		}
	}
	if r.handler != nil || r.Flags.Handler != nil {
		if v := strings.ToLower(x.expand(r.handler)); v != "" {
			x.log(2, "remember %s to have Content-handler '%s'", x.filename, v)
			x.res.Handler = &v
		}
	}
}

func (x *run) setEnv(r *rule) {
	for _, t := range r.env {
		text := x.expand(t)
		if name, ok := strings.CutPrefix(text, "!"); ok {
			x.log(5, "unsetting env variable '%s'", name)
			x.s.UnsetEnv(name)
			if x.step != nil {
				x.step.Env = append(x.step.Env, text)
			}
			continue
		}
		name, value, _ := strings.Cut(text, ":")
		x.log(5, "setting env variable '%s' to '%s'", name, value)
		x.s.SetEnv(name, value)
		if x.step != nil {
			x.step.Env = append(x.step.Env, name+"="+value)
		}
	}
}

func (x *run) log(level int, format string, args ...string) {
	if x.rec == nil || x.silent {
		return
	}
	values := make([]any, len(args)) // made here: callers would allocate it where nobody looks on
	for i, a := range args {
		values[i] = a
	}
	line := fmt.Sprintf(format, values...)
	if x.perDir {
		line = "[perdir " + x.directory + "] " + line
	}
	x.rec.Log(level, line)
}

func (x *run) note(s string) {
	if x.step != nil {
		x.step.Note = s
	}
}

func (x *run) record() {
	x.rec.Step(*x.step)
	x.step = nil
}

// words are the groups of a match.
func words(source string, caps []int) []string {
	var out []string
	for i := 0; i+1 < len(caps) && i < 20; i += 2 {
		if caps[i] < 0 {
			out = append(out, "")
			continue
		}
		out = append(out, source[caps[i]:caps[i+1]])
	}
	return out
}
