// Package house holds the tests of what the ten packages promise together: that no
// misuse hangs a caller, that a loop may end at any element, that every number and every
// clock from outside is handled, and that each invariant of an essay is checked under
// its number.
//
// The tests find types, methods, functions and iterators in the source. A name that is
// new there and missing in the tables here fails, so that no type can be forgotten.
package house
