package timemap

import (
	"iter"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A timemap has the methods that Map and Sync share.
type timemap interface {
	Set(k string, t int64, v int)
	Append(k string, t int64, v int) int64
	Delete(k string, t int64)
	AppendDelete(k string, t int64) int64
	Get(k string, at int64) (int, bool)
	Latest(k string) (Version[int], bool)
	Floor(k string, t int64) (Version[int], bool)
	Ceiling(k string, t int64) (Version[int], bool)
	Range(k string, from, to int64) iter.Seq2[int64, int]
	History(k string) iter.Seq2[int64, int]
	Backward(k string) iter.Seq2[int64, int]
	Changes(k string) iter.Seq2[int64, Change[int]]
	Count(k string) int
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

// makers make a map of each type, for each of the three values of SameTime.
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

// counts are numbers of versions written or kept at once: few, many, and numbers around a
// chunk and half a chunk.
var counts = rapid.OneOf(rapid.IntRange(1, 600),
	rapid.SampledFrom([]int{chunkLen/2 - 1, chunkLen / 2, chunkLen/2 + 1, chunkLen - 1, chunkLen, chunkLen + 1, 2*chunkLen - 1, 2 * chunkLen, 2*chunkLen + 1}))

// times are few, so that equal ones occur, and include both ends of int64.
var times = rapid.OneOf(rapid.Int64Range(-20, 20),
	rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64 - 1, math.MaxInt64}), rapid.Int64())

func versions(seq iter.Seq2[int64, int]) (vs []Version[int]) {
	for t, v := range seq {
		vs = append(vs, Version[int]{t, v})
	}
	return vs
}

// place draws one of n versions, often the first or the last of a chunk that was
// filled in order.
func place(t *rapid.T, n int) int {
	return min(n-1, rapid.OneOf(rapid.IntRange(0, n-1), counts).Draw(t, "place"))
}

// A loop is a loop over the versions of a key, with the versions that it has yet to
// yield.
type loop struct {
	next func() (int64, int, bool)
	stop func()
	want []Version[int]
}

func (l *loop) step(t *rapid.T) bool {
	at, v, ok := l.next()
	require.Equal(t, len(l.want) > 0, ok)
	if ok {
		require.Equal(t, l.want[0], Version[int]{at, v})
		l.want = l.want[1:]
	}
	return ok
}

func model(t *rapid.T, m timemap, same SameTime) {
	var loops []loop
	defer func() {
		for _, l := range loops {
			l.stop()
		}
	}()
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
		// Many versions of one key cross the boundaries of chunks.
		"SetMany": func(t *rapid.T) {
			k, at := key.Draw(t, "k"), rapid.Int64Range(-2000, 2000).Draw(t, "t")
			step := rapid.Int64Range(-3, 3).Draw(t, "step")
			for i := range counts.Draw(t, "n") {
				set(k, at+int64(i)*step)
			}
		},
		"Append": func(t *rapid.T) {
			k, at := key.Draw(t, "k"), times.Draw(t, "t")
			value++
			require.Equal(t, oracle.Append(k, at, value), m.Append(k, at, value))
		},
		"AppendDelete": func(t *rapid.T) {
			k, at := key.Draw(t, "k"), times.Draw(t, "t")
			require.Equal(t, oracle.AppendDelete(k, at), m.AppendDelete(k, at))
		},
		"Delete": func(t *rapid.T) {
			k, at := key.Draw(t, "k"), times.Draw(t, "t")
			m.Delete(k, at)
			oracle.Delete(k, at)
		},
		"CompactBefore": func(t *rapid.T) {
			at := times.Draw(t, "t")
			if some := oracle.keys[key.Draw(t, "k")]; len(some) > 0 && rapid.Bool().Draw(t, "edge") {
				at = some[place(t, len(some))].t
			}
			require.Equal(t, oracle.CompactBefore(at), m.CompactBefore(at))
		},
		"KeepLast": func(t *rapid.T) {
			n := counts.Draw(t, "n")
			require.Equal(t, oracle.KeepLast(n), m.KeepLast(n))
		},
		"Drop": func(t *rapid.T) {
			k := key.Draw(t, "k")
			require.Equal(t, len(oracle.keys[k]), m.Drop(k))
			delete(oracle.keys, k)
		},
		// A loop over a Sync shows the versions of the moment when it began.
		"LoopBegins": func(t *rapid.T) {
			if _, ok := m.(*Sync[string, int]); !ok || len(loops) == 3 {
				t.Skip()
			}
			k := key.Draw(t, "k")
			want := oracle.Range(k, math.MinInt64, math.MaxInt64)
			seq := m.History(k)
			if rapid.Bool().Draw(t, "backward") {
				seq = m.Backward(k)
				slices.Reverse(want)
			}
			next, stop := iter.Pull2(seq)
			loops = append(loops, loop{next, stop, want})
			loops[len(loops)-1].step(t) // it has begun
		},
		"LoopGoesOn": func(t *rapid.T) {
			for i := range loops {
				for range counts.Draw(t, "n") {
					loops[i].step(t)
				}
			}
		},
		"LoopEnds": func(t *rapid.T) {
			for ; len(loops) > 0; loops = loops[1:] {
				for loops[0].step(t) {
				}
			}
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
				at = some[place(t, len(some))].t + rapid.Int64Range(-1, 1).Draw(t, "off") // may wrap around
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
			want, wantOK = oracle.Latest(k)
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
			var changes []textbookVersion[int]
			for at, c := range m.Changes(k) {
				changes = append(changes, textbookVersion[int]{at, c.Value, c.Deleted})
			}
			require.Equal(t, len(oracle.keys[k]), m.Count(k))
			require.True(t, slices.Equal(oracle.keys[k], changes), "%v, %v", oracle.keys[k], changes)
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
						require.Equal(t, want, floor(ts, at, false), "%v in %v", at, ts)
						require.Equal(t, want, floor(ts, at, true), "%v in %v, with a guess", at, ts)
					}
				}
			})
		})
	}
	require.Equal(t, -1, floor(nil, 0, true))
}
