// Package atomic stands for sync/atomic in a build into which schedules are woven.
package atomic

import (
	"sync/atomic"
	"unsafe"

	"example.com/flatline/internal/weave/sched"
)

// Uint64 is an atomic.Uint64, with points.
type Uint64 struct{ real atomic.Uint64 }

func (x *Uint64) Load() uint64 {
	sched.Point(sched.Read, unsafe.Pointer(x))
	v := x.real.Load()
	saw(v)
	return v
}

func (x *Uint64) Store(v uint64) {
	sched.Point(sched.Write, unsafe.Pointer(x))
	x.real.Store(v)
	stored(v)
}

func (x *Uint64) Swap(v uint64) uint64 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.Swap(v)
	changed(old, v)
	return old
}

func (x *Uint64) CompareAndSwap(old, new uint64) bool {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	ok := x.real.CompareAndSwap(old, new)
	compared(ok, old, new)
	return ok
}

func (x *Uint64) Add(delta uint64) uint64 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	v := x.real.Add(delta)
	changed(v-delta, v)
	return v
}

func (x *Uint64) And(mask uint64) uint64 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.And(mask)
	changed(old, old&mask)
	return old
}

func (x *Uint64) Or(mask uint64) uint64 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.Or(mask)
	changed(old, old|mask)
	return old
}

// Int64 is an atomic.Int64, with points.
type Int64 struct{ real atomic.Int64 }

func (x *Int64) Load() int64 {
	sched.Point(sched.Read, unsafe.Pointer(x))
	v := x.real.Load()
	saw(v)
	return v
}

func (x *Int64) Store(v int64) {
	sched.Point(sched.Write, unsafe.Pointer(x))
	x.real.Store(v)
	stored(v)
}

func (x *Int64) Swap(v int64) int64 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.Swap(v)
	changed(old, v)
	return old
}

func (x *Int64) CompareAndSwap(old, new int64) bool {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	ok := x.real.CompareAndSwap(old, new)
	compared(ok, old, new)
	return ok
}

func (x *Int64) Add(delta int64) int64 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	v := x.real.Add(delta)
	changed(v-delta, v)
	return v
}

func (x *Int64) And(mask int64) int64 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.And(mask)
	changed(old, old&mask)
	return old
}

func (x *Int64) Or(mask int64) int64 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.Or(mask)
	changed(old, old|mask)
	return old
}

// Uint32 is an atomic.Uint32, with points.
type Uint32 struct{ real atomic.Uint32 }

func (x *Uint32) Load() uint32 {
	sched.Point(sched.Read, unsafe.Pointer(x))
	v := x.real.Load()
	saw(v)
	return v
}

func (x *Uint32) Store(v uint32) {
	sched.Point(sched.Write, unsafe.Pointer(x))
	x.real.Store(v)
	stored(v)
}

func (x *Uint32) Swap(v uint32) uint32 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.Swap(v)
	changed(old, v)
	return old
}

func (x *Uint32) CompareAndSwap(old, new uint32) bool {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	ok := x.real.CompareAndSwap(old, new)
	compared(ok, old, new)
	return ok
}

func (x *Uint32) Add(delta uint32) uint32 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	v := x.real.Add(delta)
	changed(v-delta, v)
	return v
}

func (x *Uint32) And(mask uint32) uint32 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.And(mask)
	changed(old, old&mask)
	return old
}

func (x *Uint32) Or(mask uint32) uint32 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.Or(mask)
	changed(old, old|mask)
	return old
}

// Int32 is an atomic.Int32, with points.
type Int32 struct{ real atomic.Int32 }

func (x *Int32) Load() int32 {
	sched.Point(sched.Read, unsafe.Pointer(x))
	v := x.real.Load()
	saw(v)
	return v
}

func (x *Int32) Store(v int32) {
	sched.Point(sched.Write, unsafe.Pointer(x))
	x.real.Store(v)
	stored(v)
}

func (x *Int32) Swap(v int32) int32 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.Swap(v)
	changed(old, v)
	return old
}

func (x *Int32) CompareAndSwap(old, new int32) bool {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	ok := x.real.CompareAndSwap(old, new)
	compared(ok, old, new)
	return ok
}

func (x *Int32) Add(delta int32) int32 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	v := x.real.Add(delta)
	changed(v-delta, v)
	return v
}

func (x *Int32) And(mask int32) int32 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.And(mask)
	changed(old, old&mask)
	return old
}

func (x *Int32) Or(mask int32) int32 {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.Or(mask)
	changed(old, old|mask)
	return old
}

// Bool is an atomic.Bool, with points.
type Bool struct{ real atomic.Bool }

func (x *Bool) Load() bool {
	sched.Point(sched.Read, unsafe.Pointer(x))
	v := x.real.Load()
	saw(v)
	return v
}

func (x *Bool) Store(v bool) {
	sched.Point(sched.Write, unsafe.Pointer(x))
	x.real.Store(v)
	stored(v)
}

func (x *Bool) Swap(v bool) bool {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.Swap(v)
	changed(old, v)
	return old
}

func (x *Bool) CompareAndSwap(old, new bool) bool {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	ok := x.real.CompareAndSwap(old, new)
	compared(ok, old, new)
	return ok
}

// Pointer is an atomic.Pointer, with points.
type Pointer[T any] struct{ real atomic.Pointer[T] }

func (x *Pointer[T]) Load() *T {
	sched.Point(sched.Read, unsafe.Pointer(x))
	v := x.real.Load()
	saw(v)
	return v
}

func (x *Pointer[T]) Store(v *T) {
	sched.Point(sched.Write, unsafe.Pointer(x))
	x.real.Store(v)
	stored(v)
}

func (x *Pointer[T]) Swap(v *T) *T {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	old := x.real.Swap(v)
	changed(old, v)
	return old
}

func (x *Pointer[T]) CompareAndSwap(old, new *T) bool {
	sched.Point(sched.Modify, unsafe.Pointer(x))
	ok := x.real.CompareAndSwap(old, new)
	compared(ok, old, new)
	return ok
}

// Await returns when x is v. It is for the other packages that stand for a real one.
func (x *Int64) Await(v int64) {
	sched.Until(unsafe.Pointer(x), func() bool { return x.real.Load() == v })
	x.real.Load() // by the goroutine itself, so that the race detector sees the order
}

func LoadUint32(p *uint32) uint32 {
	sched.Point(sched.Read, unsafe.Pointer(p))
	v := atomic.LoadUint32(p)
	saw(v)
	return v
}

func StoreUint32(p *uint32, v uint32) {
	sched.Point(sched.Write, unsafe.Pointer(p))
	atomic.StoreUint32(p, v)
	stored(v)
}

func LoadInt64(p *int64) int64 {
	sched.Point(sched.Read, unsafe.Pointer(p))
	v := atomic.LoadInt64(p)
	saw(v)
	return v
}

func AddInt64(p *int64, delta int64) int64 {
	sched.Point(sched.Modify, unsafe.Pointer(p))
	v := atomic.AddInt64(p, delta)
	changed(v-delta, v)
	return v
}

func LoadPointer(p *unsafe.Pointer) unsafe.Pointer {
	sched.Point(sched.Read, unsafe.Pointer(p))
	v := atomic.LoadPointer(p)
	saw(v)
	return v
}

func StorePointer(p *unsafe.Pointer, v unsafe.Pointer) {
	sched.Point(sched.Write, unsafe.Pointer(p))
	atomic.StorePointer(p, v)
	stored(v)
}

func saw[T any](v T) {
	if sched.Tracing() {
		sched.Saw("%s", text(v))
	}
}

func stored[T any](v T) {
	if sched.Tracing() {
		sched.Saw("stored %s", text(v))
	}
}

func changed[T any](old, new T) {
	sched.Wrote()
	if sched.Tracing() {
		sched.Saw("%s became %s", text(old), text(new))
	}
}

func compared[T any](ok bool, old, new T) {
	if ok {
		changed(old, new)
	} else if sched.Tracing() {
		sched.Saw("failed: was not %s", text(old))
	}
}

// text writes a value: a pointer by the number of its first appearance.
func text(v any) string { return sched.Text(v) }
