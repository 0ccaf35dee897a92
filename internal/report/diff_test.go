package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func diffOf(t *testing.T, p Printer, a, b string) string {
	t.Helper()
	var w bytes.Buffer
	if err := p.Diff(&w, "a/x.any", "b/x.any", []byte(a), []byte(b)); err != nil {
		t.Fatal(err)
	}
	return w.String()
}

func TestDiff(t *testing.T) {
	ten := "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"
	tests := []struct{ name, old, new, want string }{
		{"same", "a\n", "a\n", ""},
		{"from nothing", "", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"},
		{"to nothing", "a\n", "", "@@ -1 +0,0 @@\n-a\n"},
		{"one line", "a\n", "b\n", "@@ -1 +1 @@\n-a\n+b\n"},
		{"context", ten, strings.Replace(ten, "5\n", "five\n", 1), "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"},
		{"close changes share a hunk", ten, "one\n2\n3\n4\n5\n6\n7\neight\n9\n10\n", "@@ -1,10 +1,10 @@\n-1\n+one\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+eight\n 9\n 10\n"},
		{"far changes do not", ten, "one\n2\n3\n4\n5\n6\n7\n8\nnine\n10\n", "@@ -1,4 +1,4 @@\n-1\n+one\n 2\n 3\n 4\n@@ -6,5 +6,5 @@\n 6\n 7\n 8\n-9\n+nine\n 10\n"},
		{"inserted", "a\nb\n", "a\nx\nb\n", "@@ -1,2 +1,3 @@\n a\n+x\n b\n"},
		{"line end at the end is added", "a\nb", "a\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"},
		{"carriage returns stay", "a\r\nb\r\n", "a\nb\r\n", "@@ -1,2 +1,2 @@\n-a\r\n+a\n b\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			if want != "" {
				want = "--- a/x.any\n+++ b/x.any\n" + want
			}
			if diff := cmp.Diff(want, diffOf(t, Printer{}, tt.old, tt.new)); diff != "" {
				t.Errorf("diff (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiffColor(t *testing.T) {
	got := diffOf(t, Printer{Color: true}, "a\r\nb\x1b[2J\n", "a\nb\x1b[2J\n")
	golden(t, "diff-color.golden", []byte(got))
}

// patch applies a unified diff without its header.
func patch(t *testing.T, old, diff string) string {
	t.Helper()
	if diff == "" {
		return old
	}
	a := lines([]byte(old))
	var out strings.Builder
	at := 0
	rows := strings.SplitAfter(diff, "\n")[2:]
	for i := 0; i < len(rows); i++ {
		r := rows[i]
		switch {
		case r == "":
		case r[0] == '@':
			var from int
			var rest string
			fmt.Sscanf(r, "@@ -%s", &rest)
			start, count, ok := strings.Cut(rest, ",")
			from, _ = strconv.Atoi(start)
			if !ok || count != "0" {
				from--
			}
			for ; at < from; at++ {
				out.Write(a[at])
			}
		default:
			text := r[1:]
			if i+1 < len(rows) && strings.HasPrefix(rows[i+1], `\`) {
				text = strings.TrimSuffix(text, "\n")
			}
			if r[0] == ' ' || r[0] == '-' {
				if string(a[at]) != text {
					t.Fatalf("line %d is %q, the diff says %q", at+1, a[at], text)
				}
				at++
			}
			if r[0] == ' ' || r[0] == '+' {
				out.WriteString(text)
			}
		}
		if i+1 < len(rows) && strings.HasPrefix(rows[i+1], `\`) {
			i++
		}
	}
	for ; at < len(a); at++ {
		out.Write(a[at])
	}
	return out.String()
}

// A diff applied to the old text must give the new one, whatever the two are.
func TestDiffGivesTheNewText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		var b strings.Builder
		for range r.IntN(n) {
			fmt.Fprintf(&b, "line %d\n", r.IntN(8))
		}
		if r.IntN(3) == 0 {
			b.WriteString("tail")
		}
		return b.String()
	}
	for i := range 2000 {
		a, b := text(30), text(30)
		if got := patch(t, a, diffOf(t, Printer{}, a, b)); got != b {
			t.Fatalf("pair %d: patching %q gives %q, want %q", i, a, got, b)
		}
	}
}

// More different lines than there are characters below the surrogates, and texts that share nothing:
// both must be right and quick.
func TestDiffLarge(t *testing.T) {
	var a, b, c strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&a, "line %d\n", i)
		fmt.Fprintf(&c, "\tline %d\n", i)
		if i%4000 != 7 {
			fmt.Fprintf(&b, "line %d\n", i)
		}
	}
	start := time.Now()
	for _, pair := range [][2]string{{a.String(), b.String()}, {a.String(), c.String()}} {
		if patch(t, pair[0], diffOf(t, Printer{}, pair[0], pair[1])) != pair[1] {
			t.Error("the diff does not give the new text")
		}
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}
