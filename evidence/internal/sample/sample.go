// Package sample has the constants that the code that records histories and the code that
// counts them share.
package sample

// The number of histories per type.
const (
	Short = 500 // with -short
	Usual = 3_000
	Long  = 100_000 // with -long
)

// Woven is the flag of go test that tells internal/history that yields are woven in.
const Woven = "-ldflags=-X=example.com/flatline/evidence/internal/history.woven=yield"

// Attribute is the key of the attribute with which a test reports the histories that it
// has judged: the name of the type, their number, and how many of them had yields.
const Attribute = "histories"
