package lastmatch

import (
	"fmt"

	"github.com/dispcheck/dispcheck/diag"
)

// Theirs reports whether an entry stands in a file that its owner must not change.
func (s *Section) Theirs(i int) bool {
	immutable := s.pass.Subject.Immutable
	return immutable != nil && immutable(s.Rules[i].At.Span.File)
}

// Shadowed returns what is to be said of an entry that never decides, without a severity, and what keeps it from
// deciding; nil where there is nothing to say. That is so, too,
//   - where an entry behind it is written alike and does the same, which another rule reports;
//   - in a file that its owner must not change, unless it denies what an entry of the owner allows;
//   - in a file that several farms include, where it decides or is needed in one of them. That a deny is void in one of
//     them is said.
func (s *Section) Shadowed(i int) (diag.Diagnostic, *Shadow) {
	sh, r := s.Shadow(i), s.Rules[i]
	if len(sh.By) == 0 {
		return diag.Diagnostic{}, nil
	}
	if s.twinBehind(i) {
		return diag.Diagnostic{}, nil
	}
	switch {
	case s.Theirs(i) && (r.Allow || sh.Same || s.allTheirs(sh.By)),
		sh.Same && !sh.Sampled && !s.Spare(i),
		(r.Allow || sh.Same) && !s.DeadEverywhere(i):
		return diag.Diagnostic{}, nil
	}
	stand, match, allow, deny := "stands", "matches", "allows", "denies"
	if len(sh.By) > 1 {
		stand, match, allow, deny = "stand", "match", "allow", "deny"
	}
	d := diag.Diagnostic{Span: r.At.Span, Included: r.At.Included, Related: s.Related(sh.By)}
	if sh.Same {
		do := deny
		if r.Allow {
			do = allow
		}
		d.Message = fmt.Sprintf("%s is not needed: %s behind it %s all that it matches", Name(r), s.Names(sh.By), do)
		d.Hint = "remove it, or make what stands behind it narrower"
		d.Fixes = s.Remove(i)
	} else {
		// No fix: what was meant is not to be thrown away unseen.
		d.Message = fmt.Sprintf("%s never decides: %s %s behind it and %s all that it matches", Name(r), s.Names(sh.By), stand, match)
		d.Hint = "move it behind what overrides it: the last rule that matches decides"
	}
	if sh.Sampled {
		d.Message += " (by samples)"
	}
	return d, sh
}

func (s *Section) allTheirs(list []int) bool {
	for _, i := range list {
		if !s.Theirs(i) {
			return false
		}
	}
	return true
}
