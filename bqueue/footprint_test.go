package bqueue

import (
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
)

// allocated returns how many bytes f allocates.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// TestBytes: what the package doc says about memory, with items of 8 bytes.
func TestBytes(t *testing.T) {
	const n = 1 << 14
	const item = 8
	var q *Queue[int64]
	perSlot := func(o Options) float64 {
		return float64(allocated(func() { q = New[int64](n, o) })) / n
	}
	assert.InDelta(t, 8+item, perSlot(Options{}), 0.5, "the shared form")
	assert.InDelta(t, item, perSlot(Options{StrictFIFO: true}), 0.5, "the direct form")

	var l line[int64]
	waiters := make([]*waiter[int64], n)
	perWaiter := allocated(func() {
		for i := range waiters {
			waiters[i] = l.get()
		}
	}) / n
	if unsafe.Sizeof(uintptr(0)) == 8 {
		assert.InDelta(t, 150+item, perWaiter, 8)
	}
	runtime.KeepAlive(q)
}

// TestChain: a batch signals the waiters that it serves in the order in which they came.
func TestChain(t *testing.T) {
	const n = 5
	order := func(w *waiter[int]) (items []int) {
		for ; w != nil; w = w.next {
			items = append(items, w.item)
		}
		return items
	}
	d := &direct[int]{ring: make([]int, n)}
	for i := range n {
		d.push(0)
		d.putters.pushBack(&waiter[int]{item: i})
	}
	_, out := d.drain(make([]int, n))
	assert.Equal(t, []int{0, 1, 2, 3, 4}, order(out))
	for w, next := out, (*waiter[int])(nil); w != nil; w = next {
		next, w.next = w.next, nil
		d.takers.pushBack(w)
	}
	var c chain[int]
	for i := range n {
		ok, w := d.add(i * i)
		assert.True(t, ok)
		c.add(w)
		c.add(nil)
	}
	assert.Equal(t, []int{0, 1, 4, 9, 16}, order(c.first))
}
