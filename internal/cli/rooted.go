package cli

import (
	"io/fs"
	"os"
)

// rootedFiles are the files of a folder on disk and below it: no link leads out of it. The folder is open for no longer than one
// question takes, so that there may be many such file systems that are asked now and then.
type rootedFiles string

// Open implements fs.FS.
func (d rootedFiles) Open(name string) (fs.File, error) {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.FS().Open(name)
}

// Lstat implements fs.ReadLinkFS.
func (d rootedFiles) Lstat(name string) (fs.FileInfo, error) {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return fs.Lstat(root.FS(), name)
}

// ReadLink implements fs.ReadLinkFS.
func (d rootedFiles) ReadLink(name string) (string, error) {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return "", err
	}
	defer root.Close()
	return fs.ReadLink(root.FS(), name)
}
