// Configd is a configuration management system with its values in memory or in a log.
// Package config has it all; this is the command around it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"example.com/flatline/examples/configd/config"
)

func main() {
	c := config.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	dir := flag.String("dir", "", "the directory of the log; without one, values end with the program")
	flag.Parse()
	var err error
	switch {
	case flag.Arg(0) == "verify" && flag.NArg() == 1:
		err = verify(*dir)
	case flag.NArg() > 0:
		log.Fatalf("unknown argument %q", flag.Arg(0))
	default:
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		c.Open = config.OpenDir(*dir)
		err = config.Run(ctx, c, nil)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// verify reads the audit of a directory, and says where it was changed.
func verify(dir string) error {
	if dir == "" {
		return errors.New("configd: verify needs -dir")
	}
	n, err := config.VerifyDir(dir)
	if err == nil {
		fmt.Printf("configd: %d records, each with the hash of the one before\n", n)
	}
	return err
}
