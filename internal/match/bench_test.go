package match

import (
	"regexp"
	"strings"
	"testing"
)

// globRegexp writes a glob for Go's regexp, the baseline of the benchmarks.
func globRegexp(glob string) string {
	source, _ := goSyntax(parseGlob(glob, false, false))
	return `\A(?:` + source + `)\z`
}

// ereRegexp does the same for a regular expression.
func ereRegexp(ere string) string {
	e, _, err := ParseERE(ere)
	if err != nil {
		panic(err)
	}
	source, _ := goSyntax(e)
	return `\A(?:` + source + `)\z`
}

var globBenchmarks = []struct{ name, glob, hit, miss string }{
	{"literal", "/libs/granite/csrf/token.json", "/libs/granite/csrf/token.json", "/libs/granite/csrf/token.html"},
	{"prefix", "/content/*", "/content/wknd/us/en/adventures/beervana-portland.html", "/libs/granite/core/content/login.html"},
	{"suffix", "*.html", "/content/wknd/us/en/adventures/beervana-portland.html", "/content/wknd/us/en/adventures/beervana.jpeg"},
	{"contains", "*/jcr:content/*", "/content/wknd/us/en/adventures/jcr:content/root.html", "/content/wknd/us/en/adventures/jcr-content/root.html"},
	{"ends", "/content/*.html", "/content/wknd/us/en/adventures/beervana-portland.html", "/content/wknd/us/en/adventures/beervana.jpeg"},
	{"stars", "/content/*/outdoor/*.html", "/content/wknd/us/en/outdoor/gear/beervana-portland.html", "/content/wknd/us/en/adventures/gear/beervana.html"},
	{"manystars", "* /content/*/us/*/adventures/*.html *", "GET /content/wknd/us/en/adventures/beervana.html HTTP/1.1", "GET /content/wknd/us/en/magazine/western-australia.html HTTP/1.1"},
	{"class", "/content/*/[a-z][a-z]/*.html", "/content/wknd/us/en/adventures/beervana-portland.html", "/content/wknd-site/language/adventures/beervana.html"},
}

func BenchmarkGlob(b *testing.B) {
	for _, tt := range globBenchmarks {
		for _, subject := range []struct{ name, text string }{{"hit", tt.hit}, {"miss", tt.miss}} {
			b.Run(tt.name+"/"+subject.name, func(b *testing.B) {
				p := Glob(tt.glob)
				b.ReportAllocs()
				for b.Loop() {
					p.Match(subject.text)
				}
			})
			b.Run(tt.name+"/"+subject.name+"/go-regexp", func(b *testing.B) {
				p := regexp.MustCompile(globRegexp(tt.glob))
				b.ReportAllocs()
				for b.Loop() {
					p.MatchString(subject.text)
				}
			})
		}
	}
	b.Run("host/fold", func(b *testing.B) {
		p := GlobFold("*.example.com")
		b.ReportAllocs()
		for b.Loop() {
			p.Match("WWW.Example.com")
		}
	})
}

var ereBenchmarks = []struct{ name, ere, hit, miss string }{
	{"methods", "(GET|HEAD)", "HEAD", "POST"},
	{"extensions", "(css|eot|gif|ico|jpeg|jpg|js|gif|pdf|png|svg|swf|ttf|woff|woff2|html|json|mp4|webp|zip)", "webp", "infinity"},
	{"suffixes", `.*\.(css|eot|gif|ico|jpe?g|js|pdf|png|svg|swf|ttf|woff2?)`, "/etc.clientlibs/wknd/clientlibs/clientlib-site.min.js", "/content/wknd/us/en/adventures/beervana-portland.html"},
	{"tree", "/(system|crx|admin)(/.*)?", "/system/console/bundles.json", "/content/wknd/us/en.html"},
	{"path", `/content/([^./]+/)*[^./]+\.html`, "/content/wknd/us/en/adventures/beervana-portland.html", "/content/wknd/us/en/adventures/beervana.portland.html"},
	{"query", "(.*&)?debug=.*", "a=b&c=d&e=f&debug=layout", "a=b&c=d&e=f&wcmmode=disabled&page=12"},
	{"ipv6", `([0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}`, "2001:db8:85a3:0:0:8a2e:370:7334", "2001:db8:85a3:0:0:8a2e:370:7334:zz"},
	{"long", `/([a-z0-9-]+/)+[a-z0-9-]+`, "/" + strings.Repeat("segment-01/", 93) + "x", "/" + strings.Repeat("segment-01/", 93)},
}

func BenchmarkERE(b *testing.B) {
	for _, tt := range ereBenchmarks {
		for _, subject := range []struct{ name, text string }{{"hit", tt.hit}, {"miss", tt.miss}} {
			b.Run(tt.name+"/"+subject.name, func(b *testing.B) {
				p, err := ERE(tt.ere)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(subject.text)))
				b.ReportAllocs()
				for b.Loop() {
					p.Match(subject.text)
				}
			})
			b.Run(tt.name+"/"+subject.name+"/go-regexp", func(b *testing.B) {
				p := regexp.MustCompile(ereRegexp(tt.ere))
				b.SetBytes(int64(len(subject.text)))
				b.ReportAllocs()
				for b.Loop() {
					p.MatchString(subject.text)
				}
			})
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	b.Run("globs", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, tt := range globBenchmarks {
				Glob(tt.glob)
			}
		}
	})
	b.Run("globs/go-regexp", func(b *testing.B) {
		var sources []string
		for _, tt := range globBenchmarks {
			sources = append(sources, globRegexp(tt.glob))
		}
		b.ReportAllocs()
		for b.Loop() {
			for _, source := range sources {
				regexp.MustCompile(source)
			}
		}
	})
	compileAll := func(b *testing.B, use bool) {
		b.ReportAllocs()
		for b.Loop() {
			for _, tt := range ereBenchmarks {
				p, err := ERE(tt.ere)
				if err != nil {
					b.Fatal(err)
				}
				if use {
					p.Match(tt.hit)
				}
			}
		}
	}
	b.Run("eres", func(b *testing.B) { compileAll(b, false) })
	b.Run("eres-and-first-match", func(b *testing.B) { compileAll(b, true) })
	b.Run("eres/go-regexp", func(b *testing.B) {
		var sources []string
		for _, tt := range ereBenchmarks {
			sources = append(sources, ereRegexp(tt.ere))
		}
		b.ReportAllocs()
		for b.Loop() {
			for _, source := range sources {
				regexp.MustCompile(source)
			}
		}
	})
}
