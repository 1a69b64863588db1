//go:build exercise

package task

import (
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func TestTask03Table(t *testing.T) {
	defer lab.Recovered(t)
	seen := map[uint64]bool{}
	for k := range 1000 {
		seen[hash(k)] = true
	}
	if len(seen) < 990 {
		t.Errorf("1,000 keys have %d hashes", len(seen))
	}
	table := NewTable(4)
	table.Put(5, 50)
	if v, ok := table.Get(5); v != 50 || !ok {
		t.Error("5 is lost")
	}
	for name, key := range map[string]func(i int) int{
		"consecutive":              func(i int) int { return i },
		"multiples of the length":  func(i int) int { return i << 10 },
		"multiples of 2^32":        func(i int) int { return i << 32 },
		"powers of two and others": func(i int) int { return 1<<(i%60) + i<<10 },
		"negative":                 func(i int) int { return -i },
	} {
		chains := map[uint64]int{}
		longest := 0
		table := NewTable(1 << 10)
		for i := range 1 << 10 {
			h := hash(key(i)) % (1 << 10)
			chains[h]++
			longest = max(longest, chains[h])
			table.Put(key(i), i)
		}
		if longest > 12 {
			t.Errorf("keys that are %s: of 1,024 in as many chains %d are in one", name, longest)
		}
		for i := range 1 << 10 {
			if v, ok := table.Get(key(i)); v != i || !ok {
				t.Fatalf("keys that are %s: %d is lost", name, key(i))
			}
		}
		if _, ok := table.Get(1<<61 + 1); ok {
			t.Error("an absent key has a value")
		}
	}
}
