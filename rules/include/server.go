package include

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/internal/spelling"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
	"github.com/dispcheck/dispcheck/source"
)

// httpdInclude is where httpd says what Include does.
const httpdInclude = "httpd.apache.org, 2.4, core, Include"

// host is a virtual host for examples, with further lines.
func host(lines ...string) string {
	return "<VirtualHost *:80>\n\tServerName www.example.com\n\tDocumentRoot \"${DOCROOT}\"\n\t" + strings.Join(lines, "\n\t") + "\n</VirtualHost>\n"
}

var httpdIncludeNotFound = lint.Rule{
	ID: "DSP111", Name: "httpd-include-not-found", Severity: diag.Error, InImmutable: true, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title: "an Include names a file that is not there",
		Why:   "httpd does not start where an Include names a file that is not there. The path starts at ServerRoot, /etc/httpd, and never at the file that has the line.",
		File:  "site.vhost",
		Bad:   host("Include rewrites/site.rules"),
		Good:  host("IncludeOptional rewrites/site.rules"),
		Note:  "Use IncludeOptional for what need not be there.",

		Since:   since,
		Sources: []string{httpdInclude, optimizer},
	},
}

var httpdIncludeGlobEmpty = lint.Rule{
	ID: "DSP112", Name: "httpd-include-glob-empty", Severity: diag.Error, InImmutable: true, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title: "an Include with a wildcard matches no file",
		Why:   "httpd does not start where an Include with a wildcard matches nothing. IncludeOptional, which is made for this, does not mind.",
		File:  "site.vhost",
		Bad:   host("Include conf.d/extra/*.conf"),
		Good:  host("IncludeOptional conf.d/extra/*.conf"),

		Since:   since,
		Sources: []string{httpdInclude},
	},
}

var httpdIncludeCycle = lint.Rule{
	ID: "DSP113", Name: "httpd-include-cycle", Severity: diag.Error, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title: "texts of httpd include each other",
		Why:   "httpd gives up where includes lie more than 128 deep in each other, which those that lead back to themselves do, and does not start.",
		File:  "site.vhost",
		Bad:   "Include headers.conf\n" + host("Options None"),
		Good:  "Include headers.conf\n" + host("Options None"),

		BadFiles:  []lint.File{{Name: "headers.conf", Text: "Header set X-Content-Type-Options nosniff\nInclude headers.conf\n"}},
		GoodFiles: []lint.File{{Name: "headers.conf", Text: "Header set X-Content-Type-Options nosniff\n"}},
		Since:     since,
		Sources:   []string{httpdInclude, "httpd.apache.org, 2.4, source, AP_MAX_INCLUDE_DEPTH"},
	},
}

var undefinedHttpdVariable = lint.Rule{
	ID: "DSP120", Name: "undefined-httpd-variable", Severity: diag.Warning, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title: "variable in a text of httpd is not defined",
		Why: "httpd leaves ${NAME} as it stands where neither a Define above nor the environment has a value, and goes on with that text: as a folder, a host or a pattern " +
			"that nothing matches.",
		File: "site.vhost",
		Bad:  host("Header set X-Site ${SITE}"),
		Good: "Define SITE wknd\n" + host("Header set X-Site ${SITE}"),
		Note: "A variable of the environment that dispcheck cannot know is given with --env. Where the Define follows further down it is DSP125.",

		Since:   since,
		Sources: []string{httpdDefine, "adobe/aem-cloud-service-source-migration, dispatcher converter"},
	},
}

var defineAfterUse = lint.Rule{
	ID: "DSP125", Name: "define-after-use", Severity: diag.Warning, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title: "variable of httpd is used above its Define",
		Why: "httpd puts variables in while it reads, from the first file to the last. Above its Define a variable has no value: ${NAME} stays in the line as it is " +
			"written.",
		File: "site.vhost",
		Bad:  host("Header set X-Site ${SITE}") + "Define SITE wknd\n",
		Good: "Define SITE wknd\n" + host("Header set X-Site ${SITE}"),
		Note: "Move the Define, or the Include of its file, to the top. Files of enabled_vhosts are read in the order of their names, and a Define in one of them is known in those behind it.",

		Since:   since,
		Sources: []string{httpdDefine},
	},
}

var variableRedefined = lint.Rule{
	ID: "DSP122", Name: "variable-redefined", Severity: diag.Warning, Server: checkRedefined,
	Doc: lint.Doc{
		Title: "value of a variable is replaced before anything uses it",
		Why: "Names of Define are the same for the whole server, and the last Define above a line counts. A value that is replaced before it is used was meant for something, and is " +
			"in force nowhere.",
		File: "site.vhost",
		Bad:  "Define SITE wknd\nDefine SITE magazine\n" + host("Header set X-Site ${SITE}"),
		Good: "Define SITE magazine\n" + host("Header set X-Site ${SITE}"),
		Note: "A Define in an <IfDefine> may replace a default, and is not reported, nor is a value that is used before.",

		Since:   since,
		Sources: []string{httpdDefine},
	},
}

func checkRedefined(p *lint.Pass, s *server.Server) {
	type value struct {
		text string
		node *apacheconf.Node
	}
	used := map[source.Span]bool{}
	tests := map[string]bool{} // names that <IfDefine> asks for
	note := func(n *apacheconf.Node) {
		for _, v := range n.Variables {
			used[v.From] = true
		}
	}
	eachNode(s.Tree.Nodes, note)
	eachNode(s.Tree.Done, note)
	for _, t := range s.Tree.Tests {
		note(t.Node)
		tests[strings.TrimPrefix(t.Node.Args, "!")] = true
	}
	held := conditionals(s)
	last := map[string]value{}
	for _, n := range s.Tree.Done {
		if n.Key != "define" && n.Key != "undefine" {
			continue
		}
		words, _ := n.Words()
		if len(words) == 0 {
			continue
		}
		name := strings.ToLower(words[0].Text)
		if n.Key == "undefine" || len(words) < 2 {
			delete(last, name)
			continue
		}
		before, ok := last[name]
		now := value{words[1].Text, n}
		last[name] = now
		if !ok || before.text == now.text || used[before.node.At] || tests[words[0].Text] || held(n.At) || held(before.node.At) ||
			!vhosts.Changeable(p.Subject, n.At.File) || !vhosts.Changeable(p.Subject, before.node.At.File) {
			continue
		}
		p.Report(diag.Diagnostic{
			Span: n.At, Included: n.Included, Message: fmt.Sprintf("variable %s gets another value before its first one is used", words[0].Text),
			Hint:    "give it one value, or use names of their own",
			Related: []diag.Related{{Span: before.node.At, Message: "the value that is replaced"}},
		})
	}
}

// conditionals tells what stands in a section that is decided while httpd reads.
func conditionals(s *server.Server) func(source.Span) bool {
	var spans []source.Span
	for _, t := range s.Tree.Tests {
		if t.Section != nil {
			spans = append(spans, t.Section.Span())
		}
	}
	return func(at source.Span) bool {
		return slices.ContainsFunc(spans, func(in source.Span) bool { return in.File == at.File && in.Contains(at) })
	}
}

func eachNode(nodes []*apacheconf.Node, look func(*apacheconf.Node)) {
	for _, n := range nodes {
		look(n)
		eachNode(n.Children, look)
	}
}

var unusedVariable = lint.Rule{
	ID: "DSP123", Name: "unused-variable", Severity: diag.Hint, Server: checkUnusedVariables,
	Doc: lint.Doc{
		Title: "variable is defined, and used nowhere",
		Why:   "Nothing puts the variable into a line or asks for it. Whoever changes its value wonders why nothing happens.",
		File:  "site.vhost",
		Bad:   "Define OLD_HOST old.example.com\n" + host("Header set X-Content-Type-Options nosniff"),
		Good:  host("Header set X-Content-Type-Options nosniff"),
		Note:  "Looked for are all texts of the project, those that nothing includes among them. Variables that the platform reads are not reported.",

		Since:   since,
		Sources: []string{httpdDefine},
	},
}

// switches are variables that platforms read of a project.
var switches = []string{
	"disp_log_level", "rewrite_log_level", "expiration_time", "disable_default_caching", "cache_graphql_persisted_queries", "forwarded_host_setting",
	"author_default_hostname", "publish_default_hostname", "livecycle_default_hostname", "author_docroot", "publish_docroot", "livecycle_docroot",
}

// stockSwitch reports whether the virtual hosts that Managed Services bring ask for a variable.
func stockSwitch(name string) bool {
	for _, of := range []string{"author_", "publish_", "livecycle_"} {
		if rest, ok := strings.CutPrefix(name, of); ok {
			return rest == "force_ssl" || rest == "allowlist_enabled" || rest == "whitelist_enabled"
		}
	}
	return name == "asset_download_rule" || name == "3d_mimetype_enabled"
}

func checkUnusedVariables(p *lint.Pass, s *server.Server) {
	var texts [][]byte
	add := func(f *source.File) { texts = append(texts, bytes.ToLower(f.Text)) }
	for _, f := range s.Tree.Files {
		add(f.Src)
	}
	for _, f := range p.Subject.Files {
		add(f.Src)
	}
	if p.Subject.Folders != nil {
		for _, f := range p.Subject.Folders.UnreadServer() {
			add(f.Src)
		}
		for _, f := range p.Subject.Folders.Unread() {
			add(f.Src)
		}
	}
	seen := map[string]bool{}
	for _, n := range s.Tree.Done {
		words, _ := n.Words()
		if n.Key != "define" || len(words) == 0 || !vhosts.Changeable(p.Subject, n.At.File) {
			continue
		}
		name := strings.ToLower(words[0].Text)
		if seen[name] || slices.Contains(switches, name) || stockSwitch(name) || name == "" || strings.Contains(name, "${") {
			continue
		}
		seen[name] = true
		if slices.ContainsFunc(texts, func(text []byte) bool { return mentions(text, name) }) {
			continue
		}
		p.Report(diag.Diagnostic{
			Span: n.WordSpan(words[0]), Included: n.Included, Message: fmt.Sprintf("variable %s is used nowhere", words[0].Text), Hint: "remove it",
		})
	}
}

// mentions reports whether a text in lower case uses a variable: in ${}, or in a condition.
func mentions(text []byte, name string) bool {
	if bytes.Contains(text, []byte("${"+name+"}")) || bytes.Contains(text, []byte("${"+name+":")) {
		return true
	}
	for rest := text; ; {
		i := bytes.Index(rest, []byte("ifdefine"))
		if i < 0 {
			return false
		}
		rest = rest[i+len("ifdefine"):]
		end := bytes.IndexByte(rest, '>')
		if end < 0 {
			return false
		}
		if strings.Trim(string(rest[:end]), " \t!\"") == name {
			return true
		}
	}
}

var unknownEnvironmentCondition = lint.Rule{
	ID: "DSP127", Name: "unknown-environment-condition", Severity: diag.Warning, Profiles: []string{"cloud"}, Text: checkEnvironments,
	Doc: lint.Doc{
		Title: "<IfDefine> asks for an environment that there is not",
		Why: "The Cloud Service defines one of ENVIRONMENT_DEV, ENVIRONMENT_STAGE and ENVIRONMENT_PROD. A section for another name is passed over in every environment, " +
			"and one for its opposite is read in each.",
		File: "site.vhost",
		Bad:  host("<IfDefine ENVIRONMENT_PRODUCTION>", "\tHeader set X-Robots-Tag all", "</IfDefine>"),
		Good: host("<IfDefine ENVIRONMENT_PROD>", "\tHeader set X-Robots-Tag all", "</IfDefine>"),

		Since:   since,
		Sources: []string{debugging},
	},
}

var environments = []string{"ENVIRONMENT_DEV", "ENVIRONMENT_STAGE", "ENVIRONMENT_PROD"}

func checkEnvironments(p *lint.Pass, f *httpd.File) {
	var look func([]httpd.Item)
	look = func(items []httpd.Item) {
		for _, it := range items {
			s, ok := it.(*httpd.Section)
			if !ok {
				continue
			}
			look(s.Items)
			if !strings.EqualFold(s.Name.Text(), "IfDefine") || s.Args.IsZero() {
				continue
			}
			name := strings.Trim(httpd.Unjoin([]byte(s.Args.Text())), "! \t\"")
			if !strings.HasPrefix(strings.ToUpper(name), "ENVIRONMENT_") || slices.Contains(environments, name) || definedSomewhere(p, name) {
				continue
			}
			d := diag.Diagnostic{Span: s.Args, Message: fmt.Sprintf("environment %s is none of the Cloud Service", name), Hint: "write one of " + strings.Join(environments, ", ")}
			for _, e := range environments {
				if strings.HasPrefix(strings.ToUpper(name), e) || strings.HasPrefix(e, strings.ToUpper(name)) || spelling.Edits(name, e, 2) <= 2 {
					d.Hint = "write " + e
				}
			}
			p.Report(d)
		}
	}
	look(f.Items)
}

// definedSomewhere reports whether a text of the project defines a name.
func definedSomewhere(p *lint.Pass, name string) bool {
	if _, ok := p.Subject.Server.Tree.Defines[name]; ok {
		return true
	}
	return slices.ContainsFunc(p.Subject.ServerFiles, func(f *httpd.File) bool { return defines(f.Items, name) })
}

func defines(items []httpd.Item, name string) bool {
	return slices.ContainsFunc(items, func(it httpd.Item) bool {
		switch it := it.(type) {
		case *httpd.Section:
			return defines(it.Items, name)
		case *httpd.Directive:
			first, _, _ := strings.Cut(it.Args.Text(), " ")
			return strings.EqualFold(it.Name.Text(), "Define") && first == name
		}
		return false
	})
}

var varsForeignDirective = lint.Rule{
	ID: "DSP129", Name: "vars-file-foreign-directive", Severity: diag.Warning, Profiles: []string{"cloud", "ams"}, Text: checkVars,
	Doc: lint.Doc{
		Title: "file of variables has other directives",
		Why: "Files of variables are included where variables are needed, at the top of a virtual host's file or of the whole server. Another directive in there is in force in a place " +
			"that nobody thinks of, and again wherever the file is included.",
		File: entryFile, Bad: anyFarm, Good: anyFarm,
		Files: []lint.File{
			{Name: "conf.dispatcher.d/enabled_farms/site.farm", Text: siteFarm},
			{Name: "conf.d/enabled_vhosts/site.vhost", Text: "Include conf.d/variables/custom.vars\n" + host("Header set X-Site ${SITE}")},
		},
		BadFiles:  []lint.File{{Name: "conf.d/variables/custom.vars", Text: "Define SITE wknd\nServerTokens Prod\n"}},
		GoodFiles: []lint.File{{Name: "conf.d/variables/custom.vars", Text: "Define SITE wknd\n"}},
		Note:      "Define, UnDefine, Include and conditions are what such files are for.",
		Since:     since,
		Sources:   []string{debugging},
	},
}

// entryFile is what examples of whole projects start from.
const entryFile = "conf.dispatcher.d/dispatcher.any"

func checkVars(p *lint.Pass, f *httpd.File) {
	if path.Ext(f.Src.Name) != ".vars" || !vhosts.Changeable(p.Subject, f.Src) {
		return
	}
	var look func([]httpd.Item)
	look = func(items []httpd.Item) {
		for _, it := range items {
			var l *httpd.Line
			switch it := it.(type) {
			case *httpd.Directive:
				l = &it.Line
			case *httpd.Section:
				if httpd.IsCondition(it.Name.Text()) {
					look(it.Items)
					continue
				}
				l = &it.Line
			default:
				continue
			}
			name := httpd.Unjoin([]byte(l.Name.Text()))
			if slices.Contains([]string{"define", "undefine", "include", "includeoptional"}, strings.ToLower(name)) {
				continue
			}
			if _, known := server.Lookup(name); !known && !strings.HasPrefix(l.At.Text(), "<") {
				continue // no directive at all
			}
			p.Report(diag.Diagnostic{Span: l.Name, Message: fmt.Sprintf("directive %s is in a file of variables", name), Hint: "move it to a virtual host, or to a file of its own"})
		}
	}
	look(f.Items)
}
