package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"example.com/flatline/internal/house"
	"example.com/flatline/internal/weave"
)

// shrunk are constants with smaller values, so that a page can show what they bound: a
// segment of concmap has one group of seven slots and is divided after one wait, a chunk
// of timemap has four versions, and bqueue does not look again before it waits.
var shrunk = map[string]string{
	"concmap.maxBytes": "128", "concmap.growAhead": "1", "concmap.hotWaits": "1",
	"timemap.chunkLen": "4", "bqueue.looks": "0",
}

// planted is the bug of planted.wasm.
const planted = "evidence/mutants/concmap/frozen-later.patch"

//go:embed view.go.txt
var view []byte

// build weaves the ten packages and compiles them for the browser: flatline.wasm, and
// planted.wasm with a bug. It writes them to dir with the source of each woven file.
func build(ctx context.Context, root, dir string) error {
	tmp, err := os.MkdirTemp("", "visual")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	folders, err := weave.Deps(root, house.Packages...)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if err := copySources(filepath.Join(root, folder), filepath.Join(dir, "src", folder)); err != nil {
			return err
		}
	}
	bug, err := plant(root, filepath.Join(dir, "planted"))
	if err != nil {
		return err
	}
	for name, base := range map[string]map[string]string{"flatline": nil, "planted": bug} {
		own := filepath.Join(tmp, name)
		if err := os.Mkdir(own, 0o755); err != nil {
			return err
		}
		if err := compile(ctx, root, own, folders, base, filepath.Join(dir, name+".wasm")); err != nil {
			return err
		}
	}
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	script := filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec.js")
	return copyFile(script, filepath.Join(dir, "wasm_exec.js"))
}

// compile makes one program. base is an overlay with a planted bug, or nil.
func compile(ctx context.Context, root, tmp string, folders []string, base map[string]string, out string) error {
	overlay, err := weave.Weave(weave.Config{
		Root: root, Dir: tmp, Packages: folders, Base: base,
		Looms: []weave.Loom{weave.Constants(shrunk), weave.Step(), weave.Sched()},
	})
	if err != nil {
		return err
	}
	// The view is not woven: it must not be a step of what it shows.
	replace, err := weave.ReadOverlay(overlay)
	if err != nil {
		return err
	}
	file := filepath.Join(tmp, "view.go")
	replace[filepath.Join(root, "concmap", "visual_view.go")] = file
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err := errors.Join(err, os.WriteFile(file, view, 0o644), os.WriteFile(overlay, text, 0o644)); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-overlay="+overlay, "-o", out, "./examples/visual/wasm")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOWORK=off", "GOFLAGS=-mod=readonly", "GOEXPERIMENT=")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, said)
	}
	return nil
}

var hunk = regexp.MustCompile(`(?m)^--- a/(\S+)\n\+\+\+ b/\S+\n@@[^\n]*\n((?:[ +-][^\n]*\n)+)`)

// plant applies the patch, which has one hunk, to a copy below dir, and returns the
// overlay.
func plant(root, dir string) (map[string]string, error) {
	patch, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(planted)))
	if err != nil {
		return nil, err
	}
	m := hunk.FindStringSubmatch(strings.ReplaceAll(string(patch), "\r", "") + "\n")
	if m == nil {
		return nil, fmt.Errorf("%s has no hunk", planted)
	}
	var old, changed strings.Builder
	for line := range strings.Lines(m[2]) {
		if line[0] != '+' {
			old.WriteString(line[1:])
		}
		if line[0] != '-' {
			changed.WriteString(line[1:])
		}
	}
	file := filepath.Join(root, filepath.FromSlash(m[1]))
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if strings.Count(string(source), old.String()) != 1 {
		return nil, fmt.Errorf("%s does not apply", planted)
	}
	to := filepath.Join(dir, filepath.FromSlash(m[1]))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return nil, err
	}
	return map[string]string{file: to}, os.WriteFile(to, []byte(strings.Replace(string(source), old.String(), changed.String(), 1)), 0o644)
}

// copySources copies the Go files of a folder, tests apart.
func copySources(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.go"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		if err := copyFile(file, filepath.Join(to, filepath.Base(file))); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
