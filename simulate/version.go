package simulate

import (
	"fmt"
	"strconv"
	"strings"
)

// A Version is a release of the Dispatcher module. Releases of AEM as a Cloud Service count from 2.0 and behave
// as the newest of the others.
type Version struct{ Major, Minor, Patch int }

// Newest is the newest public release, of 2025-11-20, and what an [Engine] behaves as unless told otherwise
// (AdobeDocs/experience-manager-dispatcher.en, release-notes.md).
var Newest = Version{4, 3, 8}

// cloud is the Major of releases for AEM as a Cloud Service.
const cloud = 2

// ParseVersion reads "4.3.8", "4.3" or, for AEM as a Cloud Service, "2.0.264".
func ParseVersion(s string) (Version, error) {
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return Version{}, fmt.Errorf("version %q is not of the form 4.3.8", s)
	}
	var n [3]int
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return Version{}, fmt.Errorf("version %q is not of the form 4.3.8", s)
		}
		n[i] = int(v)
	}
	return Version{n[0], n[1], n[2]}, nil
}

// String returns the version as Adobe writes it: "4.3.8".
func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

// AtLeast reports whether v behaves as w or a later release does.
func (v Version) AtLeast(w Version) bool {
	switch {
	case v.Major == cloud:
		return true
	case v.Major != w.Major:
		return v.Major > w.Major
	case v.Minor != w.Minor:
		return v.Minor > w.Minor
	}
	return v.Patch >= w.Patch
}

// The releases that changed what is simulated here (AdobeDocs/experience-manager-dispatcher.en, release-notes.md).
var (
	v420 = Version{4, 2, 0} // warns of rules that allow by /glob (seen in 4.2)
	v430 = Version{4, 3, 0} // names the rule first in the trace
	v431 = Version{4, 3, 1} // DISP-726 warning, DISP-730 *.h, DISP-731 log injection, DISP-732 //
	v433 = Version{4, 3, 3} // summary lines name the cache action
	v434 = Version{4, 3, 4} // DISP-883 decomposition in the trace
	v436 = Version{4, 3, 6} // DISP-937 all selectors in the trace
	v438 = Version{4, 3, 8} // method, path and query in the trace
)
