package decisiondiff_test

import (
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/decisiondiff"
	"github.com/dispcheck/dispcheck/internal/testkit"
)

// rewriters write texts in another way that means the same.
func rewriters() map[string]func(files map[string]string) map[string]string {
	each := func(ext []string, edit func(string) string) func(map[string]string) map[string]string {
		return func(files map[string]string) map[string]string {
			out := map[string]string{}
			for name, text := range files {
				for _, e := range ext {
					if path.Ext(name) == e {
						if now := edit(text); now != text {
							out[name] = now
						}
					}
				}
			}
			return out
		}
	}
	anyTexts := []string{".any", ".farm"}
	apache := []string{".vhost", ".conf", ".rules"}
	label := regexp.MustCompile(`(?m)^(\s*)/([0-9]{1,4})(\s*\{)`)
	farm := regexp.MustCompile(`(?m)^(\s*)/([a-z]+farm)(\s*\{)`)
	oneLine := regexp.MustCompile(`^\s*/[0-9a-zA-Z_]+\s*\{.*/type\s+"(allow|deny)".*\}\s*$`)
	header := regexp.MustCompile(`(?i)^\s*Header\s+(?:always\s+)?set\s+(\S+)`)
	swapped := func(text string, commute func(a, b string) bool) string {
		lines := strings.Split(text, "\n")
		for i := 0; i+1 < len(lines); i++ {
			if commute(lines[i], lines[i+1]) {
				lines[i], lines[i+1] = lines[i+1], lines[i]
				i++
			}
		}
		return strings.Join(lines, "\n")
	}
	return map[string]func(map[string]string) map[string]string{
		"other numbers": each(anyTexts, func(text string) string { return label.ReplaceAllString(text, "$1/9$2$3") }),
		"other names of farms": each(anyTexts, func(text string) string {
			return farm.ReplaceAllString(text, "$1/renamed_$2$3")
		}),
		"other blanks": each(append(anyTexts, apache...), func(text string) string {
			return "\n" + regexp.MustCompile(`(?m)^[ \t]+`).ReplaceAllString(text, "  ") + "\n\n"
		}),
		"comments": each(append(anyTexts, apache...), func(text string) string { return "# a comment\n" + text }),
		"rules that do the same, in another order": each(anyTexts, func(text string) string {
			return swapped(text, func(a, b string) bool {
				x, y := oneLine.FindStringSubmatch(a), oneLine.FindStringSubmatch(b)
				return x != nil && y != nil && x[1] == y[1]
			})
		}),
		"rules twice": each(anyTexts, func(text string) string {
			var out []string
			for _, line := range strings.Split(text, "\n") {
				out = append(out, line)
				if oneLine.MatchString(line) {
					out = append(out, line)
				}
			}
			return strings.Join(out, "\n")
		}),
		"headers in another order": each(apache, func(text string) string {
			return swapped(text, func(a, b string) bool {
				x, y := header.FindStringSubmatch(a), header.FindStringSubmatch(b)
				return x != nil && y != nil && !strings.EqualFold(x[1], y[1]) && !strings.Contains(a+b, "expr=")
			})
		}),
		"aliases in another order": each(apache, func(text string) string {
			return regexp.MustCompile(`(?m)^(\s*ServerAlias\s+)(\S+)\s+(\S+)$`).ReplaceAllString(text, "$1$3 $2")
		}),
		"rules in a file of their own": func(files map[string]string) map[string]string {
			out := map[string]string{}
			for name, text := range files {
				if path.Ext(name) != ".any" || strings.Contains(text, "$include") {
					continue
				}
				lines := strings.Split(text, "\n")
				first, last := -1, -1
				for i, line := range lines {
					if oneLine.MatchString(line) {
						if first < 0 {
							first = i
						}
						last = i
					} else if first >= 0 {
						break
					}
				}
				if first < 0 {
					continue
				}
				part := strings.TrimSuffix(name, ".any") + "_part.any"
				out[part] = strings.Join(lines[first:last+1], "\n") + "\n"
				whole := append(append(append([]string{}, lines[:first]...), `$include "./`+path.Base(part)+`"`), lines[last+1:]...)
				out[name] = strings.Join(whole, "\n")
			}
			return out
		},
	}
}

// TestPreserves: a configuration that is written in another way, and means the same, gives no difference.
func TestPreserves(t *testing.T) {
	trees := examples(t)
	if testkit.Race { // it finds the same, five times as slowly
		trees = trees[:1]
	}
	for _, tr := range trees {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			files := tr.files(t)
			for name, rewrite := range rewriters() {
				t.Run(name, func(t *testing.T) { preserves(t, tr, rewrite(files)) })
			}
		})
	}
}

func preserves(t *testing.T, tr *tree, texts map[string]string) {
	if len(texts) == 0 {
		t.Skip("there is nothing to rewrite")
	}
	side := tr.edited(t, texts)
	if side == nil {
		t.Fatal("the rewritten texts cannot be loaded")
	}
	res, err := decisiondiff.Compare(t.Context(), tr.side, side, decisiondiff.Options{Generate: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range res.Changes {
		t.Errorf("%s: %s -> %s for %v", c.Kind, c.From, c.To, c.Example)
	}
	if len(res.Undecided) > 0 {
		t.Errorf("undecided: %v", res.Undecided)
	}
}
