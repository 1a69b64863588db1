// Package control holds the controls of the study: structures whose cost is known to
// grow. In every run the same instruments that measure flatline's packages measure them,
// and the study fails unless each of them is refuted as O(1). An instrument that cannot
// see a binary search grow must not call anything flat.
//
// # Complexity
//
//	operation    time
//	Sorted.Find  O(log n)
//	List.Find    O(n)
//	LFU.Get      O(log n)
//	Skip.Find    O(log n) ~
//
// Sorted is a binary search, List a list that is scanned, and LFU the answer most people
// give to "design a least-frequently-used cache": a map and a binary heap. Skip is a skip
// list, in which chance and a constant part hide the logarithm: it is the hardest to see.
// The benchmarks have a fifth structure, Go's own map, which is not a control but the
// reference for times that include the processor's cache.
package control
