package apacheconf

import (
	"strings"
	"testing"
)

// hostile are configurations that are made to cost much: where a line costs as much as all lines before it, each of them takes
// minutes. The numbers are how many findings there are.
var hostile = []struct {
	name, text string
	findings   int
}{
	{"openings and strange closings passed over", "<IfDefine NO>\n" + strings.Repeat("<a>\n", 200_000) + strings.Repeat("</b>\n", 200_000) + "</IfDefine>\n", 1000},
	{"openings passed over, closed from outside", "<IfDefine NO>\n" + strings.Repeat("<a>\n", 200_000) + strings.Repeat("</b>\n<b>\n", 100_000) + "</IfDefine>\n", 1002},
	{"variables without a value, and many defines", strings.Repeat("A ${x}\n", 10_000) + strings.Repeat("Define y z\n", 100_000), maxFindings},
	{"a variable that gets its value late", strings.Repeat("A ${x}\n", 10_000) + strings.Repeat("Define y z\n", 100_000) + "Define x 1\n", maxFindings},
	{"strange closings in open sections", strings.Repeat("<a>\n", 200) + strings.Repeat("</b>\n", 200_000), 1000},
}

func TestHostile(t *testing.T) {
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			tree, err := Read(t.Context(), Options{FS: newMemory(map[string]string{"/etc/httpd/conf/httpd.conf": tt.text}), Main: "conf/httpd.conf", Root: "/etc/httpd"})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(tree.Findings); n != tt.findings {
				t.Errorf("got %d findings, want %d", n, tt.findings)
			}
		})
	}
}

// BenchmarkHostile gives the cost a byte, which is that of other texts.
func BenchmarkHostile(b *testing.B) {
	for _, tt := range hostile {
		b.Run(strings.ReplaceAll(tt.name, " ", "-"), func(b *testing.B) {
			disk := newMemory(map[string]string{"/etc/httpd/conf/httpd.conf": tt.text})
			b.SetBytes(int64(len(tt.text)))
			for b.Loop() {
				if _, err := Read(b.Context(), Options{FS: disk, Main: "conf/httpd.conf", Root: "/etc/httpd"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
