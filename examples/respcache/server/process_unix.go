//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package server

import "syscall"

// cpuSeconds returns the processor time of this process.
func cpuSeconds() (system, user float64) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	return float64(u.Stime.Nano()) / 1e9, float64(u.Utime.Nano()) / 1e9
}
