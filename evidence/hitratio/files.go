package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// percents of the different keys of a trace are the capacities that it is replayed with.
var percents = []int{1, 5, 20}

// replayFiles prints the table of the traces in files, and writes their picture, if it
// has a name.
func replayFiles(files []string, picture string, stdout, stderr io.Writer) ([]point, error) {
	all, err := readTraces(files)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range policies() {
		names = append(names, p.name)
	}
	points := measure(all, policies(), progress(stderr))
	fmt.Fprint(stdout, table(names, points))
	if picture == "" {
		return points, nil
	}
	return points, os.WriteFile(picture, []byte(draw(names, points)), 0o644)
}

// saveReal puts the points of traces into the record, and renders the documents.
func saveReal(points []point, dir string) error {
	if err := save(dir, tracesFile(dir), traceCommand, policies(), points); err != nil {
		return err
	}
	r, err := load(dir)
	if err != nil {
		return err
	}
	return render(dir, r)
}

func readTraces(files []string) (all []trace, err error) {
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		t, err := readTrace(name, b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, t)
	}
	return all, nil
}

// readTrace reads the keys of a trace: one in each line if it is text, else one in each
// 32-bit word. Only which keys are equal matters, so each gets its own number, and
// it does not matter which end of a word is first. A line that is empty or * is skipped.
func readTrace(name string, b []byte) (trace, error) {
	t := trace{name: name}
	if bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return t, err
		}
		if b, err = io.ReadAll(z); err != nil {
			return t, err
		}
	}
	if isText(b) {
		t.keys = numbers(strings.Split(string(b), "\n"), func(line string) bool { return line != "" && line != "*" })
	} else if len(b)%4 == 0 {
		words := make([]uint32, len(b)/4)
		for i := range words {
			words[i] = binary.BigEndian.Uint32(b[4*i:])
		}
		t.keys = numbers(words, func(uint32) bool { return true })
	} else {
		return t, fmt.Errorf("%d bytes are neither lines of text nor 32-bit words", len(b))
	}
	if len(t.keys) == 0 {
		return t, fmt.Errorf("no keys")
	}
	distinct := map[int64]bool{}
	for _, k := range t.keys {
		distinct[k] = true
	}
	for _, percent := range percents {
		t.capacities = append(t.capacities, max(len(distinct)*percent/100, 1))
	}
	return t, nil
}

// isText reports whether b is text, as keys in lines are.
func isText(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }

// numbers gives equal keys equal numbers, and leaves out those that are no keys.
func numbers[K comparable](keys []K, isKey func(K) bool) (all []int64) {
	of := map[K]int64{}
	for _, k := range keys {
		if !isKey(k) {
			continue
		}
		n, ok := of[k]
		if !ok {
			n = int64(len(of))
			of[k] = n
		}
		all = append(all, n)
	}
	return all
}
