package page

import (
	"bytes"
	"embed"
	"net/http"
	"path"
	"strings"
)

// assets are the page's files, as they are served.
//
//go:embed assets
var assets embed.FS

// tokenMark is where the token stands in index.html.
const tokenMark = "{{token}}"

// indexWith returns the page's HTML with a token.
func indexWith(token string) []byte {
	text, err := assets.ReadFile("assets/index.html")
	if err != nil {
		panic(err) // it is in the binary
	}
	return bytes.Replace(text, []byte(tokenMark), []byte(token), 1)
}

// typeOf is the type of one of the page's files: what the system says of the ends of names may be anything.
func typeOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}

// asset answers with one of the page's files.
func (h *handler) asset(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	text := h.index
	if name == "" {
		name = "index.html"
	} else {
		var err error
		text, err = assets.ReadFile("assets/" + name)
		if err != nil || name == "index.html" {
			fail(w, http.StatusNotFound, "there is no such thing on this page")
			return
		}
	}
	w.Header().Set("Content-Type", typeOf(name))
	_, _ = w.Write(text)
}
