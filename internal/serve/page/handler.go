package page

import "net/http"

// Options are what the page's port needs to know.
type Options struct {
	// Listen is the address that the page listens on, as --page gives it: requests for its host are answered, besides those
	// for loopback names and addresses. Requests for any other host are refused, so that no name that somebody points at
	// this machine lets another site read the page.
	Listen string
	// Prefix goes before the names of files, as --path-prefix asks.
	Prefix string
}

// Handler returns everything that the page's port answers.
func Handler(src Source, o Options) http.Handler {
	return http.NotFoundHandler()
}
