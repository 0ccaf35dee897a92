//go:build !unix

package accesslog

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
