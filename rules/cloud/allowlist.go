package cloud

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

var directiveNotAllowed = lint.Rule{
	ID: "DSP759", Name: "directive-not-allowlisted", Severity: diag.Error, Profiles: []string{"cloud"}, Text: checkDirectives,
	Doc: lint.Doc{
		Title: "directive is the platform's to set",
		Why: "The Cloud Service lets projects use directives on a list only, and refuses a deployment with another one. What concerns the server as a " +
			"whole is not on it: where it listens, what it logs, its processes.",
		File:    "site.vhost",
		Bad:     strings.Replace(siteHost, "\tDocumentRoot", "\tLogLevel rewrite:trace3\n\tDocumentRoot", 1),
		Good:    siteHost,
		Note:    "For what is logged there are the variables REWRITE_LOG_LEVEL and DISP_LOG_LEVEL. The list itself is not published: reported are the directives that the documentation names, and those that httpd takes in the main server's configuration alone.",
		Since:   since,
		Sources: []string{overview, "AdobeDocs/experience-manager-cloud-service.en, ams-aem.md", debugging},
	},
}

var moduleNotSupported = lint.Rule{
	ID: "DSP760", Name: "module-not-supported", Severity: diag.Error, Profiles: []string{"cloud"}, Text: checkModules,
	Doc: lint.Doc{
		Title: "directive is of a module that the platform does not support",
		Why: "The Cloud Service documents which modules of httpd projects may use. A directive of another one is not on its list, and a deployment " +
			"that has it is refused.",
		File:    "site.vhost",
		Bad:     strings.Replace(siteHost, "\tDocumentRoot", "\tCustomLog logs/site_access.log combined\n\tDocumentRoot", 1),
		Good:    siteHost,
		Note:    "A module may be part of the image and not be for projects. Directives of mod_ssl that concern connections to other servers may be used.",
		Since:   since,
		Sources: []string{overview, converter},
	},
}

// refused are directives that the documentation says must not be used, of modules that are supported.
var refused = []string{"listen", "loglevel"}

// supported are the modules whose directives projects may use.
var supported = []string{
	"core_module", "http_module", "access_compat_module", "alias_module", "allowmethods_module", "auth_basic_module", "authn_core_module", "authn_file_module",
	"authz_core_module", "authz_groupfile_module", "deflate_module", "dir_module", "dispatcher_module", "env_module", "expires_module",
	"filter_module", "headers_module", "macro_module", "mime_module", "proxy_module", "remoteip_module", "reqtimeout_module",
	"rewrite_module", "security2_module", "setenvif_module", "substitute_module", "userdir_module", "version_module",
}

func checkDirectives(p *lint.Pass, f *httpd.File) {
	eachDirective(p, f, func(name source.Span, info *server.DirectiveInfo) {
		serverWide := info.Module() == "core_module" && info.InServer() && !info.InVirtualHost() && !info.InSections() && !info.Section()
		if !slices.Contains(refused, strings.ToLower(info.Name)) && !serverWide {
			return
		}
		p.Report(diag.Diagnostic{Span: name, Message: fmt.Sprintf("directive %s may not be used by projects", name.Text()), Hint: "remove it"})
	})
}

func checkModules(p *lint.Pass, f *httpd.File) {
	eachDirective(p, f, func(name source.Span, info *server.DirectiveInfo) {
		module := info.Module()
		if module == "" || slices.Contains(supported, module) || module == "ssl_module" && strings.HasPrefix(info.Name, "SSLProxy") {
			return
		}
		d := diag.Diagnostic{
			Span: name, Hint: "remove it",
			Message: fmt.Sprintf("directive %s is of mod_%s, which projects may not use", name.Text(), strings.TrimSuffix(module, "_module")),
		}
		if info.Name == "LoadModule" || info.Name == "LoadFile" {
			d.Message = fmt.Sprintf("directive %s may not be used: the modules are the platform's", name.Text())
		}
		p.Report(d)
	})
}

// eachDirective looks at the directives of a text that is the project's to change, read or passed over.
func eachDirective(p *lint.Pass, f *httpd.File, look func(name source.Span, info *server.DirectiveInfo)) {
	if p.Subject.Immutable != nil && p.Subject.Immutable(f.Src) || imageFile(f.Src.Name) {
		return
	}
	each(f.Items, func(l *httpd.Line, section bool) {
		name := httpd.Unjoin([]byte(l.Name.Text()))
		if section {
			name = "<" + name + ">"
		}
		if info, ok := server.Lookup(name); ok && info.Class != server.Obsolete {
			look(l.Name, info)
		}
	})
}

// each looks at the lines of a text, those of sections and of what is in them included.
func each(items []httpd.Item, look func(l *httpd.Line, section bool)) {
	for _, it := range items {
		switch it := it.(type) {
		case *httpd.Directive:
			look(&it.Line, false)
		case *httpd.Section:
			look(&it.Line, true)
			each(it.Items, look)
		}
	}
}

// imageFile reports whether a text lies where the image has its own and projects have none: in conf.d itself, or outside of it.
func imageFile(name string) bool {
	dir := path.Base(path.Dir(name))
	return dir == "conf.d" || dir == "conf.modules.d" || strings.HasSuffix("/"+path.Dir(name), "/etc/httpd/conf")
}
