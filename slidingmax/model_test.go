package slidingmax

import (
	"iter"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// values are few, so that equal ones occur, and include the difficult floats.
var values = rapid.SampledFrom([]float64{0, negativeZero, 1, 1, 2, 3, 4, 5, -1, math.NaN(), math.Inf(1), math.Inf(-1)})

type window interface {
	Push(float64) (float64, bool)
	Max() (float64, bool)
	Len() int
	Clear()
	All() iter.Seq[float64]
	checkInvariants()
}

var windows = map[string]func(k int) window{
	"Window": func(k int) window { return New[float64](k) },
	"Func":   func(k int) window { return NewFunc(k, order[float64]) },
	"Sync":   func(k int) window { return NewSync[float64](k) },
}

func TestModel(t *testing.T) {
	for name, make := range windows {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				k := rapid.IntRange(1, 40).Draw(t, "k")
				model(t, k, make(k))
			})
		})
	}
}

func model(t *rapid.T, k int, w window) {
	oracle := textbook[float64]{k: k, compare: order[float64]}
	push := func(v float64) {
		got, full := w.Push(v)
		want, wantFull := oracle.Push(v)
		require.Truef(t, is(want, got), "Push(%v): want %v, got %v", v, want, got)
		require.Equal(t, wantFull, full)
	}
	t.Repeat(map[string]func(*rapid.T){
		"Push": func(t *rapid.T) { push(values.Draw(t, "v")) },
		"Slope": func(t *rapid.T) { // many candidates
			for i := range rapid.IntRange(1, 80).Draw(t, "n") {
				push(-float64(i))
			}
		},
		"Clear": func(*rapid.T) {
			w.Clear()
			oracle = textbook[float64]{k: k, compare: order[float64]}
		},
		"": func(t *rapid.T) {
			w.checkInvariants()
			require.Equal(t, min(k, oracle.pushed), w.Len())
			require.True(t, slices.EqualFunc(oracle.vs, slices.Collect(w.All()), is))
			largest, ok := w.Max()
			require.Equal(t, oracle.pushed > 0, ok)
			if ok {
				require.True(t, is(oracle.vs[0], largest))
			}
		},
	})
}

// TestModelAggregator uses an operation that loses no information and does not commute.
func TestModelAggregator(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asked := 0
		q := NewAggregator(func(a, b string) string { asked++; return a + b })
		var oracle []string
		push := func(v string) {
			asked = 0
			q.Push(v)
			require.LessOrEqual(t, asked, 3)
			oracle = append(oracle, v)
			q.checkInvariants(oracle)
		}
		evict := func() {
			asked = 0
			require.Equal(t, len(oracle) > 0, q.Evict())
			require.LessOrEqual(t, asked, 2)
			oracle = oracle[min(1, len(oracle)):]
			q.checkInvariants(oracle)
		}
		t.Repeat(map[string]func(*rapid.T){
			"Push":  func(t *rapid.T) { push(rapid.StringMatching("[a-z]").Draw(t, "v")) },
			"Evict": func(*rapid.T) { evict() },
			"PushMany": func(t *rapid.T) {
				for i := range rapid.IntRange(1, 20).Draw(t, "n") {
					push(string(rune('a' + i)))
				}
			},
			"EvictMany": func(t *rapid.T) {
				for range rapid.IntRange(1, 20).Draw(t, "n") {
					evict()
				}
			},
			"Clear": func(*rapid.T) {
				q.Clear()
				oracle = nil
			},
			"": func(t *rapid.T) {
				q.checkInvariants(oracle)
				asked = 0
				got, ok := q.Query()
				require.LessOrEqual(t, asked, 1)
				require.Equal(t, len(oracle) > 0, ok)
				require.Equal(t, strings.Join(oracle, ""), got)
				require.Equal(t, len(oracle), q.Len())
			},
		})
	})
}

func TestModelTimeWindow(t *testing.T) {
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		type reading struct {
			at int
			v  float64
		}
		d := rapid.IntRange(1, 30).Draw(t, "d")
		w := NewTimeWindow[float64](time.Duration(d) * time.Second)
		var all []reading
		now := 0
		at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
		w.Max(at(0))
		push := func(s int, v float64) {
			w.Push(at(s), v)
			now = max(now, s)
			if now-s < d { // otherwise it is too late
				all = append(all, reading{s, v})
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"Push": func(t *rapid.T) {
				push(now+rapid.IntRange(0, 5).Draw(t, "step"), values.Draw(t, "v"))
			},
			"Late": func(t *rapid.T) {
				push(now-rapid.IntRange(0, 35).Draw(t, "late"), values.Draw(t, "v"))
			},
			"Slope": func(t *rapid.T) {
				for i := range 12 {
					push(now+1, -float64(i))
				}
			},
			"Advance": func(t *rapid.T) {
				now += rapid.IntRange(0, 20).Draw(t, "step")
				w.Max(at(now))
			},
			"": func(t *rapid.T) {
				w.checkInvariants()
				want, any := math.Inf(-1), false
				for _, r := range all {
					if now-r.at < d {
						want, any = max(want, r.v), true
					}
				}
				// A Max with an earlier time is one with the latest time.
				got, ok := w.Max(at(now - rapid.IntRange(0, 3).Draw(t, "back")))
				require.Equal(t, any, ok)
				if ok {
					require.Truef(t, is(want, got), "want %v, got %v", want, got)
				}
				w.checkInvariants()
			},
		})
	})
}
