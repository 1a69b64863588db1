package ringbuffer

import (
	"errors"
	"slices"
	"testing"
)

// FuzzRing reads the data as a capacity, a policy and then operations on both a ring and
// the textbook.
func FuzzRing(f *testing.F) {
	f.Add([]byte{0, 0})
	f.Add([]byte{3, 1, 0, 0, 0, 0, 0, 2, 3, 20, 4, 3})
	f.Add([]byte{4, 2, 3, 9, 4, 2, 1, 1, 1, 5, 3, 6, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 2 {
			return
		}
		capacity, onFull := 1+int(data[0])%20, Policy(data[1]%3)
		r := New[*int](capacity, Options{OnFull: onFull})
		want := newTextbook[*int](capacity, onFull)
		last := 0
		fresh := func(n int) []*int {
			vs := make([]*int, n)
			for i := range vs {
				last++
				v := last
				vs[i] = &v
			}
			return vs
		}
		for i := 2; i < len(data); i++ {
			arg := 0
			if i+1 < len(data) {
				arg = int(data[i+1])
			}
			switch data[i] % 7 {
			case 0:
				v := fresh(1)[0]
				if got, w := r.Push(v), want.Push(v); !errors.Is(got, w) {
					t.Fatalf("Push: %v, want %v", got, w)
				}
			case 1:
				v := fresh(1)[0]
				got, ok := r.PushEvict(v)
				if w, wok := want.PushEvict(v); got != w || ok != wok {
					t.Fatalf("PushEvict: %v %v, want %v %v", got, ok, w, wok)
				}
			case 2:
				got, ok := r.Pop()
				if w, wok := want.Pop(); got != w || ok != wok {
					t.Fatalf("Pop: %v %v, want %v %v", got, ok, w, wok)
				}
			case 3:
				vs := fresh(arg % 40)
				if got, w := r.PushSlice(vs), want.pushSlice(vs); got != w {
					t.Fatalf("PushSlice: %d, want %d", got, w)
				}
			case 4:
				dst := make([]*int, arg%40)
				if got, w := dst[:r.PopInto(dst)], want.popN(len(dst)); !slices.Equal(got, w) {
					t.Fatalf("PopInto: %v, want %v", got, w)
				}
			case 5:
				if got, w := r.Resize(arg%40) == nil, want.resize(arg%40); got != w {
					t.Fatalf("Resize(%d): %v, want %v", arg%40, got, w)
				}
			case 6:
				a, b := r.Writable()
				vs := fresh(min(arg%40, len(a)+len(b)))
				copy(b, vs[copy(a, vs):])
				r.Commit(len(vs))
				want.pushSlice(vs)
			}
			r.checkInvariants()
			a, b := r.Readable()
			if !slices.Equal(slices.Concat(a, b), want.all()) {
				t.Fatalf("items %v, want %v", slices.Concat(a, b), want.all())
			}
			if r.Dropped() != want.dropped {
				t.Fatalf("dropped %d, want %d", r.Dropped(), want.dropped)
			}
		}
	})
}

// FuzzSPSC drives the queue from one goroutine: 0 and 1 are single, 2 and 3 slices.
func FuzzSPSC(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 1})
	f.Add([]byte{39, 2, 50, 3, 7, 2, 90, 3, 200, 1})
	f.Add([]byte{31, 2, 31, 0, 0, 3, 1, 0, 1, 3, 250})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		capacity := 1 + int(data[0])
		q := NewSPSC[int](capacity)
		pushed, popped := 0, 0
		for i := 1; i < len(data); i++ {
			n := 1
			if data[i]%4 >= 2 && i+1 < len(data) {
				i++
				n = int(data[i])
			}
			if data[i]%2 == 0 {
				vs := make([]int, n)
				for j := range vs {
					vs[j] = pushed + j + 1
				}
				got := 0
				if n == 1 && q.TryPush(vs[0]) {
					got = 1
				} else if n != 1 {
					got = q.PushSlice(vs)
				}
				if want := min(n, capacity-(pushed-popped)); got != want {
					t.Fatalf("pushed %d of %d, want %d", got, n, want)
				}
				pushed += got
			} else {
				dst := make([]int, n)
				got := q.PopInto(dst)
				if want := min(n, pushed-popped); got != want {
					t.Fatalf("popped %d of %d, want %d", got, n, want)
				}
				for _, v := range dst[:got] {
					if popped++; v != popped {
						t.Fatalf("popped %d, want %d", v, popped)
					}
				}
			}
			q.checkInvariants()
			if q.Len() != pushed-popped {
				t.Fatalf("Len %d, want %d", q.Len(), pushed-popped)
			}
		}
	})
}

// FuzzBytes writes and reads pieces whose lengths the data gives.
func FuzzBytes(f *testing.F) {
	f.Add([]byte{3, 1, 8, 2})
	f.Add([]byte{9, 0, 5, 130, 7, 255, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 2 {
			return
		}
		capacity, onFull := 1+int(data[0])%32, Policy(data[1]%3)
		b := NewBytes(capacity, Options{OnFull: onFull})
		want := newTextbook[byte](capacity, onFull)
		next := byte(0)
		for _, op := range data[2:] {
			p := make([]byte, op%128)
			if op < 128 {
				for i := range p {
					p[i] = next
					next++
				}
				stored := want.pushSlice(p)
				n, err := b.Write(p)
				if onFull != Reject {
					stored = len(p)
				}
				if n != stored || (err != nil) != (stored < len(p)) {
					t.Fatalf("Write of %d: %d %v, want %d", len(p), n, err, stored)
				}
			} else {
				n, _ := b.Read(p)
				if w := want.popN(len(p)); !slices.Equal(p[:n], w) {
					t.Fatalf("Read: %v, want %v", p[:n], w)
				}
			}
			b.r.checkInvariants()
			if b.Len() != want.count || b.Dropped() != want.dropped {
				t.Fatalf("Len %d dropped %d, want %d %d", b.Len(), b.Dropped(), want.count, want.dropped)
			}
		}
	})
}
