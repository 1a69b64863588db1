package server

import (
	"bytes"
	"os"
	"strconv"
)

// residentBytes returns the memory of the process that is not swapped out; where the
// system does not say so in a file, what the runtime has got from the system.
func residentBytes(total int64) int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if fields := bytes.Fields(b); err == nil && len(fields) > 1 {
		if pages, err := strconv.ParseInt(string(fields[1]), 10, 64); err == nil {
			return pages * int64(os.Getpagesize())
		}
	}
	return total
}
