package bqueue_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.com/flatline/bqueue"
)

// check walks the invariants; no goroutine waits here.
func check(q *bqueue.Queue[int]) { q.CheckInvariants() }

// model runs the same operations on a queue and on the textbook. No operation here has to
// wait; queue_test.go tests blocking.
type model struct {
	q           *bqueue.Queue[int]
	o           *textbook[int]
	next        int
	puts, takes uint64 // items that the textbook has accepted and returned
}

func newModel(capacity int, strict bool) *model {
	return &model{
		q: bqueue.New[int](capacity, bqueue.Options{StrictFIFO: strict}),
		o: newTextbook[int](capacity),
	}
}

type failer interface {
	Fatalf(format string, args ...any)
}

// same fails unless the two errors mean the same.
func same(t failer, op string, got, want error) {
	pairs := map[error]error{nil: nil, errClosed: bqueue.ErrClosed, errFull: bqueue.ErrFull, errEmpty: bqueue.ErrEmpty}
	if !errors.Is(got, pairs[want]) {
		t.Fatalf("%s: error %v, want %v", op, got, want)
	}
}

// put and took count what the textbook has done.
func (m *model) put(err error) error {
	if err == nil {
		m.puts++
	}
	return err
}

func (m *model) took(err error) error {
	if err == nil {
		m.takes++
	}
	return err
}

// step does one operation, chosen by op, with an argument n.
func (m *model) step(t failer, op, n int) {
	switch op % 11 {
	case 0:
		m.next++
		same(t, "TryPut", m.q.TryPut(m.next), m.put(m.o.TryPut(m.next)))
	case 1:
		got, err := m.q.TryTake()
		want, oerr := m.o.TryTake()
		same(t, "TryTake", err, m.took(oerr))
		if got != want {
			t.Fatalf("TryTake: %d, want %d", got, want)
		}
	case 2:
		if m.o.Len() == m.o.capacity && !m.o.closed {
			return // would wait
		}
		m.next++
		same(t, "Put", m.q.Put(bg, m.next), m.put(m.o.Put(m.next)))
	case 3:
		if m.o.Len() == 0 && !m.o.closed {
			return // would wait
		}
		got, err := m.q.Take(bg)
		want, oerr := m.o.Take()
		same(t, "Take", err, m.took(oerr))
		if got != want {
			t.Fatalf("Take: %d, want %d", got, want)
		}
	case 4:
		var vs []int
		for range min(n, m.o.capacity-m.o.Len()) {
			m.next++
			vs = append(vs, m.next)
		}
		k, err := m.q.PutAll(bg, vs)
		for i, v := range vs {
			oerr := m.put(m.o.Put(v))
			if (oerr == nil) != (i < k) {
				t.Fatalf("PutAll: %d accepted, %v", k, err)
			}
			same(t, "PutAll", err, oerr)
		}
	case 5, 6:
		dst := make([]int, n)
		var k int
		if op%11 == 5 {
			k = m.q.DrainTo(dst)
		} else if m.o.Len() > 0 {
			var err error
			if k, err = m.q.TakeBatch(bg, dst); err != nil {
				t.Fatalf("TakeBatch: %v", err)
			}
		} else {
			return // would wait
		}
		if want := min(n, m.o.Len()); k != want {
			t.Fatalf("took %d, want %d", k, want)
		}
		for i := range k {
			want, oerr := m.o.Take()
			if _ = m.took(oerr); dst[i] != want {
				t.Fatalf("item %d: %d, want %d", i, dst[i], want)
			}
		}
	case 7:
		if m.o.open > m.o.Len() {
			m.q.TaskDone()
			m.o.TaskDone()
		} else if !panics(m.q.TaskDone) {
			t.Fatalf("TaskDone: no panic, %d open, %d in", m.o.open, m.o.Len())
		}
		if m.o.open == 0 {
			if err := m.q.Join(bg); err != nil {
				t.Fatalf("Join: %v", err)
			}
		}
	case 9:
		var vs []int
		for range n {
			m.next++
			vs = append(vs, m.next)
		}
		k, err := m.q.TryPutAll(vs)
		for i, v := range vs {
			oerr := m.put(m.o.TryPut(v))
			if (oerr == nil) != (i < k) {
				t.Fatalf("TryPutAll: %d accepted, %v", k, err)
			}
			if oerr != nil || i == len(vs)-1 {
				same(t, "TryPutAll", err, oerr)
			}
		}
	case 10:
		if n == 0 || m.o.Len() < n && !m.o.closed {
			return // would wait
		}
		dst := make([]int, n)
		k, err := m.q.TakeBatchWithin(bg, dst, time.Hour)
		want := m.o.upTo(n)
		if (err == nil) != (len(want) > 0) || !slices.Equal(want, dst[:k]) {
			t.Fatalf("TakeBatchWithin: %v, %v, want %v", dst[:k], err, want)
		}
		m.takes += uint64(k)
	case 8:
		switch {
		case n == 0:
			m.q.Close()
			m.o.Close()
		case n == 1:
			got, want := m.q.CloseNow(), m.o.CloseNow()
			m.takes += uint64(len(want))
			for i, v := range want {
				if got[i] != v {
					t.Fatalf("CloseNow: %v, want %v", got, want)
				}
			}
			if len(got) != len(want) {
				t.Fatalf("CloseNow: %v, want %v", got, want)
			}
		}
	}
	if m.q.Unfinished() != m.o.open {
		t.Fatalf("Unfinished: %d, want %d", m.q.Unfinished(), m.o.open)
	}
	if m.q.Len() != m.o.Len() {
		t.Fatalf("Len: %d, want %d", m.q.Len(), m.o.Len())
	}
	want := bqueue.Stats{Puts: m.puts, Takes: m.takes} // no goroutine waits here
	if got := m.q.Stats(); got != want {
		t.Fatalf("Stats: %+v, want %+v", got, want)
	}
	check(m.q)
}

func panics(f func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	f()
	return false
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// The edges are where the form changes, and where a lap is just longer than
		// the array or nearly twice as long; batches fill the queue, or nearly.
		capacity := rapid.SampledFrom([]int{1, 2, 3, 5, 7, 8, 9, 15, 16, 31, 64}).Draw(t, "capacity")
		m := newModel(capacity, rapid.Bool().Draw(t, "strict"))
		n := rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(capacity-1, capacity+1))
		t.Repeat(map[string]func(*rapid.T){
			"step": func(t *rapid.T) { m.step(t, rapid.IntRange(0, 10).Draw(t, "op"), n.Draw(t, "n")) },
		})
	})
}

// FuzzQueue runs a sequence of operations, two bytes each, against the textbook.
func FuzzQueue(f *testing.F) {
	f.Add(uint8(1), false, []byte{0, 0, 0, 0, 1, 0, 1, 0})
	f.Add(uint8(3), true, []byte{4, 3, 0, 0, 5, 2, 4, 9, 6, 9})
	f.Add(uint8(8), false, []byte{4, 20, 0, 0, 5, 5, 4, 20, 6, 20, 7, 0, 8, 0, 0, 0, 1, 0})
	f.Add(uint8(9), false, []byte{4, 9, 8, 1, 1, 0, 7, 0})
	f.Fuzz(func(t *testing.T, capacity uint8, strict bool, ops []byte) {
		m := newModel(int(capacity%32)+1, strict)
		for i := 0; i+1 < len(ops); i += 2 {
			m.step(t, int(ops[i]), int(ops[i+1]%40))
		}
	})
}
