package grammar

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/source"
)

// farms writes a configuration of about n bytes: farms, filters, cache rules and comments, unevenly
// indented.
func farms(n int) []byte {
	var b bytes.Buffer
	b.WriteString("/name \"bench\"\n/farms {\n")
	for i := 0; b.Len() < n; i++ {
		farm := strings.ReplaceAll(benchFarm, "@", string(rune('a'+i%26)))
		b.WriteString(farm)
	}
	b.WriteString("}\n")
	return b.Bytes()
}

const benchFarm = `  # the farm of site @
  /site-@ {
	/clientheaders { "Host" "X-Forwarded-Proto" "User-Agent" }
    /virtualhosts {
      "www.@.example.com"   # public
      "@.example.com"
    }
    /renders { /rend01 { /hostname "${PUBLISH_IP}" /port "4503" /timeout "10000" } }
    /filter {
      # deny everything, then open what the site needs
      /0001 { /type "deny" /url "*" }
      /0010 { /type "allow" /extension '(css|eot|gif|ico|jpeg|jpg|js|pdf|png|svg|woff2?)' /path "/content/*" }
      /0011 { /type "allow" /method "GET" /url "/etc.clientlibs/*" }
	  /0012 {
	    /type "allow"
	    /method '(GET|HEAD)'
	    /url "/content/@/*.html"
	  }
      /0090 { /type "deny" /selectors '(feed|rss|pages|languages|blueprint|infinity|tidy|sysview|docview|query|jcr:content|[0-9-]+)' /extension '(json|xml|html|feed)' }
    }
    /cache {
      /docroot "/var/www/@"
      /statfileslevel "3"
      /rules {
        /0000 { /glob "*" /type "allow" }
        /0001 { /glob "/libs/granite/csrf/token.json" /type "deny" }
      }
      /invalidate { /0000 { /glob "*" /type "deny" } /0001 { /glob "*.html" /type "allow" } }
      /headers { "Cache-Control" "Content-Type" "Last-Modified" }
    }
  }

`

var sizes = []struct {
	name string
	n    int
}{{"4KB", 4 << 10}, {"50KB", 50 << 10}, {"1MB", 1 << 20}}

func BenchmarkParse(b *testing.B) {
	for _, s := range sizes {
		src := source.NewFile("bench.any", farms(s.n))
		b.Run(s.name, func(b *testing.B) {
			b.SetBytes(int64(len(src.Text)))
			b.ReportAllocs()
			for b.Loop() {
				Parse(src)
			}
		})
	}
}

func BenchmarkScan(b *testing.B) {
	for _, s := range sizes {
		src := farms(s.n)
		b.Run(s.name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			var toks []Token
			for b.Loop() {
				toks = Scan(src, toks[:0])
			}
		})
	}
}

func BenchmarkFormat(b *testing.B) {
	for _, s := range sizes {
		src := farms(s.n)
		b.Run(s.name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				FormatText(src, FormatOptions{})
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, s := range sizes {
		f := Parse(source.NewFile("bench.any", farms(s.n)))
		b.Run(s.name, func(b *testing.B) {
			b.SetBytes(int64(len(f.Src.Text)))
			b.ReportAllocs()
			for b.Loop() {
				Check(f)
			}
		})
	}
}
