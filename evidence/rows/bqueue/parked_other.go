//go:build !unix

package bqueue

import "time"

func cpuTime() time.Duration { panic("no processor time of a process on this system") }
