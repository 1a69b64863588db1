package timemap

import (
	"math"
	"testing"

	"example.com/flatline/internal/bench"
)

// The benchmarks of this file are for counting: examples/study counts their work. The
// times of the same operations are measured in bench_test.go.

// eachTime calls op with a map of one key that has n versions, at the times 0, 2, 4, …,
// and with one of those or the next.
func eachTime(b *testing.B, op func(m *Map[int, int], t int64)) {
	bench.Work(b, func(b *testing.B, n int) {
		m, at := written(n), bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			op(m, int64(2*at[i&(len(at)-1)]+i&1))
		}
	})
}

func written(n int) *Map[int, int] {
	m := new(Map[int, int])
	for i := range n {
		m.Set(1, int64(2*i), i)
	}
	return m
}

// A key is deleted at the newest time and set again, until it has n versions; then
// another map begins.
func BenchmarkMap_DeleteSet(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		m := new(Map[int, int])
		m.Set(1, 0, 0)
		for i := 1; b.Loop(); i += 2 {
			if i > n {
				m = new(Map[int, int])
				i = 1
			}
			m.Delete(1, int64(i))
			m.Set(1, int64(i+1), i)
		}
	})
}

// Versions are appended at one time, until there are n.
func BenchmarkMap_Append(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		m := new(Map[int, int])
		for i := 0; b.Loop(); i++ {
			if i&(n-1) == 0 {
				m = new(Map[int, int])
			}
			m.Append(1, 0, i)
		}
	})
}

// Tombstones are appended at one time, until there are n.
func BenchmarkMap_AppendDelete(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		m := new(Map[int, int])
		for i := 0; b.Loop(); i++ {
			if i&(n-1) == 0 {
				m = new(Map[int, int])
			}
			m.AppendDelete(1, 0)
		}
	})
}

func BenchmarkMap_Count(b *testing.B) {
	eachTime(b, func(m *Map[int, int], _ int64) { m.Count(1) })
}

func BenchmarkMap_Changes(b *testing.B) {
	eachTime(b, func(m *Map[int, int], _ int64) {
		for range m.Changes(1) {
		}
	})
}

func BenchmarkMap_Floor(b *testing.B) {
	eachTime(b, func(m *Map[int, int], t int64) { m.Floor(1, t) })
}

func BenchmarkMap_Ceiling(b *testing.B) {
	eachTime(b, func(m *Map[int, int], t int64) { m.Ceiling(1, t) })
}

func BenchmarkMap_AsOf(b *testing.B) {
	eachTime(b, func(m *Map[int, int], t int64) { m.AsOf(t) })
}

func BenchmarkMap_Len(b *testing.B) {
	eachTime(b, func(m *Map[int, int], _ int64) { m.Len() })
}

// All n versions are walked.
func BenchmarkMap_Range(b *testing.B) {
	eachTime(b, func(m *Map[int, int], _ int64) {
		for range m.Range(1, 0, math.MaxInt64) {
		}
	})
}

func BenchmarkMap_History(b *testing.B) {
	eachTime(b, func(m *Map[int, int], _ int64) {
		for range m.History(1) {
		}
	})
}

func BenchmarkMap_Backward(b *testing.B) {
	eachTime(b, func(m *Map[int, int], _ int64) {
		for range m.Backward(1) {
		}
	})
}

// One of n keys is dropped and set again.
func BenchmarkMap_DropSet(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		m, keys := new(Map[int, int]), bench.Keys("uniform", n)
		for k := range n {
			m.Set(k, 1, k)
		}
		for i := 0; b.Loop(); i++ {
			k := keys[i&(len(keys)-1)]
			m.Drop(k)
			m.Set(k, 1, k)
		}
	})
}

// Half of n versions are dropped, and as many are appended.
func BenchmarkMap_CompactBeforeSet(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		m, t := written(n), int64(2*n)
		for b.Loop() {
			m.CompactBefore(t - int64(n))
			for range n / 2 {
				m.Set(1, t, 0)
				t += 2
			}
		}
	})
}

func BenchmarkMap_KeepLastSet(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		m, t := written(n), int64(2*n)
		for b.Loop() {
			m.KeepLast(n / 2)
			for range n / 2 {
				m.Set(1, t, 0)
				t += 2
			}
		}
	})
}

// eachWritten calls op with a map of n keys.
func eachWritten(b *testing.B, op func(m *Map[int, int])) {
	bench.Work(b, func(b *testing.B, n int) {
		m := new(Map[int, int])
		for k := range n {
			m.Set(k, 1, k)
		}
		for b.Loop() {
			op(m)
		}
	})
}

func BenchmarkMap_Keys(b *testing.B) {
	eachWritten(b, func(m *Map[int, int]) {
		for range m.Keys() {
		}
	})
}

func BenchmarkView_All(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		m := new(Map[int, int])
		for k := range n {
			m.Set(k, 1, k)
		}
		v := m.AsOf(1)
		for b.Loop() {
			for range v.All() {
			}
		}
	})
}

// The first Clear removes n keys; later ones cost no more.
func BenchmarkMap_Clear(b *testing.B) {
	eachWritten(b, func(m *Map[int, int]) { m.Clear() })
}
