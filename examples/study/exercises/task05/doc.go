// Package task is a journal with a planted bug. LAB.md has the question.
//
// # Complexity
//
//	operation       time
//	NewJournal      O(n)
//	Journal.Append  O(1)
//	Journal.Oldest  O(1)
package task
