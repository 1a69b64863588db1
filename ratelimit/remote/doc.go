// Package remote is a token bucket that many processes share. The bucket is stored in a
// Redis or Valkey server, which decides in one round trip.
//
// # Question
//
// "Design a distributed rate limiter for a large-scale API gateway": shared counts,
// tiers, many nodes, and a store that may fail.
//
// # Idea
//
// A node is a process with a Limiter. Each key's bucket is one number in the store, the
// instant at which the bucket will be full (the mirror image of ratelimit's z). A script
// takes from the bucket. The script uses the server's clock, so the nodes' clocks need
// not agree. The number expires when the bucket is full, since a full bucket is
// equivalent to none:
//
//	node ──EVALSHA {:ann}──▶ ┌ Redis ─────────────────────────────┐
//	                         │ rl:{:ann}:100/s:200 = 1763958000123456  PX 2000
//	node ◀── granted, debt ──└────────────────────────────────────┘
//
// Numbers are whole ticks, 1/N of a microsecond, below 2^53, so that Lua's floating
// point is exact. All tiers of a key share a hash tag, so that TakeAll finds them in
// one node of a cluster and takes from all of them or none.
//
// # Fewer round trips
//
// A denial holds for a while. With DenyCache, a node that was refused n tokens itself
// refuses n or more until they can be available. Nothing can make them available sooner,
// unless the store loses its data. So the node refuses no request that the store would
// have granted.
//
// With a Lease, a node takes more tokens than it needs and grants the others to later
// requests itself. It never admits more than burst + rate·time in any window, because the
// bucket in the store is smaller by what all Nodes can hold: at most Nodes·Lease tokens
// that were taken before a window can be used in it. Therefore a lease is never more than
// half the burst divided by Nodes.
//
// # When the store fails
//
// After Trip failures in a row a node does not ask the store for the time Cooldown; then
// one request tries again. Meanwhile requests are refused (FailClosed), granted
// (FailOpen), or limited by the node itself, to its share of the rate (FailLocal). A
// failure means that the server cannot be used: an I/O error, no answer within Timeout, a
// reply such as LOADING. A reply about one key, or a caller that gives up sooner, is not
// a failure. A take whose answer is lost counts as a failure, although the tokens may
// have been taken; that errs on the safe side.
//
// A store that restarts without its data has full buckets: up to one burst more is
// admitted. A store with appendonly keeps the bound. If the server's clock is set back,
// the buckets in use are empty at that moment, and full again after at most one fill
// time. If it is set forward, they gain the tokens of that time.
//
// # Invariants
//
//	I1  what is granted in any window is at most burst + rate·time, while at most
//	    Nodes limiters with this prefix, rate and burst share the store
//	I2  a node never holds more than Lease unused tokens of a key
//	I3  a number in the store expires only when its bucket is full
//	I4  TakeAll takes from all tiers or none
//
// # Complexity
//
//	operation       time      moves   allocations
//	Take            O(1) ~    0       O(1)
//	TakeAll         O(n)      0       O(n)
//	TakeEach        O(n)      0       O(n)
//
// plus at most one round trip. n is the number of tiers.
//
// # What happens if
//
//   - the store is down: after Trip failures in a row it is not asked for the time
//     Cooldown, and requests are refused, granted or limited by the node (TestBreaker)
//   - the answer is lost after the tokens were taken: it counts as a failure, and the
//     tokens stay taken (TestLostAnswer)
//   - one key has a value of another type: takes of that key fail, and takes of others
//     still ask the store (TestOneKeyDoesNotOpenTheCircuit)
//   - the caller's deadline passes before the answer: an error for that caller, which
//     does not count against the store (TestDeadlines)
//   - the server's clock is set back: the buckets in use are empty as of then
//     (TestServerClockSetBack)
//   - two requests of a node need a lease at the same time: they share one round trip
//     (TestLeaseIsShared)
//   - n is less than 1 or more than Limit: refused without asking the store (TestTake)
//   - Eval panics: the panic reaches the caller, and the breaker is as it was
//     (TestPanickingEval)
//
// # Concurrency
//
// A Limiter is safe for concurrent use. Takes are linearized in the store, and takes from
// a lease while the node's lock is held. With a Lease, requests of one node that wait for
// tokens of one key share a round trip.
//
// # Trade-offs
//
// Every decision without a lease costs a round trip. A lease reduces the burst: the more
// nodes and the larger the lease, the fewer events may happen at once. Changing the rate
// or the burst starts new, full buckets and loads a new script, which the server keeps
// until it restarts. With Keep neither happens, but a take reads and writes a longer
// value. Tokens leased by a node that dies are lost.
//
// Each time that the store is unavailable, FailLocal grants up to two bursts beyond burst +
// rate·time: the nodes' own buckets are full when the outage begins, and the store's
// bucket has filled when it ends.
//
// INCR with EXPIRE, the common answer, counts fixed windows and admits twice the limit.
// If each call renews the expiry, it never admits a client that does not pause.
//
// # References
//
// See ratelimit. Nygard, "Release It!" (2007), has the circuit breaker; Gray and
// Cheriton (1989) leases.
package remote
