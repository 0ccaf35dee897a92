package simulate

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/spelling"
)

// Directives are what httpd's configuration says about the module, where that decides something here. The zero value
// is that of an httpd that says nothing.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-install.md.
type Directives struct {
	// DeclineRoot leaves requests for / to httpd (DispatcherDeclineRoot).
	DeclineRoot bool
	// UseProcessedURL takes the URL that httpd's modules made (DispatcherUseProcessedURL).
	UseProcessedURL bool
	// NoCanonURL sends the URL to the render as the client sent it (DispatcherNoCanonURL).
	NoCanonURL bool
	// PassError says which statuses httpd makes the body of (DispatcherPassError).
	PassError PassError
	// KeepAlive is how long an idle connection to a render is kept; 0 is the release's default, below 0 is none
	// (DispatcherKeepAliveTimeout).
	KeepAlive time.Duration
	// ForwardedHost takes the host of X-Forwarded-Host (DispatcherUseForwardedHost).
	ForwardedHost bool
	// EdgeKey is what X-Edge-Key must be for ForwardedHost to count; "" asks for none.
	EdgeKey string
	// EdgeKeyFile is the file that EdgeKey is in, as DispatcherUseForwardedHost names it; "" for none. The engine does
	// not read it: who reads directives puts its text into EdgeKey.
	EdgeKeyFile string
	// RestrictUncacheable takes caching headers of mod_expires off answers that are not cacheable
	// (DispatcherRestrictUncacheableContent).
	RestrictUncacheable bool
}

// PassError is the value of DispatcherPassError: ranges of statuses.
type PassError []StatusRange

// A StatusRange is the statuses from First to Last.
type StatusRange struct{ First, Last int }

// Passes reports whether httpd makes the body for a status.
func (p PassError) Passes(status int) bool {
	for _, r := range p {
		if r.First <= status && status <= r.Last {
			return true
		}
	}
	return false
}

// DropsExpires reports whether headers of mod_expires are taken off the answer: where it is not cacheable, in 4.3.3
// always (DISP-818), since 4.3.4 with DispatcherRestrictUncacheableContent (DISP-874). dir are the directives that held for the
// request; nil are the engine's own.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, release-notes.md.
func (e *Engine) DropsExpires(d *Decision, dir *Directives) bool {
	v := e.options.Version
	switch {
	case d.Cache.Reached && d.Cache.Cacheable || !v.AtLeast(disp818):
		return false
	case !v.AtLeast(disp874):
		return true
	}
	if dir == nil {
		dir = &e.options.Directives
	}
	return dir.RestrictUncacheable
}

// The statuses that there are.
const (
	firstStatus = 100
	firstError  = 400
	lastStatus  = 999
)

// A directive is one of httpd's directives of the module.
type directive struct {
	name string
	// set takes the value; an error says what is wrong with it, without the directive's name.
	set func(d *Directives, value string) error
	// bare says that the directive may stand without a value.
	bare bool
}

// directives are all of them. What has no effect here is known, so that whole configurations can be read.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-install.md, dispatcher-ssl.md and release-notes.md;
// adobe/aem-dispatcher-experiments, httpd.conf (ranges of DispatcherPassError).
func directives() []directive {
	ignored := func(*Directives, string) error { return nil }
	return []directive{
		{name: "DispatcherDeclineRoot", set: flag(func(d *Directives) *bool { return &d.DeclineRoot })},
		{name: "DispatcherUseProcessedURL", set: flag(func(d *Directives) *bool { return &d.UseProcessedURL })},
		{name: "DispatcherNoCanonURL", set: flag(func(d *Directives) *bool { return &d.NoCanonURL })},
		{name: "DispatcherRestrictUncacheableContent", set: flag(func(d *Directives) *bool { return &d.RestrictUncacheable })},
		{name: "DispatcherPassError", set: setPassError},
		{name: "DispatcherKeepAliveTimeout", set: setKeepAlive},
		{name: "DispatcherUseForwardedHost", set: setForwardedHost},
		{name: "DispatcherLogLevel", set: checkLogLevel},
		{name: "DispatcherSSINoCache", set: flag(func(*Directives) *bool { return new(bool) })},
		{name: "DispatcherCheckPeerCN", set: flag(func(*Directives) *bool { return new(bool) })},
		{name: "DispatcherNoServerHeader", set: ignored, bare: true},
		{name: "DispatcherConfig", set: ignored},
		{name: "DispatcherLog", set: ignored},
		{name: "DispatcherCertificateFile", set: ignored},
		{name: "DispatcherCACertificateFile", set: ignored},
	}
}

// ParseDirective reads one line of httpd's configuration with a directive of the module, "DispatcherPassError 1", into
// d. Names, On and Off may be in either letter case; a value may be quoted. Directives that decide nothing here are
// checked and change nothing; nor do blank lines and comments. Where there is an error, d is not changed.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-install.md.
func ParseDirective(d *Directives, line string) error {
	words, err := directiveWords(line)
	if err != nil || len(words) == 0 {
		return err
	}
	for _, known := range directives() {
		if !strings.EqualFold(known.name, words[0]) {
			continue
		}
		value := ""
		switch {
		case len(words) > 2:
			return fmt.Errorf("%s takes one value; %q is too much: put quotes around a value with blanks", known.name, words[2])
		case len(words) == 2:
			value = words[1]
		}
		if value == "" && !known.bare {
			return fmt.Errorf("%s has no value", known.name)
		}
		if err := known.set(d, value); err != nil {
			return fmt.Errorf("%s: %w", known.name, err)
		}
		return nil
	}
	if near := nearestDirective(words[0]); near != "" {
		return fmt.Errorf("directive %s is not known; did you mean %s?", words[0], near)
	}
	return fmt.Errorf("directive %s is not one of the Dispatcher module", words[0])
}

// directiveWords splits a line as httpd does: at blanks outside of quotes, in which \" is a quote.
func directiveWords(line string) ([]string, error) {
	var words []string
	for rest := strings.TrimLeft(line, " \t\r\n"); rest != "" && !(len(words) == 0 && rest[0] == '#'); rest = strings.TrimLeft(rest, " \t\r\n") {
		quote := rest[0]
		if quote != '"' && quote != '\'' {
			n := strings.IndexAny(rest, " \t\r\n")
			if n < 0 {
				n = len(rest)
			}
			words, rest = append(words, rest[:n]), rest[n:]
			continue
		}
		var b strings.Builder
		i := 1
		for ; i < len(rest) && rest[i] != quote; i++ {
			if rest[i] == '\\' && i+1 < len(rest) && (rest[i+1] == quote || rest[i+1] == '\\') {
				i++
			}
			b.WriteByte(rest[i])
		}
		if i == len(rest) {
			return nil, fmt.Errorf("the quote before %s has no end: add %c", rest[1:], quote)
		}
		words, rest = append(words, b.String()), rest[i+1:]
	}
	return words, nil
}

// nearestDirective returns the directive that a name is most likely meant to be, "" where none is near.
func nearestDirective(name string) string {
	best, found := 4, ""
	for _, d := range directives() {
		if n := spelling.Edits(strings.ToLower(name), strings.ToLower(d.name), 3); n < best {
			best, found = n, d.name
		}
	}
	return found
}

// readFlag reads On, Off, 1 or 0.
func readFlag(value string) (on, ok bool) {
	switch {
	case value == "1", strings.EqualFold(value, "On"):
		return true, true
	case value == "0", strings.EqualFold(value, "Off"):
		return false, true
	}
	return false, false
}

func flag(field func(*Directives) *bool) func(*Directives, string) error {
	return func(d *Directives, value string) error {
		on, ok := readFlag(value)
		if !ok {
			return fmt.Errorf("%q is neither On nor Off", value)
		}
		*field(d) = on
		return nil
	}
}

// setPassError reads 0, 1, or statuses and ranges of them with commas between. 1 is every status from 400 on.
func setPassError(d *Directives, value string) error {
	switch value = strings.TrimSpace(value); {
	case value == "0", strings.EqualFold(value, "Off"):
		d.PassError = nil
		return nil
	case value == "1", strings.EqualFold(value, "On"):
		d.PassError = PassError{{firstError, lastStatus}}
		return nil
	}
	var ranges PassError
	for part := range strings.SplitSeq(value, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		first, err := readStatus(from)
		if err != nil {
			return err
		}
		last, err := readStatus(to)
		if err != nil {
			return err
		}
		if last < first {
			return fmt.Errorf("range %d-%d runs backwards: write %d-%d", first, last, last, first)
		}
		ranges = append(ranges, StatusRange{first, last})
	}
	d.PassError = ranges
	return nil
}

func readStatus(s string) (int, error) {
	s = strings.TrimSpace(s)
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n < firstStatus || n > lastStatus {
		return 0, fmt.Errorf("%q is neither 0 nor 1 nor a status or range such as 400-404", s)
	}
	return int(n), nil
}

// setKeepAlive reads seconds; 0 turns it off.
func setKeepAlive(d *Directives, value string) error {
	n, err := strconv.ParseUint(value, 10, 31)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a number of seconds", value)
	case n == 0:
		d.KeepAlive = -1
	default:
		d.KeepAlive = time.Duration(n) * time.Second
	}
	return nil
}

// setForwardedHost reads On, Off or a file with the edge key.
func setForwardedHost(d *Directives, value string) error {
	on, ok := readFlag(value)
	d.ForwardedHost, d.EdgeKey, d.EdgeKeyFile = on || !ok, "", ""
	if !ok {
		d.EdgeKeyFile = value
	}
	return nil
}

// checkLogLevel checks a level, a number or a word.
func checkLogLevel(_ *Directives, value string) error {
	for i, level := range [...]string{"error", "warn", "info", "debug", "trace"} {
		if strings.EqualFold(value, level) || value == strconv.Itoa(i) {
			return nil
		}
	}
	return fmt.Errorf("%q is none of the levels error, warn, info, debug, trace and 0 to 4", value)
}
