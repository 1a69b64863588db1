package config_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/examples/configd/config/configtest"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/internal/wal/waltest"
)

var (
	ctx = context.Background()
	by  = config.Meta{By: "tester"}
	set = configtest.Set
)

func TestMemoryIsAStore(t *testing.T) {
	configtest.Run(t, func(testing.TB) config.Store { return config.NewMemory() })
}

func TestDiskIsAStore(t *testing.T) {
	configtest.Run(t, func(t testing.TB) config.Store {
		return openDisk(t, t.(*testing.T).TempDir(), 10, wal.Options{NoSync: true})
	})
}

func openDisk(t testing.TB, dir string, every int64, opts wal.Options) *config.Disk {
	d, err := config.OpenDisk(dir, every, opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// TestDiskReopens: a store that is opened again has the same state, from the log, from a
// snapshot, and from both, and its audit has all records.
func TestDiskReopens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		every := rapid.SampledFrom([]int64{1000, 5, 1}).Draw(rt, "every")
		m := newModel()
		for range rapid.IntRange(1, 3).Draw(rt, "rounds") {
			d := openDisk(t, dir, every, wal.Options{NoSync: true})
			for range rapid.IntRange(0, 8).Draw(rt, "steps") {
				c := command(rt, m)
				e, err := d.Do(ctx, c)
				require.NoError(rt, err)
				m.do(rt, c, e)
			}
			before := state(rt, d)
			records, err := d.Audit(ctx, 0, 1000)
			require.NoError(rt, err)
			require.NoError(rt, d.Close())
			d = openDisk(t, dir, every, wal.Options{NoSync: true})
			require.Equal(rt, before, state(rt, d))
			again, err := d.Audit(ctx, 0, 1000)
			require.NoError(rt, err)
			require.Equal(rt, records, again)
			require.NoError(rt, d.Close())
			_, err = d.Commit(t.Context(), config.Any, []config.Op{set("base", "n", "1")}, by)
			require.ErrorIs(rt, err, wal.ErrClosed)
			n, err := config.VerifyDir(dir)
			require.NoError(rt, err)
			require.Equal(rt, len(records), int(n))
		}
	})
}

// TestDiskFails: what the disk has not taken is refused, and cannot be seen.
func TestDiskFails(t *testing.T) {
	d := openDisk(t, t.TempDir(), 1000, waltest.Disk{Sync: func() error { return io.ErrShortWrite }}.Options())
	_, err := d.Commit(ctx, config.Any, []config.Op{set(config.Envs, "base", "{}")}, by)
	assert.ErrorIs(t, err, wal.ErrFailed)
	assert.ErrorIs(t, d.Deny(ctx, config.Denial{}), wal.ErrFailed)
	assert.ErrorIs(t, d.Compact(ctx, 1), wal.ErrFailed)
	v, err := d.Read(ctx, config.Now)
	require.NoError(t, err)
	assert.Zero(t, v.Rev)
	all, err := d.Audit(ctx, 0, 10)
	require.NoError(t, err)
	assert.Empty(t, all)
}

// written makes a store with some records in a directory, with a snapshot after so many.
func written(t *testing.T, every int64) (dir string, audit []byte) {
	dir = t.TempDir()
	d := openDisk(t, dir, every, wal.Options{NoSync: true})
	for i := range 6 {
		_, err := d.Commit(ctx, config.Any, []config.Op{set(config.Envs, fmt.Sprint("e", i), "{}")}, by)
		require.NoError(t, err)
	}
	require.NoError(t, d.Deny(ctx, config.Denial{By: "mallory", Verb: "write"}))
	require.NoError(t, d.Close())
	audit, err := os.ReadFile(filepath.Join(dir, config.AuditFile))
	require.NoError(t, err)
	return dir, audit
}

// TestTampered: the audit shows each byte that is changed, and each line that is missing,
// doubled or in another place; lines that are missing at the end are shown by the log.
func TestTampered(t *testing.T) {
	for _, every := range []int64{1000, 5} { // without a snapshot, and with one
		dir, audit := written(t, every)
		name := filepath.Join(dir, config.AuditFile)
		lines := bytes.SplitAfter(audit, []byte("\n"))
		lines = lines[:len(lines)-1]
		require.Len(t, lines, 7)
		seen := func(what string, b []byte, alone bool) {
			require.NoError(t, os.WriteFile(name, b, 0o600))
			if _, err := config.VerifyDir(dir); alone {
				require.ErrorIs(t, err, config.ErrTampered, what)
			}
			_, err := config.OpenDisk(dir, every, wal.Options{NoSync: true})
			require.ErrorIs(t, err, config.ErrTampered, what)
		}
		step := 3
		if testing.Short() {
			step = 31
		}
		for i := 0; i < len(audit)-1; i += step { // without its end the last line would be taken for torn
			b := bytes.Clone(audit)
			b[i] ^= 1
			if i%93 == 0 {
				seen(fmt.Sprint("byte ", i), b, true)
			}
			require.NoError(t, os.WriteFile(name, b, 0o600))
			_, err := config.VerifyDir(dir)
			require.ErrorIs(t, err, config.ErrTampered, i)
		}
		for i := range lines[:6] {
			without := append(append([][]byte{}, lines[:i]...), lines[i+1:]...)
			seen(fmt.Sprint("without line ", i), bytes.Join(without, nil), true)
			swapped := append([][]byte{}, lines...)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			seen(fmt.Sprint("swapped ", i), bytes.Join(swapped, nil), true)
			twice := append(append([][]byte{}, lines[:i+1]...), lines[i:]...)
			seen(fmt.Sprint("twice ", i), bytes.Join(twice, nil), true)
		}
		forged := append(bytes.Clone(audit), lines[6]...)
		seen("one more", forged, true)
		if every == 5 { // what the log has is written again
			seen("cut", bytes.Join(lines[:4], nil), false)
			seen("none", nil, false)
		}
		for _, cut := range []int{0, 1, len(lines[6]) / 2} { // a crash in the middle of the last write
			require.NoError(t, os.WriteFile(name, audit[:len(audit)-len(lines[6])+cut], 0o600))
			d := openDisk(t, dir, every, wal.Options{NoSync: true})
			require.NoError(t, d.Close())
			again, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Equal(t, string(audit), string(again))
		}
	}
}

// TestForged: a record that is changed together with its hash is shown by the next one, and
// by the log if all that follow are changed too.
func TestForged(t *testing.T) {
	dir, audit := written(t, 7) // the snapshot has the end of the audit, and the log nothing more
	name := filepath.Join(dir, config.AuditFile)
	lines := bytes.SplitAfter(audit, []byte("\n"))[:7]
	forge := func(i int, all bool) {
		forged := slices.Clone(lines)
		prev := ""
		for j := i; j < len(lines) && (all || j <= i+1); j++ {
			var r config.Record
			require.NoError(t, json.Unmarshal(lines[j], &r))
			hash := r.Hash
			if j == i {
				r.By = "somebody-else"
			} else {
				r.Prev = prev
			}
			forged[j] = config.Forge(&r)
			if prev = r.Hash; j > i && !all { // the next record names the forged one, with its own old hash
				forged[j] = bytes.Replace(forged[j], []byte(r.Hash), []byte(hash), 1)
			}
		}
		require.NoError(t, os.WriteFile(name, bytes.Join(forged, nil), 0o600))
	}
	for i := range lines[:6] {
		forge(i, false)
		_, err := config.VerifyDir(dir)
		require.ErrorIs(t, err, config.ErrTampered, "record %d", i+1)
		forge(i, true)
		_, err = config.VerifyDir(dir)
		require.NoError(t, err, "the file alone cannot show it")
		_, err = config.OpenDisk(dir, 7, wal.Options{NoSync: true})
		require.ErrorIs(t, err, config.ErrTampered, "record %d and all later ones", i+1)
	}
	for n := range lines {
		require.NoError(t, os.WriteFile(name, bytes.Join(lines[:n], nil), 0o600))
		_, err := config.OpenDisk(dir, 7, wal.Options{NoSync: true})
		require.ErrorIs(t, err, config.ErrTampered, "%d records of 7", n)
	}
	require.NoError(t, os.WriteFile(name, audit, 0o600))
	require.NoError(t, openDisk(t, dir, 7, wal.Options{NoSync: true}).Close())
}
