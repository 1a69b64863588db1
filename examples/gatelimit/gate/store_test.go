package gate_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/gatelimit/gate"
	"example.com/flatline/examples/gatelimit/gate/gatetest"
	"example.com/flatline/ratelimit"
)

func TestMemoryIsAStore(t *testing.T) {
	gatetest.Run(t, func(_ *testing.T, nodes int) []gate.Store {
		m := gate.NewMemory(1000)
		all := make([]gate.Store, nodes)
		for i := range all {
			all[i] = m
		}
		return all
	})
}

// TestMemoryIsBounded: a flood of clients does not fill the memory, and does not drop a
// client with a debt as long as there are full buckets.
func TestMemoryIsBounded(t *testing.T) {
	m := gate.NewMemory(100)
	debtor := gatetest.Tier("debtor", ratelimit.Every(24*time.Hour), 1)
	_, err := m.Take(t.Context(), []gate.Tier{debtor})
	assert.NoError(t, err)
	for i := range 10_000 {
		quick := gatetest.Tier(fmt.Sprint("quick ", i), ratelimit.Per(1_000_000_000, time.Second), 1)
		log := gate.Tier{Name: "log", Key: fmt.Sprint("log ", i), Limit: gate.Limit{Rate: ratelimit.Every(time.Hour), Burst: 1, Window: "exact"}}
		_, err := m.Take(t.Context(), []gate.Tier{quick, log})
		assert.NoError(t, err)
	}
	buckets, logs := m.Len()
	assert.LessOrEqual(t, buckets, 100)
	assert.LessOrEqual(t, logs, 100)
	each, err := m.Take(t.Context(), []gate.Tier{debtor})
	assert.NoError(t, err)
	assert.False(t, each[0].OK)
}

// stepped is a store whose clock is an hour behind at each version.
type stepped struct{ *gate.Memory }

func (s stepped) Versions(ctx context.Context, after int64) ([]gate.Version, error) {
	all, err := s.Memory.Versions(ctx, after)
	for i := range all {
		all[i].At = all[i].At.Add(-time.Duration(all[i].Number) * time.Hour)
	}
	return all, err
}

// TestStoreClockGoesBack: the versions keep the order in which they were published.
func TestStoreClockGoesBack(t *testing.T) {
	n, err := gate.NewNode(t.Context(), gate.Options{Store: stepped{gate.NewMemory(10)}, Next: hello, Poll: time.Hour})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	for base := range int64(3) {
		_, err := n.Publish(t.Context(), base+1, gate.Version{By: "test", Rules: gate.DefaultRules()})
		require.NoError(t, err)
	}
	var numbers []int64
	for v := range n.History {
		numbers = append(numbers, v.Number)
	}
	assert.Equal(t, []int64{4, 3, 2, 1}, numbers)
	v, ok := n.RulesAt(n.Rules().At)
	assert.True(t, ok)
	assert.EqualValues(t, 4, v.Number)
}
