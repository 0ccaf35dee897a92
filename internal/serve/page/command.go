package page

import (
	"strings"

	"github.com/dispcheck/dispcheck/simulate"
)

// commandLine is the command that asks the same of the same configuration, for a shell of Unix. What stands in the request
// is quoted, so that the shell runs none of it.
func commandLine(r *simulate.Request, config string) string {
	url := r.Target
	if r.Host != "" && strings.HasPrefix(url, "/") {
		scheme := "http://"
		if r.TLS {
			scheme = "https://"
		}
		url = scheme + r.Host + url
	}
	words := []string{"dispcheck", "simulate"}
	if config != "" {
		words = append(words, "-c", config)
	}
	for _, f := range r.Header {
		words = append(words, "-H", f.Name+": "+f.Value)
	}
	if r.Client.IsValid() && !r.Client.IsLoopback() {
		words = append(words, "--client-ip", r.Client.String())
	}
	words = append(words, "--explain")
	if strings.HasPrefix(r.Method, "-") {
		words = append(words, "--") // a method may be any token
	}
	words = append(words, r.Method, url)
	for i, w := range words {
		words[i] = quoted(w)
	}
	return strings.Join(words, " ")
}

// plain are the characters besides letters and digits that a shell takes as they are.
const plain = "-_./:,=@%+"

// quoted writes a word for a shell.
func quoted(s string) string {
	special := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(plain, r))
	}
	if s != "" && strings.IndexFunc(s, special) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
