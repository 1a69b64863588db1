package weave

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strings"
)

// A Planting is a statement to insert at the beginning of a function. In its text
// RECV stands for the receiver, and weaveWork for the runtime of the work loom.
type Planting struct{ Folder, Func, Text string }

// Plant returns the loom that inserts statements. It fails if a function is not
// there.
func Plant(all ...Planting) Loom { return &planter{all: all, done: make([]bool, len(all))} }

type planter struct {
	all  []Planting
	done []bool
}

func (p *planter) Weave(f *File) error {
	if f.Test {
		return nil
	}
	for _, d := range f.AST.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		for i, x := range p.all {
			if x.Folder != f.Folder || x.Func != FuncName(fn) {
				continue
			}
			text := x.Text
			if strings.Contains(text, "RECV") {
				if fn.Recv == nil || len(fn.Recv.List[0].Names) == 0 || fn.Recv.List[0].Names[0].Name == "_" {
					return fmt.Errorf("weave: %s: the receiver of %s has no name", f.At(fn.Pos()), x.Func)
				}
				text = strings.ReplaceAll(text, "RECV", fn.Recv.List[0].Names[0].Name)
			}
			if strings.Contains(text, "weaveWork.") {
				f.runtime("work")
			}
			f.Insert(f.Offset(fn.Body.Lbrace)+1, " "+text+";")
			p.done[i] = true
		}
	}
	return nil
}

func (p *planter) finish() error {
	var errs []error
	for i, x := range p.all {
		if !p.done[i] {
			errs = append(errs, fmt.Errorf("weave: there is no function %s in %s to plant in", x.Func, x.Folder))
		}
	}
	return errors.Join(errs...)
}

// Constants returns the loom that gives constants, or variables, of packages other
// values, as Go expressions by folder and name: {"concmap.maxBytes": "128"}. It
// fails if one is not there or its value is not written out (iota).
func Constants(values map[string]string) Loom {
	return &constants{values: values, done: map[string]bool{}}
}

type constants struct {
	values map[string]string
	done   map[string]bool
}

func (c *constants) Weave(f *File) error {
	for _, d := range f.AST.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST && decl.Tok != token.VAR {
			continue
		}
		for _, s := range decl.Specs {
			spec := s.(*ast.ValueSpec)
			for i, id := range spec.Names {
				name := f.Folder + "." + id.Name
				value, ok := c.values[name]
				if !ok || len(spec.Values) != len(spec.Names) {
					continue
				}
				v := spec.Values[i]
				f.Replace(f.Offset(v.Pos()), f.Offset(v.End()), value)
				c.done[name] = true
			}
		}
	}
	return nil
}

func (c *constants) finish() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.values)) {
		if !c.done[name] {
			errs = append(errs, fmt.Errorf("weave: there is no constant %s whose value is written out", name))
		}
	}
	return errors.Join(errs...)
}
