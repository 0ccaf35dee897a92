package bench

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dlclark/regexp2/v2"
)

// pcrePatterns are patterns as rewrite rules have them, with a subject each way.
var pcrePatterns = []struct{ name, pattern, hit, miss string }{
	{"literal", "^/us/en/old-page$", "/us/en/old-page", "/us/en/old-pages/more.html"},
	{"prefix", "^/content/(.*)$", "/content/wknd/us/en/adventures.html", "/etc.clientlibs/wknd/a.css"},
	{"affixes", "^/content/wknd/(.*)\\.html$", "/content/wknd/us/en/adventures.html", "/content/wknd/us/en/adventures.json"},
	{"extensions", "\\.(css|eot|gif|ico|jpe?g|js|pdf|png|svg|ttf|woff2?)$", "/etc.clientlibs/wknd/a.js", "/content/wknd/us/en/adventures.html"},
	{"segments", "^/content/([a-z-]+)/([a-z]{2})/([a-z]{2})/(.*)\\.html$", "/content/wknd/us/en/adventures/beervana.html", "/content/wknd/global/en/adventures.html"},
	{"lookahead", "^/(?!content|etc|libs|apps|dam)(.*)$", "/us/en/adventures.html", "/content/wknd/us/en.html"},
	{"mobile", "(?i)(android|blackberry|iphone|ipad|ipod|iemobile|opera mobi|palmos|webos|googlebot-mobile)",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Safari/537.36"},
}

// BenchmarkPCRE finds each pattern in two subjects, groups included, with internal/match, with regexp2 as it would be
// used alone (with a timeout, since it explodes), and with Go's regexp where that has the words.
func BenchmarkPCRE(b *testing.B) {
	for _, tt := range pcrePatterns {
		b.Run(tt.name+"/tool=dispcheck", func(b *testing.B) {
			re, err := match.CompilePCRE(tt.pattern, match.PCREOptions{})
			if err != nil {
				b.Fatal(err)
			}
			var caps []int
			b.ReportAllocs()
			for b.Loop() {
				_, caps, _ = re.Match(tt.hit, caps)
				_, caps, _ = re.Match(tt.miss, caps)
			}
		})
		b.Run(tt.name+"/tool=regexp2", func(b *testing.B) {
			re := regexp2.MustCompile(tt.pattern, regexp2.Singleline)
			re.MatchTimeout = 250 * time.Millisecond
			b.ReportAllocs()
			for b.Loop() {
				for _, s := range []string{tt.hit, tt.miss} {
					if m, err := re.FindStringMatch(s); err != nil {
						b.Fatal(err)
					} else if m != nil {
						m.Groups()
					}
				}
			}
		})
		if strings.Contains(tt.pattern, "(?!") {
			continue
		}
		b.Run(tt.name+"/tool=regexp", func(b *testing.B) {
			re := regexp.MustCompile("(?s)" + tt.pattern)
			b.ReportAllocs()
			for b.Loop() {
				re.FindStringSubmatchIndex(tt.hit)
				re.FindStringSubmatchIndex(tt.miss)
			}
		})
	}
}
