package serve

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// An AccessForm is how lines of the access log are written.
type AccessForm uint8

// The forms.
const (
	// Combined is httpd's: 127.0.0.1 - - [20/Nov/2026:16:30:00 +0000] "GET /a.html HTTP/1.1" 200 15 "referer" "agent".
	Combined AccessForm = iota
	// CDN is a JSON object a line, as the CDN of AEM as a Cloud Service logs.
	CDN
)

// append adds the line of a request, with its line end.
func (f AccessForm) append(b []byte, x *exchange) []byte {
	if f == CDN {
		return appendCDN(b, x)
	}
	r := &x.request
	b = append(b, client(r.Client)...)
	b = append(b, " - - ["...)
	b = x.at.AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(b, `] "`...)
	b = appendQuoted(b, r.Method)
	b = append(b, ' ')
	b = appendQuoted(b, r.Target)
	b = append(b, ' ')
	b = appendQuoted(b, r.Proto)
	b = append(b, `" `...)
	b = strconv.AppendInt(b, int64(x.status), 10)
	b = append(b, ' ')
	if x.sent == 0 {
		b = append(b, '-')
	} else {
		b = strconv.AppendInt(b, x.sent, 10)
	}
	b = append(b, ` "`...)
	b = appendQuoted(b, orDash(r.Header, "Referer"))
	b = append(b, `" "`...)
	b = appendQuoted(b, orDash(r.Header, "User-Agent"))
	return append(b, '"', '\n')
}

func client(a netip.Addr) string {
	if !a.IsValid() {
		return "-"
	}
	return a.String()
}

func orDash(h simulate.Header, name string) string {
	if v, ok := h.Value(name); ok && v != "" {
		return v
	}
	return "-"
}

// appendQuoted adds a text as httpd writes one into a log: what could end the field or the line is escaped.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_log_config.html (security considerations).
func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < ' ' || c >= 0x7f:
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}

// cdnLine is a line of the CDN's log.
//
// Source: AdobeDocs/experience-manager-cloud-service.en, logging.md.
type cdnLine struct {
	Timestamp string `json:"timestamp"`
	TTFB      int64  `json:"ttfb"`
	Client    string `json:"cli_ip"`
	RID       string `json:"rid"`
	Agent     string `json:"req_ua"`
	Host      string `json:"host"`
	URL       string `json:"url"`
	Method    string `json:"method"`
	Type      string `json:"res_ctype"`
	Cache     string `json:"cache"`
	Status    int    `json:"status"`
	Age       int64  `json:"res_age"`
}

func appendCDN(b []byte, x *exchange) []byte {
	r, d := &x.request, x.decision
	l := cdnLine{
		Timestamp: x.at.UTC().Format("2006-01-02T15:04:05+0000"), TTFB: int64(time.Since(x.start) / time.Millisecond), Client: client(r.Client),
		RID: strconv.FormatInt(x.id, 10), Host: r.Host, URL: r.Target, Method: r.Method, Status: x.status, Cache: "PASS",
	}
	l.Agent, _ = r.Header.Value("User-Agent")
	l.Type, _ = d.Response.Header.Value("Content-Type")
	if i := strings.IndexByte(l.Type, ';'); i >= 0 {
		l.Type = l.Type[:i]
	}
	if age, ok := d.Response.Header.Value("Age"); ok {
		l.Age, _ = strconv.ParseInt(age, 10, 64)
	}
	switch {
	case d.Outcome == simulate.Delivered, d.Cache.ServedStale:
		l.Cache = "HIT"
	case d.Cache.Stored:
		l.Cache = "MISS"
	}
	text, err := json.Marshal(&l)
	if err != nil {
		return b // nothing in it can fail
	}
	return append(append(b, text...), '\n')
}
