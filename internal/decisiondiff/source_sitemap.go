package decisiondiff

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/dispcheck/dispcheck/simulate"
)

// MaxSitemap is how many bytes of a sitemap are read, as sitemaps.org bounds them.
const MaxSitemap = 50 << 20

// A Sitemap is the URLs of a sitemap (sitemaps.org) as a [Source].
type Sitemap struct {
	Name string
	Text io.Reader
	// Host and TLS take the place of those of the URLs where Host is not "".
	Host string
	TLS  bool
	// Client is who asks; the zero Addr is 127.0.0.1.
	Client netip.Addr
}

// A SitemapError says what is wrong with a sitemap.
type SitemapError struct {
	Name    string
	Line    int
	Message string
}

// Error implements error.
func (e *SitemapError) Error() string { return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Message) }

// Requests implements Source: a GET for each <loc> of an <url>.
func (s *Sitemap) Requests(ctx context.Context, add func(Request, int64) error) error {
	d := xml.NewDecoder(io.LimitReader(s.Text, MaxSitemap+1))
	wrong := func(format string, args ...any) error {
		line, _ := d.InputPos()
		return &SitemapError{s.Name, line, fmt.Sprintf(format, args...)}
	}
	found := 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if d.InputOffset() > MaxSitemap {
			return wrong("has more than %d bytes, the bound of sitemaps.org", MaxSitemap)
		}
		if err != nil {
			return wrong("is no XML: %v", err)
		}
		e, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch e.Name.Local {
		case "sitemapindex":
			return wrong("is an index of sitemaps: give the sitemaps that it names")
		case "loc":
		default:
			continue
		}
		var loc string
		if err := d.DecodeElement(&loc, &e); err != nil {
			return wrong("is no XML: %v", err)
		}
		r, err := simulate.NewRequest("GET", strings.TrimSpace(loc))
		if err != nil {
			return wrong("%v", err)
		}
		q := Request{Method: "GET", Target: r.Target, Host: r.Host, TLS: r.TLS, Client: s.Client}
		if s.Host != "" {
			q.Host, q.TLS = s.Host, s.TLS
		}
		found++
		if err := add(q, 1); err != nil {
			return err
		}
	}
	if found == 0 {
		return wrong("has no <loc>: it is no sitemap")
	}
	return nil
}
