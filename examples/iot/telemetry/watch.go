package telemetry

import (
	"time"

	"example.com/flatline/ringbuffer"
	"example.com/flatline/slidingmax"
)

// A watch is a rule for one series: the windows that it looks at, and whether it fires.
// The folds of the windows are merged by an Aggregator, whose order of merging depends on
// how many windows it has had; folds are exact, so the result does not.
type watch struct {
	rule    Rule
	windows *ringbuffer.Ring[Fold]
	merged  *slidingmax.Aggregator[Fold]
	firing  bool
	since   int64
	value   float64
}

func newWatch(r Rule) *watch {
	return &watch{
		rule: r, merged: slidingmax.NewAggregator(merge),
		windows: ringbuffer.New[Fold](int(time.Duration(r.Over)/Width) + 1),
	}
}

// add adds a window, and drops those that have left the rule's time.
func (w *watch) add(f Fold) {
	if err := w.windows.Push(f); err != nil {
		panic(err) // a window more than Over has: evict comes first
	}
	w.merged.Push(f)
}

// evict drops the windows that begin before from.
func (w *watch) evict(from int64) {
	for f, ok := w.windows.Peek(); ok && f.Start < from; f, ok = w.windows.Peek() {
		w.windows.Pop()
		w.merged.Evict()
	}
}

// close adds a window that has closed, and returns the rule's value at its end.
func (w *watch) close(f Fold) (v float64, ok bool) {
	if w.rule.Do == ZScore { // compares with the windows before it
		w.evict(f.Start - int64(w.rule.Over))
		var history []float64
		for _, x := range w.windows.All() {
			history = append(history, x.Mean())
		}
		w.add(f)
		if len(history) < minHistory {
			return 0, false
		}
		return RobustZ(history, f.Mean(), w.rule.Spread), true
	}
	w.evict(f.Start + int64(Width) - int64(w.rule.Over))
	w.add(f)
	all, _ := w.merged.Query()
	return w.rule.of(all)
}
