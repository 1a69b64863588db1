package minstack

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A stack is what all the mutable stacks can do.
type stack interface {
	Push(float64)
	Pop() (float64, bool)
	Peek() (float64, bool)
	Min() (float64, bool)
	Len() int
	Clear()
	All() iter.Seq[float64]
	checkInvariants()
}

// values are few, so that equal ones occur, and include the difficult floats.
var values = rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 1, 2, 3, -1, math.NaN(), math.Inf(1), math.Inf(-1)})

// is compares floats: NaN equals NaN, and the two zeros differ.
func is(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

func requireIs(t *rapid.T, want, got float64, what string) {
	if !is(want, got) {
		t.Fatalf("%s: want %v, got %v", what, want, got)
	}
}

var stacks = map[string]func() stack{
	"Stack":     func() stack { return new(Stack[float64]) },
	"StackFunc": func() stack { return NewFunc(cmp.Compare[float64]) },
	"MinMax":    func() stack { return new(MinMax[float64]) },
	"Segmented": func() stack { return new(Segmented[float64]) },
	"Sync":      func() stack { return new(Sync[float64]) },
}

func TestModel(t *testing.T) {
	for name, make := range stacks {
		t.Run(name, func(t *testing.T) { rapid.Check(t, func(t *rapid.T) { model(t, make()) }) })
	}
}

func model(t *rapid.T, s stack) {
	var oracle textbook[float64]
	push := func(v float64) { s.Push(v); oracle.Push(v) }
	pop := func() {
		got, ok := s.Pop()
		want, wantOK := oracle.Pop()
		require.Equal(t, wantOK, ok)
		requireIs(t, want, got, "Pop")
	}
	t.Repeat(map[string]func(*rapid.T){
		"Push": func(t *rapid.T) { push(values.Draw(t, "v")) },
		"Pop":  func(t *rapid.T) { pop() },
		// Long runs cross the boundaries of words and of chunks.
		"PushMany": func(t *rapid.T) {
			vs := rapid.SliceOfN(values, 1, 5).Draw(t, "vs")
			for i := range rapid.IntRange(1, 700).Draw(t, "n") {
				push(vs[i%len(vs)])
			}
		},
		"PopMany": func(t *rapid.T) {
			for range rapid.IntRange(1, 700).Draw(t, "n") {
				pop()
			}
		},
		"Clear": func(t *rapid.T) {
			s.Clear()
			oracle = textbook[float64]{}
		},
		"": func(t *rapid.T) {
			s.checkInvariants()
			n := len(oracle.items)
			require.Equal(t, n, s.Len())
			want, wantOK := oracle.Min()
			got, ok := s.Min()
			require.Equal(t, wantOK, ok)
			if want != 0 || got != 0 { // of equal values the textbook keeps the last, this package the first
				requireIs(t, want, got, "Min")
			}
			if top, ok := s.Peek(); ok {
				requireIs(t, oracle.items[n-1], top, "Peek")
			}
			if m, isMinMax := s.(*MinMax[float64]); isMinMax && n > 0 {
				max, _ := m.Max()
				require.Zero(t, cmp.Compare(slices.MaxFunc(oracle.items, cmp.Compare[float64]), max))
			}
			all := slices.Collect(s.All())
			slices.Reverse(all)
			require.True(t, slices.EqualFunc(oracle.items, all, is))
		},
	})
}

func TestQueueModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q Queue[float64]
		var oracle []float64
		t.Repeat(map[string]func(*rapid.T){
			"Push": func(t *rapid.T) {
				v := values.Draw(t, "v")
				q.Push(v)
				oracle = append(oracle, v)
			},
			"Pop": func(t *rapid.T) {
				got, ok := q.Pop()
				require.Equal(t, len(oracle) > 0, ok)
				if ok {
					requireIs(t, oracle[0], got, "Pop")
					oracle = oracle[1:]
				}
			},
			"Clear": func(t *rapid.T) {
				q.Clear()
				oracle = nil
			},
			"": func(t *rapid.T) {
				q.checkInvariants()
				require.Equal(t, len(oracle), q.Len())
				front, ok := q.Peek()
				least, minOK := q.Min()
				require.Equal(t, len(oracle) > 0, ok)
				require.Equal(t, len(oracle) > 0, minOK)
				if ok {
					requireIs(t, oracle[0], front, "Peek")
					require.Zero(t, cmp.Compare(slices.MinFunc(oracle, cmp.Compare[float64]), least))
				}
				require.True(t, slices.EqualFunc(oracle, slices.Collect(q.All()), is))
			},
		})
	})
}

// TestPersistentModel keeps every version and checks that none ever changes.
func TestPersistentModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type version struct {
			s      Persistent[float64]
			oracle []float64
		}
		versions := []version{{}}
		t.Repeat(map[string]func(*rapid.T){
			"Push": func(t *rapid.T) {
				from := rapid.SampledFrom(versions).Draw(t, "version")
				v := values.Draw(t, "v")
				versions = append(versions, version{from.s.Push(v), append(slices.Clone(from.oracle), v)})
			},
			"Pop": func(t *rapid.T) {
				from := rapid.SampledFrom(versions).Draw(t, "version")
				rest, v, ok := from.s.Pop()
				n := len(from.oracle)
				require.Equal(t, n > 0, ok)
				if ok {
					requireIs(t, from.oracle[n-1], v, "Pop")
					versions = append(versions, version{rest, slices.Clone(from.oracle[:n-1])})
				}
			},
			"": func(t *rapid.T) {
				for _, at := range versions {
					n := len(at.oracle)
					require.Equal(t, n, at.s.Len())
					all := slices.Collect(at.s.All())
					slices.Reverse(all)
					require.True(t, slices.EqualFunc(at.oracle, all, is))
					least, ok := at.s.Min()
					top, topOK := at.s.Peek()
					require.Equal(t, n > 0, ok)
					require.Equal(t, n > 0, topOK)
					if ok {
						requireIs(t, at.oracle[n-1], top, "Peek")
						require.Zero(t, cmp.Compare(slices.MinFunc(at.oracle, cmp.Compare[float64]), least))
					}
				}
			},
		})
	})
}
