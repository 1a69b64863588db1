package concmap

import (
	"reflect"
	"sync/atomic"
	"unsafe"

	"example.com/flatline/internal/plain"
)

// A layout says what the cells of a map hold. It is chosen once per map, by the type of
// its values.
type layout uint8

const (
	words    layout = iota + 1 // the value itself: no pointers in it, at most 8 bytes
	pointers                   // the value itself, which is one pointer
	boxes                      // a pointer to a copy of the value, never written again
)

// layoutOf returns the layout for values of type V.
func layoutOf[V any]() layout {
	t := reflect.TypeFor[V]()
	switch t.Kind() {
	case reflect.Pointer, reflect.UnsafePointer, reflect.Map, reflect.Chan, reflect.Func:
		return pointers
	}
	if t.Size() <= 8 && plain.Type(t) {
		return words
	}
	return boxes
}

// A content is what a cell holds: w if the layout is words, else p. While a slot
// is live, p is not nil.
//
// If a caller has read the content of a key and finds an equal one later, the value is
// the same: equal words are equal values, and the memory of a box or an object that p
// keeps alive cannot be reused.
type content struct {
	w uint64
	p unsafe.Pointer
}

// null stands for a nil value of the caller's pointer type in a cell, so that nil can
// mean "dead".
var null byte

// pack returns the content for v. It allocates if the layout is boxes.
func pack[V any](l layout, v V) (c content) {
	switch {
	case l == words:
		*(*V)(unsafe.Pointer(&c.w)) = v
	case l == pointers:
		if c.p = *(*unsafe.Pointer)(unsafe.Pointer(&v)); c.p == nil {
			c.p = unsafe.Pointer(&null)
		}
	default:
		box := new(V)
		*box = v
		c.p = unsafe.Pointer(box)
	}
	return c
}

// unpack returns the value that pack was given.
func unpack[V any](l layout, c content) (v V) {
	switch {
	case l == words:
		return *(*V)(unsafe.Pointer(&c.w))
	case l == boxes:
		return *(*V)(c.p)
	case c.p != unsafe.Pointer(&null):
		*(*unsafe.Pointer)(unsafe.Pointer(&v)) = c.p
	}
	return v
}

// peek returns what the cell of slot i holds.
func (g *group[K]) peek(l layout, i int) (c content) {
	if l == words {
		c.w = g.word(i).Load()
	} else {
		c.p = atomic.LoadPointer(g.pointer(i))
	}
	return c
}

// poke changes the cell of slot i; readers may be reading it.
func (g *group[K]) poke(l layout, i int, c content) {
	if l == words {
		g.word(i).Store(c.w)
	} else {
		atomic.StorePointer(g.pointer(i), c.p)
	}
}

// fill sets the cell of slot i, which no reader can see yet.
func (g *group[K]) fill(l layout, i int, c content) {
	if l == words {
		g.word(i).set(c.w)
	} else {
		*g.pointer(i) = c.p
	}
}
