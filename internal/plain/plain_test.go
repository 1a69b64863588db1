package plain

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
)

// TestType asks about a type of every kind that there is.
func TestType(t *testing.T) {
	free := []any{
		false, 0, int8(0), int16(0), int32(0), int64(0), uint(0), uint8(0), uint16(0), uint32(0), uint64(0), uintptr(0),
		float32(0), float64(0), complex64(0), complex128(0),
		[2]int{},
		[0]*int{},
		struct{}{},
		struct{ _ [3]struct{ a, b uint8 } }{},
	}
	held := []any{
		new(int), "", []int(nil), map[int]int(nil), func() {}, make(chan int), unsafe.Pointer(nil),
		[1]string{},
		struct{ _ any }{},
		struct{ _ [1]struct{ _ *int } }{},
	}
	kinds := map[reflect.Kind]bool{reflect.Interface: true} // the field of a struct above
	for _, v := range free {
		assert.True(t, Type(reflect.TypeOf(v)), "%T", v)
		kinds[reflect.TypeOf(v).Kind()] = true
	}
	for _, v := range held {
		assert.False(t, Type(reflect.TypeOf(v)), "%T", v)
		kinds[reflect.TypeOf(v).Kind()] = true
	}
	for k := reflect.Bool; k <= reflect.UnsafePointer; k++ {
		assert.True(t, kinds[k], "no type of the kind %s was asked about", k)
	}
}
