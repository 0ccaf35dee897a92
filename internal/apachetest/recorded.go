// Package apachetest reads recorded cases: configurations and requests that a real httpd was given, and what it did. They
// lie outside of the project, in the folder that DISPCHECK_CASES names, and configurations of others in that of
// DISPCHECK_CORPUS; without them the tests that use this are skipped. Start from [Each].
package apachetest

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/internal/apachebase"
)

// A Config is a configuration that httpd was given.
type Config struct {
	ID      string
	Text    string
	Layout  string
	Corpus  string
	Root    string
	Path    string
	Defines []string
	Env     map[string]string
	Changed map[string]string `json:"env_changed"`
	Files   map[string]string
	// SDBM is a map that was made of a text.
	SDBM *struct{ From, To string }
}

// A Case is one request with what httpd did. Fields of Observed are those of the recording.
type Case struct {
	ID, Topic, Note string
	Config          Config
	Request         struct {
		Method, Target string
		Host           *string
		Headers        [][2]string
		Version, Body  string
		Upstream       struct {
			Status  int
			Type    string
			Headers [][2]string
		}
	}
	Observed struct {
		Status      int
		Headers     map[string]any
		Location    *string
		VHost       *string `json:"vhost"`
		VHostAt     *string `json:"vhost_at"`
		HandledBy   *string `json:"handled_by"`
		URI         *string `json:"uri"`
		Args        *string `json:"args"`
		Filename    *string `json:"filename"`
		PathInfo    *string `json:"path_info"`
		Unparsed    *string `json:"unparsed_uri"`
		Proxy       *string `json:"proxy"`
		ContentType *string `json:"content_type_at_handler"`
		Env         map[string]any
		Changed     map[string]any `json:"request_headers_changed"`
		ClientIP    *string        `json:"client_ip"`
		NoRecord    bool           `json:"no_request_record"`
		Hops        []struct {
			URI       string `json:"uri"`
			Status    int    `json:"status"`
			HandledBy string `json:"handled_by"`
		}
	}
}

// A Verdict is what httpd said to a configuration alone.
type Verdict struct {
	Config   Config
	Topic    string
	Observed struct {
		Accepted bool
		Messages []string
	}
}

// Each reads a file of recordings, line by line.
func Each[T any](t testing.TB, name string, f func(*T)) {
	t.Helper()
	dir := os.Getenv("DISPCHECK_CASES")
	if dir == "" {
		t.Skip("DISPCHECK_CASES is not set: no recorded cases")
	}
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Skip(err)
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		c := new(T)
		if err := json.Unmarshal(s.Bytes(), c); err != nil {
			t.Fatal(err)
		}
		f(c)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
}

// defineAround takes over what the .vars files beside a file of rules define: the recordings have it in front of the rules.
func defineAround(dir string, env map[string]string) {
	for _, pattern := range []string{"variables/*.vars", "conf.d/variables/*.vars", "../variables/*.vars"} {
		names, _ := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				continue
			}
			for line := range strings.Lines(string(text)) {
				w := strings.Fields(line)
				if len(w) != 3 || !strings.EqualFold(w[0], "Define") {
					continue
				}
				if _, known := env[w[1]]; !known {
					env[w[1]] = strings.Trim(w[2], `"'`)
				}
			}
		}
	}
}

// DocumentRoot is where the recordings have their documents.
const DocumentRoot = "/mnt/var/www/html"

var cloudEnv = map[string]string{
	"DOCROOT": DocumentRoot, "APACHE_DOCROOT": DocumentRoot, "APACHE_PREFIX": apachebase.Root, "APACHE_RUN_DIR": apachebase.Root + "/run",
	"AEM_HOST": "aem-publish", "AEM_PORT": "4503", "AEM_IP": "10.0.0.10", "DISP_LOG_LEVEL": "warn", "REWRITE_LOG_LEVEL": "warn",
	"EXPIRATION_TIME": "300", "FORWARDED_HOST_SETTING": "Off", "POD_NAME": "dummypodname", "ENVIRONMENT_TYPE": "dev", "COMMERCE_ENDPOINT": "",
}

var amsEnv = map[string]string{
	"DISP_ID": "dispatcher1useast1", "PUBLISH_DOCROOT": DocumentRoot, "AUTHOR_DOCROOT": "/mnt/var/www/author", "LIVECYCLE_DOCROOT": "/mnt/var/www/lc",
	"PUBLISH_DEFAULT_HOSTNAME": "publish.example.com", "AUTHOR_DEFAULT_HOSTNAME": "author.example.com", "LIVECYCLE_DEFAULT_HOSTNAME": "lc.example.com",
	"PUBLISH_IP": "10.0.0.10", "PUBLISH_PORT": "4503", "AUTHOR_IP": "10.0.0.11", "AUTHOR_PORT": "4502", "LIVECYCLE_IP": "10.0.0.12", "LIVECYCLE_PORT": "8080",
	"ENV_TYPE": "dev", "DOCROOT": DocumentRoot, "APACHE_RUN_DIR": apachebase.Root + "/run",
}

var places = strings.NewReplacer("${DOCROOT}", DocumentRoot, "${DEFAULT_DOCROOT}", "/var/www/localhost/htdocs", "${SERVERROOT}", apachebase.Root)

// Place puts real paths in the place of a recording's placeholders.
func Place(s string) string { return places.Replace(s) }

// Options lay a configuration out as it was recorded. The environment is that of Getenv.
func (c *Config) Options(t testing.TB) apachebase.Options {
	t.Helper()
	o := apachebase.Options{Profile: apachebase.Cloud, Bare: true, Flags: c.Defines, Files: map[string]string{}}
	env := maps.Clone(cloudEnv)
	if c.Layout == "ams" {
		o.Profile = apachebase.AMS
		env = maps.Clone(amsEnv)
	}
	for name, text := range c.Files {
		o.Files[Place(name)] = text
	}
	if m := c.SDBM; m != nil {
		o.Files[apachebase.Root+"/"+m.To] = c.Files["${SERVERROOT}/"+m.From]
	}
	for _, vars := range []map[string]string{c.Env, c.Changed} {
		for name, value := range vars {
			env[name] = Place(value)
		}
	}
	o.Env = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	if c.Defines == nil && c.Layout != "ams" {
		o.Flags = []string{"ENVIRONMENT_DEV"}
		if c.Layout != "" {
			o.Flags = append(o.Flags, "ORACLE_REMOTEIP")
		}
	}
	root := c.Root
	switch {
	case c.Corpus == "":
		o.Project, o.File = fstest.MapFS{"site.conf": {Data: []byte(c.Text)}}, "site.conf"
		return o
	case c.Root == "" && c.Path == "":
		root = "dispatcher/src" // the sample project of the platform's own cases
	}
	corpus := os.Getenv("DISPCHECK_CORPUS")
	if corpus == "" {
		t.Skip("DISPCHECK_CORPUS is not set: no recorded projects")
	}
	dir := filepath.Join(corpus, c.Corpus, filepath.FromSlash(root))
	if c.Path != "" {
		root, file := apachebase.SingleFile(c.Path)
		dir, o.File = filepath.Join(corpus, c.Corpus, filepath.FromSlash(root)), file
		defineAround(dir, env)
	}
	o.Project = os.DirFS(dir)
	o.Layered = true
	return o
}

// addresses is what the recordings have in front of the site where client addresses come from a header.
const addresses = `RemoteIPHeader X-Forwarded-For
RemoteIPProxiesHeader X-Forwarded-By
RemoteIPInternalProxy 172.16.0.0/12 10.0.0.0/8 192.168.0.0/16 169.254.0.0/16 127.0.0.0/8
RemoteIPTrustedProxy 0.0.0.0/1 128.0.0.0/1 0::/1 8000::/1
RequestHeader set X-Forwarded-For "expr=%{REMOTE_ADDR}"
`

// Load lays a configuration out and makes it ready to be read.
func (c *Config) Load(t testing.TB) (*apachebase.Server, apachebase.Options) {
	t.Helper()
	o := c.Options(t)
	s, err := apachebase.Load(o)
	if err != nil {
		t.Fatalf("%s: %v", c.ID, err)
	}
	for _, f := range o.Flags {
		if f != "ORACLE_REMOTEIP" {
			continue
		}
		const main = apachebase.Root + "/conf/httpd.conf"
		text, err := s.FS.ReadFile(main)
		if err != nil {
			t.Fatal(err)
		}
		before, after, ok := strings.Cut(string(text.Text), "Include conf.d/")
		sep := "Include conf.d/"
		if !ok {
			before, after, ok = strings.Cut(string(text.Text), "IncludeOptional conf.d/")
			sep = "IncludeOptional conf.d/"
		}
		if !ok {
			t.Fatalf("%s has no site", main)
		}
		o.Files[main] = before + addresses + sep + after
		if s, err = apachebase.Load(o); err != nil {
			t.Fatal(err)
		}
	}
	return s, o
}
