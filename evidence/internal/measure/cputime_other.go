//go:build !unix

package measure

import "time"

// cpuTime is wall time where there is no getrusage.
func cpuTime() time.Duration { return wallTime() }
