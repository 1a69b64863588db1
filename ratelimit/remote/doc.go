// Package remote is a token bucket that many processes share: it lives in a Redis
// or Valkey server and is decided on there, in one round trip.
//
// # Question
//
// "Design a distributed rate limiter for a large-scale API gateway": shared counts,
// tiers, many nodes, and a store that may fail.
//
// # Idea
//
// Each key's bucket is one number in the store, the instant at which it will be full
// (the mirror image of ratelimit's z). A script takes from it: the server's own
// clock decides, so that the nodes' clocks need not agree, and the number expires
// when the bucket is full, for a full bucket and none are the same:
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
// A denial holds for a while: with DenyCache a node that has been refused n tokens
// refuses n or more itself until they can be there. Nothing can make them come
// sooner, unless the store loses its data, so no request is refused that the store
// would have granted.
//
// With a Lease a node takes some tokens more than it needs and gives them to later
// requests by itself. It never admits more than burst + rate·time in any window, for
// the bucket in the store is made smaller by what all Nodes can hold: at most
// Nodes·Lease tokens that were taken before a window can be used in it. Therefore a
// lease is never more than half the burst divided by Nodes.
//
// # When the store fails
//
// After Trip failures in a row a node stops asking for Cooldown; then one request
// tries again. Meanwhile requests are refused (Closed), granted (Open), or limited
// by the node itself, to its share of the rate (Local). Failures are what says that
// the server cannot be used: an I/O error, no answer within Timeout, a reply such as
// LOADING. A reply about one key, and a caller that goes away sooner, are none. A take
// whose answer is lost counts as a failure though it may have been made: that errs on
// the safe side.
//
// A store that restarts without its data has full buckets: up to one burst more is
// admitted. With appendonly it keeps the bound. If the server's clock is set back, the
// buckets in use are empty as of then, and full again after one fill time at most; if it
// is set forward, they have gained what that time brings.
//
// # Invariants
//
//	I1  what is granted in any window is at most burst + rate·time, while at most
//	    Nodes limiters with this prefix, rate and burst share the store
//	I2  a node never holds more than Lease tokens of a key that it has not used
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
//   - the store is down: after Trip failures in a row it is not asked for Cooldown, and
//     requests are refused, granted or limited by the node (TestBreaker)
//   - the answer is lost after the take was made: it counts as a failure, and the tokens
//     as taken (TestLostAnswer)
//   - one key has a value of another type: that key fails, and the others go on to the
//     store (TestOneKeyDoesNotOpenTheCircuit)
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
// A Limiter is safe for concurrent use. Takes are linearized in the store; those
// from a lease where the node's lock is held. With a Lease, requests of one node
// that wait for tokens of one key share a round trip.
//
// # Trade-offs
//
// Every decision without a lease costs a round trip. A lease costs burst: the more
// nodes and the larger the lease, the less may come at once. Changing rate or
// burst begins new, full buckets, and a new script, of which the server keeps every
// one until it restarts; with Keep it does neither, and a take reads and writes a
// longer value. Tokens leased by a node that dies are lost.
//
// Each time that the store is away Local grants up to two bursts beyond burst +
// rate·time: what the nodes have by themselves is full when that begins, and the
// store's bucket has filled when it ends.
//
// INCR with EXPIRE, the common answer, counts fixed windows, admits twice the limit,
// and if each call renews the expiry never lets in a client that does not pause.
//
// # References
//
// See ratelimit. Nygard, "Release It!" (2007), has the circuit breaker; Gray and
// Cheriton (1989) leases.
package remote
