package httpd

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

// TestPlatformFiles: of a copy of one of the platform's files only that is told which a newer copy puts right, as an info, and
// what such a file sets counts for the others.
func TestPlatformFiles(t *testing.T) {
	const name = "conf.d/dispatcher_vhost.conf"
	files := fstest.MapFS{
		name: &fstest.MapFile{Data: []byte(`ServerName dispatcher
<LocationMatch "/graphql/execute.json/.*">
	ProxyPassMatch http://${AEM_HOST}:${AEM_PORT} nocanon
</LocationMatch>
<LocationMatch "/crx/(de|server)/">
	ProxyPassMatch http://${AEM_HOST}:${AEM_PORT}
</LocationMatch>
DispatcherUseProcessedURL On
Header append Vary User-Agent
Header always append X-Frame-Options DENY
Include conf.d/enabled_vhosts/*.vhost
`)},
		"conf.d/enabled_vhosts/site.vhost": &fstest.MapFile{Data: []byte(`<VirtualHost *:80>
	ServerName www.site.example
	ServerAlias *
	DocumentRoot "/var/www/site"
	AllowEncodedSlashes NoDecode
	<Directory />
		ModMimeUsePathInfo On
		DirectorySlash Off
		SetHandler dispatcher-handler
	</Directory>
	<Directory "/var/www/site">
		Require all granted
	</Directory>
	Header always set X-Content-Type-Options nosniff
	RewriteEngine On
	RewriteRule "^/$" "/content/site/en.html" [PT,L]
	Header append Vary User-Agent
</VirtualHost>
`)},
	}
	p, err := project.Load(t.Context(), project.Options{FS: files, Path: "conf.d/enabled_vhosts/site.vhost", Profile: project.Cloud})
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Subject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Found = nil
	s.Immutable = func(f *source.File) bool { return strings.HasSuffix(f.Name, "dispatcher_vhost.conf") }
	r := lint.Run(t.Context(), s, Rules(), &lint.Settings{Ignore: []string{"DSP566", "DSP567"}}, lint.RunOptions{})
	for _, f := range r.Failures {
		t.Errorf("%v\n%s", f, f.Stack)
	}
	var got []string
	for _, d := range r.Findings {
		got = append(got, d.Span.File.Name+" "+d.Severity.String()+" "+d.Rule+" "+d.Span.Text())
	}
	want := []string{
		name + ` info DSP580 "/graphql/execute.json/.*"`,
		"conf.d/enabled_vhosts/site.vhost warning DSP573 User-Agent",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestNoServer: a configuration without an httpd side is none of these rules' business.
func TestNoServer(t *testing.T) {
	files := fstest.MapFS{"dispatcher.any": &fstest.MapFile{Data: []byte("/farms { /site { /virtualhosts { \"*\" } } }\n")}}
	p, err := project.Load(t.Context(), project.Options{FS: files, Path: "dispatcher.any"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Subject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Found = nil
	if r := lint.Run(t.Context(), s, Rules(), nil, lint.RunOptions{}); len(r.Findings)+len(r.Failures) > 0 {
		t.Errorf("got %v, %v", r.Findings, r.Failures)
	}
}
