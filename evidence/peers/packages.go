package main

import (
	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/evidence/rows/bqueue"
	"example.com/flatline/evidence/rows/concmap"
	"example.com/flatline/evidence/rows/lfu"
	"example.com/flatline/evidence/rows/lru"
	"example.com/flatline/evidence/rows/minstack"
	"example.com/flatline/evidence/rows/randset"
	"example.com/flatline/evidence/rows/ratelimit"
	"example.com/flatline/evidence/rows/ringbuffer"
	"example.com/flatline/evidence/rows/slidingmax"
	"example.com/flatline/evidence/rows/timemap"
)

// packages are the packages that have rows, in the order of RESULTS.md. Add a line here
// for a new one.
var packages = []struct {
	name   string
	groups func() []measure.Group
}{
	{"lru", lru.Groups},
	{"lfu", lfu.Groups},
	{"ratelimit", ratelimit.Groups},
	{"ringbuffer", ringbuffer.Groups},
	{"concmap", concmap.Groups},
	{"timemap", timemap.Groups},
	{"minstack", minstack.Groups},
	{"randset", randset.Groups},
	{"slidingmax", slidingmax.Groups},
	{"bqueue", bqueue.Groups},
}
