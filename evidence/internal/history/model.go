package history

import "github.com/anishathalye/porcupine"

// An input is an operation, or a step of one, as porcupine sees it.
type input[In any] struct {
	in           In
	client       int
	step, behind int // the number of the operation's steps before it, and after it
}

// A state is the state of the model, and the number of steps that each client has taken
// of its current operation.
type state[St any] struct {
	st    St
	taken [maxClients]int8
}

// maxClients bounds the clients of a history.
const maxClients = 8

// split replaces operations by their steps.
func (ty *Type[T, In, Out, St]) split(ops []porcupine.Operation) []porcupine.Operation {
	if ty.Split == nil {
		return ops
	}
	var all []porcupine.Operation
	for _, op := range ops {
		steps := ty.Split(op.Input.(input[In]).in, op.Output.(Out))
		for i, s := range steps {
			op.Input, op.Output = input[In]{s.In, op.ClientId, i, len(steps) - 1 - i}, s.Out
			all = append(all, op)
		}
	}
	return all
}

// step is the model's Step for a state with the steps taken.
func (ty *Type[T, In, Out, St]) step(s state[St], in input[In], out Out) (next []any) {
	if int(s.taken[in.client]) != in.step {
		return nil // an earlier step has not happened yet
	}
	for _, st := range ty.Step(s.st, in.in, out) {
		after := state[St]{st, s.taken}
		if after.taken[in.client]++; in.behind == 0 {
			after.taken[in.client] = 0
		}
		next = append(next, after)
	}
	return next
}

func (ty *Type[T, In, Out, St]) model() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{state[St]{st: ty.Init()}} },
		Step: func(st, in, out any) (next []any) { return ty.step(st.(state[St]), in.(input[In]), out.(Out)) },
		Equal: func(a, b any) bool {
			x, y := a.(state[St]), b.(state[St])
			return x.taken == y.taken && ty.Equal(x.st, y.st)
		},
		DescribeOperation: func(in, out any) string { return ty.operation(in.(input[In]).in, out.(Out)) },
	}
	if ty.Part != nil {
		m.Partition = ty.partition
	}
	return m.ToModel()
}

// partition sorts the operations by their part.
func (ty *Type[T, In, Out, St]) partition(ops []porcupine.Operation) (parts [][]porcupine.Operation) {
	index := map[int]int{}
	for _, op := range ops {
		part := ty.Part(op.Input.(input[In]).in)
		at, ok := index[part]
		if !ok {
			at = len(parts)
			index[part] = at
			parts = append(parts, nil)
		}
		parts[at] = append(parts[at], op)
	}
	return parts
}

// illegal returns the first part that is not linearizable.
func (ty *Type[T, In, Out, St]) illegal(model porcupine.Model, ops []porcupine.Operation) []porcupine.Operation {
	if ty.Part == nil {
		return ops
	}
	for _, part := range ty.partition(ops) {
		if !porcupine.CheckOperations(model, part) {
			return part
		}
	}
	return ops
}
