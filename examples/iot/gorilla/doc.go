// Package gorilla compresses the points of one time series without loss, after the paper
// on Facebook's Gorilla: about one byte per point where a sensor reports at a steady
// interval, with a fixed number of decimals.
//
// # Idea
//
//	times    t0, then the difference of the differences: 0 at a steady interval, one bit
//	values   decimal  21.5 21.6 21.6 → 215, +1, 0: the difference of integers
//	         xor      v XOR the value before: its bits between the first and the last 1
//
// Times share a unit: the largest power of 1,000 that divides all of them, so a clock of
// milliseconds does not pay for nanoseconds. Values are decimals if each is exactly an
// integer divided by the same power of ten; the paper has only XOR, where 21.6 differs
// from 21.5 in nearly all bits of the fraction.
//
// # Layout
//
//	chunk  = count uvarint │ mode byte │ bits…
//	mode   = exponent of the unit (0, 3, 6 or 9) + 16 × form (0 XOR, 1 + decimals)
//	int    = 0 │ 10 and 3 bits │ 110 and 7 │ 1110 and 12 │ 11110 and 24 │ 11111 and 64
//	xor    = 0 (the same value) │ 10 (as many leading and trailing zeros as before) │
//	         11, leading zeros 6 bits, length-1 6 bits; then the bits
//
// # Invariants
//
//	Z1  Decode(Encode(x)) is x bit for bit: NaN with its payload, -0, infinities, times
//	    that go backwards or overflow (TestRoundTrip, FuzzRoundTrip).
//	Z2  Decode of any bytes returns points or an error, and allocates at most 64 times as
//	    many bytes as it was given (FuzzDecode, TestDamage).
//
// # Trade-offs
//
// The main disadvantage is that a point is found only by decoding its chunk from the
// start. Values with all the bits of a float64, such as a sine that is not rounded, take
// six to seven bytes.
//
// # References
//
// T. Pelkonen et al., Gorilla: A Fast, Scalable, In-Memory Time Series Database, VLDB 2015.
package gorilla
