package record

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// SchedulesCommand makes the record of the schedules.
const SchedulesCommand = "go run -C evidence ./schedules -record"

// SchedulesBound is how many preemptions the command explores.
const SchedulesBound = 2

// An Explored is a type and a shape of programs; every schedule of these was run.
type Explored struct {
	Name      string `json:"name"` // "concmap.Map, Compute"
	Pkg       string `json:"pkg"`  // the folder of the structure
	Shape     string `json:"shape"`
	Bound     int    `json:"bound"` // maximum number of preemptions of a schedule
	Programs  int    `json:"programs"`
	Schedules int    `json:"schedules"`
	Histories int    `json:"histories"` // distinct ones, each judged by the model
}

// Schedules is the record of a whole run.
type Schedules struct {
	Made
	Seconds  int        `json:"seconds"`
	Explored []Explored `json:"explored"`
}

// SchedulesFile is the record of the schedules in a folder of evidence.
func SchedulesFile(dir string) string { return filepath.Join(dir, "results", "schedules.json") }

// ReadSchedules reads the record of a folder of evidence.
func ReadSchedules(dir string) (s Schedules, err error) {
	b, err := os.ReadFile(SchedulesFile(dir))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("results/schedules.json: %w", err)
	}
	return s, nil
}

// Write writes the record.
func (s Schedules) Write(dir string) error {
	b, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(SchedulesFile(dir), append(b, '\n'), 0o644)
}

// Pkgs are the folders of the structures in the record.
func (s Schedules) Pkgs() (pkgs []string) {
	for _, e := range s.Explored {
		pkgs = append(pkgs, e.Pkg)
	}
	slices.Sort(pkgs)
	return slices.Compact(pkgs)
}

// Wrong returns the entries that cannot be in a record of SchedulesCommand.
func (s Schedules) Wrong() (wrong []string) {
	bad := func(format string, args ...any) {
		wrong = append(wrong, "results/schedules.json: "+fmt.Sprintf(format, args...))
	}
	if err := s.Check(); err != nil {
		bad("%v", err)
	}
	if s.Command != SchedulesCommand {
		bad("was not made by %s", SchedulesCommand)
	}
	for _, pkg := range scheduled {
		if !slices.Contains(s.Pkgs(), pkg) {
			bad("nothing of %s is in the record", pkg)
		}
	}
	for i, e := range s.Explored {
		name := e.Name + " " + e.Shape
		switch {
		case e.Bound != SchedulesBound:
			bad("%s: a bound of %d; %s has %d", name, e.Bound, SchedulesCommand, SchedulesBound)
		case e.Programs < 1 || e.Schedules < e.Programs || e.Histories < e.Programs || e.Histories > e.Schedules:
			bad("%s: %d programs cannot have %d schedules and %d histories", name, e.Programs, e.Schedules, e.Histories)
		case slices.ContainsFunc(s.Explored[:i], func(o Explored) bool { return o.Name == e.Name && o.Shape == e.Shape }):
			bad("%s is twice in the record", name)
		case strings.Count(e.Shape, "+") < 1:
			bad("%s: a shape of one goroutine", name)
		}
	}
	return wrong
}

// scheduled are the folders whose types are explored.
var scheduled = []string{"bqueue", "concmap", "internal/lap", "lfu", "lru", "randset", "ratelimit", "ringbuffer", "timemap"}

// ScheduleSources are the hashes of the sources that the schedules of packages describe:
// the code, the models, and the code that runs one step at a time.
func ScheduleSources(root string, pkgs ...string) (map[string]string, error) {
	today := map[string]string{}
	for _, pkg := range pkgs {
		model := "evidence/linear/" + filepath.Base(pkg)
		if pkg == "internal/lap" {
			model = "evidence/linear/ringbuffer"
		}
		hash, err := Sources(root, pkg, model, "internal/weave", "internal/weave/sched", "internal/weave/sched/errgroup",
			"internal/weave/sched/rand", "internal/weave/sched/runtime", "internal/weave/sched/time")
		if err != nil {
			return nil, err
		}
		today[pkg] = hash
	}
	return today, nil
}
