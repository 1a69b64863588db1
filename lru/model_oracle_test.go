package lru

import (
	"iter"
	"math"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/internal/cache"
)

// left is a value that has left, as OnEvict gets it.
type left struct {
	key    int
	value  string
	reason Reason
}

// oracle is the textbook with deadlines, costs and reasons. The order in which a Put
// finds several expired entries is unspecified: there the oracle follows the calls of
// OnEvict and checks that they were allowed.
type oracle struct {
	book      *textbook[int, string]
	deadlines map[int]int64
	lives     map[int]int64 // nil unless a use extends them
	turn      int64         // Options.TTL: the life that needs no wheel
	odd       map[int]bool  // keys whose life ends and differs from turn
	written   map[int]int64 // when
	refresh   int64         // the age from which a load refreshes an entry; 0: none
	costs     map[int]int64
	maxCost   int64
	now       int64
	timed     bool // an entry with a deadline has been put: the cache looks at the clock
	quiet     bool // there is no OnEvict
	got       []left
	evicted   [cache.Reasons]uint64
	hits      uint64
	misses    uint64
	loads     uint64
	errors    uint64
	touched   map[int]bool // keys used, put or removed since a loop began
}

func (o *oracle) touch(k int) {
	if o.touched != nil {
		o.touched[k] = true
	}
}

func (o *oracle) expired(k int) bool { return o.deadlines[k] <= o.now }
func (o *oracle) has(k int) bool     { _, ok := o.book.Peek(k); return ok }
func (o *oracle) live(k int) bool    { return o.has(k) && !o.expired(k) }

// stale reports whether a load refreshes k.
func (o *oracle) stale(k int) bool {
	return o.live(k) && o.refresh > 0 && o.now-o.written[k] >= o.refresh
}

func (o *oracle) cost() (sum int64) {
	for _, c := range o.costs {
		sum += c
	}
	return sum
}

func (o *oracle) overdue() (n int) {
	for k := range o.deadlines {
		if o.expired(k) {
			n++
		}
	}
	return n
}

// told checks the next departure that the cache reported.
func (o *oracle) told(t *rapid.T, want left) {
	o.evicted[want.reason]++
	if !o.quiet {
		require.NotEmpty(t, o.got, "%v was not reported", want)
		require.Equal(t, want, o.got[0])
		o.got = o.got[1:]
	}
}

// leave removes k for the given reason, or for Expired, and returns the reason.
func (o *oracle) leave(t *rapid.T, k int, reason Reason) Reason {
	if o.expired(k) {
		reason = Expired
	}
	o.touch(k)
	v, _ := o.book.Peek(k)
	o.told(t, left{k, v, reason})
	o.book.Delete(k)
	delete(o.deadlines, k)
	delete(o.odd, k)
	delete(o.costs, k)
	return reason
}

// sweep removes the expired entries, at most limit, that the cache has removed.
func (o *oracle) sweep(t *rapid.T, limit int) (n int) {
	for n < limit && len(o.got) > 0 && o.got[0].reason == Expired && o.has(o.got[0].key) && o.expired(o.got[0].key) {
		o.leave(t, o.got[0].key, Expired)
		n++
	}
	return n
}

func (o *oracle) sweepAll(t *rapid.T) {
	o.sweep(t, math.MaxInt)
	require.Zero(t, o.overdue(), "an expired entry stayed")
}

func (o *oracle) get(k int) (string, bool) {
	if !o.live(k) {
		o.misses++
		return "", false
	}
	o.hits++
	o.touch(k)
	if o.lives != nil && o.deadlines[k] != math.MaxInt64 {
		o.deadlines[k] = o.deadline(o.lives[k])
	}
	return o.book.Get(k)
}

func (o *oracle) put(t *rapid.T, k int, v string, cost, ttl int64) (evicted bool) {
	o.timed = o.timed || ttl > 0
	inTurn, overdue := len(o.odd) == 0, o.overdue()
	if swept := o.sweep(t, 2); inTurn {
		require.Equal(t, min(2, overdue), swept, "where all lives are Options.TTL a Put misses none that has expired")
	}
	if ttl < 0 || cost > o.maxCost {
		if o.has(k) {
			o.leave(t, k, Replaced)
		}
		reason := Cost
		if ttl < 0 {
			reason = Expired
		}
		o.told(t, left{k, v, reason})
		return reason == Cost
	}
	if o.has(k) {
		o.leave(t, k, Replaced)
	} else if o.book.Len() == o.book.capacity {
		oldest, _ := o.book.Oldest()
		evicted = o.leave(t, oldest.key, Capacity) == Capacity
	}
	for o.cost() > o.maxCost-cost {
		if o.sweep(t, 1) == 1 {
			continue
		}
		oldest, _ := o.book.Oldest()
		evicted = o.leave(t, oldest.key, Cost) == Cost || evicted
	}
	o.touch(k)
	require.False(t, o.book.Put(k, v))
	o.costs[k], o.written[k] = cost, o.now
	o.begin(k, ttl)
	return evicted
}

// begin starts a life of ttl for k.
func (o *oracle) begin(k int, ttl int64) {
	o.deadlines[k] = o.deadline(ttl)
	delete(o.odd, k)
	if ttl != o.turn && o.deadlines[k] != math.MaxInt64 {
		o.odd[k] = true
	}
	if o.lives != nil {
		o.lives[k] = ttl
	}
}

// deadline is when a life of ttl that begins now ends; a ttl of 0 is no limit.
func (o *oracle) deadline(ttl int64) int64 {
	if ttl == 0 || ttl >= math.MaxInt64-o.now {
		return math.MaxInt64
	}
	return o.now + ttl
}

func (o *oracle) oldest(t *rapid.T) (p pair[int, string], ok bool) {
	for p, ok = o.book.Oldest(); ok && o.expired(p.key); p, ok = o.book.Oldest() {
		o.leave(t, p.key, Expired)
	}
	return p, ok
}

func (o *oracle) resize(t *rapid.T, capacity int) (evicted int) {
	if o.book.Len() > capacity {
		o.sweepAll(t)
	}
	for ; o.book.Len() > capacity; evicted++ {
		p, _ := o.book.Oldest()
		o.leave(t, p.key, Capacity)
	}
	o.book.capacity = capacity
	return evicted
}

func (o *oracle) all() (all []pair[int, string]) {
	for _, p := range o.book.All() {
		if !o.expired(p.key) {
			all = append(all, p)
		}
	}
	return all
}

func pairs(seq iter.Seq2[int, string]) (all []pair[int, string]) {
	for k, v := range seq {
		all = append(all, pair[int, string]{k, v})
	}
	return all
}
