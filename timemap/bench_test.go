package timemap

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/internal/bench"
)

// paces are the spacings of versions: steady, or in bursts of a few hundred close
// together with long pauses.
func paces(n int) map[string][]int64 {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	steady, bursty := make([]int64, n), make([]int64, n)
	at := int64(0)
	for i := range n {
		steady[i] = int64(i) * 1000
		if at += 1 + r.Int64N(10); r.IntN(200) == 0 {
			at += r.Int64N(1_000_000)
		}
		bursty[i] = at
	}
	return map[string][]int64{"steady": steady, "bursty": bursty}
}

func ats(times []int64) []int64 {
	r := rand.New(rand.NewPCG(2, uint64(len(times))))
	ats := make([]int64, 1<<16)
	for i := range ats {
		ats[i] = times[r.IntN(len(times))] + r.Int64N(3)
	}
	return ats
}

// BenchmarkMap_Get reads one key of n versions at random times, in bursts.
func BenchmarkMap_Get(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		times := paces(n)["bursty"]
		var m Map[int, int]
		for i, t := range times {
			m.Set(1, t, i)
		}
		ats := ats(times)
		for i := 0; b.Loop(); i++ {
			if _, ok := m.Get(1, ats[i&(len(ats)-1)]); !ok {
				b.Fatal("lost")
			}
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		times := paces(n)["bursty"]
		m := newTextbook[int, int](LastWins)
		for i, t := range times {
			m.Set(1, t, i)
		}
		ats := ats(times)
		for i := 0; b.Loop(); i++ {
			if _, ok := m.Get(1, ats[i&(len(ats)-1)]); !ok {
				b.Fatal("lost")
			}
		}
	})
}

// BenchmarkMap_Set appends to one key, and begins again when it has n versions.
func BenchmarkMap_Set(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		m := new(Map[int, int])
		for i := 0; b.Loop(); i++ {
			if i&(n-1) == 0 {
				m = new(Map[int, int])
			}
			m.Set(1, int64(i), i)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		m := newTextbook[int, int](LastWins)
		for i := 0; b.Loop(); i++ {
			if i&(n-1) == 0 {
				m = newTextbook[int, int](LastWins)
			}
			m.Set(1, int64(i), i)
		}
	})
}

// BenchmarkMap_Latest reads the newest version of random keys out of n.
func BenchmarkMap_Latest(b *testing.B) {
	bench.SweepKeys(b, "flatline", func(b *testing.B, n int, keys []int) {
		var m Map[int, int]
		for k := range n {
			m.Set(k, 1, k)
		}
		for i := 0; b.Loop(); i++ {
			if _, ok := m.Latest(keys[i&(len(keys)-1)]); !ok {
				b.Fatal("lost")
			}
		}
	})
	bench.SweepKeys(b, "textbook", func(b *testing.B, n int, keys []int) {
		m := newTextbook[int, int](LastWins)
		for k := range n {
			m.Set(k, 1, k)
		}
		for i := 0; b.Loop(); i++ {
			if _, ok := m.Latest(keys[i&(len(keys)-1)]); !ok {
				b.Fatal("lost")
			}
		}
	})
}
