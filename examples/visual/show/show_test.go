package show

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/house"
	schedatomic "example.com/flatline/internal/weave/sched/atomic"
	schedsync "example.com/flatline/internal/weave/sched/sync"
	"example.com/flatline/internal/weave/step"
)

type node struct {
	name string
	next *node
}

type viewed struct{ hidden unsafe.Pointer }

// TestDump: unexported fields, spare capacity, cycles, atomics and locks are written, as
// valid JSON.
func TestDump(t *testing.T) {
	step.View(func(v *viewed) any { return struct{ seen []int }{unsafe.Slice((*int)(v.hidden), 2)} })
	ring := &node{name: "a"}
	ring.next = &node{"b\"\n\\", ring}
	spare := append(make([]int8, 0, 3), -7)
	two := [2]int{5, 6}
	held, free := new(sync.Mutex), new(sync.RWMutex)
	held.Lock()
	var woven schedsync.Mutex
	woven.Lock()
	pointer := new(atomic.Pointer[node])
	pointer.Store(ring)
	var word schedatomic.Uint64
	word.Store(8)
	c := make(chan int, 2)
	c <- 1
	for _, tc := range []struct {
		root any
		want string
	}{
		{&ring, `{"@":1,"name":"a","next":{"@":2,"name":"b\" \\","next":{"@":1}}}`},
		{&spare, `{"len":1,"at":[-7,0,0]}`},
		{&two, `[5,6]`},
		{&struct {
			_    [9]byte
			a    uint64
			b    int64
			f    float64
			s    []string
			p    *node
			i, j any
			c    chan int
			g    func()
		}{a: math.MaxUint64, b: -1 << 53, f: math.NaN(), i: true, c: c}, `{"@":1,"a":"0xffffffffffffffff","b":"0x20000000000000","f":"NaN","s":{"len":0,"at":[]},"p":null,"i":true,"j":null,"c":{"len":1},"g":null}`},
		{&struct {
			held, free, woven any
			p                 any
			w                 any
			n                 atomic.Int32
		}{held, free, &woven, pointer, &word, atomic.Int32{}}, `{"@":1,"held":true,"free":false,"woven":true,"p":{"@":6,"name":"a","next":{"@":7,"name":"b\" \\","next":{"@":6}}},"w":8,"n":0}`},
		{&viewed{unsafe.Pointer(&two)}, `{"@":1,"seen":{"len":2,"at":[5,6]}}`},
		{&struct {
			t time.Time
			p unsafe.Pointer
			q unsafe.Pointer
			b *byte
		}{p: unsafe.Pointer(&two), q: unsafe.Pointer(&two)}, `{"@":1,"t":null,"p":{"@":2},"q":{"@":2},"b":null}`},
		{new([200]bool), "[" + strings.Repeat("false,", most-1) + "false]"},
	} {
		d := dumper{numbers: map[unsafe.Pointer]int{}}
		got := d.dump(tc.root)
		assert.Equal(t, tc.want, got)
		assert.True(t, json.Valid([]byte(got)), got)
		assert.Equal(t, got, d.dump(tc.root), "numbers stay")
	}
}

// TestEachPage: each page has calls to begin with. Not woven it has the memory before and
// after each call, and the answer of the structure.
func TestEachPage(t *testing.T) {
	var names []string
	for _, p := range Pages {
		names = append(names, p.Name)
		for _, f := range p.Forms {
			do := strings.ReplaceAll(f.Do, "|", ",")
			if p.Name == "bqueue" {
				do = "Put(1),Take(),Put(2)"
			}
			r, err := Run(p.Name, f.Name, do, "")
			require.NoError(t, err, f.Name)
			assert.NotEmpty(t, r.Answer)
			assert.Len(t, r.Calls, strings.Count(do, "("), f.Name)
			assert.Len(t, r.Frames, len(r.Calls)+1)
			assert.Greater(t, len(r.States), 1, f.Name)
			for _, s := range r.States {
				assert.True(t, json.Valid([]byte(s)), s)
			}
			for _, c := range r.Calls {
				assert.NotEmpty(t, c.Result, c.Text)
				assert.NotContains(t, c.Result, "panics", c.Text)
			}
			for name := range f.make().ops {
				assert.Contains(t, f.Ops, name+"(", "%s says what can be called", f.Name)
			}
		}
	}
	assert.Equal(t, house.Packages, names)
	_, err := Run("none", "", "", "")
	assert.ErrorContains(t, err, `no page "none"`)
	_, err = Run("lru", "lfu.Cache", "", "")
	assert.Error(t, err)
}

// TestParse: what is no call is an error that says so; a bad argument is the call's panic.
func TestParse(t *testing.T) {
	for do, want := range map[string]string{
		"Put":             `a call has the form Name(arguments), got "Put"`,
		"Put(a,1":         `a call has the form Name(arguments), got "Put(a,1"`,
		"Frob(1)":         "there is no Frob here, only Put(k,v) Get(k) Delete(k)",
		"Put(1)":          "Put takes 2 arguments, got 1",
		"Get()":           "Get takes 1 arguments, got 0",
		"Get(a)|Get(b)|":  "there are two goroutines at most",
		" Get( a ),Get(a": `a call has the form Name(arguments), got "Get(a"`,
	} {
		_, err := Run("lru", "", do, "")
		assert.EqualError(t, err, want, do)
	}
	r, err := Run("lru", "", " Put( a, 1 ) , Put(b,x) Get(a)", "")
	require.NoError(t, err)
	assert.Equal(t, []Call{{0, "Put( a, 1 )", "stored", 0, 1}, {0, "Put(b,x)", `panics: "x" is no number`, 1, 2}, {0, "Get(a)", "1, true", 2, 3}}, r.Calls)
}

// TestHook: a frame has the line that ran and the memory after it; too many are an error,
// and the hook is removed.
func TestHook(t *testing.T) {
	n := struct{ n int }{}
	count := func(times int) string {
		for i := range times {
			step.At(fmt.Sprint("f.go:", i))
			n.n++
		}
		return "counted"
	}
	r := &recorder{subject: subject{root: &n, ops: map[string]op{"Count": one(count)}}, dumper: dumper{numbers: map[unsafe.Pointer]int{}}}
	r.frame(0, "")
	require.NoError(t, r.one([]call{{"Count(2)", "Count", []string{"2"}}, {"Count(1)", "Count", []string{"1"}}}))
	assert.Equal(t, []Frame{{At: "", State: 0}, {At: "f.go:0", State: 1}, {At: "f.go:1", State: 2}, {At: "f.go:0", State: 3}}, r.Frames)
	assert.Equal(t, []Call{{0, "Count(2)", "counted", 0, 2}, {0, "Count(1)", "counted", 2, 3}}, r.Calls)
	assert.Nil(t, step.Hook)
	assert.ErrorContains(t, r.one([]call{{"", "Count", []string{fmt.Sprint(tooMany)}}}), "too many steps")
	assert.Nil(t, step.Hook)
}

// TestEachNumberStays: what has a number keeps it when other objects come before it.
func TestEachNumberStays(t *testing.T) {
	var root struct{ a, b *node }
	root.b = &node{name: "b"}
	d := dumper{numbers: map[unsafe.Pointer]int{}}
	assert.Equal(t, `{"@":1,"a":null,"b":{"@":2,"name":"b","next":null}}`, d.dump(&root))
	root.a = &node{name: "a"}
	assert.Equal(t, `{"@":1,"a":{"@":3,"name":"a","next":null},"b":{"@":2,"name":"b","next":null}}`, d.dump(&root))
}

// TestOrders: an order keeps each call that ended before another began before it.
func TestOrders(t *testing.T) {
	var tried []string
	orders([]span{{0, 0, 1, 2}, {0, 1, 3, 6}, {1, 0, 4, 5}}, nil, func(o []span) bool {
		tried = append(tried, fmt.Sprint(o))
		return false
	})
	assert.Equal(t, []string{"[{0 0 1 2} {0 1 3 6} {1 0 4 5}]", "[{0 0 1 2} {1 0 4 5} {0 1 3 6}]"}, tried)
}

// TestReplay: a schedule as evidence/schedules prints it is read.
func TestReplay(t *testing.T) {
	form, do, by, err := Replay("concmap.Map, full segment|1.4+5|3:1,9:2")
	require.NoError(t, err)
	assert.Equal(t, []string{"concmap.Map, full segment", "Store(0,1),Store(1,2)|Clear()", "3:1,9:2"}, []string{form, do, by})
	for _, bad := range []string{"", "x|0|1:1", "concmap.Map|0+0", "concmap.Map|9+0|1:1", "concmap.Map|-1+0|1:1", "concmap.Map|a+0|1:1", "concmap.Map|0+0|1", "concmap.Map|0+0|x:1"} {
		_, _, _, err := Replay(bad)
		assert.Error(t, err, bad)
	}
	for _, f := range mapForms {
		assert.NotEmpty(t, alphabets[f.Name])
		for _, c := range alphabets[f.Name] {
			_, err := Run("concmap", f.Name, strings.ReplaceAll(c, "V", "1"), "")
			assert.NoError(t, err, c)
		}
	}
}
