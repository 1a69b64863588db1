package main

import (
	"fmt"

	setmodel "example.com/flatline/evidence/linear/randset"
	timemodel "example.com/flatline/evidence/linear/timemap"
)

func otherSubjects() []subject {
	small, most := []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"}
	at := func(op string, t int64) op[timemodel.In] {
		return letter(fmt.Sprintf("%s(%d)", op, t), func(v int) timemodel.In { return timemodel.Call(op, 0, t, v) })
	}
	on := func(op string, v int) op[setmodel.In] {
		return fixed(fmt.Sprintf("%s(%d)", op, v), setmodel.Call(op, v))
	}
	return []subject{
		newPlan("timemap", timemodel.Type("timemap.Sync"),
			one(at("Set", 0), at("Set", 2), at("Delete", 1), at("Get", 2), at("History", 0), at("Backward", 0), at("Drop", 0)),
			[]op[timemodel.In]{at("History", 0)}, small, most),
		newPlan("randset", setmodel.Type("randset.Sync"),
			one(on("Insert", 0), on("Insert", 1), on("Delete", 0), on("Random", 0), on("Pop", 0), on("All", 0), on("Len", 0), on("Clear", 0)),
			[]op[setmodel.In]{on("All", 0), on("Len", 0)}, small, most),
	}
}
