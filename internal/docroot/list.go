package docroot

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
)

// maxListLine bounds a line of a list of URLs, in bytes.
const maxListLine = 64 << 10

// A ListError is a line of a list that cannot be followed.
type ListError struct {
	Line int // from 1
	Err  error
}

func (e *ListError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the reason.
func (e *ListError) Unwrap() error { return e.Err }

// PutList places an empty file for each URL of a list, one per line, with the time of modification mod. A line is a URL
// ("https://www.example.com/a.html"), its path ("/a.html"), or what find prints in or for the document root
// ("./a.html", "/mnt/var/www/html/a.html"). Queries and fragments are cut off, escapes are decoded where they can be,
// empty lines and those that start with # are skipped. A line that other lines need as a folder, or that ends in a
// slash, is a folder. The number of files is returned; an error is a *ListError.
func (m *Memory) PutList(root string, list io.Reader, mod time.Time) (int, error) {
	type entry struct {
		name string
		line int
	}
	var entries []entry
	folders, seen := make(map[string]bool), make(map[string]bool)
	in := bufio.NewScanner(list)
	in.Buffer(nil, maxListLine)
	line := 0
	for in.Scan() {
		line++
		text := strings.TrimSpace(strings.TrimPrefix(in.Text(), "\ufeff"))
		if text == "" || text[0] == '#' {
			continue
		}
		name, err := listed(tidy(root), text)
		if err != nil {
			return 0, &ListError{line, err}
		}
		s := at("", name, false)
		if s.err != nil {
			return 0, &ListError{line, fmt.Errorf("%.80q: %w", text, s.err)}
		}
		if s.slash || s.rel == "" {
			folders[s.rel] = true
		}
		for folder, _ := split(s.rel); folder != "" && !folders[folder]; folder, _ = split(folder) {
			folders[folder] = true
		}
		if !seen[s.rel] {
			seen[s.rel] = true
			entries = append(entries, entry{s.rel, line})
		}
	}
	if err := in.Err(); err != nil {
		return 0, &ListError{line + 1, err}
	}
	files := 0
	for _, e := range entries {
		if folders[e.name] || e.name == "" {
			if err := m.PutFolder(root, "/"+e.name); err != nil {
				return files, &ListError{e.line, err}
			}
			continue
		}
		if err := m.Put(root, "/"+e.name, nil, mod); err != nil {
			return files, &ListError{e.line, err}
		}
		files++
	}
	return files, nil
}

// listed makes a name of a line of a list.
func listed(root, text string) (string, error) {
	if scheme, rest, ok := strings.Cut(text, "://"); ok && !strings.ContainsAny(scheme, "/?#") {
		slash := strings.IndexAny(rest, "/?#")
		if slash < 0 {
			return "/", nil
		}
		if text = rest[slash:]; text[0] != '/' {
			return "/", nil
		}
	} else {
		if text == "." {
			return "/", nil
		}
		text = strings.TrimPrefix(text, ".")
		if rel, ok := within(root, text); ok && root != "" {
			text = "/" + rel
		}
	}
	if end := strings.IndexAny(text, "?#"); end >= 0 {
		text = text[:end]
	}
	if decoded, err := url.PathUnescape(text); err == nil {
		text = decoded
	}
	if text == "" || text[0] != '/' {
		return "", fmt.Errorf("%.80q is no URL or path: start it with a slash", text)
	}
	return text, nil
}
