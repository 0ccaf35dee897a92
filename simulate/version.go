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

// ParseVersion reads "4.3.8", "4.3" or, for AEM as a Cloud Service, "2.0.264" or "cloud".
func ParseVersion(s string) (Version, error) {
	if s == "cloud" {
		return Version{cloud, 0, 0}, nil
	}
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

// The releases that changed what is simulated here, named for the item of the release notes where there is one
// (AdobeDocs/experience-manager-dispatcher.en, release-notes.md). What came before 4.3.0 is from the documentation of
// each property. Package model knows which release brought a property, and that of DISP-725.
var (
	disp4111 = Version{4, 1, 11} // /headers and /enableTTL
	v420     = Version{4, 2, 0}  // warns of rules that allow by /glob (seen in 4.2); keep-alive 60 s by default

	v430    = Version{4, 3, 0} // names the rule first in the trace
	disp688 = v430             // X-Cache-Info on 404
	disp690 = v430             // Last-Modified can be stored
	disp698 = v430             // s-maxage and private decide the time to live
	disp704 = v430             // %2b stays encoded on the way to the render
	disp706 = v430             // flushes do not follow links
	disp709 = v430             // vanity URLs with an extension of their own
	disp652 = v430             // Date of a hit

	v431    = Version{4, 3, 1} // DISP-726 warning, DISP-730 *.h, DISP-731 log injection, DISP-732 //
	disp656 = v431             // ETag of a hit
	disp715 = v431             // renderid with Secure
	disp722 = v431             // permissions of cache files
	disp723 = v431             // no timeout of ten minutes where 0 is configured
	disp727 = v431             // length of the answer, not of the request
	disp733 = v431             // Age of a hit

	disp742 = Version{4, 3, 2} // the filter before the auth checker
	disp746 = Version{4, 3, 2} // a warning of strings without a name
	disp747 = Version{4, 3, 2} // what the module knows of a request in httpd's environment

	v433    = Version{4, 3, 3} // summary lines name the cache action
	disp818 = v433             // no headers of mod_expires on what is not cacheable
	disp824 = v433             // X-Forwarded-Host needs the edge key where there is one
	disp825 = v433             // a message of its own where the disk is full
	disp826 = v433             // queries in the body of a flush
	disp703 = v433             // hit ratio by farm

	v434    = Version{4, 3, 4} // DISP-883 decomposition in the trace
	disp833 = v434             // a list in X-Forwarded-Host
	disp841 = v434             // stale files for 504
	disp874 = v434             // DISP-818 asked for by DispatcherRestrictUncacheableContent
	disp944 = v434             // vanity lists loaded at startup

	disp954 = Version{4, 3, 5} // statfiles count before a time to live is over
	disp949 = Version{4, 3, 5} // a blocked POST gets 404

	v436    = Version{4, 3, 6} // DISP-937 all selectors in the trace
	disp998 = v436             // /loadOnStartup
	disp911 = v436             // the key of DispatcherUseForwardedHost does not reach the render

	disp1014 = Version{4, 3, 7} // Location

	v438     = Version{4, 3, 8} // method, path and query in the trace
	disp1040 = v438             // headers of flushes from clients that are not allowed
	disp1046 = v438             // stale files for 429
)
