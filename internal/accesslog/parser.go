package accesslog

import (
	"bytes"
	"fmt"
	"strings"
)

// Options say what is read and what is kept. The zero value finds out the format and drops what is personal.
type Options struct {
	// Format is a name of [Formats], or a LogFormat of httpd; "" finds it out from the first lines.
	Format string
	// KeepClient keeps addresses and names of clients and users.
	KeepClient bool
	// KeepUserAgent keeps user agents.
	KeepUserAgent bool
	// KeepQuery keeps the values of query parameters. Names are always kept.
	KeepQuery bool
	// KeepHeaders keeps the values of all other request headers and cookies. Without it only those are kept that tell what
	// was asked for, not who asked: Accept, Range, X-Forwarded-Proto and the like.
	KeepHeaders bool
	// MaxLine bounds a line, in bytes; 0 is 128 KiB. Longer ones are counted as TooLong.
	MaxLine int
	// SampleText is how many bytes of a malformed line its sample shows, with what may be personal masked, see [Mask]; 0 shows
	// none. Whole shows them as they are.
	SampleText int
	Whole      bool
	// Flushes delivers the lines of dispatcher.log that say what a flush asks for, as records with a Flush and no target.
	Flushes bool
	// Samples bounds the samples of each reason; 0 is 5, less is none.
	Samples int
}

func (o *Options) maxLine() int {
	if o.MaxLine <= 0 {
		return 128 << 10
	}
	return o.MaxLine
}

func (o *Options) samples() int {
	switch {
	case o.Samples == 0:
		return 5
	case o.Samples < 0:
		return 0
	}
	return o.Samples
}

type kind uint8

const (
	kindLayout kind = iota
	kindCDN
	kindDispatcher
	kindURLs
	kindHAR
)

// A known is a format that has a name.
type known struct {
	name   string
	kind   kind
	format string // of httpd
	lax    bool
	about  string
}

// knownFormats is in the order in which formats are tried: of two that read as many lines, the first is taken.
var knownFormats = []known{
	{name: "cdn", kind: kindCDN, about: "CDN log of AEM as a Cloud Service, one JSON object a line"},
	{name: "dispatcher", kind: kindDispatcher, about: "dispatcher.log, of a web server or of AEM as a Cloud Service"},
	{name: "dispatcher_access", format: `%t "%m %{dispatcher:uri}e%q %H" %{dispatcher:status}e %{dispatcher:cache}e [%{dispatcher:backend}e] %{ms}Tms "%{Host}i"`, lax: true,
		about: "LogFormat dispatcher of the Dispatcher SDK and of AMS"},
	{name: "vhost_combined", format: `%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"`, about: "httpd, with the virtual host in front"},
	{name: "host_combined", format: `%h "%{Host}i" %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`, lax: true, about: "LogFormat combined of AMS, with the host"},
	{name: "combinedio", format: `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O`, about: "httpd, with bytes in and out"},
	{name: "combined", format: `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`, about: "httpd"},
	{name: "common", format: `%h %l %u %t "%r" %>s %b`, about: "httpd"},
	{name: "cloud_access", format: `%h %l %u %{%d/%b/%Y:%H:%M:%S %z}t  "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`, lax: true, about: "httpd access log of AEM as a Cloud Service"},
	{name: "vhost_common", format: `%v:%p %h %l %u %t "%r" %>s %b`, about: "httpd, with the virtual host in front"},
	{name: "urls", kind: kindURLs, about: "a URL a line: URL, METHOD URL or METHOD URL HOST"},
	{name: "har", kind: kindHAR, about: "HTTP archive, as browsers save it"},
}

// laxly are the formats that are tried once more, with text behind them, when nothing else fits.
var laxly = []string{"vhost_combined", "combined", "vhost_common", "common"}

// A FormatName is one of the names that Options.Format takes.
type FormatName struct {
	// Name is as in Options.Format.
	Name string
	// LogFormat is httpd's notation, where there is one.
	LogFormat string
	// About says whose it is.
	About string
}

// Formats returns the formats that have names.
func Formats() []FormatName {
	names := make([]FormatName, len(knownFormats))
	for i := range knownFormats {
		k := &knownFormats[i]
		names[i] = FormatName{Name: k.name, LogFormat: k.format, About: k.about}
	}
	return names
}

// A Parser reads lines of one format. It may be used by several goroutines, each with a Record of its own.
type Parser struct {
	name   string
	kind   kind
	layout *layout
	opts   Options
}

// New returns the parser for Options.Format, which is not "". A LogFormat that cannot be read line by line gives an error.
func New(o Options) (*Parser, error) {
	for i := range knownFormats {
		if strings.EqualFold(knownFormats[i].name, o.Format) {
			return newKnown(&knownFormats[i], o)
		}
	}
	if !strings.Contains(o.Format, "%") {
		names := make([]string, len(knownFormats))
		for i := range knownFormats {
			names[i] = knownFormats[i].name
		}
		return nil, fmt.Errorf("log format %q is not known: use one of %s, or a LogFormat such as %%h %%t \"%%r\" %%>s", o.Format, strings.Join(names, ", "))
	}
	l, err := compile(o.Format, &o)
	if err != nil {
		return nil, err
	}
	return &Parser{name: "logformat", layout: l, opts: o}, nil
}

func newKnown(k *known, o Options) (*Parser, error) {
	p := &Parser{name: k.name, kind: k.kind, opts: o}
	if k.format != "" {
		l, err := compile(k.format, &o)
		if err != nil {
			return nil, err
		}
		l.lax = k.lax
		p.layout = l
	}
	return p, nil
}

// Name is the format's: one of [Formats], or logformat.
func (p *Parser) Name() string { return p.name }

// Lines reports whether the format has a request a line, so that a file can be read in ranges. HAR has not.
func (p *Parser) Lines() bool { return p.kind != kindHAR }

// Columns are what [Record.Column] counts: the directives of a LogFormat that no field of a record is meant for.
func (p *Parser) Columns() []Column {
	if p.layout == nil {
		return nil
	}
	return p.layout.columns
}

// Parse reads a line, without its end, into r and says [Read], or why not. It writes into the line: it undoes escapes and drops
// values where they stand. HAR has no lines, and gives Misfit.
func (p *Parser) Parse(line []byte, r *Record) Reason {
	r.reset(p, line)
	if len(line) == 0 {
		return Blank
	}
	var reason Reason
	switch p.kind {
	case kindLayout:
		reason = p.layout.parse(p, line, r)
	case kindCDN:
		reason = p.cdn(line, r)
	case kindDispatcher:
		reason = p.dispatcher(line, r)
	case kindURLs:
		reason = p.url(line, r)
	default:
		reason = Misfit
	}
	if reason == Misfit {
		switch {
		case bytes.IndexByte(line, 0) >= 0:
			return Binary
		case len(bytes.TrimSpace(line)) == 0:
			return Blank
		}
	}
	return reason
}
