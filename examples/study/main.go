// Command study measures how the cost of every operation of flatline grows with
// the size of the structure, compares it with the cost that the package's doc
// states, and draws the curves. README.md says how to read what it prints.
package main

import (
	"os"

	"example.com/flatline/examples/study/internal/cli"
)

func main() { os.Exit(cli.Main()) }
