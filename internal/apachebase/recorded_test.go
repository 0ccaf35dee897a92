package apachebase

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
)

// A recorded configuration is one that the real httpd was given.
type recorded struct {
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
}

func caseFiles(t *testing.T, name string) *bufio.Scanner {
	t.Helper()
	dir := os.Getenv("DISPCHECK_CASES")
	if dir == "" {
		t.Skip("DISPCHECK_CASES is not set: no recorded cases")
	}
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { f.Close() })
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	return s
}

var cloudEnv = map[string]string{
	"DOCROOT": "/mnt/var/www/html", "APACHE_DOCROOT": "/mnt/var/www/html", "APACHE_PREFIX": Root, "APACHE_RUN_DIR": Root + "/run",
	"AEM_HOST": "aem-publish", "AEM_PORT": "4503", "AEM_IP": "10.0.0.10", "DISP_LOG_LEVEL": "warn", "REWRITE_LOG_LEVEL": "warn",
	"EXPIRATION_TIME": "300", "FORWARDED_HOST_SETTING": "Off", "POD_NAME": "dummypodname", "ENVIRONMENT_TYPE": "dev", "COMMERCE_ENDPOINT": "",
}

var amsEnv = map[string]string{
	"DISP_ID": "dispatcher1useast1", "PUBLISH_DOCROOT": "/mnt/var/www/html", "AUTHOR_DOCROOT": "/mnt/var/www/author", "LIVECYCLE_DOCROOT": "/mnt/var/www/lc",
	"PUBLISH_DEFAULT_HOSTNAME": "publish.example.com", "AUTHOR_DEFAULT_HOSTNAME": "author.example.com", "LIVECYCLE_DEFAULT_HOSTNAME": "lc.example.com",
	"PUBLISH_IP": "10.0.0.10", "PUBLISH_PORT": "4503", "AUTHOR_IP": "10.0.0.11", "AUTHOR_PORT": "4502", "LIVECYCLE_IP": "10.0.0.12", "LIVECYCLE_PORT": "8080",
	"ENV_TYPE": "dev", "DOCROOT": "/mnt/var/www/html", "APACHE_RUN_DIR": Root + "/run",
}

func (c *recorded) options(t *testing.T) Options {
	t.Helper()
	o := Options{Profile: Cloud, Bare: true, Flags: c.Defines, Files: map[string]string{}}
	env := maps.Clone(cloudEnv)
	if c.Layout == "ams" {
		o.Profile = AMS
		env = maps.Clone(amsEnv)
	}
	places := strings.NewReplacer("${DOCROOT}", "/mnt/var/www/html", "${DEFAULT_DOCROOT}", "/var/www/localhost/htdocs", "${SERVERROOT}", Root)
	for name, text := range c.Files {
		o.Files[places.Replace(name)] = text
	}
	for _, vars := range []map[string]string{c.Env, c.Changed} {
		for name, value := range vars {
			env[name] = places.Replace(value)
		}
	}
	o.Env = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	switch {
	case c.Corpus == "":
		o.Project, o.File = fstest.MapFS{"site.conf": {Data: []byte(c.Text)}}, "site.conf"
		return o
	case c.Root == "" && c.Path == "":
		c.Root = "dispatcher/src" // the sample project of the SDK's cases
		if c.Defines == nil {
			o.Flags = []string{"ENVIRONMENT_DEV"}
		}
	}
	if c.Defines == nil && c.Layout != "ams" {
		o.Flags = []string{"ENVIRONMENT_DEV"}
	}
	corpus := os.Getenv("DISPCHECK_CORPUS")
	if corpus == "" {
		t.Skip("DISPCHECK_CORPUS is not set: no recorded projects")
	}
	dir := filepath.Join(corpus, c.Corpus, filepath.FromSlash(c.Root))
	if c.Path != "" {
		root, file := SingleFile(c.Path)
		dir, o.File = filepath.Join(corpus, c.Corpus, filepath.FromSlash(root)), file
	}
	o.Project = os.DirFS(dir)
	return o
}

func readAll(t *testing.T, c *recorded) (*Server, *apacheconf.Tree) {
	t.Helper()
	s, err := Load(c.options(t))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := apacheconf.Read(t.Context(), s.Read)
	if err != nil {
		t.Fatal(err)
	}
	return s, tree
}

func errorsOf(tree *apacheconf.Tree) []string {
	var out []string
	for _, d := range tree.Findings {
		if d.Severity == diag.Error {
			p := d.Span.Position()
			out = append(out, fmt.Sprintf("%s:%d:%d: %s %s", d.Span.File.Name, p.Line, p.Column, d.Rule, d.Message))
		}
	}
	return out
}

// readingRefused are the messages of httpd for what it refuses while it reads; others are about what a directive means.
var readingRefused = []string{"without matching", "was not closed", "Could not open configuration file", "Could not open directory", "No matches for the wildcard",
	"requires additional arguments", "missing closing", "but saw", "Exceeded maximum include depth", "before end of configuration"}

// TestRecordedVerdicts: what httpd accepted is read without errors, and what it refused while reading is not.
func TestRecordedVerdicts(t *testing.T) {
	cases := caseFiles(t, "httpd-configtests.jsonl")
	accepted, refused, later := 0, 0, 0
	for cases.Scan() {
		var c struct {
			Config   recorded
			Observed struct {
				Accepted bool
				Messages []string
			}
		}
		if err := json.Unmarshal(cases.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		_, tree := readAll(t, &c.Config)
		got := errorsOf(tree)
		says := strings.Join(c.Observed.Messages, "\n")
		reading := slices.ContainsFunc(readingRefused, func(m string) bool { return strings.Contains(says, m) })
		switch {
		case c.Observed.Accepted:
			accepted++
			if len(got) > 0 {
				t.Errorf("%s: accepted by httpd, and read with %q", c.Config.ID, got)
			}
		case reading:
			refused++
			if len(got) == 0 {
				t.Errorf("%s: refused by httpd (%s), and read without an error", c.Config.ID, says)
			}
		default:
			later++
			if len(got) > 0 {
				t.Errorf("%s: refused by httpd for %s, and read with %q", c.Config.ID, says, got)
			}
		}
		for _, m := range c.Observed.Messages {
			_, name, ok := strings.Cut(m, "Config variable ${")
			if name, _, _ = strings.Cut(name, "}"); ok && !warnsOf(tree, name) {
				t.Errorf("%s: httpd warns of ${%s}, and reading does not", c.Config.ID, name)
			}
		}
	}
	if accepted+refused < 100 {
		t.Fatalf("%d recorded verdicts only", accepted+refused)
	}
	t.Logf("%d accepted, %d refused while reading, %d refused for what a directive means", accepted, refused, later)
}

func warnsOf(tree *apacheconf.Tree, variable string) bool {
	return slices.ContainsFunc(tree.Findings, func(d diag.Diagnostic) bool {
		return (d.Rule == "DSP120" || d.Rule == "DSP124") && strings.Contains(d.Message, "${"+variable+"}")
	})
}

// TestRecordedConfigurations: httpd started with all of these.
func TestRecordedConfigurations(t *testing.T) {
	for _, name := range []string{"httpd.jsonl", "httpd-trees.jsonl"} {
		t.Run(name, func(t *testing.T) {
			cases := caseFiles(t, name)
			seen := map[string]*apacheconf.Tree{}
			servers := map[string]*Server{}
			nodes, files, places := 0, 0, 0
			for cases.Scan() {
				var c struct {
					Config   recorded
					Observed struct {
						At *string `json:"vhost_at"`
					}
				}
				if err := json.Unmarshal(cases.Bytes(), &c); err != nil {
					t.Fatal(err)
				}
				tree := seen[c.Config.ID]
				if tree == nil {
					var s *Server
					s, tree = readAll(t, &c.Config)
					seen[c.Config.ID], servers[c.Config.ID] = tree, s
					nodes += len(tree.Nodes)
					files += len(tree.Files)
					if got := errorsOf(tree); len(got) > 0 {
						t.Errorf("%s: httpd starts, and reading finds %q", c.Config.ID, got)
					}
				}
				if at := c.Observed.At; at != nil && c.Config.Path == "" && strings.Contains(*at, "/enabled_vhosts/") == (c.Config.Layout != "") {
					places++
					if !hasVirtualHost(servers[c.Config.ID], tree, *at) {
						t.Errorf("%s: no virtual host at %s", c.Config.ID, *at)
						c.Config.Path = "-"
					}
				}
			}
			if len(seen) < 90 {
				t.Fatalf("%d configurations only", len(seen))
			}
			t.Logf("%d configurations, %d files, %d nodes at the top, %d virtual hosts at the recorded line", len(seen), files, nodes, places)
		})
	}
}

// hasVirtualHost looks for a <VirtualHost> at a recorded place, a file and the line of its first address.
func hasVirtualHost(s *Server, tree *apacheconf.Tree, at string) bool {
	name, line, _ := strings.Cut(strings.TrimPrefix(at, "${SERVERROOT}/"), ":")
	want, err := s.FS.ReadFile(Root + "/" + name)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(tree.Nodes, func(n *apacheconf.Node) bool {
		return n.Key == "virtualhost" && n.At.File == want && fmt.Sprint(n.At.Position().Line) == line
	})
}

// TestCorpusProjects reads every folder of the corpus that has a conf.d, as its layout says, and says how many have errors.
func TestCorpusProjects(t *testing.T) {
	corpus := os.Getenv("DISPCHECK_CORPUS")
	if corpus == "" {
		t.Skip("DISPCHECK_CORPUS is not set")
	}
	all, clean := 0, 0
	err := filepath.WalkDir(corpus, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || d.Name() != "conf.d" {
			return err
		}
		dir := filepath.Dir(name)
		c := &recorded{ID: dir}
		o := c.options(t)
		o.File, o.Bare, o.Project, o.Flags = "", false, os.DirFS(dir), []string{"ENVIRONMENT_DEV"}
		if _, err := os.Stat(filepath.Join(dir, "conf.dispatcher.d")); err != nil {
			o.Profile = Classic
		} else if _, err := os.Stat(filepath.Join(dir, "conf")); err == nil {
			o.Profile = AMS
			o.Env = func(name string) (string, bool) { v, ok := amsEnv[name]; return v, ok }
		}
		s, err := Load(o)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			return nil
		}
		tree, err := apacheconf.Read(t.Context(), s.Read)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			return nil
		}
		all++
		if got := errorsOf(tree); len(got) > 0 {
			t.Logf("%s (%s): %q", strings.TrimPrefix(dir, corpus), o.Profile, got)
		} else {
			clean++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if all < 30 {
		t.Errorf("%d projects only", all)
	}
	t.Logf("%d projects, %d without an error", all, clean)
}
