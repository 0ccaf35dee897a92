package cache

import (
	"fmt"
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
)

var docrootMissing = lint.Rule{
	ID: "DSP300", Name: "docroot-missing", Severity: diag.Error, Farm: checkDocrootMissing, Drops: true,
	Doc: lint.Doc{
		Title: "/cache has no /docroot",
		Why: "Without a folder to store files in, nothing is cached, whatever the rules say: every request goes to AEM, which takes " +
			"its time and may go down under load.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		$include "site.any"
		/cache {
			$include "cache.any"
		}
	}
}
`,
		Good: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
		}
	}
}
`,
		Files:   exampleCache(exampleLevel + exampleGrace + exampleStale + exampleTTL + exampleRules + exampleInvalid + exampleClients + exampleParams + exampleHeaders),
		Note:    "A farm that is to cache nothing needs no /cache. A part of a configuration that is read alone is not reported.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkDocrootMissing(p *lint.Pass, f *model.Farm) {
	if !complete(p, f) || f.Cache.Docroot.Set {
		return
	}
	at := head(f.Cache.At)
	p.Report(diag.Diagnostic{
		Span: at.Span, Included: at.Included, Message: "/cache has no /docroot: nothing is cached",
		Hint: "name the folder that the virtual host has as DocumentRoot",
	})
}

// cloudDocroot is how the platform calls its document root.
const cloudDocroot = "${DOCROOT}"

var docrootNotVariable = lint.Rule{
	ID: "DSP301", Name: "docroot-not-variable", Severity: diag.Error, Profiles: []string{"cloud"}, Fixable: true, Farm: checkDocrootNotVariable,
	Doc: lint.Doc{
		Title: "/docroot is a folder of its own instead of ${DOCROOT}",
		Why: "The Cloud Service decides where the document root is, and virtual hosts name it by the variable. A cache in another folder may " +
			"not be writable, and httpd does not deliver from it what the module stores.",
		File: "site.farm",
		Bad: `/site {
	/cache {
		/docroot "/var/www/html"
		$include "cache.any"
	}
	$include "site.any"
}
`,
		Good: `/site {
	/cache {
		/docroot "${DOCROOT}"
		$include "cache.any"
	}
	$include "site.any"
}
`,
		Files: []lint.File{
			exampleSite,
			{Name: "cache.any", Text: exampleLevel + exampleGrace + exampleStale + exampleTTL + exampleRules + exampleInvalid + exampleClients + exampleCloudParams + exampleHeaders},
		},
		Note:  "A value that another variable makes up is not reported. The fix moves the cache: what was stored before is not found again.",
		Since: since,
		Sources: []string{
			"adobe/aem-cloud-service-source-migration, conversion of farms",
			skills,
		},
	},
}

func checkDocrootNotVariable(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || !f.Cache.Docroot.Set || f.Cache.Docroot.Text == "" {
		return
	}
	at := f.Cache.Docroot.ValueAt
	raw := strings.Trim(at.Text(), `"'`)
	rest := strings.ReplaceAll(raw, cloudDocroot, "")
	if raw == cloudDocroot || undetermined(rest) {
		return
	}
	d := diag.Diagnostic{
		Span: at, Included: f.Cache.Docroot.At.Included, Message: fmt.Sprintf("/docroot is %s, not %s", quote(raw), cloudDocroot),
		Hint: "write " + cloudDocroot + ", as DocumentRoot of the virtual host says",
		// Not safe: files are stored and looked for elsewhere.
		Fixes: textedit.Replaced(at, cloudDocroot),
	}
	p.Report(d)
}

var docrootDangerous = lint.Rule{
	ID: "DSP350", Name: "docroot-dangerous", Severity: diag.Error, Security: true, Profiles: []string{"ams", "classic"}, Farm: checkDocrootDangerous,
	Doc: lint.Doc{
		Title: "/docroot is a folder of the system",
		Why: "The module writes files below /docroot under names that clients choose, and a flush deletes what it finds there. In a folder that " +
			"holds programs, configuration or logs it destroys what others need, and httpd hands out what nobody is to see.",
		Bad: `/cache {
	/docroot "/etc/httpd/cache"
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
}
`,
		Note:  "/var/www itself is reported as well, since it often holds more than one site: give the cache a folder in it.",
		Since: since,
	},
}

func checkDocrootDangerous(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || !f.Cache.Docroot.Set {
		return
	}
	s := f.Cache.Docroot
	why := danger(s.Text)
	if why == "" {
		return
	}
	p.Report(diag.Diagnostic{
		Span: s.ValueAt, Included: s.At.Included, Message: fmt.Sprintf("/docroot %s %s", quote(s.Text), why),
		Hint: "give the cache a folder that holds nothing else",
	})
}

// danger says what is wrong with a folder as a place for a cache; "" where nothing is known.
func danger(folder string) string {
	if !strings.HasPrefix(folder, "/") || undetermined(folder) {
		return ""
	}
	switch folder = path.Clean(folder); folder {
	case "/":
		return "is the whole machine"
	case "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/run", "/srv", "/tmp", "/usr", "/usr/local", "/usr/share", "/var", "/var/cache", "/var/lib", "/var/www":
		return "holds more than the cache"
	}
	for _, d := range [...]struct{ folder, why string }{
		{"/etc", "is among configuration"}, {"/usr/local/etc", "is among configuration"},
		{"/boot", "is among the files of the system"}, {"/dev", "is among the files of the system"},
		{"/proc", "is among the files of the system"}, {"/sys", "is among the files of the system"},
		{"/lib", "is among programs"}, {"/lib64", "is among programs"},
		{"/bin", "is among programs"}, {"/sbin", "is among programs"},
		{"/usr/bin", "is among programs"}, {"/usr/sbin", "is among programs"}, {"/usr/lib", "is among programs"}, {"/usr/lib64", "is among programs"},
		{"/var/log", "is among logs"},
	} {
		if folder == d.folder || strings.HasPrefix(folder, d.folder+"/") {
			return d.why
		}
	}
	return ""
}
