// Package logtest checks stores of records.
package logtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/logpipe/logs"
)

// Now is the time of the tests.
var Now = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// Store is what is checked: a store whose state can be walked.
type Store interface {
	logs.Store
	Check() error
}

// Keep appends records, and fails the test if the store does not take them.
func Keep(t require.TestingT, s logs.Store, all ...logs.Line) {
	c := logs.NewCommand(Now, "", "", 0, 0)
	for i := range all {
		c.Keep(&all[i])
	}
	c.In = len(all)
	e, err := s.Append(context.Background(), c)
	require.NoError(t, err)
	require.False(t, e.Again)
}

// Found returns what a query finds.
func Found(t require.TestingT, s logs.Store, q *logs.Query) (all []logs.Line) {
	for l, err := range s.Query(context.Background(), q) {
		require.NoError(t, err)
		all = append(all, l)
	}
	return all
}

// Parse parses a query of the test itself.
func Parse(t require.TestingT, text string) *logs.Query {
	q, err := logs.ParseQuery(text)
	require.NoError(t, err)
	return q
}

// Line returns a record.
func Line(at time.Time, level logs.Level, service, text string) logs.Line {
	return logs.Line{Time: at, Level: level, Service: service, Text: text, Weight: 1}
}

// opens opens a store with limits. reopen closes it, if what it has outlives that, and opens
// what it left.
type opens = func(t testing.TB, l logs.Limits) (s Store, reopen func() Store)

// Run checks a store.
func Run(t *testing.T, open opens) {
	t.Run("grep", func(t *testing.T) { testGrep(t, open) })
	t.Run("queries", func(t *testing.T) { testQueries(t, open) })
	t.Run("positions", func(t *testing.T) { testPositions(t, open) })
	t.Run("late", func(t *testing.T) { testLate(t, open) })
	t.Run("retention", func(t *testing.T) { testRetention(t, open) })
	t.Run("open", func(t *testing.T) { testOpen(t, open) })
	t.Run("partial", func(t *testing.T) { testPartial(t, open) })
	t.Run("streams", func(t *testing.T) { testStreams(t, open) })
	t.Run("canceled", func(t *testing.T) { testCanceled(t, open) })
}

// testPositions: what is before a file's position is not taken again, and the position is
// there after the store was opened again; what was skipped is counted (L2).
func testPositions(t *testing.T, open opens) {
	s, reopen := open(t, logs.Limits{})
	send := func(agent, file string, first, next int64) logs.Effects {
		c := logs.NewCommand(Now, agent, file, first, next)
		l := Line(Now, logs.Info, "api", fmt.Sprint(agent, file, first))
		c.Keep(&l)
		c.In = 1
		e, err := s.Append(t.Context(), c)
		require.NoError(t, err)
		return e
	}
	assert.Equal(t, logs.Effects{Next: 10}, send("a", "f", 0, 10))
	assert.Equal(t, logs.Effects{Next: 10, Again: true}, send("a", "f", 0, 10))
	s = reopen()
	assert.Equal(t, logs.Effects{Next: 10, Again: true}, send("a", "f", 5, 20))
	assert.Equal(t, logs.Effects{Next: 20}, send("a", "f", 10, 20))
	assert.Equal(t, logs.Effects{Next: 10}, send("a", "g", 0, 10), "another file")
	assert.Equal(t, logs.Effects{Next: 10}, send("b", "f", 0, 10), "another agent")
	assert.Equal(t, logs.Effects{Next: 40}, send("a", "f", 30, 40))
	s = reopen()
	assert.EqualValues(t, 40, s.Position("a", "f"))
	assert.Zero(t, s.Position("c", "f"))
	assert.Len(t, Found(t, s, Parse(t, "")), 5)
	st := s.Stats()
	assert.EqualValues(t, []uint64{5, 5, 10}, []uint64{st.In, st.Stored, st.Gaps})
	require.NoError(t, s.Check())
	require.NoError(t, s.Close())
}

// testLate: a record that comes days late is found in its day, next to what was sealed.
func testLate(t *testing.T, open opens) {
	s, reopen := open(t, logs.Limits{})
	Keep(t, s, Line(Now.Add(-2*day), logs.Info, "api", "in time"))
	require.NoError(t, s.Retain(Now))
	assert.Positive(t, s.Stats().Bytes, "sealed")
	Keep(t, s, Line(Now.Add(-2*day), logs.Info, "api", "late"), Line(Now, logs.Info, "api", "today"))
	for range 2 {
		q := Parse(t, "")
		q.To = Now.Add(-day)
		var got []string
		for _, l := range Found(t, s, q) {
			got = append(got, l.Text)
		}
		assert.Equal(t, []string{"in time", "late"}, got)
		assert.Equal(t, 2, s.Stats().Segments, "not a third one")
		s = reopen()
	}
	require.NoError(t, s.Check())
	require.NoError(t, s.Close())
}

// testStreams: services beyond the limit share one stream, until another one has gone (L6).
func testStreams(t *testing.T, open opens) {
	s, reopen := open(t, logs.Limits{Streams: 3, Age: 2 * day})
	for i := range 100 {
		Keep(t, s, Line(Now.Add(-time.Duration(i%2)*day), logs.Info, fmt.Sprint("s", i), fmt.Sprint("from ", i)))
	}
	s = reopen()
	assert.Equal(t, 4, s.Stats().Streams)
	assert.Equal(t, "s0", s.Stream("s0"))
	assert.Equal(t, logs.Other, s.Stream("s99"))
	assert.Len(t, Found(t, s, Parse(t, "service=other")), 97)
	assert.Len(t, Found(t, s, Parse(t, "from")), 100)
	require.NoError(t, s.Check())
	require.NoError(t, s.Retain(Now.Add(2*day)))
	assert.Equal(t, "s99", s.Stream("s99"), "s1 has gone")
	require.NoError(t, s.Close())
}

// testCanceled: a query ends with its context.
func testCanceled(t *testing.T, open opens) {
	s, _ := open(t, logs.Limits{})
	Keep(t, s, Line(Now.Add(-day), logs.Info, "api", "x"))
	require.NoError(t, s.Retain(Now))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var got error
	for _, err := range s.Query(ctx, Parse(t, "")) {
		got = err
	}
	assert.True(t, errors.Is(got, context.Canceled))
	require.NoError(t, s.Close())
}
