package wheel

import "fmt"

// Check panics if an invariant of the package doc does not hold.
func (w *Wheel) Check() {
	must := func(ok bool, format string, args ...any) {
		if !ok {
			panic(fmt.Sprintf(format, args...))
		}
	}
	must(w.time <= w.now, "I4: time %d, now %d", w.time, w.now)
	n := 0
	for b := uint32(0); b < inOrder; b++ {
		level, number := b>>digit, int64(b&(1<<digit-1))
		shift := level * digit
		empty := w.lists.Next(b) == b
		must(empty == (w.used[level]>>number&1 == 0), "I2: level %d bucket %d", level, number)
		must(w.used[level] == 0 == (w.filled>>level&1 == 0), "I2: level %d", level)
		for e := w.lists.Next(b); e != b; e = w.lists.Next(e) {
			n++
			when := w.when[e-heads]
			must(when>>shift>>digit == w.time>>shift>>digit, "I1: %d at level %d, time %d", when, level, w.time)
			must(when>>shift&(1<<digit-1) == number, "I1: %d in bucket %d of level %d", when, number, level)
			at := w.time >> shift & (1<<digit - 1)
			must(number > at || number == at && (level == 0 || b == w.draining), "I1: bucket %d of level %d at %d", number, level, at)
		}
	}
	last := int64(0)
	for e := w.lists.Next(inOrder); e != inOrder; e = w.lists.Next(e) {
		n++
		must(w.when[e-heads] >= last, "I3: %d after %d", w.when[e-heads], last)
		last = w.when[e-heads]
	}
	must(n == w.n, "%d deadlines in lists, n is %d", n, w.n)
}
