//go:build !(js && wasm)

package main

import "fmt"

func main() { fmt.Println("this runs in a browser: go run ./examples/visual") }
