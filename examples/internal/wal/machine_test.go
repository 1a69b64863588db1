package wal

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sum is a state: what was added, and when.
type sum struct {
	mu     sync.Mutex
	Total  float64
	Times  []time.Time
	loaded bool
	broken error // of Load
}

func (s *sum) open(t require.TestingT, dir string, every int64, opts Options) *Machine[float64, float64] {
	m, err := OpenMachine(dir, s, every, opts)
	require.NoError(t, err)
	return m
}

func (s *sum) Apply(now time.Time, x float64) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Times = append(s.Times, now)
	s.Total += x
	return s.Total
}

func (s *sum) Dump(out *json.Encoder) error { return out.Encode(s) }

func (s *sum) Load(in *json.Decoder) error {
	s.loaded = true
	return errors.Join(s.broken, in.Decode(s))
}

// TestMachine: however often there is a snapshot, each command has its own effects, and what
// is opened again has the state of all of them, each at its own time (W7).
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "machine")
		require.NoError(t, err)
		defer os.RemoveAll(dir)
		s, every := &sum{}, rapid.Int64Range(1, 9).Draw(t, "every")
		m := s.open(t, dir, every, Options{NoSync: true})
		require.True(t, m.Empty())
		want, times := 0.0, []time.Time(nil)
		for range rapid.IntRange(1, 4).Draw(t, "runs") {
			for range rapid.IntRange(1, 12).Draw(t, "commands") {
				x := rapid.Float64Range(0, 100).Draw(t, "x")
				before := time.Now().UnixNano()
				got, err := m.Do(t.Context(), x)
				require.NoError(t, err)
				want += x
				require.Equal(t, want, got)
				now := s.Times[len(s.Times)-1]
				require.True(t, before <= now.UnixNano() && now.UnixNano() <= time.Now().UnixNano(), now)
				times = append(times, now)
			}
			require.Zero(t, m.effects.Len(), "all were taken")
			require.NoError(t, m.Close())
			s = &sum{}
			m = s.open(t, dir, every, Options{NoSync: true})
			require.False(t, m.Empty())
			require.Equal(t, want, s.Total)
			require.Equal(t, times, s.Times)
			require.Equal(t, int64(len(times)) >= every, s.loaded, "a snapshot")
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
	assert.Empty(t, s.Times)
	assert.Error(t, m.Close())

	const refused = "a record is no command"
	for record, what := range map[string]string{"x": refused, "1": refused, "1 x": refused, "x 1": refused, "1 1": ""} {
		dir := t.TempDir()
		l, err := Open(dir, Options{})
		require.NoError(t, err)
		_, err = l.Append(t.Context(), []byte(record))
		require.NoError(t, errors.Join(err, l.Close()))
		m, err := OpenMachine(dir, &sum{}, 1, Options{})
		if what != "" {
			assert.ErrorContains(t, err, what)
			_, err = OpenMachine(dir, &sum{}, 1, Options{})
			assert.ErrorContains(t, err, what, "the lock was released")
			continue
		}
		require.NoError(t, err)
		_, err = m.Do(t.Context(), 1) // and a snapshot
		require.NoError(t, errors.Join(err, m.Close()))
		noState := errors.New("no state")
		_, err = OpenMachine(dir, &sum{broken: noState}, 1, Options{})
		assert.ErrorIs(t, err, noState)
	}
}
