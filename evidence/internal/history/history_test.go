package history

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/assert"
)

// registers are the structure under test: a word for each key. parted splits add into a
// read and a write, a bug that the race detector cannot see.
type registers struct {
	mu     sync.Mutex
	words  [2]int
	parted bool
}

type add struct{ key, delta int } // returns the sum

func (r *registers) add(in add) int {
	r.mu.Lock()
	sum := r.words[in.key] + in.delta
	if r.parted {
		r.mu.Unlock()
		runtime.Gosched()
		r.mu.Lock()
	}
	r.words[in.key] = sum
	r.mu.Unlock()
	return sum
}

func counters(parted bool) Type[*registers, add, int, int] {
	return Type[*registers, add, int, int]{
		Name:  "registers",
		New:   func(*rand.Rand) *registers { return &registers{parted: parted} },
		Input: func(r *rand.Rand, client int) add { return add{r.IntN(2), 1 + r.IntN(3)} },
		Do:    (*registers).add,
		Init:  func() int { return 0 },
		Step:  func(st int, in add, out int) []int { return Is(out == st+in.delta, out) },
		Part:  func(in add) int { return in.key },
	}
}

func TestCorrectType(t *testing.T) { Check(t, counters(false)) }

func TestBugIsFoundAndShown(t *testing.T) {
	ty := counters(true)
	ty.defaults()
	text, ops := ty.find(10_000)
	assert.Contains(t, text, "registers: history")
	assert.Contains(t, text, "is not linearizable")
	assert.Contains(t, text, "} -> ")
	for _, op := range ops {
		assert.Equal(t, ops[0].Input.(input[add]).in.key, op.Input.(input[add]).in.key, "only the part that fails is shown")
	}

	ty.Part = nil // judged whole, with the state of both keys
	whole := Type[*registers, add, int, [2]int]{
		Name: ty.Name, New: ty.New, Input: ty.Input, Do: ty.Do,
		Init: func() (st [2]int) { return st },
		Step: func(st [2]int, in add, out int) [][2]int {
			ok := out == st[in.key]+in.delta
			st[in.key] = out
			return Is(ok, st)
		},
	}
	whole.defaults()
	text, _ = whole.find(10_000)
	assert.Contains(t, text, "is not linearizable")
}

// TestHistoryThatDoesNotEnd: a history that hangs is reported with the stacks, and may
// continue later.
func TestHistoryThatDoesNotEnd(t *testing.T) {
	defer func(d time.Duration) { patience = d }(patience)
	patience = 10 * time.Millisecond
	release := make(chan struct{})
	ty := counters(false)
	ty.defaults()
	var done sync.WaitGroup
	done.Add(ty.Clients * ty.Ops)
	ty.Do = func(r *registers, in add) int {
		defer done.Done()
		<-release
		return r.add(in)
	}
	text, _ := ty.find(1)
	assert.Contains(t, text, "history 0 did not end within 10ms")
	assert.Contains(t, text, "TestHistoryThatDoesNotEnd.func")
	close(release)
	done.Wait()
}

// TestNondeterministicModel: a coin may fall either way, but then it stays as it fell.
func TestNondeterministicModel(t *testing.T) {
	type coin struct {
		mu         sync.Mutex
		thrown, up bool
		forget     bool
	}
	look := func(c *coin, _ struct{}) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.thrown || c.forget {
			c.thrown, c.up = true, rand.IntN(2) == 0
		}
		return c.up
	}
	ty := Type[*coin, struct{}, bool, string]{
		Name:  "coin",
		New:   func(*rand.Rand) *coin { return &coin{} },
		Input: func(*rand.Rand, int) (in struct{}) { return in },
		Do:    look,
		Init:  func() string { return "in the air" },
		Step: func(st string, _ struct{}, up bool) (next []string) {
			for _, side := range []string{"up", "down"} {
				if (st == side || st == "in the air") && up == (side == "up") {
					next = append(next, side)
				}
			}
			return next
		},
	}
	Check(t, ty)
	ty.defaults()
	ty.New = func(*rand.Rand) *coin { return &coin{forget: true} }
	text, _ := ty.find(100)
	assert.Contains(t, text, "is not linearizable")
}

func TestCloseEndsEachHistory(t *testing.T) {
	closed := 0
	ty := counters(false)
	ty.Close = func(*registers) { closed++ }
	ty.defaults()
	text, _ := ty.find(7)
	assert.Empty(t, text)
	assert.Equal(t, 7, closed)
}

// TestSplit: the steps of an operation keep their order, others may come between
// them, and all lie between the call and the return.
func TestSplit(t *testing.T) {
	// A log to which letters are appended; the result is all that it then is.
	ty := Type[struct{}, string, string, string]{
		Init: func() string { return "" },
		Step: func(st, in, out string) []string { return Is(out == "" || out == st+in, st+in) },
		Split: func(in, out string) (steps []Step[string, string]) {
			for i, c := range in {
				s := Step[string, string]{In: string(c)}
				if i == len(in)-1 {
					s.Out = out
				}
				steps = append(steps, s)
			}
			return steps
		},
	}
	ty.defaults()
	history := func(ab, other string, ends int64) []porcupine.Operation {
		return ty.split([]porcupine.Operation{
			{ClientId: 0, Input: input[string]{in: "ab"}, Output: ab, Call: 10, Return: 20},
			{ClientId: 1, Input: input[string]{in: "x"}, Output: other, Call: ends - 5, Return: ends},
		})
	}
	for want, h := range map[bool][][]porcupine.Operation{
		true:  {history("ab", "abx", 15), history("axb", "ax", 15), history("xab", "x", 15), history("ab", "abx", 30)},
		false: {history("ba", "bax", 15), history("ab", "bx", 15), history("axb", "ax", 30), history("axb", "ax", 9)},
	} {
		for i, ops := range h {
			assert.Len(t, ops, 3)
			assert.Equal(t, want, porcupine.CheckOperations(ty.model(), ops), "%v %d", want, i)
		}
	}
}
