package httpd_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/realhttpd"
)

// TestFixturesAgainstHTTPD holds the engine against the real httpd on the virtual hosts of the sample projects: all that is
// in them but names and document root, which are the test's, and the directives of the Dispatcher, which httpd does not know.
func TestFixturesAgainstHTTPD(t *testing.T) {
	if testing.Short() {
		t.Skip("starts httpd")
	}
	httpd := realhttpd.Find(t)
	targets := []string{
		"/", "/us/en.html", "/ca/fr/about-us.html?x=1", "/us/en/adventures/cycling.html", "/us/en/adventures/", "/adventures/cycling.htm",
		"/adventures/cycling.htm?a=b&c", "/about-us", "/about-us.htm", "/blog", "/blog/2019/x", "/robots.txt", "/favicon.ico", "/sitemap.xml",
		"/content/wknd/us/en.html", "/content/magazine/us/en.html", "/content/wknd/us/en/_jcr_content.html", "/etc.clientlibs/a.lc-0123abcd-lc.min.css",
		"/content/dam/a.coreimg.90.jpeg/1700000000/a.jpeg", "/graphql/execute.json/wknd/adventures", "/graphql/execute.json", "/.git/config", "/a/.env",
		"/content/x.html.bak", "/content/x~", "/x.tmp/y", "/crx/de/index.jsp", "/system/console/bundles.json", "/libs/granite/core/content/login.html",
		"/content/a%2Fb.html", "/content/a%2e%2e/b.html", "//us//en.html", "/us/en.html/../../etc/passwd", "/us/EN.html", "/us/en.html%3Fx", "/a%20b", "/%00",
		"/content/wknd/us/en.html;x='/graphql/execute.json/a'", "/us/en.html?q=%22%3E&utm_source=a", "/index.html", "/content/site/en.html", "/dam/logo.png",
	}
	headers := [][][2]string{
		nil, {{"X-Forwarded-Proto", "http"}}, {{"X-Forwarded-Proto", "https"}, {"Origin", "https://app.wknd.example"}},
		{{"Origin", "https://evil.example"}, {"Accept-Encoding", "gzip"}, {"Cookie", "login-token=x"}},
	}
	var n tally
	sites := 0
	for _, project := range []string{"cloud", "ams"} {
		root := filepath.Join("..", "..", "fixtures", project)
		files := maps.Clone(realFiles)
		base := "Define DOCROOT @ROOT@/htdocs\nDefine PUBLISH_DOCROOT @ROOT@/htdocs\nDefine AUTHOR_DOCROOT @ROOT@/htdocs\n" + realBase
		var drafts []*draft
		err := fs.WalkDir(os.DirFS(root), "conf.d", func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || strings.Contains(name, "enabled_") {
				return err
			}
			text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil {
				return err
			}
			files[name] = withoutModule(string(text))
			if strings.HasSuffix(name, ".vars") {
				base += "Include @ROOT@/" + name + "\n"
			}
			if body, ok := hostBody(files[name]); ok && strings.HasSuffix(name, ".vhost") {
				files["body/"+filepath.Base(name)] = body
				d := &draft{lines: []*line{{text: "Include @ROOT@/body/" + filepath.Base(name)}}}
				for _, target := range targets {
					for _, h := range headers {
						d.requests = append(d.requests, realhttpd.Request{Method: "GET", Target: target, Host: "@HOST@", Header: h})
					}
				}
				drafts = append(drafts, d)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var probes []probe
		for _, d := range drafts {
			for _, q := range d.requests {
				probes = append(probes, probe{d, q})
			}
		}
		sites += len(drafts)
		for i, d := range hold(t, realhttpd.Start(t, httpd, base, files), probes, &n) {
			if i < 5 {
				t.Errorf("%s differs from httpd:\n%s", project, d.text)
			}
		}
	}
	t.Logf("%d virtual hosts, %d requests: %d the same, %d not sure; refused: %d", sites, n.asked, n.same, n.notSure, n.refused)
	for _, v := range n.verdicts {
		t.Errorf("only one side starts with it: %s", v)
	}
	if n.refused > 0 || n.same < n.asked*9/10 || n.asked < 500 {
		t.Errorf("%d virtual hosts are refused, and %d of %d requests are the same", n.refused, n.same, n.asked)
	}
}

// withoutModule takes the directives of the Dispatcher out of a text, and lets what stands beside them hold.
func withoutModule(text string) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(l), "Dispatcher") {
			b.WriteString(strings.NewReplacer("disp_apache2.c", "mod_alias.c", "/etc/httpd/conf.d/", "conf.d/").Replace(l))
		}
	}
	return b.String()
}

// hostBody returns what stands in the only virtual host of a text, without names and document root.
func hostBody(text string) (string, bool) {
	_, rest, _ := strings.Cut(text, "<VirtualHost ")
	_, rest, ok := strings.Cut(rest, "\n")
	body, _, closed := strings.Cut(rest, "</VirtualHost>")
	var b strings.Builder
	for l := range strings.Lines(body) {
		switch name, _, _ := strings.Cut(strings.TrimSpace(l), " "); name {
		case "ServerName", "ServerAlias", "DocumentRoot":
		default:
			b.WriteString(l)
		}
	}
	return b.String(), ok && closed
}
