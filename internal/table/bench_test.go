package table

import (
	"math/bits"
	"testing"

	"example.com/flatline/internal/bench"
	"example.com/flatline/internal/hash"
)

// positions is a table written for one use, a dense set: open addressing with
// linear probing over 32-bit positions in a slice of keys, load at most 1/2.
type positions struct {
	h    hash.Hasher[int]
	at   []uint32
	keys []int
}

func newPositions(n int) *positions {
	return &positions{h: hash.New[int](nil), at: make([]uint32, 2<<bits.Len(uint(n-1))), keys: make([]int, 1, n+1)}
}

func (p *positions) find(k int) (i int, found bool) {
	for i = int(p.h.Hash(k)) & (len(p.at) - 1); p.at[i] != 0; i = (i + 1) & (len(p.at) - 1) {
		if p.keys[p.at[i]] == k {
			return i, true
		}
	}
	return i, false
}

func (p *positions) add(k int) {
	if i, found := p.find(k); !found {
		p.at[i] = uint32(len(p.keys))
		p.keys = append(p.keys, k)
	}
}

func (p *positions) del(k int) {
	i, found := p.find(k)
	if !found {
		return
	}
	last := uint32(len(p.keys) - 1)
	if s := p.at[i]; s != last {
		j, _ := p.find(p.keys[last])
		p.at[j] = s
		p.keys[s] = p.keys[last]
	}
	p.keys = p.keys[:last]
	m := len(p.at) - 1
	for j := (i + 1) & m; p.at[j] != 0; j = (j + 1) & m { // shift back: no tombstones
		if home := int(p.h.Hash(p.keys[p.at[j]])) & m; (j-home)&m >= (j-i)&m {
			p.at[i] = p.at[j]
			i = j
		}
	}
	p.at[i] = 0
}

// BenchmarkTable_Find: hits over uniform keys.
func BenchmarkTable_Find(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		h := hash.New[int](nil)
		var t Table[int, struct{}]
		for k := range n {
			t.FindOrAdd(uint32(h.Hash(k)), k)
		}
		keys := bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			k := keys[i&(len(keys)-1)]
			if t.Find(uint32(h.Hash(k)), k) == 0 {
				b.Fatal("lost")
			}
		}
	})
	bench.Sweep(b, "special", func(b *testing.B, n int) {
		p := newPositions(n)
		for k := range n {
			p.add(k)
		}
		keys := bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			if _, found := p.find(keys[i&(len(keys)-1)]); !found {
				b.Fatal("lost")
			}
		}
	})
	bench.Sweep(b, "map", func(b *testing.B, n int) {
		m := make(map[int]uint32, n)
		for k := range n {
			m[k] = uint32(k)
		}
		keys := bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			if _, found := m[keys[i&(len(keys)-1)]]; !found {
				b.Fatal("lost")
			}
		}
	})
}

// BenchmarkTable_DeleteSwap deletes a key from a dense set of n keys and adds one.
func BenchmarkTable_DeleteSwap(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		h := hash.New[int](nil)
		var t Table[int, struct{}]
		for k := range n {
			t.FindOrAdd(uint32(h.Hash(k)), k)
		}
		keys := bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			k := keys[i&(len(keys)-1)]
			t.DeleteSwap(t.Find(uint32(h.Hash(k)), k))
			t.FindOrAdd(uint32(h.Hash(k)), k)
		}
	})
	bench.Sweep(b, "special", func(b *testing.B, n int) {
		p := newPositions(n)
		for k := range n {
			p.add(k)
		}
		keys := bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			k := keys[i&(len(keys)-1)]
			p.del(k)
			p.add(k)
		}
	})
	bench.Sweep(b, "map", func(b *testing.B, n int) {
		m, s := make(map[int]uint32, n), make([]int, n)
		for k := range n {
			m[k], s[k] = uint32(k), k
		}
		keys := bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			k := keys[i&(len(keys)-1)]
			at, last := m[k], s[n-1]
			s[at], m[last] = last, at
			delete(m, k)
			s[n-1], m[k] = k, uint32(n-1)
		}
	})
}
