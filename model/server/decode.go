package server

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/source"
)

// DecodeOptions say what is known of the server's disk. The zero value knows nothing: media types and maps of files are then
// not known, and nothing is said about files that are missing.
type DecodeOptions struct {
	// ReadFile gives the text of a file that a directive names: TypesConfig, RewriteMap, RemoteIPTrustedProxyList.
	ReadFile func(path string) ([]byte, error)
	// Stat says what is at a path. An error for which errors.Is(err, fs.ErrNotExist) holds says that nothing is there; any
	// other error, that it is not known.
	Stat func(path string) (fs.FileInfo, error)
	// Env is the environment that httpd is started in, for PassEnv; nil says that it is not known.
	Env func(name string) (string, bool)
}

// The catalogue's rules for what httpd refuses.
const (
	ruleUnknown  = "DSP592"
	ruleContext  = "DSP593"
	ruleSection  = "DSP594"
	ruleCount    = "DSP694"
	ruleRegex    = "DSP688"
	ruleFlags    = "DSP667"
	ruleStatus   = "DSP668"
	ruleMap      = "DSP675"
	ruleWildName = "DSP411"
	ruleArgument = "DSP601"
)

const maxFindings = 10_000

// Decode makes a server of a tree. It never fails: what httpd would refuse is among the findings, and decoding goes on
// behind it. When ctx ends, what was decoded up to then is returned.
func Decode(ctx context.Context, tree *apacheconf.Tree, o DecodeOptions) *Server {
	d := &decoder{ctx: ctx, o: o, tree: tree, s: &Server{Tree: tree, Types: map[string]string{}}, patterns: map[patternKey]compiled{}}
	d.main = newBuild(&Host{})
	d.s.Main = d.main.host
	d.nodes(&scope{host: d.main, place: &place{set: d.main.host.Base}}, tree.Nodes)
	d.loadTypes()
	d.effective()
	return d.s
}

// A decoder makes a server.
type decoder struct {
	ctx  context.Context
	o    DecodeOptions
	tree *apacheconf.Tree
	s    *Server
	main *build
	// hosts are the virtual hosts in the order of reading.
	hosts []*build

	patterns map[patternKey]compiled
	types    *Text // TypesConfig
	regex    match.PCREOptions
	aliases  map[string]bool // names of AuthzProviderAlias
	count    int
	stopped  bool
}

// A build is a host on the way, with what only counts until hosts are merged.
type build struct {
	host *Host
	// rewrite says that the host has a directive of mod_rewrite of its own.
	rewrite bool
	logSet  bool
	// set are the names of directives that the host has itself, where the zero value does not tell.
	set map[string]bool
}

func newBuild(h *Host) *build {
	h.Base = &Settings{}
	h.Maps = map[string]*RewriteMap{}
	return &build{host: h, set: map[string]bool{}}
}

// A place is where settings go: a section, or a server outside of sections.
type place struct {
	set *Settings
	// directory is that of mod_rewrite's per-directory context.
	directory string
	// conditions are those that wait for the next rule.
	conditions []*RewriteCond
	// requirements are those at the top.
	requirements []*Requirement
	// lastIf says that the section before was <If> or <ElseIf>.
	lastIf bool
}

// A scope is where a directive stands.
type scope struct {
	host  *build
	place *place
	// section is the innermost section that requests meet; nil at the server's level.
	section *Section
	// within are the kinds of sections around, as the bits of where that forbid them.
	within where
	limit  *MethodLimit
	// container is the <RequireAll> and the like around; nil outside.
	container *Requirement
}

func placeOf(n *apacheconf.Node) Place { return Place{At: n.At, Included: n.Included} }

func textOf(n *apacheconf.Node, w apacheconf.Word) *Text {
	return &Text{Value: w.Text, Place: placeOf(n), WordAt: n.WordSpan(w)}
}

func valueOf(n *apacheconf.Node, w apacheconf.Word, value string) *Text {
	t := textOf(n, w)
	t.Value = value
	return t
}

func (d *decoder) nodes(sc *scope, list []*apacheconf.Node) {
	for _, n := range list {
		if d.stopped {
			return
		}
		if d.count++; d.count&255 == 0 && d.ctx.Err() != nil {
			d.stopped = true
			return
		}
		d.node(sc, n)
	}
}

// node decodes one directive or section.
func (d *decoder) node(sc *scope, n *apacheconf.Node) {
	if n.Key == "" && !n.Section {
		return // httpd passes over a line that begins with an empty name in quotes
	}
	info, ok := lookup(n.Key, n.Section)
	switch {
	case !ok:
		d.unknown(n)
		return
	case info.Class == Obsolete:
		d.refuse(ruleUnknown, n, n.NameAt, info.Hint, "directive %s is not one of httpd 2.4", n.Name)
		return
	case !d.loaded(info):
		d.refuse(ruleUnknown, n, n.NameAt, "load the module, or put the line into <IfModule "+info.Module()+">",
			"directive %s is of %s, which is not loaded", n.Name, info.Module())
		return
	case !d.allowed(sc, n, info):
		return
	}
	if n.Section {
		d.section(sc, n, info)
		return
	}
	words, err := n.Words()
	if _, open := err.(*apacheconf.QuoteError); err != nil && !open {
		d.refuse(ruleCount, n, n.ArgsAt, "", "%s has more arguments than are read", n.Name)
		return
	}
	if !d.counted(n, info, words) {
		return
	}
	if info.Class == NotSimulated && !harmless(n.Key, words) {
		d.notSimulated(sc, n, info.Name, "")
	}
	d.directive(sc, n, info, words)
}

// harmless reports whether a directive that is not simulated is switched off.
func harmless(key string, words []apacheconf.Word) bool {
	if len(words) == 0 {
		return false
	}
	switch strings.ToLower(words[0].Text) {
	case "off", "none":
		return true
	case "disabled":
		return len(words) == 1
	case "detectiononly":
		return key == "secruleengine"
	}
	return false
}

func (d *decoder) loaded(info *DirectiveInfo) bool {
	all := info.modules()
	for _, m := range all {
		if d.tree.Modules[m] {
			return true
		}
	}
	if len(all) > 1 && !slices.ContainsFunc(allMPM, func(m string) bool { return d.tree.Modules[m] }) {
		return true // on Windows, and where nobody chose another way, the processing module is a part of httpd
	}
	return len(all) == 0
}

// allMPM are the processing modules.
var allMPM = []string{"mpm_event_module", "mpm_worker_module", "mpm_prefork_module", "mpm_winnt_module"}

func (d *decoder) unknown(n *apacheconf.Node) {
	what := "directive " + n.Name
	if n.Section {
		what = "section <" + n.Name + ">"
	}
	hint := "write a comment with # at the start of its line"
	if near := nearest(n.Key, n.Section); near != "" {
		hint = "did you mean " + near
	} else if n.Key != "" && (isLetter(n.Key[0]) || n.Section) {
		hint = "correct it, or load the module that it is of"
	}
	d.refuse(ruleUnknown, n, n.NameAt, hint, "%s is not known", what)
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// allowed checks that a directive may stand where it does.
//
// Source: httpd.apache.org/docs/2.4, mod/directive-dict.html (Context); server/core.c, ap_check_cmd_context.
func (d *decoder) allowed(sc *scope, n *apacheconf.Node, info *DirectiveInfo) bool {
	w := info.where
	refuse := func(where, hint string) bool {
		d.refuse(ruleContext, n, n.NameAt, hint, "%s may not stand in %s", info.Name, where)
		return false
	}
	if sc.limit != nil && w&notInLimit != 0 {
		return refuse("<Limit>", "move it out of the section")
	}
	if sc.section == nil {
		switch {
		case sc.host != d.main && w&inServer != 0 && w&inVirtualHost == 0:
			return refuse("<VirtualHost>", "move it out of the virtual host")
		case w&(inServer|inVirtualHost) == 0:
			where := "the server's configuration outside of sections"
			if sc.host != d.main {
				where = "<VirtualHost> outside of sections"
			}
			return refuse(where, "put it into <Directory> or <Location>")
		}
		return true
	}
	if w&inSection == 0 {
		hint := "move it out of the section"
		return refuse("<"+kindName(sc.section)+">", hint)
	}
	for _, f := range [...]struct {
		bit  where
		name string
	}{{notInFiles, "<Files>"}, {notInLocation, "<Location>"}, {notInIf, "<If>"}, {notInProxy, "<Proxy>"}, {notInDirectory, "<Directory>"}} {
		if w&f.bit != 0 && sc.within&f.bit != 0 {
			return refuse(f.name, "move it out of the section")
		}
	}
	return true
}

func kindName(s *Section) string {
	name := [...]string{"Directory", "Files", "Location", "If", "ElseIf", "Else", "Proxy"}[s.Kind]
	if s.Pattern != nil && s.Matching {
		name += "Match"
	}
	return name
}

// counted checks the number of arguments as httpd's ap_invoke_cmd does; an empty first argument counts as none.
func (d *decoder) counted(n *apacheconf.Node, info *DirectiveInfo, words []apacheconf.Word) bool {
	if info.Raw() || info.takes == takesAny {
		return true
	}
	least, most := info.Words()
	given := len(words)
	for i := range min(given, least) {
		if words[i].Text == "" && !(i > 0 && info.takes == takesFirstEach) {
			given = i
			break
		}
	}
	if info.takes == takesOneThree && given == 2 {
		d.refuse(ruleCount, n, n.ArgsAt, "", "%s wants one or three arguments, and has 2", info.Name)
		return false
	}
	switch {
	case given < least:
		at := n.NameAt
		if len(words) > 0 {
			at = n.ArgsAt
		}
		d.refuse(ruleCount, n, at, "", "%s wants %s, and has %d", info.Name, countText(least, most), given)
		return false
	case most >= 0 && given > most:
		hint := commentOr("put a value with blanks in quotes", words[most:])
		d.refuse(ruleCount, n, n.WordSpan(words[most]), hint, "%s wants %s, and has %d", info.Name, countText(least, most), given)
		return false
	}
	if info.takes == takesFlag {
		if _, ok := flag(words[0].Text); !ok {
			d.argument(n, words[0], "write On or Off", "%s is %q", info.Name, words[0].Text)
			return false
		}
	}
	return true
}

// commentOr is the hint for words that are too many: most often they are meant for a comment.
func commentOr(hint string, words []apacheconf.Word) string {
	for _, w := range words {
		if strings.HasPrefix(w.Text, "#") {
			return "a comment needs a line of its own"
		}
	}
	return hint
}

func countText(least, most int) string {
	names := [...]string{"no", "one", "two", "three"}
	switch {
	case most < 0:
		return names[least] + " or more arguments"
	case least == most && least == 1:
		return "one argument"
	case least == most:
		return names[least] + " arguments"
	}
	return names[least] + " to " + names[most] + " arguments"
}

func flag(s string) (on, ok bool) {
	switch {
	case strings.EqualFold(s, "on"):
		return true, true
	case strings.EqualFold(s, "off"):
		return false, true
	}
	return false, false
}

// refuse notes that httpd does not start. Without a place of its own, the finding is about the whole line.
func (d *decoder) refuse(rule string, n *apacheconf.Node, at source.Span, hint, format string, args ...any) {
	d.find(diag.Diagnostic{
		Rule: rule, Severity: diag.Error, Span: orLine(at, n), Included: n.Included, Hint: hint,
		Message: fmt.Sprintf(format, args...), Why: "httpd does not start",
	})
}

// argument refuses a word.
func (d *decoder) argument(n *apacheconf.Node, w apacheconf.Word, hint, format string, args ...any) {
	d.refuse(ruleArgument, n, n.WordSpan(w), hint, format, args...)
}

// warn notes what httpd warns of.
func (d *decoder) warn(rule string, n *apacheconf.Node, at source.Span, hint, format string, args ...any) {
	d.find(diag.Diagnostic{Rule: rule, Severity: diag.Warning, Span: orLine(at, n), Included: n.Included, Hint: hint, Message: fmt.Sprintf(format, args...)})
}

func orLine(at source.Span, n *apacheconf.Node) source.Span {
	if at.IsZero() {
		return n.At
	}
	return at
}

func (d *decoder) find(f diag.Diagnostic) {
	if len(d.s.Findings) < maxFindings {
		d.s.Findings = append(d.s.Findings, f)
	}
}

// notSimulated records a construct where it stands, once.
func (d *decoder) notSimulated(sc *scope, n *apacheconf.Node, text, why string) {
	c := Construct{Text: text, Why: why, Place: placeOf(n), tls: n.Key == sslEngine}
	d.s.NotSimulated = append(d.s.NotSimulated, c)
	if sc.section == nil {
		sc.host.host.NotSimulated = append(sc.host.host.NotSimulated, c)
		return
	}
	sc.place.set.NotSimulated = append(sc.place.set.NotSimulated, c)
}

// server reports whether a scope is a server's level.
func (sc *scope) server() bool { return sc.section == nil }

// patternKey is a pattern that was compiled.
type patternKey struct {
	text string
	o    match.PCREOptions
}

type compiled struct {
	re  *match.PCRE
	err error
}

// pattern compiles a regular expression of a word; false where httpd refuses it. text is the word without signs in front.
func (d *decoder) pattern(n *apacheconf.Node, at source.Span, text string, noCase bool) (*Pattern, bool) {
	p := &Pattern{Text: text, NoCase: noCase, At: at}
	o := d.regex
	o.IgnoreCase = o.IgnoreCase || noCase
	key := patternKey{text, o}
	c, ok := d.patterns[key]
	if !ok {
		c.re, c.err = match.CompilePCRE(text, o)
		if len(d.patterns) < 100_000 {
			d.patterns[key] = c
		}
	}
	p.PCRE = c.re
	switch err := c.err.(type) {
	case nil:
	case *match.SyntaxError:
		hint := err.Hint
		d.refuse(ruleRegex, n, at, hint, "regular expression %q does not compile: %s", text, err.Message)
		return p, false
	case *match.UnsupportedError:
		p.NotSimulated = err.Message
	default:
		p.NotSimulated = err.Error()
	}
	return p, true
}
