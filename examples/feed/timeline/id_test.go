package timeline_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/feed/timeline"
)

type ctx = context.Context

// TestIDs: ids ascend whatever the clock does, and no two nodes make the same one.
func TestIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := timeline.IDs{Node: 3}, timeline.IDs{Node: timeline.MaxNode}, timeline.IDs{}
		now := time.UnixMilli(1_800_000_000_000)
		var last timeline.ID
		made := map[timeline.ID]bool{}
		for range rapid.IntRange(1, 50).Draw(t, "n") {
			now = now.Add(time.Duration(rapid.IntRange(-2000, 2000).Draw(t, "ms")) * time.Millisecond)
			id := a.Next(now)
			require.Greater(t, id, last)
			last = id
			for _, id := range []timeline.ID{id, b.Next(now)} {
				require.False(t, made[id])
				made[id] = true
			}
			c.After(id)
			require.Greater(t, c.Next(now), id, "whatever node made it")
		}
	})
}

// TestIDsOfOneMillisecond: more ids than the count has room for run ahead of the clock.
func TestIDsOfOneMillisecond(t *testing.T) {
	g := timeline.IDs{Node: 5}
	now := time.UnixMilli(1_800_000_000_000)
	first := g.Next(now)
	last := first
	for range 10_000 {
		id := g.Next(now)
		require.Greater(t, id, last)
		last = id
	}
	assert.Equal(t, now.UTC(), first.Time())
	assert.Equal(t, now.Add(2*time.Millisecond).UTC(), last.Time())
	assert.Positive(t, g.Next(time.UnixMilli(0)), "a clock before the epoch")
	assert.Less(t, g.Next(time.Date(2093, 1, 1, 0, 0, 0, 0, time.UTC)), timeline.Newest)
}

// TestIDInJSON: an id is a string in JSON, in full.
func TestIDInJSON(t *testing.T) {
	id := timeline.ID(1<<62 + 1)
	b, err := json.Marshal(map[string]any{"id": id})
	require.NoError(t, err)
	assert.Equal(t, `{"id":"4611686018427387905"}`, string(b))
	var back struct{ ID timeline.ID }
	require.NoError(t, json.Unmarshal(b, &back))
	assert.Equal(t, id, back.ID)
	for _, bad := range []string{"", "-1", "+1", "01", "1e3", "9223372036854775808", "0x1", " 1"} {
		_, err := timeline.ParseID(bad)
		assert.ErrorIs(t, err, timeline.ErrBad, "%q", bad)
	}
}
