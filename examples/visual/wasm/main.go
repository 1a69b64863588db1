//go:build js && wasm

// Wasm is the part of examples/visual that runs in the browser: the structures, woven for
// it, and their recorder.
package main

import (
	"encoding/json"
	"syscall/js"

	"example.com/flatline/examples/visual/show"
)

func main() {
	js.Global().Set("flatlinePages", encode(show.Pages))
	js.Global().Set("flatlineRun", js.FuncOf(func(_ js.Value, a []js.Value) any {
		rec, err := show.Run(a[0].String(), a[1].String(), a[2].String(), a[3].String())
		if err != nil {
			return encode(map[string]string{"Error": err.Error()})
		}
		return encode(rec)
	}))
	js.Global().Set("flatlineReplay", js.FuncOf(func(_ js.Value, a []js.Value) any {
		form, do, by, err := show.Replay(a[0].String())
		if err != nil {
			return encode(map[string]string{"Error": err.Error()})
		}
		return encode(map[string]string{"page": "concmap", "form": form, "do": do, "by": by})
	}))
	js.Global().Call("flatlineReady")
	select {}
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
