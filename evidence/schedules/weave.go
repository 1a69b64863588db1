package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"example.com/flatline/internal/weave"
)

// woven is set by the linker in a build into which schedules are woven.
var woven string

// packages are the folders whose types are explored; what they import is woven too.
var packages = []string{"bqueue", "concmap", "internal/lap", "lfu", "lru", "randset", "ratelimit", "ringbuffer", "timemap"}

// shrunk are constants with other values in the woven build: a segment of concmap has one
// group of seven slots, is divided after one wait, and a directory of any length is
// copied ahead; every second item of an SPSC is a landmark; an end of a Pipe looks once
// more, since a Gosched in a loop is taken for a wait that nothing else ends; operations
// of bqueue do not look again before they wait.
var shrunk = map[string]string{
	"concmap.maxBytes":    "128",
	"concmap.growAhead":   "1",
	"concmap.hotWaits":    "1",
	"ringbuffer.landmark": "2", "ringbuffer.yields": "1",
	"bqueue.looks": "0",
}

// unwoven are packages whose instruments would say nothing about them.
const runtimeFlags = "example.com/flatline/internal/weave/sched=-race=false"

// build compiles this command with schedules woven into the packages, and returns the
// program's path in dir. base is an overlay with planted bugs, or nil.
func build(ctx context.Context, root, dir string, base map[string]string, race bool) (string, error) {
	folders, err := weave.Deps(root, packages...)
	if err != nil {
		return "", err
	}
	overlay, err := weave.Weave(weave.Config{
		Root: root, Dir: dir, Packages: folders, Base: base,
		Looms: []weave.Loom{weave.Constants(shrunk), weave.Sched()},
	})
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "schedules.exe")
	args := []string{"build", "-overlay=" + overlay, "-o", program, "-ldflags=-X main.woven=yes"}
	if race {
		args = append(args, "-race", "-gcflags="+runtimeFlags)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./schedules")...)
	cmd.Dir = filepath.Join(root, "evidence")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return program, nil
}
