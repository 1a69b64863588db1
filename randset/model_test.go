package randset

import (
	"iter"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A set has the methods that Set and Sync share.
type set interface {
	Insert(int) bool
	Delete(int) bool
	Contains(int) bool
	Random() (int, bool)
	Pop() (int, bool)
	Sample(int) []int
	Len() int
	Clear()
	Shrink()
	All() iter.Seq[int]
	Shuffled() iter.Seq[int]
	checkInvariants()
}

var sets = map[string]func() set{
	"Set":  func() set { return new(Set[int]) },
	"New":  func() set { return New(Options[int]{Capacity: 5, Hash: func(v int) uint64 { return uint64(v % 3) }}) },
	"Sync": func() set { return new(Sync[int]) },
}

func TestModel(t *testing.T) {
	for name, make := range sets {
		t.Run(name, func(t *testing.T) { rapid.Check(t, func(t *rapid.T) { model(t, make()) }) })
	}
}

func model(t *rapid.T, s set) {
	oracle := newTextbook[int]()
	value := rapid.IntRange(0, 40)
	sorted := func(vs []int) []int { slices.Sort(vs); return vs }
	t.Repeat(map[string]func(*rapid.T){
		"Insert": func(t *rapid.T) {
			v := value.Draw(t, "v")
			require.Equal(t, oracle.Insert(v), s.Insert(v))
		},
		"Delete": func(t *rapid.T) {
			v := value.Draw(t, "v")
			require.Equal(t, oracle.Delete(v), s.Delete(v))
		},
		"Contains": func(t *rapid.T) {
			v := value.Draw(t, "v")
			require.Equal(t, oracle.Contains(v), s.Contains(v))
		},
		"Random": func(t *rapid.T) {
			v, ok := s.Random()
			require.Equal(t, len(oracle.vs) > 0, ok)
			require.Equal(t, ok, oracle.Contains(v) && ok)
		},
		"Pop": func(t *rapid.T) {
			v, ok := s.Pop()
			require.Equal(t, len(oracle.vs) > 0, ok)
			if ok {
				require.True(t, oracle.Delete(v))
			}
		},
		"Sample": func(t *rapid.T) {
			k := rapid.IntRange(0, 50).Draw(t, "k")
			sample := sorted(s.Sample(k))
			require.Len(t, sample, min(k, len(oracle.vs)))
			require.Len(t, slices.Compact(sample), len(sample), "no repeats")
			for _, v := range sample {
				require.True(t, oracle.Contains(v))
			}
		},
		"Shuffled": func(t *rapid.T) {
			require.True(t, slices.Equal(sorted(slices.Clone(oracle.vs)), slices.Sorted(s.Shuffled())))
		},
		"DeleteInLoop": func(t *rapid.T) {
			odd := rapid.IntRange(0, 1).Draw(t, "odd")
			seen := 0
			n := len(oracle.vs)
			for v := range s.All() {
				seen++
				if v%2 == odd {
					require.True(t, s.Delete(v))
					require.True(t, oracle.Delete(v))
				}
			}
			require.Equal(t, n, seen, "each once")
		},
		"Clear": func(t *rapid.T) {
			s.Clear()
			oracle = newTextbook[int]()
		},
		"Shrink": func(t *rapid.T) { s.Shrink() },
		"": func(t *rapid.T) {
			s.checkInvariants()
			require.Equal(t, len(oracle.vs), s.Len())
			require.True(t, slices.Equal(sorted(slices.Clone(oracle.vs)), slices.Sorted(s.All())))
		},
	})
}

// TestOrder: At follows the textbook's array step by step.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Set[int]
		oracle := newTextbook[int]()
		for _, op := range rapid.SliceOf(rapid.IntRange(-20, 20)).Draw(t, "ops") {
			if op < 0 {
				s.Delete(-op)
				oracle.Delete(-op)
			} else {
				s.Insert(op)
				oracle.Insert(op)
			}
		}
		c := s.Clone()
		for i, v := range oracle.vs {
			require.Equal(t, v, s.At(i))
			require.Equal(t, v, c.At(i))
		}
	})
}

func TestBagModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b Bag[int]
		oracle := map[int]int{}
		value := rapid.IntRange(0, 6)
		t.Repeat(map[string]func(*rapid.T){
			"Insert": func(t *rapid.T) {
				v := value.Draw(t, "v")
				require.True(t, b.Insert(v))
				oracle[v]++
			},
			"Delete": func(t *rapid.T) {
				v := value.Draw(t, "v")
				require.Equal(t, oracle[v] > 0, b.Delete(v))
				if oracle[v]--; oracle[v] <= 0 {
					delete(oracle, v)
				}
			},
			"Pop": func(t *rapid.T) {
				v, ok := b.Pop()
				require.Equal(t, len(oracle) > 0, ok)
				if ok {
					require.Positive(t, oracle[v])
					if oracle[v]--; oracle[v] == 0 {
						delete(oracle, v)
					}
				}
			},
			"Sample": func(t *rapid.T) {
				k := rapid.IntRange(0, 30).Draw(t, "k")
				sample, of := b.Sample(k), map[int]int{}
				require.Len(t, sample, min(k, b.Len()))
				for _, v := range sample {
					of[v]++
					require.LessOrEqual(t, of[v], oracle[v], "no occurrence twice")
				}
			},
			"DeleteInLoop": func(t *rapid.T) {
				seen, n := 0, b.Len()
				for v := range b.All() {
					seen++
					if v%2 == 0 {
						require.True(t, b.Delete(v))
						if oracle[v]--; oracle[v] == 0 {
							delete(oracle, v)
						}
					}
				}
				require.Equal(t, n, seen)
			},
			"Clear": func(t *rapid.T) {
				b.Clear()
				clear(oracle)
			},
			"": func(t *rapid.T) {
				b.checkInvariants()
				total := 0
				for v := range 7 {
					require.Equal(t, oracle[v], b.Count(v))
					require.Equal(t, oracle[v] > 0, b.Contains(v))
					total += oracle[v]
				}
				require.Equal(t, total, b.Len())
				require.Equal(t, len(oracle), b.Distinct())
				all := map[int]int{}
				for v := range b.All() {
					all[v]++
				}
				require.Equal(t, oracle, all)
				v, ok := b.Random()
				require.Equal(t, total > 0, ok)
				require.Equal(t, ok, ok && oracle[v] > 0)
			},
		})
	})
}

func TestWeightedModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Weighted[int]
		oracle := map[int]float64{}
		value := rapid.IntRange(0, 20)
		weight := rapid.SampledFrom([]float64{0, 1, 2, 0.5, 1e-300, 1e17, math.MaxFloat64, 5e-324})
		t.Repeat(map[string]func(*rapid.T){
			"Set": func(t *rapid.T) {
				v, x := value.Draw(t, "v"), weight.Draw(t, "weight")
				if w.Set(v, x) == nil {
					oracle[v] = x
				} else {
					require.Equal(t, math.MaxFloat64, x, "only that can make the total infinite")
				}
			},
			"Delete": func(t *rapid.T) {
				v := value.Draw(t, "v")
				_, there := oracle[v]
				require.Equal(t, there, w.Delete(v))
				delete(oracle, v)
			},
			"Clear": func(t *rapid.T) {
				w.Clear()
				clear(oracle)
			},
			"": func(t *rapid.T) {
				w.checkInvariants()
				require.Equal(t, len(oracle), w.Len())
				require.Equal(t, oracle, maps.Collect(w.All()))
				sum := 0.0
				for v, x := range oracle {
					got, ok := w.Weight(v)
					require.True(t, ok && w.Contains(v))
					require.Equal(t, x, got)
					sum += x
				}
				require.InEpsilon(t, sum+1, w.Total()+1, 1e-12)
				v, ok := w.Random()
				require.Equal(t, sum > 0, ok)
				require.Equal(t, ok, oracle[v] > 0 && ok, "what weighs 0 is never drawn")
			},
		})
	})
}
