// Package weave rewrites copies of Go source files for go's -overlay flag, so that
// instruments reach the compiler without being in the source: the code that is measured
// or tested is the code that ships.
//
// # Idea
//
// A loom visits the syntax tree of a file and inserts text at byte offsets. It adds no
// line above the last one, so line numbers stay. The copies lie in a folder that the
// caller chooses; the overlay, a JSON file, maps each source file to its copy:
//
//	overlay, err := weave.Weave(weave.Config{
//		Root: root, Dir: t.TempDir(), Packages: []string{"lru"}, Looms: []weave.Loom{weave.Yield()},
//	})
//	cmd := exec.Command("go", "test", "-overlay", overlay, "./lru")
//
// Looms are applied in order, each to the text that the one before it has produced. The
// first text is that of the tree, or of another overlay (Config.Base): a planted bug can
// be counted or given yields.
//
// # Looms
//
//	Work       counts executed blocks and moved elements; internal/weave/work
//	Yield      gives up the processor around synchronisation; internal/weave/yield
//	Sched      puts a controlled scheduler in the place of sync, channels, select, go,
//	           timers and the clock; internal/weave/sched
//	Step       calls a hook before each statement; internal/weave/step
//	Plant      inserts a statement into a function
//	Constants  replaces the values of named constants
//
// The instruments that a loom inserts are calls of a runtime package below
// internal/weave. Only rewritten copies import that package, which a test checks. The
// overlay adds it to a module that does not have it, so any module can be woven.
//
// # What syntax can tell
//
// The looms have no types. Where syntax is ambiguous they do more than needed (a yield
// next to a method that is named Load costs nothing). Code that they cannot rewrite does
// not compile, or is reported. Tests of this package check, with types, that nothing was
// missed in flatline's own packages.
package weave
