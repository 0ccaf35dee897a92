package simulate

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/dispcheck/dispcheck/model"
)

// chain returns the names of the statfiles that a flush of a handle touches, from the root down: those of the root and
// of each folder above the handle, down to the depth of /statfileslevel, the root being 0.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (statfileslevel);
// AdobeDocs/experience-manager-learn.en, disp-flushing.md (the table of levels).
func (s *statfiles) chain(handle string) []string {
	var names []string
	s.folders(handle, func(folder string) bool {
		names = append(names, folder+statName)
		return false
	})
	slices.Reverse(names)
	return names
}

// touch touches the statfiles of the handle. They are made where they are missing. A folder that is missing gets none:
// whether the module would make it is not published.
func (f *flush) touch() {
	if f.resourceOnly() {
		f.note("", "the scope is ResourceOnly: no statfile is touched")
		return
	}
	x := f.x
	stat := &x.farm.stat
	switch {
	case stat.outside != "":
		if x.engine.options.Now != nil {
			x.engine.memory.outside.touch(stat.outside, f.now)
		}
		f.v.TouchedOutside = append(f.v.TouchedOutside, stat.outside)
		f.sayTouched(stat.outside)
	case stat.one != "":
		f.touchOne(stat.one)
	default:
		for _, name := range stat.chain(f.handle) {
			if !f.touchOne(name) {
				return
			}
		}
	}
}

// touchOne touches a statfile and reports whether its folder is there.
func (f *flush) touchOne(name string) bool {
	if root := f.x.farm.root; root != nil {
		err := root.Touch(name, statMode(f.x.farm.model.Cache), f.now)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrNotFolder):
			f.note("", "the cache has no folder for %s: it is not touched", escapePath(name))
			return false
		case err != nil:
			f.fail(name, err)
			return true
		}
	}
	f.v.Touched = append(f.v.Touched, name)
	f.sayTouched(joinDocroot(f.x.farm.docroot, name))
	return true
}

func (f *flush) sayTouched(file string) {
	if f.x.Trace != nil {
		f.x.say(invalidateStage{}.Name(), LevelInfo, FlushDone, "Touched %s", file)
	}
}

// statMode returns the permissions of statfiles: /mode, by default 0755.
func statMode(c *model.Cache) fs.FileMode {
	if !c.Mode.Set && c.Mode.Value == 0 {
		return 0o755
	}
	return fs.FileMode(c.Mode.Value) & fs.ModePerm
}
