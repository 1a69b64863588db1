// Package task is a stack that grows by 1,000 elements. LAB.md has the question.
//
// # Complexity
//
//	operation   time
//	Stack.Push  O(1) *
//	Stack.Pop   O(1) *
//	Stack.Cap   O(1)
package task
