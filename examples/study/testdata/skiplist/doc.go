// Package skiplist is a sorted set of ints.
//
// # Complexity
//
//	operation      time
//	List.Contains  O(log n) ~
//	List.Insert    O(log n) ~
package skiplist
