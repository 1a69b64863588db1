package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/internal/wal/waltest"
	"example.com/flatline/examples/iot/telemetry"
	"example.com/flatline/examples/iot/telemetry/telemetrytest"
)

// copied returns a store that has read what m has dumped.
func copied(t failer, m *telemetry.Memory) *telemetry.Memory {
	var b bytes.Buffer
	again := telemetry.NewMemory()
	if err := m.Dump(json.NewEncoder(&b)); err != nil {
		t.Fatalf("%v", err)
	}
	if err := again.Load(json.NewDecoder(&b)); err != nil {
		t.Fatalf("%v", err)
	}
	return again
}

func openDisk(t testing.TB, dir string, every int64) *telemetry.Disk {
	d, err := telemetry.OpenDisk(dir, every, wal.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestConformance(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		telemetrytest.Run(t, func(*testing.T) telemetry.Store { return telemetry.NewMemory() })
	})
	t.Run("disk", func(t *testing.T) {
		telemetrytest.Run(t, func(t *testing.T) telemetry.Store { return openDisk(t, t.TempDir(), 100) })
	})
	t.Run("gate", func(t *testing.T) {
		telemetrytest.Run(t, func(t *testing.T) telemetry.Store {
			g := telemetry.NewGate(telemetry.GateOptions{Store: openDisk(t, t.TempDir(), 100)})
			t.Cleanup(func() { g.Close() })
			return g
		})
	})
}

// now is when a test's messages are sent: Disk reads the real clock.
func now() time.Time { return time.Now().Add(-time.Hour).Truncate(time.Minute) }

// TestDiskReopens: a store that is opened again, from a log alone or with a snapshot, has
// the same points, counts, alerts and open windows, and goes on as one that was not closed.
func TestDiskReopens(t *testing.T) {
	t.Parallel()
	for _, every := range []int64{1 << 30, 3} {
		dir, b := t.TempDir(), now()
		steady := telemetry.NewMemory()
		require.NoError(t, steady.SetRules(t.Context(), rules()))
		var d *telemetry.Disk
		for i := range 60 {
			if i%10 == 0 {
				if d != nil {
					require.NoError(t, d.Close())
				}
				d = openDisk(t, dir, every)
				if i == 0 {
					require.NoError(t, d.SetRules(t.Context(), rules()))
				}
			}
			x := telemetrytest.Message("d", uint64(i+1), b.Add(time.Duration(i)*7*time.Second), "m", float64(i*i%37))
			for _, s := range []telemetry.Store{steady, d} {
				answers, err := s.Write(t.Context(), []telemetry.Message{x, x})
				require.NoError(t, err)
				require.Equal(t, []telemetry.Answer{{Result: telemetry.Stored}, {Result: telemetry.Duplicate}}, answers)
			}
		}
		require.NoError(t, d.Close())
		d = openDisk(t, dir, every)
		require.NoError(t, d.Check())
		assert.Equal(t, steady.Status().Counts, d.Status().Counts)
		assert.Equal(t, series(steady, "d", "m"), series(d, "d", "m"), "I4")
		assert.Equal(t, alerts(t, steady), alerts(t, d), "I3")
		assert.Equal(t, steady.Rules(), d.Rules())
		require.NotEmpty(t, alerts(t, d))
	}
}

// TestDiskDamage: a record that is no command, and a snapshot with a damaged chunk, are
// errors and not other points.
func TestDiskDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := wal.Open(dir, wal.Options{NoSync: true})
	require.NoError(t, err)
	_, err = l.Append(t.Context(), []byte("no command"))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, err = telemetry.OpenDisk(dir, 10, wal.Options{})
	assert.ErrorContains(t, err, "a record is no command")

	m := telemetry.NewMemory()
	m.Apply(epoch, telemetry.Command{Messages: []telemetry.Message{reading("d", "m", 1, 0, 1)}})
	var b bytes.Buffer
	require.NoError(t, m.Dump(json.NewEncoder(&b)))
	damaged := bytes.Replace(b.Bytes(), []byte(`"Hot":"`), []byte(`"Hot":"////`), 1)
	assert.Error(t, telemetry.NewMemory().Load(json.NewDecoder(bytes.NewReader(damaged))))
}

// TestFullDisk: what the log could not write is not acknowledged, and not visible.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	var full error
	d, err := telemetry.OpenDisk(t.TempDir(), 100, waltest.Disk{Write: func() error { return full }}.Options())
	require.NoError(t, err)
	g := telemetry.NewGate(telemetry.GateOptions{Store: d})
	b := now()
	for i := range 4 {
		if i == 2 {
			full = errors.New("no space left on device")
		}
		_, err := g.Write(t.Context(), []telemetry.Message{telemetrytest.Message("d", uint64(i+1), b.Add(time.Duration(i)), "m", 1)})
		assert.Equal(t, i >= 2, err != nil, fmt.Sprint(i, err))
	}
	assert.Len(t, series(d, "d", "m"), 2)
	g.Close()
	assert.ErrorIs(t, d.Close(), wal.ErrFailed)
}
