//go:build !linux

package docroot

import (
	"io/fs"

	"github.com/dispcheck/dispcheck/simulate"
)

// begin reports that files are made by os.Root.
func (*diskRoot) begin(string, string, fs.FileMode) (simulate.NewFile, bool) { return nil, false }

// absent reports that nothing is known.
func (*diskRoot) absent(string) bool { return false }
