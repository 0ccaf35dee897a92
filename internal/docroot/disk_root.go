//go:build !linux

package docroot

import (
	"os"

	"github.com/dispcheck/dispcheck/simulate"
)

// A handle is nothing where os.Root does everything.
type handle struct{}

func (handle) open(*os.Root) error { return nil }
func (handle) close() error        { return nil }

func (r *diskRoot) stat(rel string) (simulate.FileInfo, error) { return r.statByRoot(rel) }

func (r *diskRoot) open(rel string) (simulate.File, error) { return r.openByRoot(rel) }
