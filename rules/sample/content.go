package sample

import "strings"

// Content reports whether a path, which begins with a slash, is not one of AEM's own trees: it may be a page of a site.
func Content(path string) bool {
	root, _, _ := strings.Cut(path[1:], "/")
	switch root {
	case "adobe", "aem", "api", "apps", "bin", "conf", "crx", "dispatcher", "etc", "graphql", "home", "libs", "mnt", "screens", "services", "system", "tmp", "var":
		return false
	}
	return true
}
