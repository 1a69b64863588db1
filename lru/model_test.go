package lru

import (
	"context"
	"errors"
	"iter"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/debug"
)

// twin is what Cache, Sync and Sharded have in common.
type twin[K comparable, V any] interface {
	Get(K) (V, bool)
	Peek(K) (V, bool)
	Contains(K) bool
	Put(K, V) bool
	PutTTL(K, V, time.Duration) bool
	GetOrPut(K, V) (V, bool)
	Delete(K) (V, bool)
	Clear()
	Resize(int) (int, error)
	DeleteExpired(int) int
	Oldest() (K, V, bool)
	PopOldest() (K, V, bool)
	Len() int
	Cap() int
	Cost() int64
	Stats() Stats
	All() iter.Seq2[K, V]
	Backward() iter.Seq2[K, V]
	Keys() iter.Seq[K]
	Values() iter.Seq[V]

	check()
	steps() *debug.Counter
}

// loader is what Sync and Sharded have beyond that.
type loader[K comparable, V any] interface {
	twin[K, V]
	GetOrLoad(context.Context, K, func(context.Context, K) (V, error)) (V, error)
}

func (c *Cache[K, V]) check()   { c.c.Check() }
func (c *Sync[K, V]) check()    { c.c.Check() }
func (c *Sharded[K, V]) check() { c.c.Check() }

func (c *Cache[K, V]) steps() *debug.Counter   { return c.c.Steps() }
func (c *Sync[K, V]) steps() *debug.Counter    { return c.c.Steps() }
func (c *Sharded[K, V]) steps() *debug.Counter { return new(debug.Counter) }

// makers makes each of the three types; a Sharded of one shard is as strict as the
// others.
func makers[K comparable, V any]() map[string]func(int, Options[K, V]) twin[K, V] {
	return map[string]func(int, Options[K, V]) twin[K, V]{
		"Cache": func(n int, o Options[K, V]) twin[K, V] { return New(n, o) },
		"Sync":  func(n int, o Options[K, V]) twin[K, V] { return NewSync(n, o) },
		"Sharded": func(n int, o Options[K, V]) twin[K, V] {
			o.Shards = 1
			return NewSharded(n, o)
		},
	}
}

// left is a value that has left, as OnEvict is told.
type left struct {
	key    int
	value  string
	reason Reason
}

// oracle is the textbook with deadlines, costs and reasons. Which of several
// expired entries a Put finds first is the cache's own affair: there the oracle
// follows what OnEvict was told and checks that it was allowed.
type oracle struct {
	book      *textbook[int, string]
	deadlines map[int]int64
	costs     map[int]int64
	maxCost   int64
	ttl       int64
	now       int64
	timed     bool // an entry with a deadline has been put: the cache looks at the clock
	quiet     bool // there is no OnEvict
	got       []left
	evicted   [cache.Reasons]uint64
	hits      uint64
	misses    uint64
	loads     uint64
	errors    uint64
	touched   map[int]bool // what was used, put or taken out since a loop began
}

func (o *oracle) touch(k int) {
	if o.touched != nil {
		o.touched[k] = true
	}
}

func (o *oracle) expired(k int) bool { return o.deadlines[k] <= o.now }
func (o *oracle) has(k int) bool     { _, ok := o.book.Peek(k); return ok }
func (o *oracle) live(k int) bool    { return o.has(k) && !o.expired(k) }

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

// told is one departure that the cache must have reported, and reported next.
func (o *oracle) told(t *rapid.T, want left) {
	o.evicted[want.reason]++
	if !o.quiet {
		require.NotEmpty(t, o.got, "%v was not reported", want)
		require.Equal(t, want, o.got[0])
		o.got = o.got[1:]
	}
}

// leave takes k out for the reason given, or for Expired, and returns which.
func (o *oracle) leave(t *rapid.T, k int, reason Reason) Reason {
	if o.expired(k) {
		reason = Expired
	}
	o.touch(k)
	v, _ := o.book.Peek(k)
	o.told(t, left{k, v, reason})
	o.book.Delete(k)
	delete(o.deadlines, k)
	delete(o.costs, k)
	return reason
}

// sweep follows the cache in taking out at most limit expired entries.
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
	return o.book.Get(k)
}

func (o *oracle) put(t *rapid.T, k int, v string, cost, ttl int64) (evicted bool) {
	o.timed = o.timed || ttl > 0
	inTurn := true // only lives of Options.TTL: then the sweep misses none
	for _, d := range o.deadlines {
		inTurn = inTurn && d == math.MaxInt64
	}
	overdue := o.overdue()
	if swept := o.sweep(t, 2); inTurn {
		require.Equal(t, min(2, overdue), swept)
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
	o.costs[k], o.deadlines[k] = cost, math.MaxInt64
	if ttl > 0 && ttl < math.MaxInt64-o.now {
		o.deadlines[k] = o.now + ttl
	}
	return evicted
}

func (o *oracle) oldest(t *rapid.T) (p pair[int, string], ok bool) {
	for p, ok = o.book.Oldest(); ok && o.expired(p.key); p, ok = o.book.Oldest() {
		o.leave(t, p.key, Expired)
	}
	return p, ok
}

func (o *oracle) resize(t *rapid.T, capacity int) (evicted int) {
	o.sweepAll(t)
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

// TestModel drives the three types and the textbook alike. After each operation
// every departure has been explained and the invariants I1 to I5 hold.
func TestModel(t *testing.T) {
	for name, mk := range makers[int, string]() {
		t.Run(name, func(t *testing.T) { rapid.Check(t, func(t *rapid.T) { drive(t, mk) }) })
	}
}

func costOf(k int, v string) int64 { return int64(len(v)) }

func drive(t *rapid.T, mk func(int, Options[int, string]) twin[int, string]) {
	capacity := rapid.IntRange(1, 6).Draw(t, "capacity")
	o := &oracle{
		book: newTextbook[int, string](capacity), deadlines: map[int]int64{}, costs: map[int]int64{}, maxCost: math.MaxInt64,
		quiet: rapid.IntRange(0, 3).Draw(t, "one in four is quiet") == 0,
	}
	base := time.Unix(1, 0)
	clock := int64(0)
	opts := Options[int, string]{Now: func() time.Time { return base.Add(time.Duration(clock)) }}
	weigh := func(int, string) int64 { return 0 }
	if rapid.Bool().Draw(t, "costs") {
		weigh, opts.Cost = costOf, costOf
		opts.MaxCost = rapid.Int64Range(0, 10).Draw(t, "MaxCost")
		if o.maxCost = opts.MaxCost; o.maxCost == 0 {
			o.maxCost = math.MaxInt64
		}
	}
	if !o.quiet {
		opts.OnEvict = func(k int, v string, r Reason) { o.got = append(o.got, left{k, v, r}) }
		o.ttl = rapid.SampledFrom([]int64{0, 0, 1, 5, 10}).Draw(t, "TTL")
		opts.TTL = time.Duration(o.ttl)
	}
	if rapid.Bool().Draw(t, "weak hash") {
		opts.Hash = func(k int) uint64 { return uint64(k & 1) }
	}
	c := mk(capacity, opts)
	key, value := rapid.IntRange(0, 9), rapid.StringN(0, 5, -1)
	tick := func() {
		if o.timed {
			o.now = max(o.now, clock)
		}
	}
	tickToPut := func(ttl int64) {
		if ttl > 0 || o.timed {
			o.now = max(o.now, clock)
		}
	}

	simple := map[string]func(*rapid.T){
		"Get": func(t *rapid.T) {
			tick()
			k := key.Draw(t, "k")
			v, ok := c.Get(k)
			wantV, want := o.get(k)
			require.Equal(t, want, ok)
			require.Equal(t, wantV, v)
		},
		"Put": func(t *rapid.T) {
			tickToPut(o.ttl)
			k, v := key.Draw(t, "k"), value.Draw(t, "v")
			evicted := c.Put(k, v)
			require.Equal(t, o.put(t, k, v, weigh(k, v), o.ttl), evicted)
		},
		"PutTTL": func(t *rapid.T) {
			if o.quiet {
				return // the oracle could not follow
			}
			k, v := key.Draw(t, "k"), value.Draw(t, "v")
			ttl := rapid.OneOf(rapid.Int64Range(-1, 20), rapid.Just(int64(math.MaxInt64))).Draw(t, "ttl")
			tickToPut(ttl)
			evicted := c.PutTTL(k, v, time.Duration(ttl))
			if ttl == 0 {
				ttl = -1
			}
			require.Equal(t, o.put(t, k, v, weigh(k, v), ttl), evicted)
		},
		"Delete": func(t *rapid.T) {
			tick()
			k := key.Draw(t, "k")
			v, ok := c.Delete(k)
			wantV, _ := o.book.Peek(k)
			if !o.has(k) || o.leave(t, k, Deleted) == Expired {
				require.False(t, ok)
				require.Empty(t, v)
			} else {
				require.True(t, ok)
				require.Equal(t, wantV, v)
			}
		},
		"PopOldest": func(t *rapid.T) {
			tick()
			k, v, ok := c.PopOldest()
			p, want := o.oldest(t)
			require.Equal(t, want, ok)
			require.Equal(t, p, pair[int, string]{k, v})
			if ok {
				o.leave(t, k, Deleted)
			}
		},
		"Clear": func(t *rapid.T) {
			if rapid.IntRange(0, 4).Draw(t, "one in five") > 0 {
				return
			}
			tick()
			c.Clear()
			o.sweepAll(t)
			for o.book.Len() > 0 {
				p, _ := o.book.Oldest()
				o.leave(t, p.key, Cleared)
			}
		},
		"Resize": func(t *rapid.T) {
			tick()
			to := rapid.IntRange(1, 9).Draw(t, "to")
			evicted, err := c.Resize(to)
			require.NoError(t, err)
			require.Equal(t, o.resize(t, to), evicted)
			require.Equal(t, to, c.Cap())
		},
		"Len": func(t *rapid.T) {
			tick()
			n := c.Len()
			o.sweepAll(t)
			require.Equal(t, o.book.Len(), n)
		},
		"time passes": func(t *rapid.T) { clock += rapid.Int64Range(-3, 15).Draw(t, "by") },
	}
	all := map[string]func(*rapid.T){
		"Peek": func(t *rapid.T) {
			tick()
			k := key.Draw(t, "k")
			require.Equal(t, o.live(k), c.Contains(k))
			v, ok := c.Peek(k)
			require.Equal(t, o.live(k), ok)
			if ok {
				want, _ := o.book.Peek(k)
				require.Equal(t, want, v)
			}
		},
		"GetOrPut": func(t *rapid.T) {
			tick()
			k, v := key.Draw(t, "k"), value.Draw(t, "v")
			actual, loaded := c.GetOrPut(k, v)
			want, ok := o.get(k)
			require.Equal(t, ok, loaded)
			if !ok {
				tickToPut(o.ttl)
				o.put(t, k, v, weigh(k, v), o.ttl)
				want = v
			}
			require.Equal(t, want, actual)
		},
		"GetOrLoad": func(t *rapid.T) {
			c, ok := c.(loader[int, string])
			if !ok {
				t.Skip("not safe for concurrent use")
			}
			tick()
			k, v := key.Draw(t, "k"), value.Draw(t, "v")
			failure := errors.New("failed")
			if rapid.Bool().Draw(t, "succeeds") {
				failure = nil
			}
			got, err := c.GetOrLoad(context.Background(), k, func(context.Context, int) (string, error) { return v, failure })
			want, hit := o.get(k)
			switch {
			case hit:
				require.NoError(t, err)
			case failure != nil:
				o.errors++
				require.Equal(t, failure, err)
				return
			default:
				require.NoError(t, err)
				o.loads++
				tickToPut(o.ttl)
				o.put(t, k, v, weigh(k, v), o.ttl)
				want = v
			}
			require.Equal(t, want, got)
		},
		"DeleteExpired": func(t *rapid.T) {
			tick()
			limit := rapid.IntRange(-1, 3).Draw(t, "limit")
			n := c.DeleteExpired(limit)
			want := o.overdue()
			if limit > 0 {
				want = min(want, limit)
			}
			require.Equal(t, want, n)
			require.Equal(t, n, o.sweep(t, n))
		},
		"Oldest": func(t *rapid.T) {
			tick()
			k, v, ok := c.Oldest()
			p, want := o.oldest(t)
			require.Equal(t, want, ok)
			require.Equal(t, p, pair[int, string]{k, v})
		},
		"Cost": func(t *rapid.T) {
			tick()
			cost := c.Cost()
			o.sweepAll(t)
			require.Equal(t, o.cost(), cost)
		},
		"iterate": func(t *rapid.T) {
			tick()
			want := o.all()
			require.Equal(t, want, pairs(c.All()))
			keys, values := slices.Collect(c.Keys()), slices.Collect(c.Values())
			for i, p := range want {
				require.Equal(t, p, pair[int, string]{keys[i], values[i]})
			}
			require.Len(t, values, len(want))
			slices.Reverse(want)
			require.Equal(t, want, pairs(c.Backward()))
		},
		"iterate and change": func(t *rapid.T) {
			tick()
			_, unsynchronised := c.(*Cache[int, string])
			loop(t, o, c, tick, simple, unsynchronised)
		},
		"": func(t *rapid.T) {
			c.check()
			require.Empty(t, o.got, "reported for nothing")
			s := c.Stats()
			require.Equal(t, Stats{o.hits, o.misses, o.loads, o.errors, o.evicted}, s)
		},
	}
	for name, op := range simple {
		all[name] = op
	}
	t.Repeat(all)
}

// loop ranges over the cache and changes it meanwhile. A Sync or Sharded yields
// what was there at the beginning. A Cache yields entries that are there, those that
// nothing happens to exactly once and in order, and not more than there were.
func loop(t *rapid.T, o *oracle, c twin[int, string], tick func(), ops map[string]func(*rapid.T), live bool) {
	seq, back := c.All(), rapid.Bool().Draw(t, "backward")
	before := o.all()
	if back {
		seq = c.Backward()
		slices.Reverse(before)
	}
	names := slices.Sorted(maps.Keys(ops))
	var yielded []pair[int, string]
	length := o.book.Len()
	o.touched = map[int]bool{}
	for k, v := range seq {
		yielded = append(yielded, pair[int, string]{k, v})
		if live {
			tick()
			require.True(t, o.live(k), "%d is not there", k)
			now, _ := o.book.Peek(k)
			require.Equal(t, now, v)
		}
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			ops[rapid.SampledFrom(names).Draw(t, "op")](t)
		}
	}
	if !live {
		require.Equal(t, before, yielded)
		return
	}
	require.LessOrEqual(t, len(yielded), length)
	c.Contains(0) // tells the cache what time it is
	tick()
	touched := func(p pair[int, string]) bool { return o.touched[p.key] || !o.live(p.key) }
	if !back {
		for i, p := range yielded {
			require.NotContains(t, yielded[:i], p, "used entries go behind the loop")
		}
	}
	require.Equal(t, slices.DeleteFunc(before, touched), slices.DeleteFunc(yielded, touched))
}
