// Package server is an httpd configuration with types: virtual hosts, sections, and what each directive sets. [Decode]
// makes it of the tree that internal/apacheconf read, merges the main server into each virtual host as httpd does, and
// says what httpd would refuse to start with. A directive is known by the table in table.go: what it is for, where it may
// stand, how many words it takes, and whether it is simulated, does nothing to an answer, or is not simulated. Nothing is
// answered here; that is simulate/httpd. Start from [Server] and [Host].
//
// Source: httpd.apache.org/docs/2.4, sections.html, vhosts/, mod/; behaviour as recorded from httpd 2.4.71.
package server
