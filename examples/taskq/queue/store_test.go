package queue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/internal/wal/waltest"
	"example.com/flatline/examples/taskq/queue"
	"example.com/flatline/examples/taskq/queue/queuetest"
)

func TestMemoryIsAStore(t *testing.T) {
	queuetest.Run(t, func(testing.TB) queue.Store { return queue.NewMemory() })
}

func TestDiskIsAStore(t *testing.T) {
	queuetest.Run(t, func(t testing.TB) queue.Store {
		d, err := queue.OpenDisk(t.TempDir(), 100, wal.Options{NoSync: true})
		require.NoError(t, err)
		t.Cleanup(func() { _ = d.Close() })
		return d
	})
}

// TestDiskReopens: a store that is opened again has the same state, from the log, from a
// snapshot, and from both.
func TestDiskReopens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		every := rapid.SampledFrom([]int64{1000, 5, 1}).Draw(rt, "every")
		for range rapid.IntRange(1, 3).Draw(rt, "rounds") {
			d, err := queue.OpenDisk(dir, every, wal.Options{NoSync: true})
			require.NoError(rt, err)
			for range rapid.IntRange(0, 8).Draw(rt, "steps") {
				c := command(rt, time.Now())
				switch {
				case c.Enqueue != nil:
					_, err = d.Enqueue(t.Context(), c.Enqueue)
				case c.Lease != nil:
					c.Lease.For /= 1e9 // so that some end
					_, err = d.Lease(t.Context(), *c.Lease)
				case c.Settle != nil:
					_, err = d.Settle(t.Context(), c.Settle)
				default:
					_, err = d.Tick(t.Context())
				}
				require.NoError(rt, err)
			}
			require.NoError(rt, d.Check())
			before := state(rt, d.Memory)
			require.NoError(rt, d.Close())
			d, err = queue.OpenDisk(dir, every, wal.Options{NoSync: true})
			require.NoError(rt, err)
			require.Equal(rt, before, state(rt, d.Memory))
			require.NoError(rt, d.Check())
			require.NoError(rt, d.Close())
			_, err = d.Enqueue(t.Context(), []queue.Task{{ID: "late", Queue: "q", Type: "x"}})
			require.ErrorIs(rt, err, wal.ErrClosed)
		}
	})
}

// TestSnapshotHasResults: a task that is done is known from a snapshot, with its result.
func TestSnapshotHasResults(t *testing.T) {
	dir := t.TempDir()
	for round := range 2 {
		d, err := queue.OpenDisk(dir, 1, wal.Options{NoSync: true})
		require.NoError(t, err)
		answers, err := d.Enqueue(t.Context(), []queue.Task{{ID: "a", Queue: "q", Type: "x"}})
		require.NoError(t, err)
		if round == 0 {
			_, err = d.Lease(t.Context(), queue.Ask{Worker: "w", Queues: []string{"q"}, N: 1, For: long})
			require.NoError(t, err)
			_, err = d.Settle(t.Context(), []queue.Outcome{{ID: "a", Token: 1, Do: queue.Ack, Result: json.RawMessage(`7`)}})
			require.NoError(t, err)
		} else {
			assert.ErrorIs(t, answers[0].Err, queue.ErrExists)
			assert.Equal(t, "7", string(answers[0].Task.Result))
		}
		require.NoError(t, d.Close())
	}
}

// state is all that a store has, in order.
func state(t require.TestingT, m *queue.Memory) string {
	var b strings.Builder
	c, err := m.Counts(context.Background())
	require.NoError(t, err)
	for _, q := range []string{"p", "q"} {
		fmt.Fprintln(&b, q, c[q].Ready, c[q].Delayed, c[q].Leased, c[q].Dead, c[q].Done)
	}
	for _, s := range queue.States {
		all, err := m.List(context.Background(), s, "", 100)
		require.NoError(t, err)
		require.NoError(t, json.NewEncoder(&b).Encode(all))
	}
	return b.String()
}

// TestDiskFails: what the disk has not taken is refused, and cannot be seen.
func TestDiskFails(t *testing.T) {
	d, err := queue.OpenDisk(t.TempDir(), 1000, waltest.Disk{Sync: func() error { return io.ErrShortWrite }}.Options())
	require.NoError(t, err)
	_, err = d.Enqueue(t.Context(), []queue.Task{{ID: "a", Queue: "q", Type: "x"}})
	assert.ErrorIs(t, err, wal.ErrFailed)
	_, err = d.Get(t.Context(), "a")
	assert.ErrorIs(t, err, queue.ErrNotFound)
	assert.Error(t, d.Close())
}

// TestDiskIdle: a worker that finds nothing, and a tick that ends no lease, write nothing.
func TestDiskIdle(t *testing.T) {
	n := 0
	d, err := queue.OpenDisk(t.TempDir(), 1000, waltest.Disk{Sync: func() error { n++; return nil }}.Options())
	require.NoError(t, err)
	defer d.Close()
	ask := queue.Ask{Worker: "w", Queues: []string{"q"}, N: 1, For: long}
	idle := func() {
		for range 5 {
			_, err := d.Lease(t.Context(), ask)
			require.NoError(t, err)
			_, err = d.Tick(t.Context())
			require.NoError(t, err)
		}
	}
	idle()
	assert.Zero(t, n)
	_, err = d.Enqueue(t.Context(), []queue.Task{{ID: "a", Queue: "q", Type: "x"}})
	require.NoError(t, err)
	idle()
	assert.Equal(t, 2, n, "the task and its lease")
}

const long = queue.Duration(time.Hour)
