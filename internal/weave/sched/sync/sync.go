// Package sync stands for sync in a build into which schedules are woven.
package sync

import (
	"sync"
	"unsafe"

	"example.com/flatline/internal/weave/sched"
)

// A Locker is a sync.Locker.
type Locker = sync.Locker

// Mutex is a sync.Mutex, with points.
type Mutex struct{ real sync.Mutex }

func (m *Mutex) Lock() {
	sched.Point(sched.Lock, unsafe.Pointer(m))
	m.real.Lock()
}

func (m *Mutex) TryLock() bool {
	sched.Point(sched.TryLock, unsafe.Pointer(m))
	ok := m.real.TryLock()
	if sched.Tracing() {
		sched.Saw("%v", ok)
	}
	return ok
}

func (m *Mutex) Unlock() {
	sched.Point(sched.Unlock, unsafe.Pointer(m))
	m.real.Unlock()
}

// RWMutex is a sync.RWMutex, with points. That a waiting writer keeps new readers out is
// left out: it is a promise of fairness.
type RWMutex struct{ real sync.RWMutex }

func (m *RWMutex) Lock() {
	sched.Point(sched.Lock, unsafe.Pointer(m))
	m.real.Lock()
}

func (m *RWMutex) TryLock() bool {
	sched.Point(sched.TryLock, unsafe.Pointer(m))
	ok := m.real.TryLock()
	if sched.Tracing() {
		sched.Saw("%v", ok)
	}
	return ok
}

func (m *RWMutex) Unlock() {
	sched.Point(sched.Unlock, unsafe.Pointer(m))
	m.real.Unlock()
}

func (m *RWMutex) RLock() {
	sched.Point(sched.RLock, unsafe.Pointer(m))
	m.real.RLock()
}

func (m *RWMutex) TryRLock() bool {
	sched.Point(sched.TryRLock, unsafe.Pointer(m))
	ok := m.real.TryRLock()
	if sched.Tracing() {
		sched.Saw("%v", ok)
	}
	return ok
}

func (m *RWMutex) RUnlock() {
	sched.Point(sched.RUnlock, unsafe.Pointer(m))
	m.real.RUnlock()
}

// Once is a sync.Once, with points.
type Once struct {
	done uint32
	mu   Mutex
}

// Do calls f if no call of Do has returned, and waits for one that is in progress.
func (o *Once) Do(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done == 0 {
		defer func() { o.done = 1 }()
		f()
	}
}

// Map is not used while a run is in progress: only package variables are Maps.
type Map = sync.Map
