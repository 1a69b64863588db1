package lru

import (
	"math"
	"time"

	"pgregory.net/rapid"
)

func costOf(k int, v string) int64 { return int64(len(v)) }

// lifeOf derives a life from the key and the value: some have already expired, some never
// expire.
func lifeOf(k int, v string) int64 {
	switch life := int64(2*k+len(v)) - 3; {
	case k == 9:
		return math.MaxInt64
	case life == 0:
		return -1
	default:
		return life
	}
}

// A driver draws operations and compares their results with the oracle's.
type driver struct {
	c     twin[int, string]
	o     *oracle
	clock int64
	life  func(k int, v string) int64
	weigh func(k int, v string) int64
	key   *rapid.Generator[int]
	value *rapid.Generator[string]
}

// newDriver draws a cache with its options.
func newDriver(t *rapid.T, safe bool, mk func(int, Options[int, string]) twin[int, string]) *driver {
	capacity := rapid.IntRange(1, 6).Draw(t, "capacity")
	o := &oracle{
		book: newTextbook[int, string](capacity), deadlines: map[int]int64{}, odd: map[int]bool{}, costs: map[int]int64{}, written: map[int]int64{}, maxCost: math.MaxInt64,
		quiet: rapid.IntRange(0, 3).Draw(t, "one in four is quiet") == 0,
	}
	base := time.Unix(1, 0)
	d := &driver{o: o, key: rapid.IntRange(0, 9), value: rapid.StringN(0, 5, -1)}
	opts := Options[int, string]{Now: func() time.Time { return base.Add(time.Duration(d.clock)) }}
	weigh := func(int, string) int64 { return 0 }
	life := weigh
	if rapid.Bool().Draw(t, "costs") {
		weigh, opts.Cost = costOf, costOf
		opts.MaxCost = rapid.Int64Range(0, 10).Draw(t, "MaxCost")
		if o.maxCost = opts.MaxCost; o.maxCost == 0 {
			o.maxCost = math.MaxInt64
		}
	}
	if !o.quiet {
		opts.OnEvict = func(k int, v string, r Reason) { o.got = append(o.got, left{k, v, r}) }
		if ttl := rapid.SampledFrom([]int64{0, 0, 1, 5, 10}).Draw(t, "TTL"); rapid.IntRange(0, 3).Draw(t, "one in four has Life") > 0 {
			opts.TTL, life = time.Duration(ttl), func(int, string) int64 { return ttl }
			o.turn = ttl
		} else {
			life = lifeOf
			opts.Life = func(k int, v string) time.Duration { return time.Duration(lifeOf(k, v)) }
		}
		if safe && rapid.Bool().Draw(t, "refreshes") {
			o.refresh = rapid.SampledFrom([]int64{1, 4, 8}).Draw(t, "Refresh")
			opts.Refresh, o.timed = time.Duration(o.refresh), true
		}
	}
	if opts.Sliding = rapid.IntRange(0, 2).Draw(t, "one in three slides") == 0; opts.Sliding {
		o.lives = map[int]int64{}
	}
	if rapid.Bool().Draw(t, "weak hash") {
		opts.Hash = func(k int) uint64 { return uint64(k & 1) }
	}
	d.c, d.life, d.weigh = mk(capacity, opts), life, weigh
	return d
}

// tick advances the oracle's time to the time that an operation reads, if it reads the
// clock.
func (d *driver) tick() {
	if d.o.timed {
		d.o.now = max(d.o.now, d.clock)
	}
}

// tickToPut is tick for an operation that stores a value with this life.
func (d *driver) tickToPut(ttl int64) {
	if ttl > 0 || d.o.timed {
		d.o.now = max(d.o.now, d.clock)
	}
}
