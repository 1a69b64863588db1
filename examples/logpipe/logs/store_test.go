package logs_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/internal/wal/waltest"
	"example.com/flatline/examples/logpipe/logs"
	"example.com/flatline/examples/logpipe/logs/logtest"
)

var now = logtest.Now

const day = 24 * time.Hour

func openDisk(t testing.TB, dir string, l logs.Limits) *logs.Disk {
	d, err := logs.OpenDisk(dir, l, wal.Options{NoSync: true})
	require.NoError(t, err)
	return d
}

func TestMemory(t *testing.T) {
	t.Parallel()
	logtest.Run(t, func(_ testing.TB, l logs.Limits) (logtest.Store, func() logtest.Store) {
		m := logs.NewMemory(l)
		return m, func() logtest.Store { return m }
	})
}

func TestDisk(t *testing.T) {
	t.Parallel()
	root, n := t.TempDir(), 0
	logtest.Run(t, func(t testing.TB, l logs.Limits) (logtest.Store, func() logtest.Store) {
		n++
		dir := filepath.Join(root, fmt.Sprint(n))
		d := openDisk(t, dir, l)
		return d, func() logtest.Store {
			require.NoError(t, d.Close())
			d = openDisk(t, dir, l)
			return d
		}
	})
}

// segments returns the files of a store, but for those of the log.
func segments(t testing.TB, dir string) []string {
	all, err := filepath.Glob(filepath.Join(dir, "segments", "*"))
	require.NoError(t, err)
	return all
}

// TestTornFlush: what a crash left of blocks that no snapshot names is cut off, and the
// records are there once, from the log. A file that no segment has is removed (L2).
func TestTornFlush(t *testing.T) {
	dir := t.TempDir()
	d := openDisk(t, dir, logs.Limits{})
	logtest.Keep(t, d, logtest.Line(now.Add(-day), logs.Info, "api", "first"))
	require.NoError(t, d.Retain(now))
	logtest.Keep(t, d, logtest.Line(now.Add(-day), logs.Info, "api", "second"))
	require.NoError(t, d.Close())
	name := segments(t, dir)[0]
	intact, err := os.ReadFile(name)
	require.NoError(t, err)
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString("half of a block")
	require.NoError(t, errors.Join(err, f.Close()))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "segments", "00000099.seg"), []byte("x"), 0o600))
	for round := range 2 { // written again at the same place
		d = openDisk(t, dir, logs.Limits{})
		if round == 0 {
			got, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Equal(t, intact, got)
		}
		assert.Len(t, segments(t, dir), 1)
		assert.Len(t, logtest.Found(t, d, logtest.Parse(t, "")), 2)
		require.NoError(t, d.Check())
		require.NoError(t, d.Retain(now))
		require.NoError(t, d.Close())
	}
}

// TestDamage: a store whose file is missing or short does not open; a block whose bytes are
// damaged is an error of the queries that read it, and the other blocks are found.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	d := openDisk(t, dir, logs.Limits{})
	for i := range 2 {
		logtest.Keep(t, d, logtest.Line(now.Add(-day), logs.Info, "api", fmt.Sprint("record ", i)))
		require.NoError(t, d.Retain(now))
	}
	require.NoError(t, d.Close())
	name := segments(t, dir)[0]
	intact, err := os.ReadFile(name)
	require.NoError(t, err)
	for size := range len(intact) {
		require.NoError(t, os.WriteFile(name, intact[:size], 0o600))
		_, err := logs.OpenDisk(dir, logs.Limits{}, wal.Options{NoSync: true})
		require.ErrorIs(t, err, logs.ErrCorrupt, "%d bytes", size)
	}
	errs := 0
	for i := range intact {
		b := append([]byte{}, intact...)
		b[i] ^= 0x10
		require.NoError(t, os.WriteFile(name, b, 0o600))
		d, err := logs.OpenDisk(dir, logs.Limits{}, wal.Options{NoSync: true})
		if err != nil {
			require.ErrorIs(t, err, logs.ErrCorrupt, "byte %d", i)
			errs++
			continue
		}
		var lines []string
		failed := false
		for l, err := range d.Query(t.Context(), logtest.Parse(t, "record")) {
			if err != nil {
				require.ErrorIs(t, err, logs.ErrCorrupt, "byte %d", i)
				failed = true
				continue
			}
			lines = append(lines, l.Text)
		}
		require.True(t, failed, "byte %d: %q", i, lines)
		require.Len(t, lines, 1, "byte %d", i)
		require.NoError(t, d.Close())
	}
	assert.Positive(t, errs)
	require.NoError(t, os.Remove(name))
	_, err = logs.OpenDisk(dir, logs.Limits{}, wal.Options{NoSync: true})
	require.ErrorIs(t, err, logs.ErrCorrupt)
}

// TestFailedDisk: a record whose commit failed is not found, and nothing is accepted after.
func TestFailedDisk(t *testing.T) {
	var broken error
	d, err := logs.OpenDisk(t.TempDir(), logs.Limits{}, waltest.Disk{Sync: func() error { return broken }}.Options())
	require.NoError(t, err)
	p := logs.NewPipe(logs.Options{Store: d})
	_, err = p.Accept(t.Context(), logs.Batch{Body: []byte("before\n")})
	require.NoError(t, err)
	broken = io.ErrShortWrite
	for range 2 {
		_, err = p.Accept(t.Context(), logs.Batch{Body: []byte("after\n")})
		require.ErrorIs(t, err, wal.ErrFailed)
	}
	assert.Len(t, logtest.Found(t, d, logtest.Parse(t, "")), 1)
	require.Error(t, d.Close())
}

// TestFilter: of many blocks a query for a word that is in one reads that one, and few
// others; a word that is nowhere costs few reads (L3).
func TestFilter(t *testing.T) {
	t.Parallel()
	m := logs.NewMemory(logs.Limits{Hot: 1 << 20})
	p := logs.NewPipe(logs.Options{Store: m, Now: func() time.Time { return now }})
	g := logtest.NewGenerator(1, now.Add(-time.Hour))
	for range 8 {
		_, err := p.Accept(t.Context(), logs.Batch{Body: g.Bytes(1 << 20)})
		require.NoError(t, err)
	}
	_, err := p.Accept(t.Context(), logs.Batch{Body: []byte("level=info service=api msg=needle0123\n")})
	require.NoError(t, err)
	require.NoError(t, m.Retain(now.Add(day)))
	blocks := m.Stats().Blocks
	require.Greater(t, blocks, 20)
	for word, want := range map[string]int{"needle0123": 1, "needle": 0, "needle01234": 0} {
		before := m.Stats()
		assert.Len(t, logtest.Found(t, m, logtest.Parse(t, word)), want)
		after := m.Stats()
		assert.LessOrEqual(t, after.Read-before.Read, int64(want+2), word)
		assert.EqualValues(t, blocks, after.Read+after.Skipped-before.Read-before.Skipped)
	}
}

// TestBounds: whatever is sent, what is in memory stays within the limits (L6).
func TestBounds(t *testing.T) {
	l := logs.Limits{Hot: 1 << 20, Streams: 10, Positions: 50, Filters: 1 << 16}
	m := logs.NewMemory(l)
	p := logs.NewPipe(logs.Options{Store: m, Now: func() time.Time { return now }})
	r := rand.New(rand.NewPCG(1, 0))
	for i := range 300 {
		text := fmt.Sprintf("level=info service=s%d msg=%q\n", i, strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(1<<14)))
		_, err := p.Accept(t.Context(), logs.Batch{Agent: "a", File: fmt.Sprint("f", i), Body: []byte(text)})
		require.NoError(t, err)
		st := m.Stats()
		require.LessOrEqual(t, st.Hot, l.Hot+1<<14)
		require.LessOrEqual(t, st.Streams, 11)
		require.LessOrEqual(t, st.Positions, 50)
	}
	require.NoError(t, m.Check())
}

// TestRetentionOrder: of several days that have ended, the oldest are dropped, and no more
// than needed.
func TestRetentionOrder(t *testing.T) {
	one := logs.NewMemory(logs.Limits{})
	logtest.Keep(t, one, logtest.Line(now.Add(-day), logs.Info, "api", "day 0"))
	require.NoError(t, one.Retain(now))
	m := logs.NewMemory(logs.Limits{Bytes: 2 * one.Stats().Bytes})
	for d := range 4 {
		logtest.Keep(t, m, logtest.Line(now.Add(-time.Duration(d+1)*day), logs.Info, "api", fmt.Sprint("day ", d)))
	}
	require.NoError(t, m.Retain(now))
	var left []string
	for _, l := range logtest.Found(t, m, logtest.Parse(t, "")) {
		left = append(left, l.Text)
	}
	assert.Equal(t, []string{"day 1", "day 0"}, left)
}

// TestSnapshotPositions: a snapshot, after which the log is empty, has the positions.
func TestSnapshotPositions(t *testing.T) {
	dir := t.TempDir()
	d := openDisk(t, dir, logs.Limits{})
	p := logs.NewPipe(logs.Options{Store: d})
	_, err := p.Accept(t.Context(), logs.Batch{Agent: "a", File: "f", Body: []byte("x\n")})
	require.NoError(t, err)
	require.NoError(t, d.Retain(now))
	require.NoError(t, d.Close())
	d = openDisk(t, dir, logs.Limits{})
	assert.EqualValues(t, 2, d.Position("a", "f"))
	require.NoError(t, d.Close())
}

// TestFullDisk: if no blocks can be written, records are refused before they fill the
// memory, and accepted again once they can (L6).
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	d := openDisk(t, dir, logs.Limits{Hot: 10_000})
	p := logs.NewPipe(logs.Options{Store: d})
	away := dir + ".away"
	require.NoError(t, os.Rename(filepath.Join(dir, "segments"), away))
	accepted, err := 0, error(nil)
	for i := 0; i < 1000 && err == nil; i++ {
		if _, err = p.Accept(t.Context(), logs.Batch{Body: []byte(strings.Repeat("x", 1000))}); err == nil {
			accepted++
		}
	}
	require.Error(t, err)
	assert.Less(t, d.Stats().Hot, 12_000)
	require.NoError(t, os.Rename(away, filepath.Join(dir, "segments")))
	_, err = p.Accept(t.Context(), logs.Batch{Body: []byte("again")})
	require.NoError(t, err)
	assert.Len(t, logtest.Found(t, d, logtest.Parse(t, "")), accepted+1)
	require.NoError(t, d.Check())
	require.NoError(t, d.Close())
}
