package record

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// module is the path of flatline; a nested module's folder is the rest of its path.
const module = "example.com/flatline"

// Sources returns a hash of the Go files in the folders dirs below root and in all
// folders of flatline that they import, tests left out.
//
// It is a hash of tokens: comments and layout do not change what a program does, and
// line ends differ between checkouts. Directives (//go:…) count.
func Sources(root string, dirs ...string) (string, error) { return sources(root, dirs, false) }

// Tests is the hash of Sources with the tests of dirs, and all that these import.
func Tests(root string, dirs ...string) (string, error) { return sources(root, dirs, true) }

func sources(root string, dirs []string, tests bool) (string, error) {
	named := slices.Clone(dirs)
	queue := slices.Clone(dirs)
	var files []string // with /, below root
	for i := 0; i < len(queue); i++ {
		dir := queue[i]
		entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(dir)))
		if err != nil {
			return "", err
		}
		some := false
		for _, e := range entries {
			name := e.Name()
			if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") && !(tests && slices.Contains(named, dir)) {
				continue
			}
			some = true
			files = append(files, path.Join(dir, name))
			imports, err := imported(filepath.Join(root, filepath.FromSlash(dir), name))
			if err != nil {
				return "", err
			}
			for _, d := range imports {
				if !slices.Contains(queue, d) {
					queue = append(queue, d)
				}
			}
		}
		if !some {
			return "", fmt.Errorf("no Go files in %s", dir)
		}
	}
	slices.Sort(files)
	hash := sha256.New()
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "file %s\n", file)
		tokens(hash, text)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8]), nil
}

// imported returns the folders of flatline that a file imports.
func imported(file string) (dirs []string, err error) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if dir, ok := strings.CutPrefix(p, module+"/"); ok {
			dirs = append(dirs, dir)
		}
	}
	return dirs, nil
}

// tokens writes the tokens of a Go file, one per line.
func tokens(w io.Writer, text []byte) {
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("", files.Base(), len(text)), text, nil, scanner.ScanComments)
	for {
		switch _, tok, lit := s.Scan(); {
		case tok == token.EOF:
			return
		case tok == token.COMMENT:
			if strings.HasPrefix(lit, "//go:") {
				fmt.Fprintln(w, lit)
			}
		case tok == token.SEMICOLON: // explicit or inserted
			fmt.Fprintln(w, ";")
		case tok.IsLiteral():
			fmt.Fprintln(w, strconv.Quote(lit))
		default:
			fmt.Fprintln(w, tok)
		}
	}
}
