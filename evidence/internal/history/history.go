// Package history records the calls and results of concurrent clients of a structure and
// checks that they are linearizable: that one order of the operations, which agrees with
// the clock, explains every result by the sequential model (Herlihy and Wing, 1990).
// porcupine (Athalye) does the search.
//
// Many short histories find more than a few long ones, and the search is exponential in
// the number of overlapping operations. Histories are useful only if operations overlap:
// the command linear weaves yields into flatline's packages, and every second history
// runs with them, so that goroutines are interleaved wherever they synchronise.
//
//	go run -C evidence ./linear -pkg lru            a few thousand histories per type
//	go run -C evidence ./linear -pkg lru -long      100,000
//	go test -C evidence ./linear/lru                without yields
package history

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"example.com/flatline/evidence/internal/sample"
	"example.com/flatline/internal/weave/yield"
)

var long = flag.Bool("long", false, "record 100,000 histories per type")

// woven is set by the linker (sample.Woven) in a build into which yields are woven.
var woven string

// patience is the time limit for recording one history, and for judging it.
var patience = 30 * time.Second

// A Type describes the histories of one type and the model that judges them: a
// structure T, calls In, results Out, and the state St of the model.
type Type[T, In, Out, St any] struct {
	Name    string // "lru.Sync"
	Clients int    // goroutines, 3 if 0
	Ops     int    // operations of each, 8 if 0

	// New makes a structure for one history. r is for structures that vary.
	New func(r *rand.Rand) T
	// Input chooses an operation of a client; it runs before the history begins.
	Input func(r *rand.Rand, client int) In
	// Do performs it, and is timed.
	Do func(t T, in In) Out
	// Close, if not nil, ends a structure.
	Close func(t T)

	// Init is the state of the model before the first operation.
	Init func() St
	// Step returns every state that an operation with this result can lead to: none if
	// the model cannot give this result. It must not change st. Most models have one
	// answer; use Is for them.
	Step func(st St, in In, out Out) []St
	// Equal compares states; nil for states that == compares.
	Equal func(a, b St) bool
	// Part, if not nil, says which independent part of the structure an operation
	// is about (its key). Each part is then judged alone, from Init.
	Part func(in In) int
	// Split, if not nil, divides an operation that takes effect in several steps into
	// these, in their order: a PushSlice is a sequence of pushes, between which other
	// operations may happen. Each step is judged as an operation that takes effect at its
	// own moment between the call and the return, after the step before it.
	Split func(in In, out Out) []Step[In, Out]
	// Describe writes an operation; nil for "%v -> %v".
	Describe func(in In, out Out) string
}

// A Step is one of the steps that Split makes of an operation.
type Step[In, Out any] struct {
	In  In
	Out Out
}

// Is is the result of a deterministic model's Step.
func Is[St any](ok bool, next St) []St {
	if !ok {
		return nil
	}
	return []St{next}
}

// Check records histories and fails the test at the first that is not
// linearizable.
func Check[T, In, Out, St any](t *testing.T, ty Type[T, In, Out, St]) {
	t.Helper()
	n := sample.Usual
	switch {
	case *long:
		n = sample.Long
	case testing.Short():
		n = sample.Short
	}
	ty.defaults()
	if text, ops := ty.find(n); text != "" {
		page := filepath.Join(t.ArtifactDir(), "history.html") // kept with -artifacts
		_, info := porcupine.CheckOperationsVerbose(ty.model(), ops, patience)
		if err := porcupine.VisualizePath(ty.model(), info, page); err == nil {
			text += "drawn in " + page + ", which -artifacts keeps\n"
		}
		t.Fatal(text)
	}
	yields := 0
	if woven != "" {
		yields = n / 2
	}
	t.Logf("%s: %d histories of %d×%d operations are linearizable, %d of them with yields",
		ty.Name, n, ty.Clients, ty.Ops, yields)
	t.Attr(sample.Attribute, fmt.Sprintf("%s %d %d", ty.Name, n, yields))
}

func (ty *Type[T, In, Out, St]) defaults() {
	if ty.Clients == 0 {
		ty.Clients = 3
	}
	if ty.Ops == 0 {
		ty.Ops = 8
	}
	if ty.Clients > maxClients || ty.Split != nil && ty.Part != nil {
		panic("history: too many clients, or Split together with Part")
	}
	if ty.Equal == nil {
		ty.Equal = func(a, b St) bool { return any(a) == any(b) }
	}
}

// find records up to n histories and returns the first that no order explains,
// described, or "".
func (ty *Type[T, In, Out, St]) find(n int) (text string, ops []porcupine.Operation) {
	model := ty.model()
	for i := range n {
		yields := i%2 == 1
		ops, done := ty.record(uint64(i), yields)
		if !done {
			return fmt.Sprintf("%s: history %d did not end within %v\n\n%s", ty.Name, i, patience, stacks()), nil
		}
		switch result := porcupine.CheckOperationsTimeout(model, ops, patience); result {
		case porcupine.Ok:
		case porcupine.Illegal:
			ops = ty.illegal(model, ops)
			return fmt.Sprintf("%s: history %d (yields: %v) is not linearizable\n%s",
				ty.Name, i, yields && woven != "", ty.describe(ops)), ops
		default:
			return fmt.Sprintf("%s: history %d was not judged within %v; shorten it or give Part\n%s",
				ty.Name, i, patience, ty.describe(ops)), ops
		}
	}
	return "", nil
}

// record runs the clients of one history. Their operations depend only on i; their
// interleaving does not.
func (ty *Type[T, In, Out, St]) record(i uint64, yields bool) (_ []porcupine.Operation, done bool) {
	name := fnv.New64a()
	name.Write([]byte(ty.Name))
	r := rand.New(rand.NewPCG(name.Sum64(), i))
	structure := ty.New(r)
	inputs := make([]In, ty.Clients*ty.Ops)
	for at := range inputs {
		inputs[at] = ty.Input(r, at/ty.Ops)
	}
	ops := make([]porcupine.Operation, len(inputs)) // not the result: a client that continues would find it gone
	defer yield.On(yields)()

	var ready atomic.Int32
	var wg sync.WaitGroup
	base := time.Now()
	for client := range ty.Clients {
		wg.Go(func() {
			// All clients begin together: an operation takes less time than starting a
			// goroutine.
			for ready.Add(1); int(ready.Load()) < ty.Clients; {
				runtime.Gosched()
			}
			for at := client * ty.Ops; at < (client+1)*ty.Ops; at++ {
				call := time.Since(base)
				out := ty.Do(structure, inputs[at])
				ops[at] = porcupine.Operation{
					ClientId: client, Input: input[In]{in: inputs[at]}, Output: out,
					Call: int64(call), Return: int64(time.Since(base)),
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(patience):
		return nil, false
	}
	if ty.Close != nil {
		ty.Close(structure)
	}
	return ty.split(ops), true
}

// describe writes a history in the order of the calls, a column for each client.
func (ty *Type[T, In, Out, St]) describe(ops []porcupine.Operation) string {
	ops = slices.Clone(ops)
	slices.SortFunc(ops, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var b strings.Builder
	fmt.Fprintf(&b, "%9s %9s  operation, indented by client\n", "call ns", "return")
	for _, op := range ops {
		fmt.Fprintf(&b, "%9d %9d  %s%s\n", op.Call, op.Return,
			strings.Repeat("\t\t\t", op.ClientId), ty.operation(op.Input.(input[In]).in, op.Output.(Out)))
	}
	return b.String()
}

func (ty *Type[T, In, Out, St]) operation(in In, out Out) string {
	if ty.Describe != nil {
		return ty.Describe(in, out)
	}
	return fmt.Sprintf("%v -> %v", in, out)
}

func stacks() []byte {
	b := make([]byte, 1<<20)
	return b[:runtime.Stack(b, true)]
}
