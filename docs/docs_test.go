// Package docs_test holds the documents to what they say: links lead somewhere, generated pages are
// current, and the commands that the README shows run.
package docs_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/cli"
	"github.com/dispcheck/dispcheck/internal/testkit"
)

// pages returns all documents, by their path from the root of the repository.
func pages(t *testing.T) map[string]string {
	root := testkit.Root(t)
	out := map[string]string{}
	read := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.ToSlash(rel)] = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	read(filepath.Join(root, "README.md"))
	read(filepath.Join(root, "CHANGELOG.md"))
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(path, ".md") {
			read(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("only %d documents were found", len(out))
	}
	return out
}

func TestLinks(t *testing.T) {
	root := testkit.Root(t)
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fence := regexp.MustCompile("(?s)```.*?```")
	for name, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := filepath.Join(root, filepath.FromSlash(filepath.Dir(name)), filepath.FromSlash(target))
			if target == "" {
				path = filepath.Join(root, filepath.FromSlash(name))
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
				continue
			}
			if anchor == "" || info.IsDir() {
				continue
			}
			linked, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !hasHeading(string(linked), anchor) {
				t.Errorf("%s links to %s, which has no such heading", name, m[1])
			}
		}
	}
}

// hasHeading reports whether a document has a heading whose anchor is the given one.
func hasHeading(text, anchor string) bool {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			continue
		}
		var b strings.Builder
		for _, r := range strings.ToLower(strings.TrimSpace(strings.TrimLeft(line, "# "))) {
			switch {
			case r == ' ', r == '-':
				b.WriteByte('-')
			case r == '_', r >= 'a' && r <= 'z', r >= '0' && r <= '9':
				b.WriteRune(r)
			}
		}
		if b.String() == anchor {
			return true
		}
	}
	return false
}

func TestGeneratedPagesAreCurrent(t *testing.T) {
	root := testkit.Root(t)
	want := map[string]string{"settings.md": cli.SettingsMarkdown()}
	for name, text := range cli.CommandMarkdown() {
		want["commands/"+name] = text
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(root, "docs", filepath.FromSlash(name)))
		if err != nil {
			t.Errorf("%v; go generate ./... writes it", err)
			continue
		}
		if strings.ReplaceAll(string(got), "\r\n", "\n") != text {
			t.Errorf("docs/%s is stale: run go generate ./...", name)
		}
	}
	entries, err := os.ReadDir(filepath.Join(root, "docs", "commands"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := want["commands/"+e.Name()]; !ok {
			t.Errorf("docs/commands/%s is the page of no command", e.Name())
		}
	}
}

// TestOptionsOfRulesAreRead: what the page of a rule shows as its options is what the settings take.
func TestOptionsOfRulesAreRead(t *testing.T) {
	dir := t.TempDir()
	fence := regexp.MustCompile("(?s)## Options\n.*?```yaml\n(.*?)```")
	read := 0
	for name, text := range pages(t) {
		m := fence.FindStringSubmatch(text)
		if !strings.HasPrefix(name, "docs/rules/") || m == nil {
			continue
		}
		read++
		file := filepath.Join(dir, filepath.Base(name)+".yaml")
		if err := os.WriteFile(file, []byte(m[1]), 0o644); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if code := cli.Main([]string{"dispcheck", "config", "verify", file}, strings.NewReader(""), &out, &errs); code != 0 {
			t.Errorf("%s: the options are not read:\n%s%s", name, out.String(), errs.String())
		}
	}
	if read < 3 {
		t.Errorf("only %d rules have options", read)
	}
}

// TestReadmeRuns runs each dispcheck command of the README beside a copy of the sample project.
func TestReadmeRuns(t *testing.T) {
	text := pages(t)["README.md"]
	dir := t.TempDir()
	project, err := fixtures.Open("cloud")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "dispatcher", "src"), project); err != nil {
		t.Skipf("the sample project cannot be copied here: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "requests.txt"), []byte("GET /content/wknd/us/en.html\nGET /system/console\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	repository(t)
	packLog(t, "access.log.gz")
	fence := regexp.MustCompile("(?s)```sh\n(.*?)```")
	ran := 0
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(m[1]) {
			line = strings.TrimSpace(line)
			line = strings.Replace(line, "go run ./cmd/dispcheck", "dispcheck", 1)
			if !strings.HasPrefix(line, "dispcheck ") {
				continue
			}
			ran++
			if strings.HasPrefix(line, "dispcheck serve ") {
				servesOne(t, strings.ReplaceAll(line, "localhost:4503", "example"))
				continue
			}
			var out, errs bytes.Buffer
			want := 0
			if strings.Contains(line, "feed))' json") {
				want = 1 // the example of a pattern that does not match
			}
			if code := cli.Main(words(line), strings.NewReader(""), &out, &errs); code != want {
				t.Errorf("%s\nexits with %d, want %d:\n%s%s", line, code, want, out.String(), errs.String())
			}
			if strings.Contains(line, "-c example:cloud") {
				shown := regexp.MustCompile("(?s)```sh\n" + regexp.QuoteMeta(strings.Replace(line, "dispcheck ", "go run ./cmd/dispcheck ", 1)) + "\n```\n\n```\n(.*?)…").FindStringSubmatch(text)
				if shown == nil || !strings.HasPrefix(out.String(), shown[1]) {
					t.Errorf("the README does not show how the output of %q starts:\n%s", line, out.String())
				}
			}
		}
	}
	if ran < 10 {
		t.Errorf("only %d commands were found in the README", ran)
	}
}

// repository makes the working directory a git repository whose files are those of origin/main.
func repository(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git to make a repository with")
	}
	for _, args := range [][]string{
		{"init", "-q"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@site.example", "commit", "-q", "-m", "all"},
		{"update-ref", "refs/remotes/origin/main", "HEAD"},
	} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
}

// packLog writes an access log, packed.
func packLog(t *testing.T, name string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := io.WriteString(z, `192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] "GET /content/wknd/us/en.html HTTP/1.1" 200 949 "-" "-"`+"\n")
	if err := errors.Join(err, z.Close(), os.WriteFile(name, b.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// servesOne runs a command line of serve on a free port, and asks it for one page.
func servesOne(t *testing.T, line string) {
	t.Helper()
	r, w := io.Pipe()
	ended := make(chan int, 1)
	var errs bytes.Buffer
	go func() {
		ended <- cli.Main(append(words(line), "--listen", "127.0.0.1:0", "--page", "127.0.0.1:0", "--once", "1"), strings.NewReader(""), w, &errs)
		w.Close()
	}()
	asked := false
	for lines := bufio.NewScanner(r); lines.Scan(); {
		address := regexp.MustCompile(`^serve +(http://\S+)`).FindStringSubmatch(lines.Text())
		if address == nil || asked {
			continue
		}
		asked = true
		go func() { // while the rest of what it prints is read
			answer, err := http.Get(address[1] + "/content/wknd/us/en.html")
			if err != nil {
				t.Errorf("%s: %v", line, err)
				return
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Errorf("%s answers %s", line, answer.Status)
			}
		}()
	}
	if code := <-ended; code != 0 || !asked {
		t.Errorf("%s\nexits with %d, asked %t:\n%s", line, code, asked, errs.String())
	}
}

// words splits a line as a shell does, with single quotes alone.
func words(line string) []string {
	var out []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		var w strings.Builder
		for line != "" && line[0] != ' ' {
			if line[0] != '\'' {
				w.WriteByte(line[0])
				line = line[1:]
				continue
			}
			inside, rest, _ := strings.Cut(line[1:], "'")
			w.WriteString(inside)
			line = rest
		}
		out = append(out, w.String())
	}
	return out
}

// TestNothingPrivate: documents and sources name no machine's folders.
func TestNothingPrivate(t *testing.T) {
	for name, text := range pages(t) {
		for _, private := range []string{"/home/", "/Users/", "C:\\Users"} {
			if strings.Contains(text, private) {
				t.Errorf("%s holds %s", name, private)
			}
		}
	}
}
