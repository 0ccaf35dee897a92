package httpd

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/source"
)

const benchHost = `<VirtualHost *:80>
  # the site of @
  ServerName www.@.example.com
  ServerAlias @.example.com *.@.example.com
  DocumentRoot "${DOCROOT}"
  <Directory "${DOCROOT}">
    Options FollowSymLinks
    AllowOverride None
    Require all granted
  </Directory>
  <IfModule mod_rewrite.c>
    RewriteEngine On
    RewriteCond %{REQUEST_URI} !^/content/@
    RewriteCond %{REQUEST_URI} !^/(apps|bin|conf|etc|home|libs|system|tmp|var)/
    RewriteRule ^/(.*)$ /content/@/$1 [PT,L]
    RewriteRule "^/old page$" "https://www.@.example.com/new" [R=301,NE,L]
  </IfModule>
  <LocationMatch "^/content/.*\.html$">
    Header set Cache-Control "max-age=300,stale-while-revalidate=43200" \
      "expr=%{REQUEST_STATUS} < 400"
  </LocationMatch>
</VirtualHost>
`

func hosts(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		b.WriteString(strings.ReplaceAll(benchHost, "@", string(rune('a'+i%26))))
	}
	return b.Bytes()
}

func BenchmarkParse(b *testing.B) {
	text := hosts(1 << 20)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(source.NewFile("bench.conf", text))
	}
}

func BenchmarkCheck(b *testing.B) {
	text := hosts(1 << 20)
	f := Parse(source.NewFile("bench.conf", text))
	if ds := Check(f); len(ds) > 0 {
		b.Fatal(ds[0].Message)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Check(f)
	}
}
