// Package task is a queue whose Pop moves what is left. LAB.md has the question.
//
// # Complexity
//
//	operation   time
//	Queue.Push  O(1) *
//	Queue.Pop   O(1) *
package task
