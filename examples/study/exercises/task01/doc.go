// Package task is an LRU cache on a heap. LAB.md has the question.
//
// # Complexity
//
//	operation  time
//	NewLRU     O(n)
//	LRU.Get    O(1)
//	LRU.Put    O(1)
package task
