// Package task is a set whose Delete searches. LAB.md has the question.
//
// # Complexity
//
//	operation   time
//	Set.Insert  O(1) ~*
//	Set.Delete  O(1) ~*
//	Set.At      O(1)
//	Set.Len     O(1)
package task
