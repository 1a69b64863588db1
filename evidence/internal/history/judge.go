package history

import "github.com/anishathalye/porcupine"

// A Call is an operation of a history that another package has recorded. Two calls of
// which one returns before the other begins, in any unit of time, took effect in this
// order.
type Call[In, Out any] struct {
	Client       int
	In           In
	Out          Out
	Call, Return int64
}

// Linearizable reports whether one order of the calls explains all results.
func (ty *Type[T, In, Out, St]) Linearizable(calls []Call[In, Out]) bool {
	ty.defaults()
	ops := make([]porcupine.Operation, len(calls))
	for i, c := range calls {
		ops[i] = porcupine.Operation{ClientId: c.Client, Input: input[In]{in: c.In}, Output: c.Out, Call: c.Call, Return: c.Return}
	}
	return porcupine.CheckOperations(ty.model(), ty.split(ops))
}
