package main

import (
	"math"
	"reflect"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/coding/internal/golden"
)

func TestTranscript(t *testing.T) { golden.Check(t, run) }

func TestShowsTheTrap(t *testing.T) {
	golden.Shows(t, run,
		"wrong, skip unknown rules: <nil>",
		`right, Struct:             validate: Name has no rule "requierd" for string`)
}

func TestRules(t *testing.T) {
	var v Validator
	for name, c := range map[string]struct {
		in   any
		want string // "" = valid
	}{
		"required zero": {struct {
			A int `validate:"required"`
		}{}, "A fails required"},
		"required pointer": {struct {
			A *int `validate:"required"`
		}{new(int)}, ""},
		"min at the bound": {struct {
			A uint8 `validate:"min=3"`
		}{3}, ""},
		"min below": {struct {
			A int `validate:"min=-3"`
		}{-4}, "A fails min=-3"},
		"exact beyond 2^53": {struct {
			A int64 `validate:"max=9007199254740992"`
		}{1<<53 + 1}, "A fails max"},
		"the largest": {struct {
			A uint64 `validate:"max=4611686018427387903"`
		}{math.MaxUint64}, "A fails max"},
		"runes, not bytes": {struct {
			A string `validate:"max=5"`
		}{"ααααα"}, ""},
		"max map": {struct {
			A map[string]int `validate:"max=1"`
		}{map[string]int{"a": 1, "b": 2}}, "A fails max=1"},
		"untagged":    {struct{ A int }{}, ""},
		"nil pointer": {(*struct{ A int })(nil), "want a struct"},
		"nil":         {nil, "want a struct"},
		"unexported": {struct {
			a int `validate:"min=1"`
		}{}, "a fails min=1"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := v.Struct(c.in); c.want == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, c.want)
			}
		})
	}
}

// TestBadRule: the trap. A rule that cannot be checked is an error, the second time
// too, and no plan is kept.
func TestBadRule(t *testing.T) {
	for name, s := range map[string]any{
		"misspelt": struct {
			A int `validate:"requierd"`
		}{1},
		"empty": struct {
			A int `validate:"min=1,"`
		}{1},
		"min without a number": struct {
			A int `validate:"min"`
		}{1},
		"min that is no integer": struct {
			A int `validate:"min=1.5"`
		}{2},
		"min of a bool": struct {
			A bool `validate:"min=1"`
		}{true},
		"of another tag's": struct {
			A int `validate:"gte=1"`
		}{1},
		"the second of two": struct {
			A int `validate:"min=1,mx=2"`
		}{1},
	} {
		t.Run(name, func(t *testing.T) {
			var v Validator
			for range 2 {
				assert.ErrorContains(t, v.Struct(s), "validate: ")
			}
			assert.Zero(t, v.plans.Len())
		})
	}
}

func TestAllThatIsWrong(t *testing.T) {
	var v Validator
	err := v.Struct(struct {
		A int    `validate:"min=1"`
		B string `validate:"required"`
	}{})
	assert.EqualError(t, err, "A fails min=1\nB fails required")
}

// TestOnePlanAType: goroutines that meet a new type together get one plan, and its
// tags are read no second time.
func TestOnePlanAType(t *testing.T) {
	type fresh struct {
		A int `validate:"min=1"`
	}
	var v Validator
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { assert.Error(t, v.Struct(fresh{})) })
	}
	wg.Wait()
	plan, ok := v.plans.Load(reflect.TypeFor[fresh]())
	require.True(t, ok)
	assert.Error(t, v.Struct(fresh{}))
	again, _ := v.plans.Load(reflect.TypeFor[fresh]())
	assert.Same(t, &plan[0], &again[0])
}
