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

func TestCopyTo(t *testing.T) {
	var empty, c Table[int, int]
	empty.CopyTo(&c)
	assert.Zero(t, c.Len())
	c.FindOrAdd(1, 1)
	assert.Zero(t, empty.Len())

	var tab Table[int, int]
	for k := range 10 {
		s, _ := tab.FindOrAdd(uint32(k), k)
		tab.At(s).Value = k * k
	}
	var d Table[int, int]
	tab.CopyTo(&d)
	d.Check()
	assert.Equal(t, 11, d.Slots(), "no more than it needs")
	d.DeleteSwap(d.Find(3, 3))
	s, _ := d.FindOrAdd(100, 100)
	d.At(s).Value = -1
	d.Check()
	tab.Check()
	for k := range 10 {
		assert.Equal(t, k*k, tab.At(tab.Find(uint32(k), k)).Value, "the original is as it was")
	}
	assert.Zero(t, tab.Find(100, 100))
}
