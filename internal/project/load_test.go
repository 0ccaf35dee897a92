package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/expand"
	"github.com/dispcheck/dispcheck/source"
)

// load loads a project that must be there.
func load(t testing.TB, o Options) *Project {
	t.Helper()
	p, err := Load(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lines writes findings one a line.
func lines(ds []diag.Diagnostic) []string {
	var out []string
	for _, d := range ds {
		s := fmt.Sprintf("%s:%d %s %s %s", d.Span.File.Name, d.Span.Position().Line, d.Severity, d.Rule, d.Message)
		for _, i := range d.Included {
			s += fmt.Sprintf(" < %s:%d", i.File.Name, i.Position().Line)
		}
		out = append(out, s)
	}
	return out
}

func farms(p *Project) []string {
	var names []string
	for _, f := range p.Config.Farms {
		names = append(names, f.Name)
	}
	return names
}

// TestFromRoot: a file has one path from the root, whatever was asked for and from where.
func TestFromRoot(t *testing.T) {
	files := fstest.MapFS{
		"repo/src/conf.d/x.conf":                                   {},
		"repo/src/conf.dispatcher.d/dispatcher.any":                {Data: []byte("/farms { $include \"enabled_farms/a.farm\" }\n")},
		"repo/src/conf.dispatcher.d/enabled_farms/a.farm":          {Data: []byte("/a { /filter { $include \"../../../shared.any\" } }\n")},
		"repo/shared.any":                                          {Data: []byte("/1 { /type \"deny\" /url \"*\" }\n")},
		"repo/src/conf.dispatcher.d/available_farms/placeholder.x": {},
	}
	want := []string{"conf.dispatcher.d/dispatcher.any", "conf.dispatcher.d/enabled_farms/a.farm", "../shared.any"}
	for _, at := range []string{"repo/src", "repo/src/conf.dispatcher.d", "repo/src/conf.dispatcher.d/dispatcher.any"} {
		t.Run(at, func(t *testing.T) {
			p := load(t, Options{FS: files, Path: at})
			var got []string
			for _, f := range p.Tree.Files {
				got = append(got, p.FromRoot(f.Src))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if name := p.FromRoot(source.NewFile("other", nil)); name != "" {
				t.Errorf("another file has the name %s", name)
			}
		})
	}
	p := load(t, Options{FS: fstest.MapFS{"a/b/x.any": {Data: []byte("/cache { $include \"../y.any\" }\n")}, "a/y.any": {}}, Path: "a/b/x.any"})
	if got := p.FromRoot(p.Tree.Files[0].Src); got != "x.any" {
		t.Errorf("a single file is %s", got)
	}
}

// TestExamples: the projects in the binary load without a finding.
func TestExamples(t *testing.T) {
	want := map[string][]string{"cloud": {"magazine", "wknd"}, "ams": {"authorfarm", "wknd", "publishfarm"}, "classic": {"author", "publish"}}
	for _, name := range fixtures.Names() {
		t.Run(name, func(t *testing.T) {
			p := load(t, Options{Path: "example:" + name})
			checkProject(t, p)
			if string(p.Kind) != name {
				t.Errorf("kind: got %s", p.Kind)
			}
			if len(p.Findings) > 0 || len(p.Tree.Fatal) > 0 {
				t.Errorf("findings: %s, %v", strings.Join(lines(p.Findings), "\n"), p.Tree.Fatal)
			}
			if len(farms(p)) != len(want[name]) {
				t.Errorf("farms: got %v, want %v", farms(p), want[name])
			}
			if got := p.Tree.Root.Src.Name; !strings.HasPrefix(got, "example:"+name+"/") {
				t.Errorf("shown as %s", got)
			}
			for _, u := range p.Config.Farms {
				if strings.Contains(u.Cache.Docroot.Value, "$") {
					t.Errorf("/docroot of %s: %s", u.Name, u.Cache.Docroot.Value)
				}
			}
		})
	}
	part := load(t, Options{Path: "example:cloud/conf.dispatcher.d/available_farms/wknd.farm"})
	if part.Kind != Cloud || part.Whole || len(part.Config.Farms) != 1 || len(part.Config.Wrapped) == 0 {
		t.Errorf("a farm of an example: got %v, wrapped %v", farms(part), part.Config.Wrapped)
	}
}

const (
	dispatcherAny = "/farms {\n\t$include \"enabled_farms/*.farm\"\n}\n"
	siteFarm      = "/site {\n\t/virtualhosts { \"${SITE_HOST}\" }\n\t/renders { $include \"../renders/default_renders.any\" }\n\t/filter { $include \"/etc/httpd/conf.dispatcher.d/filters/filters.any\" }\n\t/cache { /docroot \"${DOCROOT}\" /rules { /0000 { /glob \"*\" /type \"allow\" } } }\n}\n"
)

func tree() map[string]string {
	return map[string]string{
		"src/conf.d/variables/custom.vars":                  "Define SITE_HOST www.example.com\n",
		"src/conf.dispatcher.d/dispatcher.any":              dispatcherAny,
		"src/conf.dispatcher.d/available_farms/site.farm":   siteFarm,
		"src/conf.dispatcher.d/enabled_farms/site.farm":     "-> ../available_farms/site.farm",
		"src/conf.dispatcher.d/renders/default_renders.any": "/0 { /hostname \"${AEM_HOST}\" /port \"${AEM_PORT}\" }\n",
		"src/conf.dispatcher.d/filters/filters.any":         "/0001 { /type \"deny\" /url \"*\" }\n/0002 { /type \"allow\" /url \"/content/*\" }\n",
	}
}

// TestCloudTree: links, absolute paths and variables of a whole tree.
func TestCloudTree(t *testing.T) {
	dir := plant(t, tree())
	p := load(t, Options{WorkDir: dir})
	checkProject(t, p)
	if got := lines(p.Findings); got != nil {
		t.Errorf("findings: %s", strings.Join(got, "\n"))
	}
	f := p.Config.Farm("site")
	if f == nil {
		t.Fatalf("farms: %v", farms(p))
	}
	got := []string{f.VirtualHosts[0].Text, f.Renders[0].Hostname.Value, f.Cache.Docroot.Value, f.Filter.Rules[1].NameAt.File.Name, f.At.Span.File.Name}
	want := []string{"www.example.com", "aem-publish", "/mnt/var/www/html", "src/conf.dispatcher.d/filters/filters.any", "src/conf.dispatcher.d/enabled_farms/site.farm"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if v, _ := p.Env.Find("SITE_HOST"); v.From != "src/conf.d/variables/custom.vars:1" {
		t.Errorf("SITE_HOST is from %s", v.From)
	}
	local := load(t, Options{WorkDir: dir, Environment: Local, Env: map[string]string{"SITE_HOST": "localhost"}})
	if f := local.Config.Farm("site"); f.VirtualHosts[0].Text != "localhost" || f.Renders[0].Hostname.Value != "localhost" {
		t.Errorf("local: got %s, %s", f.VirtualHosts[0].Text, f.Renders[0].Hostname.Value)
	}
}

// TestFlattenedLink: a tree that was checked out without links is read like one with them, and one
// finding says so.
func TestFlattenedLink(t *testing.T) {
	files := tree()
	files["src/conf.dispatcher.d/enabled_farms/site.farm"] = "../available_farms/site.farm"
	p := load(t, Options{WorkDir: plant(t, files)})
	checkProject(t, p)
	if p.Config.Farm("site") == nil {
		t.Errorf("farms: %v", farms(p))
	}
	want := []string{"src/conf.dispatcher.d/enabled_farms/site.farm:1 error DSP116 the file is a flattened symbolic link to ../available_farms/site.farm < src/conf.dispatcher.d/dispatcher.any:2"}
	if diff := cmp.Diff(want, lines(p.Findings)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if r := p.Findings[0].Related; len(r) == 0 || r[0].Message != "flattened link: src/conf.dispatcher.d/available_farms/site.farm is read in its place" {
		t.Errorf("related: %v", r)
	}
}

// TestSingleFarm: a farm that is named by itself is completed, and the tree around it still counts.
func TestSingleFarm(t *testing.T) {
	dir := plant(t, tree())
	p := load(t, Options{WorkDir: dir, Path: "src/conf.dispatcher.d/available_farms/site.farm"})
	checkProject(t, p)
	if len(p.Config.Wrapped) == 0 || len(p.Config.Farms) != 1 {
		t.Fatalf("wrapped %v, farms %v", p.Config.Wrapped, farms(p))
	}
	f := p.Config.Farms[0]
	if f.VirtualHosts[0].Text != "www.example.com" || len(f.Filter.Rules) != 2 || f.Renders[0].Port.Value != 4503 {
		t.Errorf("got %+v", f)
	}
	if got := lines(p.Findings); got != nil {
		t.Errorf("findings: %s", strings.Join(got, "\n"))
	}
}

// TestFragments: what is pasted is completed.
func TestFragments(t *testing.T) {
	for _, text := range []string{
		"/filter { /0001 { /type \"deny\" /url \"*\" } }",
		"/0001 { /type \"deny\" /url \"*\" }",
		"/publish { /filter { /0001 { /type \"deny\" /url \"*\" } } }",
		"/farms { /publish { /filter { /0001 { /type \"deny\" /url \"*\" } } } }",
	} {
		t.Run(text, func(t *testing.T) {
			dir := plant(t, map[string]string{"x.any": text})
			p := load(t, Options{WorkDir: dir, Path: "x.any"})
			if len(p.Config.Farms) != 1 || p.Config.Farms[0].Filter == nil || len(p.Config.Farms[0].Filter.Rules) != 1 {
				t.Errorf("got %v", farms(p))
			}
		})
	}
}

// TestMissingEntry: a legacy or partial tree has no dispatcher.any; the platform's is known.
func TestMissingEntry(t *testing.T) {
	files := tree()
	delete(files, "src/conf.dispatcher.d/dispatcher.any")
	delete(files, "src/conf.dispatcher.d/renders/default_renders.any")
	p := load(t, Options{WorkDir: plant(t, files)})
	checkProject(t, p)
	if p.Config.Farm("site") == nil {
		t.Errorf("farms: %v", farms(p))
	}
	want := []string{
		"src/conf.dispatcher.d/dispatcher.any (built in):1 info DSP756 src/conf.dispatcher.d/dispatcher.any is not in the project: a built-in one that includes all enabled farms is read",
		"src/conf.dispatcher.d/enabled_farms/site.farm:3 warning DSP756 include \"../renders/default_renders.any\": src/conf.dispatcher.d/renders/default_renders.any is not in the project < src/conf.dispatcher.d/dispatcher.any (built in):2",
	}
	if diff := cmp.Diff(want, lines(p.Findings)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(p.Tree.Fatal) > 0 {
		t.Errorf("fatal: %v", p.Tree.Fatal)
	}
}

// TestMistakes: findings of all parts, sorted, with the includes that led to them.
func TestMistakes(t *testing.T) {
	files := map[string]string{
		"conf.d/x":                                   "",
		"conf.dispatcher.d/dispatcher.any":           dispatcherAny,
		"conf.dispatcher.d/enabled_farms/a.farm":     "/a {\n\t/filter { $include \"../filters/a.any\" $include \"../filters/b.any\" }\n\t/cache { /docroot \"${DOCROT}\" }\n\t$include \"../../../x.any\"\n}\n",
		"conf.dispatcher.d/filters/a.any":            "/0001 { /type \"deny\" /url }\n",
		"conf.dispatcher.d/virtualhosts/default.any": "",
	}
	p := load(t, Options{WorkDir: plant(t, files), Path: "."})
	checkProject(t, p)
	var got []string
	for _, l := range lines(p.Findings) {
		for _, rule := range []string{"DSP007", "DSP100", "DSP104", "DSP119"} {
			if strings.Contains(l, rule) {
				got = append(got, l)
			}
		}
	}
	want := []string{
		"conf.dispatcher.d/enabled_farms/a.farm:2 error DSP100 include \"../filters/b.any\" names no file: there is no conf.dispatcher.d/filters/b.any < conf.dispatcher.d/dispatcher.any:2",
		"conf.dispatcher.d/enabled_farms/a.farm:3 error DSP119 variable ${DOCROT} is not defined < conf.dispatcher.d/dispatcher.any:2",
		"conf.dispatcher.d/enabled_farms/a.farm:4 error DSP104 include \"../../../x.any\" leads out of the project < conf.dispatcher.d/dispatcher.any:2",
		"conf.dispatcher.d/filters/a.any:1 error DSP007 property /url has no value < conf.dispatcher.d/dispatcher.any:2 < conf.dispatcher.d/enabled_farms/a.farm:2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(p.Tree.Fatal) != 2 {
		t.Errorf("fatal: %v", p.Tree.Fatal)
	}
}

// TestApacheFile: a file of httpd's is a complete input, without a .any side.
func TestApacheFile(t *testing.T) {
	p := load(t, Options{WorkDir: plant(t, map[string]string{"a.vhost": "Define X 1\n<VirtualHost *:80>\n</VirtualHost>\n"}), Path: "a.vhost"})
	if p.Tree != nil || p.Config != nil || p.Show(p.Site) != "a.vhost" || p.Root != path.Dir(p.Site) || p.Kind != Cloud {
		t.Errorf("got %+v", p.Location)
	}
	if v, _ := p.Env.Find("X"); v.From != "a.vhost:1" {
		t.Errorf("X: got %+v", v)
	}
	if v, _ := p.Env.Find("AEM_HOST"); v.Value != "aem-publish" {
		t.Errorf("AEM_HOST: got %+v", v)
	}
}

func TestOverlay(t *testing.T) {
	dir := plant(t, tree())
	name := filepath.Join(dir, "src", "conf.dispatcher.d", "filters", "filters.any")
	added := filepath.Join(dir, "src", "conf.dispatcher.d", "enabled_farms", "new.farm")
	p := load(t, Options{WorkDir: dir, Overlay: map[string][]byte{
		name:                              []byte("/0001 { /type \"allow\" /url \"*\" }"),
		added:                             []byte("/new { }"),
		filepath.Join(dir, "..", "x.any"): []byte("elsewhere"),
	}})
	if got := farms(p); !slices.Equal(got, []string{"new", "site"}) {
		t.Errorf("farms: %v", got)
	}
	if f := p.Config.Farm("site"); f == nil || len(f.Filter.Rules) != 1 || !f.Filter.Rules[0].Allow {
		t.Error("the text of the editor is not read")
	}
}

// TestTextFS: texts over files make a file system like any other.
func TestTextFS(t *testing.T) {
	base := fstest.MapFS{"a/b.any": {Data: []byte("old")}, "a/z": {Data: []byte("z")}, "c": {}}
	fsys := withTexts(base, map[string][]byte{"a/b.any": []byte("new"), "a/m": []byte("m"), "d": nil})
	if err := fstest.TestFS(fsys, "a/b.any", "a/m", "a/z", "c", "d"); err != nil {
		t.Error(err)
	}
	if text, err := fs.ReadFile(fsys, "a/b.any"); err != nil || string(text) != "new" {
		t.Errorf("got %q, %v", text, err)
	}
}

// TestReach: how far includes may go where no layout says what belongs together.
func TestReach(t *testing.T) {
	files := map[string]string{
		"one/two/conf/site.farm": "/site { $include \"../filters/f.any\" $include \"../../g.any\" $include \"../../../../../out.any\" }",
		"one/two/filters/f.any":  "/info \"1\"",
		"one/g.any":              "/homepage \"/\"",
	}
	for _, work := range []string{".", "one/two/conf", "one/two/filters"} {
		t.Run(work, func(t *testing.T) {
			dir := plant(t, files)
			p := load(t, Options{WorkDir: filepath.Join(dir, filepath.FromSlash(work)), Path: filepath.Join(dir, "one", "two", "conf", "site.farm")})
			checkProject(t, p)
			if len(p.Tree.Files) != 3 {
				t.Errorf("%d files were read: %v", len(p.Tree.Files), lines(p.Findings))
			}
			if len(p.Tree.Fatal) != 1 || p.Tree.Fatal[0].Rule != "DSP104" {
				t.Errorf("fatal: %v", p.Tree.Fatal)
			}
		})
	}
}

func TestLoadErrors(t *testing.T) {
	dir := plant(t, map[string]string{"dispatcher.any": "/farms { }", "x.env": "A"})
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Load(ended, Options{WorkDir: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	_, err := Load(context.Background(), Options{WorkDir: dir, EnvFile: "x.env"})
	var envErr *EnvFileError
	if !errors.As(err, &envErr) || err.Error() != `x.env:1: "A" has no value: write NAME=VALUE` {
		t.Errorf("got %v", err)
	}
	if _, err := Load(context.Background(), Options{WorkDir: dir, Environment: "test"}); err == nil {
		t.Error("an environment of no name is accepted")
	}
	if _, err := Load(context.Background(), Options{WorkDir: dir, Path: "nothing.any"}); err == nil {
		t.Error("a file that is not there is loaded")
	}
	unreadable := filepath.Join(dir, "secret.any")
	if err := os.WriteFile(unreadable, nil, 0o000); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(unreadable); err == nil {
		f.Close()
		t.Skip("everything is readable here")
	}
	_, err = Load(context.Background(), Options{WorkDir: dir, Path: "secret.any"})
	var e *expand.Error
	if !errors.As(err, &e) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, name := range fixtures.Names() {
		b.Run(name, func(b *testing.B) {
			fsys, err := fixtures.Open(name)
			if err != nil {
				b.Fatal(err)
			}
			dir := b.TempDir()
			if err := os.CopyFS(dir, fsys); err != nil {
				b.Skip(err)
			}
			p := load(b, Options{Path: dir, WorkDir: dir})
			bytes := 0
			for _, f := range p.Tree.Files {
				bytes += len(f.Src.Text)
			}
			b.SetBytes(int64(bytes))
			b.ReportMetric(float64(len(p.Tree.Files)), "files")
			b.ReportAllocs()
			for b.Loop() {
				load(b, Options{Path: dir, WorkDir: dir})
			}
		})
	}
}
