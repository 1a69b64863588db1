package sched

import "example.com/flatline/examples/taskq/queue"

// ErrBad is wrapped by the error for what a client may not ask.
var ErrBad = queue.ErrBad
