package measure

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"example.com/flatline/internal/weave"
)

// overlays writes the overlay of a plain build and that of a build that counts work.
// Both leave out the tests that no benchmark needs.
func (r *runner) overlays() (plain, counting string, err error) {
	hidden := map[string]string{}
	var folders []string
	for _, t := range r.targets {
		if t.own {
			continue
		}
		h, err := weave.WithoutTests(r.Root, t.dir)
		if err != nil {
			return "", "", err
		}
		maps.Copy(hidden, h)
		folders = append(folders, t.dir)
	}
	woven, err := weave.Deps(r.Root, folders...)
	if err != nil {
		return "", "", err
	}
	var dirs [2]string
	for i, name := range []string{"plain", "counting"} {
		dirs[i] = filepath.Join(r.tmp, "overlay-"+name)
		if err := os.Mkdir(dirs[i], 0o700); err != nil {
			return "", "", err
		}
	}
	plain, err = weave.Weave(weave.Config{Root: r.Root, Dir: dirs[0], Base: hidden})
	if err != nil {
		return "", "", err
	}
	planted := r.plantings()
	if slices.Contains(woven, clockFolder) {
		planted = append(planted, clocks...)
	}
	counting, err = weave.Weave(weave.Config{
		Root: r.Root, Dir: dirs[1], Base: hidden, Packages: woven, Tests: true,
		Looms: []weave.Loom{weave.Plant(planted...), weave.Work(folders...)},
	})
	return plain, counting, err
}

const clockFolder = "internal/clock"

// clocks give counted runs a deterministic clock. A sliding window that read the machine's
// clock would advance at different calls in each run.
var clocks = []weave.Planting{readsClock("Clock.Now"), readsClock("Clock.Monotonic")}

func readsClock(fn string) weave.Planting {
	return weave.Planting{
		Folder: clockFolder, Func: fn,
		Text: "if RECV.now == nil { return weaveWork.Clock() }",
	}
}

// A plant is work planted in one operation of a package.
type plant struct {
	fn   string // the function
	size string // its n, as an expression of the receiver
	op   string // the benchmark that has to show it
}

// plants are one operation of each package, stated O(1).
var plants = map[string]plant{
	"lru":        {"Cache.Get", "RECV.Len()", "Cache_Get"},
	"lfu":        {"Cache.Get", "RECV.Len()", "Cache_Get"},
	"ratelimit":  {"Keyed.Allow", "RECV.Len()", "Keyed_Allow"},
	"ringbuffer": {"Ring.Push", "RECV.Len()", "Ring_Push"},
	"concmap":    {"Map.Load", "RECV.Len()", "Map_Load"},
	"timemap":    {"Map.Latest", "RECV.Len()", "Map_Latest"},
	"minstack":   {"Stack.Min", "RECV.Len()", "Stack_Min"},
	"randset":    {"Set.Random", "RECV.Len()", "Set_Random"},
	"slidingmax": {"Window.Push", "RECV.Len()", "Window_Push"},
	"bqueue":     {"Queue.Put", "RECV.Cap()", "Queue_PutTake"},
}

// plantEnv makes a counting binary do the planted work of one kind.
const plantEnv = "FLATLINE_PLANT="

// kinds are the kinds of planted work, as statements; n is the size. A copy moves
// up to a million bytes of the runtime's.
var kinds = []struct{ name, text string }{
	{"loop", "for range %[2]s { }"},
	{"log", "for i := %[2]s; i > 0; i /= 2 { }"},
	{"copy", "copy(weaveWork.Here[:%[2]s], weaveWork.There[:%[2]s])"},
}

// Kinds lists the kinds of planted work.
func Kinds() (names []string) {
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// plantings plants every kind in each package that is measured; they do nothing
// until the environment asks for one.
func (r *runner) plantings() (all []weave.Planting) {
	for _, t := range r.targets {
		p, ok := plants[t.pkg]
		if !ok || t.own {
			continue
		}
		for _, k := range kinds {
			text := fmt.Sprintf("if weaveWork.Planted(%[1]q) { "+k.text+" }", k.name, p.size)
			all = append(all, weave.Planting{Folder: t.dir, Func: p.fn, Text: text})
		}
	}
	return all
}

// planted is how many packages have an operation in which a loop is planted.
func (r *runner) planted() (n int) {
	for _, p := range r.Packages {
		if _, ok := plants[p]; ok {
			n++
		}
	}
	return n
}
