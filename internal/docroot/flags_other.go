//go:build !unix

package docroot

// openFlags: nothing stands in for a file that could hold up the one who opens it.
const openFlags = 0
