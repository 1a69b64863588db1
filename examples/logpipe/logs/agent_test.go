package logs_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/logpipe/logs"
	"example.com/flatline/examples/logpipe/logs/logtest"
)

// world is a file to which numbered records are written, an agent that follows it, and a
// server that may refuse.
type world struct {
	t      *testing.T
	path   string
	state  string
	n      int
	files  int
	out    *os.File
	store  *logs.Memory
	pipe   *logs.Pipe
	agent  *logs.Agent
	tail   logs.Tailer
	refuse int // so many batches; each second one is accepted, and its answer lost
}

func newWorld(t *testing.T) *world {
	dir := t.TempDir()
	w := &world{t: t, path: filepath.Join(dir, "app.log"), state: filepath.Join(dir, "agent.json")}
	w.store = logs.NewMemory(logs.Limits{})
	w.pipe = logs.NewPipe(logs.Options{Store: w.store})
	w.open()
	w.restart()
	t.Cleanup(func() { _ = w.out.Close(); w.tail.Close() })
	return w
}

func (w *world) open() {
	f, err := os.OpenFile(w.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(w.t, err)
	w.out = f
}

// restart is what happens if the agent is killed and started.
func (w *world) restart() {
	if w.agent != nil {
		w.tail.Close()
	}
	a, err := logs.OpenAgent(w.state, w, w.path)
	require.NoError(w.t, err)
	a.Settle = 0
	w.agent, w.tail = a, a.Tailer()
}

// Accept implements logs.Sender.
func (w *world) Accept(ctx context.Context, b logs.Batch) (logs.Receipt, error) {
	if w.refuse > 0 {
		w.refuse--
		if w.refuse%2 == 0 {
			_, err := w.pipe.Accept(ctx, b)
			require.NoError(w.t, err)
		}
		return logs.Receipt{}, errors.New("refused, or the answer was lost")
	}
	return w.pipe.Accept(ctx, b)
}

// write writes records; each has its number.
func (w *world) write(n int) {
	for range n {
		_, err := fmt.Fprintf(w.out, "level=info n=%06d x\n", w.n)
		require.NoError(w.t, err)
		w.n++
	}
}

// canRename skips a test where an open file cannot be renamed.
func canRename(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be renamed")
	}
}

// rename rotates: app.log.1 becomes app.log.2, app.log becomes app.log.1.
func (w *world) rename() {
	for _, step := range w.rotation() {
		step()
	}
}

// rotation returns the steps of rename.
func (w *world) rotation() (steps []func()) {
	w.files++
	for i := w.files; i > 1; i-- {
		steps = append(steps, func() {
			require.NoError(w.t, os.Rename(fmt.Sprint(w.path, ".", i-1), fmt.Sprint(w.path, ".", i)))
		})
	}
	return append(steps, func() {
		require.NoError(w.t, w.out.Close())
		require.NoError(w.t, os.Rename(w.path, w.path+".1"))
	}, w.open)
}

// copyTruncate rotates by a copy.
func (w *world) copyTruncate() {
	w.files++
	for i := w.files; i > 1; i-- {
		require.NoError(w.t, os.Rename(fmt.Sprint(w.path, ".", i-1), fmt.Sprint(w.path, ".", i)))
	}
	b, err := os.ReadFile(w.path)
	require.NoError(w.t, err)
	require.NoError(w.t, os.WriteFile(w.path+".1", b, 0o600))
	require.NoError(w.t, os.Truncate(w.path, 0))
}

func (w *world) step() (bool, error) { return w.tail.Step(w.t.Context()) }

// settle steps until there is nothing to do.
func (w *world) settle() {
	for range 1000 {
		busy, err := w.step()
		if err == nil && !busy {
			return
		}
	}
	w.t.Fatal("it does not come to an end")
}

// check fails the test unless each number is stored once.
func (w *world) check() {
	w.t.Helper()
	seen := map[string]int{}
	for _, l := range logtest.Found(w.t, w.store, logtest.Parse(w.t, "")) {
		seen[l.Text]++
	}
	for i := range w.n {
		if text := fmt.Sprintf("level=info n=%06d x", i); seen[text] != 1 {
			require.Equal(w.t, 1, seen[text], text)
		}
	}
	require.EqualValues(w.t, w.n, w.store.Stats().Stored)
	require.Zero(w.t, w.store.Stats().Gaps)
	require.NoError(w.t, w.store.Check())
}

// TestRotationStorm: files are renamed and copied away at random, also many times while the
// agent does not look or is not running, answers are lost, and the agent is killed. Each
// record is stored once (L2).
func TestRotationStorm(t *testing.T) {
	t.Parallel()
	canRename(t)
	seeds := 15
	if testing.Short() {
		seeds = 5
	}
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 0))
		w := newWorld(t)
		w.settle() // a file that was renamed before the agent was ever started is not its own
		for range 60 {
			switch r.IntN(9) {
			case 0, 1, 2:
				w.write(1 + r.IntN(30))
			case 3:
				w.write(1) // a file that is empty cannot be told from another one
				w.rename()
			case 4:
				w.write(1)
				w.settle() // what is written between the copy and the truncation is lost by nature
				w.copyTruncate()
			case 5:
				w.restart()
			case 6:
				w.refuse = r.IntN(4)
			default:
				for range r.IntN(4) {
					_, _ = w.step()
				}
			}
		}
		w.refuse = 0
		w.settle()
		w.check()
		w.tail.Close()
	}
}

// TestCopyTruncate: what a copy has and was not sent is read from the copy.
func TestCopyTruncate(t *testing.T) {
	canRename(t)
	w := newWorld(t)
	w.write(50)
	w.settle()
	w.write(50)
	w.copyTruncate()
	w.write(10)
	w.settle()
	w.check()
	assert.EqualValues(t, 1, w.agent.Stats().Truncated)
}

// TestVanished: a file that was removed before it was read to its end is counted, and the
// agent goes on with the next one.
func TestVanished(t *testing.T) {
	w := newWorld(t)
	w.write(10)
	w.settle()
	w.tail.Close()
	require.NoError(t, w.out.Close())
	require.NoError(t, os.Remove(w.path))
	w.restart()
	busy, err := w.step()
	assert.NoError(t, err)
	assert.False(t, busy, "there is no file")
	w.open()
	w.write(5)
	w.settle()
	w.check()
	assert.Positive(t, w.agent.Stats().Vanished)
}

// TestVanishedAmongOld: when a file vanished, the agent goes on after the last one that it
// read. It sends no file again, of more than it remembers, and none that was rotated before
// the agent was ever started.
func TestVanishedAmongOld(t *testing.T) {
	canRename(t)
	for _, read := range []int{0, 20} {
		w := newWorld(t)
		for w.files < 3 {
			_, err := w.out.WriteString("level=info older than the agent\n")
			require.NoError(t, err)
			w.rename()
		}
		for range read {
			w.write(10)
			w.settle()
			w.rename()
		}
		w.write(10)
		w.settle()
		w.tail.Close()
		require.NoError(t, w.out.Close())
		require.NoError(t, os.Remove(w.path))
		w.open()
		w.write(10)
		w.rename()
		w.write(10)
		w.restart()
		w.settle()
		w.check()
		assert.EqualValues(t, 1, w.agent.Stats().Vanished)
	}
}

// TestCheckpoint: a checkpoint that is damaged is an error, not a new beginning, which would
// send everything again.
func TestCheckpoint(t *testing.T) {
	w := newWorld(t)
	name := w.agent.Name()
	w.restart()
	assert.Equal(t, name, w.agent.Name())
	for _, text := range []string{"", "{", `{"files":{}}`} {
		require.NoError(t, os.WriteFile(w.state, []byte(text), 0o600))
		_, err := logs.OpenAgent(w.state, w, w.path)
		require.ErrorIs(t, err, logs.ErrCorrupt)
	}
}

// TestLongLine: a line of 100 MB is stored in part, as records that say so; what comes after
// it is there.
func TestLongLine(t *testing.T) {
	t.Parallel()
	size := 100 << 20
	if testing.Short() {
		size = 4 << 20
	}
	w := newWorld(t)
	require.NoError(t, w.out.Truncate(0))
	_, err := w.out.WriteString(strings.Repeat("x", size) + "\nlevel=info after\n")
	require.NoError(t, err)
	w.settle()
	assert.Len(t, logtest.Found(t, w.store, logtest.Parse(t, "after")), 1)
	st := w.store.Stats()
	assert.LessOrEqual(t, st.Stored, uint64(size/logs.MaxBatch+2))
	assert.Less(t, st.Raw, int64(size/10))
}

// TestAgent: an agent that runs sends what is written while it runs, and Run ends with its
// context.
func TestAgent(t *testing.T) {
	w := newWorld(t)
	w.agent.Poll = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.agent.Run(ctx) }()
	w.write(10)
	require.Eventually(t, func() bool { return w.store.Stats().Stored == 10 }, crash.Patience, time.Millisecond)
	w.write(10)
	require.Eventually(t, func() bool { return w.store.Stats().Stored == 20 }, crash.Patience, time.Millisecond)
	cancel()
	require.NoError(t, <-done)
	require.NoError(t, w.agent.Err())
	w.check()
}

// TestRotations: files that were rotated several times while the agent did not look, or was
// not running, are all read, in order.
func TestRotations(t *testing.T) {
	canRename(t)
	for _, restart := range []bool{false, true} {
		w := newWorld(t)
		w.write(10)
		w.settle()
		for range 4 {
			w.write(10)
			w.rename()
		}
		w.write(10)
		if restart {
			w.restart()
		}
		w.settle()
		w.check()
		w.tail.Close()
	}
}

// TestRenamedMeanwhile: files that are renamed while the agent lists and opens them are each
// read once, whichever of them it was opening: whether all are renamed at once or one at each
// opening, and whether the oldest one is removed, before or after (then the names are the same
// as they were). An agent that opened the names of one listing skipped a file or sent it again.
func TestRenamedMeanwhile(t *testing.T) {
	t.Parallel()
	canRename(t)
	for i := range 2 * 4 * 15 {
		restart, slow, remove, at := i%2 == 1, i/2%2 == 1, i/4%2 == 1, i/8
		w := newWorld(t)
		w.write(10)
		w.settle() // the oldest file has been read to its end
		for range 4 {
			w.rename()
			w.write(10)
		}
		if restart {
			w.restart()
		}
		removeOldest := func() { require.NoError(t, os.Remove(fmt.Sprint(w.path, ".", w.files))) }
		if remove && slow {
			removeOldest()
			w.files--
		}
		opened := 0
		steps := w.rotation()
		next := func() {
			steps[0]()
			if steps = steps[1:]; len(steps) == 0 && remove && !slow {
				removeOldest()
			}
		}
		w.agent.Opening(func(string) {
			if opened++; opened <= at {
				return
			}
			for len(steps) > 0 {
				if next(); slow {
					break
				}
			}
		})
		w.settle()
		require.Greater(t, opened, at, "fewer files were opened")
		for len(steps) > 0 {
			next()
		}
		w.write(10)
		w.settle()
		w.check()
		w.tail.Close()
	}
}

// TestRenamedAlways: an agent whose files are renamed again and again while it lists them
// sends nothing in a wrong order; it reports an error, and goes on when they are at rest.
func TestRenamedAlways(t *testing.T) {
	canRename(t)
	w := newWorld(t)
	w.settle()
	w.write(10)
	w.rename()
	w.write(10)
	w.settle()
	w.write(1)
	w.rename()
	w.write(1)
	busy := true
	w.agent.Opening(func(name string) {
		if busy && name == w.path { // once in each listing
			w.rename()
			w.write(1)
		}
	})
	var err error
	for range 10 {
		if _, err = w.step(); err != nil {
			break
		}
	}
	require.ErrorContains(t, err, "renamed during each of 20 listings")
	busy = false
	w.settle()
	w.check()
}
