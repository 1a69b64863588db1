package slidingmax

import "fmt"

// holds panics if an invariant of the essay does not.
func holds(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}

// checkInvariants checks that the values never rise, and that dead slots are only where
// they may be.
func (q *deque[E]) checkInvariants(compare func(a, b *E) int) {
	holds(q.head <= q.tail && q.tail <= q.dirty && q.dirty-q.head <= uint64(len(q.buf)), "I3: %d, %d, %d of %d", q.head, q.tail, q.dirty, len(q.buf))
	for pos := q.head; pos+1 < q.tail; pos++ {
		holds(compare(q.at(pos), q.at(pos+1)) >= 0, "I1: %v before %v", *q.at(pos), *q.at(pos + 1))
	}
	var zero E
	for pos := q.dirty; pos < q.head+uint64(len(q.buf)); pos++ {
		holds(fmt.Sprint(*q.at(pos)) == fmt.Sprint(zero), "I3: %v is left behind", *q.at(pos))
	}
}

func (r *ring[T]) checkInvariants() {
	r.q.checkInvariants(func(a, b *candidate[T]) int { return r.compare(a.v, b.v) })
	for pos := r.q.head; pos < r.q.tail; pos++ {
		at := r.q.at(pos).at
		holds(r.pushed-at <= r.k, "I2: a candidate has left the window")
		holds(pos == r.q.head || r.q.at(pos-1).at < at, "I1: the candidates are not in the order of arrival")
	}
	holds(r.missing != nil || r.pushed == 0 || r.q.at(r.q.tail-1).at == r.pushed-1, "I2: the newest is no candidate")
}

func (w *Window[T]) checkInvariants() { w.r.checkInvariants() }
func (s *Sync[T]) checkInvariants()   { s.w.checkInvariants() }

func (w *TimeWindow[T]) checkInvariants() {
	w.q.checkInvariants(func(a, b *timed[T]) int { return order(a.v, b.v) })
	for pos := w.q.head; pos < w.q.tail; pos++ {
		holds(!w.old(w.q.at(pos).at), "I2: a candidate has left the window")
		holds(pos == w.q.head || w.q.at(pos-1).at <= w.q.at(pos).at, "I1: the candidates are not in the order of time")
	}
}

// checkInvariants compares each slot with the aggregate of the values, oldest first.
func (q *Aggregator[T]) checkInvariants(values []T) {
	m := q.m
	at := func(pos uint64) T { return values[pos-m.f] }
	agg := func(from, to uint64) T {
		v := at(from)
		for pos := from + 1; pos < to; pos++ {
			v = q.op(v, at(pos))
		}
		return v
	}
	slots := func(from, to, upTo uint64, what string) {
		for pos := from; pos < to; pos++ {
			end := upTo
			if end == 0 {
				end = pos + 1
			}
			want := agg(pos, end)
			holds(fmt.Sprint(want) == fmt.Sprint(*q.at(pos)), "I4: %s slot %d: %v, not %v", what, pos, *q.at(pos), want)
		}
	}
	holds(m.f <= m.l && m.l <= m.r && m.r <= m.a && m.a <= m.b && m.b <= m.e, "I4: %+v", m)
	slots(m.f, m.l, m.b, "done")
	slots(m.l, m.r, m.r, "left")
	slots(m.r, m.a, 0, "raw")
	slots(m.a, m.b, m.b, "right")
	slots(m.b, m.e, 0, "back")
	if m.f == m.e {
		return
	}
	holds(m.r-m.l == m.a-m.r, "I5: %d left, %d raw", m.r-m.l, m.a-m.r)
	holds(m.b-m.f-(m.e-m.b) == m.b-m.l+1, "I5: front %d, back %d, %d to go", m.b-m.f, m.e-m.b, m.b-m.l)
	if m.b < m.e {
		holds(fmt.Sprint(agg(m.b, m.e)) == fmt.Sprint(m.back), "I4: back is %v", m.back)
	}
	if m.l < m.r {
		holds(fmt.Sprint(agg(m.r, m.b)) == fmt.Sprint(m.mid), "I4: mid is %v", m.mid)
	}
	var zero T
	for pos := m.e; pos < m.f+uint64(len(q.buf)); pos++ {
		holds(fmt.Sprint(*q.at(pos)) == fmt.Sprint(zero), "I3: %v is left behind", *q.at(pos))
	}
}
