package apacheconf

import (
	"io/fs"
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/source"
)

// An FS is the server's disk as far as it is known. Names are absolute and slash-separated, cleaned as path.Clean does.
// What is missing gives an error for which errors.Is(err, fs.ErrNotExist) holds; a file where a folder is asked for gives
// another. Links are followed.
type FS interface {
	// ReadFile gives a text. The same name gives the same File each time. It refuses texts that are too large.
	ReadFile(name string) (*source.File, error)
	// ReadDir gives the entries of a folder in any order.
	ReadDir(name string) ([]fs.DirEntry, error)
	// Stat says what a name stands for.
	Stat(name string) (fs.FileInfo, error)
}

// Options say what is read and what is known of the server. FS, Main and Root are needed.
type Options struct {
	FS FS
	// Main is the path of the first text, absolute or relative to Root.
	Main string
	// Root is ServerRoot until the configuration sets it.
	Root string
	// Defines are the names of httpd's command line (-D). httpd knows them without a value; one that has a value here
	// counts as if the first line were a Define.
	Defines []Flag
	// Env is the environment that httpd is started in; nil for none.
	Env func(name string) (string, bool)
	// Modules are the identifiers of modules that are compiled in or loaded before the first line, as "rewrite_module".
	Modules []string
	// Version is httpd's release, as "2.4.57"; "" is 2.4.71.
	Version string
}

// A Flag is a name of the command line.
type Flag struct {
	Name     string
	Value    string
	HasValue bool
}

// DefaultVersion is the release of httpd that is read for where none is given.
const DefaultVersion = "2.4.71"

// Absolute returns a path as httpd takes it: relative to root where it is relative, with ".", ".." and repeated slashes
// resolved in the text.
func Absolute(root, name string) string {
	if !strings.HasPrefix(name, "/") {
		name = root + "/" + name
	}
	return path.Clean(name)
}
