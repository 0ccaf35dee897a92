package rules

import (
	"fmt"
	"strings"
)

// A Peer is another tool, or a list for people, that checks .any files or what they let through.
type Peer struct {
	// Name is what it is called, for people, and Source where it is published: a repository, a package or a page.
	Name, Source string
	// About says what is to be known of how it checks; "" for nothing.
	About string
	// Checks are its checks that concern .any files.
	Checks []Check
}

// A Check is one thing that a peer checks.
type Check struct {
	// Name is the peer's own id, message or word for it.
	Name string
	// Rules are the ids of our rules that find the same.
	Rules []string
	// Note says why no rule does, or what ours do otherwise; "" where there is nothing to say.
	Note string
}

// A Fixture is a configuration among a peer's own tests whose name states what is wrong with it.
type Fixture struct {
	// Path is its folder or file in the peer's repository.
	Path string
	// Rules are the ids that must be reported for it.
	Rules []string
	// Note says why there are none, or what of it is not reported.
	Note string
}

// What is not ours to find, for notes.
const (
	ofHttpd    = "not: it is about files of httpd"
	ofLayout   = "not: it is about the layout of the project, not about .any files"
	ofInstance = "not: it is about the AEM instance, not about the Dispatcher's configuration"
)

// Peers returns the peers with their checks, tools first. docs/rules/peers.md is made of it.
func Peers() []Peer {
	return []Peer{optimizer(), validator(), converter(), guidance(), checklists(), scanners(), editors()}
}

func optimizer() Peer {
	return Peer{
		Name: "AEM Dispatcher Optimizer Tool", Source: "adobe/aem-dispatcher-optimizer-tool (rules, parser and log)",
		About: "It compares values as they are written. dispcheck compares what they mean; `policy: literal` in the settings makes the rules that know both ways compare as this tool does.",
		Checks: []Check{
			{"Disp-1 ignoreUrlParams-allow-list", []string{"DSP311", "DSP312", "DSP316"}, "its demand to ignore everything by default is an option of DSP311"},
			{"Disp-2 statfileslevel", []string{"DSP304", "DSP951"}, ""},
			{"Disp-3 gracePeriod", []string{"DSP308", "DSP309"}, ""},
			{"Disp-4 default deny", []string{"DSP152", "DSP153"}, ""},
			{"Disp-4 selectors and extensions denied", []string{"DSP171", "DSP172", "DSP185"}, "asked of the engine: a filter that lets no such URL through needs no such entry"},
			{"Disp-4 debug=*", []string{"DSP173", "DSP175"}, ""},
			{"Disp-4 wcmmode=*", []string{"DSP174"}, ""},
			{"Disp-4 /content/ams/healthcheck/*", []string{"DSP176"}, ""},
			{"Disp-4 /content/regent.html", []string{"DSP177"}, ""},
			{"Disp-5 serveStaleOnError", []string{"DSP310"}, ""},
			{"Disp-6 suffix-allow-list", []string{"DSP162"}, ""},
			{"Disp-7 selector-allow-list", []string{"DSP163"}, ""},
			{"Disp-8 unique-farm-name", []string{"DSP400"}, ""},
			{"Disp-S1 brace-missing", []string{"DSP003"}, ""},
			{"Disp-S2 token-unexpected", []string{"DSP004", "DSP005", "DSP007", "DSP025"}, ""},
			{"Disp-S3 quote-unmatched", []string{"DSP001"}, ""},
			{"Disp-S4 brace-unclosed", []string{"DSP002", "DSP027"}, ""},
			{"Disp-S5 mandatory-missing", []string{"DSP020", "DSP022"}, "DSP020 where the section is empty"},
			{"Disp-S6 property-deprecated (/homepage)", nil, "not yet: what is deprecated"},
			{"Disp-S7 no-dispatcher-config", []string{"DSP032", "DSP034"}, "where there is nothing at all the commands end with exit code 2"},
			{"Httpd-1, Httpd-S1, Syntax0", nil, ofHttpd},
			{"log: unknown token in a section", []string{"DSP011", "DSP012", "DSP029", "DSP030"}, ""},
			{"log: reserved word as a label", []string{"DSP023"}, ""},
			{"log: label is missing", []string{"DSP009", "DSP025", "DSP468"}, ""},
			{"log: list of strings without a brace", []string{"DSP003"}, ""},
			{"log: value is no integer", []string{"DSP017"}, ""},
			{"log: variable without a value, or not closed", []string{"DSP119", "DSP121"}, ""},
			{"log: include of a folder", []string{"DSP102"}, ""},
			{"log: include cycle", []string{"DSP101"}, ""},
			{"log: wildcard without a match", []string{"DSP103"}, ""},
			{"log: text of a link in place of a link", []string{"DSP116"}, ""},
			{"log: regular expression that does not compile", []string{"DSP036"}, ""},
			{"log: several dispatcher.any", []string{"DSP033"}, ""},
			{"rule files that extend or replace each other", nil, "not a check: `extends`, `select` and `severity` of the settings do it"},
		},
	}
}

func validator() Peer {
	return Peer{
		Name: "Validator of the AEM SDK", Source: "AdobeDocs/experience-manager-cloud-service.en, validation-debug.md and validation-debug-legacy.md; AdobeDocs/experience-manager-learn.en, dispatcher-tools.md",
		About: "Its source is closed: these are the messages that Adobe documents.",
		Checks: []Check{
			{"syntax of .any files (start of the Dispatcher in the image)", []string{"DSP001", "DSP002", "DSP003", "DSP004", "DSP005", "DSP006", "DSP007", "DSP008", "DSP009", "DSP022"}, ""},
			{"unable to find any farm in conf.dispatcher.d/enabled_farms", []string{"DSP034", "DSP103", "DSP752"}, ""},
			{"no file found for matching pattern", []string{"DSP103", "DSP112", "DSP753"}, ""},
			{"file included at unknown location", []string{"DSP109", "DSP763"}, ""},
			{"include statement outside any known location", []string{"DSP764"}, ""},
			{"file included must be named / is not included from (renders, allowedClients)", []string{"DSP450", "DSP761", "DSP762"}, ""},
			{"included file does not match any known file", []string{"DSP765", "DSP769"}, ""},
			{"filter must not use glob pattern to allow requests", []string{"DSP155"}, ""},
			{"filter allows access to CRXDE, or to /system/console", []string{"DSP178", "DSP200"}, ""},
			{"parent directory outside server root", []string{"DSP104", "DSP106"}, ""},
			{"pseudo symlink … seems to point to a non-existing file", []string{"DSP116", "DSP117", "DSP118"}, ""},
			{"immutable file has been changed", []string{"DSP755", "DSP756", "DSP757", "DSP758"}, ""},
			{"/statfileslevel is -1", []string{"DSP305"}, ""},
			{"marketing parameters of /ignoreUrlParams", []string{"DSP312", "DSP313", "DSP314"}, ""},
			{"unable to locate conf.d or conf.dispatcher.d", []string{"DSP032", "DSP750", "DSP751"}, ""},
			{"deprecated layout; marker of the flexible mode", []string{"DSP766", "DSP767"}, ""},
			{"names and links of enabled_*", []string{"DSP754", "DSP770", "DSP771"}, ""},
			{"legacy mode: one file of rewrite rules, less than 1 MB", []string{"DSP768", "DSP769"}, ""},
			{"directives that are not allowed", []string{"DSP759", "DSP760"}, "the list is not published: the documented modules and directives"},
			{"ServerName is *; ServerAlias for the environment's names is missing", []string{"DSP411", "DSP412"}, ""},
			{"httpd -t", []string{"DSP111", "DSP112", "DSP113"}, "dispcheck validate says whether httpd would start"},
		},
	}
}

func converter() Peer {
	return Peer{
		Name: "Dispatcher converter", Source: "npm @adobe/aem-cs-source-migration-dispatcher-converter; adobe/aem-cloud-service-source-migration",
		About: "It rewrites configurations of Managed Services for the Cloud Service. These are the steps that put right what a rule would find.",
		Checks: []Check{
			{"absolute includes become relative", []string{"DSP105"}, ""},
			{"undefined variables", []string{"DSP119"}, ""},
			{"document root is ${DOCROOT}", []string{"DSP128", "DSP300", "DSP301"}, ""},
			{"links for farms are made", []string{"DSP116", "DSP117", "DSP118"}, ""},
			{"farms with the same name", []string{"DSP400"}, ""},
			{"renders are replaced by the platform's", []string{"DSP128"}, "addresses that are written out"},
			{"files and farms are renamed, dropped or merged", nil, "not yet: migration to the Cloud Service"},
		},
	}
}

func guidance() Peer {
	return Peer{
		Name: "Skills and MCP server for the Dispatcher", Source: "adobe/skills, plugins for AEM, dispatcher",
		About: "Advice for assistants, and a server whose rules are not published.",
		Checks: []Check{
			{"FILT-001 deny baseline", []string{"DSP152", "DSP153", "DSP158"}, "a first rule with /glob counts, and DSP158 says that globs in filters are outdated"},
			{"FILT-003 method", []string{"DSP159", "DSP160"}, ""},
			{"FILT-004 selectors and extensions", []string{"DSP163", "DSP171"}, ""},
			{"the last rule that matches decides; denies behind allows", []string{"DSP185", "DSP186", "DSP188"}, ""},
			{"no /url \"*\" in an allow; parts of the URL in place of it", []string{"DSP154", "DSP191"}, ""},
			{"HDR-001, HDR-002 client headers", []string{"DSP508", "DSP509"}, ""},
			{"CACHE-002 personalised pages", []string{"DSP326", "DSP325", "DSP324"}, ""},
			{"CACHE-003 invalidation", []string{"DSP327", "DSP330", "DSP328", "DSP329"}, ""},
			{"include of /ignoreUrlParams; parameters of campaigns", []string{"DSP312", "DSP313"}, ""},
			{"farm for all hosts; unmatched hosts", []string{"DSP401", "DSP403", "DSP404"}, ""},
			{"default virtual hosts stay included", []string{"DSP416"}, "the other way round: Adobe's documentation of the Cloud Service wants them out of farms with hosts of their own"},
			{"wrappers keep the platform's file", []string{"DSP756"}, ""},
			{"author alone: /sessionmanagement; publish alone: vanity URLs", []string{"DSP501", "DSP514"}, ""},
			{"allowedClients starts with deny", []string{"DSP331"}, ""},
			{"sensitive paths", []string{"DSP178", "DSP179", "DSP180"}, ""},
			{"CACHE-001, CACHE-004, INC-001 to INC-004, tail_logs, monitor_metrics", nil, "not: they look at a running server"},
			{"RW-001 to RW-006, headers, TLS, listings of folders", nil, ofHttpd},
		},
	}
}

func checklists() Peer {
	return Peer{
		Name: "Adobe's checklists", Source: "AdobeDocs/experience-manager-dispatcher.en, security-checklist.md and dispatcher-configuration.md; AdobeDocs/experience-manager-65.en, security checklist",
		About: "Lists for people. dispcheck asks its engine what each farm lets through.",
		Checks: []Check{
			{"use an allowlist", []string{"DSP150", "DSP152", "DSP154"}, ""},
			{"deny /libs, /etc and the tools of AEM", []string{"DSP178", "DSP179", "DSP200", "DSP201"}, ""},
			{"list of URLs to test after installation", []string{"DSP178", "DSP179", "DSP173"}, ""},
			{"a POST from outside must fail", []string{"DSP160"}, ""},
			{"flushes from outside must fail", []string{"DSP331", "DSP332", "DSP333"}, ""},
			{"selectors, suffixes and extensions must be limited (denial of service)", []string{"DSP162", "DSP163", "DSP171", "DSP208"}, ""},
			{"WebDAV, query debugger, sample content", []string{"DSP178", "DSP209"}, ""},
			{"CSRF token is passed on", []string{"DSP509", "DSP203", "DSP323"}, ""},
			{"the list of vanity URLs, and what it opens", []string{"DSP511", "DSP512", "DSP514", "DSP515", "DSP516", "DSP517"}, "DSP515 is off unless it is selected"},
			{"permission-sensitive caching", []string{"DSP504", "DSP505", "DSP506"}, ""},
			{"/sessionmanagement/directory is no document root", []string{"DSP500"}, ""},
			{"categories of /statistics: eight, first match", []string{"DSP459", "DSP460"}, ""},
			{"clickjacking, TLS, access control of AEM", nil, "not: they are set in httpd and AEM"},
		},
	}
}

func scanners() Peer {
	return Peer{
		Name: "Security scanners",
		Source: "0ang3el/aem-hacker; hacktivesec/AEM-hacker2; assetnote/hopgoblin; projectdiscovery/nuclei-templates; Netcentric/pickaxe-security-scanner; Cognifide/SecureCQ; " +
			"shinesolutions/inspec-aem-security; aem-design/ansible-role-aem-security-test; escalate/aem-dispatcher-security-scan; thomashartm/burp-aem-scanner",
		About: "They ask a running server. dispcheck asks its engine about URLs of the same classes, and their disguises, before anything runs.",
		Checks: []Check{
			{"CRX, CRXDE, package manager, Felix console, WebDAV, Groovy console, ACS tools", []string{"DSP178", "DSP200"}, ""},
			{"QueryBuilder, GQL, suggestions, audit, reports, user info, servlets with known holes", []string{"DSP179", "DSP201"}, ""},
			{"disguises: extensions, path parameters, encoded bytes, traversal", []string{"DSP180", "DSP181", "DSP182", "DSP183"}, ""},
			{"content grabbing: .infinity.json, .1.json, .children.json, feeds", []string{"DSP171", "DSP172"}, ""},
			{"redundant selectors and suffixes", []string{"DSP162", "DSP163", "DSP164"}, ""},
			{"POST servlet, creation of nodes, user-generated content", []string{"DSP159", "DSP160"}, ""},
			{"debug=layout, wcmmode (CVE-2016-7882)", []string{"DSP173", "DSP174", "DSP175"}, ""},
			{"SWF files with cross-site scripting", []string{"DSP208"}, ""},
			{"sample content, Geometrixx", []string{"DSP209"}, ""},
			{"flush from outside", []string{"DSP331", "DSP332", "DSP333"}, ""},
			{"passwords, bundles, OSGi filters, replication agents", nil, ofInstance},
			{"dispatcher bypass by rewrites and proxies of httpd", nil, ofHttpd},
		},
	}
}

func editors() Peer {
	return Peer{
		Name:   "Plugins of editors and builds",
		Source: "BeardedFish/vscode-apache-dispatcher-config-language-support; wcm-io-devops/conga-aem-plugin; valtech-ch/aem-dispatcher-filter; calebpryor/aem-dispatcher-filter-testing",
		Checks: []Check{
			{"vscode: property is already defined in the current scope", []string{"DSP013", "DSP014", "DSP015"}, "across includes, too"},
			{"vscode: string is already defined in the current scope", []string{"DSP016"}, ""},
			{"vscode: /glob is deprecated in filters", []string{"DSP158"}, ""},
			{"vscode: unknown property", []string{"DSP011"}, ""},
			{"conga AnyValidator: the file parses", []string{"DSP001", "DSP002", "DSP003", "DSP004", "DSP005", "DSP006", "DSP007", "DSP008"}, ""},
			{"conga DispatcherFilter: a rule has a matcher", []string{"DSP154", "DSP022"}, ""},
			{"Valtech: regular expressions in single quotes", []string{"DSP165", "DSP166"}, ""},
			{"Valtech: no selectors in allows, no look-around", []string{"DSP164", "DSP169"}, ""},
			{"filter-testing: brackets, ..; and suffixes in denies", []string{"DSP162", "DSP182"}, ""},
		},
	}
}

// PeersPage returns the page of the peers, docs/rules/peers.md, in Markdown. fixtures are those of the Optimizer Tool.
func PeersPage(fixtures []Fixture) string {
	var b strings.Builder
	b.WriteString("# What other tools check\n\n" + generated + `
Who comes from another tool finds here which rule says the same. Names on the left are the other tools' own; what they do is
said in our words, and only as far as it concerns ` + "`.any`" + ` files.
`)
	for _, p := range Peers() {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n", p.Name, p.Source)
		if p.About != "" {
			fmt.Fprintf(&b, "%s\n", p.About)
		}
		b.WriteString("\n| check | rules | note |\n|---|---|---|\n")
		for _, c := range p.Checks {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", escaped(c.Name), linksTo(c.Rules), escaped(c.Note))
		}
	}
	b.WriteString(`
## Fixtures of the Optimizer Tool

Configurations in the tests of adobe/aem-dispatcher-optimizer-tool whose names say that something is wrong with them. A test runs
` + "`dispcheck lint`" + ` over each and demands these rules.

| fixture | rules | note |
|---|---|---|
`)
	for _, f := range fixtures {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Path, linksTo(f.Rules), escaped(f.Note))
	}
	return b.String()
}

// linksTo links the pages of rules.
func linksTo(ids []string) string {
	if len(ids) == 0 {
		return "–"
	}
	links := make([]string, len(ids))
	for i, id := range ids {
		links[i] = "[" + id + "](" + id + ".md)"
	}
	return strings.Join(links, ", ")
}

// escaped keeps the signs of a table's cell from being read as its layout, and sets words of a configuration as code.
func escaped(s string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;").Replace(s)
}
