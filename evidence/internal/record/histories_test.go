package record

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestForgedHistories: a record cannot claim more than its command produces, nor less.
func TestForgedHistories(t *testing.T) {
	honest := func() []Checked {
		made := Now(LongCommand+" -pkg lru", map[string]string{"lru": "1"})
		return []Checked{
			{Pkg: "lru", Name: "lru.Sharded", Histories: 100_000, Yields: 50_000, Made: made},
			{Pkg: "lru", Name: "lru.Sync, loading", Histories: 100_000, Yields: 50_000, Made: made},
		}
	}
	require.Empty(t, CheckHistories(honest()))
	for want, forge := range map[string]func(c *Checked){
		"lru.Sync, loading: 100000000 histories, 50000 of them": func(c *Checked) { c.Histories = 100_000_000 },
		"lru.Sync, loading: 1 histories":                        func(c *Checked) { c.Histories = 1 },
		"100000 histories, 100000 of them with yields":          func(c *Checked) { c.Yields = 100_000 },
		"lru.Sync, loading: was not made by go run":             func(c *Checked) { c.Made.Command = "echo" },
		"lru.Sync, loading: the record does not state its date": func(c *Checked) { c.Made.Date = "" },
		"the record does not state its sources":                 func(c *Checked) { c.Made.Sources = nil },
		"lru.Sharded: is twice":                                 func(c *Checked) { c.Name = "lru.Sharded" },
	} {
		all := honest()
		forge(&all[1])
		wrong := CheckHistories(all)
		require.NotEmpty(t, wrong, want)
		assert.Contains(t, strings.Join(wrong, "\n"), want)
	}
}

func TestStaleHistories(t *testing.T) {
	c := Checked{Pkg: "lru", Name: "lru.Sync, loading", Made: Made{Sources: map[string]string{"lru": "1"}}}
	assert.Equal(t, "lru.Sync", c.Base())
	assert.False(t, c.Stale(map[string]string{"lru": "1", "lfu": "2"}))
	assert.True(t, c.Stale(map[string]string{"lru": "2"}))
	c.Made.Sources = nil
	assert.True(t, c.Stale(map[string]string{"lru": "1"}))
	today, err := HistorySources("../../..", "minstack")
	require.NoError(t, err)
	assert.Len(t, today["minstack"], 16)
}
