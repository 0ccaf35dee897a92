//go:build !linux

package docroot

import "testing"

// newPlainDisk opens a folder; os.Root is all there is.
func newPlainDisk(t testing.TB, dir string) *Disk {
	t.Helper()
	return newDisk(t, dir)
}
