// Package task is a hash table whose hash function returns 1. LAB.md has the question.
//
// # Complexity
//
//	operation  time
//	NewTable   O(n)
//	Table.Put  O(1) ~*
//	Table.Get  O(1) ~
package task
