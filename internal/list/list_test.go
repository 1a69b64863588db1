package list

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func (l *Lists[E]) elements(head E) (es []E) {
	for e := l.Next(head); e != head; e = l.Next(e) {
		es = append(es, e)
	}
	return es
}

// TestModel drives three lists and three slices alike.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const heads, elements = 3, 8
		l := New[uint32](heads)
		l.Grow(heads + elements)
		var model [heads][]uint32
		where := func(e uint32) (h, i int) {
			for h := range model {
				if i := slices.Index(model[h], e); i >= 0 {
					return h, i
				}
			}
			return -1, -1
		}
		pick := func(t *rapid.T, in bool, label string) uint32 {
			var es []uint32
			for e := uint32(heads); e < heads+elements; e++ {
				if h, _ := where(e); (h >= 0) == in {
					es = append(es, e)
				}
			}
			if len(es) == 0 {
				t.Skip("none")
			}
			return rapid.SampledFrom(es).Draw(t, label)
		}
		insert := func(e, at uint32) {
			if at < heads {
				model[at] = append(model[at], e)
				return
			}
			h, i := where(at)
			model[h] = slices.Insert(model[h], i, e)
		}
		remove := func(e uint32) {
			h, i := where(e)
			model[h] = slices.Delete(model[h], i, i+1)
		}
		place := func(t *rapid.T) uint32 {
			if rapid.Bool().Draw(t, "at a head") {
				return rapid.Uint32Range(0, heads-1).Draw(t, "head")
			}
			return pick(t, true, "at")
		}
		t.Repeat(map[string]func(*rapid.T){
			"InsertBefore": func(t *rapid.T) {
				e, at := pick(t, false, "e"), place(t)
				l.InsertBefore(e, at)
				insert(e, at)
			},
			"Remove": func(t *rapid.T) {
				e := pick(t, true, "e")
				l.Remove(e)
				remove(e)
			},
			"MoveBefore": func(t *rapid.T) {
				e, at := pick(t, true, "e"), place(t)
				l.MoveBefore(e, at)
				if e != at {
					remove(e)
					insert(e, at)
				}
			},
			"Renumber": func(t *rapid.T) {
				from, to := pick(t, true, "from"), pick(t, false, "to")
				l.Renumber(from, to)
				h, i := where(from)
				model[h][i] = to
			},
			"": func(t *rapid.T) {
				for h := range model {
					got := l.elements(uint32(h))
					require.Equal(t, len(model[h]), len(got))
					require.True(t, slices.Equal(model[h], got), "%v %v", model[h], got)
					for e := uint32(h); ; {
						require.Equal(t, e, l.Prev(l.Next(e)))
						if e = l.Next(e); e == uint32(h) {
							break
						}
					}
				}
			},
		})
	})
}
