package server

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/source"
)

// memory is a disk of texts; folders are what the names of texts and of folders imply.
type memory struct {
	texts   map[string]*source.File
	folders map[string]bool
}

func newMemory(files map[string]string) *memory {
	m := &memory{texts: map[string]*source.File{}, folders: map[string]bool{"/": true}}
	for name, text := range files {
		m.put(name, text)
	}
	return m
}

func (m *memory) put(name, text string) {
	if strings.HasSuffix(name, "/") {
		m.folder(path.Clean(name))
		return
	}
	m.texts[name] = source.NewFile(name, []byte(text))
	m.folder(path.Dir(name))
}

func (m *memory) folder(name string) {
	for ; !m.folders[name]; name = path.Dir(name) {
		m.folders[name] = true
	}
}

func (m *memory) ReadFile(name string) (*source.File, error) {
	if f := m.texts[name]; f != nil {
		return f, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (m *memory) text(name string) ([]byte, error) {
	f, err := m.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return f.Text, nil
}

type entry struct {
	name   string
	folder bool
}

func (e entry) Name() string               { return e.name }
func (e entry) IsDir() bool                { return e.folder }
func (e entry) Type() fs.FileMode          { return e.Mode().Type() }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) Size() int64                { return 0 }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) Sys() any                   { return nil }
func (e entry) Mode() fs.FileMode {
	if e.folder {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

func (m *memory) ReadDir(name string) ([]fs.DirEntry, error) {
	if !m.folders[name] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	var list []fs.DirEntry
	for n := range m.texts {
		if path.Dir(n) == name {
			list = append(list, entry{name: path.Base(n)})
		}
	}
	for n := range m.folders {
		if n != "/" && path.Dir(n) == name {
			list = append(list, entry{name: path.Base(n), folder: true})
		}
	}
	return list, nil
}

func (m *memory) Stat(name string) (fs.FileInfo, error) {
	if m.folders[name] {
		return entry{name: path.Base(name), folder: true}, nil
	}
	if m.texts[name] != nil {
		return entry{name: path.Base(name)}, nil
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

// stat is what decoding asks: only what lies below ServerRoot and where maps are kept is known for certain.
func (m *memory) stat(name string) (fs.FileInfo, error) {
	fi, err := m.Stat(name)
	if err != nil && strings.HasPrefix(name, "/tmp/rewrites/") {
		return nil, errors.New("not known")
	}
	return fi, err
}

var allModules = []string{"log_config_module", "logio_module", "version_module", "unixd_module", "watchdog_module"}

const plainBase = `ServerName localhost
DocumentRoot /var/www
LoadModule mpm_event_module x
`

// decodeText decodes one text under a base that loads what the Dispatcher usually has.
func decodeText(t testing.TB, text string, modules ...string) *Server {
	t.Helper()
	var b strings.Builder
	b.WriteString(plainBase)
	for _, m := range []string{"access_compat", "alias", "allowmethods", "auth_basic", "authn_core", "authn_file", "authz_core", "authz_groupfile",
		"authz_host", "authz_user", "autoindex", "deflate", "dir", "env", "expires", "filter", "headers", "include", "macro", "mime",
		"negotiation", "proxy", "proxy_http", "remoteip", "reqtimeout", "rewrite", "setenvif", "ssl", "status", "substitute", "dispatcher", "security2"} {
		fmt.Fprintf(&b, "LoadModule %s_module x\n", m)
	}
	for _, m := range modules {
		fmt.Fprintf(&b, "LoadModule %s x\n", m)
	}
	b.WriteString("Include site.conf\n")
	m := newMemory(map[string]string{"/etc/httpd/httpd.conf": b.String(), "/etc/httpd/site.conf": text,
		"/etc/httpd/map.txt": "# a map\nkey value rest\nkey other\nalone\n/old /new?x=1\n"})
	return decodeIn(t, m, "httpd.conf", nil, nil)
}

func decodeIn(t testing.TB, m *memory, main string, env map[string]string, defines []string) *Server {
	t.Helper()
	o := apacheconf.Options{FS: m, Main: main, Root: "/etc/httpd", Modules: allModules,
		Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
	for _, d := range defines {
		o.Defines = append(o.Defines, apacheconf.Flag{Name: d})
	}
	tree, err := apacheconf.Read(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := Decode(t.Context(), tree, DecodeOptions{ReadFile: m.text, Stat: m.stat,
		Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }})
	wellFormed(t, s)
	return s
}

// wellFormed: every finding has the id of a rule, a place, a severity and a message, whatever the test is about. Without an id
// it could be neither suppressed nor selected.
func wellFormed(t testing.TB, s *Server) {
	t.Helper()
	for _, f := range append(append([]diag.Diagnostic(nil), s.Tree.Findings...), s.Findings...) {
		if !strings.HasPrefix(f.Rule, "DSP") || f.Span.IsZero() || f.Severity == 0 || f.Message == "" {
			t.Errorf("finding without rule, place, severity or message: %+v", f)
		}
	}
}

// errorsOf are what httpd refuses, of reading and of decoding.
func errorsOf(s *Server) []string {
	var out []string
	for _, f := range append(append([]diag.Diagnostic(nil), s.Tree.Findings...), s.Findings...) {
		if f.Severity == diag.Error {
			p := f.Span.Position()
			out = append(out, fmt.Sprintf("%s:%d:%d: %s [%s]", f.Span.File.Name, p.Line, p.Column, f.Message, f.Rule))
		}
	}
	return out
}

type httpdCase struct {
	Config struct {
		ID      string
		Text    string
		Defines []string
		Env     map[string]string
		Files   map[string]string
		SDBM    any
		Corpus  string
		Root    string
		Path    string
		Layout  string
		Changed map[string]string `json:"env_changed"`
	}
	Observed struct {
		Accepted *bool
		Messages []string
	}
}

var cloudEnv = map[string]string{
	"DOCROOT": "/mnt/var/www/html", "APACHE_DOCROOT": "/mnt/var/www/html", "APACHE_PREFIX": "/etc/httpd", "APACHE_RUN_DIR": "/etc/httpd/run",
	"AEM_HOST": "aem-publish", "AEM_PORT": "4503", "AEM_IP": "10.0.0.10", "DISP_LOG_LEVEL": "warn", "REWRITE_LOG_LEVEL": "warn",
	"EXPIRATION_TIME": "300", "FORWARDED_HOST_SETTING": "Off", "POD_NAME": "dummypodname", "ENVIRONMENT_TYPE": "dev", "COMMERCE_ENDPOINT": "",
	"ORACLE_STUB": "disp_apache2.so",
}

func readCases(t testing.TB, name string) []httpdCase {
	t.Helper()
	dir := os.Getenv("DISPCHECK_CASES")
	if dir == "" {
		t.Skip("DISPCHECK_CASES is not set: recorded cases are not held against")
	}
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Skip("recorded cases are not there:", err)
	}
	defer f.Close()
	var cases []httpdCase
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 64<<20)
	for sc.Scan() {
		var c httpdCase
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

// recordedBase is the layout that the cases were recorded on.
func recordedBase(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{"/etc/httpd/logs/": "", "/etc/httpd/run/": "", "/etc/httpd/conf.d/": "", "/mnt/var/www/html/": "", "/var/www/localhost/htdocs/": ""}
	for from, to := range map[string]string{"httpd.conf": "conf/httpd.conf", "mime.types": "conf/mime.types", "modules.conf": "conf.modules.d/00-base.conf"} {
		text, err := os.ReadFile(filepath.Join(os.Getenv("DISPCHECK_CASES"), "..", "oracle", "base", from))
		if err != nil {
			t.Skip("the base of the recorded cases is not there:", err)
		}
		files["/etc/httpd/"+to] = string(text)
	}
	return files
}

func decodeCase(t testing.TB, base map[string]string, c *httpdCase) *Server {
	t.Helper()
	m := newMemory(base)
	m.put("/etc/httpd/conf.d/site.conf", strings.ReplaceAll(c.Config.Text, "${SERVERROOT}", "/etc/httpd"))
	for name, text := range c.Config.Files {
		r := strings.NewReplacer("${DOCROOT}", "/mnt/var/www/html", "${DEFAULT_DOCROOT}", "/var/www/localhost/htdocs", "${SERVERROOT}", "/etc/httpd")
		m.put(r.Replace(name), text)
	}
	if c.Config.SDBM != nil {
		m.put("/etc/httpd/conf/red.pag", "") // the database that the recording made of the text
	}
	env := map[string]string{}
	for k, v := range cloudEnv {
		env[k] = v
	}
	for k, v := range c.Config.Env {
		env[k] = v
	}
	return decodeIn(t, m, "conf/httpd.conf", env, c.Config.Defines)
}

// TestAcceptedAsRecorded holds what is refused against what httpd refused.
func TestAcceptedAsRecorded(t *testing.T) {
	cases := readCases(t, "httpd-configtests.jsonl")
	base := recordedBase(t)
	wrong := 0
	// PCRE2 refuses a lookbehind without a limit in every release; internal/match says of all those without a fixed length
	// that releases differ.
	known := map[string]bool{"hand/syntax-lookbehind-var": true}
	for i := range cases {
		c := &cases[i]
		got := errorsOf(decodeCase(t, base, c))
		if want := *c.Observed.Accepted; (len(got) == 0) != want {
			if known[c.Config.ID] {
				t.Logf("%s: known to differ", c.Config.ID)
				continue
			}
			wrong++
			t.Logf("%s: accepted %v, recorded %v\n\t%s\n\t%s", c.Config.ID, len(got) == 0, want, strings.Join(got, "\n\t"), strings.Join(c.Observed.Messages, "\n\t"))
		}
	}
	t.Logf("%d of %d configurations differ", wrong, len(cases))
	if wrong > 0 {
		t.Errorf("got %d configurations that are judged otherwise than recorded, want 0", wrong)
	}
}

// TestRunningCasesAreAccepted: what httpd ran has no mistake here.
func TestRunningCasesAreAccepted(t *testing.T) {
	cases := readCases(t, "httpd.jsonl")
	base := recordedBase(t)
	seen := map[string]bool{}
	for i := range cases {
		c := &cases[i]
		if seen[c.Config.ID] || c.Config.Text == "" {
			continue
		}
		seen[c.Config.ID] = true
		if got := errorsOf(decodeCase(t, base, c)); len(got) > 0 {
			t.Errorf("%s:\n\t%s", c.Config.ID, strings.Join(got, "\n\t"))
		}
	}
	t.Logf("%d configurations", len(seen))
}

var amsEnv = map[string]string{
	"DISP_ID": "dispatcher1useast1", "PUBLISH_DOCROOT": "/mnt/var/www/html", "AUTHOR_DOCROOT": "/mnt/var/www/author",
	"LIVECYCLE_DOCROOT": "/mnt/var/www/lc", "PUBLISH_DEFAULT_HOSTNAME": "publish.example.com", "AUTHOR_DEFAULT_HOSTNAME": "author.example.com",
	"LIVECYCLE_DEFAULT_HOSTNAME": "lc.example.com", "PUBLISH_IP": "10.0.0.10", "PUBLISH_PORT": "4503", "AUTHOR_IP": "10.0.0.11",
	"AUTHOR_PORT": "4502", "LIVECYCLE_IP": "10.0.0.12", "LIVECYCLE_PORT": "8080", "ENV_TYPE": "dev", "DOCROOT": "/mnt/var/www/html",
	"APACHE_RUN_DIR": "/etc/httpd/run", "ORACLE_STUB": "disp_apache2.so",
}

// addTree puts a folder of the disk into a memory, links followed.
func addTree(t testing.TB, m *memory, from, to string, depth int) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil || depth > 12 {
		return
	}
	m.folder(to)
	for _, e := range entries {
		name := filepath.Join(from, e.Name())
		fi, err := os.Stat(name)
		switch {
		case err != nil:
		case fi.IsDir():
			addTree(t, m, name, path.Join(to, e.Name()), depth+1)
		default:
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			// A link that was copied as a text names its file.
			if target := strings.TrimSpace(string(text)); strings.HasPrefix(target, "../") && !strings.Contains(target, "\n") {
				if linked, err := os.ReadFile(filepath.Join(from, filepath.FromSlash(target))); err == nil {
					text = linked
				}
			}
			m.put(path.Join(to, e.Name()), string(text))
		}
	}
}

// TestTreesAreAccepted: whole trees that httpd ran have no mistake here, and no directive that is not known. What only the
// image has is left out, so that files that are missing are passed over.
func TestTreesAreAccepted(t *testing.T) {
	cases := readCases(t, "httpd-trees.jsonl")
	base := recordedBase(t)
	corpus := os.Getenv("DISPCHECK_CORPUS")
	if corpus == "" {
		corpus = filepath.Join(os.Getenv("DISPCHECK_CASES"), "..", "corpus")
	}
	seen := map[string]bool{}
	loaded, rules := 0, 0
	for i := range cases {
		c := &cases[i].Config
		if seen[c.ID] || c.Corpus == "" {
			continue
		}
		seen[c.ID] = true
		m := newMemory(base)
		env, defines := cloudEnv, append([]string{"ENVIRONMENT_DEV"}, c.Defines...)
		switch {
		case c.Path != "":
			text, err := os.ReadFile(filepath.Join(corpus, c.Corpus, c.Path))
			if err != nil {
				continue
			}
			addTree(t, m, filepath.Join(corpus, c.Corpus, filepath.Dir(filepath.Dir(c.Path))), "/etc/httpd/conf.d", 0)
			delete(m.texts, "/etc/httpd/conf.d/dispatcher_vhost.conf")
			m.put("/etc/httpd/conf.d/site.rules", string(text))
			m.put("/etc/httpd/conf.d/site.conf", "<VirtualHost *:80>\nServerName publish\nRewriteEngine On\nInclude conf.d/site.rules\n</VirtualHost>\n")
		default:
			root := c.Root
			if root == "" {
				root = "dispatcher/src"
			}
			from := filepath.Join(corpus, c.Corpus, root)
			if c.Layout == "ams" {
				env = amsEnv
				extra, err := os.ReadFile(filepath.Join(os.Getenv("DISPCHECK_CASES"), "..", "oracle", "base", "modules-ams-extra.conf"))
				if err != nil {
					t.Skip("the base of the recorded cases is not there:", err)
				}
				m.put("/etc/httpd/conf.modules.d/01-ams.conf", string(extra))
			}
			m.put("/etc/httpd/conf.d/variables/default.vars", "Define FORCE_SSL 0\nDefine PUBLISH_FORCE_SSL 0\nDefine PUBLISH_WHITELIST_ENABLED 0\n")
			addTree(t, m, filepath.Join(from, "conf.d"), "/etc/httpd/conf.d", 0)
			addTree(t, m, filepath.Join(from, "conf.dispatcher.d"), "/etc/httpd/conf.dispatcher.d", 0)
		}
		if len(c.Changed) > 0 {
			env = maps.Clone(env)
			maps.Copy(env, c.Changed)
		}
		s := decodeIn(t, m, "conf/httpd.conf", env, defines)
		loaded++
		for _, h := range s.Hosts {
			rules += len(h.Rewrite.Rules)
		}
		var left []string
		for _, e := range errorsOf(s) {
			if !strings.Contains(e, "[DSP11") && !strings.Contains(e, "[DSP675]") {
				left = append(left, e)
			}
		}
		if len(left) > 0 {
			t.Errorf("%s %s:\n\t%s", c.ID, c.Corpus, strings.Join(left, "\n\t"))
		}
	}
	t.Logf("%d trees and rule files, %d rules", loaded, rules)
}
