package logtest

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/logpipe/logs"
)

// testRetention: days that are too old are dropped; of the others the oldest ones beyond the
// limit of bytes, but never one that is not over. Every record that goes is counted (L1).
func testRetention(t *testing.T, open opens) {
	s, reopen := open(t, logs.Limits{Age: 5 * day, Bytes: 1})
	for d := range 8 {
		at := Now.Add(-time.Duration(d) * day)
		Keep(t, s, Line(at, logs.Info, "api", "one"), Line(at, logs.Error, "web", "two"))
	}
	require.NoError(t, s.Retain(Now))
	for range 2 {
		st := s.Stats()
		assert.EqualValues(t, []uint64{16, 4, 10, 2}, []uint64{st.Kept, st.Aged, st.Evicted, st.Stored})
		assert.Len(t, Found(t, s, Parse(t, "")), 2, "today is not over")
		require.NoError(t, s.Check())
		s = reopen()
	}
	require.NoError(t, s.Retain(Now.Add(day)))
	assert.Zero(t, s.Stats().Bytes)
	assert.EqualValues(t, 12, s.Stats().Evicted)
	require.NoError(t, s.Check())
	require.NoError(t, s.Close())
}

// testOpen: a segment whose day is not over is kept, although all of it is in the file and
// beyond the limit of bytes.
func testOpen(t *testing.T, open opens) {
	s, reopen := open(t, logs.Limits{Hot: 1, Bytes: 1})
	for _, service := range []string{"api", "web"} {
		Keep(t, s, Line(Now, logs.Info, service, "x"))
		s = reopen()
	}
	require.Positive(t, s.Stats().Bytes)
	require.NoError(t, s.Retain(Now))
	assert.EqualValues(t, []uint64{2, 0}, []uint64{s.Stats().Stored, s.Stats().Evicted})
	require.NoError(t, s.Retain(Now.Add(day)))
	assert.EqualValues(t, []uint64{0, 2}, []uint64{s.Stats().Stored, s.Stats().Evicted})
	require.NoError(t, s.Check())
	require.NoError(t, s.Close())
}

// testPartial: when full blocks are written, the records of open blocks stay.
func testPartial(t *testing.T, open opens) {
	s, _ := open(t, logs.Limits{Hot: 1 << 20})
	n, text := 0, string(bytes.Repeat([]byte("x "), 15_000))
	for s.Stats().Bytes == 0 {
		Keep(t, s, Line(Now.Add(time.Duration(n)*time.Second), logs.Info, []string{"api", "web", "auth"}[n%3], text))
		n++
	}
	assert.Positive(t, s.Stats().Hot, "there are open blocks")
	require.NoError(t, s.Check())
	assert.Len(t, Found(t, s, Parse(t, "")), n)
	require.NoError(t, s.Close())
}
