package lfu

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzLFU reads bytes as operations on a small cache: the first is the capacity and
// the ageing, each of the others an operation (high four bits) and a key (low four).
func FuzzLFU(f *testing.F) {
	f.Add([]byte{0x03, 0x10, 0x11, 0x12, 0x00, 0x13})
	f.Add([]byte{0x83, 0x10, 0x11, 0x12, 0x00, 0x13, 0x14, 0x15})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 || len(data) > 1<<10 {
			return
		}
		capacity := 1 + int(data[0]&15)
		want := &judge{oracle: newTextbook[int, int](capacity), maxCost: math.MaxInt64, costs: map[int]int64{}}
		var o Options[int, int]
		if data[0] >= 0x80 {
			want.oracle, o.Aging = newScan(capacity), Dynamic
		}
		if data[0]&0x40 != 0 {
			want.maxCost = 1 + int64(data[0]>>4&3)*7
			o.MaxCost, o.Cost = want.maxCost, costOf
		}
		c := New(capacity, o)
		for i, b := range data[1:] {
			perform(t, c, want, int(b>>4), int(b&15), i)
			c.check()
			observe(t, c, want)
		}
	})
}

// FuzzTinyLFU is FuzzLFU for TinyLFU, whose score begins at the second byte.
func FuzzTinyLFU(f *testing.F) {
	f.Add([]byte{0x03, 0x10, 0x10, 0x11, 0x12, 0x00, 0x13})
	f.Add([]byte{0x42, 0x1f, 0x10, 0x11, 0x12, 0xc3, 0x13, 0x14, 0x15, 0xef})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 2 || len(data) > 1<<10 {
			return
		}
		p := newPlain(1+int(data[0]&15), 1+uint64(data[0]>>7))
		p.score, p.random = int(data[1])%(2*confident+1)-confident, uint64(data[1])<<56
		want := &judge{oracle: p, maxCost: math.MaxInt64, costs: map[int]int64{}}
		o := Options[int, int]{Aging: TinyLFU, Seed: p.seed}
		if data[0]&0x40 != 0 {
			want.maxCost = 1 + int64(data[0]>>4&3)*7
			o.MaxCost, o.Cost = want.maxCost, costOf
		}
		c := New(p.capacity, o)
		rankOf(c, func(r *tinyLFU) { r.score, r.random = p.score, p.random })
		for i, b := range data[2:] {
			perform(t, c, want, int(b>>4), int(b&15), i)
			c.check()
			observe(t, c, want)
			rankOf(c, func(r *tinyLFU) { compare(t, p, r) })
		}
	})
}

// perform does one operation on both and compares what it returns.
func perform(t *testing.T, c *Cache[int, int], want *judge, op, k, v int) {
	switch op {
	case 0, 2, 4, 6:
		got, ok := c.Get(k)
		w, found := want.Get(k)
		require.Equal(t, []any{w, found}, []any{got, ok})
	case 1, 3, 5, 7:
		require.Equal(t, want.Put(k, v), c.Put(k, v))
	case 8:
		got, ok := c.Delete(k)
		w, found := want.Delete(k)
		require.Equal(t, []any{w, found}, []any{got, ok})
	case 9:
		gotKey, got, ok := c.PopLeastFrequent()
		wantKey, w, found := want.PopLeastFrequent()
		require.Equal(t, []any{wantKey, w, found}, []any{gotKey, got, ok})
	case 10:
		evicted, err := c.Resize(k + 1)
		require.NoError(t, err)
		require.Equal(t, want.Resize(k+1), evicted)
	case 11:
		got, ok := c.Frequency(k)
		w, found := want.Frequency(k)
		require.Equal(t, []any{w, found}, []any{got, ok})
	case 12:
		for range k {
			got, _ := c.Get(v & 3)
			w, _ := want.Get(v & 3)
			require.Equal(t, w, got)
		}
	case 13:
		if k == 0 {
			c.Clear()
			want.Clear()
		}
	case 14:
		for i := range k {
			require.Equal(t, want.Put(i, v), c.Put(i, v))
		}
	case 15:
		c.Peek(k)
		c.Contains(k)
		c.LeastFrequent()
	}
}
