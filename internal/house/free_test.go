package house

import (
	"bytes"
	"context"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/bqueue"
	"example.com/flatline/concmap"
	"example.com/flatline/lfu"
	"example.com/flatline/lru"
	"example.com/flatline/minstack"
	"example.com/flatline/randset"
	"example.com/flatline/ratelimit"
	"example.com/flatline/ringbuffer"
	"example.com/flatline/slidingmax"
	"example.com/flatline/timemap"
)

// allocatesNothing has, for each package, the operations whose row in the essay states 0 allocations,
// and how to do each again and again on structures that have grown already. An operation
// that uses up what it needs first puts it back, which must not allocate either.
var allocatesNothing = map[string]func() map[string]func(){
	"lru": func() map[string]func() {
		c, now := lru.NewSharded[int, int](64, lru.Options[int, int]{TTL: time.Hour, Cost: func(int, int) int64 { return 1 }}), 0
		fill(func(i int) { c.Put(i, i); c.PutTTL(i, i, time.Minute) })
		next := func() int { now++; return now }
		for range 500 {
			c.PutTTL(next(), 1, time.Minute)
		}
		plain, many, values, found := lru.New[int, int](64), make([]int, 40), make([]int, 40), make([]bool, 40)
		return map[string]func(){
			"Get": func() { c.Get(1) }, "Put": func() { c.Put(next(), 1) }, "PutTTL": func() { c.PutTTL(next(), 1, time.Minute) },
			"GetOrPut": func() { c.GetOrPut(next(), 1) }, "Peek": func() { c.Peek(1) }, "Contains": func() { c.Contains(1) },
			"PeekAll": func() { plain.PeekAll(many, values, found) },
			"Expiry":  func() { c.Expiry(now) }, "Touch": func() { c.Touch(now, time.Minute) }, "Delete": func() { c.Put(1, 1); c.Delete(1) },
			"Oldest": func() { c.Oldest() }, "PopOldest": func() { c.Put(next(), 1); c.PopOldest() }, "Len": func() { c.Len() },
			"Cost": func() { c.Cost() }, "Cap": func() { c.Cap() }, "Stats": func() { c.Stats() },
			"DeleteExpired": func() { c.PutTTL(next(), 1, -1); c.DeleteExpired(9) },
		}
	},
	"lfu": func() map[string]func() {
		c, now := lfu.NewSharded[int, int](64, lfu.Options[int, int]{TTL: time.Hour, Cost: func(int, int) int64 { return 1 }}), 0
		next := func() int { now++; return now }
		for range 500 {
			c.PutTTL(next(), 1, time.Minute)
			c.Get(now)
		}
		plain, many, values, found := lfu.New[int, int](64), make([]int, 40), make([]int, 40), make([]bool, 40)
		return map[string]func(){
			"Get": func() { c.Get(now) }, "Put": func() { c.Put(next(), 1) }, "PutTTL": func() { c.PutTTL(next(), 1, time.Minute) },
			"GetOrPut": func() { c.GetOrPut(next(), 1) }, "Peek": func() { c.Peek(now) }, "Contains": func() { c.Contains(now) },
			"PeekAll":   func() { plain.PeekAll(many, values, found) },
			"Frequency": func() { c.Frequency(now) }, "Expiry": func() { c.Expiry(now) }, "Touch": func() { c.Touch(now, time.Minute) },
			"Delete": func() { c.Put(1, 1); c.Delete(1) }, "LeastFrequent": func() { c.LeastFrequent() },
			"PopLeastFrequent": func() { c.Put(next(), 1); c.PopLeastFrequent() }, "Len": func() { c.Len() },
			"Cost": func() { c.Cost() }, "Cap": func() { c.Cap() }, "Stats": func() { c.Stats() },
			"DeleteExpired": func() { c.PutTTL(next(), 1, -1); c.DeleteExpired(9) },
		}
	},
	"ratelimit": func() map[string]func() {
		b := ratelimit.New(ratelimit.Per(1, time.Millisecond), 10)
		k := ratelimit.NewKeyed[int](ratelimit.Per(1, time.Millisecond), 10)
		l, c := ratelimit.NewSlidingLog(8, time.Minute), ratelimit.NewSlidingCounter(8, time.Minute)
		for range 10 {
			l.Allow()
		}
		return map[string]func(){
			"Allow": func() { b.Allow() }, "AllowN": func() { b.AllowN(2) }, "Take": func() { b.Take(2) }, "TakeUpTo": func() { b.TakeUpTo(3) },
			"Tokens": func() { b.Tokens() }, "Refund": func() { b.Refund(1) }, "Keyed.Refund": func() { k.Refund(1, 1) },
			"Keyed.Allow": func() { k.Allow(1) }, "Keyed.Take": func() { k.Take(1, 2) }, "Keyed.Delete": func() { k.Allow(2); k.Delete(2) },
			"Keyed.Len": func() { k.Len() }, "SlidingLog.Allow": func() { l.Allow() }, "SlidingLog.Take": func() { l.Take(1) },
			"SlidingCounter.Allow": func() { c.Allow() }, "SlidingCounter.Take": func() { c.Take(1) },
		}
	},
	"ringbuffer": func() map[string]func() {
		r, b, q, p := ringbuffer.NewSync[int](8), ringbuffer.NewBytes(8), ringbuffer.NewMPMC[int](8), ringbuffer.NewPipe(8)
		done := ringbuffer.NewPipe(8)
		_ = done.Close()
		ints, bs, ctx := make([]int, 4), make([]byte, 4), context.Background()
		ring := ringbuffer.New[int](8)
		var src bytes.Reader
		drain := func() { r.Clear(); b.Clear() }
		return map[string]func(){
			"Push": func() { _, _ = r.Push(1) }, "PushEvict": func() { r.PushEvict(1) }, "Pop": func() { _, _ = r.Push(1); r.Pop() },
			"Peek": func() { r.Peek() }, "At": func() { r.PushEvict(1); r.At(0) }, "Len": func() { r.Len() }, "Cap": func() { r.Cap() },
			"Dropped": func() { r.Dropped() }, "Numbers": func() { r.Numbers() }, "Refused": func() { r.Refused() },
			"PushSlice": func() { drain(); r.PushSlice(ints) }, "PopInto": func() { r.PushSlice(ints); r.PopInto(ints) },
			"Readable": func() { ring.Readable() }, "Writable": func() { ring.Writable() }, "Commit": func() { ring.Clear(); ring.Commit(1) },
			"Discard": func() { ring.Clear(); ring.Commit(2); ring.Discard(1) }, "Clear": func() { r.Clear() },
			"TryPush": func() { q.TryPush(1) }, "TryPop": func() { q.TryPush(1); q.TryPop() }, "MPMC.PushEvict": func() { q.PushEvict(1) },
			"Write": func() { drain(); _, _ = b.Write(bs) }, "WriteString": func() { drain(); _, _ = b.WriteString("abc") },
			"Read": func() { _, _ = b.Write(bs); _, _ = b.Read(bs) }, "WriteTo": func() { _, _ = b.WriteTo(io.Discard) },
			"Bytes.Peek": func() { b.Peek(2) }, "WriteByte": func() { drain(); _ = b.WriteByte(1) }, "ReadByte": func() { drain(); _ = b.WriteByte(1); _, _ = b.ReadByte() },
			"Pipe.Write": func() { _, _ = p.Write(bs); _, _ = p.Read(bs) }, "Pipe.Read": func() { _, _ = p.Write(bs); _, _ = p.Read(bs) },
			"ReadContext": func() { _, _ = p.Write(bs); _, _ = p.ReadContext(ctx, bs) }, "WriteContext": func() { _, _ = p.WriteContext(ctx, bs); _, _ = p.Read(bs) },
			"Pipe.ReadFrom": func() { src.Reset(bs); _, _ = p.ReadFrom(&src); _, _ = p.Read(bs) },
			"Pipe.WriteTo":  func() { _, _ = done.WriteTo(io.Discard) }, "Close": func() { _ = done.Close() }, "CloseWithError": func() { _ = done.CloseWithError(io.EOF) },
		}
	},
	"concmap": func() map[string]func() {
		m, s := concmap.New[int, int](), new(concmap.Striped[int, int])
		fill(func(i int) { m.Store(i, i); s.Store(i, i) })
		shot := m.Snapshot()
		same := func(v int, _ bool) (int, concmap.Op) { return v, concmap.Update }
		fill(func(i int) { m.Store(i, i) }) // the first write after a Snapshot copies
		return map[string]func(){
			"Load": func() { m.Load(1) }, "Len": func() { m.Len() }, "Store": func() { m.Store(1, 1) }, "Swap": func() { m.Swap(1, 1) },
			"LoadOrStore": func() { m.LoadOrStore(1, 1) }, "Compute": func() { m.Compute(1, same) }, "Add": func() { concmap.Add(m, 1, 1) },
			"LoadAndDelete": func() { m.Store(2, 2); m.LoadAndDelete(2) }, "Delete": func() { m.Store(2, 2); m.Delete(2) },
			"CompareAndDelete": func() { m.Store(2, 2); concmap.CompareAndDelete(m, 2, 2) }, "Stats": func() { m.Stats() },
			"Snapshot.Load": func() { shot.Load(1) }, "Snapshot.Len": func() { shot.Len() }, "Snapshot.All": func() { drain2(shot.All()) },
			"Striped.Load": func() { s.Load(1) }, "Striped.Store": func() { s.Store(1, 1) }, "Striped.Swap": func() { s.Swap(1, 1) },
			"Striped.LoadOrStore": func() { s.LoadOrStore(1, 1) }, "Striped.LoadAndDelete": func() { s.Store(2, 2); s.LoadAndDelete(2) },
			"Striped.Delete": func() { s.Store(2, 2); s.Delete(2) }, "Striped.Len": func() { s.Len() }, "Striped.Clear": func() { s.Clear() },
		}
	},
	"timemap": func() map[string]func() {
		m, cleared, t := timemap.New[int, int](), timemap.New[int, int](), int64(0)
		versions(m.Set)
		next := func() int64 { t++; return t % 60 } // at the times of the first rounds a value is replaced
		for range 60 {
			m.Set(9, next(), 1)
			m.Set(8, next(), 1)
		}
		dropped := timemap.New[int, int]()
		return map[string]func(){
			"Map.Set": func() { m.Set(9, next(), 1) }, "Map.Delete": func() { m.Delete(8, next()) },
			"Append": func() { m.Append(9, 59, 1); m.Set(9, 60, 1) }, "AppendDelete": func() { m.AppendDelete(8, 59) },
			"Get": func() { m.Get(1, 2) }, "Floor": func() { m.Floor(1, 2) }, "Latest": func() { m.Latest(1) }, "Count": func() { m.Count(1) },
			"Ceiling": func() { m.Ceiling(1, 2) }, "AsOf": func() { m.AsOf(2) }, "Len": func() { m.Len() },
			"Range": func() { drain2(m.Range(1, 0, 3)) }, "History": func() { drain2(m.History(1)) }, "Backward": func() { drain2(m.Backward(1)) },
			"Changes": func() { drain2(m.Changes(1)) }, "Keys": func() { drain1(m.Keys()) },
			"Drop": func() { dropped.Drop(1) }, "Clear": func() { cleared.Clear() },
		}
	},
	"minstack": func() map[string]func() {
		var s minstack.Stack[int]
		var m minstack.MinMax[int]
		var y minstack.Sync[int]
		var q minstack.Queue[int]
		var p minstack.Persistent[int]
		f := minstack.NewFunc(func(a, b int) int { return a - b })
		for i := range 100 {
			s.Push(i)
			m.Push(i)
			y.Push(i)
			q.Push(i)
			f.Push(i)
			p = p.Push(i)
		}
		return map[string]func(){
			"Stack.Push": func() { s.Pop(); s.Push(1) }, "StackFunc.Push": func() { f.Pop(); f.Push(1) }, "MinMax.Push": func() { m.Pop(); m.Push(1) },
			"Sync.Push": func() { y.Pop(); y.Push(1) }, "Queue.Push": func() { q.Pop(); q.Push(1) }, "Queue.Pop": func() { q.Push(1); q.Pop() },
			"Persistent.Pop": func() { p.Pop() }, "Pop": func() { s.Push(1); s.Pop() }, "Peek": func() { s.Peek() }, "Min": func() { s.Min() },
			"Max": func() { m.Max() }, "Len": func() { s.Len() }, "Clear": func() { new(minstack.Stack[int]).Clear() }, "All": func() { drain1(s.All()) },
		}
	},
	"randset": func() map[string]func() {
		s, b, w, r := randset.New[int](), randset.NewBag[int](), randset.NewWeighted[int](), randset.NewReservoir[int](8)
		for i := range 100 {
			s.Insert(i)
			b.Insert(i)
			_ = w.Set(i, 1)
			r.Add(i)
		}
		return map[string]func(){
			"Insert": func() { s.Delete(1); s.Insert(1) }, "Delete": func() { s.Insert(1); s.Delete(1) }, "Pop": func() { s.Insert(1); s.Pop() },
			"Contains": func() { s.Contains(1) }, "Count": func() { b.Count(1) }, "Random": func() { s.Random() }, "At": func() { s.Insert(1); s.At(0) },
			"Len": func() { s.Len() }, "Clear": func() { new(randset.Set[int]).Clear() }, "All": func() { drain1(s.All()) },
			"Reservoir.Add": func() { r.Add(1) }, "Weighted.Set": func() { _ = w.Set(1, 2) }, "Weighted.Delete": func() { _ = w.Set(1, 2); w.Delete(1) },
			"Weighted.Random": func() { w.Random() },
		}
	},
	"slidingmax": func() map[string]func() {
		s, dst, floats := make([]int, 100), make([]int, 100), make([]float64, 100)
		into := make([]float64, 100)
		w, tw, at := slidingmax.New[int](8), slidingmax.NewTimeWindow[int](time.Minute), time.Unix(0, 0)
		a := slidingmax.NewAggregator(func(a, b int) int { return max(a, b) })
		for i := range 100 {
			w.Push(-i)
			at = at.Add(time.Second)
			tw.Push(at, -i)
			a.Push(i)
		}
		return map[string]func(){
			"AppendMax": func() { slidingmax.AppendMax(dst[:0], s, 7) }, "AppendMin": func() { slidingmax.AppendMin(dst[:0], s, 7) },
			"AppendMax.Element": func() { slidingmax.AppendMax(dst[:0], s, 7) },
			"MaxFloat":          func() { slidingmax.MaxFloat(into[:0], floats, 7, slidingmax.FloatOptions{}) },
			"MinFloat":          func() { slidingmax.MinFloat(into[:0], floats, 7, slidingmax.FloatOptions{}) },
			"Window.Push":       func() { w.Push(1) }, "Window.Max": func() { w.Max() }, "Len": func() { w.Len() },
			"TimeWindow.Push": func() { at = at.Add(time.Second); tw.Push(at, 1) }, "TimeWindow.Max": func() { tw.Max(at) },
			"Aggregator.Push": func() { a.Evict(); a.Push(1) }, "Evict": func() { a.Push(1); a.Evict() }, "Query": func() { a.Query() },
			"Clear": func() { w.Clear() }, "All": func() { drain1(w.All()) },
		}
	},
	"bqueue": func() map[string]func() {
		q, ended, ctx, four := bqueue.New[int](8), bqueue.New[int](8), context.Background(), make([]int, 4)
		ended.Close()
		return map[string]func(){
			"Put": func() { _ = q.Put(ctx, 1); q.DrainTo(four) }, "Take": func() { _ = q.TryPut(1); _, _ = q.Take(ctx) },
			"TryPut": func() { _ = q.TryPut(1) }, "TryTake": func() { _ = q.TryPut(1); _, _ = q.TryTake() },
			"PutAll": func() { q.DrainTo(four); q.DrainTo(four); _, _ = q.PutAll(ctx, four) }, "TryPutAll": func() { _, _ = q.TryPutAll(four) },
			"TakeBatch": func() { _ = q.TryPut(1); _, _ = q.TakeBatch(ctx, four) }, "DrainTo": func() { q.DrainTo(four) },
			"All": func() { drain1(ended.All(ctx)) }, "TaskDone": func() { _ = q.TryPut(1); _, _ = q.TryTake(); q.TaskDone() }, "Join": func() { _ = ended.Join(ctx) },
			"Len": func() { q.Len() }, "Cap": func() { q.Cap() }, "Stats": func() { q.Stats() }, "Done": func() { q.Done() },
			"Unfinished": func() { q.Unfinished() }, "Close": func() { ended.Close() },
		}
	},
}

func drain1[A any](loop iter.Seq[A]) {
	for range loop {
	}
}

func drain2[A, B any](loop iter.Seq2[A, B]) {
	for range loop {
	}
}

// TestStatedFree: an operation whose row states 0 allocations makes none, and no such row
// is left out.
func TestStatedFree(t *testing.T) {
	for _, pkg := range Packages {
		t.Run(pkg, func(t *testing.T) {
			ops := allocatesNothing[pkg]()
			stated := freeOf(read(t, pkg+"/doc.go"))
			for _, op := range stated {
				f := ops[op]
				if assert.NotNil(t, f, "the row of %s states 0 allocations: add it to internal/house/free_test.go", op) {
					assert.Zero(t, testing.AllocsPerRun(200, f), op)
				}
			}
			for op := range ops {
				assert.Contains(t, stated, op, "no row states that it allocates nothing")
			}
		})
	}
}

var columns = regexp.MustCompile(` {2,}`)

// freeOf returns the operations whose rows of an essay's Complexity block end with 0
// allocations.
func freeOf(essay string) (ops []string) {
	_, block, _ := strings.Cut(essay, "\n// # Complexity\n")
	block, _, _ = strings.Cut(block, "\n// # ")
	for line := range strings.SplitSeq(block, "\n") {
		row, ok := strings.CutPrefix(line, "//\t")
		if !ok {
			continue
		}
		cells := columns.Split(row, -1)
		if last := cells[len(cells)-1]; len(cells) > 2 && (last == "0" || strings.HasPrefix(last, "0 ")) {
			ops = slices.Concat(ops, strings.Split(cells[0], ", "))
		}
	}
	return ops
}

func TestFreeOfAnEssay(t *testing.T) {
	essay := "// Package p.\n//\n// # Complexity\n//\n//\toperation  time  allocations\n//\tGet, A.Put  O(1)  0\n//\tSet   O(1) ~  0 *\n//\tAll  O(n)  O(1)\n//\n// # Trade-offs\n//\n//\tX  O(1)  0\n"
	assert.Equal(t, []string{"Get", "A.Put", "Set"}, freeOf(essay))
}
