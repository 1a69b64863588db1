// Command woven runs a command of go on flatline's packages with instruments woven
// in: see internal/weave. The source stays as it is.
//
//	go run -C evidence ./woven -loom yield -- go test -run 'Stress|ExactlyOnce' ./bqueue ./concmap
//	go run -C evidence ./woven -loom 'yield concmap.maxBytes=256' -- go test -race ./concmap
//
// The command runs in the repository's root. -loom names the looms, separated by spaces:
// yield yields the processor around every operation that synchronises goroutines, work
// counts, PACKAGE.CONSTANT=VALUE replaces a constant. The exit status is that of the
// command.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"example.com/flatline/evidence/internal/loom"
	"example.com/flatline/internal/house"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("woven", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	looms := f.String("loom", "yield", "the looms, separated by blanks")
	if err := f.Parse(args); err != nil || f.NArg() < 2 || f.Arg(0) != "go" {
		fmt.Fprintln(stderr, "usage: go run -C evidence ./woven [-loom yield] -- go test …")
		return 2
	}
	err := weave(ctx, strings.Fields(*looms), f.Args(), stdout, stderr)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return max(exit.ExitCode(), 1)
	}
	fmt.Fprintln(stderr, "woven:", err)
	return 1
}

func weave(ctx context.Context, looms, command []string, stdout, stderr io.Writer) error {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "woven")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	overlay, err := loom.Overlay(root, dir, house.Packages, looms, nil)
	if err != nil {
		return err
	}
	command = loom.Insert(command, "-overlay="+overlay)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, stdout, stderr
	return cmd.Run()
}
