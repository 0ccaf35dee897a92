package include

import (
	"bytes"
	"encoding/base64"
	"math"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
)

var secretInConfig = lint.Rule{
	ID: "DSP126", Name: "secret-in-config", Severity: diag.Error, Security: true, File: checkSecrets,
	Doc: lint.Doc{
		Title: "password or key stands in the configuration",
		Why: "The files lie in version control, in packages and on every server, and in a public repository for everyone. A comment is as " +
			"good as a value for who looks for it. What was there once stays in the history: it must be changed, not only removed.",
		Bad: `# curl -H "Authorization: Basic c3luYzpoN3RLcTJ4VzlwTHM=" https://publish:4503/bin/vanity
/filter {
	/0001 { /type "deny" /url "*" }
}
`,
		Good: `# needs the password of the user sync
/filter {
	/0001 { /type "deny" /url "*" }
}
`,
		Note: "Looked for are credentials in URLs and of Basic authentication, keys of AWS, private keys, and names such as password or " +
			"token with a value of letters and digits behind an equals sign. The finding does not show what it found.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-cloud-service.en, disp-overview.md"},
	},
}

func checkSecrets(p *lint.Pass, f *grammar.File) {
	for _, t := range f.Tokens {
		switch t.Kind {
		case grammar.Comment, grammar.Double, grammar.Single, grammar.Bare:
		default:
			continue
		}
		text := f.Src.Text[t.Start:t.End]
		for _, look := range [...]func([]byte) (what string, start, end int){urlPassword, basicAuth, awsKey, privateKey, namedSecret} {
			if what, start, end := look(text); what != "" {
				p.Report(diag.Diagnostic{
					Span:    f.Src.Span(int(t.Start)+start, int(t.Start)+end),
					Message: what + " stands in the file",
					Hint:    "keep it out of the configuration, and change it: it is known now",
				})
				break
			}
		}
	}
}

// urlPassword finds a URL with a user and a password before the host.
func urlPassword(text []byte) (string, int, int) {
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte("://"))
		if i < 0 {
			return "", 0, 0
		}
		start := at + i + len("://")
		end := start
		for end < len(text) && !bytes.ContainsRune([]byte(" \t\"'/<>{}[]()*?$#\\|"), rune(text[end])) {
			end++
		}
		if j := bytes.LastIndexByte(text[start:end], '@'); j > 0 {
			user, password, _ := strings.Cut(string(text[start:start+j]), ":")
			if user != "" && password != "" && !placeholder(password) {
				return "password in a URL", start, start + j
			}
		}
		at = start
	}
}

// basicAuth finds credentials of Basic authentication.
func basicAuth(text []byte) (string, int, int) {
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte("Basic "))
		if i < 0 {
			return "", 0, 0
		}
		start := at + i + len("Basic ")
		end := start
		for end < len(text) && (alphanumeric(text[end]) || text[end] == '+' || text[end] == '/' || text[end] == '=') {
			end++
		}
		if plain, err := base64.StdEncoding.DecodeString(string(text[start:end])); err == nil && end-start >= 8 {
			user, password, ok := strings.Cut(string(plain), ":")
			if ok && user != "" && password != "" && printable(user) && printable(password) && !placeholder(password) {
				return "password of Basic authentication", start, end
			}
		}
		at = start
	}
}

// awsKeyLen is how many letters and digits the id of an access key of AWS has.
const awsKeyLen = 20

// awsKey finds the id of an access key of AWS.
func awsKey(text []byte) (string, int, int) {
	for _, prefix := range []string{"AKIA", "ASIA"} {
		for at := 0; ; {
			i := bytes.Index(text[at:], []byte(prefix))
			if i < 0 {
				break
			}
			start := at + i
			end := start
			for end < len(text) && end-start <= awsKeyLen && (text[end] >= 'A' && text[end] <= 'Z' || text[end] >= '0' && text[end] <= '9') {
				end++
			}
			before := start == 0 || !alphanumeric(text[start-1])
			after := end == len(text) || !alphanumeric(text[end])
			if before && after && end-start == awsKeyLen && !bytes.HasSuffix(text[start:end], []byte("EXAMPLE")) {
				return "access key of AWS", start, end
			}
			at = start + len(prefix)
		}
	}
	return "", 0, 0
}

// privateKey finds the first line of a private key.
func privateKey(text []byte) (string, int, int) {
	const mark = "PRIVATE KEY-----"
	end := bytes.Index(text, []byte(mark))
	if end < 0 {
		return "", 0, 0
	}
	start := bytes.LastIndex(text[:end], []byte("-----BEGIN "))
	if start < 0 {
		return "", 0, 0
	}
	return "private key", start, end + len(mark)
}

// maxSecret bounds the values that are looked at.
const maxSecret = 1024

// namedSecret finds a name that stands for a secret, an equals sign, and a value that looks like one.
func namedSecret(text []byte) (string, int, int) {
	for at := 0; at < len(text); at++ {
		i := bytes.IndexByte(text[at:], '=')
		if i < 0 {
			break
		}
		at += i
		from := at
		for from > 0 && (alphanumeric(text[from-1]) || text[from-1] == '_' || text[from-1] == '-') {
			from--
		}
		if !secretName(string(text[from:at])) {
			continue
		}
		end := at + 1
		for end < len(text) && end-at <= maxSecret && (alphanumeric(text[end]) || bytes.IndexByte([]byte("_-.+/=~!%"), text[end]) >= 0) {
			end++
		}
		if looksRandom(string(text[at+1:end])) && (end == len(text) || bytes.IndexByte([]byte("\"' \t&;,\r\n"), text[end]) >= 0) {
			return string(text[from:at]), from, end
		}
	}
	return "", 0, 0
}

// secretName reports whether a name stands for a secret.
func secretName(name string) bool {
	name = strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
	for _, end := range []string{"password", "passwd", "secret", "apikey", "accesskey", "secretkey", "accesstoken", "authtoken", "logintoken"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return name == "token" || name == "pwd"
}

// minEntropy is how many bits each character of a random value says at least. Words have less, and so have values
// such as "xxxxxxxxxxxx1".
const minEntropy = 3.0

// looksRandom reports whether a value is one that nobody would write as an example: long enough, with letters and
// digits, and hardly a character twice.
func looksRandom(s string) bool {
	if len(s) < 12 || placeholder(s) || strings.Trim(s, "0123456789") == "" || !strings.ContainsAny(s, "0123456789") {
		return false
	}
	var counts [256]int
	for _, c := range []byte(s) {
		counts[c]++
	}
	bits := 0.0
	for _, n := range counts {
		if n > 0 {
			f := float64(n) / float64(len(s))
			bits -= f * math.Log2(f)
		}
	}
	return bits >= minEntropy
}

// placeholder reports whether a value stands for one that is to be filled in.
func placeholder(s string) bool {
	s = strings.ToLower(s)
	for _, word := range []string{"password", "passwd", "secret", "example", "changeme", "placeholder", "your", "xxx", "***", "..."} {
		if strings.Contains(s, word) {
			return true
		}
	}
	return s == "pass" || s == "pwd"
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
