package server

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
)

// values checks the arguments of directives that do nothing to an answer, where httpd refuses some.
//
// Source: httpd.apache.org/docs/2.4/mod/; what httpd 2.4.71 was seen to refuse.
func (d *decoder) values(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	switch n.Key {
	case "serversignature":
		d.oneOf(n, words[0], "Off", "On", "EMail")
	case "servertokens":
		d.oneOf(n, words[0], "Prod", "ProductOnly", "Major", "Minor", "Min", "Minimal", "OS", "Full")
	case "hostnamelookups":
		d.oneOf(n, words[0], "On", "Off", "Double")
	case "enablesendfile", "enablemmap":
		d.oneOf(n, words[0], "On", "Off")
	case sslEngine:
		d.oneOf(n, words[0], "On", "Off", "Optional")
	case "usecanonicalname":
		d.oneOf(n, words[0], "On", "Off", "DNS")
	case "usecanonicalphysicalport":
		d.oneOf(n, words[0], "On", "Off")
	case "loglevel":
		if !sc.server() {
			d.logLevel(&build{host: &Host{}}, n, words)
		}
	case "keepalivetimeout":
		if _, ok := duration(words[0].Text, time.Second); !ok {
			d.argument(n, words[0], "write a number of seconds, or one with ms, s, min or h behind it", "KeepAliveTimeout is %q", words[0].Text)
		}
	case "proxytimeout":
		if v, ok := duration(words[0].Text, time.Second); !ok || v == 0 {
			d.argument(n, words[0], "write a number of seconds above 0", "ProxyTimeout is %q", words[0].Text)
		}
	case "deflatecompressionlevel":
		if v := leading(words[0].Text); v < 1 || v > 9 {
			d.argument(n, words[0], "write a number of 1 to 9", "DeflateCompressionLevel is %q", words[0].Text)
		}
	case "requestreadtimeout":
		for _, w := range words {
			name, _, has := strings.Cut(w.Text, "=")
			switch strings.ToLower(name) {
			case "header", "body", "handshake":
				if has {
					continue
				}
			}
			d.argument(n, w, "write header=, body= or handshake= and seconds", "RequestReadTimeout has %q", w.Text)
			return
		}
	case "forcelanguagepriority":
		for _, w := range words {
			if !d.oneOf(n, w, "Prefer", "Fallback", "None") {
				return
			}
		}
	case "indexoptions":
		d.indexOptions(n, words)
	case "proxypassreverse":
		if sc.server() && len(words) == 1 {
			d.refuse(ruleCount, n, n.ArgsAt, "write a path in front of the URL", "ProxyPassReverse has no path outside of <Location>")
		}
	}
}

// duration reads a time as httpd does (ap_timeout_parameter_parse): a number, and a unit in lower case of which only the first
// letters count; without one it is in unit. It is false for what httpd refuses, and for more than its clock holds.
func duration(s string, unit time.Duration) (time.Duration, bool) {
	s = strings.TrimLeft(s, " \t\r\n\v\f")
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && (s[0] == '-' || s[0] == '+')) {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 64)
	if errors.Is(err, strconv.ErrRange) || n < 0 {
		return 0, false
	}
	switch rest := s[end:]; {
	case rest == "":
	case rest[0] == 's':
		unit = time.Second
	case rest[0] == 'h':
		unit = time.Hour
	case strings.HasPrefix(rest, "ms"):
		unit = time.Millisecond
	case strings.HasPrefix(rest, "mi"):
		unit = time.Minute
	default:
		return 0, false
	}
	if n > math.MaxInt64/int64(unit/time.Microsecond) { // httpd counts microseconds
		return 0, false
	}
	if n > math.MaxInt64/int64(unit) {
		return math.MaxInt64, true
	}
	return time.Duration(n) * unit, true
}

func (d *decoder) indexOptions(n *apacheconf.Node, words []apacheconf.Word) {
	for _, w := range words {
		name, _, _ := strings.Cut(strings.ToLower(strings.TrimLeft(w.Text, "+-")), "=")
		switch name {
		case "fancyindexing", "foldersfirst", "htmltable", "iconsarelinks", "iconheight", "iconwidth", "ignoreclient", "ignorecase",
			"namewidth", "descriptionwidth", "scanhtmltitles", "suppresshtmlpreamble", "suppressicon", "suppresslastmodified",
			"suppresssize", "suppressdescription", "suppressrules", "suppresscolumnsorting", "trackmodified", "versionsort", "xhtml",
			"showforbidden", "none", "charset", "type", "addalttext", "useolddateformat":
		default:
			d.argument(n, w, "see the options of mod_autoindex", "IndexOptions has %q, which is no option", w.Text)
			return
		}
	}
}
