package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/audit"
	"github.com/dispcheck/dispcheck/internal/effective"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/httpd"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
	"github.com/dispcheck/dispcheck/suite"
)

func auditCommand() *command {
	return &command{
		name:  "audit",
		usage: "say which requests of known attacks a configuration lets through",
		args:  "[PATH]",
		about: "Puts the requests of public security checklists, and each of them disguised in all ways that scanners know, through virtual hosts, " +
			"rewrite rules, farms and filters, for every host that something else answers. What comes to a render is put together by the rule " +
			"that let it through, with the smallest example, why it matters, and a rule that closes it, which was tried. It is a model: " +
			"nothing is sent anywhere. What depends on how AEM reads a URL says so. Farms for authors are not judged. docs/audit.md says more.",
		flags: []*flag{
			{name: "class", kind: list, arg: "NAME,…", check: checkClass, values: classNames(), meaning: "ask for these classes of probes alone; crx,querybuilder for two"},
			{name: "min-severity", kind: choice, values: []string{"error", "warning", "info"}, def: "info", meaning: "leave out what is less severe"},
			{name: "uses", kind: list, arg: "forms|login", check: checkUses, values: []string{"forms", "login"}, meaning: "what the site uses and has to be open: AEM Forms, AEM's login form"},
			{name: "page", kind: list, arg: "PATH", check: checkPage, defWords: "found from the rules", meaning: "page of the site, without its extension, to try selectors and the like on; may be given several times"},
			{name: "host", kind: list, arg: "HOST", check: checkHost, defWords: "one for each virtual host and farm that answer together", meaning: "ask this host; may be given several times"},
			{name: "as-suite", arg: "FILE|-", completeFrom: completeFiles, meaning: "write a suite for dispcheck test that wants each exposure denied, and what is answered today answered"},
			{name: "no-httpd", kind: boolean, meaning: "leave out the httpd side"},
			{name: "define", kind: list, arg: "NAME[=VALUE]", check: checkDefine, meaning: "define a variable as httpd's -D and Define do; may be given several times"},
			{name: "directive", kind: list, free: true, arg: "'NAME VALUE'", check: checkDirective, meaning: "directive of the Dispatcher in httpd's configuration; may be given several times"},
			{name: "reading", kind: list, arg: "KEY=VALUE", check: checkReading, meaning: "another reading of what is not published; may be given several times"},
		},
		formats: []string{"text", "json", "sarif", "html"},
		maxArgs: 1, argValues: exampleProjects, completeFrom: completeFiles,
		exits: []exit{
			{exitClean, "nothing gets through, or nothing at or above --fail-on where that is set"},
			{exitFindings, "something gets through"},
			{exitUnusable, "wrong usage, or a file or an include that cannot be read"},
		},
		example: example{"dispcheck audit -c example:cloud", "does the example keep the world out?"},
		run:     runAudit,
	}
}

// classNames are the names of classes for completion. They are not read from the data, which would cost each start time;
// a test holds the two against each other.
func classNames() []string {
	return []string{
		"acs", "audit", "author-ui", "bin", "childlist", "cloudconf", "code", "content-grab", "crx", "dam", "debug", "deser", "el", "etc", "felix",
		"flush", "gql", "graphql-bypass", "groovy", "jcr", "libs", "login", "method", "other", "packmgr", "post", "query-sel", "querybuilder",
		"redundant", "replication", "repo-root", "reports", "sample", "selector-bypass", "services", "sling-sys", "ssrf", "suffix-bypass", "swf",
		"traversal", "ugc", "userinfo", "users", "var", "webdav", "xss", "xxe",
	}
}

func checkClass(s string) error {
	for name := range strings.SplitSeq(s, ",") {
		if !slices.Contains(classNames(), name) {
			return notOneOf(name, classNames())
		}
	}
	return nil
}

func checkUses(s string) error {
	known := []string{"forms", "login"}
	for name := range strings.SplitSeq(s, ",") {
		if !slices.Contains(known, name) {
			return notOneOf(name, known)
		}
	}
	return nil
}

func checkPage(s string) error {
	if !strings.HasPrefix(s, "/") || strings.ContainsAny(s, "?#;%. \t") || strings.HasSuffix(s, "/") {
		return fmt.Errorf("%q is no page such as /content/site/en, without its extension", s)
	}
	return nil
}

func runAudit(ctx context.Context, in *invocation) error {
	o := in.projectOptions()
	if len(in.args) == 1 {
		o.Path = in.args[0]
	}
	p, err := in.load(ctx, o.Path)
	if err != nil {
		return err
	}
	c, err := configurationOf(ctx, p, !in.yes("no-httpd"))
	if err != nil {
		return err
	}
	if c.open {
		return usagef("give a folder that has both, or a .any file", "%s has no .any side, and so no filter to audit", p.Show(p.Site))
	}
	options, err := in.auditOptions(ctx, c)
	if err != nil {
		return err
	}
	bar := in.progress(0, "probes")
	options.Done = func(asked, all int) {
		bar.total = all
		bar.done(asked)
	}
	found, err := audit.Run(ctx, *options)
	bar.clear()
	if err != nil {
		return err
	}
	least := map[string]diag.Severity{"error": diag.Error, "warning": diag.Warning, "info": diag.Info}[in.text("min-severity")]
	if len(found.Judged)+len(found.Skipped) == 0 && found.Probes > 0 {
		return usagef("look at dispcheck show vhosts; --no-httpd asks the farms alone", "no host leads to a farm: there is nothing to judge")
	}
	found.LeaveOut(least)
	result := &report.Audit{Report: found, Verbose: in.yes("verbose"), Version: build().Version, Notes: c.notes}
	if p.Kind == project.Cloud {
		result.Environment = in.text("environment")
	}
	if in.given("as-suite") {
		if err := in.writeAuditSuite(found); err != nil {
			return err
		}
	}
	if !(in.text("as-suite") == "-" && in.layer("format") == fromDefault) {
		if err := in.writeAudit(result); err != nil {
			return err
		}
	}
	if err := in.unread(p); err != nil {
		return err
	}
	if incomplete(c.apache) {
		return errUnusable
	}
	return in.auditVerdict(found)
}

// auditOptions says what is audited, and how it is asked.
func (in *invocation) auditOptions(ctx context.Context, c *configuration) (*audit.Options, error) {
	eo, err := in.engineOptions()
	if err != nil {
		return nil, err
	}
	if eo.Readings, err = in.readings(); err != nil {
		return nil, err
	}
	for _, d := range in.list("directive") {
		if err := simulate.ParseDirective(&eo.Directives, d); err != nil {
			return nil, usagef("", "--directive: %v", err)
		}
	}
	eo.Now = startOfTime
	targets, left, err := in.auditTargets(ctx, c, eo.Version)
	if err != nil {
		return nil, err
	}
	var notes []string
	if len(left) > 0 {
		notes = append(notes, "virtual hosts of the platform that lead to no farm are not asked, since they are not yours to change: "+strings.Join(left, ", "))
	}
	o := &audit.Options{
		Notes: notes, Config: c.Config, Targets: targets, Classes: splitAll(in.list("class")), Uses: splitAll(in.list("uses")), Pages: in.list("page"),
		Reserved: c.project.Kind == project.Cloud && c.apache != nil, Fixed: c.project.Immutable,
		Author: in.authorFarms(c.Config),
		Ask: func(config *model.Config) audit.Asker {
			engine := simulate.New(config, eo)
			if c.apache == nil {
				return audit.Engine(engine)
			}
			files := &knownFiles{c.apache.Files(), map[string]rewrite.FileKind{}}
			return audit.Site(targets, site.New(&site.Site{
				Server: c.apache.Server, Files: files, Getenv: c.apache.Getenv, Dispatcher: engine, Directives: in.list("directive"), Now: eo.Now,
			}))
		},
	}
	return o, nil
}

// knownFiles remembers what is on the disk of the server: thousands of requests look at the same few folders. It is for one
// goroutine at a time.
type knownFiles struct {
	httpd.FileSystem
	kinds map[string]rewrite.FileKind
}

// Stat implements httpd.FileSystem.
func (k *knownFiles) Stat(name string) rewrite.FileKind {
	kind, ok := k.kinds[name]
	if !ok {
		const most = 50_000
		kind = k.FileSystem.Stat(name)
		if len(k.kinds) < most {
			k.kinds[strings.Clone(name)] = kind
		}
	}
	return kind
}

// splitAll takes lists with commas apart.
func splitAll(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, strings.Split(s, ",")...)
	}
	return out
}

// authorFarms says which farms are for authors: by the settings, or else by their looks.
func (in *invocation) authorFarms(c *model.Config) func(*model.Farm) bool {
	known := map[*model.Farm]bool{}
	for _, f := range c.Farms {
		known[f] = lint.InferFarmType(f) == lint.Author
		for _, e := range in.values["farm-type"] {
			if name, word, _ := strings.Cut(e.value, "="); match.Glob(name).Match(f.Name) {
				known[f] = word == lint.Author.String()
			}
		}
	}
	return func(f *model.Farm) bool {
		author, ok := known[f]
		if !ok { // a farm with a proposed rule, made of one of these
			return lint.InferFarmType(f) == lint.Author
		}
		return author
	}
}

// hostKey is what rules of a virtual host make of the name that was asked for: names of one key get the same answers.
func hostKey(h *server.Host, host string) string {
	var b strings.Builder
	for _, r := range h.Rewrite.Rules {
		for _, c := range r.Conditions {
			switch {
			case !strings.Contains(c.Test, "HTTP_HOST") && !strings.Contains(c.Test, "SERVER_NAME") && !strings.Contains(c.Test, "HTTP:Host"):
			case c.Test != "%{HTTP_HOST}" && c.Test != "%{SERVER_NAME}" && c.Test != "%{HTTP:Host}":
				return host
			case c.Kind == server.CondLexEqual:
				fmt.Fprint(&b, strings.EqualFold(c.Operand, host))
			case c.Kind == server.CondPattern && c.Pattern != nil && c.Pattern.PCRE != nil:
				ok, groups, err := c.Pattern.PCRE.Match(host, nil)
				if err != nil {
					return host
				}
				fmt.Fprint(&b, ok)
				for i := 2; i+1 < len(groups); i += 2 { // what the rule may take over
					if groups[i] >= 0 {
						fmt.Fprintf(&b, " %q", host[groups[i]:groups[i+1]])
					}
				}
			default:
				return host
			}
		}
	}
	return b.String()
}

// maxAuditHosts bounds how many hosts are asked: each is asked some forty thousand requests.
const maxAuditHosts = 200

// auditTargets are the hosts to ask: one for each virtual host and farm that answer together, of the names that lead there. left
// are names of virtual hosts of the platform that lead to no farm of the project.
func (in *invocation) auditTargets(ctx context.Context, c *configuration, version simulate.Version) (out []audit.Target, left []string, err error) {
	shown, err := effective.New(ctx, c.project, version)
	if err != nil {
		return nil, nil, err
	}
	if c.apache == nil {
		shown.Apache = nil
	}
	var names []effective.Name
	asked := in.list("host")
	for _, host := range asked {
		n, err := shown.Ask(ctx, host)
		if err != nil {
			return nil, nil, err
		}
		names = append(names, *n)
	}
	if len(asked) == 0 {
		table, err := shown.Names(ctx)
		if err != nil {
			return nil, nil, err
		}
		names = table.Names
	}
	seen := map[string]int{}
	for i := range names {
		n := &names[i]
		if n.Unusable {
			continue
		}
		if h := n.VirtualHost; len(asked) == 0 && h != nil && n.Farm == nil && !h.At.IsZero() && c.project.Immutable(h.At.File) {
			if name := h.Name.Host; !slices.Contains(left, name) {
				left = append(left, name)
			}
			continue
		}
		t := audit.Target{Host: n.Host, TLS: n.TLS, Farm: n.Farm}
		if c.apache != nil && (n.Port == 443 || n.Port == 80 && !c.apache.HasPort(443)) {
			t.TLS = true // where httpd has no port for it, it ends in front of httpd: see site.Site
		}
		key := fmt.Sprintf("%p %t %d", n.Farm, t.TLS, n.Port)
		if h := n.VirtualHost; h != nil {
			t.VirtualHost = h.At
			key += fmt.Sprintf(" %p", h)
			key += " " + hostKey(h, n.Host)
		}
		if at, ok := seen[key]; ok {
			out[at].Also = append(out[at].Also, n.Host)
			continue
		}
		if len(out) == maxAuditHosts {
			return nil, nil, usagef("name those that matter with --host", "the configuration has more than %d hosts that something else answers", maxAuditHosts)
		}
		seen[key] = len(out)
		out = append(out, t)
	}
	return out, left, nil
}

// writeAudit writes the result in all formats that are asked for.
func (in *invocation) writeAudit(a *report.Audit) error {
	text := false
	err := in.emit(func(o *output) error {
		switch o.format {
		case "json":
			return report.JSON(o, report.NewAuditJSON(a, o.Prefix))
		case "sarif":
			return o.AuditSARIF(o, a)
		case "html":
			return o.AuditHTML(o, a)
		}
		text = true
		return o.Audit(o, a)
	})
	if err == nil && !text {
		in.remark("dispcheck: %s", a.Summary())
	}
	return err
}

// auditVerdict is the exit code: anything that gets through counts, unless --fail-on says from where on.
func (in *invocation) auditVerdict(r *audit.Report) error {
	worst, any := r.Worst()
	if !any {
		return nil
	}
	if in.layer("fail-on") > fromDefault {
		if least, ok := diag.ParseSeverity(in.text("fail-on")); !ok || worst < least {
			return nil
		}
	}
	return errFindings
}

// maxAuditCases bounds a suite, which test reads up to 1 MiB of. What lets more through than that is mended by its first rule.
const maxAuditCases = 4000

// writeAuditSuite writes what was found as a suite.
func (in *invocation) writeAuditSuite(r *audit.Report) error {
	checks, more := r.Checks(), 0
	if len(checks) > maxAuditCases {
		checks, more = checks[:maxAuditCases], len(checks)-maxAuditCases
	}
	wishes := make([]suite.Wish, len(checks))
	for i, c := range checks {
		wishes[i] = suite.Wish{Name: c.Name, Request: c.Request.Request(), Tags: []string{c.Class}, Wants: c.Wants, Follow: audit.MaxRedirects}
	}
	var b bytes.Buffer
	if err := suite.WriteWishes(&b, "audit", wishes); err != nil {
		return err
	}
	file := in.text("as-suite")
	switch file {
	case "":
		return usagef("write --as-suite FILE", "--as-suite names no file")
	case "-":
		_, err := in.stdout.Write(b.Bytes())
		return err
	}
	if _, err := os.Lstat(file); err == nil {
		return usagef("name another, or remove it first", "%s is there already", display(file))
	} else if !errors.Is(err, os.ErrNotExist) {
		return newFileError(display(file), err)
	}
	if err := in.writeFile(file, whole(b.Bytes())); err != nil {
		return err
	}
	in.remark("%s: %s written", display(file), count(len(wishes), "case"))
	if more > 0 {
		in.remark("dispcheck: %s left out: a suite has %d at most; --class asks for less", count(more, "case"), maxAuditCases)
	}
	return nil
}
