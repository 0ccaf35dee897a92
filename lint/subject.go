package lint

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// A Subject is one loaded configuration. Run changes nothing of it.
type Subject struct {
	// Config is what the configuration says; nil where there is no .any side.
	Config *model.Config
	// Files are the texts that were read, each once, in the order of reading.
	Files []*grammar.File
	// Server is the httpd side; nil where there is none.
	Server *server.Server
	// ServerFiles are the texts of the httpd side that the project has, each once, in the order of reading.
	ServerFiles []*httpd.File
	// Included returns the $include lines that led to a file, outermost first. nil: none did.
	Included func(*source.File) []source.Span
	// Profile is one of [Profiles]; "" lets the rules of all of them run.
	Profile string
	// Version is the release of the module that runs the configuration, as "4.3.3"; "" where nobody said so.
	Version string
	// Found is what was found in reading, with rules and severities.
	Found []diag.Diagnostic
	// Immutable reports whether a file is the platform's and must not be changed by its owner, as the
	// default files of AEM as a Cloud Service. nil: no file is.
	Immutable func(*source.File) bool
	// Oracle answers questions about requests. nil: rules that ask do not run; see [Rule.Asks].
	Oracle Oracle
	// Front answers questions about httpd; nil where there is no httpd side.
	Front Front
	// Folders tell what lies beside the files that were read. nil: rules about that find nothing.
	Folders Folders
}

// Folders are those of a configuration, with what was not read of them. A rule that asks makes them be looked through; what
// they say is the same each time, must not be changed, and is bounded: of very large trees a part is left out.
type Folders interface {
	// Unread returns the .any and .farm files that lie in conf.dispatcher.d and that no $include brought, in the order of
	// their names and without those of the platform. There are none where that is not certain: not all that is included
	// could be read, or the configuration is laid out otherwise.
	Unread() []*grammar.File
	// Links returns the symbolic links in conf.d and conf.dispatcher.d, in the order of their names; none where a part of the
	// configuration was asked for.
	Links() []Link
	// Others returns further files that are called dispatcher.any: in the configuration, and where it was looked for. They
	// have a name and no text.
	Others() []*source.File
	// UnreadServer returns the texts in conf.d that httpd would read if they were included (.conf, .vhost, .rules, .vars) and
	// has not, in the order of their names and without those of the platform. There are none where a part of the
	// configuration was asked for.
	UnreadServer() []*httpd.File
	// Entries returns what lies in the folder that the server calls ServerRoot, in the order of the names: its own files and
	// folders, and all that is in conf.d, conf.dispatcher.d and opt-in. None where a part of the configuration was asked for.
	Entries() []Entry
	// Read returns a text by its name from that folder, "conf.d/rewrites/rewrite.rules"; nil where it is no file that can be
	// read. "../pom.xml" is one beside it. Links are followed.
	Read(name string) *source.File
}

// An Entry is a file, a folder or a link.
type Entry struct {
	// Name starts from the folder that the server calls ServerRoot.
	Name string
	// File is what was read by the name; an empty text of that name where nothing was.
	File *source.File
	// Folder says that it is one.
	Folder bool
	// Size is that of a file in bytes.
	Size int64
	// Link is where a symbolic link leads, as it is written in it, and To the name that this is. Of a file that holds
	// nothing but the text of a link, as git leaves it where links are switched off, To is set and Link is not.
	Link, To string
	// Broken says that nothing is where the link leads.
	Broken bool
}

// A Link is a symbolic link.
type Link struct {
	// File is what was read by the name of the link; an empty text of that name where nothing was.
	File *source.File
	// Target is where the link leads, as it is written in it.
	Target string
	// Inside says that it leads to a place inside of the folder that the server calls ServerRoot, by a relative path.
	Inside bool
}

func (s *Subject) included(f *source.File) []source.Span {
	if s.Included == nil || f == nil {
		return nil
	}
	return s.Included(f)
}

func (s *Subject) immutable(f *source.File) bool {
	return s.Immutable != nil && f != nil && s.Immutable(f)
}

// A FarmType says what kind of instance is behind a farm.
type FarmType uint8

// The types of farm.
const (
	Publish FarmType = iota // instances that serve the public
	Author                  // instances on which content is made
)

// String returns "publish" or "author".
func (t FarmType) String() string {
	if t == Author {
		return "author"
	}
	return "publish"
}

// authorPort is where author instances listen unless told otherwise, as publish instances do on 4503.
const authorPort = 4502

// InferFarmType says what kind of instance a farm is most likely for: Author where it has a
// /sessionmanagement, a render on port 4502, or "author" in its name, Publish otherwise.
func InferFarmType(f *model.Farm) FarmType {
	if f.SessionManagement != nil || strings.Contains(strings.ToLower(f.Name), "author") {
		return Author
	}
	for _, r := range f.Renders {
		if r.Port.Set && r.Port.Value == authorPort {
			return Author
		}
	}
	return Publish
}
