// Package concmap holds the rows that compare flatline's concmap with other concurrent
// maps.
package concmap

import (
	"sync"

	"github.com/alphadose/haxmap"
	cmap "github.com/orcaman/concurrent-map/v2"
	"github.com/puzpuzpuz/xsync/v4"

	"example.com/flatline/concmap"
)

// A table is a map to measure. Each map has its own loops, which call it directly:
// through an interface each call of any map would take a nanosecond or two more, which
// would move the ratios of short operations towards 1. The loops differ only in the
// calls.
type table[K comparable] struct {
	fill func(keys []K, from int)          // stores keys[i] with the value from+i
	run  func(w *work[K], from, n int)     // does n operations of w
	each func(yield func(k K, v int) bool) // the map's own loop
}

// work is a sequence of operations that is repeated endlessly; its length is a power of
// two.
type work[K comparable] struct {
	keys []K
	ops  []op
}

type op uint8

const (
	load op = iota
	store
	remove
)

// A kind is one map to measure.
type kind[K comparable] struct {
	name string
	new  func() table[K]
	note string
}

// peers returns the maps that concmap.Map is compared with, xsync and sync.Map first.
func peers[K int | string](orc func() cmap.ConcurrentMap[K, int]) []kind[K] {
	return []kind[K]{
		{name: "puzpuzpuz/xsync v4", new: ofXsync[K]},
		{name: "sync.Map", new: ofSync[K]},
		{name: "orcaman/concurrent-map v2", new: func() table[K] { return ofOrcaman(orc()) }},
		{name: "alphadose/haxmap", new: ofHaxmap[K]},
		{name: "RWMutex and a Go map", new: ofRWMutex[K]},
		{name: "concmap.Striped", new: ofStriped[K], note: "flatline's own short answer"},
	}
}

func ofMap[K comparable]() table[K] {
	m := new(concmap.Map[K, int])
	return table[K]{
		fill: func(keys []K, from int) {
			for i, k := range keys {
				m.Store(k, from+i)
			}
		},
		run: func(w *work[K], from, n int) {
			for i := from; i < from+n; i++ {
				at := i & (len(w.keys) - 1)
				switch k := w.keys[at]; w.ops[at] {
				case load:
					m.Load(k)
				case store:
					m.Store(k, i)
				case remove:
					m.Delete(k)
				}
			}
		},
		each: m.All(),
	}
}

func ofStriped[K comparable]() table[K] {
	m := new(concmap.Striped[K, int])
	return table[K]{
		fill: func(keys []K, from int) {
			for i, k := range keys {
				m.Store(k, from+i)
			}
		},
		run: func(w *work[K], from, n int) {
			for i := from; i < from+n; i++ {
				at := i & (len(w.keys) - 1)
				switch k := w.keys[at]; w.ops[at] {
				case load:
					m.Load(k)
				case store:
					m.Store(k, i)
				case remove:
					m.Delete(k)
				}
			}
		},
		each: m.All(),
	}
}

func ofXsync[K comparable]() table[K] {
	m := xsync.NewMap[K, int]()
	return table[K]{
		fill: func(keys []K, from int) {
			for i, k := range keys {
				m.Store(k, from+i)
			}
		},
		run: func(w *work[K], from, n int) {
			for i := from; i < from+n; i++ {
				at := i & (len(w.keys) - 1)
				switch k := w.keys[at]; w.ops[at] {
				case load:
					m.Load(k)
				case store:
					m.Store(k, i)
				case remove:
					m.Delete(k)
				}
			}
		},
		each: m.Range,
	}
}

func ofSync[K comparable]() table[K] {
	m := new(sync.Map)
	return table[K]{
		fill: func(keys []K, from int) {
			for i, k := range keys {
				m.Store(k, from+i)
			}
		},
		run: func(w *work[K], from, n int) {
			for i := from; i < from+n; i++ {
				at := i & (len(w.keys) - 1)
				switch k := w.keys[at]; w.ops[at] {
				case load:
					if v, ok := m.Load(k); ok {
						_ = v.(int)
					}
				case store:
					m.Store(k, i)
				case remove:
					m.Delete(k)
				}
			}
		},
		each: func(yield func(K, int) bool) {
			m.Range(func(k, v any) bool { return yield(k.(K), v.(int)) })
		},
	}
}

func ofOrcaman[K comparable](m cmap.ConcurrentMap[K, int]) table[K] {
	return table[K]{
		fill: func(keys []K, from int) {
			for i, k := range keys {
				m.Set(k, from+i)
			}
		},
		run: func(w *work[K], from, n int) {
			for i := from; i < from+n; i++ {
				at := i & (len(w.keys) - 1)
				switch k := w.keys[at]; w.ops[at] {
				case load:
					m.Get(k)
				case store:
					m.Set(k, i)
				case remove:
					m.Remove(k)
				}
			}
		},
		each: func(yield func(K, int) bool) {
			for e := range m.IterBuffered() {
				if !yield(e.Key, e.Val) {
					return
				}
			}
		},
	}
}

func ofHaxmap[K int | string]() table[K] {
	m := haxmap.New[K, int]()
	return table[K]{
		fill: func(keys []K, from int) {
			for i, k := range keys {
				m.Set(k, from+i)
			}
		},
		run: func(w *work[K], from, n int) {
			for i := from; i < from+n; i++ {
				at := i & (len(w.keys) - 1)
				switch k := w.keys[at]; w.ops[at] {
				case load:
					m.Get(k)
				case store:
					m.Set(k, i)
				case remove:
					m.Del(k)
				}
			}
		},
		each: m.ForEach,
	}
}

func ofRWMutex[K comparable]() table[K] {
	var mu sync.RWMutex
	m := make(map[K]int)
	return table[K]{
		fill: func(keys []K, from int) {
			for i, k := range keys {
				mu.Lock()
				m[k] = from + i
				mu.Unlock()
			}
		},
		run: func(w *work[K], from, n int) {
			for i := from; i < from+n; i++ {
				at := i & (len(w.keys) - 1)
				switch k := w.keys[at]; w.ops[at] {
				case load:
					mu.RLock()
					_ = m[k]
					mu.RUnlock()
				case store:
					mu.Lock()
					m[k] = i
					mu.Unlock()
				case remove:
					mu.Lock()
					delete(m, k)
					mu.Unlock()
				}
			}
		},
		each: func(yield func(K, int) bool) {
			mu.RLock()
			defer mu.RUnlock()
			for k, v := range m {
				if !yield(k, v) {
					return
				}
			}
		},
	}
}
