package table

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestReserve(t *testing.T) {
	var tab Table[int, int]
	tab.Reserve(0)
	assert.Zero(t, tab.Slots())
	tab.FindOrAdd(7, 7)
	tab.Reserve(100)
	slots := tab.Slots()
	assert.Equal(t, 101, slots)
	tab.Reserve(50)
	for k := range 100 {
		tab.FindOrAdd(uint32(k), k)
	}
	assert.Equal(t, slots, tab.Slots(), "no growth")
	tab.Check()
}
