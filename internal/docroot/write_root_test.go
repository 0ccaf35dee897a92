//go:build unix && !linux

package docroot

import (
	"os"

	"github.com/dispcheck/dispcheck/simulate"
)

// breakWriter lets a file that is being written go to another one.
func breakWriter(w simulate.NewFile, to *os.File) error {
	long := w.(*diskWriter)
	long.f.Close()
	long.f = to
	return nil
}
