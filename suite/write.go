package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// A Recorded is a request with its answer, to be written as a case.
type Recorded struct {
	Request *simulate.Request
	Answer  Answer
}

// Write writes a suite that expects of each request what its answer says: the virtual host and the path after rewriting where
// there is an httpd side, a redirect, the farm, the filter with its rule, whether it is cached, and the status where it is known.
func Write(w io.Writer, name string, list []Recorded) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "suite: %s\ncases:\n", asYAML(name))
	for i := range list {
		r := list[i].Request
		key := r.Method + " " + r.Target
		if r.Host != "" && !strings.HasPrefix(r.Target, "http") {
			key += " " + r.Host
		}
		fmt.Fprintf(&b, "  - %s:\n", quoted(key))
		if r.TLS {
			b.WriteString("      scheme: https\n")
		}
		for _, e := range list[i].expects() {
			fmt.Fprintf(&b, "      %s: %s\n", e[0], e[1])
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// A Wish is a request with what is wanted of its answer, to be written as a case.
type Wish struct {
	Name    string
	Request *simulate.Request
	Tags    []string
	// Follow is how many redirects are followed.
	Follow int
	// Wants are names of expectations with their values, as YAML has them.
	Wants [][2]string
}

// WriteWishes writes a suite of wishes. What all of them have in common, of the client, the scheme and the redirects that are
// followed, stands in its defaults.
func WriteWishes(w io.Writer, name string, list []Wish) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "suite: %s\n", asYAML(name))
	common := map[string]string{}
	if len(list) > 0 {
		for _, kv := range list[0].settings() {
			common[kv[0]] = kv[1]
		}
		for i := range list {
			own := map[string]string{}
			for _, kv := range list[i].settings() {
				own[kv[0]] = kv[1]
			}
			maps.DeleteFunc(common, func(k, v string) bool { return own[k] != v })
		}
	}
	if len(common) > 0 {
		b.WriteString("defaults:\n")
		for _, k := range slices.Sorted(maps.Keys(common)) {
			fmt.Fprintf(&b, "  %s: %s\n", k, common[k])
		}
	}
	b.WriteString("cases:\n")
	for i := range list {
		r := list[i].Request
		key := r.Method + " " + r.Target
		if r.Host != "" {
			key += " " + r.Host
		}
		fmt.Fprintf(&b, "  - %s:\n      name: %s\n", quoted(key), quoted(list[i].Name))
		for _, kv := range list[i].settings() {
			if _, ok := common[kv[0]]; !ok {
				fmt.Fprintf(&b, "      %s: %s\n", kv[0], kv[1])
			}
		}
		if len(r.Header) > 0 {
			b.WriteString("      headers:\n")
			for _, h := range r.Header {
				fmt.Fprintf(&b, "        %s: %s\n", quoted(h.Name), quoted(h.Value))
			}
		}
		if len(list[i].Tags) > 0 {
			fmt.Fprintf(&b, "      tags: [%s]\n", strings.Join(list[i].Tags, ", "))
		}
		for _, e := range list[i].Wants {
			fmt.Fprintf(&b, "      %s: %s\n", e[0], e[1])
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// settings are the keys of a case that defaults may have, too.
func (w *Wish) settings() [][2]string {
	var out [][2]string
	if w.Request.TLS {
		out = append(out, [2]string{"scheme", "https"})
	}
	if w.Request.Client.IsValid() {
		out = append(out, [2]string{"client", quoted(w.Request.Client.String())})
	}
	if w.Follow > 0 {
		out = append(out, [2]string{"follow", strconv.Itoa(w.Follow)})
	}
	return out
}

// expects are the expectations of a recorded answer.
func (r *Recorded) expects() [][2]string {
	var out [][2]string
	a := r.Answer
	add := func(path string, v any) {
		if v != nil {
			out = append(out, [2]string{path, scalar(v)})
		}
	}
	look := func(path string) any {
		v, _ := a.LookUp(path)
		return v
	}
	add("vhost", look("httpd.vhost"))
	if s := redirectSubject(a); s.shown != "no" {
		add("redirect", s.update(""))
		return out
	}
	if look("httpd.handled_by") == server.DispatcherHandler {
		add("uri", look("httpd.uri"))
	}
	add("farm", look("farm.name"))
	if s := filterSubject(a); s.value != nil {
		add("filter", s.shown)
	}
	if s := cacheSubject(a); s.value != nil {
		add("cache", s.shown)
	}
	add("status", look("response.status"))
	if len(out) == 0 {
		add("outcome", look("outcome"))
	}
	return out
}

// scalar writes a value that is read back as it is, and never as a pattern.
func scalar(v any) string {
	if _, number := v.(json.Number); number {
		return plainText(v)
	}
	text := plainText(v)
	rest := text
	if word, reason, ok := strings.Cut(text, ": "); ok && (word == "no" || word == "yes") {
		rest = reason
	}
	if m := shortForm(rest); m == nil || m.kind != matchText {
		return "{is: " + quoted(text) + "}"
	}
	return quoted(text)
}

// quoted writes a text in which no variable is meant in YAML.
func quoted(s string) string { return asYAML(strings.ReplaceAll(s, "${", "$${")) }

// asYAML writes a text in YAML: plain where it is words, in double quotes where it could be read as anything else.
func asYAML(s string) string {
	plain := s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune(" /._-+=&?%~()", c))
	}) && !strings.HasPrefix(s, " ") && !strings.HasSuffix(s, " ") && !strings.ContainsAny(s[:1], "-?.0123456789=+~%&") && !reserved(s)
	if plain {
		return s
	}
	return jsonText(s)
}

// reserved are words that YAML takes for something else than a text.
func reserved(s string) bool {
	return slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(s)) && s != "yes" && s != "no"
}

func jsonText(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return `""` // a text can always be written
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Updates returns the edits that make plain expectations of a run what the answers say today, by their texts. Kept is how many
// failures they do not mend: those of matchers, of values that variables are part of, and of values that several cases share
// and that would have to be different.
func Updates(rep *Report) (edits map[*source.File][]diag.Edit, kept int) {
	type edit struct {
		text     string
		times    int
		conflict bool
	}
	found := map[source.Span]*edit{}
	for i := range rep.Suites {
		for j := range rep.Suites[i].Cases {
			for _, f := range rep.Suites[i].Cases[j].Failures {
				text := f.update
				if f.value.IsZero() || text == "" {
					kept++
					continue
				}
				if e := found[f.value]; e != nil {
					e.times++
					e.conflict = e.conflict || e.text != text
					continue
				}
				found[f.value] = &edit{text: text, times: 1}
			}
		}
	}
	met := map[source.Span]bool{} // a value that another case needs as it is
	for i := range rep.Suites {
		for j := range rep.Suites[i].Cases {
			res := &rep.Suites[i].Cases[j]
			for _, wants := range res.Case.Wants {
				for k := range wants {
					if v := wants[k].value; !v.IsZero() && res.Skipped == "" && !slices.ContainsFunc(res.Failures, func(f Failure) bool { return f.value == v }) {
						met[v] = true
					}
				}
			}
		}
	}
	edits = map[*source.File][]diag.Edit{}
	for span, e := range found {
		if e.conflict || met[span] {
			kept += e.times
			continue
		}
		edits[span.File] = append(edits[span.File], diag.Edit{Span: span, New: scalarText(e.text)})
	}
	return edits, kept
}

// scalarText is scalar for a text that may be a number.
func scalarText(s string) string {
	if s == "null" || s != "" && strings.Trim(s, "0123456789") == "" && len(s) <= 9 {
		return s
	}
	return scalar(s)
}
