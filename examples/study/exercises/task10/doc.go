// Package task is a token bucket that counts ticks. LAB.md has the question.
//
// # Complexity
//
//	operation     time
//	NewBucket     O(1)
//	Bucket.Allow  O(1)
package task
