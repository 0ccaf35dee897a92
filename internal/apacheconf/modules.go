package apacheconf

import "strings"

// compiledIn are the identifiers that every httpd has. What a distribution compiles in beyond them, Options.Modules says.
var compiledIn = [...]string{"core_module", "http_module", "so_module"}

// sources are the names of source files that do not follow from the identifier: <IfModule> takes either. They are those
// that the modules' sources call themselves (STANDARD20_MODULE_STUFF is __FILE__).
var sources = map[string]string{
	"core_module":        "core.c",
	"http_module":        "http_core.c",
	"mpm_event_module":   "event.c",
	"mpm_worker_module":  "worker.c",
	"mpm_prefork_module": "prefork.c",
	"mpm_winnt_module":   "mpm_winnt.c",
	"dispatcher_module":  "disp_apache2.c",
	"ldap_module":        "util_ldap.c",
	"php_module":         "mod_php.c",
	"php5_module":        "mod_php5.c",
	"php7_module":        "mod_php7.c",
}

// SourceFile returns the name of the source file of the module with an identifier, by which <IfModule> knows it too:
// "mod_rewrite.c" for "rewrite_module", "disp_apache2.c" for "dispatcher_module".
func SourceFile(identifier string) string {
	if s, ok := sources[identifier]; ok {
		return s
	}
	if name, ok := strings.CutSuffix(identifier, "_module"); ok {
		return "mod_" + name + ".c"
	}
	return identifier
}

// Loaded reports whether <IfModule> holds for a name at the end of reading: an identifier or the name of a source file.
// Both are compared with letter case.
func (t *Tree) Loaded(name string) bool { return t.Modules[name] || t.sources[name] }

func (t *Tree) load(identifier string) {
	t.Modules[identifier] = true
	t.sources[SourceFile(identifier)] = true
}
