package timemap

import (
	"iter"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A timemap is what Map and Sync can do.
type timemap interface {
	Set(k string, t int64, v int)
	Delete(k string, t int64)
	Get(k string, at int64) (int, bool)
	Latest(k string) (Version[int], bool)
	Floor(k string, t int64) (Version[int], bool)
	Ceiling(k string, t int64) (Version[int], bool)
	Range(k string, from, to int64) iter.Seq2[int64, int]
	History(k string) iter.Seq2[int64, int]
	Backward(k string) iter.Seq2[int64, int]
	AsOf(t int64) View[string, int]
	CompactBefore(t int64) int
	KeepLast(n int) int
	Drop(k string) int
	Len() int
	Versions() int
	Keys() iter.Seq[string]
	Clear()
	checkInvariants()
}

// makers make a map of each type, in each of the three meanings of a second write.
func makers() map[string]func(SameTime) timemap {
	return map[string]func(SameTime) timemap{
		"Map": func(same SameTime) timemap { return New(Options[string, int]{SameTime: same}) },
		"Sync": func(same SameTime) timemap {
			return NewSync(Options[string, int]{SameTime: same})
		},
	}
}

func TestModel(t *testing.T) {
	for name, make := range makers() {
		for _, same := range []SameTime{LastWins, FirstWins, KeepAll} {
			t.Run(name+[]string{"LastWins", "FirstWins", "KeepAll"}[same], func(t *testing.T) {
				rapid.Check(t, func(t *rapid.T) { model(t, make(same), same) })
			})
		}
	}
}

// times are few, so that equal ones meet, and include the ends of all time.
var times = rapid.OneOf(rapid.Int64Range(-20, 20),
	rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64 - 1, math.MaxInt64}), rapid.Int64())

func versions(seq iter.Seq2[int64, int]) (vs []Version[int]) {
	for t, v := range seq {
		vs = append(vs, Version[int]{t, v})
	}
	return vs
}

func model(t *rapid.T, m timemap, same SameTime) {
	oracle := newTextbook[string, int](same)
	key := rapid.SampledFrom([]string{"a", "b", "c"})
	value := 0
	set := func(k string, t int64) {
		value++
		m.Set(k, t, value)
		oracle.Set(k, t, value)
	}
	t.Repeat(map[string]func(*rapid.T){
		"Set": func(t *rapid.T) { set(key.Draw(t, "k"), times.Draw(t, "t")) },
		// Many versions of one key cross the edges of chunks.
		"SetMany": func(t *rapid.T) {
			k, at := key.Draw(t, "k"), rapid.Int64Range(-2000, 2000).Draw(t, "t")
			step := rapid.Int64Range(-3, 3).Draw(t, "step")
			for i := range rapid.Int64Range(1, 400).Draw(t, "n") {
				set(k, at+i*step)
			}
		},
		"Delete": func(t *rapid.T) {
			k, at := key.Draw(t, "k"), times.Draw(t, "t")
			m.Delete(k, at)
			oracle.Delete(k, at)
		},
		"CompactBefore": func(t *rapid.T) {
			at := times.Draw(t, "t")
			require.Equal(t, oracle.CompactBefore(at), m.CompactBefore(at))
		},
		"KeepLast": func(t *rapid.T) {
			n := rapid.IntRange(1, 600).Draw(t, "n")
			require.Equal(t, oracle.KeepLast(n), m.KeepLast(n))
		},
		"Drop": func(t *rapid.T) {
			k := key.Draw(t, "k")
			require.Equal(t, len(oracle.keys[k]), m.Drop(k))
			delete(oracle.keys, k)
		},
		"Clear": func(t *rapid.T) {
			m.Clear()
			clear(oracle.keys)
		},
		"": func(t *rapid.T) {
			m.checkInvariants()
			require.Equal(t, len(oracle.keys), m.Len())
			require.Equal(t, oracle.Versions(), m.Versions())
			require.Len(t, slices.Collect(m.Keys()), m.Len())
			k, at := key.Draw(t, "k"), times.Draw(t, "at")
			if some := oracle.keys[k]; len(some) > 0 && rapid.Bool().Draw(t, "near") {
				at = rapid.SampledFrom(some).Draw(t, "version").t + rapid.Int64Range(-1, 1).Draw(t, "off") // may wrap round
			}
			same := func(want Version[int], wantOK bool, got Version[int], ok bool) {
				require.Equal(t, wantOK, ok)
				require.Equal(t, want, got)
			}
			want, wantOK := oracle.Floor(k, at)
			got, ok := m.Floor(k, at)
			same(want, wantOK, got, ok)
			got.Value, ok = m.Get(k, at)
			same(want, wantOK, got, ok)
			got.Value, ok = m.AsOf(at).Get(k)
			same(want, wantOK, got, ok)
			want, wantOK = oracle.Floor(k, math.MaxInt64)
			got, ok = m.Latest(k)
			same(want, wantOK, got, ok)
			got, ok = m.Ceiling(k, at)
			if later := oracle.Range(k, at, math.MaxInt64); len(later) > 0 {
				same(later[0], true, got, ok)
			} else {
				require.False(t, ok)
			}
			to := times.Draw(t, "to")
			require.Equal(t, oracle.Range(k, at, to), versions(m.Range(k, at, to)))
			all := oracle.Range(k, math.MinInt64, math.MaxInt64)
			require.Equal(t, all, versions(m.History(k)))
			slices.Reverse(all)
			require.Equal(t, all, versions(m.Backward(k)))
			for k, v := range m.AsOf(at).All() {
				want, ok := oracle.Get(k, at)
				require.True(t, ok)
				require.Equal(t, want, v)
			}
		},
	})
}

// TestFloor compares the search with a scan, over times of every kind of spacing.
func TestFloor(t *testing.T) {
	gaps := map[string]*rapid.Generator[int64]{
		"regular": rapid.Just(int64(10)),
		"bursty":  rapid.SampledFrom([]int64{0, 0, 1, 1, 2, 1000, 1 << 40}),
		"huge":    rapid.Int64Range(0, math.MaxInt64/32),
	}
	for name, gap := range gaps {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				ts := []int64{rapid.SampledFrom([]int64{math.MinInt64, -5, 0}).Draw(t, "first")}
				for _, g := range rapid.SliceOfN(gap, 0, 40).Draw(t, "gaps") {
					next := ts[len(ts)-1] + g
					if next < ts[len(ts)-1] {
						break
					}
					ts = append(ts, next)
				}
				if rapid.Bool().Draw(t, "to the end") {
					ts = append(ts, math.MaxInt64)
				}
				for _, at := range append([]int64{math.MinInt64, math.MaxInt64, times.Draw(t, "at")}, ts...) {
					for _, at := range []int64{at - 1, at, at + 1} {
						want := -1
						for i, t := range ts {
							if t <= at {
								want = i
							}
						}
						require.Equal(t, want, floor(ts, at, new(series[int]).counter()), "%v in %v", at, ts)
					}
				}
			})
		})
	}
	require.Equal(t, -1, floor(nil, 0, new(series[int]).counter()))
}
