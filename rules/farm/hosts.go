package farm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var farmVirtualhostSyntax = lint.Rule{
	ID: "DSP405", Name: "farm-virtualhost-syntax", Severity: diag.Error, Farm: checkHostSyntax, Fixable: true,
	Doc: lint.Doc{
		Title: "virtual host is not of the form [scheme]host[:port][/uri][*]",
		Why: "A value of /virtualhosts is one host with wildcards, and may have a scheme before it and the start of a URL behind it. Commas, " +
			"blanks and the signs of regular expressions are compared letter by letter with the Host header, which never has them: the " +
			"farm does not get its requests.",
		Bad: `/brand {
	/virtualhosts { "www.example.com, shop.example.com" }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`,
		Good: `/brand {
	/virtualhosts { "www.example.com" "shop.example.com" }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`,
		Note:    "A fix is offered where a value holds several hosts.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkHostSyntax(p *lint.Pass, f *model.Farm) {
	var there map[string]bool // the values of the farm, where a fix needs them
	for _, v := range f.VirtualHosts {
		if !determined(v) {
			continue
		}
		message, hint := hostFault(v)
		if message == "" {
			continue
		}
		d := diag.Diagnostic{
			Span: v.At.Span, Included: v.At.Included, Hint: hint,
			Message: fmt.Sprintf("virtual host %s %s", shown(v), message),
		}
		if hosts := severalHosts(v.Text); hosts != nil && v.At.Span.Text() == `"`+v.Text+`"` {
			if there == nil {
				there = valuesOf(f)
			}
			if slices.ContainsFunc(hosts, func(h string) bool { return there[strings.ToLower(h)] }) {
				p.Report(d)
				continue
			}
			d.Fixes = []diag.Fix{{
				Title: "write each host as a value of its own",
				Edits: []diag.Edit{{Span: v.At.Span, New: `"` + strings.Join(hosts, `" "`) + `"`}},
			}}
		}
		p.Report(d)
	}
}

// shown is a value in the words of the file, or what it became where it holds a variable.
func shown(v *model.VirtualHost) string {
	raw := v.At.Span.Text()
	if len(raw) == len(v.Text)+2 && raw[1:len(raw)-1] == v.Text {
		return raw
	}
	return strconv.Quote(v.Text)
}

// hostFault says what is wrong with a value, and what to do; "" where it is of the right form.
func hostFault(v *model.VirtualHost) (message, hint string) {
	host := v.HostText
	switch {
	case severalHosts(v.Text) != nil:
		return "holds several hosts", "write each host as a value of its own"
	case strings.ContainsAny(v.Text, " \t"):
		return "has a blank in it", "remove the blank: no host has one"
	case strings.Contains(v.Text, "://") && v.Scheme == "":
		return "has a scheme other than http:// and https://", "write http:// or https://, or no scheme for both"
	case strings.HasPrefix(host, "//"), host == "":
		return "has no host", "write the host before the URL, or * for all hosts"
	case strings.ContainsAny(host, `()|^$\{}+`):
		return "has signs of a regular expression", "write hosts with * as the wildcard, one value each"
	case strings.ContainsAny(host, ",;"):
		return "has a comma or semicolon in it", "write one host in each value"
	case badPort(host):
		return "has a port that is no number", "write the port's number behind the colon, or * for any"
	}
	return "", ""
}

// badPort reports whether what stands behind the colon of a host is no port. IPv6 addresses have colons of their own.
func badPort(host string) bool {
	if strings.HasPrefix(host, "[") || strings.Count(host, ":") != 1 {
		return false
	}
	_, port, _ := strings.Cut(host, ":")
	return port == "" || strings.Trim(port, "0123456789*?") != ""
}

// severalHosts returns the hosts of a value that lists some with commas, semicolons or blanks; nil where it lists
// none.
func severalHosts(text string) []string {
	hosts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \t", r) })
	if len(hosts) < 2 {
		return nil
	}
	for i, h := range hosts {
		name := strings.TrimPrefix(strings.TrimPrefix(h, "http://"), "https://")
		if !isHost(name) || slices.ContainsFunc(hosts[:i], func(o string) bool { return strings.EqualFold(o, h) }) {
			return nil
		}
	}
	return hosts
}

// isHost reports whether a text can be nothing but a host: labels with a dot between them, with wildcards, and
// perhaps a port.
func isHost(s string) bool {
	if s == "localhost" || s == "*" {
		return true
	}
	name, port, ok := strings.Cut(s, ":")
	if ok && (port == "" || strings.Trim(port, "0123456789*") != "") {
		return false
	}
	if !strings.Contains(name, ".") || strings.Contains(name, "..") {
		return false
	}
	for _, c := range []byte(name) {
		if c != '*' && c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// valuesOf returns the values of a farm in small letters.
func valuesOf(f *model.Farm) map[string]bool {
	values := make(map[string]bool, len(f.VirtualHosts))
	for _, v := range f.VirtualHosts {
		values[strings.ToLower(v.Text)] = true
	}
	return values
}
