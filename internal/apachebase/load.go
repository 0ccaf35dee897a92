package apachebase

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/source"
)

// A Profile says which server a project is read in.
type Profile string

// The profiles, named as internal/project names kinds of projects.
const (
	Cloud   Profile = "cloud"
	AMS     Profile = "ams"
	Classic Profile = "classic"
)

// Root is ServerRoot of all profiles. A project's folders lie below it.
const Root = "/etc/httpd"

// Options say what is laid over the server.
type Options struct {
	// Profile is the server; "" is Cloud.
	Profile Profile
	// Project is the folder that has conf.d, or the one that File lies in. Links are followed where it has ReadLink and
	// Lstat (fs.ReadLinkFS), also those to absolute paths below Root.
	Project fs.FS
	// Text gives the text of a file of the project, for those who read them anyway and want the same source.File. Without
	// it texts are read from Project and named as they are there.
	Text func(name string) (*source.File, error)
	// File is one file of Project that is read as the whole site, "" for a project. One that ends in .rules stands in a
	// neutral virtual host. Its includes are relative to Project: for a file below a conf.d that should be the folder which
	// has the conf.d, else the file's own; see [SingleFile].
	File string
	// Files are further files of the server by their absolute paths; a name with a slash at the end is a folder. They lie
	// over all others.
	Files map[string]string
	// Env is the environment of httpd: the platform's variables under those of the user.
	Env func(name string) (string, bool)
	// Flags are the names of httpd's command line.
	Flags []string
	// Version is httpd's release; "" is the newest known.
	Version string
	// Layered lets the platform's own files count in the place of the project's copies, as the cloud has it: it lays them over
	// a project when it takes it in. It does nothing for other profiles and for a File.
	Layered bool
	// Bare leaves out what the image adds in its own conf.d (client addresses, the status page) and modules that a plain
	// httpd does not bring, and does not read a project's own conf/httpd.conf and conf.modules.d: the recorded cases stand
	// on that.
	Bare bool
}

// A Server is a server with a project on it.
type Server struct {
	// Read is ready to be given to apacheconf.Read.
	Read apacheconf.Options
	// FS is its disk.
	FS *FS
	// DefaultDocumentRoot is that of the main server.
	DefaultDocumentRoot string
}

// Load lays a project over the server of its profile. It reads nothing yet but what it must to know what there is.
func Load(o Options) (*Server, error) {
	if o.Profile == "" {
		o.Profile = Cloud
	}
	if !slices.Contains([]Profile{Cloud, AMS, Classic}, o.Profile) {
		return nil, fmt.Errorf("profile %q is none of cloud, ams, classic", o.Profile)
	}
	s := &Server{FS: newFS(o), DefaultDocumentRoot: "/var/www/html"}
	if o.Profile == Cloud || o.Bare {
		s.DefaultDocumentRoot = "/var/www/localhost/htdocs"
	}
	s.Read = apacheconf.Options{
		FS: s.FS, Main: "conf/httpd.conf", Root: Root, Env: o.Env, Version: o.Version,
		// The distributions compile these in or load them first.
		Modules: []string{"log_config_module", "logio_module", "unixd_module", "version_module", "watchdog_module"},
	}
	if o.Profile == AMS && !o.Bare {
		s.Read.Modules = append(s.Read.Modules, "ssl_module") // of a package of its own, beside the files of the project
	}
	for _, name := range o.Flags {
		s.Read.Defines = append(s.Read.Defines, apacheconf.Flag{Name: name})
	}
	if o.Project != nil && o.File != "" {
		if fi, err := fs.Stat(o.Project, o.File); err != nil {
			return nil, err
		} else if fi.IsDir() {
			return nil, fmt.Errorf("%s is a folder", o.File)
		}
	}
	s.FS.add(Root+"/conf/httpd.conf", mainText(o, s.DefaultDocumentRoot))
	if o.Profile != Cloud && !o.Bare && o.File == "" && o.Project != nil {
		s.ownMain(o.Project)
	}
	return s, nil
}

// ownMain reads a project from its own first text, if it has one. What that calls ServerRoot is the project's folder then.
// Where nothing in sight loads modules, the usual ones count as loaded.
func (s *Server) ownMain(project fs.FS) {
	for _, name := range []string{"conf/httpd.conf", "httpd.conf", "apache2.conf", "conf/apache2.conf"} {
		f, err := s.FS.ReadFile(Root + "/" + name)
		if err != nil || s.FS.Own(f) {
			continue
		}
		s.Read.Main = name
		if root := serverRoot(httpd.Parse(f).Items); root != "" && !slices.Contains(s.FS.roots, root) && root != "/" {
			s.FS.mkdir(path.Dir(root))
			s.FS.roots = append(s.FS.roots, root)
		}
		loads := bytes.Contains(bytes.ToLower(f.Text), []byte("loadmodule"))
		for _, dir := range []string{"conf.modules.d", "mods-enabled"} {
			if fi, err := fs.Stat(project, dir); err == nil && fi.IsDir() {
				loads = true
			}
		}
		if !loads {
			for _, d := range httpd.Parse(source.NewFile("", []byte(text("classic/conf.modules.d/00-base.conf")))).Items {
				if d, ok := d.(*httpd.Directive); ok {
					id, _, _ := strings.Cut(d.Args.Text(), " ")
					s.Read.Modules = append(s.Read.Modules, id)
				}
			}
		}
		return
	}
}

// serverRoot is the argument of the first ServerRoot, as an absolute path.
func serverRoot(items []httpd.Item) string {
	for _, it := range items {
		d, ok := it.(*httpd.Directive)
		if !ok || !strings.EqualFold(d.Name.Text(), "ServerRoot") {
			continue
		}
		if words, _ := apacheconf.Words(httpd.Unjoin([]byte(d.Args.Text()))); len(words) == 1 {
			return apacheconf.Absolute("/", words[0].Text)
		}
	}
	return ""
}

// mainText is the first text.
func mainText(o Options, docroot string) string {
	modules, site, cgi, types := "Include conf.modules.d/*.conf", "IncludeOptional conf.d/*.conf", "", ""
	if o.File != "" {
		site = "Include conf.d/" + siteName(o.File)
		if strings.HasSuffix(o.File, ".rules") {
			site = "Include conf.d/site.conf"
		}
		if o.Profile == Cloud && !o.Bare {
			site += "\nIncludeOptional conf.d/remoteip.conf\nIncludeOptional conf.d/status.conf"
		}
	}
	if o.Profile != Cloud && !o.Bare {
		cgi = "<IfModule alias_module>\n    ScriptAlias /cgi-bin/ \"/var/www/cgi-bin/\"\n</IfModule>\n" +
			"<Directory \"/var/www/cgi-bin\">\n    AllowOverride None\n    Options None\n    Require all granted\n</Directory>\n"
	}
	if !o.Bare {
		types = "AddType application/x-compress .Z\nAddType application/x-gzip .gz .tgz\nAddType text/html .shtml\n"
	}
	return strings.NewReplacer("{{modules}}", modules, "{{site}}", site, "{{cgi}}", cgi, "{{types}}", types, "{{docroot}}", docroot).
		Replace(text("every/conf/httpd.conf.tmpl"))
}

// SingleFile splits the path of a file that is to be read alone into the folder that its includes are relative to, which
// is to be Options.Project, and its name there, which is to be Options.File.
func SingleFile(name string) (dir, file string) {
	name = path.Clean(name)
	if i := strings.LastIndex("/"+name, "/conf.d/"); i >= 0 {
		return path.Clean(name[:i]), name[i:]
	}
	return path.Dir(name), path.Base(name)
}

// siteName is the name that a single file has in conf.d.
func siteName(file string) string {
	if strings.HasSuffix(file, ".rules") {
		return "site.rules"
	}
	return "site.conf"
}

// neutralVirtualHost is what rewrite rules alone are read in: it takes every host and hands what the rules leave to the
// Dispatcher, by the address that they made.
const neutralVirtualHost = `<VirtualHost *:80>
    ServerName publish
    ServerAlias "*"
    DocumentRoot "${DOCROOT}"
    AllowEncodedSlashes NoDecode
    <Directory />
        <IfModule disp_apache2.c>
            ModMimeUsePathInfo On
            DirectorySlash Off
            SetHandler dispatcher-handler
        </IfModule>
        Options FollowSymLinks
        AllowOverride None
    </Directory>
    <Directory "${DOCROOT}">
        AllowOverride None
        Require all granted
    </Directory>
    <IfModule disp_apache2.c>
        DispatcherUseProcessedURL On
        DispatcherPassError 0
    </IfModule>
    RewriteEngine On
    Include conf.d/site.rules
</VirtualHost>
`

// MIMETypes are the types of files by their extensions, without the dot and in lower case, as conf/mime.types of the server
// has them.
func (s *Server) MIMETypes() (map[string]string, error) {
	f, err := s.FS.ReadFile(Root + "/conf/mime.types")
	if err != nil {
		return nil, err
	}
	types := map[string]string{}
	for line := range strings.Lines(string(f.Text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		for i := 1; i < len(words); i++ {
			types[strings.ToLower(words[i])] = words[0]
		}
	}
	return types, nil
}

// TopFolders are the folders at the top of the server's disk. mod_rewrite takes a target without PT whose first part is one
// of them for a path of the disk.
func (s *Server) TopFolders() []string {
	names := []string{}
	for name := range s.FS.folders {
		if name != "/" && path.Dir(name) == "/" {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names)
	return names
}
