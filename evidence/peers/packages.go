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

// packages is every package that has rows, in the order of RESULTS.md. An author
// adds one line here.
var packages = []struct {
	name   string
	groups func() []measure.Group
}{
	{"lru", lru.Groups},
	{"timemap", timemap.Groups},
	{"ratelimit", ratelimit.Groups},
	{"concmap", concmap.Groups},
	{"randset", randset.Groups},
	{"ringbuffer", ringbuffer.Groups},
	{"bqueue", bqueue.Groups},
	{"minstack", minstack.Groups},
	{"lfu", lfu.Groups},
	{"slidingmax", slidingmax.Groups},
}
