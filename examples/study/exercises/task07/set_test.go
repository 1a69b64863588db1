//go:build exercise

package task

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func TestTask07Set(t *testing.T) {
	defer lab.Recovered(t)
	var s Set
	for v := range 10 {
		s.Insert(v)
	}
	if !s.Delete(3) || s.Delete(3) {
		t.Error("3 is there once")
	}
	seen := map[int]bool{}
	for i := range s.Len() {
		seen[s.At(i)] = true
	}
	if len(seen) != 9 || seen[3] {
		t.Errorf("the members are %v", seen)
	}
	members := seen
	r := rand.New(rand.NewPCG(7, 7))
	for range 1000 { // Insert and Delete in any order, next to a map
		v := r.IntN(20)
		if !members[v] {
			s.Insert(v)
			members[v] = true
		} else if members[v] = false; !s.Delete(v) {
			t.Fatalf("%d is a member, and Delete does not find it", v)
		}
		now := map[int]bool{}
		for i := range s.Len() {
			now[s.At(i)] = true
		}
		for v := range 20 {
			if now[v] != members[v] {
				t.Fatalf("%d: a member is %v, want %v", v, now[v], members[v])
			}
		}
	}
}
