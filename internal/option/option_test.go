package option_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/internal/option"
)

func TestOne(t *testing.T) {
	assert.Equal(t, 0, option.One[int]("p.New", nil))
	assert.Equal(t, 7, option.One("p.New", []int{7}))
	assert.PanicsWithValue(t, "p.New: at most one Options, got 2", func() { option.One("p.New", []int{7, 8}) })
}
