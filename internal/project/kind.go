package project

import (
	"io/fs"
	"path"
	"strings"
)

// Kind is what runs a configuration. It decides which variables the platform sets and which rules hold.
type Kind string

// The kinds.
const (
	Cloud   Kind = "cloud"   // AEM as a Cloud Service
	AMS     Kind = "ams"     // Adobe Managed Services
	Classic Kind = "classic" // an httpd that its owner runs
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Cloud, AMS, Classic} }

// The folders and files that make a layout.
const (
	anyFolder   = "conf.dispatcher.d"
	httpdFolder = "conf.d"
	entryName   = "dispatcher.any"
	marker      = "opt-in/USE_SOURCES_DIRECTLY" // switches the Cloud Service's flexible mode on
)

// A layout is what a folder looks like from outside.
type layout struct {
	kind  Kind
	entry string // relative to the folder; "" where there is no .any side
	// synthetic says that entry is not there and what it would say.
	synthetic string
}

// recognise says whether dir is the root of a configuration: it holds conf.dispatcher.d, or dispatcher.any
// itself or in conf.
func recognise(fsys fs.FS, dir string) (l layout, ok bool) {
	hasAny, hasHttpd := isFolder(fsys, path.Join(dir, anyFolder)), isFolder(fsys, path.Join(dir, httpdFolder))
	switch {
	case hasAny:
		l.kind = kindOf(fsys, dir, hasHttpd)
		l.entry = path.Join(anyFolder, entryName)
		if !isFile(fsys, path.Join(dir, l.entry)) {
			l.synthetic = "/farms {\n\t$include \"enabled_farms/*.farm\"\n}\n"
			if l.kind != Cloud {
				l.synthetic = "/farms {\n\t$include \"enabled_farms/*_farm.any\"\n}\n"
			}
			if !isFolder(fsys, path.Join(dir, anyFolder, "enabled_farms")) && !isFolder(fsys, path.Join(dir, anyFolder, "available_farms")) {
				if isFile(fsys, path.Join(dir, entryName)) {
					return layout{kind: Classic, entry: entryName}, true
				}
				return l, false // a folder of that name with nothing that makes a farm
			}
		}
		return l, true
	case isFile(fsys, path.Join(dir, entryName)):
		return layout{kind: Classic, entry: entryName}, true
	case isFile(fsys, path.Join(dir, "conf", entryName)):
		return layout{kind: Classic, entry: path.Join("conf", entryName)}, true
	case hasHttpd && (isFolder(fsys, path.Join(dir, httpdFolder, "enabled_vhosts")) || isFolder(fsys, path.Join(dir, httpdFolder, "available_vhosts"))):
		return layout{kind: kindOf(fsys, dir, true)}, true
	}
	return l, false
}

// kindOf tells the Cloud Service's layout from that of Managed Services, which has the same two folders.
// No mark alone decides, except for the marker file: people rename farms and delete defaults.
func kindOf(fsys fs.FS, dir string, hasHttpd bool) Kind {
	if isFile(fsys, path.Join(dir, marker)) {
		return Cloud
	}
	cloud, ams := 0, 0
	weigh := func(folder string, marks func(name string)) {
		entries, err := fs.ReadDir(fsys, path.Join(dir, folder))
		if err != nil {
			return
		}
		for _, e := range entries {
			marks(e.Name())
		}
	}
	once := func(count *int, weight int) func() {
		return func() { *count += weight; weight = 0 }
	}
	farmEnding, anyEnding := once(&cloud, 3), once(&ams, 3)
	farms := func(name string) {
		switch {
		case strings.HasSuffix(name, ".farm"):
			farmEnding()
		case strings.HasSuffix(name, "_farm.any"):
			anyEnding()
		}
	}
	amsNames := once(&ams, 4)
	weigh(anyFolder, func(name string) {
		switch name {
		case "virtualhosts":
			cloud += 2
		case "vhosts":
			ams += 2
		}
	})
	weigh(anyFolder+"/available_farms", farms)
	weigh(anyFolder+"/enabled_farms", farms)
	weigh(anyFolder+"/filters", func(name string) {
		switch {
		case name == "default_filters.any":
			cloud += 3
		case strings.HasPrefix(name, "ams_"):
			amsNames()
		}
	})
	weigh(httpdFolder+"/variables", func(name string) {
		switch {
		case name == "global.vars" || name == "custom.vars":
			cloud++
		case strings.HasPrefix(name, "ams_") || name == "ootb.vars":
			amsNames()
		}
	})
	weigh(".", func(name string) {
		switch name {
		case "conf.modules.d":
			ams++
		case "opt-in":
			cloud++
		}
	})
	switch {
	case !hasHttpd && cloud < 3 && ams < 3:
		return Classic
	case ams > cloud:
		return AMS
	}
	return Cloud
}

func isFolder(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.IsDir()
}

func isFile(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.Mode().IsRegular()
}
