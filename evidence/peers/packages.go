package main

import (
	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/evidence/rows/lfu"
	"example.com/flatline/evidence/rows/lru"
	"example.com/flatline/evidence/rows/minstack"
	"example.com/flatline/evidence/rows/randset"
)

// packages is every package that has rows, in the order of RESULTS.md. An author
// adds one line here.
var packages = []struct {
	name   string
	groups func() []measure.Group
}{
	{"lru", lru.Groups},
	{"randset", randset.Groups},
	{"minstack", minstack.Groups},
	{"lfu", lfu.Groups},
}
