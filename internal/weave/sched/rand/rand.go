// Package rand stands for math/rand/v2 in a build into which schedules are woven.
package rand

import (
	"math/rand/v2"

	"example.com/flatline/internal/weave/sched"
)

type Rand = rand.Rand

func Uint64() uint64   { return sched.Random() }
func IntN(n int) int   { return int(sched.Random() % uint64(n)) }
func Float64() float64 { return float64(sched.Random()>>11) / (1 << 53) }
