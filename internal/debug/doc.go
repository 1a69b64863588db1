// Package debug holds the instruments that the proofs need and production must
// not pay for: yields at the seams of concurrent code, step counters, and local
// assertions.
//
// Everything here is switched by one build tag. In a normal build Enabled is
// the constant false, Counter has no size, and every function has an empty body
// that the compiler inlines away; TestNothingRemains shows that no symbol of
// this package is left in a linked program. With `-tags debug` they work.
//
// # Generic code
//
// A generic method is compiled in the package that uses it, and there the
// compiler inlines a plain function of another package only if that package is
// imported directly, which users of flatline do not do with this one. Generic
// functions it inlines always. So Assert and Counter have type parameters that
// callers never see, and Yield, which has nothing to infer one from, must stand
// behind `if debug.Enabled` in generic code.
//
// # Why yields
//
// Yield exists because a scheduler rarely preempts where it hurts. Without
// yields a race-clean bug of a concurrent map was found in 0 of 1,500 recorded
// histories, with them in 747.
package debug
