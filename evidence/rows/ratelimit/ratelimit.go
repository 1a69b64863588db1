// Package ratelimit compares ratelimit with its peers.
package ratelimit

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	juju "github.com/juju/ratelimit"
	"github.com/sethvargo/go-limiter"
	"github.com/sethvargo/go-limiter/memorystore"
	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"
	uber "go.uber.org/ratelimit"
	"golang.org/x/time/rate"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/ratelimit"
)

// Groups returns all comparisons.
func Groups() []measure.Group {
	groups := []measure.Group{
		allowed(1), denied(1), clockRead(true), clockRead(false), allowed(2), denied(2),
		keyBytes(), gcWork(), // before the rows whose keys stay in memory, which a collection would scan
	}
	for _, n := range []int{1e2, 1e4, 1e6} {
		groups = append(groups, keyed(n))
	}
	groups = append(groups, lengths()...)
	return append(groups, redisGroups()...)
}

// calls makes a side of one call, by one goroutine or two.
func calls(workers int, f func()) measure.Side {
	return measure.Side{Run: func(m int) {
		if workers == 1 {
			for range m {
				f()
			}
			return
		}
		measure.Parallel(workers, m, func(_, m int) {
			for range m {
				f()
			}
		})
	}}
}

func group(name string, workers int) measure.Group {
	if workers == 1 {
		return measure.Group{Name: name + ", serial"}
	}
	return measure.Group{Name: name + ", 2 processors", Procs: 2, Wall: true}
}

const unlimited = 1 << 40 // a burst that no run exhausts

func allowed(workers int) measure.Group {
	// Serial, the time goes into reading the clock and one compare-and-swap. On 2 processors
	// each grant moves the cache line of one word, with every limiter.
	target := map[int]float64{1: 2.5, 2: 1}[workers]
	note := map[int]string{
		1: "reading the clock alone allows 3.3",
		2: "each grant moves one cache line between the processors, here as there",
	}[workers]
	g := group("Allow, granted", workers)
	g.Ours = func() measure.Side {
		b := ratelimit.New(ratelimit.Every(1), unlimited)
		return calls(workers, func() { must(b.Allow()) })
	}
	g.Peers = []measure.Peer{
		{Name: "x/time/rate", Target: target, Note: note, New: func() measure.Side {
			l := rate.NewLimiter(1e9, unlimited)
			return calls(workers, func() { must(l.Allow()) })
		}},
		{Name: "uber", New: func() measure.Side {
			l := uber.New(math.MaxInt32, uber.WithoutSlack)
			return calls(workers, func() { l.Take() })
		}, Note: "a pacer of 2^31 a second, which does not sleep"},
		{Name: "juju", New: func() measure.Side {
			l := juju.NewBucketWithRate(1e9, unlimited)
			return calls(workers, func() { must(l.TakeAvailable(1) == 1) })
		}},
		{Name: "throttled", New: func() measure.Side {
			l := newThrottled(1e9, unlimited)
			return calls(workers, func() { _, _, _ = l.RateLimitCtx(context.Background(), "k", 1) })
		}, Note: "keyed, one key; on 2 processors it gives up, with an error, after some lost races"},
		{Name: "sethvargo", New: func() measure.Side {
			l := newSethvargo(unlimited, time.Hour)
			return calls(workers, func() { _, _, _, ok, err := l.Take(context.Background(), "k"); must(ok && err == nil) })
		}, Note: "keyed, one key"},
		{Name: "mutex and integers", New: func() measure.Side {
			l := &short{z: math.MinInt64 / 2, base: time.Now()}
			return calls(workers, func() { must(l.allow()) })
		}, Note: "the same word behind a mutex that is held for five instructions"},
	}
	return g
}

func denied(workers int) measure.Group {
	target := map[int]float64{1: 3, 2: 5.5}[workers]
	g := group("Allow, refused", workers)
	g.Ours = func() measure.Side {
		b := ratelimit.New(ratelimit.Every(time.Hour), 1)
		b.Allow()
		return calls(workers, func() { must(!b.Allow()) })
	}
	g.Peers = []measure.Peer{
		{Name: "x/time/rate", Target: target, Note: "serial, reading the clock alone allows 3.4", New: func() measure.Side {
			l := rate.NewLimiter(rate.Every(time.Hour), 1)
			l.Allow()
			return calls(workers, func() { must(!l.Allow()) })
		}},
		{Name: "juju", New: func() measure.Side {
			l := juju.NewBucket(time.Hour, 1)
			l.TakeAvailable(1)
			return calls(workers, func() { must(l.TakeAvailable(1) == 0) })
		}},
		{Name: "throttled", New: func() measure.Side {
			l := newThrottled(1, 0)
			_, _, _ = l.RateLimitCtx(context.Background(), "k", 1)
			return calls(workers, func() { _, _, _ = l.RateLimitCtx(context.Background(), "k", 1) })
		}, Note: "keyed, one key, 1 an hour"},
		{Name: "sethvargo", New: func() measure.Side {
			l := newSethvargo(1, time.Hour)
			_, _, _, _, _ = l.Take(context.Background(), "k")
			return calls(workers, func() { _, _, _, ok, _ := l.Take(context.Background(), "k"); must(!ok) })
		}, Note: "keyed, one key"},
	}
	return g
}

// clockRead compares with reading the clock alone: at most 1.25 times as long.
func clockRead(granted bool) measure.Group {
	name := map[bool]string{true: "Allow, granted, next to reading the clock", false: "Allow, refused, next to reading the clock"}[granted]
	return measure.Group{
		Name: name,
		Ours: func() measure.Side {
			b := ratelimit.New(ratelimit.Every(1), unlimited)
			if !granted {
				b = ratelimit.New(ratelimit.Every(time.Hour), 1)
				b.Allow()
			}
			return calls(1, func() { must(b.Allow() == granted) })
		},
		Peers: []measure.Peer{{Name: "time.Since", Target: 1 / 1.25, New: func() measure.Side {
			base := time.Now()
			return calls(1, func() { must(time.Since(base) >= 0) })
		}}},
	}
}

func must(ok bool) {
	if !ok {
		panic("a limiter decided the other way")
	}
}

// short is a bucket behind the shortest possible lock.
type short struct {
	mu   sync.Mutex
	z    int64
	base time.Time
}

func (s *short) allow() bool {
	now := int64(time.Since(s.base))
	s.mu.Lock()
	z := max(s.z, now-unlimited) + 1
	ok := z <= now
	if ok {
		s.z = z
	}
	s.mu.Unlock()
	return ok
}

func newThrottled(perHour, burst int) *throttled.GCRARateLimiterCtx {
	store, err := memstore.NewCtx(65536)
	if err != nil {
		panic(err)
	}
	max := throttled.PerHour(perHour)
	if perHour > 1 {
		max = throttled.PerDuration(perHour, time.Second)
	}
	l, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{MaxRate: max, MaxBurst: burst})
	if err != nil {
		panic(err)
	}
	return l
}

func newSethvargo(tokens uint64, per time.Duration) limiter.Store {
	l, err := memorystore.New(&memorystore.Config{Tokens: tokens, Interval: per})
	if err != nil {
		panic(err)
	}
	return l
}

// xtimeMap is what most programs use: a map of x/time limiters behind a mutex.
type xtimeMap struct {
	mu sync.Mutex
	m  map[string]*rate.Limiter
}

func (x *xtimeMap) allow(k string) bool {
	x.mu.Lock()
	l := x.m[k]
	if l == nil {
		l = rate.NewLimiter(1, 1<<30)
		x.m[k] = l
	}
	x.mu.Unlock()
	return l.Allow()
}

var names = sync.OnceValue(func() []string {
	s := make([]string, 1_000_000)
	for i := range s {
		s[i] = "user:" + strconv.Itoa(i)
	}
	return s
})

// stream is n keys, each in the set n equally likely.
func stream(n int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	s := make([]string, 1<<20)
	for i := range s {
		s[i] = names()[r.IntN(n)]
	}
	return s
}

func keyed(n int) measure.Group {
	target, note := 2.0, ""
	if n == 1e6 {
		target, note = 1, "how long memory takes decides: 1.1 to 1.8 was measured"
	}
	keys := sync.OnceValue(func() []string { return stream(n) })
	side := func(f func(k string)) measure.Side {
		keys := keys()
		for _, k := range names()[:n] {
			f(k)
		}
		i := 0
		return measure.Side{Run: func(m int) {
			for range m {
				f(keys[i&(len(keys)-1)])
				i++
			}
		}}
	}
	return measure.Group{
		Name: "Keyed.Allow, " + strconv.Itoa(n) + " string keys",
		Ours: func() measure.Side {
			x := ratelimit.NewKeyed[string](ratelimit.Every(time.Second), 1<<30)
			return side(func(k string) { must(x.Allow(k)) })
		},
		Peers: []measure.Peer{
			{Name: "map, mutex, x/time/rate", Target: target, Note: note, New: func() measure.Side {
				x := &xtimeMap{m: make(map[string]*rate.Limiter)}
				return side(func(k string) { must(x.allow(k)) })
			}},
			{Name: "sethvargo", New: func() measure.Side {
				l := newSethvargo(1<<30, time.Hour)
				s := side(func(k string) { _, _, _, ok, _ := l.Take(context.Background(), k); must(ok) })
				s.Close = func() { _ = l.Close(context.Background()) }
				return s
			}},
		},
	}
}

// keyBytes counts with int64 keys, so that it counts only the limiter's memory.
func keyBytes() measure.Group {
	const n = 1_000_000
	ours := func() float64 {
		return measure.Heap(func() any {
			x := ratelimit.NewKeyed[int64](ratelimit.Every(time.Hour), 10)
			for k := range int64(n) {
				x.Allow(k)
			}
			return x
		}) / n
	}
	return measure.Group{
		Name: "bytes per key, 1e6 int64 keys", Unit: "B/key", OursValue: ours,
		Peers: []measure.Peer{
			measure.Bound(70),
			{Name: "map, mutex, x/time/rate", Value: func() float64 {
				return measure.Heap(func() any {
					m := make(map[int64]*rate.Limiter)
					for k := range int64(n) {
						l := rate.NewLimiter(1, 10)
						l.Allow()
						m[k] = l
					}
					return m
				}) / n
			}},
		},
	}
}
