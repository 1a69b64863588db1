// Package task is the maximum of the last k values, found by looking at all of them. LAB.md has the question.
//
// # Complexity
//
//	operation    time
//	NewWindow    O(k)
//	Window.Push  O(1) *
package task
