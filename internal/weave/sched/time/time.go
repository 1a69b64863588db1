// Package time stands for time in a build into which schedules are woven.
package time

import (
	"time"

	"example.com/flatline/internal/weave/sched"
)

type (
	Duration = time.Duration
	Time     = time.Time
	Timer    = sched.Timer
)

const (
	Nanosecond  = time.Nanosecond
	Microsecond = time.Microsecond
	Millisecond = time.Millisecond
	Second      = time.Second
	Minute      = time.Minute
	Hour        = time.Hour
)

var (
	Unix          = time.Unix
	ParseDuration = time.ParseDuration
)

func Now() Time                  { return sched.Now() }
func Since(t Time) Duration      { return sched.Now().Sub(t) }
func Until(t Time) Duration      { return t.Sub(sched.Now()) }
func NewTimer(d Duration) *Timer { return sched.NewTimer(d) }
