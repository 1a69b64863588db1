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

func TestClone(t *testing.T) {
	var empty Table[int, int]
	c := empty.Clone()
	assert.Zero(t, c.Len())
	c.FindOrAdd(1, 1)
	assert.Zero(t, empty.Len())

	var tab Table[int, int]
	for k := range 10 {
		s, _ := tab.FindOrAdd(uint32(k), k)
		tab.At(s).Value = k * k
	}
	c = tab.Clone()
	c.Check()
	assert.Equal(t, 11, c.Slots(), "no more than it needs")
	c.DeleteSwap(c.Find(3, 3))
	s, _ := c.FindOrAdd(100, 100)
	c.At(s).Value = -1
	c.Check()
	tab.Check()
	for k := range 10 {
		assert.Equal(t, k*k, tab.At(tab.Find(uint32(k), k)).Value, "the original is as it was")
	}
	assert.Zero(t, tab.Find(100, 100))
}
