package apacheconf

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkRead: a server with 20 hosts that share one file of 1,800 rules.
func BenchmarkRead(b *testing.B) {
	var rules strings.Builder
	for i := range 900 {
		fmt.Fprintf(&rules, "RewriteCond %%{HTTP_HOST} ^www\\.example%d\\.com$ [NC]\nRewriteRule ^/old/%d/(.*)$ /content/${SITE}/%d/$1 [PT,L]\n", i%7, i, i)
	}
	files := map[string]string{mainName: "LoadModule rewrite_module x.so\nDefine SITE wknd\nInclude conf.d/*.vhost\n", "/etc/httpd/conf.d/a.rules": rules.String()}
	for i := range 20 {
		files[fmt.Sprintf("/etc/httpd/conf.d/%02d.vhost", i)] = "<VirtualHost *:80>\nServerName a\n<IfModule mod_rewrite.c>\nRewriteEngine On\nInclude conf.d/a.rules\n</IfModule>\n</VirtualHost>\n"
	}
	disk := newMemory(files)
	b.ReportAllocs()
	b.SetBytes(int64(20 * rules.Len()))
	for b.Loop() {
		tree, err := Read(b.Context(), Options{FS: disk, Main: mainName, Root: "/etc/httpd"})
		if err != nil || len(tree.Nodes) != 20 || len(tree.Nodes[0].Children) != 1802 {
			b.Fatal(err, len(tree.Nodes))
		}
	}
}
