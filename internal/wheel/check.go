package wheel

import "example.com/flatline/internal/invariant"

// Check panics if an invariant of the package doc does not hold.
func (w *Wheel) Check() {
	invariant.Must(w.base <= w.now, "I4: base %d, now %d", w.base, w.now)
	n := 0
	for b := uint32(0); b < inOrder; b++ {
		level, index := b>>digit, int64(b&(1<<digit-1))
		shift := level * digit
		empty := w.lists.Next(b) == b
		invariant.Must(empty == (w.used[level]>>index&1 == 0), "I2: level %d bucket %d", level, index)
		invariant.Must(w.used[level] == 0 == (w.filled>>level&1 == 0), "I2: level %d", level)
		for e := w.lists.Next(b); e != b; e = w.lists.Next(e) {
			n++
			when := w.when[e-heads]
			invariant.Must(when>>shift>>digit == w.base>>shift>>digit, "I1: %d at level %d, base %d", when, level, w.base)
			invariant.Must(when>>shift&(1<<digit-1) == index, "I1: %d in bucket %d of level %d", when, index, level)
			at := w.base >> shift & (1<<digit - 1)
			invariant.Must(index > at || index == at && (level == 0 || b == w.draining), "I1: bucket %d of level %d at %d", index, level, at)
		}
	}
	last := int64(0)
	for e := w.lists.Next(inOrder); e != inOrder; e = w.lists.Next(e) {
		n++
		invariant.Must(w.when[e-heads] >= last, "I3: %d after %d", w.when[e-heads], last)
		last = w.when[e-heads]
	}
	invariant.Must(n == w.n, "%d deadlines in lists, n is %d", n, w.n)
}
