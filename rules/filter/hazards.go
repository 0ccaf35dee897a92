package filter

import "github.com/dispcheck/dispcheck/diag"

// A hazard is a class of addresses of AEM that the public must not reach.
type hazard struct {
	// class is its word in messages' keys; what says what is reached.
	class, what string
	severity    diag.Severity
	// requests are examples, plain ones first. A word before the URL is the method. None ends like a static file: what
	// rules let through for its ending is told by others.
	requests []string
}

// administration are the classes that give the whole instance away.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, security-checklist.md and dispatcher-configuration.md (testing
// Dispatcher security); 0ang3el/aem-hacker; projectdiscovery/nuclei-templates; shinesolutions/inspec-aem-security;
// Netcentric/pickaxe-security-scanner; adobe/skills, sensitive-paths-catalog.md.
func administration() []hazard {
	return []hazard{
		{"crx", "the repository browser", diag.Error, []string{"/crx/de", "/crx/de/index.jsp", "/crx", "/crx/explorer/browser/index.jsp", "/crx/", "/bin/crxde/logs", "/bin/crxde/logs.json?tail=100"}},
		{"felix", "the web console of OSGi", diag.Error, []string{"/system/console", "/system/console/bundles", "/system/console/bundles.json", "/system/console/configMgr", "/lc/system/console", "/system/console.html"}},
		{"packmgr", "the package manager", diag.Error, []string{"/crx/packmgr/index.jsp", "/crx/packmgr/service.jsp", "POST /crx/packmgr/service/exec.json", "/crx/packageshare", "/etc/packages", "/etc/packages/my_packages.html"}},
		{"webdav", "the repository by WebDAV", diag.Error, []string{"/crx/repository/test", "/crx/repository/crx.default", "/crx/repository/test.json", "/dav/crx.default", "PROPFIND /crx/repository/test.sh"}},
		{"groovy", "the Groovy console, which runs code", diag.Error, []string{"/etc/groovyconsole.html", "/bin/groovyconsole/post.servlet", "POST /bin/groovyconsole/post.servlet", "/bin/groovyconsole/audit.servlet"}},
		{"acs", "tools of ACS AEM Commons", diag.Error, []string{"/apps/acs-commons/content/admin", "/etc/acs-commons/jcr-compare.html", "/etc/acs-commons/oak-index-manager.html", "/etc/acs-tools/aem-fiddle/_jcr_content.run.html"}},
		{"replication", "replication agents and their credentials", diag.Error, []string{"/etc/replication/agents.author.html", "/etc/replication/agents.author.json", "/etc/replication", "/etc/replication.xml", "/etc/replication/agents.publish.html"}},
	}
}

// sensitive are the other classes. The sources are those of administration, and hacktivesec/AEM-hacker2,
// Cognifide/SecureCQ, escalate/aem-dispatcher-security-scan and thomashartm/burp-aem-scanner.
func sensitive() []hazard {
	return []hazard{
		{"querybuilder", "QueryBuilder, which lists whatever can be read", diag.Error, []string{"/bin/querybuilder.json", "/bin/querybuilder.feed.servlet", "/bin/querybuilder.json.servlet", "/bin/querybuilder.json?path=/home&p.hits=full"}},
		{"gql", "the search servlet of GQL", diag.Error, []string{"/bin/wcm/search/gql.json", "/bin/wcm/search/gql.servlet.json?query=type:base%20limit:..-1&pathPrefix=", "/bin/wcm/search/gql"}},
		{"ssrf", "a servlet that fetches URLs of the caller's", diag.Error, []string{
			"/libs/opensocial/proxy?container=default&url=http://callback.invalid", "/libs/shindig/proxy?container=default&url=http://callback.invalid",
			"/libs/mcm/salesforce/customer.json", "/libs/cq/contentinsight/content/proxy.reportingservices.json",
			"/libs/cq/analytics/components/sitecatalystpage/segments.json.servlet", "/libs/cq/cloudservicesprovisioning/content/autoprovisioning.json", "/etc/linkchecker.html",
		}},
		{"users", "the homes of users and groups", diag.Error, []string{"/home/users.json", "/home/users/a.json", "/home.json", "/home/groups.json", "/home/users/a/admin.infinity.json", "/home/users/a/admin/profile.json"}},
		{"etc", "tools and configuration below /etc", diag.Error, []string{"/etc.json", "/etc/importers.html", "/etc/mobile.html", "/etc/workflow.html", "/etc/security.html", "/etc/truststore.json", "/etc/tags.json"}},
		{"cloudconf", "configurations of cloud services and their keys", diag.Error, []string{"/etc/cloudservices.html", "/etc/cloudservices.json", "/etc/cloudservices"}},
		{"var", "internal data below /var", diag.Error, []string{"/var.json", "/var/classes.json", "/var/audit.json"}},
		{"code", "code and its configuration", diag.Error, []string{"/apps.json", "/apps/mysite/config.json", "/apps/mysite/install/bundle.jar", "POST /apps/x.json"}},
		{"repo-root", "trees of the repository that are internal", diag.Error, []string{"/tmp.json"}},
		{"reports", "consoles of reports", diag.Error, []string{"/etc/reports", "/etc/reports/diskusage.html", "/etc/reports/userreport.html"}},
		{"audit", "the servlet of audits", diag.Error, []string{"/bin/msm/audit.json", "/bin/msm/audit"}},
		{"deser", "a servlet that deserialises what it is sent", diag.Error, []string{"POST /libs/dam/cloud/proxy.json", "/libs/dam/cloud/proxy.json"}},
		{"el", "an import of settings that evaluates expressions", diag.Error, []string{"/etc/cloudsettings.json", "POST /conf/global/settings/dam/import/cloudsettings.bulkimportConfig.json"}},
		{"xss", "a servlet that repeats what it is sent", diag.Error, []string{"/bin/wcm/contentfinder/connector/suggestions.json", "/libs/dam/merge/metadata.html?path=/etc&.ico", "/libs/dam/merge/metadata.json"}},
		{"xxe", "a servlet of AEM Forms that reads XML of the caller's", diag.Error, []string{
			"POST /libs/fd/af/components/guideContainer/cq:template.af.internalsubmit.json", "/libs/cq/forms/content/forms/af/guideInternalSubmitServlet",
		}},
		{"bin", "a servlet below /bin that is AEM's own", diag.Warning, []string{"/bin/wcmcommand?cmd=open&path=/content", "/bin/receive", "/bin/workflow", "/bin/wcm/siteadmin/tree.json?path=/content", "/bin.json"}},
		{"libs", "the product's own pages", diag.Warning, []string{"/libs.json", "/libs/cq/core/content/welcome.html", "/libs/cq/search/content/querydebug.html", "/libs/cq/i18n/translator.html", "/libs/collab/core/content/admin.html"}},
		{"author-ui", "the user interface of authors", diag.Warning, []string{"/aem/start.html", "/siteadmin", "/damadmin", "/miscadmin", "/useradmin", "/sites.html/content", "/assets.html/content/dam"}},
		{"dam", "the list of assets", diag.Warning, []string{"/content/dam.json", "/content/dam.xml", "/content/dam/.json"}},
		{"sling-sys", "test servlets of Sling", diag.Warning, []string{"/system/bgservlets/test.json?cycles=999999&interval=0&flushEvery=111111111", "/system/sling/info.sessionInfo.json", "/system/admin"}},
	}
}

// disguises are ways to write an address so that AEM reads it as it was and a rule reads something else. Each is a
// class with its forms; {} stands for the path, and the path's query is left out.
//
// Sources: 0ang3el/aem-hacker; Netcentric/pickaxe-security-scanner, FilterEvasion; AdobeDocs/experience-manager-dispatcher.en,
// issue 32 (a trace that shows ";%0a" read as an extension).
func disguises() []disguise {
	return []disguise{
		{"a further extension", []string{"{}.css", "{}.js", "{}.ico", "{}.png", "{}.gif", "{}.html", "{}.pdf"}},
		{"a line feed as a path parameter", []string{"{};%0aa.css", "{};%0aa.js", "{};%0aa.ico", "{};%0aa.png", "{};%0aa.html"}},
		{"a suffix", []string{"{}/a.css", "{}/a.js", "{}/a.ico", "{}/a.png", "{}/a.html", "{}/a.1.json"}},
		{"a run of dots", []string{"{}....4.2.1....json", "{}.4.2.1...json", "{}.1.json"}},
		{"an extension in the query", []string{"{}?a.css", "{}?a.ico", "{}?a.html"}},
	}
}

type disguise struct {
	what  string
	forms []string
}
