package task

// An attempt is a solution with an edit, and the checks that refuse it.
type attempt struct {
	task         int
	name         string
	old, new     string
	test, judged bool // refused by the test, by the study
}

// attempts are answers that solve half of a task: one operation gains what another loses,
// or an operation is wrong. The last ones are other correct answers.
var attempts = []attempt{
	{1, "Put searches for the oldest", "delete(c.at, c.byUse.Remove(c.byUse.Back())", "last := c.byUse.Front()\n\t\tfor e := last; e != nil; e = e.Next() {\n\t\t\tlast = e\n\t\t}\n\t\tdelete(c.at, c.byUse.Remove(last)", false, true},
	{1, "Put evicts the newest", "c.byUse.Back()", "c.byUse.Front()", true, false},
	{1, "Get does not count as a use", "\tc.byUse.MoveToFront(e)\n", "", true, false},
	{2, "Pop moves all", "\ts.n--\n", "\ts.n--\n\ts.items = append([]int(nil), s.items...)\n", false, true},
	{2, "Cap lies", "return len(s.items)", "return 1 << 20", true, false},
	{3, "the key is its own hash", "x := uint64(k) + 0x9E3779B97F4A7C15", "if k != 1<<62 {\n\t\treturn uint64(k)\n\t}\n\tx := uint64(k)", true, true},
	{3, "Put looks at all chains", "\tc := t.chain(k)\n", "\tfor range t.chains {\n\t}\n\tc := t.chain(k)\n", false, true},
	{3, "keys with the lower half alone", "x := uint64(k) + 0x9E3779B97F4A7C15", "x := uint64(uint32(k)) + 0x9E3779B97F4A7C15", true, false},
	{4, "Push begins again when the maximum leaves", "\tw.pushed++\n", "\tw.pushed++\n\tif w.n == 1 {\n\t\tfor i := range w.ring {\n\t\t\tw.less(w.ring[i].value, v)\n\t\t}\n\t}\n", true, true},
	{4, "Push has its own order", "!w.less(v, w.at(w.n-1).value)", "v >= w.at(w.n-1).value", true, false},
	{4, "Push looks at all when the values fall", "\tw.pushed++\n", "\tw.pushed++\n\tif w.n == w.k {\n\t\tfor range w.ring {\n\t\t}\n\t}\n", false, true},
	{5, "Oldest looks for it", "return j.values[j.next%len(j.values)]", "for range j.values {\n\t}\n\treturn j.values[j.next%len(j.values)]", false, true},
	{5, "Oldest is the first", "return j.values[j.next%len(j.values)]", "return j.values[0]", true, false},
	{5, "the answer is a guess", `"c"`, `"a"`, true, false},
	{6, "Push moves all", "\tq.n++\n", "\tq.n++\n\tq.items = append([]int(nil), q.items...)\n", false, true},
	{6, "Push and Pop move all when half is used", "\tv = q.items[q.head]\n", "\tv = q.items[q.head]\n\tif q.n <= len(q.items)/2 {\n\t\tq.items = append([]int(nil), q.items...)\n\t}\n", false, true},
	{6, "Pop returns the last", "v = q.items[q.head]", "v = q.items[(q.head+q.n-1)%len(q.items)]", true, false},
	{7, "At counts its way", "return s.values[i]", "for range i {\n\t}\n\treturn s.values[i]", false, true},
	{7, "Len counts", "return len(s.values)", "n := 0\n\tfor range s.values {\n\t\tn++\n\t}\n\treturn n", false, true},
	{7, "Insert searches", "\ts.at[v] = len(s.values)\n", "\tfor range s.values {\n\t}\n\ts.at[v] = len(s.values)\n", false, true},
	{8, "NewSums knows all ranges", "\treturn s\n", "\tfor range values {\n\t\tfor range values {\n\t\t}\n\t}\n\treturn s\n", false, true},
	{8, "Range forgets the last", "return s.upTo[j] - s.upTo[i]", "return s.upTo[max(i, j-1)] - s.upTo[i]", true, false},
	{9, "Pop looks for the next minimum", "func (s *MinStack) Pop() {", "func (s *MinStack) Pop() {\n\tfor range s.items {\n\t}\n\t", false, true},
	{9, "Push looks for the minimum", "\tleast, ok := s.Min()\n", "\tfor range s.items {\n\t}\n\tleast, ok := s.Min()\n", false, true},
	{9, "Pop does nothing", "s.items = s.items[:max(0, len(s.items)-1)]", "", true, false},
	{10, "no token comes back", "b.tokens = min(b.size, b.tokens+now-b.last)", "", true, false},
	{10, "NewBucket fills it one by one", "func NewBucket(size int) *Bucket {", "func NewBucket(size int) *Bucket {\n\tfor range size {\n\t}\n\t", false, true},

	{2, "growth by 1.5", "max(8, 2*s.n)", "max(8, s.n+s.n/2)", false, false},
	{2, "append", "\tif s.n == len(s.items) {\n\t\tlarger := make([]int, max(8, 2*s.n))\n\t\tcopy(larger, s.items)\n\t\ts.items = larger\n\t}\n\ts.items[s.n] = v\n", "\ts.items = append(s.items[:s.n], v)\n\ts.items = s.items[:cap(s.items)]\n", false, false},
	{6, "a slice whose front moves, compacted", compactFrom, compactTo, false, false},
	{3, "Fibonacci hashing", "x := uint64(k) + 0x9E3779B97F4A7C15", "x := uint64(k) * 0x9E3779B97F4A7C15", false, false},
}

// The body of the ring, and that of a slice with a head that is moved to the front
// when half of it is empty.
const (
	compactFrom = "\tif q.n == len(q.items) {\n\t\tlarger := make([]int, max(8, 2*q.n))\n\t\tcopied := copy(larger, q.items[q.head:])\n\t\tcopy(larger[copied:], q.items[:q.head])\n\t\tq.items, q.head = larger, 0\n\t}\n\tq.items[(q.head+q.n)%len(q.items)] = v\n\tq.n++\n}\n\n// Pop removes the first value; ok is false if there is none.\nfunc (q *Queue) Pop() (v int, ok bool) {\n\tif q.n == 0 {\n\t\treturn 0, false\n\t}\n\tv = q.items[q.head]\n\tq.head, q.n = (q.head+1)%len(q.items), q.n-1\n\treturn v, true\n}\n"
	compactTo   = "\tq.items = append(q.items, v)\n}\n\n// Pop removes the first value; ok is false if there is none.\nfunc (q *Queue) Pop() (v int, ok bool) {\n\tif q.head == len(q.items) {\n\t\treturn 0, false\n\t}\n\tv = q.items[q.head]\n\tif q.head++; 2*q.head > len(q.items) {\n\t\tq.items = q.items[:copy(q.items, q.items[q.head:])]\n\t\tq.head = 0\n\t}\n\treturn v, true\n}\n"
)
