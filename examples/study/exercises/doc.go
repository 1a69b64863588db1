// Package exercises is a lab on cost. Each folder task01 to task10 is a package with a
// structure that works, or nearly works, and costs more than it states. LAB.md says how
// to solve them. Their tests have the build tag exercise, so that they fail only when
// requested.
package exercises
