// Package concmap holds the rows of flatline's concmap beside other concurrent maps.
package concmap

import (
	"sync"

	"github.com/alphadose/haxmap"
	cmap "github.com/orcaman/concurrent-map/v2"
	"github.com/puzpuzpuz/xsync/v4"

	"example.com/flatline/concmap"
)

// A table is what the maps have in common. The loops of the rows call it through
// the interface, which adds the same nanosecond or two to all: the ratios of short
// operations are nearer to 1 than in a program that calls the maps directly.
type table[K comparable] interface {
	Load(k K) (int, bool)
	Store(k K, v int)
	Delete(k K)
	each(f func(K, int) bool)
}

type flat[K comparable] struct{ concmap.Map[K, int] }

func (m *flat[K]) each(f func(K, int) bool) { m.All()(f) }

type striped[K comparable] struct{ concmap.Striped[K, int] }

func (m *striped[K]) each(f func(K, int) bool) { m.All()(f) }

type xs[K comparable] struct{ *xsync.Map[K, int] }

func (m xs[K]) each(f func(K, int) bool) { m.Range(f) }

type std[K comparable] struct{ m sync.Map }

func (m *std[K]) Load(k K) (int, bool) {
	v, ok := m.m.Load(k)
	if !ok {
		return 0, false
	}
	return v.(int), true
}
func (m *std[K]) Store(k K, v int) { m.m.Store(k, v) }
func (m *std[K]) Delete(k K)       { m.m.Delete(k) }
func (m *std[K]) each(f func(K, int) bool) {
	m.m.Range(func(k, v any) bool { return f(k.(K), v.(int)) })
}

type locked[K comparable] struct {
	mu sync.RWMutex
	m  map[K]int
}

func (m *locked[K]) Load(k K) (int, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	v, ok := m.m[k]
	return v, ok
}

func (m *locked[K]) Store(k K, v int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m[k] = v
}

func (m *locked[K]) Delete(k K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.m, k)
}

func (m *locked[K]) each(f func(K, int) bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for k, v := range m.m {
		if !f(k, v) {
			return
		}
	}
}

type hax[K int | string] struct{ *haxmap.Map[K, int] }

func (m hax[K]) Load(k K) (int, bool)     { return m.Get(k) }
func (m hax[K]) Store(k K, v int)         { m.Set(k, v) }
func (m hax[K]) Delete(k K)               { m.Del(k) }
func (m hax[K]) each(f func(K, int) bool) { m.ForEach(f) }

type orcaman[K comparable] struct{ cmap.ConcurrentMap[K, int] }

func (m orcaman[K]) Load(k K) (int, bool) { return m.Get(k) }
func (m orcaman[K]) Store(k K, v int)     { m.Set(k, v) }
func (m orcaman[K]) Delete(k K)           { m.Remove(k) }
func (m orcaman[K]) each(f func(K, int) bool) {
	for e := range m.IterBuffered() {
		if !f(e.Key, e.Val) {
			return
		}
	}
}

// A kind is one map to measure.
type kind[K comparable] struct {
	name string
	new  func() table[K]
	note string
}

func ours[K comparable]() kind[K] {
	return kind[K]{name: "concmap.Map", new: func() table[K] { return new(flat[K]) }}
}

func peers[K int | string](orc func() table[K]) []kind[K] {
	return []kind[K]{
		{name: "puzpuzpuz/xsync v4", new: func() table[K] { return xs[K]{xsync.NewMap[K, int]()} }},
		{name: "sync.Map", new: func() table[K] { return new(std[K]) }},
		{name: "orcaman/concurrent-map v2", new: orc},
		{name: "alphadose/haxmap", new: func() table[K] { return hax[K]{haxmap.New[K, int]()} }},
		{name: "RWMutex and a Go map", new: func() table[K] { return &locked[K]{m: make(map[K]int)} }},
		{name: "concmap.Striped", new: func() table[K] { return new(striped[K]) }, note: "flatline's own short answer"},
	}
}

func ofInts() table[int] {
	return orcaman[int]{cmap.NewWithCustomShardingFunction[int, int](func(k int) uint32 { return uint32(uint64(k) * 0x9E3779B97F4A7C15 >> 32) })}
}

func ofTexts() table[string] { return orcaman[string]{cmap.New[int]()} }
