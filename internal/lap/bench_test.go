package lap

import "testing"

func BenchmarkQueue_PushPop(b *testing.B) {
	q := made[int](1024)
	b.ReportAllocs()
	for b.Loop() {
		q.TryPush(1)
		q.TryPop()
	}
}

func BenchmarkQueue_Slice64(b *testing.B) {
	q := made[int](1024)
	vs := make([]int, 64)
	b.ReportAllocs()
	for b.Loop() {
		q.PushSlice(vs)
		q.PopInto(vs)
	}
}
