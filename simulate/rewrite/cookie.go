package rewrite

import (
	"strings"
)

// setCookies runs the flags CO of a rule: NAME:VALUE:DOMAIN[:minutes[:path[:secure[:httponly[:samesite]]]]]. A flag that begins
// with a semicolon has semicolons in the place of colons.
//
// Source: httpd.apache.org/docs/2.4, rewrite/flags.html (CO).
func (x *run) setCookies(r *rule) {
	for _, t := range r.cookies {
		text := x.expand(t)
		sep := ":"
		if rest, ok := strings.CutPrefix(text, ";"); ok {
			text, sep = rest, ";"
		}
		f := strings.Split(text, sep)
		if len(f) < 3 || f[0] == "" {
			continue
		}
		field := func(i int) string {
			if i < len(f) {
				return f[i]
			}
			return ""
		}
		path := field(4)
		if path == "" {
			path = "/"
		}
		line := f[0] + "=" + f[1] + "; path=" + path + "; domain=" + f[2]
		if minutes := leadingInt(field(3)); minutes != 0 {
			line += "; expires=" + x.s.CookieTime(int(minutes))
		}
		if on(field(5), "secure") {
			line += "; secure"
		}
		if on(field(6), "httponly") {
			line += "; HttpOnly"
		}
		if v := field(7); v != "" && v != "0" && !strings.EqualFold(v, "false") {
			line += "; SameSite=" + v
		}
		x.log(5, "setting cookie '%s'", line)
		x.s.AddCookie(line)
	}
}

func on(v, name string) bool {
	return v == "1" || strings.EqualFold(v, "true") || strings.EqualFold(v, name)
}
