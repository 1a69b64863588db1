// Package concmap answers: how would you build a concurrent hash map, and how does
// it grow while everybody uses it?
//
// Striped is the short answer, 64 locks and 64 Go maps. Map is the one to use:
// reads without a lock, and segments that are frozen and replaced one at a time.
package concmap
