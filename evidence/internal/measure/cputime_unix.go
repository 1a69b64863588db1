//go:build unix

package measure

import (
	"syscall"
	"time"
)

// cpuTime is the processor time that all threads of the process have used: work that a
// side does in other goroutines counts, the load of other processes does not.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("getrusage: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
