// Package task is a stack that looks for its minimum. LAB.md has the question.
//
// # Complexity
//
//	operation      time
//	MinStack.Push  O(1) *
//	MinStack.Pop   O(1) *
//	MinStack.Min   O(1)
package task
