// Package sched is the runtime of the sched loom: it runs the goroutines of a small
// program one at a time and decides before every operation of sync, sync/atomic and
// channels which of them continues. A [Run] repeats a program until it has run every
// schedule with at most a given number of preemptions (Musuvathi et al., "Finding and
// Reproducing Heisenbugs in Concurrent Programs", 2008).
//
// Its folders sync, atomic, runtime, time, rand and errgroup have the names and the
// sizes of the packages that they stand for in a woven build. Each operation is a
// point: the goroutine announces it, is stopped, and continues when it is
// chosen, which happens only when the operation can be done without waiting. Then it
// does it on the real type. Outside of a run the points do nothing.
//
// # What is a step
//
// A step is one such operation and all that follows it up to the next one. For plain
// memory that is accessed without a data race this makes no difference. The race detector
// checks that there is no data race: under -race goroutines are switched without any
// order that it can see, so it sees only the order that the real operations make.
//
// # Rules that keep a replay from drifting
//
// Every decision is recorded, those with one option too. There is no garbage
// collection during a run, since an address that is used again would be another
// object with the same name. Random numbers and secrets begin again with each run.
//
// The first Gosched is only a hint: a point. A goroutine that calls a second one, while
// no goroutine has written anything since the first, is in a loop that waits; it can
// continue when another has written.
package sched
