package wal

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sum is a state: what was added, and how often.
type sum struct {
	mu       sync.Mutex
	N, Total float64
	loaded   bool
}

func (s *sum) open(t require.TestingT, dir string, every int64, opts Options) *Machine[float64, float64] {
	m, err := OpenMachine(dir, s.state(every), opts)
	require.NoError(t, err)
	return m
}

func (s *sum) state(every int64) State[float64, float64] {
	return State[float64, float64]{
		Apply: func(x float64) float64 {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.N, s.Total = s.N+1, s.Total+x
			return s.Total
		},
		Dump:  func(out *json.Encoder) error { return out.Encode(s) },
		Load:  func(in *json.Decoder) error { s.loaded = true; return in.Decode(s) },
		Every: every,
	}
}

// TestMachine: however often there is a snapshot, each command has its own effects, and what
// is opened again has the state of all of them (W7).
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "machine")
		require.NoError(t, err)
		defer os.RemoveAll(dir)
		s, every := &sum{}, rapid.Int64Range(1, 9).Draw(t, "every")
		m := s.open(t, dir, every, Options{NoSync: true})
		require.True(t, m.Empty())
		want, commands := 0.0, 0
		for range rapid.IntRange(1, 4).Draw(t, "runs") {
			for range rapid.IntRange(1, 12).Draw(t, "commands") {
				x := rapid.Float64Range(0, 100).Draw(t, "x")
				got, err := m.Do(t.Context(), x)
				require.NoError(t, err)
				want, commands = want+x, commands+1
				require.Equal(t, want, got)
			}
			require.Zero(t, m.effects.Len(), "all were taken")
			require.NoError(t, m.Close())
			s = &sum{}
			m = s.open(t, dir, every, Options{NoSync: true})
			require.False(t, m.Empty())
			require.Equal(t, want, s.Total)
			require.EqualValues(t, commands, s.N)
			require.Equal(t, int64(commands) >= every, s.loaded, "a snapshot")
			require.Less(t, m.records.Load(), every, "the records after it")
		}
		require.NoError(t, m.Close())
	})
}

// TestMachineConcurrent: callers at the same time get the effects of their own commands.
func TestMachineConcurrent(t *testing.T) {
	s := &sum{}
	m := s.open(t, t.TempDir(), 7, Options{NoSync: true})
	var mu sync.Mutex
	seen := map[float64]bool{}
	var wg sync.WaitGroup
	const callers, each = 8, 50
	for range callers {
		wg.Go(func() {
			for range each {
				total, err := m.Do(t.Context(), 1)
				assert.NoError(t, err)
				mu.Lock()
				seen[total] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	assert.Len(t, seen, callers*each, "each its own")
	assert.Zero(t, m.effects.Len())
	require.NoError(t, m.Close())
}

// TestMachineRefuses: a command that JSON cannot carry changes nothing, nor does one that
// the disk has not taken; a record that is no command, and a snapshot that is no state, are
// errors of OpenMachine.
func TestMachineRefuses(t *testing.T) {
	dir, s := t.TempDir(), &sum{}
	var fail error
	m := s.open(t, dir, 100, Options{OpenFile: func(name string) (File, error) {
		f, err := OpenFile(name)
		return badFile{f, &fail, false}, err
	}})
	_, err := m.Do(t.Context(), math.NaN())
	assert.ErrorContains(t, err, "NaN")
	fail = errors.New("no space")
	_, err = m.Do(t.Context(), 1)
	assert.ErrorIs(t, err, ErrFailed)
	assert.Zero(t, s.N)
	assert.Error(t, m.Close())

	for what, record := range map[string]string{"a record is no command": "x", "": "1"} {
		dir := t.TempDir()
		l, err := Open(dir, Options{})
		require.NoError(t, err)
		_, err = l.Append(t.Context(), []byte(record))
		require.NoError(t, errors.Join(err, l.Close()))
		m, err := OpenMachine(dir, (&sum{}).state(1), Options{})
		if what != "" {
			assert.ErrorContains(t, err, what)
			_, err = OpenMachine(dir, (&sum{}).state(1), Options{})
			assert.ErrorContains(t, err, what, "the lock was released")
			continue
		}
		require.NoError(t, err)
		_, err = m.Do(t.Context(), 1) // and a snapshot
		require.NoError(t, errors.Join(err, m.Close()))
		bad := (&sum{}).state(1)
		bad.Load = func(*json.Decoder) error { return errors.New(strings.ToUpper("no state")) }
		_, err = OpenMachine(dir, bad, Options{})
		assert.ErrorContains(t, err, "NO STATE")
	}
}
