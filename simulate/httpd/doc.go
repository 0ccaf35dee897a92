// Package httpd answers a request as Apache httpd does, up to the handler and back: it picks the virtual host, cleans the
// path, walks through sections, runs mod_rewrite, aliases, redirects, access rules, environment and headers, and follows
// error documents. The Dispatcher is a [Handler] to it. What it cannot follow it names in [Result].NotSimulated with the
// line, and never guesses. One file is one step of a request; the order of the steps is in life.go. Start from [New] and
// [Engine.Serve].
//
// Source: httpd.apache.org/docs/2.4, sections.html, vhosts/details.html, mod/; behaviour as recorded from httpd 2.4.71.
package httpd
