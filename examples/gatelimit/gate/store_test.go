package gate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

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
