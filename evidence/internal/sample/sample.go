// Package sample is what those who record histories and those who count them agree on.
package sample

// How many histories a type gets.
const (
	Short = 500 // with -short
	Usual = 3_000
	Long  = 100_000 // with -long
)

// Woven is the flag of go test that tells internal/history that yields are woven in.
const Woven = "-ldflags=-X=example.com/flatline/evidence/internal/history.woven=yield"

// Attribute is the key of the attribute with which a test says how many histories of
// which type it has judged: the name, their number, and how many of them had yields.
const Attribute = "histories"
