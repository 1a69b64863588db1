// Package pad keeps fields apart that different processors use.
//
// Processors exchange memory in cache lines. Where one processor writes a field, every
// other one that uses a field of the same line has to fetch the line again, although the
// two fields have nothing to do with each other: false sharing. A line has 64 bytes on
// most processors, but they fetch lines in pairs; on some ARM processors it has 128.
package pad

// A Gap keeps the fields before it off the cache lines of the fields after it:
//
//	_ pad.Gap // what is written above, and what is read below
type Gap [128]byte
