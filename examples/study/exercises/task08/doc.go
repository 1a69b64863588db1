// Package task is the sum of any range, added up at each call. LAB.md has the question.
//
// # Complexity
//
//	operation   time
//	NewSums     O(n)
//	Sums.Range  O(1)
package task
