//go:build !race

// The goroutines of these tests run one at a time, and the runtime hides from the race
// detector the order that this gives to the plain variables of the recorder.

package show

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/weave/sched"
	schedatomic "example.com/flatline/internal/weave/sched/atomic"
)

// counter is a form whose Add is two steps.
func counter() *Form {
	return &Form{make: func() subject {
		var n schedatomic.Int64
		return subject{&n, map[string]op{
			"Add":  none(func() string { n.Store(n.Load() + 1); return "added" }),
			"Load": none(func() string { return text(n.Load()) }),
			"Wait": none(func() string {
				sched.Until(nil, func() bool { return false })
				return "never"
			}),
			"Spin": none(func() string {
				for n.Load() == 0 {
				}
				return "over"
			}),
		}, func() string { return text(n.Load()) }}
	}}
}

func schedule(t *testing.T, do, by string) (*Record, error) {
	f := counter()
	var all [][]call
	for part := range strings.SplitSeq(do, "|") {
		var calls []call
		for name := range strings.SplitSeq(part, ",") {
			calls = append(calls, call{name + "()", name, nil})
		}
		all = append(all, calls)
	}
	r := &recorder{subject: f.make(), dumper: dumper{numbers: map[unsafe.Pointer]int{}}}
	r.frame(0, "")
	err := r.two(f, all, by)
	return &r.Record, err
}

// TestSchedule: letters say which goroutine continues, a replay's choices mean the same, and
// results that no order explains are named.
func TestSchedule(t *testing.T) {
	r, err := schedule(t, "Add|Add", "")
	require.NoError(t, err)
	assert.Equal(t, "AAAABBBB", r.Letters, "each starts, calls, loads and stores")
	assert.Equal(t, "explained by A Add(), B Add()", r.Verdict)
	assert.Len(t, r.Frames, 9)
	assert.Equal(t, []string{"0", "1", "2"}, r.States)

	for _, by := range []string{"AAABBBBA", "3:1", "AAABBBB"} {
		r, err = schedule(t, "Add|Add", by)
		require.NoError(t, err)
		assert.Equal(t, "AAABBBBA", r.Letters, by)
		assert.Equal(t, "NOT LINEARIZABLE: no order of the calls, one after the other, has these results and leaves 1", r.Verdict, by)
		assert.Equal(t, Next{Text: "store", At: r.Frames[4].Next[0].At, Can: true}, r.Frames[4].Next[0], "what A is about to do")
		assert.Equal(t, Next{Text: "calls Add()", Can: true}, r.Frames[3].Next[1])
		assert.Contains(t, r.Frames[8].Saw, "stored 1; returns added")
		assert.Equal(t, Next{Text: "has ended"}, r.Frames[8].Next[0])
		assert.Equal(t, []Call{{0, "Add()", "added", 1, 8}, {1, "Add()", "added", 4, 7}}, r.Calls)
	}
	r, err = schedule(t, "Add|Load", "AAABBBA")
	require.NoError(t, err)
	assert.Equal(t, "explained by B Load(), A Add()", r.Verdict)
	r, err = schedule(t, "Wait|Add", "")
	require.NoError(t, err)
	assert.Equal(t, "goroutine 0 never wakes up: wait", r.Verdict)
	assert.Equal(t, Next{Text: "waits, and never continues"}, r.Frames[len(r.Frames)-1].Next[0])
	assert.Equal(t, Next{Text: "has ended"}, r.Frames[len(r.Frames)-1].Next[1])
	_, err = schedule(t, "Spin|Load", "")
	assert.ErrorContains(t, err, "do not end")
	_, err = schedule(t, "Add|Add", "3:x")
	assert.ErrorContains(t, err, "DECISION:CHOICE")
	r, err = schedule(t, "Add,Load,Load,Load|Add,Load,Load", "")
	require.NoError(t, err)
	assert.Equal(t, "not judged: more than six calls", r.Verdict)
}

// TestResults: results alone can be without an explanation.
func TestResults(t *testing.T) {
	r, err := schedule(t, "Load,Load|Add,Add", "AAAABBBBBBBBB")
	require.NoError(t, err)
	assert.Equal(t, "0", r.Calls[0].Result)
	assert.Equal(t, "explained by A Load(), B Add(), B Add(), A Load()", r.Verdict)
	assert.Equal(t, "2", r.Calls[1].Result)
	f, calls := counter(), [][]call{{{"Add()", "Add", nil}}}
	wrong := &recorder{subject: f.make()}
	wrong.ops["Add"].call(nil)
	wrong.Calls = []Call{{Text: "Add()", Result: "lost"}}
	assert.Contains(t, wrong.judge(f, calls, []span{{0, 0, 1, 2}}, ""), "NOT LINEARIZABLE")
}
