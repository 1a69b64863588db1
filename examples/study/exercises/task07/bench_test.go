package task

import (
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func BenchmarkSet_Insert(b *testing.B) {
	lab.Sweep(b, 256, func(b *testing.B, n int) {
		var s Set
		for i := 0; b.Loop(); i++ {
			if i%n == 0 {
				s = Set{}
			}
			s.Insert(i)
		}
	})
}

func BenchmarkSet_DeleteInsert(b *testing.B) {
	lab.Sweep(b, 256, func(b *testing.B, n int) {
		var s Set
		for v := range n {
			s.Insert(v)
		}
		for i := 0; b.Loop(); i++ {
			s.Delete(i * 7919 % n)
			s.Insert(i * 7919 % n)
		}
	})
}

// Of 2n members half have been deleted.
func BenchmarkSet_At(b *testing.B) {
	lab.Sweep(b, 256, func(b *testing.B, n int) {
		var s Set
		for v := range 2 * n {
			s.Insert(v)
		}
		for i := range n {
			s.Delete(i * 7919 % (2 * n))
		}
		for i := 0; b.Loop(); i++ {
			s.At(i % n)
		}
	})
}

// Of 2n members half have been deleted.
func BenchmarkSet_Len(b *testing.B) {
	lab.Sweep(b, 256, func(b *testing.B, n int) {
		var s Set
		for v := range 2 * n {
			s.Insert(v)
		}
		for i := range n {
			s.Delete(i * 7919 % (2 * n))
		}
		for b.Loop() {
			s.Len()
		}
	})
}
