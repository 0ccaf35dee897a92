package apachebase

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed texts
var texts embed.FS

func text(name string) string {
	b, err := texts.ReadFile("texts/" + name)
	if err != nil {
		panic(err) // the texts are part of the program
	}
	return string(b)
}

// eachText calls f with the texts of a profile and their places below Root.
func eachText(profile string, f func(name, text string)) {
	dir := "texts/" + profile
	_ = fs.WalkDir(texts, dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(name, ".tmpl") {
			f(strings.TrimPrefix(name, dir+"/"), text(strings.TrimPrefix(name, "texts/")))
		}
		return err
	})
}

// machine are folders that are there on such a server: those at the top of the disk, and the document roots.
// platformFiles are the files of conf.d that the cloud lays over a project when it takes it in, whatever the project's copies
// say; see [Options.Layered].
//
// Source: AdobeDocs/experience-manager-cloud-service.en, validation-debug.md (immutable files).
var platformFiles = [...]string{
	defaultHost, "conf.d/dispatcher_vhost.conf", "conf.d/enabled_vhosts/vhosts.conf",
	"conf.d/rewrites/default_rewrite.rules",
}

var machine = [...]string{
	"/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var",
	"/etc/httpd/conf", "/etc/httpd/conf.d", "/etc/httpd/conf.modules.d", "/etc/httpd/logs", "/etc/httpd/run", "/etc/httpd/modules",
	"/mnt/var/www/html", "/mnt/var/www/author", "/mnt/var/www/default", "/mnt/var/www/lc", "/tmp/rewrites",
	"/var/www/localhost/htdocs", "/var/www/html", "/var/www/cgi-bin",
}

// pages are files of the server outside its configuration.
var pages = map[string]string{
	"/var/www/localhost/htdocs/index.html": "catch-all index\n",
	"/mnt/var/www/default/index.html":      "default index\n",
}
