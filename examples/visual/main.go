// Visual shows the ten structures at work in a browser, one statement at a time: the
// shipped code, woven and compiled for it.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"example.com/flatline/examples/internal/serve"
)

//go:embed page
var page embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	addr := flag.String("addr", "127.0.0.1:8080", "where to serve the pages; port 0 is a free one")
	out := flag.String("o", "", "write the pages to this folder, for any static server, and end")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unknown argument %q", flag.Arg(0))
	}
	if err := run(ctx, *addr, *out, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, addr, out string, stdout io.Writer) error {
	dir := out
	if out == "" {
		var err error
		if dir, err = os.MkdirTemp("", "visual"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	if err := write(ctx, dir); err != nil {
		return err
	}
	if out != "" {
		fmt.Fprintf(stdout, "visual: written to %s\n", out)
		return nil
	}
	return listen(ctx, addr, dir, stdout)
}

// listen serves a folder that write has filled until the context ends.
func listen(ctx context.Context, addr, dir string, stdout io.Writer) error {
	var g serve.Group
	defer g.Close()
	at, err := g.Listen(addr, handler(dir))
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "visual: http://%s/\n", at)
	<-ctx.Done()
	return nil
}

// handler serves a folder that write has filled.
func handler(dir string) http.Handler {
	return serve.Guard(http.FileServer(http.Dir(dir)), "open it on the machine where it runs")
}

// write fills a folder with the pages.
func write(ctx context.Context, dir string) error {
	root, err := root(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := build(ctx, root, dir); err != nil {
		return err
	}
	files, err := fs.Sub(page, "page")
	if err != nil {
		return err
	}
	entries, err := fs.ReadDir(files, ".")
	for _, e := range entries {
		text, readErr := fs.ReadFile(files, e.Name())
		err = errors.Join(err, readErr, os.WriteFile(filepath.Join(dir, e.Name()), text, 0o644))
	}
	return err
}

// root returns the folder of flatline's go.mod.
func root(ctx context.Context) (string, error) {
	file, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.GoMod}}", "example.com/flatline").Output()
	if err != nil {
		return "", fmt.Errorf("this must run in a checkout of flatline: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(file))), nil
}
