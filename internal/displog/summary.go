package displog

import (
	"fmt"
	"strconv"
	"strings"
)

// A Summary is the line that ends a request in the log.
type Summary struct {
	Method, URI string
	// Status is as written: a number, "-" for the usual one, or "!" for a blocked request of a release before 4.3.3.
	Status string
	// Action is hit, miss, none, blocked or purge; "" where the release does not say.
	Action string
	// Stored says that the answer was put into the cache, in releases before 4.3.3.
	Stored bool
	// Farm and Render took part; Render is "-" for none.
	Farm, Render string
	// Millis is how long it took.
	Millis int64
	// Host is the request's, in logs of AEM as a Cloud Service.
	Host string
}

// Blocked reports whether the filter denied the request.
func (s *Summary) Blocked() bool { return s.Action == "blocked" || s.Status == "!" }

// ParseSummary reads the message of a summary, in any of its forms:
//
//	"GET /x.html" - miss [publish/rend01] 905ms               since 4.3.3
//	"GET /x.html" - + 24034ms [publishfarm/0]                 before
//	"GET /favicon.ico" 502 - 54034ms authorfarm/-             before
//	"GET /x.html" - 475ms [publishfarm/0] [action miss] "host"   AEM as a Cloud Service
func ParseSummary(message string) (Summary, bool) {
	var s Summary
	if message == "" || message[0] != '"' {
		return s, false
	}
	end := 1 + strings.Index(message[1:], `" `) // a quote in the URI would be encoded
	if end <= 0 {
		return s, false
	}
	var ok bool
	if s.Method, s.URI, ok = strings.Cut(message[1:end], " "); !ok {
		return s, false
	}
	words := strings.Fields(strings.NewReplacer("[action ", "[action=").Replace(message[end+1:]))
	for i, w := range words {
		switch {
		case i == 0:
			s.Status = w
		case strings.HasPrefix(w, "[action="):
			s.Action = strings.Trim(w[len("[action="):], "]")
		case strings.HasSuffix(w, "ms") && isNumber(w[:len(w)-2]):
			s.Millis, _ = strconv.ParseInt(w[:len(w)-2], 10, 64)
		case strings.HasPrefix(w, `"`):
			s.Host = strings.Trim(w, `"`)
		case strings.Contains(w, "/"):
			s.Farm, s.Render, _ = strings.Cut(strings.Trim(w, "[]"), "/")
		case i == 1 && (w == "+" || w == "-"):
			s.Stored = w == "+"
		case i == 1:
			s.Action = w
		default:
			return s, false
		}
	}
	return s, s.Status != "" && s.Farm != ""
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// cloud writes the message as AEM as a Cloud Service does.
func (s *Summary) cloud(host string) string {
	action := s.Action
	if action == "" {
		action = "none"
		if s.Stored {
			action = "miss"
		}
	}
	return fmt.Sprintf(`"%s %s" %s %dms [%s/%s] [action %s] %q`, s.Method, s.URI, s.Status, s.Millis, s.Farm, s.Render, action, host)
}
