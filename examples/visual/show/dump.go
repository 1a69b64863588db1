package show

import (
	"reflect"
	"strconv"
	"strings"
	"unsafe"

	"example.com/flatline/internal/weave/step"
)

// A dumper writes values as JSON, unexported fields too. It reads memory and calls none of
// the code that it shows.
//
// A struct is an object with its fields' names. A slice is {"len", "at"}, where at has all
// elements up to the capacity. An object behind a pointer has its number in "@", by first
// appearance; where it comes again there is only the number. An integer that a float64
// cannot hold is a string in hexadecimal.
type dumper struct {
	numbers map[unsafe.Pointer]int // of objects, the same in all dumps
	seen    map[unsafe.Pointer]bool
	out     []byte
}

// most is how many elements of a slice or an array are written.
const most = 128

func (d *dumper) dump(root any) string {
	d.seen, d.out = map[unsafe.Pointer]bool{}, d.out[:0]
	d.value(reflect.ValueOf(root))
	return string(d.out)
}

func (d *dumper) text(s string) { d.out = append(d.out, s...) }

func (d *dumper) number(p unsafe.Pointer) int {
	if d.numbers[p] == 0 {
		d.numbers[p] = len(d.numbers) + 1
	}
	return d.numbers[p]
}

func (d *dumper) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		d.out = strconv.AppendBool(d.out, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.integer(v.Int() < 0, uint64(max(v.Int(), -v.Int())))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		d.integer(false, v.Uint())
	case reflect.Float32, reflect.Float64:
		d.text(quote(strconv.FormatFloat(v.Float(), 'g', -1, 64)))
	case reflect.String:
		d.text(quote(v.String()))
	case reflect.Struct:
		d.structure(v, 0)
	case reflect.Array:
		d.elements(v)
	case reflect.Slice:
		d.text(`{"len":` + strconv.Itoa(v.Len()) + `,"at":`)
		d.elements(v.Slice(0, v.Cap()))
		d.text("}")
	case reflect.Pointer:
		d.pointer(v)
	case reflect.Interface:
		d.value(v.Elem())
	case reflect.UnsafePointer:
		d.object(v.UnsafePointer())
	case reflect.Chan:
		d.text(`{"len":` + strconv.Itoa(v.Len()) + "}")
	default: // functions, maps, nil
		d.text("null")
	}
}

func (d *dumper) integer(negative bool, abs uint64) {
	switch {
	case abs >= 1<<53:
		d.text(`"0x` + strconv.FormatUint(abs, 16) + `"`)
	case negative:
		d.text("-")
		fallthrough
	default:
		d.out = strconv.AppendUint(d.out, abs, 10)
	}
}

func (d *dumper) elements(v reflect.Value) {
	d.text("[")
	for i := range min(v.Len(), most) {
		if i > 0 {
			d.text(",")
		}
		d.value(v.Index(i))
	}
	d.text("]")
}

// object writes the number of an object and nothing of it.
func (d *dumper) object(p unsafe.Pointer) {
	if p == nil {
		d.text("null")
		return
	}
	d.text(`{"@":` + strconv.Itoa(d.number(p)) + "}")
}

func (d *dumper) pointer(v reflect.Value) {
	p := v.UnsafePointer()
	switch {
	case p == nil:
		d.text("null")
	case d.seen[p] || v.Elem().Kind() == reflect.Uint8:
		d.object(p)
	case v.Elem().Kind() == reflect.Struct:
		d.seen[p] = true
		d.structure(v.Elem(), d.number(p))
	default:
		d.seen[p] = true
		d.value(v.Elem())
	}
}

func (d *dumper) structure(v reflect.Value, number int) {
	t := v.Type()
	switch path := t.PkgPath(); {
	case strings.HasSuffix(path, "sync/atomic") || strings.HasSuffix(path, "sched/atomic"):
		d.atomic(v)
		return
	case strings.HasSuffix(path, "sync") && (t.Name() == "Mutex" || t.Name() == "RWMutex"):
		d.out = strconv.AppendBool(d.out, firstWord(v)&1 == 1) // locked
		return
	case path == "time" || strings.HasSuffix(path, "sched/time") || strings.HasSuffix(path, "hash"):
		d.text("null") // no part of the structure
		return
	}
	if view := step.Views[t]; view != nil && v.CanAddr() {
		v = reflect.ValueOf(view(v.Addr().UnsafePointer()))
		t = v.Type()
	}
	d.text("{")
	if number > 0 {
		d.text(`"@":` + strconv.Itoa(number) + ",")
	}
	for i := range t.NumField() {
		if name := t.Field(i).Name; name != "_" {
			d.text(quote(name) + ":")
			d.value(v.Field(i))
			d.text(",")
		}
	}
	if d.out[len(d.out)-1] == ',' {
		d.out = d.out[:len(d.out)-1]
	}
	d.text("}")
}

// atomic writes what a type of sync/atomic, or its stand-in, holds: its last field.
func (d *dumper) atomic(v reflect.Value) {
	for v.Kind() == reflect.Struct {
		if v.NumField() > 1 && v.Type().Field(0).Type.Kind() == reflect.Array { // a Pointer[T] begins with [0]*T
			last := v.Field(v.NumField() - 1)
			if last.Kind() == reflect.UnsafePointer {
				d.value(reflect.NewAt(v.Type().Field(0).Type.Elem().Elem(), last.UnsafePointer()))
				return
			}
		}
		v = v.Field(v.NumField() - 1)
	}
	d.value(v)
}

// firstWord returns the state of a mutex.
func firstWord(v reflect.Value) int64 {
	for v.Kind() == reflect.Struct {
		i := 0
		for v.Field(i).Kind() == reflect.Struct && v.Field(i).NumField() == 0 {
			i++
		}
		v = v.Field(i)
	}
	return v.Int()
}

// quote returns s as a JSON string.
func quote(s string) string {
	out := []byte{'"'}
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r < ' ':
			out = append(out, ' ')
		default:
			out = append(out, string(r)...)
		}
	}
	return string(append(out, '"'))
}
