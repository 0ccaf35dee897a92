package simulate

import (
	"context"
	"path"
	"slices"
	"strings"
)

// cleanHandle returns a handle without empty and dot segments. It refuses what is no path from the root, holds a NUL
// byte, climbs above the root, or is longer than the system allows a file's name to be. Handles are repository paths:
// percent signs in them are characters like others.
func cleanHandle(handle string, docroot int) (string, bool) {
	if handle == "" || handle[0] != '/' || docroot+len(handle) >= pathMax || strings.IndexByte(handle, 0) >= 0 {
		return "", false
	}
	depth := 0
	for segment := range strings.SplitSeq(handle, "/") {
		switch segment {
		case "", ".":
		case "..":
			depth--
		default:
			depth++
		}
		if depth < 0 {
			return "", false
		}
	}
	return path.Clean(handle), true
}

// contentFolder holds what a page keeps below itself, images for one.
const contentFolder = "/_jcr_content"

// maxListed bounds how many deleted files a flush lists; more are deleted all the same.
const maxListed = 1 << 20

// delete removes the files of the handle: the file of that name and those whose names go on with a dot, whatever
// follows, so that the files beside pages go with them; the folder _jcr_content below the handle; and, where the page
// itself is gone, the folder below the handle with all in it. A link counts as what it points to, but only the link is
// removed: none is followed (DISP-706). Files that are being written are left alone. The log has a line for each file,
// after those of the statfiles: so it is in a public tutorial with the site we-retail ("2. basic caching").
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md, page-invalidate.md, dispatcher.md
// and dispatcher-faq.md; release-notes.md (DISP-706).
func (f *flush) delete(ctx context.Context) error {
	root := f.x.farm.root
	if root == nil {
		f.note(NotSimulated, "no cache is given: what is deleted is not known, and folders on the path of the handle are taken to exist")
		return nil
	}
	err := f.deleteAlone(ctx, root)
	slices.Sort(f.v.Deleted)
	slices.Sort(f.v.Folders)
	if f.unlisted > 0 {
		f.note("", "%d more files were deleted than are listed", f.unlisted)
	}
	if f.unsaid > 0 {
		f.note(StoreFailed, "%d more files could not be deleted", f.unsaid)
	}
	return err
}

// deleteAlone deletes while no page is put into place or opened: of a page and the files beside it all go, or none.
func (f *flush) deleteAlone(ctx context.Context, root Docroot) error {
	locks := &f.x.engine.memory.files
	locks.lockAll()
	defer locks.unlockAll()
	return f.deleteFrom(ctx, root)
}

func (f *flush) deleteFrom(ctx context.Context, root Docroot) error {
	if f.handle == "/" {
		return f.deleteRoot(ctx, root)
	}
	if path.Base(f.handle) == statName[1:] {
		f.note(FlushHandleUnusable, "the handle is that of a statfile: nothing is deleted")
		return nil
	}
	slash := strings.LastIndexByte(f.handle, '/')
	parent, base := f.handle[:slash], f.handle[slash+1:]
	entries, err := root.List(folderName(parent))
	if err != nil {
		f.fail(folderName(parent), err)
		return ctx.Err()
	}
	first, _ := slices.BinarySearchFunc(entries, base, func(e Entry, name string) int { return strings.Compare(e.Name, name) })
	folder := false
	for _, e := range entries[first:] {
		if !strings.HasPrefix(e.Name, base) {
			break
		}
		name := parent + "/" + e.Name
		switch {
		case e.Name == base && e.Kind == FileFolder:
			folder = true
		case e.Name == base && e.Kind == FileLink && f.deletesBelow():
			f.remove(name)
		case e.Name != base && e.Name[len(base)] != '.', isTemporary(e.Name):
		case f.isFile(root, name, e.Kind):
			f.remove(name)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if !folder {
		return f.deleteContent(ctx, root, f.handle)
	}
	if f.deletesBelow() {
		_, err := f.removeTree(ctx, root, f.handle)
		return err
	}
	return f.deleteContent(ctx, root, f.handle)
}

// deleteRoot is for the handle "/". No name goes on after it, so that there are only folders to delete. To empty a
// whole cache for a flush that may be a mistake is left to those who ask for it (Readings.EmptyCache); whether the
// module does so is not published.
func (f *flush) deleteRoot(ctx context.Context, root Docroot) error {
	switch {
	case !f.deletesBelow():
		return f.deleteContent(ctx, root, "")
	case !f.x.engine.options.Readings.EmptyCache:
		f.note(FlushHandleUnusable, "action %s of the handle / would empty the whole cache: nothing is deleted", f.v.Action)
		return nil
	}
	_, err := f.empty(ctx, root, "")
	return err
}

// deleteContent removes the folder _jcr_content below a folder.
func (f *flush) deleteContent(ctx context.Context, root Docroot, folder string) error {
	name := folder + contentFolder
	info, err := root.Stat(name)
	switch {
	case err != nil:
		f.fail(name, err)
		return nil
	case info.Kind != FileFolder:
		return nil
	}
	// It may be a link to a folder, which only the list tells.
	entries, err := root.List(folderName(folder))
	if err != nil {
		f.fail(folderName(folder), err)
		return nil
	}
	for _, e := range entries {
		switch {
		case e.Name != contentFolder[1:]:
		case e.Kind == FileLink:
			f.remove(name)
		case e.Kind == FileFolder:
			_, err := f.removeTree(ctx, root, name)
			return err
		}
	}
	return nil
}

// isFile reports whether a name is of a regular file, or of a link to one.
func (f *flush) isFile(root Docroot, name string, kind FileKind) bool {
	if kind == FileLink {
		info, err := root.Stat(name)
		return err == nil && info.Kind == FileRegular
	}
	return kind == FileRegular
}

// removeTree removes a folder and all in it, the leaves first, and reports whether nothing is left.
func (f *flush) removeTree(ctx context.Context, root Docroot, name string) (gone bool, err error) {
	if len(f.x.farm.docroot)+len(name) >= pathMax {
		f.fail(name, ErrNameTooLong)
		return false, nil
	}
	outer := len(f.v.Folders)
	gone, err = f.empty(ctx, root, name)
	if err != nil || !gone {
		return false, err
	}
	if err := root.Remove(name); err != nil {
		f.fail(name, err)
		return false, nil
	}
	f.v.Folders = append(f.v.Folders[:outer], name) // those in it have gone with it
	return true, nil
}

// empty removes all that is in a folder, "" being the root, and reports whether nothing is left.
func (f *flush) empty(ctx context.Context, root Docroot, folder string) (gone bool, err error) {
	entries, err := root.List(folderName(folder))
	if err != nil {
		f.fail(folderName(folder), err)
		return false, ctx.Err()
	}
	gone = true
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		name, ok := folder+"/"+e.Name, true
		if e.Kind == FileFolder {
			if ok, err = f.removeTree(ctx, root, name); err != nil {
				return false, err
			}
		} else {
			if e.Kind == FileLink && !f.x.at(disp706) {
				f.note(NotSimulated, "%s is a link: releases before 4.3.0 follow it, which is not simulated", escapePath(name))
			}
			ok = f.remove(name)
		}
		gone = gone && ok
	}
	return gone, nil
}

// remove removes a file or a link, unless it is to be replaced, and reports whether it is gone.
func (f *flush) remove(name string) bool {
	if _, kept := f.kept[name]; kept {
		return false
	}
	if err := f.x.farm.root.Remove(name); err != nil {
		f.fail(name, err)
		return false
	}
	if f.x.Trace != nil {
		f.x.say(invalidateStage{}.Name(), LevelInfo, FlushDone, "Evicted %s", joinDocroot(f.x.farm.docroot, name))
	}
	if len(f.v.Deleted) < maxListed {
		f.v.Deleted = append(f.v.Deleted, name)
	} else {
		f.unlisted++
	}
	return true
}

// folderName returns the name of a folder that is written without the slash at its end.
func folderName(folder string) string {
	if folder == "" {
		return "/"
	}
	return folder
}
