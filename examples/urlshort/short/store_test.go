package short_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/internal/wal/waltest"
	"example.com/flatline/examples/urlshort/short"
	"example.com/flatline/examples/urlshort/short/shorttest"
)

func TestMemoryIsAStore(t *testing.T) {
	shorttest.Run(t, func(testing.TB) short.Store { return short.NewMemory() })
}

func TestDiskIsAStore(t *testing.T) {
	shorttest.Run(t, func(t testing.TB) short.Store {
		d, err := short.OpenDisk(t.TempDir(), 100, wal.Options{NoSync: true})
		require.NoError(t, err)
		t.Cleanup(func() { _ = d.Close() })
		return d
	})
}

func TestCacheIsAStore(t *testing.T) {
	shorttest.Run(t, func(testing.TB) short.Store { return short.NewCache(short.NewMemory(), 100) })
}

// TestDiskReopens: a store that is opened again has the same links, versions, clicks and
// batches, from the log, from a snapshot, and from both; leases go on, with the same key.
func TestDiskReopens(t *testing.T) {
	for _, every := range []int64{1000, 3, 1} {
		dir := t.TempDir()
		ctx := t.Context()
		open := func() *short.Disk {
			d, err := short.OpenDisk(dir, every, wal.Options{NoSync: true})
			require.NoError(t, err)
			return d
		}
		d := open()
		key := short.Key{}
		var all []short.Link
		for round := range 3 {
			lease, err := d.Lease(ctx, 10)
			require.NoError(t, err)
			assert.EqualValues(t, 10*round, lease.First)
			if round > 0 {
				assert.Equal(t, key, lease.Key)
			}
			key = lease.Key
			code := fmt.Sprint("code", round)
			l, err := d.Create(ctx, short.Link{Code: code, URL: "https://a.example/1"})
			require.NoError(t, err)
			all = append(all, l)
			time.Sleep(time.Millisecond) // so that the versions have different times
			l, err = d.Update(ctx, code, 1, short.Link{URL: "https://a.example/2", Max: 9, Deleted: round == 1})
			require.NoError(t, err)
			all = append(all, l)
			b := short.Batch{Node: "n", Number: int64(round + 1), Counts: []short.Count{{Code: code, Minute: 5, N: 2}, {Code: code, Minute: 7, N: 1}}}
			require.NoError(t, d.Count(ctx, b))
			require.NoError(t, d.Close())
			d = open()
			require.NoError(t, d.Count(ctx, b), "again")
			for _, want := range all {
				got, err := d.Get(ctx, want.Code, want.Updated)
				require.NoError(t, err)
				assert.EqualValues(t, 3, got.Clicks)
				want.Clicks = 3
				assert.Equal(t, want, got)
			}
			counts, err := d.Clicks(ctx, code, 0, 10)
			require.NoError(t, err)
			assert.Equal(t, []short.Count{{Minute: 5, N: 2}, {Minute: 7, N: 1}}, counts)
		}
		require.NoError(t, d.Close())
		_, err := d.Create(ctx, short.Link{Code: "late", URL: "https://a.example"})
		assert.ErrorIs(t, err, wal.ErrClosed)
	}
}

// TestDiskFails: what the disk has not taken is refused, and cannot be seen.
func TestDiskFails(t *testing.T) {
	dir := t.TempDir()
	d, err := short.OpenDisk(dir, 1000, wal.Options{})
	require.NoError(t, err)
	require.NoError(t, d.Close())
	broken := waltest.Disk{Sync: func() error { return io.ErrShortWrite }}.Options()
	_, err = short.OpenDisk(t.TempDir(), 1000, broken)
	assert.ErrorIs(t, err, wal.ErrFailed, "the key cannot be stored")
	d, err = short.OpenDisk(dir, 1000, broken)
	require.NoError(t, err)
	_, err = d.Create(t.Context(), short.Link{Code: "x", URL: "https://a.example"})
	assert.ErrorIs(t, err, wal.ErrFailed)
	_, err = d.Get(t.Context(), "x", time.Time{})
	assert.ErrorIs(t, err, short.ErrNotFound)
	assert.Error(t, d.Close())
}

// slow is a store that counts the questions of Get and waits in each.
type slow struct {
	short.Store
	asked func(code string)
}

func (s slow) Get(ctx context.Context, code string, at time.Time) (short.Link, error) {
	l, err := s.Store.Get(ctx, code, at)
	s.asked(code)
	return l, err
}

// TestCache: one question per miss, none for a code that is known to be absent, and the
// node's own changes are seen at once, even those that come between a question and its
// answer.
func TestCache(t *testing.T) {
	asked := 0
	var between func()
	m := short.NewMemory()
	c := short.NewCache(slow{m, func(string) {
		asked++
		if between != nil {
			between()
		}
	}}, 100)
	for range 5 {
		_, err := c.Lookup(t.Context(), "a")
		require.ErrorIs(t, err, short.ErrNotFound)
	}
	assert.Equal(t, 1, asked, "of a code that there is not")
	_, err := c.Create(t.Context(), short.Link{Code: "a", URL: "https://a.example/1"})
	require.NoError(t, err)
	for range 5 {
		l, err := c.Lookup(t.Context(), "a")
		require.NoError(t, err)
		require.EqualValues(t, 1, l.Version)
	}
	assert.Equal(t, 2, asked, "the load of the link")
	_, err = c.Update(t.Context(), "a", 1, short.Link{URL: "https://a.example/2"})
	require.NoError(t, err)
	l, err := c.Lookup(t.Context(), "a")
	require.NoError(t, err)
	assert.EqualValues(t, 2, l.Version)

	between = func() { // the store has answered "absent", then the link comes
		between = nil
		_, err := c.Create(t.Context(), short.Link{Code: "b", URL: "https://a.example/1"})
		require.NoError(t, err)
	}
	_, err = c.Lookup(t.Context(), "b")
	require.ErrorIs(t, err, short.ErrNotFound, "as it was when it was asked")
	_, err = c.Lookup(t.Context(), "b")
	require.NoError(t, err, "the answer was not remembered")

	broken := errors.New("no connection")
	c = short.NewCache(outOfOrder{m, broken}, 100)
	for range 2 {
		_, err = c.Lookup(t.Context(), "a")
		require.ErrorIs(t, err, broken, "an error is neither a link nor its absence")
	}
}

type outOfOrder struct {
	short.Store
	err error
}

func (b outOfOrder) Get(context.Context, string, time.Time) (short.Link, error) {
	return short.Link{}, b.err
}
