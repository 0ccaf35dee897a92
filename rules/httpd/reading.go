package httpd

import (
	"fmt"
	"sort"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/internal/spelling"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
)

var ifModuleName = lint.Rule{
	ID: "DSP591", Name: "ifmodule-name", Severity: diag.Error, Server: checkIfModule, Fixable: true,
	Doc: lint.Doc{
		Title: "section asks for a module that there is not",
		Why:   "<IfModule> knows a module by its identifier or by the name of its source file, letter case included. With another name the section is passed over, or with ! always read, and nobody says so.",
		File:  "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	<IfModule mod_dispatcher.so>
		DispatcherUseProcessedURL On
	</IfModule>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	<IfModule disp_apache2.c>
		DispatcherUseProcessedURL On
	</IfModule>
</VirtualHost>
`,
		Note:    "Names that are near to none are taken for modules of the owner.",
		Since:   since,
		Sources: []string{docsCore + " (IfModule)"},
	},
}

var unknownDirective = lint.Rule{
	ID: "DSP592", Name: "unknown-directive", Severity: diag.Error, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title: "directive is not one that httpd knows",
		Why:   "httpd does not start with a directive that it does not know: it is misspelt, of a module that is not loaded, or the rest of a line that was broken.",
		File:  "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	RewritEngine On
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	RewriteEngine On
</VirtualHost>
`,
		Note:    "Directives of older releases that httpd still reads and that do nothing are warnings.",
		Since:   since,
		Sources: []string{"httpd.apache.org/docs/2.4, mod/directives.html"},
	},
}

var directiveContext = lint.Rule{
	ID: "DSP593", Name: "directive-context", Severity: diag.Error, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title: "directive stands where it may not",
		Why:   "Each directive is for certain places: the server, a virtual host, a section. httpd does not start where it stands in another.",
		File:  "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	<Directory "/var/www/html">
		AllowEncodedSlashes NoDecode
	</Directory>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	AllowEncodedSlashes NoDecode
</VirtualHost>
`,
		Note:    "Some directives httpd takes in a wrong place and never looks at; these are warnings.",
		Since:   since,
		Sources: []string{"httpd.apache.org/docs/2.4, mod/directive-dict.html (Context)"},
	},
}

var sectionMismatch = lint.Rule{
	ID: "DSP594", Name: "section-mismatch", Severity: diag.Error, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title: "section is not closed, or closed by another",
		Why:   "httpd does not start where a section has no closing line, or where a closing line stands for another section than the last that was opened.",
		File:  "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	<Location "/intern">
		Require local
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	<Location "/intern">
		Require local
	</Location>
</VirtualHost>
`,
		Since:   since,
		Sources: []string{"httpd.apache.org/docs/2.4, configuring.html", "httpd.apache.org/docs/2.4, sections.html"},
	},
}

var directiveArgument = lint.Rule{
	ID: "DSP601", Name: "directive-argument", Severity: diag.Error, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title: "value is not one that the directive takes",
		Why:   "Many directives take certain words, a number or an address. httpd does not start with another value, and a server that is running goes on with the configuration from before.",
		File:  "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	KeepAliveTimeout 5m
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	KeepAliveTimeout 5
</VirtualHost>
`,
		Note:    "Some values httpd takes and does nothing with; these are warnings.",
		Since:   since,
		Sources: []string{docsCore, "httpd.apache.org/docs/2.4, mod/directives.html", "httpd -t"},
	},
}

// knownModules are the names that <IfModule> takes: those of modules with directives, and some that have none.
var knownModules = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	add := func(id string) { known[id], known[apacheconf.SourceFile(id)] = true, true }
	for _, d := range server.All() {
		if m := d.Module(); m != "" {
			add(m)
		}
	}
	for _, id := range []string{
		"core_module", "http_module", "so_module", "mpm_event_module", "mpm_worker_module", "mpm_prefork_module", "mpm_winnt_module", "unixd_module", "version_module", "watchdog_module",
		"access_compat_module", "authz_host_module", "authz_user_module", "authn_anon_module", "authz_owner_module", "heartbeat_module", "lbmethod_byrequests_module", "lbmethod_bytraffic_module",
		"lbmethod_bybusyness_module", "lbmethod_heartbeat_module", "proxy_http_module", "proxy_http2_module", "proxy_ajp_module", "proxy_connect_module", "proxy_wstunnel_module", "proxy_uwsgi_module",
		"slotmem_shm_module", "slotmem_plain_module", "socache_shmcb_module", "socache_dbm_module", "socache_memcache_module", "socache_dc_module", "socache_redis_module", "asis_module",
		"data_module", "systemd_module", "security2_module", "unique_id_module", "evasive20_module", "qos_module", "jk_module", "php_module", "php5_module", "php7_module", "php8_module", "security_module", "cgi_module", "geoip_module", "maxminddb_module",
		"authn_default_module", "authz_default_module", "authn_alias_module", "mem_cache_module", "disk_cache_module", "auth_module", "access_module", "imap_module", "ident_module",
		"pagespeed_module", "wsgi_module", "brotli_module", "http2_module", "log_rotate_module", "shib_module", "auth_mellon_module", "auth_openidc_module", "dispatcher_module", "perl_module", "passenger_module",
	} {
		add(id)
	}
	known["mod_shib.cpp"], known["mod_security2.c"], known["sapi_apache2.c"] = true, true, true
	return known
})

func checkIfModule(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, t := range c.Tree.Tests {
		n := t.Node
		if n.Key != "ifmodule" || !c.owns(n.At) || len(n.Undefined) > 0 {
			continue
		}
		w := words(n)
		if len(w) == 0 {
			continue
		}
		name, negated := strings.CutPrefix(w[0].Text, "!")
		if c.Tree.Loaded(name) || knownModules()[name] {
			continue
		}
		near := nearModule(name)
		if near == "" {
			continue
		}
		says := "is never read"
		if negated {
			says = "is always read"
		}
		at := n.WordSpan(w[0])
		by := near
		if negated {
			by = "!" + near
		}
		tell(p, at, n.Included, fmt.Sprintf("<IfModule %s> %s: no module has that name", w[0].Text, says), "write "+by, replacing("write "+by, at, w[0].Text, by))
	}
}

// nearModule finds what a name of a module was meant to be; "" where that is not plain to see.
func nearModule(name string) string {
	low := strings.ToLower(name)
	if strings.Contains(low, "disp_apache") || in(low, "mod_dispatcher.c", "mod_dispatcher.so", "dispatcher.c", "dispatcher", "mod_dispatcher", "dispatcher.so") {
		return "disp_apache2.c"
	}
	known := knownModules()
	stem := strings.TrimSuffix(low, ".so")
	for _, try := range []string{low, stem + ".c", "mod_" + stem + ".c", "mod_" + stem, stem + "_module"} {
		if known[try] {
			return try
		}
	}
	list := make([]string, 0, len(known))
	for k := range known {
		list = append(list, k)
	}
	sort.Strings(list)
	best, found := 2, ""
	if len(name) > 12 {
		best = 3
	}
	for _, k := range list {
		if e := spelling.Edits(low, k, best-1); e < best {
			best, found = e, k
		}
	}
	return found
}
