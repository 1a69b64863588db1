// Package control holds the controls of the study: structures whose cost is
// known to grow. They are measured, in every run, by the very instruments that
// measure flatline's packages, and the study fails unless each of them is
// refuted as O(1). An instrument that cannot see a binary search grow has no
// business calling anything flat.
//
// # Complexity
//
//	operation    time
//	Sorted.Find  O(log n)
//	List.Find    O(n)
//	LFU.Get      O(log n)
//	Skip.Find    O(log n) ~
//
// Sorted is a binary search, List a list that is scanned, and LFU the answer
// most people give to "design a least-frequently-used cache": a map and a binary
// heap. Skip is a skip list, where chance and a constant part cover the logarithm: the
// hardest to see. The benchmarks hold a fifth structure, Go's own map, which is no
// control: it is the yardstick for times that include the processor's cache.
package control
