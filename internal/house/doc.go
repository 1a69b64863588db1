// Package house holds the tests of what the ten packages promise together: that no
// misuse hangs a caller, that a loop may be left at any element, that numbers and
// clocks from outside are answered, and that each invariant of an essay is checked
// under its number.
//
// The tests find types, methods, functions and iterators in the source. What is new
// there and missing in the tables here fails, so that no type can be forgotten.
package house
