package server

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/internal/spelling"
)

// nearestOf finds the word that is nearest to one that is not known; "" where none is near.
func nearestOf(s string, words []string) string {
	best, found := 3, ""
	if len(s) < 4 {
		best = 2
	}
	for _, w := range words {
		if e := spelling.Edits(strings.ToLower(s), strings.ToLower(w), best-1); e < best && e < len(s) {
			best, found = e, w
		}
	}
	return found
}

// directive decodes a directive that is known, allowed and has the right number of arguments.
func (d *decoder) directive(sc *scope, n *apacheconf.Node, info *DirectiveInfo, words []apacheconf.Word) {
	s := sc.place.set
	h := sc.host.host
	switch n.Key {
	case "rewriteengine":
		d.rewriteEngine(sc, n, words)
	case "rewriterule":
		d.rewriteRule(sc, n)
	case "rewritecond":
		d.rewriteCond(sc, n)
	case "rewritebase":
		d.rewriteBase(sc, n, words)
	case "rewriteoptions":
		d.rewriteOptions(sc, n, words)
	case "rewritemap":
		d.rewriteMap(sc, n, words)
	case "header", "requestheader":
		d.header(sc, n, words)
	case "expiresactive":
		s.ExpiresActive = flagOf(words[0])
	case "expiresbytype", "expiresdefault":
		d.expires(sc, n, words)
	case "setenvif", "setenvifnocase", "browsermatch", "browsermatchnocase":
		d.setEnvIf(sc, n, words)
	case "setenvifexpr":
		d.setEnvIfExpr(sc, n, words)
	case "setenv", "unsetenv", "passenv":
		d.env(sc, n, words)
	case "errordocument":
		d.errorDocument(sc, n, words)
	case "alias", "aliasmatch", "scriptalias", "scriptaliasmatch":
		d.alias(sc, n, words)
	case "redirect", "redirectmatch", "redirecttemp", "redirectpermanent":
		d.redirect(sc, n, words)
	case "proxypass", "proxypassmatch":
		d.proxyPass(sc, n, words)
	case "proxyerroroverride":
		d.proxyErrorOverride(sc, n, words)
	case "proxypreservehost":
		s.PreserveHost = flagOf(words[0])
	case "proxyrequests":
		if on, _ := flag(words[0].Text); on {
			d.notSimulated(sc, n, "ProxyRequests On", "requests to other servers are not followed")
		}
	case "require":
		d.require(sc, n, words)
	case "order":
		d.order(sc, n, words)
	case "allow", "deny":
		d.allowDeny(sc, n, words)
	case "satisfy":
		d.satisfy(sc, n, words)
	case "authmerging":
		d.authMerging(sc, n, words)
	case "authtype":
		a := access(s)
		a.AuthType, a.AuthAt = words[0].Text, placeOf(n)
		if strings.EqualFold(a.AuthType, "none") {
			a.AuthType = ""
		}
	case "authname":
		access(s).AuthName = words[0].Text
	case "allowmethods":
		d.allowMethods(sc, n, words)
	case "sethandler":
		d.setHandler(sc, n, words[0])
	case "forcetype":
		s.ForceType = valueOf(n, words[0], noneOr(strings.ToLower(words[0].Text)))
	case "defaulttype":
		if !strings.EqualFold(words[0].Text, "none") {
			d.warn(ruleUnknown, n, n.NameAt, "write ForceType or AddType", "DefaultType does nothing")
		}
	case "addtype":
		s.Types = byExtension(s.Types, n, words)
	case "addhandler":
		s.Handlers = byExtension(s.Handlers, n, words)
	case "addencoding":
		s.Encodings = byExtension(s.Encodings, n, words)
	case "addlanguage":
		s.Languages = byExtension(s.Languages, n, words)
	case "addcharset":
		s.Charsets = byExtension(s.Charsets, n, words)
	case "addoutputfilter":
		s.FiltersByExt = byExtension(s.FiltersByExt, n, words)
		d.filters(sc, n, words[0], false)
	case "removetype":
		if s.RemovedTypes == nil {
			s.RemovedTypes = map[string]bool{}
		}
		for _, w := range words {
			s.RemovedTypes[extension(w.Text)] = true
			delete(s.Types, extension(w.Text))
		}
	case "removehandler":
		s.Handlers = emptyByExtension(s.Handlers, n, words)
	case "removeencoding":
		s.Encodings = emptyByExtension(s.Encodings, n, words)
	case "removelanguage":
		s.Languages = emptyByExtension(s.Languages, n, words)
	case "removecharset":
		s.Charsets = emptyByExtension(s.Charsets, n, words)
	case "removeoutputfilter":
		s.FiltersByExt = emptyByExtension(s.FiltersByExt, n, words)
	case "modmimeusepathinfo":
		s.PathInfoTypes = flagOf(words[0])
	case "adddefaultcharset":
		v := words[0].Text
		switch {
		case strings.EqualFold(v, "off"):
			v = ""
		case strings.EqualFold(v, "on"):
			v = "iso-8859-1"
		}
		s.DefaultCharset = valueOf(n, words[0], v)
	case "typesconfig":
		d.types = textOf(n, words[0])
	case "options":
		d.options(sc, n, words)
	case "allowoverride":
		d.allowOverride(sc, n, words)
	case "allowoverridelist":
		if sc.within&(notInFiles|notInLocation|notInIf) != 0 || sc.limit != nil {
			d.warn(ruleContext, n, n.NameAt, "put it into <Directory>", "AllowOverrideList does nothing outside of <Directory>")
		}
	case "acceptpathinfo":
		if d.oneOf(n, words[0], "On", "Off", "Default") {
			s.AcceptPathInfo = textOf(n, words[0])
		}
	case "fileetag":
		d.fileETag(sc, n, words)
	case "directoryslash":
		s.ServeDirectory = flagOf(words[0])
	case "directorycheckhandler":
		s.CheckHandler = flagOf(words[0])
	case "directoryindex":
		d.directoryIndex(sc, words)
	case "directoryindexredirect":
		d.directoryIndexRedirect(sc, n, words[0])
	case "fallbackresource":
		s.Fallback = textOf(n, words[0])
	case "limitrequestbody":
		v, err := strconv.ParseInt(words[0].Text, 10, 64)
		if err != nil || v < 0 {
			d.argument(n, words[0], "write a number of bytes", "LimitRequestBody is %q", words[0].Text)
			return
		}
		s.LimitBody = &v
	case "setoutputfilter":
		s.OutputFilters = valueOf(n, words[0], noneOr(words[0].Text))
	case "addoutputfilterbytype":
		d.filterByType(sc, n, words)
	case "substitute":
		d.substitute(sc, n, words[0])
	default:
		switch {
		case strings.HasPrefix(n.Key, "dispatcher"):
			d.dispatcher(sc, n, info, words)
			return
		case sc.server():
			d.serverDirective(sc, n, h, words)
		}
		d.values(sc, n, words)
	}
}

func flagOf(w apacheconf.Word) *bool {
	on, _ := flag(w.Text)
	return &on
}

func noneOr(s string) string {
	if strings.EqualFold(s, "none") {
		return ""
	}
	return s
}

func isOneOf(w apacheconf.Word, values ...string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, w.Text) })
}

// oneOf checks a word against the words that httpd takes.
func (d *decoder) oneOf(n *apacheconf.Node, w apacheconf.Word, values ...string) bool {
	if isOneOf(w, values...) {
		return true
	}
	d.argument(n, w, "write "+strings.Join(values[:len(values)-1], ", ")+" or "+values[len(values)-1], "%s is %q", n.Name, w.Text)
	return false
}

func (d *decoder) dispatcher(sc *scope, n *apacheconf.Node, info *DirectiveInfo, words []apacheconf.Word) {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.Text
	}
	v := DispatcherDirective{Name: info.Name, Args: strings.Join(texts, " "), Place: placeOf(n)}
	if sc.server() {
		sc.host.host.Dispatcher = append(sc.host.host.Dispatcher, v)
		return
	}
	sc.place.set.Dispatcher = append(sc.place.set.Dispatcher, v)
}

// serverDirective decodes what only servers have.
func (d *decoder) serverDirective(sc *scope, n *apacheconf.Node, h *Host, words []apacheconf.Word) {
	b := sc.host
	switch n.Key {
	case "documentroot":
		root := apacheconf.Absolute(d.tree.Root, words[0].Text)
		h.DocumentRoot = *valueOf(n, words[0], root)
	case "servername":
		d.serverName(sc, n, words[0])
	case "serveralias":
		if !h.Virtual {
			d.refuse(ruleContext, n, n.NameAt, "put it into <VirtualHost>", "ServerAlias may not stand outside of <VirtualHost>")
			return
		}
		for _, w := range words {
			h.Names = append(h.Names, Alias{Pattern: w.Text, Wild: strings.ContainsAny(w.Text, "*?"), Place: placeOf(n), WordAt: n.WordSpan(w)})
		}
	case "serverpath":
		h.Path = textOf(n, words[0])
	case "listen":
		d.listen(n, words)
	case "namevirtualhost":
		d.warn(ruleUnknown, n, n.NameAt, "remove it", "NameVirtualHost does nothing")
	case "allowencodedslashes":
		if d.oneOf(n, words[0], "On", "Off", "NoDecode") {
			h.EncodedSlashes = map[string]EncodedSlashes{"on": EncodedOn, "off": EncodedOff, "nodecode": EncodedNoDecode}[strings.ToLower(words[0].Text)]
			h.EncodedAt = placeOf(n)
			b.set["slashes"] = true
		}
	case "mergeslashes":
		on, _ := flag(words[0].Text)
		h.KeepSlashes = !on
		b.set["merge"] = true
	case "usecanonicalname":
		if isOneOf(words[0], "On", "Off", "DNS") {
			h.CanonicalName = map[string]CanonicalName{"on": CanonicalOn, "off": CanonicalOff, "dns": CanonicalDNS}[strings.ToLower(words[0].Text)]
			b.set["canonical"] = true
			if h.CanonicalName == CanonicalDNS {
				d.notSimulated(sc, n, "UseCanonicalName DNS", "names are not looked up")
			}
		}
	case "usecanonicalphysicalport":
		if isOneOf(words[0], "On", "Off") {
			h.PhysicalPort, _ = flag(words[0].Text)
			b.set["physical"] = true
		}
	case "traceenable":
		if d.oneOf(n, words[0], "On", "Off", "Extended") {
			h.Trace = map[string]TraceEnable{"on": TraceOn, "off": TraceOff, "extended": TraceExtended}[strings.ToLower(words[0].Text)]
			b.set["trace"] = true
		}
	case "limitrequestline", "limitrequestfieldsize", "limitrequestfields":
		v := leading(words[0].Text)
		if v < 0 {
			d.argument(n, words[0], "write a number of bytes", "%s is %q", n.Name, words[0].Text)
			return
		}
		switch n.Key {
		case "limitrequestline":
			h.LimitLine = v
		case "limitrequestfieldsize":
			h.LimitFieldSize = v
		default:
			h.LimitFields = v
			if v == 0 {
				h.LimitFields = math.MaxInt32 // 0 is no limit
			}
		}
	case "httpprotocoloptions":
		d.protocolOptions(b, n, words)
	case "limitinternalrecursion":
		for _, w := range words {
			if leading(w.Text) < 1 {
				d.argument(n, w, "write a number above 0", "LimitInternalRecursion is %q", w.Text)
				return
			}
		}
		h.Recursion = leading(words[0].Text)
	case "loglevel":
		d.logLevel(b, n, words)
	case "remoteipheader", "remoteipproxiesheader", "remoteipinternalproxy", "remoteiptrustedproxy", "remoteipinternalproxylist",
		"remoteiptrustedproxylist":
		d.remoteIP(h, n, words)
	case "regexdefaultoptions":
		d.regexOptions(n, words)
	}
}

// wildName refuses a ServerName with wildcards.
func (d *decoder) wildName(n *apacheconf.Node, w apacheconf.Word) {
	f := diag.Diagnostic{
		Rule: ruleWildName, Severity: diag.Error, Span: n.WordSpan(w), Included: n.Included,
		Message: fmt.Sprintf("ServerName %q has wildcards", w.Text), Hint: "use ServerAlias for names with wildcards", Why: "httpd does not start",
	}
	if text := n.At.Text(); len(n.Variables) == 0 && len(n.Undefined) == 0 && n.At.File.Line(n.At.Position().Line).Contains(n.At) {
		before := n.At.File.Line(n.At.Position().Line)
		before.End = n.At.Start
		name := n.NameAt.Text()
		word := strings.TrimSpace(strings.TrimPrefix(text, name))
		// Requests that were meant to come to this virtual host do so after it.
		f.Fixes = []diag.Fix{{Title: "make it a ServerAlias", Edits: []diag.Edit{{Span: n.At, New: name + " publish\n" + before.Text() + "ServerAlias " + word}}}}
	}
	d.find(f)
}

func (d *decoder) serverName(sc *scope, n *apacheconf.Node, w apacheconf.Word) {
	v := w.Text
	if strings.ContainsAny(v, "*?") || strings.ContainsAny(v, "[") && !strings.HasPrefix(v, "[") && !strings.Contains(v, "://[") {
		d.wildName(n, w)
		return
	}
	name := Name{Set: true, Place: placeOf(n)}
	rest := v
	if i := strings.Index(v, "://"); i >= 0 {
		name.Scheme, rest = strings.ToLower(v[:i]), v[i+3:]
	}
	name.Host = rest
	if i := strings.LastIndexByte(rest, ':'); i >= 0 && !strings.HasSuffix(rest, "]") {
		port := leading(rest[i+1:])
		if port < 1 || port > 65535 {
			d.argument(n, w, "write a port of 1 to 65535, or none", "ServerName %q has a port that is none", v)
			return
		}
		name.Host, name.Port = rest[:i], port
	}
	sc.host.host.Name = name
}

func (d *decoder) listen(n *apacheconf.Node, words []apacheconf.Word) {
	if len(words) == 0 || len(words) > 2 {
		d.refuse(ruleCount, n, at(n), "write a port, or an address and a port", "Listen wants one or two arguments, and has %d", len(words))
		return
	}
	l := Listen{Place: placeOf(n)}
	host, port := "", words[0].Text
	if i := strings.LastIndexByte(port, ':'); i >= 0 {
		host, port = port[:i], port[i+1:]
	}
	p, err := strconv.Atoi(port)
	if err != nil || p < 1 || p > 65535 {
		d.argument(n, words[0], "write a port of 1 to 65535", "Listen %q has no port", words[0].Text)
		return
	}
	l.Port = p
	if host != "" && host != "*" {
		l.Addr, _ = netip.ParseAddr(strings.Trim(host, "[]"))
	}
	if len(words) > 1 {
		l.Protocol = strings.ToLower(words[1].Text)
	}
	d.s.Listen = append(d.s.Listen, l)
}

func (d *decoder) protocolOptions(b *build, n *apacheconf.Node, words []apacheconf.Word) {
	strict, unsafe := false, false
	for _, w := range words {
		switch strings.ToLower(w.Text) {
		case "strict":
			strict = true
		case "unsafe":
			unsafe = true
		case "registeredmethods", "lenientmethods", "allow0.9", "require1.0":
		default:
			d.argument(n, w, "write Strict or Unsafe, RegisteredMethods or LenientMethods, Require1.0 or Allow0.9", "HttpProtocolOptions has %q", w.Text)
			return
		}
	}
	if strict && unsafe {
		d.refuse(ruleArgument, n, n.ArgsAt, "keep one", "HttpProtocolOptions has both Strict and Unsafe")
		return
	}
	if strict || unsafe {
		b.host.UnsafeRequests = unsafe
		b.set["strict"] = true
	}
}

// logLevel decodes LogLevel. A level without a module takes away those that modules have.
func (d *decoder) logLevel(b *build, n *apacheconf.Node, words []apacheconf.Word) {
	for _, w := range words {
		module, level, has := strings.Cut(w.Text, ":")
		if !has {
			module, level = "", w.Text
		}
		trace := 0
		switch l := strings.ToLower(level); l {
		case "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug":
		default:
			ok := len(l) == 6 && strings.HasPrefix(l, "trace") && l[5] >= '1' && l[5] <= '8'
			if !ok {
				hint := "write emerg, alert, crit, error, warn, notice, info, debug or trace1 to trace8"
				if len(n.Undefined) > 0 {
					hint = "define the variable " + n.Undefined[0].Name
				}
				d.argument(n, w, hint, "LogLevel has %q, which is no level", level)
				return
			}
			trace = int(l[5] - '0')
		}
		if has {
			id := strings.TrimSuffix(strings.ToLower(module), "_module") + "_module"
			if !d.tree.Loaded(module) && !d.tree.Loaded(id) && !d.tree.Loaded(module+"_module") {
				d.argument(n, w, "name a module that is loaded, such as rewrite", "LogLevel names module %s, which is not loaded", module)
				return
			}
			if id != "rewrite_module" && module != "mod_rewrite.c" {
				continue
			}
		}
		b.host.RewriteLogLevel, b.logSet = trace, true
	}
}

func (d *decoder) remoteIP(h *Host, n *apacheconf.Node, words []apacheconf.Word) {
	if h.RemoteIP == nil {
		h.RemoteIP = &RemoteIP{}
	}
	r := h.RemoteIP
	add := func(text string) bool {
		p, ok := network(text)
		if !ok {
			return false
		}
		if strings.HasPrefix(n.Key, "remoteipinternal") {
			r.Internal = append(r.Internal, p)
		} else {
			r.Trusted = append(r.Trusted, p)
		}
		return true
	}
	switch n.Key {
	case "remoteipheader":
		r.Header = *textOf(n, words[0])
	case "remoteipproxiesheader":
		r.ProxiesHeader = words[0].Text
	case "remoteipinternalproxylist", "remoteiptrustedproxylist":
		if d.o.ReadFile == nil {
			return
		}
		text, err := d.o.ReadFile(apacheconf.Absolute(d.tree.Root, words[0].Text))
		if err != nil {
			return
		}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 0 && !strings.HasPrefix(f[0], "#") {
				add(f[0])
			}
		}
	default:
		for _, w := range words {
			if add(w.Text) {
				continue
			}
			if strings.ContainsFunc(w.Text, func(r rune) bool { return r < 0x80 && isLetter(byte(r)) }) && !strings.ContainsAny(w.Text, ":/") {
				d.s.NotSimulated = append(d.s.NotSimulated, Construct{Text: n.Name + " " + w.Text, Why: "names are not looked up", Place: placeOf(n)})
				h.NotSimulated = append(h.NotSimulated, d.s.NotSimulated[len(d.s.NotSimulated)-1])
				continue
			}
			d.argument(n, w, "write an address or a network", "%s has %q, which is no address", n.Name, w.Text)
			return
		}
	}
}

// regexOptions decodes RegexDefaultOptions.
func (d *decoder) regexOptions(n *apacheconf.Node, words []apacheconf.Word) {
	for _, w := range words {
		name := strings.ToUpper(w.Text)
		on := true
		switch {
		case name == "NONE":
			d.regex.NoDotAll, d.regex.FinalNewline, d.regex.IgnoreCase = true, true, false
			continue
		case strings.HasPrefix(name, "+"):
			name = name[1:]
		case strings.HasPrefix(name, "-"):
			name, on = name[1:], false
		}
		switch name {
		case "DOTALL":
			d.regex.NoDotAll = !on
		case "DOLLAR_ENDONLY":
			d.regex.FinalNewline = !on
		case "ICASE":
			d.regex.IgnoreCase = on
		case "EXTENDED":
		default:
			d.argument(n, w, "write ICASE, DOTALL or DOLLAR_ENDONLY", "RegexDefaultOptions has %q", w.Text)
			return
		}
	}
}

// methodsReset takes the list of AllowMethods away.
const methodsReset = "reset"

func (d *decoder) allowMethods(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	if len(words) == 0 {
		d.refuse(ruleCount, n, n.NameAt, "name methods, or reset", "AllowMethods has no method")
		return
	}
	for _, w := range words {
		if w.Text == methodsReset && len(words) == 1 {
			sc.place.set.AllowMethods = []string{methodsReset}
			return
		}
		if !isMethod(w.Text) {
			d.argument(n, w, "methods are in upper case", "AllowMethods has %q, which is no method", w.Text)
			return
		}
		sc.place.set.AllowMethods = append(sc.place.set.AllowMethods, w.Text)
	}
}

func (d *decoder) setHandler(sc *scope, n *apacheconf.Node, w apacheconf.Word) {
	if text, ok := strings.CutPrefix(w.Text, "expr="); ok || strings.Contains(w.Text, "%{") {
		if _, ok := d.text(sc, n, n.WordSpan(w), text); ok {
			d.notSimulated(sc, n, "SetHandler with an expression", "")
		}
		return
	}
	sc.place.set.Handler = valueOf(n, w, noneOr(w.Text))
}

func extension(s string) string { return strings.ToLower(strings.TrimPrefix(s, ".")) }

// byExtension decodes a directive that gives extensions a value.
func byExtension(m map[string]Text, n *apacheconf.Node, words []apacheconf.Word) map[string]Text {
	if m == nil {
		m = map[string]Text{}
	}
	t := valueOf(n, words[0], strings.ToLower(words[0].Text))
	for _, w := range words[1:] {
		t.WordAt = n.WordSpan(w)
		m[extension(w.Text)] = *t
	}
	return m
}

// emptyByExtension takes the value of extensions away: an empty value stands over that of a place before.
func emptyByExtension(m map[string]Text, n *apacheconf.Node, words []apacheconf.Word) map[string]Text {
	if m == nil {
		m = map[string]Text{}
	}
	for _, w := range words {
		m[extension(w.Text)] = *valueOf(n, w, "")
	}
	return m
}

// options decodes Options.
func (d *decoder) options(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	o := &Options{Place: placeOf(n)}
	if len(words) > 0 {
		o.Relative = strings.HasPrefix(words[0].Text, "+") || strings.HasPrefix(words[0].Text, "-")
	}
	for i, w := range words {
		name := w.Text
		sign := byte(0)
		if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
			sign, name = name[0], name[1:]
		}
		if (sign != 0) != o.Relative {
			d.argument(n, w, "put + or - in front of all options, or of none", "Options mixes options with and without + or -")
			return
		}
		var bits Option
		switch strings.ToLower(name) {
		case "indexes":
			bits = OptIndexes
		case "includes":
			bits = OptIncludes
		case "includesnoexec":
			bits = OptIncludes | OptIncludesNoExec
		case "followsymlinks":
			bits = OptFollowSymLinks
		case "symlinksifownermatch":
			bits = OptSymLinksIfOwnerMatch
		case "execcgi":
			bits = OptExecCGI
		case "multiviews":
			bits = OptMultiViews
		case "runscripts":
			bits = OptMultiViews | OptExecCGI
		case "none", "all":
			if sign != 0 {
				d.argument(n, w, "write it without a sign", "Options has %s", w.Text)
				return
			}
			if i > 0 {
				d.argument(n, w, "write it first, or alone", "%s stands behind other options", w.Text)
				return
			}
			if strings.EqualFold(name, "all") {
				bits = OptIndexes | OptIncludes | OptFollowSymLinks | OptSymLinksIfOwnerMatch | OptExecCGI
			}
		default:
			hint := "the options are " + strings.Join(optionNames[:], ", ")
			if near := nearestOf(name, optionNames[:]); near != "" {
				hint = "did you mean " + near
			}
			d.argument(n, w, hint, "Options has %q, which is no option", w.Text)
			return
		}
		switch sign {
		case '+':
			o.Add |= bits
			o.Remove &^= bits
		case '-':
			o.Remove |= bits
			o.Add &^= bits
		default:
			o.Set |= bits
		}
	}
	s := sc.place.set
	switch {
	case s.Options == nil || !o.Relative:
		s.Options = o
	case s.Options.Relative:
		m := *o
		m.Add = s.Options.Add&^o.Remove | o.Add
		m.Remove = s.Options.Remove&^o.Add | o.Remove
		s.Options = &m
	default:
		s.Options = s.Options.merge(o)
	}
}

var optionNames = [...]string{"Indexes", "Includes", "IncludesNOEXEC", "FollowSymLinks", "SymLinksIfOwnerMatch", "ExecCGI", "MultiViews", "None", "All"}

func (d *decoder) allowOverride(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	if sc.within&(notInFiles|notInLocation|notInIf) != 0 || sc.limit != nil {
		d.warn(ruleContext, n, n.NameAt, "put it into <Directory>", "AllowOverride does nothing outside of <Directory>")
	}
	for _, w := range words {
		name, value, _ := strings.Cut(strings.ToLower(w.Text), "=")
		switch name {
		case "none", "all", "limit", "options", "fileinfo", "authconfig", "indexes":
			continue
		case "nonfatal":
			if value == "override" || value == "unknown" || value == "all" {
				continue
			}
		}
		d.argument(n, w, "write None", "AllowOverride has %q", w.Text)
		return
	}
	if len(words) > 0 && !(len(words) == 1 && strings.EqualFold(words[0].Text, "none")) {
		sc.place.set.AllowOverride = &Text{Value: n.Args, Place: placeOf(n), WordAt: n.ArgsAt}
		if !(len(words) == 2 && strings.EqualFold(words[0].Text, "none")) {
			d.notSimulated(sc, n, "AllowOverride "+n.Args, "files .htaccess are not read")
		}
		return
	}
	sc.place.set.AllowOverride = &Text{Value: "None", Place: placeOf(n), WordAt: n.ArgsAt}
}

func (d *decoder) fileETag(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	for _, w := range words {
		switch strings.ToLower(strings.TrimLeft(w.Text, "+-")) {
		case "none", "all", "mtime", "size", "inode", "digest":
		default:
			d.argument(n, w, "write None, MTime, Size, INode or Digest", "FileETag has %q", w.Text)
			return
		}
	}
	sc.place.set.FileETag = &Text{Value: n.Args, Place: placeOf(n), WordAt: n.ArgsAt}
}

func (d *decoder) directoryIndex(sc *scope, words []apacheconf.Word) {
	s := sc.place.set
	if len(words) == 1 && strings.EqualFold(words[0].Text, "disabled") {
		s.Index = []string{"disabled"}
		return
	}
	if len(s.Index) == 1 && s.Index[0] == "disabled" {
		s.Index = nil
	}
	if s.Index == nil {
		s.Index = []string{}
	}
	for _, w := range words {
		s.Index = append(s.Index, w.Text)
	}
}

func (d *decoder) directoryIndexRedirect(sc *scope, n *apacheconf.Node, w apacheconf.Word) {
	switch strings.ToLower(w.Text) {
	case "on", "off", "temp", "permanent", "seeother":
	default:
		if v := leading(w.Text); v < 300 || v > 399 {
			d.argument(n, w, "write On, Off, permanent, temp, seeother or a status of 300 to 399", "DirectoryIndexRedirect is %q", w.Text)
			return
		}
	}
	sc.place.set.IndexRedirect = textOf(n, w)
	if !strings.EqualFold(w.Text, "off") {
		d.notSimulated(sc, n, "DirectoryIndexRedirect", "")
	}
}

// filters checks names of filters, and records those that change an answer in a way that is not followed.
func (d *decoder) filters(sc *scope, n *apacheconf.Node, w apacheconf.Word, known bool) bool {
	for name := range strings.SplitSeq(w.Text, ";") {
		module := ""
		switch strings.ToUpper(strings.TrimSpace(name)) {
		case "", "DEFLATE", "INFLATE":
			module = "deflate_module"
		case "BROTLI_COMPRESS":
			module = "brotli_module"
		case "SUBSTITUTE":
			module = "substitute_module"
		case "INCLUDES":
			module = "include_module"
			if n.Key != "addoutputfilter" { // for the extensions of that, the engine says so
				d.notSimulated(sc, n, "filter INCLUDES", "")
			}
		case "RATE_LIMIT":
			module = "ratelimit_module"
		default:
			// Other modules and FilterDeclare add filters; a media type is none.
			if known && strings.Contains(name, "/") {
				d.argument(n, w, "write the filter first, then the types", "AddOutputFilterByType has %q for a filter", name)
				return false
			}
		}
		if module != "" && known && !d.tree.Modules[module] {
			d.argument(n, w, "load "+module, "filter %s is of %s, which is not loaded", name, module)
			return false
		}
	}
	return true
}

func (d *decoder) filterByType(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	if len(words) < 2 {
		d.refuse(ruleCount, n, at(n), "name a filter and media types", "AddOutputFilterByType wants two or more arguments, and has %d", len(words))
		return
	}
	if !d.filters(sc, n, words[0], true) {
		return
	}
	f := FilterByType{Filter: words[0].Text, Place: placeOf(n)}
	for _, w := range words[1:] {
		f.Types = append(f.Types, w.Text)
	}
	sc.place.set.FiltersByType = append(sc.place.set.FiltersByType, f)
}

// substitute checks the pattern of Substitute.
func (d *decoder) substitute(sc *scope, n *apacheconf.Node, w apacheconf.Word) {
	v := w.Text
	if len(v) < 2 || first(v) != 's' {
		d.argument(n, w, "write s/pattern/replacement/flags", "Substitute %q is no s/// pattern", v)
		return
	}
	parts := strings.SplitN(v[2:], v[1:2], 3)
	if len(parts) < 2 {
		d.argument(n, w, "write s/pattern/replacement/flags", "Substitute %q has no replacement", v)
		return
	}
	plain, noCase := false, false
	if len(parts) == 3 {
		for _, c := range []byte(parts[2]) {
			switch lowerByte(c) {
			case 'i':
				noCase = true
			case 'n':
				plain = true
			case 'f', 'q':
			default:
				d.argument(n, w, "Substitute has the flags i, n, f and q", "Substitute %q has flag %q", v, string(c))
				return
			}
		}
	}
	if !plain {
		if _, ok := d.pattern(n, n.WordSpan(w), parts[0], noCase); !ok {
			return
		}
	}
	sc.place.set.Substitutions = append(sc.place.set.Substitutions, DirectiveOfText{Args: v, Place: placeOf(n)})
}
